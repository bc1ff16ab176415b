//! Handing something to a command.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often a command is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Runs a command without a shell, with a text on its standard input. What it prints is not kept, since nobody knows what
/// it may hold.
///
/// # Errors
///
/// It cannot be run, does not end within the limit, or ends with another status than 0.
pub fn command(words: &[String], input: &str, limit: Duration) -> Result<(), String> {
    let (program, arguments) = words.split_first().ok_or("there is no command")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("`{program}` cannot be run: {error}"))?;
    let begun = Instant::now();
    // A command that reads nothing must not hold up the run, so writing is left to itself.
    let (pipe, text) = (child.stdin.take(), input.to_owned());
    let _writer = std::thread::spawn(move || pipe.map(|mut pipe| pipe.write_all(text.as_bytes())));
    loop {
        match child.try_wait().map_err(|error| format!("`{program}` cannot be waited for: {error}"))? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(format!("`{program}` ended with {status}")),
            None if begun.elapsed() > limit => {
                let _over = child.kill().and_then(|()| child.wait());
                return Err(format!("`{program}` did not end within {} s", limit.as_secs()));
            }
            None => std::thread::sleep(LOOK),
        }
    }
}
