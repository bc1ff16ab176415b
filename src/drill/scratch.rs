//! The folder of a drill: whose it is, what a killed drill left of it, and whether there is room.
//!
//! ```text
//! holdtrue-drill-XXXXXXXX/   ours alone to change
//!   lock                     locked as long as the drill lives
//!   said/                    pipes, and what programs say
//!   s/                       the server's: data, tablespaces, socket
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown,
};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::trouble::Trouble;
use super::user::User;

const PREFIX: &str = "holdtrue-drill-";
const LOCK: &str = "lock";
const SAID: &str = "said";
const SERVER: &str = "s";
/// First line of the lock of a folder that may be removed once nobody holds the lock.
const MARK: &str = "holdtrue drill";
/// The same of one that was kept on purpose.
const KEPT: &str = "kept by holdtrue drill";
/// The longest path of a socket, `sun_path` of `unix(7)` without its zero, and what the server adds to a folder's.
const SOCKET: (usize, &str) = (107, "/.s.PGSQL.5432");
/// How long a server that was left is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder of a drill. Dropping it removes it, unless it is kept.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: PathBuf,
    lock: File,
    kept: bool,
}

impl Scratch {
    /// Makes a folder in another.
    ///
    /// # Errors
    /// It cannot be made, or its path is too long for a socket.
    pub(super) fn make(parent: &Path, user: Option<&User>) -> Result<Self, Trouble> {
        let parent = fs::canonicalize(parent).map_err(|why| {
            Trouble::unproven(format!("the scratch folder `{}` is not there: {why}", parent.display()))
        })?;
        let failed = |why: std::io::Error| {
            Trouble::unproven(format!(
                "no folder can be made in `{}`: {why}; name another with `--scratch`",
                parent.display()
            ))
        };
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).map_err(|why| Trouble::unproven(format!("no random numbers: {why}")))?;
        let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let folder = parent.join(format!("{PREFIX}{name}"));
        let length = folder.join(SERVER).as_os_str().len() + SOCKET.1.len();
        if length > SOCKET.0 {
            return Err(Trouble::unproven(format!(
                "`{}` is too long a path for a socket; name a shorter one with `--scratch`",
                parent.display()
            )));
        }
        // Whoever runs the server must come through, and may list nothing.
        let mode = |mode: u32| {
            let mut builder = fs::DirBuilder::new();
            builder.mode(mode);
            builder
        };
        mode(0o700).create(&folder).map_err(failed)?;
        let lock = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(LOCK));
        let mut scratch = Self { lock: lock.map_err(failed)?, folder, kept: false };
        flock(&scratch.lock, FlockOperation::NonBlockingLockExclusive).map_err(|why| failed(why.into()))?;
        writeln!(scratch.lock, "{MARK}").map_err(failed)?;
        mode(0o700).create(scratch.said()).map_err(failed)?;
        mode(0o700).create(scratch.server()).map_err(failed)?;
        let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o711));
        if let Some(user) = user {
            chown(scratch.server(), Some(user.id), Some(user.group)).map_err(failed)?;
            open(&scratch.folder).and_then(|()| open(&scratch.said())).map_err(failed)?;
        }
        Ok(scratch)
    }

    /// Where it is.
    #[must_use]
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where pipes are, and what programs say.
    #[must_use]
    pub(super) fn said(&self) -> PathBuf {
        self.folder.join(SAID)
    }

    /// The server's own folder.
    #[must_use]
    pub(super) fn server(&self) -> PathBuf {
        self.folder.join(SERVER)
    }

    /// Free space, in bytes.
    ///
    /// # Errors
    /// The system does not say.
    pub(super) fn free(&self) -> Result<u64, Trouble> {
        let stat = rustix::fs::statvfs(&self.folder)
            .map_err(|why| Trouble::unproven(format!("how much room there is cannot be told: {why}")))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Leaves it where it is.
    ///
    /// # Errors
    /// That cannot be marked; a later drill would remove it.
    pub(super) fn keep(&mut self) -> Result<(), Trouble> {
        let failed = |why: std::io::Error| Trouble::unproven(format!("the folder cannot be kept: {why}"));
        fs::write(self.folder.join(LOCK), format!("{KEPT}\n")).map_err(failed)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed now is removed by the next drill.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Removes what killed drills of this user left in a folder, and returns what that was.
#[must_use]
pub(super) fn sweep(parent: &Path) -> Vec<PathBuf> {
    let mut gone = Vec::new();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(PREFIX)) && left(&entry.path()) {
            stop(&entry.path().join(SERVER));
            if fs::remove_dir_all(entry.path()).is_ok() {
                gone.push(entry.path());
            }
        }
    }
    gone
}

/// Whether a folder is of a drill of this user that is over and was not kept.
fn left(folder: &Path) -> bool {
    let me = rustix::process::geteuid().as_raw();
    let mine =
        |path: &Path| fs::symlink_metadata(path).is_ok_and(|m| m.uid() == me && !m.file_type().is_symlink());
    if !mine(folder) {
        return false;
    }
    let lock = folder.join(LOCK);
    if !lock.exists() {
        // It ended between making the folder and its lock, or while it was removed. A drill that is young may be there still.
        let young =
            |m: fs::Metadata| m.modified().ok()?.elapsed().ok().map(|age| age < Duration::from_secs(60));
        return fs::metadata(folder).ok().and_then(young) == Some(false);
    }
    let Some(file) =
        mine(&lock).then(|| OpenOptions::new().read(true).write(true).open(&lock).ok()).flatten()
    else {
        return false;
    };
    let free = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
    free && fs::read_to_string(&lock).is_ok_and(|text| text.is_empty() || text.starts_with(MARK))
}

/// Stops the server that a drill left. Its number is believed only of a process that works in the very data folder.
fn stop(server: &Path) {
    let data = server.join("data");
    let number = || {
        let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
        let number: u32 = text.lines().next()?.trim().parse().ok()?;
        let works_in = fs::read_link(format!("/proc/{number}/cwd")).ok()?;
        (works_in == fs::canonicalize(&data).ok()?).then_some(number)
    };
    let begun = Instant::now();
    while let Some(number) = number().filter(|_| begun.elapsed() < PATIENCE) {
        // The process may be gone by now.
        let _ = Command::new("kill").args(["-QUIT", &number.to_string()]).stderr(Stdio::null()).status();
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_holds_and_nobody_kept_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = Scratch::make(parent.path(), None).unwrap();
        assert!(sweep(parent.path()).is_empty(), "it is held");
        let folder = scratch.folder().to_owned();
        // As after a kill: the lock is free, and the files are there.
        let Scratch { lock, .. } = &scratch;
        flock(lock, FlockOperation::Unlock).unwrap();
        assert_eq!(sweep(parent.path()), [folder.canonicalize().unwrap_or(folder)]);
        let mut kept = Scratch::make(parent.path(), None).unwrap();
        kept.keep().unwrap();
        let folder = kept.folder().to_owned();
        drop(kept);
        assert!(sweep(parent.path()).is_empty() && folder.exists(), "it is kept");
        fs::create_dir(parent.path().join("holdtrue-drill-young")).unwrap();
        fs::create_dir(parent.path().join("holdtrue-drill-other")).unwrap();
        fs::write(parent.path().join("holdtrue-drill-other/lock"), "something else\n").unwrap();
        assert!(sweep(parent.path()).is_empty());
    }
}
