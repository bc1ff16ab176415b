//! The record on the disk: one writer at a time, and nothing is acknowledged that could be lost.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::check::{Trust, Verification, verify};
use super::entry::{Entry, GENESIS, Sealed, hex};
use super::error::RecordError;
use super::event::{Event, Opened, Recovered};
use super::history::History;
use super::key::Signer;
use super::torn::{Torn, set_aside};

/// Name of the file in the record's folder.
pub const FILE: &str = "record.jsonl";

/// How often another writer is waited for, and how long each time.
const TRIES: u32 = 200;
const WAIT: Duration = Duration::from_millis(50);

/// A record that was read.
#[derive(Debug)]
pub struct Reading {
    /// Whether it is as it was written.
    pub verification: Verification,
    /// What it tells; worth nothing unless the verification holds.
    pub history: History,
}

/// Reads and verifies the record in a folder.
///
/// # Errors
///
/// When there is none, or it cannot be read. What is wrong with its entries is in the verification.
pub fn read(folder: &Path, trust: &Trust) -> Result<Reading, RecordError> {
    read_with(folder, trust, &mut |_, _| {})
}

/// The same, and shows every entry on the way, sound or not.
///
/// # Errors
///
/// As [`read`].
pub fn read_with(
    folder: &Path,
    trust: &Trust,
    visit: &mut dyn FnMut(&Entry, &Event),
) -> Result<Reading, RecordError> {
    let path = folder.join(FILE);
    let file = File::open(&path).map_err(|error| unread(&path, &error))?;
    // Where files cannot be locked, a line that is just being written looks torn, which is said and harms nothing.
    wait(|| file.try_lock_shared(), true)?;
    reading(&file, trust, visit)
}

/// Shows every entry of the record in a folder, in order, sound or not; [`read`] tells which.
///
/// # Errors
///
/// As [`read`].
pub fn each(folder: &Path, visit: &mut dyn FnMut(&Entry, &Event)) -> Result<(), RecordError> {
    let path = folder.join(FILE);
    let file = File::open(&path).map_err(|error| unread(&path, &error))?;
    verify(BufReader::with_capacity(1 << 16, file), &Trust::default(), visit).map(|_| ())
}

/// 32 random hex digits.
///
/// # Errors
///
/// When the system gives no random bytes.
pub fn new_id() -> Result<String, RecordError> {
    let mut id = [0; 16];
    getrandom::fill(&mut id)
        .map_err(|error| RecordError::new(format!("the system gives no random bytes: {error}")))?;
    Ok(hex(&id))
}

fn reading(
    file: &File,
    trust: &Trust,
    visit: &mut dyn FnMut(&Entry, &Event),
) -> Result<Reading, RecordError> {
    let mut history = History::default();
    let verification = verify(BufReader::with_capacity(1 << 16, file), trust, &mut |entry, event| {
        history.add(entry, event);
        visit(entry, event);
    })?;
    Ok(Reading { verification, history })
}

fn unread(path: &Path, error: &io::Error) -> RecordError {
    RecordError::new(format!("the record `{}` cannot be read: {error}", path.display()))
}

/// Waits for a lock, for ten seconds at most.
fn wait(mut lock: impl FnMut() -> Result<(), TryLockError>, may_lack: bool) -> Result<(), RecordError> {
    for _ in 0..TRIES {
        match lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(WAIT),
            Err(TryLockError::Error(error)) if may_lack && error.kind() == io::ErrorKind::Unsupported => {
                return Ok(());
            }
            Err(TryLockError::Error(error)) => {
                return Err(RecordError::new(format!("the record cannot be locked: {error}")));
            }
        }
    }
    Err(RecordError::new("another process holds the record; try again when it has finished"))
}

/// A record that is open for adding entries; nobody else can add any meanwhile.
#[derive(Debug)]
pub struct Record {
    pub(super) folder: PathBuf,
    pub(super) file: File,
    /// Bytes of the file up to the end of its last entry.
    pub(super) length: u64,
    pub(super) sequence: u64,
    pub(super) head: String,
    pub(super) signer: Option<Signer>,
    pub(super) history: History,
    /// A last line that was not written to its end, and what became of it when the next entry was added.
    torn: Option<Torn>,
    recovered: Vec<Recovered>,
    begun: bool,
    /// A write failed and could not be taken back.
    spoilt: bool,
}

impl Record {
    /// Opens the record in a folder and verifies it. Where there is none, one begins with the first entry that is added; a
    /// last line that was not written to its end is mended then, too.
    ///
    /// # Errors
    ///
    /// When it cannot be read, written or locked; when it does not verify, since nothing is added to a record that was
    /// changed; and when it is signed and the key at hand is not the one in force.
    pub fn open(folder: &Path, signer: Option<Signer>) -> Result<Self, RecordError> {
        Self::open_with(folder, signer, &Trust::default())
    }

    /// Opens a record that must hold entries that were seen in it.
    pub(super) fn open_with(
        folder: &Path,
        signer: Option<Signer>,
        trust: &Trust,
    ) -> Result<Self, RecordError> {
        let path = folder.join(FILE);
        let failed = |what: &str, error: &io::Error| {
            RecordError::new(format!("the record `{}` cannot be {what}: {error}", path.display()))
        };
        std::fs::create_dir_all(folder).map_err(|error| failed("made", &error))?;
        // Appending alone would hide where an entry begins, and its failure could not be taken back.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| failed("opened for writing", &error))?;
        wait(|| file.try_lock(), false)?;
        let empty = file.metadata().map_err(|error| failed("read", &error))?.len() == 0;
        let Reading { verification, history } = match empty {
            true => Reading { verification: Verification::default(), history: History::default() },
            false => reading(&file, trust, &mut |_, _| {})?,
        };
        if empty && !trust.heads.is_empty() {
            let path = path.display();
            return Err(RecordError::new(format!("nothing is added to `{path}`, whose entries are gone")));
        }
        // A first entry that was torn left nothing behind it.
        let nothing = verification.entries == 0 && verification.flaws.iter().all(|flaw| flaw.kind == "empty");
        if !verification.holds() && !nothing {
            let first = verification.flaws.first().map(ToString::to_string).unwrap_or_default();
            return Err(RecordError::new(format!(
                "nothing is added to `{}`, which was changed: {first}; see `holdtrue record verify`",
                path.display()
            )));
        }
        keyed(&verification, signer.as_ref())?;
        let length = file.seek(SeekFrom::End(0)).map_err(|error| failed("read", &error))?;
        let (sequence, head) = match &verification.head {
            Some(head) => (head.sequence, head.hash.clone()),
            None => (0, GENESIS.to_owned()),
        };
        let folder = folder.to_owned();
        let (torn, recovered) = (verification.torn, Vec::new());
        Ok(Self {
            folder,
            file,
            length,
            sequence,
            head,
            signer,
            history,
            torn,
            recovered,
            begun: false,
            spoilt: false,
        })
    }

    /// The hash of one of its entries, if there is one of that number.
    ///
    /// # Errors
    ///
    /// When the record cannot be read.
    pub fn hash_of(&self, sequence: u64) -> Result<Option<String>, RecordError> {
        super::paused::hash_of(&self.file, sequence)
    }

    /// Whether nothing is to be mended in it.
    pub(super) fn is_clean(&self) -> bool {
        self.torn.is_none() && !self.spoilt
    }

    /// Waits until nobody else adds to it.
    pub(super) fn lock(&self) -> Result<(), RecordError> {
        wait(|| self.file.try_lock(), false)
    }

    /// What the record tells so far.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What was mended and recorded when entries were added.
    #[must_use]
    pub fn recovered(&self) -> &[Recovered] {
        &self.recovered
    }

    /// Mends a last line that was not written to its end, and finds what of earlier ones no entry tells of yet, since a
    /// writer may have been killed between setting a line aside and saying so.
    fn mend(&mut self) -> Result<Vec<Recovered>, RecordError> {
        let mut found = Vec::new();
        if let Some(torn) = &self.torn {
            found.push(torn.mend(&mut self.file, &self.folder)?);
            self.length = if torn.whole { torn.start + torn.bytes + 1 } else { torn.start };
            self.torn = None;
        }
        for recovered in set_aside(&self.folder)? {
            let said = |name: &String| {
                self.history.set_aside.contains(name) || found.iter().any(|f| f.kept.as_ref() == Some(name))
            };
            if !recovered.kept.as_ref().is_some_and(said) {
                found.push(recovered);
            }
        }
        Ok(found)
    }

    /// Whether the record began with what was added.
    #[must_use]
    pub fn begun(&self) -> bool {
        self.begun
    }

    /// Adds entries. When this returns, they are on the disk.
    ///
    /// # Errors
    ///
    /// When they cannot be written; then none of them is in the record.
    pub fn append(&mut self, events: &[Event]) -> Result<Vec<Sealed>, RecordError> {
        if self.spoilt {
            return Err(RecordError::new(
                "an entry could not be written before, so the record has to be opened anew",
            ));
        }
        let mut all = Vec::new();
        if self.sequence == 0 {
            all.push(self.opening()?);
        }
        let recovered = self.mend()?;
        all.extend(recovered.iter().cloned().map(Event::Recovered));
        let before = all.len();
        all.extend_from_slice(events);
        let (mut sequence, mut head) = (self.sequence, self.head.clone());
        let (mut bytes, mut sealed, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for event in &all {
            let parts = event.parts().map_err(|error| RecordError::new(error.to_string()))?;
            let entry = Entry::seal(parts, (sequence + 1, &head), now(), self.signer.as_ref())?;
            bytes.extend(entry.line()?);
            (sequence, head) = (entry.sequence, entry.hash.clone());
            sealed.push(Sealed { sequence, hash: head.clone() });
            entries.push(entry);
        }
        self.write(&bytes)?;
        self.length += bytes.len() as u64;
        self.begun |= self.sequence == 0;
        self.recovered.extend(recovered);
        (self.sequence, self.head) = (sequence, head);
        for (entry, event) in entries.iter().zip(&all) {
            self.history.add(entry, event);
        }
        Ok(sealed.split_off(before))
    }

    /// Lets entries from here on be signed with another key; the entry that says so is signed with the key before.
    ///
    /// # Errors
    ///
    /// As [`Record::append`].
    pub fn rotate(&mut self, to: Signer) -> Result<Vec<Sealed>, RecordError> {
        let public_key = to.public().pem()?;
        let sealed = self.append(&[Event::KeyRotated(super::event::KeyRotated { public_key })])?;
        self.signer = Some(to);
        Ok(sealed)
    }

    fn opening(&self) -> Result<Event, RecordError> {
        let public_key = self.signer.as_ref().map(|signer| signer.public().pem()).transpose()?;
        Ok(Event::Opened(Opened {
            record: new_id()?,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            public_key,
        }))
    }

    /// Writes whole lines at the end, in one piece, and waits until they are on the disk. What fails is taken back.
    fn write(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        let first = self.length == 0;
        let written = self
            .file
            .seek(SeekFrom::Start(self.length))
            .and_then(|_| self.file.write_all(bytes))
            .and_then(|()| self.file.sync_all())
            .and_then(|()| if first { sync_folder(&self.folder) } else { Ok(()) });
        let Err(error) = written else { return Ok(()) };
        let taken_back = self.file.set_len(self.length).and_then(|()| self.file.sync_all());
        self.spoilt = taken_back.is_err();
        let rest = match taken_back {
            Ok(()) => "nothing was added".to_owned(),
            Err(other) => {
                format!("and what was begun cannot be taken back ({other}), so its last line is torn")
            }
        };
        let path = self.folder.join(FILE);
        Err(RecordError::new(format!("the record `{}` cannot be written: {error}; {rest}", path.display())))
    }
}

/// Refuses to go on with another key than the record was signed with, or with none.
fn keyed(verification: &Verification, signer: Option<&Signer>) -> Result<(), RecordError> {
    let at_hand = signer.map(Signer::id);
    let why = match (verification.key.as_deref(), at_hand) {
        _ if verification.entries == 0 => return Ok(()),
        (key, at_hand) if key == at_hand => return Ok(()),
        (Some(key), None) => format!("the record is signed with {key}, and no key is given; give it with `--record-key`"),
        (Some(key), Some(other)) => {
            format!("the record is signed with {key}, and the key given is {other}; `holdtrue record rotate` changes keys")
        }
        (None, _) => {
            "the record is not signed, and a key is given; `holdtrue record rotate` lets it be signed from there on".to_owned()
        }
    };
    Err(RecordError::new(why))
}

/// To the microsecond, which is finer than clocks agree.
fn now() -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

/// Waits until the names in a folder, and its own in the one above, are on the disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()?;
    match folder.parent() {
        Some(above) if !above.as_os_str().is_empty() => File::open(above)?.sync_all(),
        _ => Ok(()),
    }
}
