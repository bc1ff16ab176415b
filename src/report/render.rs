//! The one function that renders any format.

use super::format::{Format, RenderError};
use super::model::Report;
use super::style::Style;
use super::{github, html, json, junit, markdown, nagios, prometheus, sarif, tap, text};

/// The whole report in one format, ending in a newline. `style` matters to `text` alone; the other formats are
/// the same whatever the terminal.
///
/// # Errors
/// When a serialiser refuses the report. That is a bug: the run is over, and its exit status stands.
pub fn render(format: Format, report: &Report, style: &Style) -> Result<String, RenderError> {
    match format {
        Format::Text => Ok(text::render(report, style)),
        Format::Json => json::render(report),
        Format::Junit => junit::render(report),
        Format::Sarif => sarif::render(report),
        Format::Markdown => Ok(markdown::render(report)),
        Format::Github => Ok(github::render(report)),
        Format::Tap => tap::render(report),
        Format::Prometheus => Ok(prometheus::render(report)),
        Format::Nagios => Ok(nagios::render(report)),
        Format::Html => Ok(html::render(report)),
    }
}
