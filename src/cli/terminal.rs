//! Talking to the outside: the report on stdout, everything else on stderr.

use std::io::{IsTerminal as _, Write as _};

use clap::{Args, ValueEnum};

use crate::diagnostic::{Diagnostic, Look, render};
use crate::report::Style;
use crate::source_text::SourceSet;
use crate::verdict::ExitStatus;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Options about the talk, for every command.
#[derive(Debug, Args)]
pub(super) struct Talk {
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: Colour,
    /// Log what is done to stderr; twice for more. `HOLDTRUE_LOG` sets a filter instead
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

impl Talk {
    /// Starts the log. Nothing logged ever holds row values or addresses with passwords.
    pub(super) fn start_log(&self) {
        let filter = std::env::var("HOLDTRUE_LOG").unwrap_or_else(|_| {
            match self.verbose {
                0 => "off",
                1 => "holdtrue=info",
                _ => "holdtrue=debug",
            }
            .to_owned()
        });
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
            .with_writer(std::io::stderr)
            .with_ansi(self.colour(std::io::stderr().is_terminal()))
            .with_target(false);
        // A second subscriber can only be set by a test in the same process.
        let _already_set = subscriber.try_init();
    }

    fn colour(&self, terminal: bool) -> bool {
        match self.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        }
    }

    /// Whether stderr is a terminal that progress may be drawn on.
    pub(super) fn progress(&self) -> bool {
        std::io::stderr().is_terminal() && std::env::var_os("CI").is_none()
    }

    fn width() -> usize {
        let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
        columns.unwrap_or(100).clamp(40, 140)
    }

    fn unicode() -> bool {
        ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
            .is_some_and(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"))
    }

    /// How a report on stdout looks.
    pub(super) fn style(&self) -> Style {
        Style {
            colour: self.colour(std::io::stdout().is_terminal()),
            width: Self::width(),
            unicode: Self::unicode(),
        }
    }

    fn look(&self) -> Look {
        Look {
            colour: self.colour(std::io::stderr().is_terminal()),
            unicode: Self::unicode(),
            width: Self::width(),
        }
    }

    /// Prints diagnostics to stderr.
    pub(super) fn diagnostics(&self, list: &[Diagnostic], texts: &SourceSet) {
        for diagnostic in list {
            self.say(&render(diagnostic, texts, self.look()));
        }
        let errors = list.iter().filter(|d| d.is_error()).count();
        let others = list.len() - errors;
        if errors > 0 {
            let rest =
                if others > 0 { format!(" and {}", counted(others, "other remark")) } else { String::new() };
            self.say(&format!("{}{rest}; nothing was run", counted(errors, "error")));
        }
    }

    /// One line of talk.
    pub(super) fn say(&self, text: &str) {
        // Where stderr is closed there is nobody left to tell.
        let _closed = writeln!(std::io::stderr(), "{text}");
    }

    /// Something that stops everything: what, and what to do.
    pub(super) fn stop(&self, what: &str) -> ExitStatus {
        self.say(&format!("error: {what}"));
        ExitStatus::Usage
    }

    /// Writes to stdout; a reader that went away is not an error, and one that never was is.
    pub(super) fn print(&self, text: &str) -> ExitStatus {
        if stdout_is_closed() {
            self.say(
                "error: standard output is closed, so nobody saw what was found; to throw it away on purpose, redirect \
                 it with `> /dev/null`, or keep it with `verify --output FORMAT=PATH`",
            );
            return ExitStatus::Unproven;
        }
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => ExitStatus::Open,
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitStatus::Open,
            Err(error) => {
                self.say(&format!("error: the report could not be written to standard output: {error}"));
                ExitStatus::Unproven
            }
        }
    }
}

/// Whether the program was started without a standard output (`>&-`).
///
/// The runtime opens the null device for reading and writing in its place, so that no other file gets its number, and
/// writing there fails in no way. Whoever redirects to `/dev/null` opens it for writing only. Where the system does not
/// tell how a file was opened, it counts as open.
pub(super) fn stdout_is_closed() -> bool {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    let device = |path: &str| {
        let found = std::fs::metadata(path).ok()?;
        found.file_type().is_char_device().then(|| found.rdev())
    };
    let null = device("/dev/null");
    if null.is_none() || device("/proc/self/fd/1") != null {
        return false;
    }
    let info = std::fs::read_to_string("/proc/self/fdinfo/1").unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    // `O_RDWR` among the access modes, written in octal.
    flags.and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok()).is_some_and(|flags| flags & 0o3 == 0o2)
}

/// `1 error`, `2 errors`.
pub(super) fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
