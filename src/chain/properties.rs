//! Random chains: a clean one is clean, one fault is named and nobody else, and no change comes out green.

use proptest::prelude::*;

use super::fixture::*;
use super::report::AnomalyKind as Kind;
use super::spec::ChainSpec;
use super::verify::Limits;

fn id(row: &Row) -> String {
    row[ID].clone().unwrap()
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

/// The probes have tests of their own; here they would only take time.
fn quick(spec: &ChainSpec, rows: &[Row]) -> super::report::ChainReport {
    verify_within(spec, rows, Limits { probes: 500, ..Limits::default() })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_clean_relation_is_clean(lengths in prop::collection::vec(1u64..12, 1..6), dense_order: bool) {
        let rows = relation(&lengths);
        let report = quick(&if dense_order { dense() } else { tala() }, &rows);
        prop_assert_eq!(report.rows, rows.len() as u64);
        prop_assert_eq!(report.verified, report.rows);
        prop_assert_eq!(report.linked, report.rows);
        prop_assert_eq!(report.splits, lengths.len() as u64);
        prop_assert_eq!((report.anomalies_total, report.undetermined.len()), (0, 0));
        // Searching finds nothing more to accuse, and evaluation does not depend on the run.
        prop_assert_eq!(quick(&searching(), &rows).verified, report.rows);
        prop_assert_eq!(quick(&tala(), &rows), quick(&tala(), &rows));
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
        let report = quick(&spec, &rows);
        prop_assert_eq!(accused(&report), vec![(kind, key)], "{:#?}", report);
        prop_assert!(report.undetermined.is_empty(), "{:#?}", report.undetermined);
        // The window only ever explains; it accuses nobody else and hides nothing.
        if !numbered {
            prop_assert_eq!(accused(&quick(&searching(), &rows)), accused(&report));
        }
    }

    #[test]
    fn the_last_row_and_the_first_are_accused_themselves(lengths in prop::collection::vec(5u64..14, 2..5), first: bool) {
        let mut rows = relation(&lengths);
        let n = if first { 0 } else { rows.len() - 1 };
        rows[n][ACTION] = Some("Erased".to_owned());
        let report = quick(&tala(), &rows);
        prop_assert_eq!(accused(&report), vec![(Kind::AlteredRow, id(&rows[n]))]);
        prop_assert_eq!(report.anomalies[0].message.contains("last row"), !first);
    }

    /// Whatever is done to what a chain covers, and wherever: it never comes out as fine.
    #[test]
    fn no_change_comes_out_green(
        lengths in prop::collection::vec(1u64..8, 1..4),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..9), 1..4),
    ) {
        let clean = relation(&lengths);
        let mut rows = clean.clone();
        for (place, edit) in &edits {
            let n = place.index(rows.len());
            match edit {
                0 => rows[n][TYPE] = Some("Other".to_owned()),
                1 => rows[n][ENTITY] = None,
                2 => rows[n][ACTION] = Some("Erased".to_owned()),
                3 => rows[n][USER] = Some("mallory".to_owned()),
                4 => rows[n][AT] = Some("infinity".to_owned()),
                5 => rows[n][PREVIOUS] = Some(sha256_hex(b"x")),
                6 => rows[n][HASH] = Some(sha256_hex(b"y")),
                7 => rows[n][HASH] = None,
                _ => {
                    let copy = rows[n].clone();
                    rows.insert(n, copy);
                }
            }
        }
        for spec in [tala(), dense(), searching(), ChainSpec { previous: None, ..tala() }] {
            let report = quick(&spec, &rows);
            // Without a link column an edited link is not read at all.
            if spec.previous.is_some() || edits.iter().any(|(_, edit)| *edit != 5) {
                prop_assert!(!report.undetermined.is_empty() || report.anomalies_total > 0, "{:#?}", report);
            }
        }
    }

    #[test]
    fn any_cells_are_survived(cells in prop::collection::vec(prop::collection::vec(prop::option::of("[a-c0-9 :.\\-]{0,4}"), 10), 0..40)) {
        let mut rows = cells;
        rows.sort_by(|a, b| a[TENANT].cmp(&b[TENANT]));
        let report = quick(&dense(), &rows);
        prop_assert_eq!(report.rows, rows.len() as u64);
        prop_assert!(report.verified == 0);
        prop_assert!(rows.is_empty() || !report.undetermined.is_empty() || report.anomalies_total > 0);
    }
}
