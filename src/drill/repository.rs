//! Restoring from repositories of pgBackRest and Barman by their own commands, with settings of the drill's own, so that
//! nothing of the production's configuration is read and nothing is written outside the scratch folder.

use std::fs;
use std::path::Path;

use super::base::{OVERHEAD, sound};
use super::fetching::{WalFrom, shell};
use super::guard::Call;
use super::phases::FETCH;
use super::programs::{Wanted, find, major};
use super::target::Target;
use super::trouble::Trouble;
use super::{Drill, Restored};
use crate::probe::barman::Server;
use crate::probe::pgbackrest::Repository;
use crate::probe::tree::Local;

impl Drill<'_> {
    pub(super) fn pgbackrest(&mut self, folder: &Path) -> Result<Restored, Trouble> {
        let unread = |why: String| Trouble::unproven(format!("`{}` cannot be read: {why}", folder.display()));
        let stanza = self.one_of(&folder.join("backup"), "stanza")?;
        let tree = Local::new(folder).map_err(|why| unread(why.to_string()))?;
        let repository = Repository::read(&tree, &stanza).map_err(|why| unread(why.to_string()))?;
        sound("repository", &repository.damages)?;
        let listed = match &self.request.set {
            Some(label) => repository.backup(label),
            None => repository.newest(),
        };
        let Some(listed) = listed else {
            return Err(Trouble::unproven(format!("stanza `{stanza}` has no such backup that was finished")));
        };
        let cluster = repository.clusters.get(&listed.database);
        self.told("stanza", &stanza);
        self.told("label", &listed.label);
        self.told("type", listed.kind.word());
        self.told("started", listed.started);
        self.told("finished", listed.finished);
        self.told("bytes", listed.bytes);
        let version = cluster.map(|cluster| cluster.version.clone()).unwrap_or_default();
        self.told("server_version", &version);
        let verified = repository.verify(&tree, &listed.label).map_err(|why| unread(why.to_string()))?;
        sound("backup", &verified.damages)?;
        let version = major(&version)
            .ok_or_else(|| Trouble::broken("the repository does not say which version the backup is of"))?;
        let programs = find(Wanted::Exactly(version))?;
        self.room(listed.bytes.saturating_add(OVERHEAD))?;
        self.clock(FETCH);
        self.cluster(programs)?;
        let server = self.scratch.server();
        let conf = server.join("pgbackrest.conf");
        let data = self.here()?.data();
        let text = format!(
            "[global]\nrepo1-path={}\nlog-level-file=off\nlog-level-console=warn\nlock-path={}\nspool-path={}\n[{stanza}]\npg1-path={}\n",
            folder.display(),
            server.join("lock").display(),
            server.join("spool").display(),
            data.display()
        );
        self.file(&conf, &text)?;
        self.own_folder(&data)?;
        let common = [format!("--config={}", conf.display()), format!("--stanza={stanza}")];
        let call =
            Call::new("pgbackrest", &server).by(self.user.as_ref()).keeping("PGBACKREST_REPO").args(&common);
        let call = call
            .arg(format!("--set={}", listed.label))
            .arg(format!("--tablespace-map-all={}", server.join("ts").display()));
        let call = call.arg("--type=immediate").arg("restore");
        self.own_folder(&server.join("ts"))?;
        let said = self.runner.run(call)?;
        if !said.status.success() {
            return Err(self
                .refused("pgbackrest", (&said.last(), &said.err), said.status.code() == Some(127))
                .with(super::cluster::lines(&said.err)));
        }
        self.settle()?;
        let archive = folder.join("archive").join(&stanza);
        let command = format!(
            "pgbackrest {} {} --log-level-console=off archive-get \"$1\" \"$2\"",
            shell(&format!("--config={}", conf.display())),
            shell(&format!("--stanza={stanza}"))
        );
        self.replay(&WalFrom::Command(command, archive))
    }

    pub(super) fn barman(&mut self, home: &Path) -> Result<Restored, Trouble> {
        let unread = |why: String| Trouble::unproven(format!("`{}` cannot be read: {why}", home.display()));
        let name = self.one_of(home, "server")?;
        let tree = Local::new(home).map_err(|why| unread(why.to_string()))?.with_tablespaces();
        let catalogue = Server::read(&tree, &name).map_err(|why| unread(why.to_string()))?;
        sound("catalogue", &catalogue.damages)?;
        let info = match &self.request.set {
            Some(id) => catalogue.backup(id),
            None => catalogue.newest(),
        };
        let Some(info) = info else {
            return Err(Trouble::unproven(format!("server `{name}` has no such backup that was finished")));
        };
        self.told("server", &name);
        self.told("id", &info.id);
        for (what, at) in [("started", info.started), ("finished", info.finished)] {
            self.told(what, at.map_or_else(|| "not recorded".to_owned(), |at| at.to_string()));
        }
        self.told("bytes", info.bytes.unwrap_or(0));
        let verified = catalogue.verify(&tree, &info.id).map_err(|why| unread(why.to_string()))?;
        sound("backup", &verified.damages)?;
        let version = info.version.map(|version| version / 10_000);
        let version = version
            .filter(|version| *version > 0)
            .ok_or_else(|| Trouble::broken("the catalogue does not say which version the backup is of"))?;
        self.told("server_version", version);
        let programs = find(Wanted::Exactly(version))?;
        self.room(info.bytes.unwrap_or(0).saturating_add(OVERHEAD))?;
        self.clock(FETCH);
        self.cluster(programs)?;
        let server = self.scratch.server();
        let data = self.here()?.data();
        let conf = server.join("barman.conf");
        let user = match &self.user {
            Some(user) => user.name.clone(),
            None => self.runner.run(Call::new("id", &server).arg("-un"))?.out.trim().to_owned(),
        };
        let programs = self.here()?.programs.folder().display().to_string();
        let text = format!(
            "[barman]\nbarman_user={user}\nbarman_home={}\nbarman_lock_directory={}\nlog_file={}\n[{name}]\ndescription=drill\n\
             conninfo=host=/nonexistent\nstreaming_conninfo=host=/nonexistent\nbackup_method=postgres\narchiver=on\npath_prefix={programs}\n",
            home.display(),
            server.display(),
            server.join("barman.log").display(),
        );
        self.file(&conf, &text)?;
        self.own_folder(&data)?;
        let call = Call::new("barman", &server).by(self.user.as_ref()).arg("-c").arg(&conf);
        let call = call.args(["recover", "--no-get-wal"]);
        // Which WAL it copies follows from the target.
        let call = match &self.request.target {
            Some(Target::Time(at)) => call.arg("--target-time").arg(at.to_string()),
            Some(Target::Lsn(at)) => call.arg("--target-lsn").arg(at),
            Some(Target::Name(point)) => call.arg("--target-name").arg(point),
            Some(Target::Immediate) => call.arg("--target-immediate"),
            None => call,
        };
        let said = self.runner.run(call.arg(&name).arg(&info.id).arg(&data))?;
        if !said.status.success() {
            return Err(self
                .refused(
                    "barman",
                    (&said.last(), &format!("{}\n{}", said.out, said.err)),
                    said.status.code() == Some(127),
                )
                .with(super::cluster::lines(&said.out)));
        }
        self.settle()?;
        let own = data.join("barman_wal");
        let from = if own.is_dir() { WalFrom::Folder(own) } else { WalFrom::Backup };
        self.replay(&from)
    }

    /// The stanza or server that is named, or the only one there.
    fn one_of(&self, folder: &Path, what: &str) -> Result<String, Trouble> {
        let names = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().join("backup.info").is_file() || entry.path().join("base").is_dir())
            .filter_map(|entry| entry.file_name().into_string().ok());
        self.only(names.collect(), what, &folder.display().to_string())
    }

    /// The name that is asked for, or the only one of several.
    pub(super) fn only(&self, mut names: Vec<String>, what: &str, place: &str) -> Result<String, Trouble> {
        if let Some(name) = &self.request.stanza {
            return Ok(name.clone());
        }
        names.sort();
        names.dedup();
        match names.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(Trouble::unproven(format!("`{place}` holds no {what}"))),
            several => Err(Trouble::unproven(format!(
                "there are several: {}; name a {what} with `--stanza`",
                several.join(", ")
            ))),
        }
    }

    /// An empty folder of whoever runs the server.
    fn own_folder(&self, folder: &Path) -> Result<(), Trouble> {
        fs::create_dir_all(folder)
            .map_err(|why| Trouble::unproven(format!("`{}` cannot be made: {why}", folder.display())))?;
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .map_err(|why| Trouble::unproven(format!("`{}` cannot be made: {why}", folder.display())))?;
        self.owned(folder)
    }

    /// What a repository's own command came to that did not restore.
    fn refused(&self, program: &str, (last, said): (&str, &str), absent: bool) -> Trouble {
        if absent {
            return Trouble::unproven(format!(
                "`{program}` is not installed on this machine; install the package `{program}`"
            ));
        }
        if let Some(why) = super::complaints::machine(said) {
            return Trouble::unproven(format!(
                "`{program}` was broken off, since this machine has too little room or memory: {why}"
            ));
        }
        Trouble::broken(format!("`{program}` does not restore the backup: {last}"))
    }
}
