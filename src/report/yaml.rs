//! A value as block YAML, in the small part of it that readers of TAP know.
//!
//! Every text is quoted, so that none can be taken for a number, a comment, a mark or the end of the document. Keys are
//! those of the report's own model and need no quotes.

use std::fmt::Write as _;

use serde_json::Value;

use super::escape;

/// Appends a mapping or a list, each line indented by at least so many blanks.
pub(super) fn block(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                entry(out, &format!("{:indent$}{name}:", ""), inner, indent);
            }
        }
        Value::Array(items) => {
            for item in items {
                one(out, item, indent);
            }
        }
        scalar => {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{:indent$}{}", "", self::scalar(scalar));
        }
    }
}

fn entry(out: &mut String, lead: &str, value: &Value, indent: usize) {
    out.push_str(lead);
    if is_scalar(value) {
        let _ = writeln!(out, " {}", scalar(value));
    } else {
        out.push('\n');
        block(out, value, indent + 2);
    }
}

/// One item of a list. The first line of a mapping stands behind the dash.
fn one(out: &mut String, item: &Value, indent: usize) {
    let Value::Object(map) = item else {
        // A blank behind a colon in an item makes some readers take it for a mapping.
        let text = scalar(item).replace(": ", "\\x3A ");
        let _ = writeln!(out, "{:indent$}- {text}", "");
        return;
    };
    for (at, (name, inner)) in map.iter().enumerate() {
        let dash = if at == 0 { "- " } else { "  " };
        entry(out, &format!("{:indent$}{dash}{name}:", ""), inner, indent + 2);
    }
}

fn is_scalar(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => true,
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "~".to_owned(),
        Value::String(text) => quoted(text),
        // Numbers and truth values; empty lists and mappings are `[]` and `{}` in YAML too.
        other => other.to_string(),
    }
}

/// A text in double quotes, with what cannot be seen as YAML's own escapes.
pub(super) fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escape::visible(&text, true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_written_line_by_line() {
        let value = json!({
            "id": "a", "count": 3, "open": true, "runbook": null, "notes": ["x: y", "z"], "none": [],
            "findings": [{"kind": "k", "key": [{"column": "c", "value": null}]}, {"kind": "l", "key": []}],
            "location": {"file": "p.hold", "line": 1},
        });
        let mut out = String::new();
        block(&mut out, &value, 2);
        let expected = "  id: \"a\"\n  count: 3\n  open: true\n  runbook: ~\n  notes:\n    - \"x\\x3A y\"\n    - \"z\"\n  none: []\n  \
                        findings:\n    - kind: \"k\"\n      key:\n        - column: \"c\"\n          value: ~\n    - kind: \"l\"\n      \
                        key: []\n  location:\n    file: \"p.hold\"\n    line: 1\n";
        assert_eq!(out, expected);
    }

    #[test]
    fn no_text_leaves_its_quotes() {
        assert_eq!(quoted("say \"no\" \\ # ...\n---"), "\"say \\\"no\\\" \\\\ # ...\\n---\"");
        assert_eq!(quoted("\x1b\u{202e}\u{e0001}"), "\"\\u001B\\u202E\\U000E0001\"");
    }

    #[test]
    fn a_reader_of_yaml_gets_the_same_values_back() {
        let report = serde_json::to_value(crate::report::fixture::rich()).unwrap();
        let mut out = String::new();
        block(&mut out, &report, 0);
        let back: Value = serde_saphyr::from_str(&out).unwrap();
        assert_eq!(back, report);
    }
}
