//! A server that cannot outlive the process that wanted it.
//!
//! A static is not dropped at exit and a killed process drops nothing, so the server is started by a small shell
//! script that holds the reading end of a pipe. Whatever ends the test process closes the other end; the script then
//! stops the server and removes its folder. It runs in a process group of its own, so that Ctrl-C, which ends the
//! tests, does not end the one that cleans up after them.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

/// `$1` the scratch folder, `$2` the folder with the programs, `$3` lines for postgresql.conf.
///
/// A background command of such a shell starts with SIGINT ignored, and the server takes a moment to replace that:
/// hence a fast shutdown is asked for until it has happened. On failure the end of the log goes to stderr, since the
/// log itself is removed.
const SCRIPT: &str = r#"
exec 3<&0 </dev/null
log=$1/server.log
leave() {
    [ "$2" -eq 0 ] || tail -n 20 "$log" >&2
    cd / && rm -rf "$1"
    exit "$2"
}
"$2/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$log" 2>&1 3<&- || leave "$1" 1
printf '%s' "$3" >>"$1/data/postgresql.conf"
"$2/postgres" -D "$1/data" >"$log" 2>&1 3<&- &
server=$!
(
    while read -r _; do :; done <&3
    while kill -INT "$server" 2>/dev/null; do sleep 0.2; done
) 2>/dev/null &
guard=$!
exec 3<&-
wait "$server"
status=$?
kill "$guard" 2>/dev/null
leave "$1" "$status"
"#;

/// The running script. Dropping it stops the server, waits for that, and removes the scratch folder.
#[derive(Debug)]
pub(super) struct Watchdog {
    script: Child,
    /// The end of the pipe whose closing is the signal; never written to.
    lifeline: Option<ChildStdin>,
}

impl Watchdog {
    /// Creates and starts a cluster in `folder`, which must belong to `owner` if one is given.
    pub(super) fn start(
        folder: &Path,
        programs: &Path,
        settings: &str,
        owner: Option<(u32, u32)>,
    ) -> Result<Self, String> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "holdtrue-test-server"]).arg(folder).arg(programs).arg(settings);
        command.current_dir(folder).process_group(0);
        without_pg_variables(&mut command);
        if let Some((user, group)) = owner {
            command.uid(user).gid(group);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut script =
            command.spawn().map_err(|error| format!("cannot start a shell for the test server: {error}"))?;
        let lifeline = script.stdin.take();
        Ok(Self { script, lifeline })
    }

    /// The status the script has ended with, and the end of its log, if the server is gone.
    pub(super) fn ended(&mut self) -> Option<(ExitStatus, String)> {
        let status = self.script.try_wait().ok()??;
        let mut log = String::new();
        if let Some(stderr) = self.script.stderr.as_mut() {
            // What cannot be read is merely missing from a message about something else.
            let _ = stderr.read_to_string(&mut log);
        }
        Some((status, log))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // An error here means that the script is gone already, which is what is wanted.
        let _ = self.script.wait();
    }
}

/// PGHOST, PGPORT, PGDATA and the like of the caller must not lead anything to another server.
pub(super) fn without_pg_variables(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PG")) {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C");
}
