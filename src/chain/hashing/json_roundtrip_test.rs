//! Whatever a profile writes is JSON, and reads back as the value that it was.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::json_profile::JsonProfile;
use super::json_read::read;
use super::json_write::write;
use super::spec::PgJson;

fn profiles() -> [JsonProfile; 10] {
    let jackson = |sorted, jdk19| JsonProfile::Jackson { sorted, jdk19 };
    let serde = |sorted, insertion| JsonProfile::Serde { sorted, insertion };
    [
        JsonProfile::Rails {},
        serde(false, false),
        serde(true, false),
        serde(false, true),
        JsonProfile::Stj { relaxed: false },
        JsonProfile::Stj { relaxed: true },
        jackson(false, false),
        jackson(true, true),
        JsonProfile::Pg(PgJson::Jsonb),
        JsonProfile::Go { sorted: true, unescaped: false },
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-1_000_000_000_000i64..1_000_000_000_000).prop_map(Value::from),
        (-99_999_999i64..99_999_999, 1u32..9)
            .prop_map(|(digits, scale)| Value::from(digits as f64 / f64::from(10u32.pow(scale)))),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::String),
        "[\"\\\\/<>&'+`\u{1}\u{7f}\u{a0}\u{2028}é中😀]{0,8}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec(("[a-z0-9<é]{0,4}", inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_the_value(value in value()) {
        let text = value.to_string();
        let tree = read(&text).unwrap();
        for profile in profiles() {
            let mut out = Vec::new();
            // What cannot be spelt is refused, and nothing else.
            if write(profile, &tree, &mut out).is_ok() {
                let again = String::from_utf8(out).unwrap();
                let same = same(&serde_json::from_str(&again).unwrap(), &value);
                prop_assert!(same, "{:?}: {} became {}", profile, text, again);
            }
        }
    }
}

/// Whether two values are one, whichever way their numbers are held.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        // The library reads long numbers only nearly.
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            a == b || (a - b).abs() <= a.abs() * 1e-12
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}
