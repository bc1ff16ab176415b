//! Programs that cannot outlive the drill.
//!
//! Each is started by a small shell script that holds the reading end of a named pipe. When the drill ends, by whatever, the
//! writing end closes, and the script ends the program. It has a process group of its own, so that Ctrl-C reaches the drill
//! alone, which then ends in order.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{OpenOptionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::trouble::Trouble;
use super::user::User;

/// `$1` the named pipe, `$2` the signal that asks the program to end, then the program.
///
/// It opens the pipe for both first: opening it for reading alone would wait for ever where the drill was killed before.
/// A background command of such a shell ignores SIGINT until it says otherwise, and would read from nowhere.
const SCRIPT: &str = r#"
exec 4<&0 </dev/null 5<>"$1" 3<"$1" 5<&-
signal=$2
shift 2
"$@" <&4 3<&- 4<&- &
program=$!
exec 4<&-
(
    read -r _ <&3
    tries=0
    while kill "-$signal" "$program"; do
        sleep 0.1
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || signal=KILL
    done
) >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait "$program"
status=$?
kill "$guard" 2>/dev/null
exit "$status"
"#;

/// What is kept of what a program says, in bytes.
const MOST: u64 = 4 << 20;

/// What is kept free for it, in bytes.
const RESERVED: u64 = 128 << 10;

/// How programs are run in a drill.
#[derive(Clone, Debug)]
pub(super) struct Runner {
    /// A folder for pipes and for what programs say; nobody else may write there.
    folder: PathBuf,
    /// Set when the drill is to end.
    stop: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
}

/// A program to run.
#[derive(Debug)]
pub(super) struct Call {
    command: Vec<std::ffi::OsString>,
    user: Option<User>,
    home: PathBuf,
    input: Option<File>,
    keep: Vec<(String, std::ffi::OsString)>,
}

impl Call {
    /// A program with arguments, which works in a folder.
    pub(super) fn new(program: impl AsRef<OsStr>, home: &Path) -> Self {
        let command = vec![program.as_ref().to_owned()];
        Self { command, user: None, home: home.to_owned(), input: None, keep: Vec::new() }
    }

    /// With one more argument.
    #[must_use]
    pub(super) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.push(argument.as_ref().to_owned());
        self
    }

    /// With more arguments.
    #[must_use]
    pub(super) fn args<A: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// As somebody else.
    #[must_use]
    pub(super) fn by(mut self, user: Option<&User>) -> Self {
        self.user = user.cloned();
        self
    }

    /// With a file as its standard input.
    #[must_use]
    pub(super) fn reading(mut self, file: File) -> Self {
        self.input = Some(file);
        self
    }

    /// With the environment variables that begin with one of these.
    #[must_use]
    pub(super) fn keeping(mut self, prefix: &str) -> Self {
        let mine = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        self.keep.extend(mine.filter(|(name, _)| name.starts_with(prefix)));
        self
    }

    fn name(&self) -> String {
        let program = self.command.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
        program.to_string_lossy().into_owned()
    }
}

/// What a program said and how it ended.
#[derive(Debug)]
pub(super) struct Said {
    /// Its status.
    pub(super) status: ExitStatus,
    /// What it said on standard output.
    pub(super) out: String,
    /// What it said on standard error, at most the last 4 MiB.
    pub(super) err: String,
}

impl Said {
    /// What it said last on standard error, for a message.
    #[must_use]
    pub(super) fn last(&self) -> String {
        let line = self.err.lines().rev().find(|line| !line.trim().is_empty());
        line.or_else(|| self.out.lines().last()).unwrap_or("it says nothing").trim().to_owned()
    }
}

/// A program that runs. Dropping it ends it and waits for that.
#[derive(Debug)]
pub(super) struct Running {
    script: Child,
    line: Option<File>,
    out: PathBuf,
    err: PathBuf,
}

impl Runner {
    /// Programs whose pipes lie in a folder, and which end when `stop` is set.
    #[must_use]
    pub(super) fn new(folder: &Path, stop: Arc<AtomicBool>) -> Self {
        Self { folder: folder.to_owned(), stop, count: Arc::default() }
    }

    /// Whether the drill is to end.
    ///
    /// # Errors
    /// It is.
    pub(super) fn go_on(&self) -> Result<(), Trouble> {
        if self.stop.load(Ordering::SeqCst) { Err(Trouble::interrupted()) } else { Ok(()) }
    }

    /// Starts a program; `signal` asks it to end.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn start(&self, call: Call, signal: &str) -> Result<Running, Trouble> {
        self.go_on()?;
        let name = call.name();
        let failed = |why: std::io::Error| Trouble::unproven(format!("`{name}` cannot be started: {why}"));
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let place = |end: &str| self.folder.join(format!("{number:03}-{name}.{end}"));
        let (pipe, out, err) = (place("pipe"), place("out"), place("err"));
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0)
            .map_err(|why| failed(why.into()))?;
        if let Some(user) = &call.user {
            chown(&pipe, Some(user.id), Some(user.group)).map_err(failed)?;
        }
        // For both, so that opening it does not wait for the other end.
        let line = OpenOptions::new().read(true).write(true).open(&pipe).map_err(failed)?;
        let file = |path: &Path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "holdtrue-drill"]).arg(&pipe).arg(signal).args(&call.command);
        command.env_clear().envs(call.keep.iter().map(|(name, value)| (name, value)));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
        // Nothing of the caller's may lead to another server.
        command.env("LC_ALL", "C").env("HOME", &call.home);
        command
            .env("PGPASSFILE", "/nonexistent")
            .env("PGSERVICEFILE", "/nonexistent")
            .env("PGSSLMODE", "disable");
        command.current_dir(&call.home).process_group(0);
        command.stdin(call.input.map_or_else(Stdio::null, Stdio::from));
        command
            .stdout(file(&out).map_err(failed)?)
            .stderr(reserved(file(&err).map_err(failed)?).map_err(failed)?);
        if let Some(user) = &call.user {
            command.uid(user.id).gid(user.group);
        }
        let script = command.spawn().map_err(failed)?;
        Ok(Running { script, line: Some(line), out, err })
    }

    /// Runs a program to its end. `each` is called now and then.
    ///
    /// # Errors
    /// It cannot be started, or the drill is to end.
    pub(super) fn run_with(&self, call: Call, each: &dyn Fn()) -> Result<Said, Trouble> {
        let mut running = self.start(call, "TERM")?;
        loop {
            if let Some(said) = running.ended() {
                return Ok(said);
            }
            self.go_on()?;
            each();
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs a program to its end.
    ///
    /// # Errors
    /// It cannot be started, or the drill is to end.
    pub(super) fn run(&self, call: Call) -> Result<Said, Trouble> {
        self.run_with(call, &|| ())
    }
}

impl Running {
    /// What it said, once it is over.
    pub(super) fn ended(&mut self) -> Option<Said> {
        let status = self.script.try_wait().ok()??;
        Some(Said { status, out: tail(&self.out), err: tail(&self.err) })
    }

    /// What it said on standard error so far.
    #[must_use]
    pub(super) fn so_far(&self) -> String {
        tail(&self.err)
    }

    /// Ends it, and waits for that.
    pub(super) fn stop(&mut self) {
        drop(self.line.take());
        // An error here means that it is gone already.
        let _ = self.script.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A file with room that is kept for it: what a program says when the disk is full must not be lost for that, too.
fn reserved(file: File) -> std::io::Result<File> {
    match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::KEEP_SIZE, 0, RESERVED) {
        Err(why) if why == rustix::io::Errno::NOSPC => Err(why.into()),
        // Not every file system keeps room.
        _ => Ok(file),
    }
}

/// The end of a file.
fn tail(path: &Path) -> String {
    use std::io::{Seek as _, SeekFrom};
    let mut text = Vec::new();
    if let Ok(mut file) = File::open(path) {
        let length = file.metadata().map_or(0, |m| m.len());
        // What cannot be read is merely missing from a message.
        let _ = file.seek(SeekFrom::Start(length.saturating_sub(MOST)));
        let _ = file.take(MOST).read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}
