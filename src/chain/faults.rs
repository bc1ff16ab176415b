//! One fault at a time: the right kind, the right row, and nobody else.

use proptest::prelude::*;

use super::fixture::*;
use super::report::AnomalyKind as Kind;
use super::spec::{ChainSpec, Genesis};
use super::verify::{ChainFold, Limits, StreamIssue};

fn id(row: &Row) -> String {
    row[ID].clone().unwrap()
}

fn only(spec: &ChainSpec, rows: &[Row], kind: Kind, key: &str) {
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
    let mut fold = ChainFold::new(&tala(), Limits::default()).unwrap();
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
    let mut rows: Vec<Row> = Vec::new();
    for n in 0..40 {
        let mut row = blank(0, n);
        let previous = rows.last().and_then(|before| before[HASH].clone());
        // Hashed one to seven milliseconds before the database's own clock.
        let stored = format!("{}{:03}", &at(n)[..20], 500 + n % 7 + 1);
        seal(&mut row, previous.as_deref(), &format!("{}500", &at(n)[..20]));
        row[AT] = Some(stored);
        rows.push(row);
    }
    let report = verify(&tala(), &rows);
    assert_eq!(accused(&report), []);
    assert_eq!(undetermined(&report), ["time_not_stored"]);
    assert_eq!(report.undetermined[0].rows, 40);
    assert!(report.undetermined[0].message.contains("declare `search createdAt window -11ms..0ms`"), "{report:#?}");
    assert!(report.undetermined[0].message.contains("-7ms to -1ms"), "{report:#?}");

    let report = verify(&searching(), &rows);
    assert_eq!((report.verified, report.by_search, report.linked, report.search_bits), (0, 40, 40, 6));
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec![]));

    // An altered row is still one, a changed time outside the window too.
    rows[20][ACTION] = Some("Deleted".to_owned());
    only(&searching(), &rows, Kind::AlteredRow, "t0-20");
    rows[20] = { let mut row = rows[20].clone(); row[ACTION] = blank(0, 20)[ACTION].clone(); row };
    rows[39][AT] = rows[39][AT].as_ref().map(|at| at.replacen("500", "999", 1));
    let report = verify(&searching(), &rows);
    assert_eq!((accused(&report), report.by_search), (vec![], 40));
    let second = at(39)[17..19].parse::<u32>().unwrap();
    rows[39][AT] = Some(format!("{}{:02}{}", &at(39)[..17], second + 2, &at(39)[19..]));
    let report = verify(&searching(), &rows);
    assert_eq!(accused(&report), [(Kind::AlteredRow, "t0-39".to_owned())]);
    assert!(report.anomalies[0].message.contains("another time in `createdAt`"), "{report:#?}");
}

#[test]
fn an_edited_hash_is_found_through_the_search() {
    let mut rows: Vec<Row> = Vec::new();
    for n in 0..9 {
        let mut row = blank(0, n);
        let previous = rows.last().and_then(|before| before[HASH].clone());
        seal(&mut row, previous.as_deref(), &format!("{}500", &at(n)[..20]));
        row[AT] = Some(format!("{}504", &at(n)[..20]));
        rows.push(row);
    }
    rows[4][HASH] = Some(sha256_hex(b"forged"));
    only(&searching(), &rows, Kind::HashEdited, "t0-4");
}

#[test]
fn a_wrong_recipe_accuses_nobody_but_the_links_still_count() {
    let mut spec = tala();
    spec.recipe = digest(super::spec::Recipe::Column(ENTITY));
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
    for (spelling, word) in
        [(super::spec::TimePreset::Java, "time_precision"), (super::spec::TimePreset::EpochMillis, "time_precision")]
    {
        let mut spec = tala();
        spec.recipe = super::variants::with_preset(&spec.recipe, AT, spelling);
        let mut rows = relation(&[12]);
        // At whole milliseconds other than zero two spellings can be one, so none of these is round.
        rows.retain(|row| !row[AT].as_ref().unwrap().ends_with("000"));
        let report = verify(&spec, &rows);
        if report.verified * 2 < report.rows {
            assert_eq!(undetermined(&report), [word], "{report:#?}");
            assert!(report.undetermined[0].message.contains("`ts(createdAt, js)`"), "{report:#?}");
        }
    }
    let mut rows: Vec<Row> = Vec::new();
    for n in 0..10 {
        let mut row = blank(0, n);
        let previous = rows.last().and_then(|before| before[HASH].clone());
        seal(&mut row, previous.as_deref(), &at(n));
        row[AT] = Some(at(n + 360 * 5));
        rows.push(row);
    }
    // `at` also moves the milliseconds, so shift by hand.
    for (n, row) in rows.iter_mut().enumerate() {
        let stored = at(n as u64);
        row[AT] = Some(format!("{}{:02}{}", &stored[..11], 5 + n / 360, &stored[13..]));
    }
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
            row[TYPE] = Some("Invoice".to_owned());
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
    assert!(report.undetermined[0].message.contains("declare `split by tenantId, entityType, entityId`"), "{report:#?}");

    let right = ChainSpec { split: vec![TENANT, TYPE, ENTITY], ..tala() };
    rows.sort_by(|a, b| [TENANT, TYPE, ENTITY, AT].map(|c| a[c].clone()).cmp(&[TENANT, TYPE, ENTITY, AT].map(|c| b[c].clone())));
    let report = verify(&right, &rows);
    assert_eq!((report.splits, report.verified, report.linked), (33, 180, 180));
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec![]));
}

#[test]
fn one_chain_cut_into_finer_splits_is_a_wrong_split() {
    let mut rows = relation(&[60, 60]);
    let fine = ChainSpec { split: vec![TENANT, ENTITY], ..tala() };
    rows.sort_by(|a, b| [TENANT, ENTITY, AT].map(|c| a[c].clone()).cmp(&[TENANT, ENTITY, AT].map(|c| b[c].clone())));
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
    for row in rows.iter_mut().step_by(4) {
        row[USER] = Some("mallory".to_owned());
    }
    let report = verify_within(&tala(), &rows, Limits { samples: 3, ..Limits::default() });
    assert_eq!((report.anomalies.len(), report.anomalies_total), (3, 20));
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
        ChainFold::new(&spec, Limits::default()).unwrap_err().to_string()
    };
    assert!(refused(&|spec| spec.genesis = Genesis::Bytes(vec![0; 32])).contains("must be text"));
    assert!(refused(&|spec| spec.columns[HASH].kind = super::spec::CellKind::Bytea).contains("both text or both bytea"));
    assert!(refused(&|spec| spec.order.clear()).contains("needs an order"));
    assert!(refused(&|spec| spec.search = searching().search.map(|s| super::spec::Search { column: SEQ, ..s })).contains("search"));
}

/// A single fault, by name.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Alter,
    EditHash,
    EditLink,
    Delete,
    CutHead,
    Insert,
    Forge,
    Copy,
    Rehash,
    Restart,
    Unhash,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_clean_relation_is_clean(lengths in prop::collection::vec(1u64..12, 1..6), dense_order: bool) {
        let rows = relation(&lengths);
        let report = verify(&if dense_order { dense() } else { tala() }, &rows);
        prop_assert_eq!(report.rows, rows.len() as u64);
        prop_assert_eq!(report.verified, report.rows);
        prop_assert_eq!(report.linked, report.rows);
        prop_assert_eq!(report.splits, lengths.len() as u64);
        prop_assert_eq!((report.anomalies_total, report.undetermined.len()), (0, 0));
        // Searching finds nothing more to accuse, and evaluation does not depend on the run.
        prop_assert_eq!(verify(&searching(), &rows).verified, report.rows);
        prop_assert_eq!(verify(&tala(), &rows), verify(&tala(), &rows));
    }

    #[test]
    fn one_fault_is_named_and_nobody_else(
        lengths in prop::collection::vec(5u64..14, 2..5),
        tenant in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        fault in prop::sample::select(vec![
            Fault::Alter, Fault::EditHash, Fault::EditLink, Fault::Delete, Fault::CutHead, Fault::Insert,
            Fault::Forge, Fault::Copy, Fault::Rehash, Fault::Restart, Fault::Unhash,
        ]),
        dense_order: bool,
    ) {
        let tenant = tenant.index(lengths.len());
        let start = lengths[..tenant].iter().sum::<u64>() as usize;
        let length = lengths[tenant] as usize;
        // Not the first and not the last but one, where a fault can mean something else; see the other tests.
        let n = start + 1 + place.index(length - 3);
        let mut rows = relation(&lengths);
        let name = id(&rows[n]);
        let next = id(&rows[n + 1]);
        let mut numbered = dense_order;
        let (kind, key) = match fault {
            Fault::Alter => {
                rows[n][USER] = Some("mallory".to_owned());
                (Kind::AlteredRow, name)
            }
            Fault::EditHash => {
                rows[n][HASH] = Some(sha256_hex(b"forged"));
                (Kind::HashEdited, name)
            }
            Fault::EditLink => {
                rows[n][PREVIOUS] = Some(sha256_hex(b"forged"));
                (Kind::LinkEdited, name)
            }
            Fault::Delete => {
                rows.remove(n);
                (if numbered { Kind::MissingRows } else { Kind::BrokenLink }, next)
            }
            Fault::CutHead => {
                rows.drain(start..n);
                (Kind::MissingGenesis, name)
            }
            Fault::Insert | Fault::Forge => {
                numbered = false;
                let mut forged = rows[n].clone();
                forged[ID] = Some("forged".to_owned());
                forged[USER] = Some("mallory".to_owned());
                let previous = rows[n - 1][HASH].clone();
                let time = forged[AT].clone().unwrap();
                seal(&mut forged, previous.as_deref(), &time);
                let kind = if matches!(fault, Fault::Insert) {
                    forged[HASH] = Some(sha256_hex(b"forged"));
                    Kind::InsertedRow
                } else {
                    Kind::Fork
                };
                // Just before the row whose predecessor it takes.
                forged[AT] = forged[AT].as_ref().map(|at| at.clone());
                rows.insert(n, forged);
                (kind, "forged".to_owned())
            }
            Fault::Copy => {
                numbered = false;
                let mut copy = rows[n].clone();
                copy[ID] = Some("copy".to_owned());
                rows.insert(n + 1, copy);
                (Kind::Duplicate, "copy".to_owned())
            }
            Fault::Rehash => {
                numbered = true;
                rows[n][USER] = Some("mallory".to_owned());
                let (previous, time) = (rows[n][PREVIOUS].clone(), rows[n][AT].clone().unwrap());
                seal(&mut rows[n], previous.as_deref(), &time);
                (Kind::RehashedRow, name)
            }
            Fault::Restart => {
                // The writer lost sight of the head after the middle: the shorter part is the new chain.
                let n = start + length - 2;
                for at in n..start + length {
                    let previous = (at > n).then(|| rows[at - 1][HASH].clone().unwrap());
                    let time = rows[at][AT].clone().unwrap();
                    seal(&mut rows[at], previous.as_deref(), &time);
                }
                (Kind::SeveralGenesis, id(&rows[n]))
            }
            Fault::Unhash => {
                numbered = false;
                let mut bare = blank(tenant as u64, 999);
                bare[PREVIOUS] = None;
                rows.insert(n, bare);
                (Kind::UnchainedRow, format!("t{tenant}-999"))
            }
        };
        let spec = if numbered { dense() } else { tala() };
        let report = verify(&spec, &rows);
        prop_assert_eq!(accused(&report), vec![(kind, key)], "{:#?}", report);
        prop_assert!(report.undetermined.is_empty(), "{:#?}", report.undetermined);
        // The window only ever explains; it accuses nobody else and hides nothing.
        if !numbered {
            prop_assert_eq!(accused(&verify(&searching(), &rows)), accused(&report));
        }
    }

    #[test]
    fn the_last_row_and_the_first_are_accused_themselves(lengths in prop::collection::vec(5u64..14, 2..5), first: bool) {
        let mut rows = relation(&lengths);
        let n = if first { 0 } else { rows.len() - 1 };
        rows[n][ACTION] = Some("Erased".to_owned());
        let report = verify(&tala(), &rows);
        prop_assert_eq!(accused(&report), vec![(Kind::AlteredRow, id(&rows[n]))]);
        prop_assert_eq!(report.anomalies[0].message.contains("last row"), !first);
    }

    #[test]
    fn any_cells_are_survived(cells in prop::collection::vec(prop::collection::vec(prop::option::of("[a-c0-9 :.\\-]{0,4}"), 10), 0..40)) {
        let mut rows = cells;
        rows.sort_by(|a, b| a[TENANT].cmp(&b[TENANT]));
        let report = verify(&dense(), &rows);
        prop_assert_eq!(report.rows, rows.len() as u64);
        prop_assert!(report.verified == 0);
        prop_assert!(rows.is_empty() || !report.undetermined.is_empty() || report.anomalies_total > 0);
    }
}
