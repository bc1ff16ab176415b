//! Preimages of cells that are spelt otherwise than they are stored: listed words, prefixes, casts, arrays, local time.

use super::eval::{EvalIssue, EvalIssueKind, Inputs, evaluate};
use super::fixture::column;
use super::program::{Form, Program};
use super::spec::{
    CellKind, ChainColumn, JsonField, JsonItem, JsonNull, JsonProfile, JsonValue, PgJson, Recipe, TimeForm,
    TimePattern, TimePreset, TimeSpelling, Zone,
};

const TEXT: usize = 0;
const IP: usize = 1;
const AT: usize = 2;
const NUMBER: usize = 3;
const DAY: usize = 4;
const FLOAT: usize = 5;

fn columns() -> Vec<ChainColumn> {
    vec![
        column("text", CellKind::Text),
        column("ip", CellKind::Inet),
        column("at", CellKind::TimestampTz),
        column("number", CellKind::Numeric),
        column("day", CellKind::Date),
        column("float", CellKind::Float),
    ]
}

const ROW: [Option<&str>; 6] = [
    Some("sha256:ab"),
    Some("10.0.0.1"),
    Some("2026-01-02 03:04:05.5+00"),
    Some("1.50"),
    Some("2026-01-02"),
    Some("1e+07"),
];

fn preimage(recipe: &Recipe, row: &[Option<&str>]) -> Result<String, EvalIssue> {
    let program = Program::new(recipe, &columns(), Form::Text).unwrap();
    let mut out = Vec::new();
    let outcome = evaluate(&program, &Inputs { row, prev: None, shifts: &[], orders: &[] }, &mut out)?;
    Ok(if outcome.null { "NULL".to_owned() } else { String::from_utf8(out).unwrap() })
}

fn issue(column: usize, kind: EvalIssueKind) -> EvalIssue {
    EvalIssue { column: Some(column), kind }
}

fn boxed(index: usize) -> Box<Recipe> {
    Box::new(Recipe::Column(index))
}

#[test]
fn what_is_not_provided_for_is_no_empty_text() {
    let words = vec![("create".to_owned(), "1".to_owned()), (String::new(), "0".to_owned())];
    let listed = Recipe::Enum(TEXT, words);
    let with = |cell| {
        let mut row = ROW;
        row[TEXT] = cell;
        row
    };
    assert_eq!(preimage(&listed, &with(Some("create"))).as_deref(), Ok("1"));
    assert_eq!(preimage(&listed, &with(Some(""))).as_deref(), Ok("0"));
    assert_eq!(preimage(&listed, &with(None)).as_deref(), Ok("NULL"));
    assert_eq!(preimage(&listed, &ROW), Err(issue(TEXT, EvalIssueKind::NotListed)));

    let strip = Recipe::Strip("sha256:".to_owned(), boxed(TEXT));
    assert_eq!(preimage(&strip, &ROW).as_deref(), Ok("ab"));
    assert_eq!(preimage(&strip, &with(None)).as_deref(), Ok("NULL"));
    assert_eq!(preimage(&strip, &with(Some("ab"))), Err(issue(TEXT, EvalIssueKind::NoPrefix)));

    let cast = Recipe::ByteaCast(boxed(TEXT));
    assert_eq!(preimage(&cast, &with(Some("a\\\\b"))).as_deref(), Ok("a\\b"));
    assert_eq!(preimage(&cast, &with(Some("a\\b"))), Err(issue(TEXT, EvalIssueKind::NotBytea)));
    assert_eq!(Program::new(&cast, &columns(), Form::Text).unwrap().form(), Form::Bytes);
}

#[test]
fn a_null_made_of_a_text_is_one() {
    let null = |text: &str| Recipe::NullIf(boxed(TEXT), text.to_owned());
    assert_eq!(preimage(&null("sha256:ab"), &ROW).as_deref(), Ok("NULL"));
    assert_eq!(preimage(&null(""), &ROW).as_deref(), Ok("sha256:ab"));
    let omitted = Recipe::Omit(Box::new(null("sha256:ab")));
    let joined = Recipe::Join("|".to_owned(), vec![omitted, Recipe::Column(NUMBER)]);
    assert_eq!(preimage(&joined, &ROW).as_deref(), Ok("1.50"));
    let undeclared = Recipe::Cat(vec![null("sha256:ab")]);
    assert_eq!(preimage(&undeclared, &ROW), Err(issue(TEXT, EvalIssueKind::UndeclaredNull)));
}

/// A server casts an address to text, which puts a mask behind it; an archive holds it as it is printed.
#[test]
fn an_address_is_the_same_from_a_server_and_an_archive() {
    for (cell, text, host, json) in [
        ("10.0.0.1", "10.0.0.1/32", "10.0.0.1", "\"10.0.0.1\""),
        ("10.0.0.1/32", "10.0.0.1/32", "10.0.0.1", "\"10.0.0.1\""),
        ("10.0.0.1/24", "10.0.0.1/24", "10.0.0.1", "\"10.0.0.1/24\""),
        ("::1", "::1/128", "::1", "\"::1\""),
        ("::1/128", "::1/128", "::1", "\"::1\""),
        ("fe80::/10", "fe80::/10", "fe80::", "\"fe80::/10\""),
    ] {
        let mut row = ROW;
        row[IP] = Some(cell);
        assert_eq!(preimage(&Recipe::Column(IP), &row).as_deref(), Ok(text));
        assert_eq!(preimage(&Recipe::Host(IP), &row).as_deref(), Ok(host));
        let item = |profile| {
            let item = JsonItem { null: JsonNull::Undeclared, value: JsonValue::Column(IP) };
            preimage(&Recipe::JsonArray(profile, vec![item]), &row).unwrap()
        };
        assert_eq!(item(JsonProfile::Pg(PgJson::Row)), format!("[{json}]"));
        assert_eq!(item(JsonProfile::Jcs), format!("[\"{text}\"]"));
    }
    let message = Program::new(&Recipe::Host(TEXT), &columns(), Form::Text).unwrap_err().to_string();
    assert!(message.contains("`host` needs an inet or cidr column, but `text` is text"), "{message}");
}

#[test]
fn arrays_stand_in_objects_and_objects_in_arrays() {
    let item = |null, value| JsonItem { null, value };
    let mut row = ROW;
    row[TEXT] = None;
    let object = JsonValue::Object(vec![
        JsonField { key: "b".to_owned(), null: JsonNull::Omit, value: JsonValue::Column(TEXT) },
        JsonField {
            key: "a".to_owned(),
            null: JsonNull::Undeclared,
            value: JsonValue::Array(vec![item(JsonNull::Undeclared, JsonValue::Column(NUMBER))]),
        },
    ]);
    let list = vec![
        item(JsonNull::Omit, JsonValue::Column(TEXT)),
        item(JsonNull::Null, JsonValue::Column(TEXT)),
        item(JsonNull::Undeclared, object.clone()),
        item(JsonNull::OmitEmpty, JsonValue::String(Recipe::Text(String::new()))),
        item(JsonNull::Undeclared, JsonValue::String(Recipe::Time(AT, TimePreset::EpochSeconds))),
        item(JsonNull::Undeclared, JsonValue::Raw(Recipe::Integer(DAY))),
    ];
    // The last one is no number.
    assert!(
        Program::new(&Recipe::JsonArray(JsonProfile::Jcs, list.clone()), &columns(), Form::Text).is_err()
    );
    let list = list[..5].to_vec();
    for (profile, expected) in [
        (JsonProfile::Js { sorted: false }, "[null,{\"a\":[1.5]},\"1767323045\"]"),
        (JsonProfile::Pg(PgJson::Build), "[null, {\"a\" : [1.50]}, \"1767323045\"]"),
    ] {
        assert_eq!(preimage(&Recipe::JsonArray(profile, list.clone()), &row).as_deref(), Ok(expected));
    }
    let undeclared = Recipe::JsonArray(
        JsonProfile::Jcs,
        vec![item(JsonNull::Undeclared, JsonValue::String(Recipe::Column(TEXT)))],
    );
    assert_eq!(preimage(&undeclared, &row), Err(issue(TEXT, EvalIssueKind::UndeclaredNull)));
    assert_eq!(
        super::visit::columns(&Recipe::JsonArray(JsonProfile::Jcs, list)),
        [TEXT, TEXT, TEXT, NUMBER, AT]
    );
}

#[test]
fn a_number_is_spelt_as_its_runtime_prints_it() {
    let jackson = |jdk19| JsonProfile::Jackson { sorted: false, jdk19 };
    for (profile, number, float) in [
        (JsonProfile::Js { sorted: false }, "1.5", "10000000"),
        (JsonProfile::Py(JsonProfile::PY), "1.5", "10000000.0"),
        (jackson(false), "1.50", "1.0E7"),
        (JsonProfile::Stj { relaxed: false }, "1.50", "10000000"),
        (JsonProfile::Rails {}, "\"1.5\"", "10000000.0"),
        (JsonProfile::Pg(PgJson::Build), "1.50", "1e+07"),
        (JsonProfile::Pg(PgJson::Jsonb), "1.50", "10000000"),
    ] {
        assert_eq!(
            preimage(&Recipe::JsonColumn(profile, NUMBER), &ROW).as_deref(),
            Ok(number),
            "{profile:?}"
        );
        assert_eq!(preimage(&Recipe::JsonColumn(profile, FLOAT), &ROW).as_deref(), Ok(float), "{profile:?}");
    }
    // Seventeen digits, which JDK 17 may print as others.
    let mut row = ROW;
    row[FLOAT] = Some("0.30000000000000004");
    let inexact = Err(issue(FLOAT, EvalIssueKind::Inexact));
    assert_eq!(preimage(&Recipe::JsonColumn(jackson(false), FLOAT), &row), inexact);
    let spelt = preimage(&Recipe::JsonColumn(jackson(true), FLOAT), &row);
    assert_eq!(spelt.as_deref(), Ok("0.30000000000000004"));
    row[FLOAT] = Some("NaN");
    assert_eq!(preimage(&Recipe::JsonColumn(jackson(true), FLOAT), &row).as_deref(), Ok("\"NaN\""));
}

#[test]
fn a_character_whose_spelling_is_not_certain_makes_the_row_unproven() {
    let name = |relaxed| {
        let value = JsonValue::String(Recipe::Column(TEXT));
        let field = JsonField { key: "k".to_owned(), null: JsonNull::Undeclared, value };
        Recipe::Json(JsonProfile::Stj { relaxed }, vec![field])
    };
    let mut row = ROW;
    row[TEXT] = Some("\u{20c0}");
    assert_eq!(preimage(&name(true), &row), Err(issue(TEXT, EvalIssueKind::NoSpelling)));
    assert_eq!(preimage(&name(false), &row).as_deref(), Ok("{\"k\":\"\\u20C0\"}"));
    row[TEXT] = Some("\u{8}");
    let go = JsonProfile::Go { sorted: true, unescaped: false };
    let item = JsonItem { null: JsonNull::Undeclared, value: JsonValue::Column(TEXT) };
    let list = Recipe::JsonArray(go, vec![item]);
    assert_eq!(preimage(&list, &row), Err(issue(TEXT, EvalIssueKind::NoSpelling)));
}

#[test]
fn times_of_a_zone_and_by_a_pattern() {
    let form = |spelling, zone: Option<&str>| {
        Recipe::TimeAs(AT, TimeForm { spelling, zone: zone.map(|name| Zone::named(name).unwrap()) })
    };
    let pattern = |text| TimeSpelling::Pattern(TimePattern::new(text).unwrap());
    let local = form(TimeSpelling::Preset(TimePreset::PgTz), Some("America/New_York"));
    assert_eq!(preimage(&local, &ROW).as_deref(), Ok("2026-01-01 22:04:05.5-05"));
    assert_eq!(preimage(&form(pattern("%d.%m.%Y"), None), &ROW).as_deref(), Ok("02.01.2026"));
    // A search takes it earlier, too, and a NULL stays one.
    let program = Program::new(&local, &columns(), Form::Text).unwrap();
    let mut out = Vec::new();
    let inputs = Inputs { row: &ROW, prev: None, shifts: &[(AT, -500_000_000)], orders: &[] };
    evaluate(&program, &inputs, &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "2026-01-01 22:04:05-05");
    let mut row = ROW;
    row[AT] = None;
    assert_eq!(preimage(&local, &row).as_deref(), Ok("NULL"));
    row[AT] = Some("0500-01-01 00:00:00+00");
    let unknown = Err(issue(AT, EvalIssueKind::NoSpelling));
    assert_eq!(preimage(&form(pattern("%Y"), None), &row), unknown);
    // A day has no time of day that a zone could move.
    let zone = Zone::named("UTC");
    let day = Recipe::TimeAs(DAY, TimeForm { spelling: TimeSpelling::Preset(TimePreset::Pg), zone });
    assert!(Program::new(&day, &columns(), Form::Text).is_err());
    assert_eq!(super::visit::times(&local), [(AT, None)]);
    let other = super::variants::with_preset(&local, AT, TimePreset::Js);
    assert_eq!(other, Recipe::Time(AT, TimePreset::Js));
}
