//! Restoring an archive of pg_dump.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::cluster::lines;
use super::complaints::{self, Complaint};
use super::guard::{Call, Said};
use super::needs::{self, identifier, literal};
use super::phases::{BUILD, FETCH, PREPARE, RESTORE_DATA};
use super::programs::{Wanted, find, major};
use super::trouble::Trouble;
use super::{Drill, Restored, size};
use crate::probe::dump::{Archive, Compression, Entry, Format};
use crate::probe::tree::{Packing, unpacked};

/// Databases that every cluster has.
const EVERYWHERE: [&str; 3] = ["postgres", "template0", "template1"];
/// The name of the database in place of these.
const RESTORED: &str = "restored";
/// Most errors that are listed.
const SHOWN: usize = 20;
/// What a cluster takes beside its data, with WAL: bytes.
pub(super) const OVERHEAD: u64 = 192 << 20;

impl Drill<'_> {
    pub(super) fn archive(&mut self, path: &Path, archive: &Archive) -> Result<Restored, Trouble> {
        let header = archive.header();
        let say = |text: &Option<String>| text.clone().unwrap_or_else(|| "not recorded".to_owned());
        self.told("format", header.format.word());
        self.told("server_version", say(&header.server_version));
        self.told("pg_dump_version", say(&header.pg_dump_version));
        self.told("database", say(&header.database));
        self.told("created", header.created.map_or_else(|| "not recorded".to_owned(), |at| at.to_string()));
        self.told("bytes", header.bytes.to_string());
        self.digest(path, header.bytes)?;
        let version = header.server_version.as_deref().and_then(major);
        if version.is_none() {
            self.note("the archive does not say which version of PostgreSQL it is of, so the oldest that is here was taken");
        }
        let programs = find(Wanted::AtLeast(version.unwrap_or(1)))?;
        if version.is_some_and(|version| version != programs.major) {
            self.note(format!(
                "the archive is of PostgreSQL {}, and was restored into {}",
                version.unwrap_or(0),
                programs.major
            ));
        }
        self.room(estimate(path, archive))?;
        self.clock(PREPARE);
        self.cluster(programs)?;
        let settings = [("wal_level", "minimal"), ("max_wal_senders", "0"), ("max_wal_size", "512MB")];
        let settings: Vec<_> = settings.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let cluster =
            self.cluster.as_mut().ok_or_else(|| Trouble::unproven("there is no scratch cluster"))?;
        cluster.init()?;
        cluster.start(&settings)?;
        self.ready()?;
        self.extensions(archive.entries())?;
        self.roles(archive.entries())?;
        let complete =
            header.format == Format::Plain && archive.entries().iter().any(|entry| entry.kind == "DATABASE");
        let database =
            header.database.clone().filter(|name| !EVERYWHERE.contains(&name.as_str()) || complete);
        let database = database.unwrap_or_else(|| RESTORED.to_owned());
        if !complete {
            self.database(archive, &database)?;
        }
        match header.format {
            Format::Plain => {
                self.plain((path, header.compression), if complete { "postgres" } else { &database })?
            }
            format => self.sections(path, format, &database)?,
        }
        self.clock.end();
        Ok(Restored { database })
    }

    /// What the archive is, to its last byte.
    fn digest(&mut self, path: &Path, bytes: u64) -> Result<(), Trouble> {
        let (path, what) =
            if path.is_dir() { (path.join("toc.dat"), "toc_sha256") } else { (path.to_owned(), "sha256") };
        let failed =
            |why: std::io::Error| Trouble::unproven(format!("`{}` cannot be read: {why}", path.display()));
        let mut file = File::open(&path).map_err(failed)?;
        let (mut hash, mut part, mut done) = (Sha256::new(), vec![0; 1 << 20], 0);
        loop {
            let read = file.read(&mut part).map_err(failed)?;
            if read == 0 {
                break;
            }
            self.runner.go_on()?;
            hash.update(part.get(..read).unwrap_or_default());
            done += read as u64;
            self.watch.moved(done, bytes.max(done));
        }
        let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        self.told(what, digest);
        Ok(())
    }

    /// Extensions that the archive needs must be here.
    fn extensions(&mut self, entries: &[Entry]) -> Result<(), Trouble> {
        let wanted = needs::extensions(entries);
        if wanted.is_empty() {
            return Ok(());
        }
        let here = self.here()?.sql("postgres", "select name from pg_catalog.pg_available_extensions")?;
        let missing: Vec<String> = wanted
            .iter()
            .filter(|name| !here.lines().any(|line| line == name.as_str()))
            .map(|name| format!("`{name}`"))
            .collect();
        let all: Vec<&str> = wanted.iter().map(String::as_str).collect();
        self.told("extensions", all.join(", "));
        if missing.is_empty() {
            return Ok(());
        }
        let major = self.here()?.programs.major;
        Err(Trouble::unproven(format!(
            "the archive needs extensions that are not installed for PostgreSQL {major} on this machine: {}. Install their packages \
             (`postgresql-contrib-{major}`, `postgresql-{major}-NAME` on Debian and Ubuntu); nothing was restored",
            missing.join(", ")
        )))
    }

    /// Roles that own something or are granted something are made, without the right to log in.
    fn roles(&mut self, entries: &[Entry]) -> Result<(), Trouble> {
        let there = self.here()?.sql("postgres", "select rolname from pg_catalog.pg_roles")?;
        // Only a superuser may own these.
        let ruling = |entry: &&Entry| ["EVENT TRIGGER", "PUBLICATION"].contains(&entry.kind.as_str());
        let superusers: Vec<&String> =
            entries.iter().filter(ruling).filter_map(|entry| entry.owner.as_ref()).collect();
        let mut made = Vec::new();
        for role in needs::roles(entries) {
            if there.lines().any(|line| line == role) || role.starts_with("pg_") {
                continue;
            }
            let rank = if superusers.contains(&&role) { "superuser" } else { "nosuperuser" };
            self.here()?.sql("postgres", &format!("create role {} nologin {rank}", identifier(&role)))?;
            made.push(role);
        }
        if !made.is_empty() {
            self.note(format!(
                "the archive names roles and holds none: {} made in the scratch cluster, without the right to log in; a restore \
                 elsewhere needs them first (`pg_dumpall --roles-only`)",
                listed(&made)
            ));
        }
        Ok(())
    }

    /// The database, with encoding and locale as in the archive where this machine has them.
    fn database(&mut self, archive: &Archive, name: &str) -> Result<(), Trouble> {
        let definition = archive
            .entries()
            .iter()
            .find(|entry| entry.kind == "DATABASE")
            .map(|entry| entry.definition.trim());
        // pg_dump writes one statement, and a name of ours would not be in it.
        let usable = definition.filter(|text| {
            text.starts_with("CREATE DATABASE ") && archive.header().database.as_deref() == Some(name)
        });
        if let Some(definition) = usable {
            match self.here()?.sql("postgres", definition) {
                Ok(_) => return Ok(()),
                Err(why) if why.interrupted => return Err(why),
                Err(why) => self.note(format!(
                    "the database could not be made as the archive describes it, and has the locale `C` instead, by which texts \
                     sort otherwise: {why}"
                )),
            }
        }
        let encoding = archive.header().encoding.as_deref().unwrap_or("UTF8");
        let sql = format!(
            "create database {} template template0 encoding {} lc_collate 'C' lc_ctype 'C'",
            identifier(name),
            literal(encoding)
        );
        self.here()?.sql("postgres", &sql).map(drop)
    }

    /// `pg_restore`, section by section, so that each has its time.
    fn sections(&mut self, path: &Path, format: Format, database: &str) -> Result<(), Trouble> {
        let near = self.readable(path)?;
        let mut errors = Vec::new();
        for (phase, section) in [(RESTORE_DATA, "pre-data"), (RESTORE_DATA, "data"), (BUILD, "post-data")] {
            if self.clock.current() != Some(phase) {
                self.clock(phase);
            }
            let cluster = self.here()?;
            let mut call = cluster.client("pg_restore", cluster.superuser(), database);
            call = call.arg("--no-tablespaces").arg(format!("--section={section}"));
            if section != "pre-data" && near.is_some() && format != Format::Tar {
                call = call.arg(format!("--jobs={}", self.request.jobs.max(1)));
            }
            call = match &near {
                Some(path) => call.arg(path),
                None => call.reading(File::open(path).map_err(|why| unread(path, &why))?),
            };
            let said = self.moving(call)?;
            errors.extend(self.judged("pg_restore", &said, section)?);
        }
        self.idle(errors)
    }

    /// `psql`, which stops at the first error unless errors are to be ignored.
    fn plain(&mut self, (path, compression): (&Path, Compression), database: &str) -> Result<(), Trouble> {
        let text =
            if compression == Compression::None { path.to_owned() } else { self.unpack(path, compression)? };
        self.clock(RESTORE_DATA);
        let stop = if self.request.ignore.is_empty() { "ON_ERROR_STOP=1" } else { "ON_ERROR_STOP=0" };
        let cluster = self.here()?;
        let call = cluster.client("psql", cluster.superuser(), database);
        let call = call.args(["-X", "-q", "-o", "/dev/null", "-v", stop, "-f", "-"]);
        let said = self.moving(call.reading(File::open(&text).map_err(|why| unread(&text, &why))?))?;
        let errors = self.judged("psql", &said, "text")?;
        self.idle(errors)
    }

    fn unpack(&mut self, path: &Path, compression: Compression) -> Result<PathBuf, Trouble> {
        self.clock(FETCH);
        let packing = match compression {
            Compression::None => Packing::Plain,
            Compression::Gzip => Packing::Gzip,
            Compression::Lz4 => Packing::Lz4,
            Compression::Zstd => Packing::Zstd,
        };
        let name = path.display().to_string();
        let packed = File::open(path).map_err(|why| unread(path, &why))?;
        let mut from =
            unpacked(&name, Box::new(packed), packing).map_err(|why| Trouble::unproven(why.to_string()))?;
        let to = self.scratch.server().join("archive.sql");
        let full =
            |why: std::io::Error| Trouble::unproven(format!("`{}` cannot be written: {why}", to.display()));
        let mut out = File::create_new(&to).map_err(full)?;
        let mut part = vec![0; 1 << 20];
        loop {
            self.runner.go_on()?;
            let read = from
                .read(&mut part)
                .map_err(|why| Trouble::broken(format!("`{name}` cannot be unpacked: {why}")))?;
            if read == 0 {
                return Ok(to);
            }
            out.write_all(part.get(..read).unwrap_or_default()).map_err(full)?;
        }
    }

    /// The path that the programs can read it by: its own, a copy's, or none where it has to be handed to them.
    fn readable(&mut self, path: &Path) -> Result<Option<PathBuf>, Trouble> {
        let script = r#"test -r "$1" || exit 1; test -d "$1" || exit 0; for file in "$1"/*; do test -r "$file" || exit 1; done"#;
        let call = Call::new("/bin/sh", &self.scratch.server()).args(["-c", script, "sh"]).arg(path);
        if self.runner.run(call.by(self.here()?.user.as_ref()))?.status.success() {
            return Ok(Some(path.to_owned()));
        }
        if path.is_file() {
            return Ok(None);
        }
        self.clock(FETCH);
        let to = self.scratch.server().join("archive");
        self.copied(path, &to)?;
        Ok(Some(to))
    }

    /// Runs a program that fills the cluster.
    pub(super) fn moving(&self, call: Call) -> Result<Said, Trouble> {
        let data = self.here()?.data();
        let of = self.expected;
        let last = std::cell::Cell::new(None::<std::time::Instant>);
        self.runner.run_with(call, &|| {
            if self.watch.looks() && last.get().is_none_or(|at| at.elapsed().as_secs() >= 1) {
                self.watch.moved(size::of(&data), of);
                last.set(Some(std::time::Instant::now()));
            }
        })
    }

    /// What failed for lack of room or memory says nothing of the archive, and no pattern ignores it.
    fn able(&self, program: &str, said: &Said) -> Result<(), Trouble> {
        let errors = complaints::errors(&said.err);
        let own = errors.iter().find(|error| complaints::machine(&error.message).is_some());
        let own = own
            .map(Complaint::without_values)
            .or_else(|| complaints::machine(&self.here().ok()?.log()).map(str::to_owned));
        // What a program says that is no error of a statement holds no rows.
        let own = own.or_else(|| {
            let own = |line: &&str| line.starts_with(program) && complaints::machine(line).is_some();
            said.err.lines().rfind(own).map(str::to_owned)
        });
        match own {
            Some(why) => Err(Trouble::unproven(format!(
                "the restore was broken off, since this machine has too little room or memory: {why}"
            ))),
            None => Ok(()),
        }
    }

    /// Errors that were to be ignored; any other is the end.
    fn judged(&mut self, program: &str, said: &Said, part: &str) -> Result<Vec<Complaint>, Trouble> {
        let all = complaints::errors(&said.err);
        if !said.status.success() || !all.is_empty() {
            self.able(program, said)?;
        }
        let (counted, ignored, _) = complaints::sorted(all, &self.request.ignore);
        if !counted.is_empty() {
            let broken = Trouble::broken(format!(
                "`{program}` met {} in the {part} of the archive: {}",
                if counted.len() == 1 { "an error".to_owned() } else { format!("{} errors", counted.len()) },
                counted.first().map(Complaint::without_values).unwrap_or_default()
            ));
            return Err(broken.with(counted.iter().take(SHOWN).map(Complaint::without_values)));
        }
        // It says so where it came to its end all the same. With several jobs it counts some twice, so its figure tells nothing.
        let went_on = said.err.lines().any(|line| line.contains("errors ignored on restore: "));
        if !said.status.success() && (!went_on || ignored.is_empty()) {
            let broken = Trouble::broken(format!(
                "`{program}` ended with {} in the {part} of the archive",
                said.status
            ));
            return Err(broken.with(lines(&said.err)));
        }
        Ok(ignored)
    }

    /// Errors that were ignored are told, and a pattern that meant none hides what is to come.
    fn idle(&mut self, ignored: Vec<Complaint>) -> Result<(), Trouble> {
        let shown: Vec<String> = ignored.iter().take(SHOWN).map(Complaint::without_values).collect();
        let (_, _, idle) = complaints::sorted(ignored, &self.request.ignore);
        for message in shown {
            self.note(format!("an error of the restore was ignored, as `--ignore-error` says: {message}"));
        }
        if idle.is_empty() {
            return Ok(());
        }
        Err(Trouble::unproven(format!(
            "no error of the restore was meant by `--ignore-error` {}; take it away",
            listed(&idle)
        )))
    }
}

fn unread(path: &Path, why: &std::io::Error) -> Trouble {
    Trouble::unproven(format!("`{}` cannot be read: {why}", path.display()))
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What restoring it takes, in bytes: its rows and about as much for indexes. How large rows are unpacked is recorded nowhere;
/// text of databases shrinks to an eighth, seldom further.
fn estimate(path: &Path, archive: &Archive) -> u64 {
    let header = archive.header();
    let packed = header.compression != Compression::None
        || (header.format == Format::Directory && glob_any(path, "*.dat.*"));
    let text = if packed { header.bytes.saturating_mul(8) } else { header.bytes };
    let again = if header.format == Format::Plain && packed { text } else { 0 };
    text.saturating_mul(2).saturating_add(again).saturating_add(OVERHEAD)
}

fn glob_any(folder: &Path, pattern: &str) -> bool {
    let pattern = format!("{}/{pattern}", glob::Pattern::escape(&folder.display().to_string()));
    glob::glob(&pattern).is_ok_and(|mut found| found.next().is_some())
}
