//! Orders and links that say less than they seem to: ties, emptied links, numbers in text, a genesis of its own row.

use super::faults::only;
use super::fixture::*;
use super::report::AnomalyKind as Kind;
use super::spec::{ChainSpec, Genesis};

/// Which of two rows of the same instant came first cannot be told without a link column.
#[test]
fn ties_without_a_link_column_accuse_nobody() {
    let spec = ChainSpec { previous: None, ..tala() };
    for group in [2..4usize, 2..5, 0..2, 7..9] {
        let mut rows = chain(0, 9);
        for n in 0..9usize {
            let previous = n.checked_sub(1).and_then(|before| rows[before][HASH].clone());
            let time = if group.contains(&n) { at(group.start as u64) } else { at(n as u64) };
            rows[n][AT] = Some(time.clone());
            seal(&mut rows[n], previous.as_deref(), &time);
        }
        assert_eq!(verify(&spec, &rows).verified, 9);
        rows[group.clone()].reverse();
        let report = verify(&spec, &rows);
        assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["order_ties"]), "{group:?}");
    }
    // A further order column that is not the order of writing leaves as much open.
    let by_id = ChainSpec { order: vec![AT, ID], ..spec.clone() };
    let mut rows = chain(0, 9);
    rows[4][AT] = rows[3][AT].clone();
    for n in 4..9 {
        let (previous, time) = (rows[n - 1][HASH].clone(), rows[n][AT].clone().unwrap());
        seal(&mut rows[n], previous.as_deref(), &time);
    }
    rows.swap(3, 4);
    let report = verify(&by_id, &rows);
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["order_ties"]), "{report:#?}");
    // Where the order column itself says otherwise, it is one finding, and no insertion.
    let by_seq = ChainSpec { order: vec![SEQ], ..spec.clone() };
    let mut rows = chain(0, 9);
    rows.swap(3, 4);
    only(&by_seq, &rows, Kind::Reordered, "t0-4");
    // Two rows that were both hashed after the same one are a fork in any order.
    let mut rows = chain(0, 9);
    let mut twin = rows[4].clone();
    twin[ID] = Some("twin".to_owned());
    twin[USER] = Some("u9".to_owned());
    let (previous, time) = (twin[PREVIOUS].clone(), twin[AT].clone().unwrap());
    seal(&mut twin, previous.as_deref(), &time);
    rows.insert(4, twin);
    only(&spec, &rows, Kind::Fork, "twin");
}

/// Without its link a row in the middle looks like the start of a chain, and the true start like another one.
#[test]
fn a_link_that_was_emptied_is_named_where_it_was() {
    for n in 1..9 {
        let mut rows = chain(0, 9);
        rows[n][PREVIOUS] = None;
        only(&tala(), &rows, Kind::LinkEdited, &format!("t0-{n}"));
        rows[n][USER] = Some("mallory".to_owned());
        only(&tala(), &rows, Kind::LinkEdited, &format!("t0-{n}"));
        // With a recipe that does not fit, the links tell no more than that a second chain starts there.
        let wrong = hashed(&tala(), digest(super::spec::Recipe::Column(ENTITY)));
        let report = verify(&wrong, &rows);
        assert_eq!(accused(&report), [(Kind::SeveralGenesis, format!("t0-{n}"))], "{report:#?}");
        assert_eq!(undetermined(&report), ["wrong_recipe"]);
    }
    // A recipe that takes no NULL, beside a genesis that is none.
    let spec = ChainSpec {
        genesis: Genesis::Text("GENESIS".to_owned()),
        ..hashed(
            &tala(),
            digest(super::spec::Recipe::Cat(vec![
                super::spec::Recipe::Prev,
                super::spec::Recipe::Column(USER),
            ])),
        )
    };
    let mut rows = chain(0, 9);
    let mut previous = "GENESIS".to_owned();
    for row in &mut rows {
        let hash = sha256_hex(format!("{previous}{}", row[USER].as_deref().unwrap()).as_bytes());
        row[PREVIOUS] = Some(std::mem::replace(&mut previous, hash.clone()));
        row[HASH] = Some(hash);
    }
    rows[5][PREVIOUS] = None;
    only(&spec, &rows, Kind::LinkEdited, "t0-5");
    rows[5][USER] = Some("mallory".to_owned());
    let report = verify(&spec, &rows);
    assert_eq!(accused(&report), [(Kind::BrokenLink, "t0-5".to_owned())], "{report:#?}");
    assert_eq!(undetermined(&report), ["null_policy"]);
}

/// Numbers stored as text sort by bytes: `10` before `9`.
#[test]
fn a_sequence_that_is_text_is_a_wrong_order() {
    let mut spec = ChainSpec { order: vec![SEQ], ..tala() };
    spec.columns[SEQ].kind = super::spec::CellKind::Text;
    let sorted = |mut rows: Vec<Row>| {
        rows.sort_by(|a, b| (&a[TENANT], &a[SEQ]).cmp(&(&b[TENANT], &b[SEQ])));
        rows
    };
    let clean = sorted(relation(&[12, 40, 5]));
    for previous in [Some(PREVIOUS), None] {
        let spec = ChainSpec { previous, ..spec.clone() };
        let report = verify(&spec, &clean);
        assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["wrong_order"]), "{report:#?}");
        assert!(report.undetermined[0].message.contains("`seq` holds numbers as text"), "{report:#?}");
    }
    // What was done to the rows is still named, in the order of the numbers.
    for n in [6, 9] {
        let mut rows = relation(&[12, 40, 5]);
        rows[n][USER] = Some("mallory".to_owned());
        let report = verify(&spec, &sorted(rows.clone()));
        assert_eq!(accused(&report), [(Kind::AlteredRow, format!("t0-{n}"))], "{report:#?}");
        rows.remove(n);
        let report = verify(&spec, &sorted(rows));
        assert_eq!(accused(&report), [(Kind::BrokenLink, format!("t0-{}", n + 1))], "{report:#?}");
    }
    // A writer that itself orders by the text is right.
    let mut rows = chain(0, 20);
    rows.sort_by(|a, b| a[SEQ].cmp(&b[SEQ]));
    for n in 0..20usize {
        let (previous, time) =
            (n.checked_sub(1).and_then(|n| rows[n][HASH].clone()), rows[n][AT].clone().unwrap());
        seal(&mut rows[n], previous.as_deref(), &time);
    }
    assert_eq!(verify(&spec, &rows).linked, 20);
    rows[7][USER] = Some("mallory".to_owned());
    only(&spec, &rows, Kind::AlteredRow, "t0-15");
}

/// A genesis that is computed from more of the first row than its split.
#[test]
fn a_genesis_computed_from_the_first_row_is_judged_by_that_row() {
    use super::spec::Recipe;
    let spec = ChainSpec {
        genesis: Genesis::Derived(Box::new(digest(Recipe::Cat(vec![
            Recipe::Column(USER),
            Recipe::Column(SEQ),
        ])))),
        order: vec![SEQ],
        ..tala()
    };
    let mut clean = chain(0, 9);
    for n in 0..9usize {
        let own = format!("{}{}", clean[n][USER].as_deref().unwrap(), clean[n][SEQ].as_deref().unwrap());
        let previous =
            n.checked_sub(1).map_or(sha256_hex(own.as_bytes()), |n| clean[n][HASH].clone().unwrap());
        let time = clean[n][AT].clone().unwrap();
        seal(&mut clean[n], Some(&previous), &time);
    }
    let report = verify(&spec, &clean);
    assert_eq!((accused(&report), report.linked, report.verified), (vec![], 9, 9));
    // The first row was altered in a column that its genesis is computed from: one fault.
    let mut rows = clean.clone();
    rows[0][USER] = Some("mallory".to_owned());
    only(&spec, &rows, Kind::AlteredRow, "t0-0");
    // It stands elsewhere in the declared order.
    let mut rows = clean.clone();
    let first = rows.remove(0);
    rows.insert(4, first);
    only(&spec, &rows, Kind::Reordered, "t0-0");
    // It is gone.
    let mut rows = clean.clone();
    rows.remove(0);
    only(&spec, &rows, Kind::MissingGenesis, "t0-1");
    // Its uncovered column was changed, so that only the genesis tells.
    let mut rows = clean;
    rows[0][SEQ] = Some("0".to_owned());
    let report = verify(&spec, &rows);
    assert_eq!(accused(&report), [(Kind::MissingGenesis, "t0-0".to_owned())]);
    assert!(
        report.anomalies[0].message.contains("or a column that the genesis is computed from"),
        "{report:#?}"
    );
}
