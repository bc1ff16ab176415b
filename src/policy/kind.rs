//! Kinds of sources: what each is, what its declaration may say, and what it can be asked.

use super::facts::{Fact, published};

/// Kinds of sources this version can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A PostgreSQL server.
    Postgres,
    /// A pg_dump archive, read in place.
    Dump,
    /// A set of files in a folder or bucket.
    Files,
    /// The machine the program runs on.
    Host,
    /// A JSON, YAML or TOML file.
    Document,
    /// Recorded statements of people.
    Attestation,
    /// A service that answers HTTP requests.
    Http,
    /// An archive of WAL.
    Wal,
    /// A base backup of pg_basebackup.
    Basebackup,
    /// A stanza of a pgBackRest repository.
    Pgbackrest,
    /// A server of a Barman catalogue.
    Barman,
    /// A snapshot file of Redis.
    Redis,
    /// A restore record.
    Record,
    /// What was sealed of a database earlier.
    Baseline,
    /// A file that names people whose data was erased.
    List,
}

/// Kinds of sources the design names and this version cannot read.
pub const LATER: [&str; 1] = ["backup"];

/// Whether a declaration says where the source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// There is only one.
    Never,
    /// It may; else the client library's environment counts.
    Maybe,
    /// It must; what to write.
    Always(&'static str),
}

/// Everything the language knows about a kind of source.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The word of the language.
    pub word: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Whether it holds tables.
    pub relations: bool,
    /// Whether its address is written.
    pub place: Place,
    /// Whether `newest` may stand behind a pattern, and whether a pattern needs it.
    pub newest: Newest,
    /// Words its block may hold.
    pub options: &'static [&'static str],
    /// States it can be required to be in: `SOURCE is STATE`, with what that means.
    pub states: &'static [(&'static str, &'static str)],
}

/// What `newest` means behind a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newest {
    /// Nothing: the source is no file, or always one.
    No,
    /// It picks one of several, and is needed where several may match.
    Needed,
    /// It picks one of several, all of which would do as well.
    Choice,
}

impl SourceKind {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Postgres,
        Self::Dump,
        Self::Files,
        Self::Host,
        Self::Document,
        Self::Attestation,
        Self::Http,
        Self::Wal,
        Self::Basebackup,
        Self::Pgbackrest,
        Self::Barman,
        Self::Redis,
        Self::Record,
        Self::Baseline,
        Self::List,
    ];

    /// The word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.describe().word
    }

    /// The facts it publishes.
    #[must_use]
    pub fn facts(self) -> &'static [Fact] {
        published(self)
    }

    /// What the language knows about it.
    #[must_use]
    pub fn describe(self) -> &'static Kind {
        match self {
            Self::Postgres => &POSTGRES,
            Self::Dump => &DUMP,
            Self::Files => &FILES,
            Self::Host => &HOST,
            Self::Document => &DOCUMENT,
            Self::Attestation => &ATTESTATION,
            Self::Http => &HTTP,
            Self::Wal => &WAL,
            Self::Basebackup => &BASEBACKUP,
            Self::Pgbackrest => &PGBACKREST,
            Self::Barman => &BARMAN,
            Self::Redis => &REDIS,
            Self::Record => &RECORD,
            Self::Baseline => &BASELINE,
            Self::List => &LIST,
        }
    }
}

const BARE: Kind = Kind {
    word: "",
    about: "",
    relations: false,
    place: Place::Always("write `from \"PATH\"` or `from env NAME`"),
    newest: Newest::No,
    options: &[],
    states: &[],
};

const POSTGRES: Kind = Kind {
    word: "postgres",
    about: "a PostgreSQL server, live, restored or a standby",
    relations: true,
    place: Place::Maybe,
    ..BARE
};

const DUMP: Kind = Kind {
    word: "dump",
    about: "an archive of pg_dump, read in place",
    relations: true,
    place: Place::Always("write `from \"PATH\"`, `from \"backups/*.dump\" newest` or `from env NAME`"),
    newest: Newest::Needed,
    ..BARE
};

const FILES: Kind = Kind {
    word: "files",
    about: "all files that a pattern matches, in a folder or in object storage",
    place: Place::Always("write `from \"backups/*.backup\"` or `from env NAME`"),
    newest: Newest::Choice,
    options: &["named", "every", "checksums"],
    states: &[
        (
            "verified",
            "every file's bytes have the digest that a list or sidecar states, and none of a list is missing",
        ),
        ("named", "every file's name is as `named` says"),
        ("encrypted", "a store states of every object that it is encrypted"),
    ],
    ..BARE
};

const HOST: Kind =
    Kind { word: "host", about: "the machine that holdtrue runs on", place: Place::Never, ..BARE };

const DOCUMENT: Kind =
    Kind { word: "document", about: "a JSON, YAML or TOML file, such as an access policy", ..BARE };

const ATTESTATION: Kind =
    Kind { word: "attestation", about: "a TOML file of statements that people made", ..BARE };

const HTTP: Kind = Kind {
    word: "http",
    about: "a service that answers HTTP requests",
    place: Place::Always("write `from \"https://HOST\"` or `from env NAME`"),
    options: &["header", "allow", "max_body"],
    ..BARE
};

const WAL: Kind = Kind {
    word: "wal",
    about: "an archive of WAL: a folder that an archive_command, pg_receivewal, Barman or pgBackRest fills",
    states: &[
        (
            "continuous",
            "every record from the oldest segment to the newest is there and sound; `from BACKUP` begins where a restore of \
             that source's newest backup does, `until TIME` ends behind that time",
        ),
        ("verified", "the same, and nothing is wrong with any other segment or history"),
    ],
    ..BARE
};

const BASEBACKUP: Kind = Kind {
    word: "basebackup",
    about: "a base backup of pg_basebackup, as a folder or as tar files in one",
    states: &[(
        "verified",
        "every file is as the manifest states, the WAL it needs is there and sound, and so are the backups that it builds on",
    )],
    ..BARE
};

const PGBACKREST: Kind = Kind {
    word: "pgbackrest",
    about: "a stanza of a pgBackRest repository",
    place: Place::Always("write `from \"REPOSITORY#STANZA\"` or `from env NAME`"),
    states: &[(
        "verified",
        "every file of the newest backup, in whichever backup it lies, and the WAL it needs are there and sound",
    )],
    options: &["every"],
    ..BARE
};

const BARMAN: Kind = Kind {
    word: "barman",
    about: "a server's folder in a Barman catalogue",
    options: &["every"],
    states: &[("verified", "every file of the newest backup and the WAL it needs are there and sound")],
    ..BARE
};

const RECORD: Kind = Kind {
    word: "record",
    about: "the folder of a restore record, which `verify --record` and `restore` write",
    states: &[(
        "verified",
        "every entry fits its hash, its number, the entry before it and, in a signed record, its signature",
    )],
    ..BARE
};

const REDIS: Kind = Kind {
    word: "redis",
    about: "a snapshot file of Redis or Valkey, or a server at `redis://HOST:PORT`",
    options: &["allow"],
    states: &[("verified", "the checksum over all of the file fits")],
    ..BARE
};

const BASELINE: Kind = Kind {
    word: "baseline",
    about: "what `holdtrue baseline record` sealed of a database at one moment",
    ..BARE
};

const LIST: Kind = Kind {
    word: "list",
    about: "a file that names one subject a line, such as people whose data was erased",
    place: Place::Always("write `from \"PATH\"`, `from \"lists/*.txt\" newest` or `from env NAME`"),
    newest: Newest::Needed,
    options: &["allow", "pepper"],
    ..BARE
};
