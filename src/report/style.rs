//! How text may look on the terminal it is written to.

use anstyle::AnsiColor;

/// What the terminal can show. It is passed in, so that the same report is the same text everywhere in tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colour codes may be written. Nothing is said by colour alone.
    pub colour: bool,
    /// Columns to wrap at. Names, keys and SQL are never cut to fit.
    pub width: usize,
    /// Whether characters outside ASCII may be written as they are; otherwise they come out as `\u00E9`.
    pub unicode: bool,
}

impl Default for Style {
    /// No colour, 100 columns, ASCII: safe for any file and any terminal.
    fn default() -> Self {
        Self { colour: false, width: 100, unicode: false }
    }
}

/// What a piece of text is, for the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Strong,
    Good,
    Bad,
    Doubt,
    Aside,
}

impl Style {
    /// The text with the codes of its paint around it, or as it is without colour.
    pub(super) fn paint(&self, paint: Paint, text: &str) -> String {
        let style = match paint {
            Paint::Plain => anstyle::Style::new(),
            Paint::Strong => anstyle::Style::new().bold(),
            Paint::Good => AnsiColor::Green.on_default(),
            Paint::Bad => AnsiColor::Red.on_default().bold(),
            Paint::Doubt => AnsiColor::Yellow.on_default().bold(),
            Paint::Aside => anstyle::Style::new().dimmed(),
        };
        if self.colour && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}
