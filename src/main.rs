//! The `holdtrue` program: arguments in, exit status out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(holdtrue::cli::main(std::env::args_os()).code())
}
