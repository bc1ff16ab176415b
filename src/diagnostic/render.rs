//! Rendering diagnostics with miette.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity as MietteSeverity, SourceCode,
};

use super::{Code, Diagnostic, Severity};
use crate::source_text::SourceSet;

/// How diagnostics are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Colours by terminal codes.
    pub colour: bool,
    /// Box-drawing characters instead of ASCII.
    pub unicode: bool,
    /// Columns available.
    pub width: usize,
}

impl Default for Look {
    fn default() -> Self {
        Self { colour: false, unicode: false, width: 100 }
    }
}

/// A diagnostic beside its text, in miette's vocabulary.
struct Shown<'a> {
    diagnostic: &'a Diagnostic,
    source: Option<NamedSource<String>>,
    help: Option<String>,
    labels: Vec<LabeledSpan>,
}

impl<'a> Shown<'a> {
    fn new(diagnostic: &'a Diagnostic, sources: &SourceSet) -> Self {
        let home = diagnostic.labels.first().map(|label| label.span.file);
        let source = home
            .and_then(|id| sources.file(id))
            .map(|file| NamedSource::new(&file.name, shown_text(diagnostic, &file.text)));
        let mut labels = Vec::new();
        let mut elsewhere = Vec::new();
        for label in &diagnostic.labels {
            if Some(label.span.file) == home {
                let length = label.span.end.saturating_sub(label.span.start);
                labels.push(LabeledSpan::new(Some(label.text.clone()), label.span.start, length));
            } else {
                let place = sources.location(label.span);
                elsewhere.push(format!("{}:{}:{}: {}", place.file, place.line, place.column, label.text));
            }
        }
        let help = match (&diagnostic.help, elsewhere.is_empty()) {
            (help, true) => help.clone(),
            (None, false) => Some(elsewhere.join("\n")),
            (Some(help), false) => Some(format!("{help}\n{}", elsewhere.join("\n"))),
        };
        Self { diagnostic, source, help, labels }
    }
}

/// The text around the labels. What a diagnostic calls a secret is not shown by it.
fn shown_text(diagnostic: &Diagnostic, text: &str) -> String {
    let mut shown = text.to_owned();
    if diagnostic.code == Code::LiteralSecret {
        for label in &diagnostic.labels {
            let (start, end) = (label.span.start, label.span.end.min(shown.len()));
            if shown.is_char_boundary(start) && shown.is_char_boundary(end) && start < end {
                shown.replace_range(start..end, &"*".repeat(end - start));
            }
        }
    }
    shown
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        Some(Box::new(self.diagnostic.code.id()))
    }

    fn severity(&self) -> Option<MietteSeverity> {
        Some(match self.diagnostic.severity {
            Severity::Error => MietteSeverity::Error,
            Severity::Warning => MietteSeverity::Warning,
            Severity::Advice => MietteSeverity::Advice,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// One diagnostic as text for a terminal or a log.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &SourceSet, look: Look) -> String {
    let mut theme = match (look.colour, look.unicode) {
        (true, true) => GraphicalTheme::unicode(),
        (false, true) => GraphicalTheme::unicode_nocolor(),
        (true, false) => {
            GraphicalTheme { characters: miette::ThemeCharacters::ascii(), ..GraphicalTheme::unicode() }
        }
        (false, false) => GraphicalTheme {
            characters: miette::ThemeCharacters::ascii(),
            ..GraphicalTheme::unicode_nocolor()
        },
    };
    "error".clone_into(&mut theme.characters.error);
    "warning".clone_into(&mut theme.characters.warning);
    "note".clone_into(&mut theme.characters.advice);
    let mut text = String::new();
    let shown = Shown::new(diagnostic, sources);
    let handler = GraphicalReportHandler::new_themed(theme).with_width(look.width).with_links(false);
    if handler.render_report(&mut text, &shown).is_err() {
        text = format!("{} {}", diagnostic.code.id(), diagnostic.message);
    }
    text
}
