//! The formats by name, and what it means when one cannot be written.

use std::fmt;

use clap::ValueEnum;

/// A way to write a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Format {
    /// For people at a terminal.
    Text,
    /// The report itself; its schema is `docs/report.schema.json`.
    Json,
    /// JUnit XML for CI systems.
    Junit,
    /// SARIF 2.1.0 for code scanning.
    Sarif,
    /// For pull requests and tickets.
    Markdown,
    /// Workflow commands for the log of a GitHub Actions step.
    Github,
    /// TAP, for test harnesses.
    Tap,
    /// Metrics for the textfile collector of Prometheus.
    Prometheus,
    /// Plugin output for Nagios and Icinga; on standard output the exit status is that of a plugin.
    Nagios,
    /// A page for a browser or a printer, in one file.
    Html,
}

impl Format {
    /// Every format, in the order they are documented.
    pub const ALL: [Self; 10] = [
        Self::Text,
        Self::Json,
        Self::Junit,
        Self::Sarif,
        Self::Markdown,
        Self::Github,
        Self::Tap,
        Self::Prometheus,
        Self::Nagios,
        Self::Html,
    ];

    /// The word used on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Markdown => "markdown",
            Self::Github => "github",
            Self::Tap => "tap",
            Self::Prometheus => "prometheus",
            Self::Nagios => "nagios",
            Self::Html => "html",
        }
    }
}

/// A report that could not be written in the format asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError {
    format: Format,
    why: String,
}

impl RenderError {
    pub(super) fn new(format: Format, why: &dyn fmt::Display) -> Self {
        Self { format, why: why.to_string() }
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.format.word();
        write!(f, "cannot write the report as {word}: {}; ask for another format, such as text", self.why)
    }
}

impl std::error::Error for RenderError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_knows_every_format_by_its_word() {
        let words: Vec<&str> = Format::ALL.iter().map(|format| format.word()).collect();
        let offered: Vec<String> = Format::value_variants()
            .iter()
            .filter_map(|format| Some(format.to_possible_value()?.get_name().to_string()))
            .collect();
        assert_eq!(words, offered);
    }

    #[test]
    fn an_error_says_which_format_why_and_what_to_do() {
        let error = RenderError::new(Format::Junit, &"no room").to_string();
        assert_eq!(error, "cannot write the report as junit: no room; ask for another format, such as text");
    }
}
