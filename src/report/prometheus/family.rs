//! A metric with its samples, in the text exposition format.

use std::fmt::{Display, Write as _};

use crate::report::escape;

/// A gauge, and what it says.
pub(super) struct Family {
    name: &'static str,
    help: &'static str,
    samples: Vec<(String, String)>,
}

impl Family {
    pub(super) fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, samples: Vec::new() }
    }

    /// Adds a sample. A second one with the same labels would make a scraper refuse the whole file, so the first stays.
    pub(super) fn add(&mut self, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", label(value))).collect();
        let labels = labels.join(",");
        if !self.samples.iter().any(|(known, _)| *known == labels) {
            self.samples.push((labels, value.to_string()));
        }
    }

    /// Appends the metric, or nothing where there is no sample.
    pub(super) fn write(&self, out: &mut String) {
        if self.samples.is_empty() {
            return;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(out, "# HELP {} {}\n# TYPE {} gauge", self.name, self.help, self.name);
        for (labels, value) in &self.samples {
            let _ = writeln!(out, "{}{{{labels}}} {value}", self.name);
        }
    }
}

/// The value of a label, on one line and without a quote of its own.
fn label(text: &str) -> String {
    escape::visible(text, true).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_one_line_whatever_its_labels_hold() {
        let mut family = Family::new("m", "Help.");
        family.add(&[("a", "x\"} 1\nm{a=\"y"), ("b", "c:\\d\x1b")], 0);
        family.add(&[("a", "x\"} 1\nm{a=\"y"), ("b", "c:\\d\x1b")], 1);
        let mut out = String::new();
        family.write(&mut out);
        let expected =
            "# HELP m Help.\n# TYPE m gauge\nm{a=\"x\\\"} 1\\\\nm{a=\\\"y\",b=\"c:\\\\d\\\\u001B\"} 0\n";
        assert_eq!(out, expected);
    }

    #[test]
    fn a_metric_without_samples_is_not_named() {
        let mut out = String::new();
        Family::new("m", "Help.").write(&mut out);
        assert_eq!(out, "");
    }
}
