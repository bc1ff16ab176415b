//! The `holdtrue` program: arguments in, exit status out.

use std::process::ExitCode;

use holdtrue::verdict::ExitStatus;

fn main() -> ExitCode {
    // A panic is a bug, and must not end in a status that means something else. Its message is on stderr already.
    let status = std::panic::catch_unwind(|| holdtrue::cli::main(std::env::args_os()));
    ExitCode::from(status.unwrap_or(ExitStatus::Internal.code()))
}
