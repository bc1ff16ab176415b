//! The report as JSON: the model itself, in the model's order. `docs/report.schema.json` describes every key.

use std::fmt::Write as _;

use serde::Serialize;

use super::escape::is_hidden;
use super::format::{Format, RenderError};
use super::model::Report;

/// Renders the report as indented JSON.
///
/// # Errors
/// When the model cannot be serialised, which its types rule out.
pub fn render(report: &Report) -> Result<String, RenderError> {
    pretty(report).map_err(|error| RenderError::new(Format::Json, &error))
}

/// Indented JSON in which no hidden character is left raw, so that it is safe to look at in a terminal. A reader
/// gets the same value back, since `\u` escapes are part of JSON.
pub(super) fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    let plain = serde_json::to_string_pretty(value)?;
    let mut out = String::with_capacity(plain.len() + 1);
    for character in plain.chars() {
        // The only control character of the serialiser's own is the newline; all others stand inside strings.
        if character != '\n' && is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(character);
        }
    }
    out.push('\n');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::fixture;

    fn schema() -> Value {
        serde_json::from_str(include_str!("../../docs/report.schema.json")).unwrap()
    }

    fn report(report: &Report) -> Value {
        serde_json::from_str(&render(report).unwrap()).unwrap()
    }

    /// Every object of a JSON value, as pointers.
    fn objects(value: &Value, at: &str, out: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                out.push(at.to_string());
                for (name, inner) in map {
                    objects(inner, &format!("{at}/{name}"), out);
                }
            }
            Value::Array(items) => {
                for (index, inner) in items.iter().enumerate() {
                    objects(inner, &format!("{at}/{index}"), out);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn the_schema_is_itself_valid() {
        assert!(jsonschema::meta::is_valid(&schema()));
    }

    #[test]
    fn every_fixture_fits_the_schema() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        for model in [fixture::rich(), fixture::clean(), fixture::empty(), fixture::drilled()] {
            let value = report(&model);
            let errors: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| format!("{} {error}", error.instance_path()))
                .collect();
            assert_eq!(errors, Vec::<String>::new());
        }
    }

    #[test]
    fn a_misspelt_or_missing_key_fails_anywhere() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let whole = report(&fixture::rich());
        let mut places = Vec::new();
        objects(&whole, "", &mut places);
        assert!(places.len() > 50);
        for place in places {
            let names: Vec<String> =
                whole.pointer(&place).unwrap().as_object().unwrap().keys().cloned().collect();
            for name in names {
                let mut misspelt = whole.clone();
                let object = misspelt.pointer_mut(&place).unwrap().as_object_mut().unwrap();
                let value = object.get(&name).cloned().unwrap();
                object.insert(format!("{name}_"), value);
                assert!(!validator.is_valid(&misspelt), "{place}/{name}_ was accepted");
                let mut missing = whole.clone();
                missing.pointer_mut(&place).unwrap().as_object_mut().unwrap().remove(&name);
                assert!(!validator.is_valid(&missing), "{place} without {name} was accepted");
            }
        }
    }

    #[test]
    fn exit_status_zero_goes_with_no_closed_verdict() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        for (code, verdict, fits) in [
            (0, "holds", true),
            (0, "waived", true),
            (0, "broken", false),
            (0, "unproven", false),
            (1, "broken", true),
            (1, "holds", false),
            (3, "unproven", true),
            (3, "broken", false),
        ] {
            let mut value = report(&fixture::clean());
            value["exit_code"] = json!(code);
            value["verdict"] = json!(verdict);
            assert_eq!(validator.is_valid(&value), fits, "{code} {verdict}");
        }
    }

    #[test]
    fn values_come_back_exactly_and_nothing_hidden_is_raw() {
        let model = fixture::rich();
        let text = render(&model).unwrap();
        assert!(!text.chars().any(|character| character != '\n' && is_hidden(character)));
        let back: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_value(&back).unwrap(), serde_json::to_value(&model).unwrap());
        let tenants = back.checks.iter().find(|check| check.id == "tenants").unwrap();
        let values: Vec<&str> = tenants.findings.iter().filter_map(|f| f.key[0].value.as_deref()).collect();
        assert_eq!(values, fixture::HOSTILE);
    }
}
