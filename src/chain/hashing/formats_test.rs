//! Further spellings against what the runtimes themselves printed. The data and the programs that print it are in
//! `tests/data/formats`.

use serde::Deserialize;

use super::eval::{Inputs, evaluate};
use super::fixture::column;
use super::json_read::read;
use super::number::NumberIssue;
use super::program::{Form, Program};
use super::spec::{
    CellKind, JsonField, JsonItem, JsonNull, JsonProfile, JsonValue, Recipe, TimeForm, TimePattern,
    TimePreset, TimeSpelling, Zone,
};
use super::{bytea_cast, json_number, json_write, time};

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Line {
    Text { json: JsonProfile, text: String, spelt: String },
    Float { json: JsonProfile, float: String, spelt: String },
    Numeric { json: JsonProfile, numeric: String, spelt: String },
    Plain { json: JsonProfile, plain: Vec<(u32, u32)> },
    Preset { preset: TimePreset, zone: Option<String>, at: String, spelt: String },
    Pattern { pattern: String, zone: Option<String>, at: String, spelt: String },
    Bytes { bytea_cast: String, spelt: Option<String> },
    Host { host: String, stored: String, spelt: String },
    Shape { shape: String, spelt: String },
    Sparse { omitempty: serde_json::Value, spelt: String },
    Array { array: Vec<serde_json::Value>, spelt: String },
}

/// What this program makes of a line, and what the runtime made; `None` where it says nothing.
fn both(line: &str) -> (Option<String>, String) {
    let mut out = Vec::new();
    let (result, spelt) = match serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}")) {
        Line::Text { json, text, spelt } => {
            (json_write::write(json, &read(&text).unwrap(), &mut out).map_err(Some), spelt)
        }
        Line::Float { json, float, spelt } => {
            (json_number::float(json, &float, &mut out).map_err(Some), spelt)
        }
        Line::Numeric { json, numeric, spelt } => {
            (json_number::numeric(json, &numeric, &mut out).map_err(Some), spelt)
        }
        Line::Preset { preset, zone, at, spelt } => {
            let zone = zone.map(|name| Zone::named(&name).unwrap());
            let form = TimeForm { spelling: TimeSpelling::Preset(preset), zone };
            (form.write(time::parse(&at).unwrap(), &mut out).ok_or(None), spelt)
        }
        Line::Pattern { pattern, zone, at, spelt } => {
            let zone = zone.map(|name| Zone::named(&name).unwrap());
            let form =
                TimeForm { spelling: TimeSpelling::Pattern(TimePattern::new(&pattern).unwrap()), zone };
            (form.write(time::parse(&at).unwrap(), &mut out).ok_or(None), spelt)
        }
        Line::Bytes { bytea_cast, spelt } => {
            let read = bytea_cast::cast(bytea_cast.as_bytes(), &mut out);
            let hex = out.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            return (Some(format!("{:?}", read.map(|()| hex))), format!("{spelt:?}"));
        }
        Line::Plain { json, plain } => {
            let wrong = characters(json, &plain);
            return (Some(format!("{wrong:?}")), "[]".to_owned());
        }
        Line::Host { host, stored, spelt } => {
            for cell in [&host, &stored] {
                let ours = evaluated(&Recipe::Host(0), &[("ip", CellKind::Other)], &[Some(cell)]);
                assert_eq!(ours, spelt);
            }
            return (Some(spelt.clone()), spelt);
        }
        Line::Shape { shape, spelt } => {
            let profile = serde_json::from_value(serde_json::json!({ "pg": shape })).unwrap();
            return (
                Some(evaluated(&shaped(profile, &shape), &[("b", CellKind::Integer)], &[Some("1")])),
                spelt,
            );
        }
        Line::Sparse { omitempty, spelt } => return (Some(sparse(&omitempty)), spelt),
        Line::Array { array, spelt } => return (Some(listed(&array)), spelt),
    };
    match result {
        Ok(()) => (Some(String::from_utf8(out).unwrap()), spelt),
        Err(None | Some(NumberIssue::Inexact | NumberIssue::NoSpelling)) => (None, spelt),
        Err(Some(other)) => panic!("{other:?}: {line}"),
    }
}

fn evaluated(recipe: &Recipe, columns: &[(&str, CellKind)], row: &[Option<&str>]) -> String {
    let columns: Vec<_> = columns.iter().map(|(name, kind)| column(name, *kind)).collect();
    let program = Program::new(recipe, &columns, Form::Text).unwrap();
    let mut out = Vec::new();
    let outcome =
        evaluate(&program, &Inputs { row, prev: None, shifts: &[], orders: &[] }, &mut out).unwrap();
    assert!(!outcome.null);
    String::from_utf8(out).unwrap()
}

fn member(key: &str, value: JsonValue) -> JsonField {
    JsonField { key: key.to_owned(), null: JsonNull::Undeclared, value }
}

/// The object of `formats.sql`.
fn shaped(profile: JsonProfile, shape: &str) -> Recipe {
    let text = |text: &str| JsonValue::String(Recipe::Text(text.to_owned()));
    let item = |value| JsonItem { null: JsonNull::Undeclared, value };
    let second = if shape == "row" { JsonValue::Number("2".to_owned()) } else { text("two") };
    let list = JsonValue::Array(vec![item(JsonValue::Number("1".to_owned())), item(second)]);
    let inner = vec![member("y", text("é<\"")), member("xx", list)];
    let members = vec![
        member("b", JsonValue::Column(0)),
        member("aa", JsonValue::Bool(true)),
        member("a", JsonValue::Null),
        member("n", JsonValue::Object(inner)),
    ];
    Recipe::Json(profile, members)
}

/// The struct of `formats.go`, as columns with what the runtime was given.
fn sparse(given: &serde_json::Value) -> String {
    let columns = [
        ("text", CellKind::Text),
        ("number", CellKind::Integer),
        ("share", CellKind::Float),
        ("flag", CellKind::Bool),
        ("map", CellKind::Jsonb),
        ("list", CellKind::Jsonb),
        ("pointer", CellKind::Text),
        ("last", CellKind::Text),
    ];
    let cells: Vec<Option<String>> = columns
        .iter()
        .map(|(name, kind)| match (&given[*name], kind) {
            (serde_json::Value::Null, _) => None,
            (serde_json::Value::String(text), _) => Some(text.clone()),
            (other, _) => Some(other.to_string()),
        })
        .collect();
    let row: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
    let fields = columns.iter().enumerate().map(|(n, (name, _))| {
        let null = match *name {
            "pointer" => JsonNull::Omit,
            "last" => JsonNull::Undeclared,
            _ => JsonNull::OmitEmpty,
        };
        JsonField { key: (*name).to_owned(), null, value: JsonValue::Column(n) }
    });
    let profile = JsonProfile::Go { sorted: false, unescaped: false };
    evaluated(&Recipe::Json(profile, fields.collect()), &columns, &row)
}

/// An array of columns, as JavaScript writes it.
fn listed(given: &[serde_json::Value]) -> String {
    let columns: Vec<(&str, CellKind)> = given
        .iter()
        .map(|value| match value {
            serde_json::Value::Number(_) => ("n", CellKind::Float),
            serde_json::Value::Bool(_) => ("b", CellKind::Bool),
            _ => ("t", CellKind::Text),
        })
        .collect();
    let cells: Vec<Option<String>> = given
        .iter()
        .map(|value| match value {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        })
        .collect();
    let row: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
    let items = (0..given.len()).map(|n| JsonItem { null: JsonNull::Null, value: JsonValue::Column(n) });
    evaluated(&Recipe::JsonArray(JsonProfile::Js { sorted: false }, items.collect()), &columns, &row)
}

/// Characters of the first plane that this program writes otherwise than the runtime.
fn characters(profile: JsonProfile, plain: &[(u32, u32)]) -> Vec<char> {
    let one = |c: &char| {
        let mut out = Vec::new();
        let stands = plain.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(*c)));
        match json_write::string(profile, c.encode_utf8(&mut [0; 4]), &mut out) {
            Ok(()) => stands != (out == format!("\"{c}\"").as_bytes()),
            Err(_) => false,
        }
    };
    ('\0'..='\u{ffff}').filter(one).collect()
}

#[test]
fn formats_are_those_of_the_runtimes() {
    let mut unsaid = Vec::new();
    for (name, printed, least, silent) in [
        ("cpython", include_str!("../../../tests/data/formats/cpython.jsonl"), 500, 21),
        ("dotnet", include_str!("../../../tests/data/formats/dotnet.jsonl"), 200, 15),
        ("elixir", include_str!("../../../tests/data/formats/elixir.jsonl"), 100, 0),
        ("go", include_str!("../../../tests/data/formats/go.jsonl"), 250, 9),
        ("java", include_str!("../../../tests/data/formats/java.jsonl"), 300, 15),
        ("java19", include_str!("../../../tests/data/formats/java19.jsonl"), 120, 1),
        ("node", include_str!("../../../tests/data/formats/node.jsonl"), 200, 0),
        ("php", include_str!("../../../tests/data/formats/php.jsonl"), 250, 0),
        ("postgresql", include_str!("../../../tests/data/formats/postgresql.jsonl"), 500, 0),
        ("rails", include_str!("../../../tests/data/formats/rails.jsonl"), 200, 21),
        ("rust", include_str!("../../../tests/data/formats/rust.jsonl"), 250, 12),
        ("rust_ryu", include_str!("../../../tests/data/formats/rust_ryu.jsonl"), 20, 12),
    ] {
        let mut wrong = Vec::new();
        let mut nothing = Vec::new();
        let mut compared = 0;
        for line in printed.lines() {
            match both(line) {
                (Some(ours), theirs) if ours == theirs => compared += 1,
                (None, _) => nothing.push(line),
                (Some(ours), _) => wrong.push(format!("{ours}\n    {line}")),
            }
        }
        assert!(wrong.is_empty(), "{name}: {}\n{}", wrong.len(), wrong.join("\n"));
        assert!(compared >= least, "{name}: only {compared} were compared");
        if nothing.len() != silent {
            unsaid.push(format!("{name}: {}\n{}", nothing.len(), nothing.join("\n")));
        }
    }
    assert!(unsaid.is_empty(), "{}", unsaid.join("\n"));
}
