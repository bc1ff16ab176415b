//! The drill: a backup is restored into a scratch PostgreSQL that touches nothing else, and every step is timed.
//!
//! This room knows backups, programs and phases. What is required of what was restored, and what a drill amounts to, it does
//! not know: whoever runs it judges.

mod archive;
mod away;
mod backup;
mod base;
mod cluster;
mod combine;
mod complaints;
mod fetched;
mod fetching;
mod guard;
mod needs;
pub mod phases;
mod programs;
mod reached;
mod recovery;
mod repository;
mod scratch;
pub mod size;
mod target;
mod trouble;
mod user;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::probe::stores::{self, Stores, is_away};
use backup::Backup;
use cluster::{Cluster, Ended};
use guard::{Call, Runner};
use phases::{CHECK_BACKUP, Clock, FIRST_QUERY, Timed, Watch};
use programs::Programs;
use scratch::Scratch;
pub use target::{Action, Target};
pub use trouble::Trouble;

/// What is to be restored, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// Path of the backup or its address in a store, perhaps with the word for its kind before it.
    pub backup: String,
    /// What stores are read with.
    pub stores: Stores,
    /// A folder with archived WAL, here or in a store.
    pub wal: Option<String>,
    /// Where replay is to end.
    pub target: Option<Target>,
    /// What comes then.
    pub action: Action,
    /// Stanza of pgBackRest, or server of Barman.
    pub stanza: Option<String>,
    /// One backup of several in a repository; otherwise the newest.
    pub set: Option<String>,
    /// The database to look into, of a whole cluster.
    pub database: Option<String>,
    /// The superuser of a restored cluster.
    pub superuser: String,
    /// Errors of a restore that do not count.
    pub ignore: Vec<String>,
    /// How many connections restore at once.
    pub jobs: u64,
    /// Folder to make the scratch folder in.
    pub scratch: PathBuf,
}

/// The address of a backup as it may be shown: of one in a store that is none, or carries a credential, the scheme alone.
#[must_use]
pub fn shown(address: &str) -> String {
    let (kind, place) = Backup::split(address);
    let place = if is_away(place) { stores::shown(place) } else { place.to_owned() };
    kind.map_or_else(|| place.clone(), |kind| format!("{kind}:{place}"))
}

/// What a restore came to.
#[derive(Clone, Debug)]
struct Restored {
    database: String,
}

/// A restored database that can be asked.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Its address, for a role that can only read.
    pub address: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A drill that is going on. Dropping it ends everything it began and removes its folder.
pub struct Drill<'a> {
    request: &'a Request,
    watch: &'a dyn Watch,
    clock: Clock,
    runner: Runner,
    /// Before the folder, since it is in there and must have ended.
    cluster: Option<Cluster>,
    scratch: Scratch,
    user: Option<user::User>,
    kind: &'static str,
    /// Where the backup is: a path, or an address in a store.
    place: String,
    /// What it was fetched into, from a store.
    fetched: Option<PathBuf>,
    facts: Vec<(String, String)>,
    notes: Vec<String>,
    expected: u64,
}

impl<'a> Drill<'a> {
    /// Makes the folder of a drill, and removes what killed drills left beside it.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn begin(request: &'a Request, stop: Arc<AtomicBool>, watch: &'a dyn Watch) -> Result<Self, Trouble> {
        let notes = scratch::sweep(&request.scratch)
            .iter()
            .map(|folder| {
                format!("`{}` was left by a drill that was killed, and was removed", folder.display())
            })
            .collect();
        let user = user::unprivileged()?;
        let scratch = Scratch::make(&request.scratch, user.as_ref())?;
        let runner = Runner::new(&scratch.said(), stop);
        Ok(Self {
            request,
            watch,
            clock: Clock::default(),
            runner,
            cluster: None,
            scratch,
            user,
            kind: "",
            place: String::new(),
            fetched: None,
            facts: Vec::new(),
            notes,
            expected: 0,
        })
    }

    /// Restores the backup, until the restored database has answered.
    ///
    /// # Errors
    /// It does not come to that.
    pub fn restore(&mut self) -> Result<Ready, Trouble> {
        let done = self.restored();
        self.clock.end();
        match &self.fetched {
            Some(folder) => done.map_err(|why| away::renamed(why, folder, &self.place)),
            None => done,
        }
    }

    fn restored(&mut self) -> Result<Ready, Trouble> {
        self.clock(CHECK_BACKUP);
        let (kind, place) = Backup::split(&self.request.backup);
        let backup = if is_away(place) {
            self.brought(kind, place)?
        } else {
            let backup = Backup::find(kind, place)?;
            (self.kind, self.place) = (backup.kind(), backup.path().display().to_string());
            self.suits(backup.kind())?;
            backup
        };
        let restored = match &backup {
            Backup::Archive(path, archive) => self.archive(path, archive)?,
            Backup::Base(folder) => self.base(folder)?,
            Backup::PgBackRest(folder) => self.pgbackrest(folder)?,
            Backup::Barman(folder) => self.barman(folder)?,
        };
        self.clock(FIRST_QUERY);
        let Restored { database } = restored;
        let cluster = self.here()?;
        let paused = cluster.sql(&database, "select pg_catalog.pg_is_in_recovery()")? == "t";
        let role = if paused { cluster.superuser().to_owned() } else { cluster.reader(&database)? };
        let bytes = cluster.sql_as(
            &role,
            &database,
            "select pg_catalog.pg_database_size(pg_catalog.current_database())",
        )?;
        let bytes =
            bytes.parse().map_err(|_| Trouble::unproven("the restored database does not tell its size"))?;
        let address = cluster.address(&role, &database);
        let server = cluster.programs.version.clone();
        self.told("restored_into", format!("PostgreSQL {server}"));
        self.told("restored_bytes", bytes);
        if paused {
            self.note("replay is paused at the target: the server is still in recovery, and is asked as its superuser");
        }
        Ok(Ready { address, bytes })
    }

    /// Options that this kind of backup does not know would change nothing, which must not go unsaid.
    fn suits(&self, kind: &str) -> Result<(), Trouble> {
        let request = self.request;
        let archive = kind == "dump";
        let repository = ["pgbackrest", "barman"].contains(&kind);
        let wrong = [
            (archive && request.target.is_some(), "`--target`: an archive of pg_dump is of one instant"),
            (archive && request.wal.is_some(), "`--wal`: no WAL belongs to an archive of pg_dump"),
            (archive && request.database.is_some(), "`--database`: an archive of pg_dump is of one database"),
            (
                !archive && !request.ignore.is_empty(),
                "`--ignore-error`: only restores of pg_dump's archives go on after an error",
            ),
            (
                !repository && request.stanza.is_some(),
                "`--stanza`: only repositories of pgBackRest and Barman have these",
            ),
            (
                !repository && request.set.is_some(),
                "`--backup-id`: only repositories of pgBackRest and Barman hold several backups",
            ),
            (repository && request.wal.is_some(), "`--wal`: the repository has its own"),
            (
                kind == "basebackup"
                    && request.wal.is_none()
                    && request.target.as_ref().is_some_and(|t| *t != Target::Immediate),
                "`--target`: a base backup needs archived WAL for that; name its folder with `--wal`",
            ),
        ];
        match wrong.iter().find(|(wrong, _)| *wrong) {
            Some((_, why)) => Err(Trouble::unproven(format!("this backup does not take {why}"))),
            None => Ok(()),
        }
    }

    fn clock(&mut self, phase: &'static str) {
        self.clock.begin(phase);
        self.watch.begins(phase);
    }

    fn told(&mut self, name: &str, value: impl ToString) {
        self.facts.push((name.to_owned(), value.to_string()));
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// A cluster of these programs, not made yet.
    fn cluster(&mut self, programs: Programs) -> Result<(), Trouble> {
        let superuser = if self.kind == "dump" { "postgres" } else { &self.request.superuser };
        self.cluster =
            Some(Cluster::new(&self.runner, programs, self.user.clone(), &self.scratch.server(), superuser));
        Ok(())
    }

    fn here(&self) -> Result<&Cluster, Trouble> {
        self.cluster.as_ref().ok_or_else(|| Trouble::unproven("there is no scratch cluster"))
    }

    /// Waits for a server that has nothing to replay.
    fn ready(&mut self) -> Result<(), Trouble> {
        let cluster =
            self.cluster.as_mut().ok_or_else(|| Trouble::unproven("there is no scratch cluster"))?;
        cluster.await_ready().map_err(|ended| match ended {
            Ended::Drill(why) => why,
            Ended::Server(log) => {
                Trouble::unproven("the scratch server does not start").with(cluster::lines(&log))
            }
        })
    }

    /// There must be room for so many bytes before anything is restored.
    fn room(&mut self, need: u64) -> Result<(), Trouble> {
        self.expected = need;
        let free = self.scratch.free()?;
        if need <= free {
            return Ok(());
        }
        Err(Trouble::unproven(format!(
            "the restore needs about {}, and there is {} free in `{}`; name another folder with `--scratch`",
            size::text(need),
            size::text(free),
            self.request.scratch.display()
        )))
    }

    /// A copy of a folder, which belongs to whoever runs the server.
    fn copied(&self, from: &Path, to: &Path) -> Result<(), Trouble> {
        let home = self.scratch.said();
        let call = Call::new("cp", &home).args(["-R", "-p", "--"]).arg(from.join(".")).arg(to);
        std::fs::create_dir_all(to)
            .map_err(|why| Trouble::unproven(format!("`{}` cannot be made: {why}", to.display())))?;
        let last = std::cell::Cell::new(None::<std::time::Instant>);
        let said = self.runner.run_with(call, &|| {
            if self.watch.looks() && last.get().is_none_or(|at| at.elapsed().as_secs() >= 1) {
                self.watch.moved(size::of(to), self.expected);
                last.set(Some(std::time::Instant::now()));
            }
        })?;
        if !said.status.success() {
            return Err(Trouble::unproven(format!("`{}` cannot be copied: {}", from.display(), said.last())));
        }
        self.owned(to)
    }

    /// Gives a folder and all in it to whoever runs the server.
    fn owned(&self, folder: &Path) -> Result<(), Trouble> {
        let Some(user) = &self.user else { return Ok(()) };
        let call = Call::new("chown", &self.scratch.said()).args([
            "-R",
            "-h",
            &format!("{}:{}", user.id, user.group),
            "--",
        ]);
        let said = self.runner.run(call.arg(folder))?;
        if said.status.success() {
            return Ok(());
        }
        Err(Trouble::unproven(format!(
            "`{}` cannot be given to `{}`: {}",
            folder.display(),
            user.name,
            said.last()
        )))
    }

    /// Phases that are over.
    #[must_use]
    pub fn phases(&self) -> &[Timed] {
        self.clock.over()
    }

    /// Time from the beginning until the restored database had answered, as far as it came.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.clock.over().iter().map(|phase| phase.took).sum()
    }

    /// The word for the kind of backup, and where it is; empty before anything was found.
    #[must_use]
    pub fn backup(&self) -> (&'static str, String) {
        (self.kind, self.place.clone())
    }

    /// What the backup and the restore say of themselves.
    #[must_use]
    pub fn facts(&self) -> &[(String, String)] {
        &self.facts
    }

    /// What is to be known of them.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Stops the server and leaves the files. Returns the command that starts it again.
    ///
    /// # Errors
    /// They cannot be kept.
    pub fn keep(&mut self) -> Result<(PathBuf, String), Trouble> {
        let Some(cluster) = &mut self.cluster else {
            return Err(Trouble::unproven("there is nothing to keep"));
        };
        cluster.stop();
        self.scratch.keep()?;
        let run = format!(
            "{} -D {} -c config_file={} -c hba_file={} -c ident_file={} -c listen_addresses= -c unix_socket_directories={} \
             -c archive_mode=off -c shared_preload_libraries= -c max_logical_replication_workers=0",
            cluster.programs.folder().join("postgres").display(),
            cluster.data().display(),
            self.scratch.server().join("conf").display(),
            self.scratch.server().join("hba").display(),
            self.scratch.server().join("ident").display(),
            self.scratch.server().display(),
        );
        Ok((self.scratch.folder().to_owned(), run))
    }
}
