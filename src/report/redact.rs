//! Values that no reader of a report may see.

use super::model::Report;

/// What stands in place of such a value.
pub const REDACTED: &str = "[redacted]";

/// Takes the values of columns out of a report, before any format is made of it.
///
/// A value is also taken out of the sentences and statements that quote it, in all checks, since the one that a key
/// belongs to is not the only one that can speak of it. That a value is NULL stays.
pub fn redact(report: &mut Report, columns: &[String]) {
    let hidden = |column: &str| {
        // A name with its table hides the column of every table: rather too much than too little.
        columns.iter().any(|name| last(name).eq_ignore_ascii_case(last(column)))
    };
    let mut values: Vec<String> = Vec::new();
    let findings = report.checks.iter_mut().flat_map(|check| &mut check.findings);
    for part in findings.flat_map(|finding| &mut finding.key).filter(|part| hidden(&part.column)) {
        if let Some(value) = part.value.replace(REDACTED.to_owned()) {
            values.push(value);
        } else {
            part.value = None;
        }
    }
    // Longer ones first, so that no part of one is left when another is its beginning.
    values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    values.dedup();
    for check in &mut report.checks {
        let texts = check.findings.iter_mut().flat_map(|finding| [&mut finding.message, &mut finding.sql]);
        for text in texts.chain([&mut check.reason]).chain(&mut check.notes) {
            for value in &values {
                take_out(text, value);
                // As a statement spells it.
                take_out(text, &value.replace('\'', "''"));
            }
        }
    }
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Replaces a value wherever it stands as a whole word.
fn take_out(text: &mut String, value: &str) {
    if value.is_empty() || !text.contains(value) {
        return;
    }
    let part_of_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(value) {
        let (before, after) = (text.get(..at), text.get(at + value.len()..));
        let inside = part_of_word(before.and_then(|t| t.chars().next_back()))
            || part_of_word(after.and_then(|t| t.chars().next()));
        if !inside {
            out.push_str(text.get(done..at).unwrap_or_default());
            out.push_str(REDACTED);
            done = at + value.len();
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
    *text = out;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Format, Style, fixture, render};

    #[test]
    fn no_format_shows_a_value_of_a_redacted_column() {
        let mut report = fixture::rich();
        let columns: Vec<String> = report
            .checks
            .iter()
            .flat_map(|c| &c.findings)
            .flat_map(|f| &f.key)
            .map(|k| k.column.clone())
            .collect();
        let check = report.checks.iter_mut().find(|c| !c.findings.is_empty()).unwrap();
        let part = crate::finding::KeyPart {
            column: "Person.Email".to_owned(),
            value: Some("eve@x.org".to_owned()),
        };
        let finding = check.findings.first_mut().unwrap();
        finding.key.push(part);
        finding.message.push_str(", as 'eve@x.org' and eve@x.orgs");
        check.reason.push_str(" (eve@x.org)");
        let mut one = report.clone();
        redact(&mut one, &["email".to_owned()]);
        let style = Style { colour: false, width: 200, unicode: true };
        for format in Format::ALL {
            let text = render(format, &one, &style).unwrap().replace("eve@x.orgs", "");
            assert!(!text.contains("eve@x.org"), "{text}");
            assert!(text.contains("redacted"), "{text}");
        }
        redact(&mut report, &columns);
        let shown = report.checks.iter().flat_map(|c| &c.findings).flat_map(|f| &f.key);
        assert!(
            shown
                .filter(|k| k.column != "Person.Email")
                .filter_map(|k| k.value.as_ref())
                .all(|v| v == REDACTED)
        );
    }
}
