//! Every class of anomaly and of bad luck, injected alone into chains of three different recipes, is called by its name, with
//! the row; clean chains and the merely unlucky are accused of nothing.

use super::anchor::Anchor;
use super::eval::{Inputs, evaluate};
use super::fixture::*;
use super::given::Given;
use super::keys::Keys;
use super::program::{Form, Program};
use super::report::{AnomalyKind as Kind, ChainReport};
use super::spec::*;
use super::verify::{ChainFold, Limits};

const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Three recipes: fields in a row with the writer's clock, fields joined in a counted chain, a JSON object under a key.
fn recipes() -> Vec<ChainSpec> {
    let counted = ChainSpec {
        genesis: Genesis::Text(ZEROS.to_owned()),
        ..hashed(
            &dense(),
            digest(Recipe::Join(
                "|".to_owned(),
                vec![
                    Recipe::Prev,
                    Recipe::Integer(SEQ),
                    Recipe::Column(ACTION),
                    or(Recipe::Column(USER), "none"),
                    Recipe::Time(AT, TimePreset::IsoMicros),
                ],
            )),
        )
    };
    let member = |key: &str, value| JsonField { key: key.to_owned(), null: JsonNull::Null, value };
    let object = Recipe::Json(
        JsonProfile::Py(JsonProfile::PY),
        vec![
            member("prev", JsonValue::String(Recipe::Prev)),
            member("seq", JsonValue::Column(SEQ)),
            member("action", JsonValue::Column(ACTION)),
            member("user", JsonValue::Column(USER)),
            member("at", JsonValue::String(Recipe::Time(AT, TimePreset::Py))),
        ],
    );
    let keyed = hashed(&dense(), Recipe::Hex(Box::new(Recipe::Hmac(Digest::Sha256, 0, Box::new(object)))));
    let key = KeyRef {
        name: "audit".to_owned(),
        origin: KeyOrigin::Env("AUDIT_KEY".to_owned()),
        encoding: KeyEncoding::Text,
    };
    vec![tala(), counted, ChainSpec { keys: vec![key], ..keyed }]
}

fn keys() -> Keys {
    Keys::from(vec![b"key".to_vec()])
}

/// The hash of a row under a recipe.
fn hash(spec: &ChainSpec, recipe: &Recipe, row: &Row) -> String {
    let program = Program::new(recipe, &spec.columns, Form::Text).unwrap().keyed(&keys());
    let cells: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
    let prev = row[PREVIOUS].as_deref().map(str::as_bytes);
    let mut out = Vec::new();
    assert!(
        !evaluate(&program, &Inputs { row: &cells, prev, shifts: &[], orders: &[] }, &mut out).unwrap().null
    );
    String::from_utf8(out).unwrap()
}

/// Links and hashes rows, from one of them on.
fn reseal(spec: &ChainSpec, rows: &mut [Row], from: usize) {
    for n in from..rows.len() {
        rows[n][PREVIOUS] = match (n, &spec.genesis) {
            (0, Genesis::Text(text)) => Some(text.clone()),
            (0, _) => None,
            _ => rows[n - 1][HASH].clone(),
        };
        rows[n][HASH] = Some(hash(spec, recipe_of(spec), &rows[n]));
    }
}

/// Sixty rows of one chain; no time in them is round, no cell is NULL.
fn written(spec: &ChainSpec) -> Vec<Row> {
    let mut rows = chain(0, 60);
    for (n, row) in rows.iter_mut().enumerate() {
        row[AT] = Some(format!(
            "2026-03-{:02} 10:{:02}:{:02}.{:06}",
            n / 24 + 1,
            n % 60,
            n * 7 % 60,
            100_001 + n * 12_345
        ));
        row[ACTION] = Some(["create", "update", "delete"][n % 3].to_owned());
        row[USER] = Some(format!("u{n}"));
        row[SEQ] = Some((n + 1).to_string());
    }
    reseal(spec, &mut rows, 0);
    rows
}

fn look(spec: &ChainSpec, rows: &[Row]) -> ChainReport {
    looked(spec, rows, &Given { keys: keys(), ..Given::default() })
}

fn looked(spec: &ChainSpec, rows: &[Row], given: &Given) -> ChainReport {
    let mut fold = ChainFold::new(spec, given, Limits::default()).unwrap();
    for row in rows {
        let cells: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
        fold.push(&cells).unwrap();
    }
    fold.finish()
}

/// What a class of fault does to the rows, and what is to be said: the kind and the number of the row.
type Fault<'a> = (&'a str, &'a dyn Fn(&ChainSpec, &mut Vec<Row>), Kind, usize);

#[test]
fn every_fault_is_named_on_three_recipes() {
    let faults: [Fault<'_>; 10] = [
        ("altered", &|_, rows| rows[20][ACTION] = Some("forged".to_owned()), Kind::AlteredRow, 20),
        ("hash edited", &|_, rows| rows[20][HASH] = Some(sha256_hex(b"x")), Kind::HashEdited, 20),
        (
            "altered and hashed again",
            &|spec, rows| {
                rows[20][ACTION] = Some("forged".to_owned());
                rows[20][HASH] = Some(hash(spec, recipe_of(spec), &rows[20]));
            },
            Kind::RehashedRow,
            20,
        ),
        ("link edited", &|_, rows| rows[20][PREVIOUS] = Some(sha256_hex(b"x")), Kind::LinkEdited, 20),
        (
            "fork",
            &|spec, rows| {
                let mut other = rows[20].clone();
                other[ID] = Some("t0-fork".to_owned());
                other[ACTION] = Some("export".to_owned());
                other[AT] = Some(later(rows[20][AT].as_ref().unwrap(), 3));
                other[HASH] = Some(hash(spec, recipe_of(spec), &other));
                rows.insert(21, other);
            },
            Kind::Fork,
            usize::MAX,
        ),
        (
            "a second genesis",
            &|spec, rows| {
                rows[30][PREVIOUS] = match &spec.genesis {
                    Genesis::Text(text) => Some(text.clone()),
                    _ => None,
                };
                rows[30][HASH] = Some(hash(spec, recipe_of(spec), &rows[30]));
                for n in 31..60 {
                    rows[n][PREVIOUS] = rows[n - 1][HASH].clone();
                    rows[n][HASH] = Some(hash(spec, recipe_of(spec), &rows[n]));
                }
            },
            Kind::SeveralGenesis,
            30,
        ),
        ("its beginning gone", &|_, rows| drop(rows.drain(..7)), Kind::MissingGenesis, 7),
        ("no hash", &|_, rows| rows[59][HASH] = None, Kind::UnchainedRow, 59),
        (
            "duplicate",
            &|_, rows| {
                let mut again = rows[20].clone();
                again[ID] = Some("t0-again".to_owned());
                rows.insert(21, again);
            },
            Kind::Duplicate,
            usize::MAX,
        ),
        (
            "inserted",
            &|_, rows| {
                let mut forged = rows[20].clone();
                forged[ID] = Some("t0-forged".to_owned());
                forged[HASH] = Some(sha256_hex(b"forged"));
                rows.insert(21, forged);
            },
            Kind::InsertedRow,
            usize::MAX,
        ),
    ];
    for spec in recipes() {
        let clean = look(&spec, &written(&spec));
        assert_eq!(
            (clean.verified, clean.anomalies_total, clean.undetermined.len()),
            (60, 0, 0),
            "{clean:#?}"
        );
        for (name, inject, kind, row) in &faults {
            let mut rows = written(&spec);
            inject(&spec, &mut rows);
            let report = look(&spec, &rows);
            // Without numbers, a row that was hashed again cannot be told from rows that are gone.
            let (kind, row) = match (kind, spec.dense_from) {
                (Kind::RehashedRow, None) => (&Kind::BrokenLink, &21),
                _ => (kind, row),
            };
            let kinds: Vec<Kind> = report.anomalies.iter().map(|a| a.kind).collect();
            assert!(kinds.contains(kind), "{name}: {report:#?}");
            // Nobody else is accused, but of the number that a row which is not counted twice lacks or has.
            let others = kinds.iter().filter(|k| *k != kind && **k != Kind::SequenceGap).count();
            assert_eq!(others, 0, "{name}: {report:#?}");
            if *row != usize::MAX {
                let named = accused(&report).iter().any(|(k, key)| k == kind && *key == format!("t0-{row}"));
                assert!(named, "{name}: {report:#?}");
            }
        }
    }
}

#[test]
fn missing_rows_are_counted_where_rows_are_counted() {
    for spec in recipes() {
        let mut rows = written(&spec);
        rows.drain(20..23);
        let report = look(&spec, &rows);
        let kind = if spec.dense_from.is_some() { Kind::MissingRows } else { Kind::BrokenLink };
        assert_eq!(accused(&report), [(kind, "t0-23".to_owned())], "{report:#?}");
        if spec.dense_from.is_some() {
            assert!(report.anomalies[0].message.contains('3'), "{report:#?}");
            // A number that was never used.
            let mut rows = written(&spec);
            for row in &mut rows[20..] {
                row[SEQ] = Some((row[SEQ].as_ref().unwrap().parse::<u32>().unwrap() + 1).to_string());
            }
            reseal(&spec, &mut rows, 0);
            let report = look(&spec, &rows);
            assert_eq!(accused(&report), [(Kind::SequenceGap, "t0-20".to_owned())], "{report:#?}");
        }
    }
}

#[test]
fn an_order_that_is_not_that_of_the_links_is_named() {
    for spec in recipes() {
        let mut rows = written(&spec);
        rows.swap(20, 21);
        let report = look(&spec, &rows);
        assert!(
            report.anomalies.iter().all(|a| matches!(a.kind, Kind::Reordered | Kind::SequenceGap)),
            "{report:#?}"
        );
        assert!(report.anomalies_total > 0);
    }
}

#[test]
fn anchors_tell_a_lost_tail_from_a_chain_written_anew() {
    for spec in recipes() {
        let rows = written(&spec);
        let given = |anchors: Vec<Anchor>| Given { keys: keys(), anchors: anchors.into(), heads: true };
        let heads = looked(&spec, &rows, &given(Vec::new())).heads;
        let report = looked(&spec, &rows, &given(heads.clone()));
        assert_eq!((report.anomalies_total, report.anchors_found), (0, 1));
        let report = looked(&spec, &rows[..57], &given(heads.clone()));
        assert_eq!(report.anomalies.iter().map(|a| a.kind).collect::<Vec<_>>(), [Kind::TruncatedTail]);
        assert_eq!(report.lost, 3);
        for from in [0, 40, 59] {
            let mut anew = rows.clone();
            anew[from][ACTION] = Some("forged".to_owned());
            reseal(&spec, &mut anew, from);
            assert_eq!(look(&spec, &anew).anomalies_total, 0);
            let report = looked(&spec, &anew, &given(heads.clone()));
            assert_eq!(report.anomalies.iter().map(|a| a.kind).collect::<Vec<_>>(), [Kind::RewrittenSuffix]);
        }
    }
}

/// A kind of bad luck: what the writer did, and the words of which one is to be said.
type Luck<'a> = (&'a str, &'a dyn Fn(&mut ChainSpec, &mut Vec<Row>), &'a [&'a str]);

/// A time so many microseconds later.
fn moved(time: &str, micros: i64) -> String {
    let mut text = Vec::new();
    super::time::parse(time).unwrap().shifted(micros).unwrap().write(TimePreset::IsoMicros, &mut text);
    String::from_utf8(text).unwrap().replace('T', " ").replace('Z', "")
}

/// Rows that were hashed before this was done to them.
fn afterwards(rows: &mut [Row], edit: impl Fn(usize, &mut Row)) {
    rows.iter_mut().enumerate().for_each(|(n, row)| edit(n, row));
}

#[test]
fn bad_luck_is_named_and_accuses_nobody() {
    let lucks: [Luck<'_>; 10] = [
        (
            "another recipe",
            &|spec, _| *spec = hashed(spec, digest(Recipe::Column(ENTITY))),
            &["wrong_recipe"],
        ),
        (
            "another time",
            &|_, rows| {
                afterwards(rows, |n, row| {
                    row[AT] = Some(moved(row[AT].as_ref().unwrap(), (7 + n as i64 % 9) * 1_000))
                })
            },
            // Where microseconds are hashed, a clock that was not stored cannot be found by milliseconds.
            &["time_not_stored", "wrong_recipe", "wrong_key"],
        ),
        (
            "another time zone",
            &|_, rows| {
                afterwards(rows, |_, row| {
                    row[AT] = Some(moved(row[AT].as_ref().unwrap(), -8 * 3_600_000_000))
                })
            },
            &["time_zone"],
        ),
        (
            "another spelling of the hash",
            &|spec, rows| {
                let Recipe::Hex(inner) = recipe_of(spec).clone() else { panic!("hex") };
                let written_by = hashed(spec, Recipe::Base64(inner));
                reseal(&written_by, rows, 0);
            },
            &["hash_encoding"],
        ),
        (
            "a state that changed later",
            &|spec, rows| {
                afterwards(rows, |_, row| row[ACTION] = Some("create".to_owned()));
                reseal(spec, rows, 0);
                afterwards(rows, |n, row| {
                    if n % 9 == 4 {
                        row[ACTION] = Some("deleted".to_owned());
                    }
                });
            },
            &["mutable_column"],
        ),
        (
            "an erased reference",
            &|spec, rows| {
                spec.columns[USER].cleared = true;
                afterwards(rows, |n, row| {
                    if n % 15 == 7 {
                        row[USER] = None;
                    }
                });
            },
            &["erasure", "null_policy"],
        ),
        (
            "a referenced row that changed",
            &|spec, rows| {
                spec.columns[USER].joined = true;
                afterwards(rows, |n, row| row[USER] = Some(format!("u{}", n % 7)));
                reseal(spec, rows, 0);
                afterwards(rows, |n, row| {
                    if n % 7 == 3 {
                        row[USER] = Some("renamed".to_owned());
                    }
                });
            },
            &["joined_row_changed"],
        ),
        (
            "an erased name",
            &|_, rows| {
                afterwards(rows, |n, row| {
                    if n % 15 == 7 {
                        row[USER] = Some("[redacted]".to_owned());
                    }
                });
            },
            &["recipe_misfit"],
        ),
        (
            "a change of the recipe",
            &|spec, rows| {
                let old = hashed(
                    spec,
                    digest(Recipe::Join("~".to_owned(), vec![or(Recipe::Prev, ""), Recipe::Column(USER)])),
                );
                for n in 0..rows.len() {
                    rows[n][PREVIOUS] = n.checked_sub(1).and_then(|before| rows[before][HASH].clone()).or(
                        match &spec.genesis {
                            Genesis::Text(text) => Some(text.clone()),
                            _ => None,
                        },
                    );
                    let recipe = if n < 25 { recipe_of(&old) } else { recipe_of(spec) };
                    rows[n][HASH] = Some(hash(spec, recipe, &rows[n]));
                }
            },
            &["recipe_misfit"],
        ),
        (
            "two writers",
            &|spec, rows| {
                let other = hashed(
                    spec,
                    digest(Recipe::Join("~".to_owned(), vec![or(Recipe::Prev, ""), Recipe::Column(USER)])),
                );
                for n in 0..rows.len() {
                    rows[n][PREVIOUS] = n.checked_sub(1).and_then(|before| rows[before][HASH].clone()).or(
                        match &spec.genesis {
                            Genesis::Text(text) => Some(text.clone()),
                            _ => None,
                        },
                    );
                    let recipe = if n % 5 == 2 || n % 7 == 3 { recipe_of(&other) } else { recipe_of(spec) };
                    rows[n][HASH] = Some(hash(spec, recipe, &rows[n]));
                }
            },
            &["mixed_writers"],
        ),
    ];
    for spec in recipes() {
        for (name, befalls, words) in &lucks {
            let mut spec = spec.clone();
            let mut rows = written(&spec);
            befalls(&mut spec, &mut rows);
            let report = look(&spec, &rows);
            assert_eq!(report.anomalies_total, 0, "{name}: {report:#?}");
            assert!(!report.undetermined.is_empty(), "{name}: {report:#?}");
            for said in &report.undetermined {
                assert!(words.contains(&said.kind.as_str()), "{name}: {report:#?}");
            }
        }
    }
}

#[test]
fn a_value_of_another_type_is_named() {
    for base in recipes() {
        let mut spec = base.clone();
        spec.columns[ENTITY].kind = CellKind::Numeric;
        let of = |part: Recipe| {
            let terms = vec![or(Recipe::Prev, ""), part, Recipe::Column(ACTION)];
            digest(Recipe::Join("|".to_owned(), terms))
        };
        let declared = hashed(&spec, of(Recipe::Column(ENTITY)));
        let written_by = hashed(&spec, of(Recipe::Decimal(ENTITY, 2)));
        let mut rows = written(&base);
        rows.iter_mut().enumerate().for_each(|(n, row)| row[ENTITY] = Some(format!("{n}.5")));
        reseal(&written_by, &mut rows, 0);
        let report = look(&declared, &rows);
        assert_eq!(
            (accused(&report), undetermined(&report)),
            (vec![], vec!["value_coercion"]),
            "{report:#?}"
        );
        assert!(report.undetermined[0].message.contains("`dec(entityId, 2)`"), "{report:#?}");
    }
}

#[test]
fn another_writer_of_json_is_named() {
    let spec = recipes().remove(2);
    let mut rows = written(&spec);
    let Recipe::Hex(mac) = recipe_of(&spec) else { panic!("hex") };
    let Recipe::Hmac(algorithm, key, object) = &**mac else { panic!("hmac") };
    let Recipe::Json(_, fields) = &**object else { panic!("json") };
    let js = Recipe::Json(JsonProfile::Js { sorted: false }, fields.clone());
    let written_by = hashed(&spec, Recipe::Hex(Box::new(Recipe::Hmac(*algorithm, *key, Box::new(js)))));
    reseal(&written_by, &mut rows, 0);
    let report = look(&spec, &rows);
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["json_profile"]), "{report:#?}");
}

#[test]
fn what_is_no_chain_accuses_nobody() {
    for spec in recipes() {
        let mut rows = written(&spec);
        rows.iter_mut().enumerate().for_each(|(n, row)| {
            row[HASH] = Some(sha256_hex(format!("random {n}").as_bytes()));
            row[PREVIOUS] = Some(sha256_hex(format!("other {n}").as_bytes()));
        });
        let report = look(&spec, &rows);
        assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["not_a_chain"]), "{report:#?}");
    }
}
