//! A database and a policy of one test's own.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::archive::{Dump, alike, same};
use super::cluster::{Cluster, READER};
use super::command::{Run, program};
use super::{fail, shared};

/// What every small policy begins with.
const HEAD: &str = "policy t \"A test\" {\n  language 1\n  owner \"@tests\"\n  schema public\n  max_waiver 90d\n}\n\
                    source postgres db from env DATABASE_URL\n";

/// A database with a role that may only read it, and a folder for policies.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// Name of the database.
    pub(crate) name: String,
    cluster: &'static Cluster,
    folder: tempfile::TempDir,
    /// Whether what is tested is the server and not the data.
    server_only: Cell<bool>,
    /// Variables of the program's environment, such as keys.
    environment: Vec<(String, String)>,
    /// Its archive, until it is changed.
    archive: RefCell<Option<Dump>>,
}

impl Scratch {
    /// A new database on the shared cluster, filled by SQL; the reader may read every table of `public`.
    #[track_caller]
    pub(crate) fn new(name: &str, sql: &str) -> Self {
        let cluster = shared();
        cluster.create_database(name, None);
        let scratch = Self::around(name);
        if !sql.is_empty() {
            scratch.sql(sql);
        }
        cluster.reader_role(name);
        scratch
    }

    /// A database that is there already.
    #[track_caller]
    pub(crate) fn around(name: &str) -> Self {
        let folder =
            tempfile::tempdir().unwrap_or_else(|error| fail(&format!("cannot create a folder: {error}")));
        Self {
            name: name.to_owned(),
            cluster: shared(),
            folder,
            server_only: Cell::new(false),
            environment: Vec::new(),
            archive: RefCell::new(None),
        }
    }

    /// Its runs are not repeated on an archive: they are about the server, its roles or its sessions.
    pub(crate) fn server_only(self) -> Self {
        self.server_only.set(true);
        self
    }

    /// With variables in the program's environment.
    pub(crate) fn with_environment(mut self, variables: &[(&str, &str)]) -> Self {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.environment.extend(owned);
        self
    }

    /// What is done in here is about what only a server has, such as views, and is not repeated on an archive.
    pub(crate) fn on_server<T>(&self, what: impl FnOnce(&Self) -> T) -> T {
        let before = self.server_only.replace(true);
        let done = what(self);
        self.server_only.set(before);
        done
    }

    /// Runs SQL as the superuser.
    #[track_caller]
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.archive.take();
        self.cluster.psql(&self.name, sql)
    }

    /// The reader's address.
    pub(crate) fn url(&self) -> String {
        self.cluster.url_as(READER, &self.name)
    }

    /// The folder policies are written to.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file beside the policies.
    #[track_caller]
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap_or_else(|error| fail(&format!("cannot write {name}: {error}")));
        path
    }

    /// Writes `p.hold`: the usual head, declarations, and one gate with checks.
    #[track_caller]
    pub(crate) fn policy(&self, declarations: &str, checks: &str) -> PathBuf {
        self.file("p.hold", &format!("{HEAD}{declarations}\ngate g on db {{\n{checks}\n}}\n"))
    }

    /// `verify p.hold --format json` as the reader, ready to be changed.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.current_dir(self.folder.path()).env("DATABASE_URL", self.url());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.args(["verify", "p.hold", "--format", "json"]).args(arguments);
        command
    }

    /// Runs `verify p.hold --format json` as the reader, and once more on an archive, which must judge alike.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let run = Run::of(&mut self.command(arguments));
        // What is kept, rendered or read from elsewhere is not for a second run to overwrite.
        let elsewhere = ["--source", "--facts", "--save-facts", "--format", "--output"];
        if arguments.iter().any(|a| elsewhere.contains(a)) {
            return run;
        }
        if !arguments.contains(&"--engine") {
            same(&run, &Run::of(self.command(arguments).args(["--engine", "stream"])));
        }
        if !self.server_only.get() {
            alike(&run, &self.archived(arguments));
        }
        run
    }

    /// Runs `verify p.hold --format json` on an archive of the database.
    #[track_caller]
    pub(crate) fn archived(&self, arguments: &[&str]) -> Run {
        let mut archive = self.archive.borrow_mut();
        let archive = archive.get_or_insert_with(|| Dump::of(&self.cluster.url(&self.name), &["-Fc", "-Z0"]));
        Run::of(self.command(arguments).args(["--source", &archive.source("db")]))
    }

    /// Writes a policy of these checks and runs it.
    #[track_caller]
    pub(crate) fn verify(&self, declarations: &str, checks: &str) -> Run {
        self.policy(declarations, checks);
        self.run(&[])
    }

    /// One check `c` that must be unproven, with exit status 3, for a reason that holds a piece of text.
    #[track_caller]
    pub(crate) fn unproven(&self, declarations: &str, body: &str, because: &str) -> Run {
        self.judged(declarations, body, 3, "unproven", because)
    }

    /// One check `c` that must be broken, with exit status 1, for a reason that holds a piece of text.
    #[track_caller]
    pub(crate) fn broken(&self, declarations: &str, body: &str, because: &str) -> Run {
        self.judged(declarations, body, 1, "broken", because)
    }

    /// One check `c` that must hold, with exit status 0.
    #[track_caller]
    pub(crate) fn holds(&self, declarations: &str, body: &str) -> Run {
        self.judged(declarations, body, 0, "holds", "")
    }

    #[track_caller]
    fn judged(&self, declarations: &str, body: &str, status: i32, verdict: &str, because: &str) -> Run {
        self.verify(declarations, &format!("check c {{ {body} }}"))
            .ends_with(status)
            .judges("c", verdict, because)
    }

    /// One check that must be refused, with exit status 2, nothing on stdout, and a message.
    #[track_caller]
    pub(crate) fn refused(&self, declarations: &str, body: &str, because: &str) -> Run {
        let run = self.verify(declarations, &format!("check c {{ {body} }}")).ends_with(2).says(because);
        if !run.stdout.is_empty() {
            fail(&format!("nothing was judged, so nothing is reported\n{}", run.said()));
        }
        run
    }
}
