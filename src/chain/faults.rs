//! Faults and wrong declarations by example: the right kind, the right row, and nobody else.

use super::fixture::*;
use super::given::Given;
use super::report::AnomalyKind as Kind;
use super::spec::{ChainSpec, Genesis};
use super::verify::{ChainFold, Limits, StreamIssue};

fn id(row: &Row) -> String {
    row[ID].clone().unwrap()
}

pub(super) fn only(spec: &ChainSpec, rows: &[Row], kind: Kind, key: &str) {
    let report = verify(spec, rows);
    assert_eq!(accused(&report), [(kind, key.to_owned())], "{report:#?}");
    assert_eq!(undetermined(&report), Vec::<&str>::new(), "{report:#?}");
}

#[test]
fn an_empty_relation_and_rows_without_hash_prove_nothing() {
    let report = verify(&tala(), &[]);
    assert_eq!((report.rows, report.splits, report.anomalies_total), (0, 0, 0));
    let mut rows = chain(0, 3);
    rows.iter_mut().for_each(|row| row[HASH] = None);
    let report = verify(&tala(), &rows);
    assert_eq!(undetermined(&report), ["no_hash"]);
    assert_eq!((report.rows, report.verified, report.linked), (3, 0, 0));
    assert_eq!(report.undetermined[0].samples.len(), 3);
}

#[test]
fn rows_without_hash_are_old_before_the_chain_and_suspicious_after_it() {
    let mut rows = chain(0, 4);
    rows.insert(0, blank(0, 90));
    rows.insert(3, blank(0, 91));
    let report = verify(&tala(), &rows);
    assert_eq!(undetermined(&report), ["before_chain"]);
    assert_eq!(accused(&report), [(Kind::UnchainedRow, "t0-91".to_owned())]);
    assert_eq!(report.verified, 4);
}

#[test]
fn rows_that_are_not_grouped_are_the_callers_fault() {
    let rows = [chain(0, 1), chain(1, 1), chain(0, 1)].concat();
    let mut fold = ChainFold::new(&tala(), &Given::default(), Limits::default()).unwrap();
    let mut result = Ok(());
    for row in &rows {
        let cells: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
        result = fold.push(&cells);
    }
    assert!(matches!(result, Err(StreamIssue::SplitReturned { .. })));
    assert_eq!(fold.push(&[None]), Err(StreamIssue::Width { expected: 10, got: 1 }));
}

#[test]
fn an_undeclared_null_is_neither_right_nor_altered() {
    let mut rows = chain(0, 5);
    rows[2][USER] = None;
    let report = verify(&tala(), &rows);
    assert_eq!(undetermined(&report), ["null_policy"]);
    assert!(report.undetermined[0].message.contains("`userId` is NULL"));
    assert_eq!((report.verified, report.anomalies_total, report.linked), (4, 0, 5));
}

#[test]
fn a_clock_that_was_not_stored_is_named_with_its_window() {
    // Hashed one to seven milliseconds before the database's own clock.
    let mut rows = late(0, 40, |n| 1 + (n % 7) as i64);
    let report = verify(&tala(), &rows);
    assert_eq!(accused(&report), []);
    assert_eq!(undetermined(&report), ["time_not_stored"]);
    assert_eq!(report.undetermined[0].rows, 40);
    assert!(
        report.undetermined[0].message.contains("declare `search createdAt window -11ms..0ms`"),
        "{report:#?}"
    );
    assert!(report.undetermined[0].message.contains("-7ms to -1ms"), "{report:#?}");

    let report = verify(&searching(), &rows);
    assert_eq!((report.verified, report.by_search, report.linked, report.search_bits), (0, 40, 40, 6));
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec![]));

    // An altered row is still one, a changed time outside the window too.
    rows[20][ACTION] = Some("Deleted".to_owned());
    only(&searching(), &rows, Kind::AlteredRow, "t0-20");
    rows[20] = {
        let mut row = rows[20].clone();
        row[ACTION] = blank(0, 20)[ACTION].clone();
        row
    };
    rows[39][AT] = Some(later(&at(39), 2000));
    let report = verify(&searching(), &rows);
    assert_eq!(accused(&report), [(Kind::AlteredRow, "t0-39".to_owned())]);
    assert!(report.anomalies[0].message.contains("another time in `createdAt`"), "{report:#?}");
}

#[test]
fn an_edited_hash_is_found_through_the_search() {
    let mut rows = late(0, 9, |_| 4);
    rows[4][HASH] = Some(sha256_hex(b"forged"));
    only(&searching(), &rows, Kind::HashEdited, "t0-4");
}

#[test]
fn a_wrong_recipe_accuses_nobody_but_the_links_still_count() {
    let spec = hashed(&tala(), digest(super::spec::Recipe::Column(ENTITY)));
    let mut rows = relation(&[20, 5]);
    let report = verify(&spec, &rows);
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["wrong_recipe"]));
    assert_eq!((report.verified, report.linked, report.undetermined[0].rows), (0, 25, 25));
    let lost = rows.remove(10);
    let report = verify(&spec, &rows);
    assert_eq!(undetermined(&report), ["wrong_recipe"]);
    assert_eq!(accused(&report), [(Kind::BrokenLink, "t0-11".to_owned())], "without {}", id(&lost));
}

#[test]
fn other_spellings_are_recognised() {
    for (spelling, word) in [
        (super::spec::TimePreset::Java, "time_precision"),
        (super::spec::TimePreset::EpochMillis, "time_precision"),
    ] {
        let spec = tala();
        let spec = hashed(&spec, super::variants::with_preset(recipe_of(&spec), AT, spelling));
        let mut rows = relation(&[12]);
        // At whole milliseconds other than zero two spellings can be one, so none of these is round.
        rows.retain(|row| !row[AT].as_ref().unwrap().ends_with("000"));
        let report = verify(&spec, &rows);
        if report.verified * 2 < report.rows {
            assert_eq!(undetermined(&report), [word], "{report:#?}");
            assert!(report.undetermined[0].message.contains("`ts(createdAt, js)`"), "{report:#?}");
        }
    }
    let rows = late(0, 10, |_| 5 * 3_600_000);
    let report = verify(&tala(), &rows);
    assert_eq!(undetermined(&report), ["time_zone"], "{report:#?}");
    assert!(report.undetermined[0].message.contains("-5h"), "{report:#?}");
}

#[test]
fn chains_per_entity_under_one_tenant_are_a_wrong_split() {
    let mut rows: Vec<Row> = Vec::new();
    let mut heads: std::collections::HashMap<(u64, u64), String> = std::collections::HashMap::new();
    for tenant in 0..3u64 {
        for n in 0..60u64 {
            let mut row = blank(tenant, n);
            let entity = n * 7 % 11;
            row[TYPE] = Some(["Invoice", "Vendor"][entity as usize % 2].to_owned());
            row[ENTITY] = Some(format!("inv{entity}"));
            let previous = heads.get(&(tenant, entity)).cloned();
            seal(&mut row, previous.as_deref(), &at(n));
            heads.insert((tenant, entity), row[HASH].clone().unwrap());
            rows.push(row);
        }
    }
    let report = verify(&tala(), &rows);
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["wrong_split"]), "{report:#?}");
    assert_eq!((report.verified, report.undetermined[0].rows), (180, 180));
    assert!(
        report.undetermined[0].message.contains("declare `split by tenantId, entityType, entityId`"),
        "{report:#?}"
    );

    let right = ChainSpec { split: vec![TENANT, TYPE, ENTITY], ..tala() };
    rows.sort_by(|a, b| {
        [TENANT, TYPE, ENTITY, AT]
            .map(|c| a[c].clone())
            .cmp(&[TENANT, TYPE, ENTITY, AT].map(|c| b[c].clone()))
    });
    let report = verify(&right, &rows);
    assert_eq!((report.splits, report.verified, report.linked), (33, 180, 180));
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec![]));
}

/// Two writers that read the same head: both rows are right, and the chain goes on from one of them.
#[test]
fn a_fork_lists_its_branches() {
    let mut rows = chain(0, 9);
    let mut twin = rows[4].clone();
    twin[ID] = Some("twin".to_owned());
    twin[USER] = Some("u9".to_owned());
    twin[AT] = Some(later(&at(4), 3));
    let (previous, time) = (twin[PREVIOUS].clone(), twin[AT].clone().unwrap());
    seal(&mut twin, previous.as_deref(), &time);
    rows.insert(5, twin.clone());
    let report = verify(&tala(), &rows);
    assert_eq!(accused(&report), [(Kind::Fork, "twin".to_owned())]);
    let message = &report.anomalies[0].message;
    assert!(message.contains("id t0-4 (5 row(s)") && message.contains("id twin (1 row(s)"), "{message}");
    assert!(
        message.contains("each recomputes") && message.contains("two writers that read the same head"),
        "{message}"
    );
    assert_eq!((report.verified, report.linked), (10, 8));

    // The same long after the chain went on is no race.
    let mut late = rows.remove(5);
    late[AT] = Some(at(80));
    seal(&mut late, previous.as_deref(), &at(80));
    rows.push(late);
    let report = verify(&tala(), &rows);
    assert_eq!(accused(&report), [(Kind::Fork, "twin".to_owned())]);
    assert!(report.anomalies[0].message.contains("too far apart"), "{report:#?}");

    // At the very start.
    let mut rows = chain(0, 9);
    let mut twin = rows[0].clone();
    twin[ID] = Some("twin".to_owned());
    twin[USER] = Some("u9".to_owned());
    seal(&mut twin, None, &at(0));
    rows.insert(0, twin);
    only(&tala(), &rows, Kind::SeveralGenesis, "twin");
}

/// The tenant is not hashed, so a whole row can be carried over; only its neighbours miss it.
#[test]
fn a_row_moved_to_another_split_is_said_to_be_there() {
    let mut rows = relation(&[20, 20, 20]);
    let mut moved = rows.remove(10);
    moved[TENANT] = Some("tenant-1".to_owned());
    rows.insert(19 + 10, moved);
    let report = verify(&tala(), &rows);
    let expected = [(Kind::BrokenLink, "t0-11".to_owned()), (Kind::BrokenLink, "t0-10".to_owned())];
    assert_eq!(accused(&report), expected, "{report:#?}");
    assert!(
        report
            .anomalies
            .iter()
            .all(|anomaly| anomaly.message.contains("a row of another split has that hash"))
    );
}

#[test]
fn a_lost_json_order_is_unproven_and_the_links_still_count() {
    use super::spec::{CellKind, JsonField, JsonNull, JsonProfile, JsonValue, Recipe};
    let mut spec = tala();
    spec.columns[USER].kind = CellKind::Jsonb;
    let member = |key: &str, value| JsonField { key: key.to_owned(), null: JsonNull::Null, value };
    let spec = hashed(
        &spec,
        digest(Recipe::Json(
            JsonProfile::Js { sorted: false },
            vec![member("payload", JsonValue::Column(USER)), member("prev", JsonValue::String(Recipe::Prev))],
        )),
    );
    let mut rows = chain(0, 12);
    let mut previous: Option<String> = None;
    for (n, row) in rows.iter_mut().enumerate() {
        let (hashed, stored) = match n % 3 {
            0 => (format!("{{\"n\":{n}}}"), format!("{{\"n\": {n}}}")),
            _ => (format!("{{\"zz\":1,\"n\":{n}}}"), format!("{{\"n\": {n}, \"zz\": 1}}")),
        };
        let before = previous.as_ref().map_or("null".to_owned(), |hash| format!("\"{hash}\""));
        row[USER] = Some(stored);
        row[PREVIOUS] = previous;
        let hash = sha256_hex(format!("{{\"payload\":{hashed},\"prev\":{before}}}").as_bytes());
        row[HASH] = Some(hash.clone());
        previous = Some(hash);
    }
    let report = verify(&spec, &rows);
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["json_order_lost"]));
    assert_eq!((report.verified, report.linked, report.undetermined[0].rows), (4, 12, 8));
    // What does not rest on the order is still judged, and so are the links.
    rows[6][USER] = Some("{\"n\": 7}".to_owned());
    rows.remove(4);
    let report = verify(&spec, &rows);
    let expected = [(Kind::BrokenLink, "t0-5".to_owned()), (Kind::AlteredRow, "t0-6".to_owned())];
    assert_eq!(accused(&report), expected, "{report:#?}");
}

#[test]
fn another_text_for_null_is_recognised() {
    let mut rows = relation(&[30]);
    let mut recipe = recipe_of(&tala()).clone();
    if let super::spec::Recipe::Hex(outer) = &mut recipe
        && let super::spec::Recipe::Digest(_, inner) = outer.as_mut()
        && let super::spec::Recipe::Cat(parts) = inner.as_mut()
    {
        parts[5] = or(super::spec::Recipe::Column(USER), "");
    }
    let spec = hashed(&tala(), recipe);
    for n in 0..30usize {
        let previous = n.checked_sub(1).and_then(|before: usize| rows[before][HASH].clone());
        if n % 3 == 0 {
            rows[n][USER] = Some("null".to_owned());
        }
        seal(&mut rows[n], previous.as_deref(), &at(n as u64));
        if n % 3 == 0 {
            rows[n][USER] = None;
        }
    }
    let report = verify(&spec, &rows);
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["null_policy"]), "{report:#?}");
    assert_eq!((report.verified, report.undetermined[0].rows), (20, 10));
    assert!(report.undetermined[0].message.contains("`?? \"null\"`"), "{report:#?}");
}

#[test]
fn one_chain_cut_into_finer_splits_is_a_wrong_split() {
    let mut rows = relation(&[60, 60]);
    let fine = ChainSpec { split: vec![TENANT, ENTITY], ..tala() };
    rows.sort_by(|a, b| {
        [TENANT, ENTITY, AT].map(|c| a[c].clone()).cmp(&[TENANT, ENTITY, AT].map(|c| b[c].clone()))
    });
    let report = verify(&fine, &rows);
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["wrong_split"]), "{report:#?}");
    assert!(report.undetermined[0].message.contains("rows of other splits"));
}

#[test]
fn ties_follow_the_links_and_moved_rows_are_named() {
    let mut rows = chain(0, 9);
    for row in &mut rows[3..6] {
        row[AT] = Some(at(3));
    }
    for n in 3..9 {
        let previous = rows[n - 1][HASH].clone();
        let time = rows[n][AT].clone().unwrap();
        seal(&mut rows[n], previous.as_deref(), &time);
    }
    rows.swap(3, 5);
    let report = verify(&tala(), &rows);
    assert_eq!((accused(&report), report.linked, report.verified), (vec![], 9, 9));

    // An order column that is not hashed, and does not agree with the links.
    let mut rows = chain(0, 9);
    let by_seq = ChainSpec { order: vec![SEQ], ..tala() };
    let moved = rows.remove(2);
    rows.insert(6, moved);
    only(&by_seq, &rows, Kind::Reordered, "t0-2");
}

#[test]
fn two_full_rows_that_changed_places_do_not_recompute() {
    let mut rows = chain(0, 9);
    let (a, b) = (rows[3][AT].clone(), rows[5][AT].clone());
    rows[3][AT] = b;
    rows[5][AT] = a;
    rows.swap(3, 5);
    let report = verify(&tala(), &rows);
    let expected = [(Kind::Reordered, "t0-5".to_owned()), (Kind::Reordered, "t0-3".to_owned())];
    assert_eq!(accused(&report), expected, "{report:#?}");
}

#[test]
fn rows_that_exchanged_their_numbers_accuse_nobody_after_them() {
    let mut rows = chain(0, 9);
    for column in [AT, SEQ] {
        let (a, b) = (rows[3][column].clone(), rows[4][column].clone());
        rows[3][column] = b;
        rows[4][column] = a;
    }
    rows.swap(3, 4);
    let report = verify(&dense(), &rows);
    let expected = [(Kind::Reordered, "t0-4".to_owned()), (Kind::Reordered, "t0-3".to_owned())];
    assert_eq!(accused(&report), expected, "{report:#?}");
}

#[test]
fn a_split_too_large_to_diagnose_is_never_fine() {
    let limits = Limits { split_rows: 5, ..Limits::default() };
    let mut rows = chain(0, 20);
    let report = verify_within(&tala(), &rows, limits);
    assert_eq!((report.verified, report.linked, undetermined(&report)), (20, 20, vec![]));
    rows[10][ACTION] = Some("x".to_owned());
    let report = verify_within(&tala(), &rows, limits);
    assert_eq!((undetermined(&report), report.anomalies_total), (vec!["too_large"], 0));
}

#[test]
fn samples_are_limited_and_totals_are_not() {
    let mut rows = relation(&[40, 40]);
    for row in rows.iter_mut().skip(1).step_by(8) {
        row[USER] = Some("mallory".to_owned());
    }
    let report = verify_within(&tala(), &rows, Limits { samples: 3, ..Limits::default() });
    assert_eq!((report.anomalies.len(), report.anomalies_total), (3, 10));
}

#[test]
fn a_row_whose_hash_was_erased_is_not_called_removed() {
    let mut rows = chain(0, 6);
    rows[3][HASH] = None;
    let report = verify(&dense(), &rows);
    let messages: Vec<&str> = report.anomalies.iter().map(|a| a.message.as_str()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages.iter().any(|m| m.contains("or its hash was erased")), "{messages:?}");
    assert!(
        messages.iter().any(|m| m.contains("or lost their hash: no row with a hash has number")),
        "{messages:?}"
    );
}

#[test]
fn without_a_link_column_the_hashes_alone_tell() {
    let spec = ChainSpec { previous: None, ..dense() };
    let rows = relation(&[8, 8]);
    assert_eq!(verify(&spec, &rows).anomalies_total, 0);
    let change = |edit: &dyn Fn(&mut Vec<Row>)| {
        let mut rows = rows.clone();
        edit(&mut rows);
        rows
    };
    only(&spec, &change(&|rows| rows[3][USER] = Some("x".to_owned())), Kind::AlteredRow, "t0-3");
    only(&spec, &change(&|rows| rows[3][HASH] = Some(sha256_hex(b"x"))), Kind::HashEdited, "t0-3");
    only(&spec, &change(&|rows| drop(rows.remove(3))), Kind::MissingRows, "t0-4");
    only(&spec, &change(&|rows| drop(rows.remove(0))), Kind::MissingGenesis, "t0-1");
    let sparse = ChainSpec { previous: None, ..tala() };
    let mut forged = blank(0, 3);
    forged[ID] = Some("forged".to_owned());
    forged[HASH] = Some(sha256_hex(b"x"));
    only(&sparse, &change(&|rows| rows.insert(3, forged.clone())), Kind::InsertedRow, "forged");
}

#[test]
fn declarations_that_contradict_themselves_are_refused() {
    let refused = |edit: &dyn Fn(&mut ChainSpec)| {
        let mut spec = tala();
        edit(&mut spec);
        ChainFold::new(&spec, &Given::default(), Limits::default()).unwrap_err().to_string()
    };
    assert!(refused(&|spec| spec.genesis = Genesis::Bytes(vec![0; 32])).contains("must be text"));
    assert!(
        refused(&|spec| spec.columns[HASH].kind = super::spec::CellKind::Bytea)
            .contains("both text or both bytea")
    );
    assert!(refused(&|spec| spec.order.clear()).contains("needs an order"));
    let elsewhere = super::spec::Search { column: SEQ, sought: WINDOW };
    assert!(refused(&|spec| spec.searches = vec![elsewhere]).contains("search"));
    let members = super::spec::Search { column: USER, sought: super::spec::Sought::Members };
    assert!(refused(&|spec| spec.searches = vec![members]).contains("`userId` is none"));
}
