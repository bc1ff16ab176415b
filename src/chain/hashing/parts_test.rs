//! Preimages, written out: what is left out, placed verbatim, counted, and what cannot be evaluated.

use super::eval::{EvalIssue, EvalIssueKind, Inputs, evaluate};
use super::fixture::column;
use super::number::NumberIssue;
use super::program::{Form, Program};
use super::spec::{
    CellKind, ChainColumn, Frame, JsonField, JsonNull, JsonProfile, JsonValue, PyJson, Recipe, TimePreset,
    Unit,
};

const TEXT: usize = 0;
const UUID: usize = 1;
const DOC: usize = 2;
const AT: usize = 3;
const NUMBER: usize = 4;

fn columns() -> Vec<ChainColumn> {
    vec![
        column("text", CellKind::Text),
        column("uuid", CellKind::Uuid),
        column("doc", CellKind::Jsonb),
        column("at", CellKind::Timestamp),
        column("number", CellKind::Numeric),
    ]
}

fn preimage(recipe: &Recipe, row: &[Option<&str>]) -> Result<String, EvalIssue> {
    let program = Program::new(recipe, &columns(), Form::Text).unwrap();
    let mut out = Vec::new();
    let outcome = evaluate(&program, &Inputs { row, prev: None, shifts: &[], orders: &[] }, &mut out)?;
    Ok(if outcome.null { "NULL".to_owned() } else { String::from_utf8(out).unwrap() })
}

const ROW: [Option<&str>; 5] = [
    Some("é|"),
    Some("550e8400-e29b-41d4-a716-446655440000"),
    Some("{\"b\": 1.0, \"a\": [\"é\", null]}"),
    Some("2026-01-02 03:04:05.5"),
    Some("12.50"),
];
const NONE: [Option<&str>; 5] = [None; 5];

fn col(index: usize) -> Recipe {
    Recipe::Column(index)
}

fn omit(inner: Recipe) -> Recipe {
    Recipe::Omit(Box::new(inner))
}

fn member(key: &str, null: JsonNull, value: JsonValue) -> JsonField {
    JsonField { key: key.to_owned(), null, value }
}

#[test]
fn an_omitted_part_takes_its_separator_along() {
    let parts =
        |first: Recipe| vec![first, Recipe::Text("m".to_owned()), omit(Recipe::Prev), omit(col(TEXT))];
    let joined = |first| Recipe::Join("-".to_owned(), parts(first));
    assert_eq!(preimage(&joined(omit(col(UUID))), &NONE).unwrap(), "m");
    assert_eq!(preimage(&joined(omit(col(TEXT))), &ROW).unwrap(), "é|-m-é|");
    assert_eq!(preimage(&Recipe::Cat(parts(omit(col(TEXT)))), &NONE).unwrap(), "m");
    assert_eq!(preimage(&Recipe::Join(",".to_owned(), vec![omit(Recipe::Prev)]), &NONE).unwrap(), "");
    // An empty text is no NULL.
    let empty = [Some(""), None, None, None, None];
    assert_eq!(preimage(&joined(omit(col(TEXT))), &empty).unwrap(), "-m-");
    let undeclared = EvalIssue { column: Some(TEXT), kind: EvalIssueKind::UndeclaredNull };
    assert_eq!(preimage(&joined(col(TEXT)), &NONE).unwrap_err(), undeclared);
}

#[test]
fn a_column_is_serialised_anew() {
    let py = JsonProfile::Py(PyJson { utf8: true, ..JsonProfile::PY });
    let whole = JsonProfile::Py(PyJson { compact: true, utf8: true, ints: true, ..JsonProfile::PY });
    for (profile, expected) in [
        (JsonProfile::Js { sorted: false }, "{\"b\":1,\"a\":[\"é\",null]}"),
        (JsonProfile::Js { sorted: true }, "{\"a\":[\"é\",null],\"b\":1}"),
        (JsonProfile::Jcs, "{\"a\":[\"é\",null],\"b\":1}"),
        (py, "{\"a\": [\"é\", null], \"b\": 1.0}"),
        (whole, "{\"a\":[\"é\",null],\"b\":1}"),
    ] {
        assert_eq!(preimage(&Recipe::JsonColumn(profile, DOC), &ROW).unwrap(), expected);
        assert_eq!(preimage(&Recipe::JsonColumn(profile, DOC), &NONE).unwrap(), "NULL");
    }
}

#[test]
fn the_order_of_a_jsonb_column_counts_only_where_it_was_hashed() {
    for (profile, lost) in [
        (JsonProfile::Js { sorted: false }, true),
        (JsonProfile::Py(PyJson { sorted: false, ..JsonProfile::PY }), true),
        (JsonProfile::Js { sorted: true }, false),
        (JsonProfile::Py(JsonProfile::PY), false),
        (JsonProfile::Jcs, false),
    ] {
        let program = Program::new(&Recipe::JsonColumn(profile, DOC), &columns(), Form::Text).unwrap();
        let inputs = Inputs { row: &ROW, prev: None, shifts: &[], orders: &[] };
        assert_eq!(evaluate(&program, &inputs, &mut Vec::new()).unwrap().order_lost, lost, "{profile:?}");
    }
}

#[test]
fn raw_members_stand_as_they_are() {
    let js = JsonProfile::Js { sorted: false };
    let object = |doc: fn(Recipe) -> JsonValue, null| {
        let nested = Recipe::JsonColumn(JsonProfile::Js { sorted: true }, DOC);
        let at = JsonValue::Raw(Recipe::Time(AT, TimePreset::EpochSeconds));
        let number = JsonValue::Raw(Recipe::Decimal(NUMBER, 2));
        let fields = vec![member("z", null, doc(nested)), member("at", null, at), member("n", null, number)];
        Recipe::Json(js, fields)
    };
    assert_eq!(
        preimage(&object(JsonValue::Raw, JsonNull::Undeclared), &ROW).unwrap(),
        "{\"z\":{\"a\":[\"é\",null],\"b\":1},\"at\":1767323045,\"n\":12.50}"
    );
    assert_eq!(
        preimage(&object(JsonValue::String, JsonNull::Undeclared), &ROW).unwrap(),
        "{\"z\":\"{\\\"a\\\":[\\\"é\\\",null],\\\"b\\\":1}\",\"at\":1767323045,\"n\":12.50}"
    );
    assert_eq!(
        preimage(&object(JsonValue::Raw, JsonNull::Null), &NONE).unwrap(),
        "{\"z\":null,\"at\":null,\"n\":null}"
    );
    assert_eq!(preimage(&object(JsonValue::Raw, JsonNull::Omit), &NONE).unwrap(), "{}");
    let undeclared = EvalIssue { column: Some(DOC), kind: EvalIssueKind::UndeclaredNull };
    assert_eq!(preimage(&object(JsonValue::Raw, JsonNull::Undeclared), &NONE).unwrap_err(), undeclared);
}

#[test]
fn fields_are_counted_in_bytes() {
    let sized = |inner| Recipe::Sized(Frame::Text(":".to_owned()), Unit::Bytes, Box::new(inner));
    let both = Recipe::Cat(vec![sized(col(TEXT)), sized(Recipe::Text(String::new()))]);
    assert_eq!(preimage(&both, &ROW).unwrap(), "3:é|0:");
    assert_eq!(preimage(&sized(col(TEXT)), &NONE).unwrap(), "NULL");
}

#[test]
fn digits_of_a_uuid() {
    assert_eq!(preimage(&Recipe::UuidDigits(UUID), &ROW).unwrap(), "550e8400e29b41d4a716446655440000");
    let text = |text| [Some(text), None, None, None, None];
    let upper = text("550E8400-E29B-41D4-A716-446655440000");
    assert_eq!(preimage(&Recipe::UuidDigits(TEXT), &upper).unwrap(), "550e8400e29b41d4a716446655440000");
    for other in [
        "550e8400e29b41d4a716446655440000",
        "",
        "{550e8400-e29b-41d4-a716-446655440000}",
        "g50e8400-e29b-41d4-a716-446655440000",
    ] {
        let unreadable = EvalIssue { column: Some(TEXT), kind: EvalIssueKind::Unreadable };
        assert_eq!(preimage(&Recipe::UuidDigits(TEXT), &text(other)).unwrap_err(), unreadable, "{other}");
    }
}

/// CPython holds binary64, too: its hash cannot have told this number from its neighbours.
#[test]
fn a_number_beside_the_one_that_was_hashed_is_not_proven() {
    for ints in [false, true] {
        let profile = JsonProfile::Py(PyJson { ints, ..JsonProfile::PY });
        let number = |text| super::json_number::number(profile, text, &mut Vec::new());
        assert_eq!(number("0.300000000000000000001"), Err(NumberIssue::Inexact));
        assert_eq!(number("1.00000000000000000001"), Err(NumberIssue::Inexact));
        assert_eq!(number("12345678901234567890"), Ok(()));
        assert_eq!(number("0.30"), Ok(()));
        assert_eq!(number("1e23"), Ok(()));
    }
}
