//! Segments against the fold over sorted rows.

use proptest::prelude::*;

use super::fixture::*;
use super::given::Given;
use super::segment::Segment;
use super::spec::ChainSpec;
use super::verify::Limits;

fn limits() -> Limits {
    Limits { probes: 500, ..Limits::default() }
}

fn segment(rows: &[Row], mut segment: Segment) -> Segment {
    for row in rows {
        let cells: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
        segment.push(&cells);
    }
    segment
}

/// The rows of all splits in the order in which they were written.
fn written(spec: &ChainSpec, lengths: &[u64]) -> (Vec<Row>, Vec<Row>) {
    let sorted = relation(lengths);
    let mut mixed = sorted.clone();
    mixed.sort_by_key(|row| row[spec.order[0]].clone().map(|text| (text.len(), text)));
    (sorted, mixed)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_in_the_order_of_writing_need_no_sorting(
        lengths in prop::collection::vec(1u64..9, 1..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        dense_order: bool,
    ) {
        let spec = if dense_order { dense() } else { tala() };
        let (sorted, mut mixed) = written(&spec, &lengths);
        let whole = verify_within(&spec, &sorted, limits());
        let first = Segment::new(&spec, &Given::default(), limits()).unwrap();
        // However the rows are cut, the parts make the same whole.
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(mixed.len() + 1)).collect();
        places.extend([0, mixed.len()]);
        places.sort_unstable();
        let mut parts = places
            .windows(2)
            .map(|pair| segment(&mixed[pair[0]..pair[1]], first.beside().unwrap()))
            .collect::<Vec<_>>()
            .into_iter();
        let start = parts.next().unwrap();
        let joined = parts.fold(start, Segment::followed_by);
        prop_assert_eq!(joined.finish(), Some(whole.clone()));
        // Nothing of it is named, so what only names rows need not be read.
        mixed.iter_mut().for_each(|row| row[ID] = None);
        let unnamed = segment(&mixed, Segment::new(&spec, &Given::default(), limits()).unwrap());
        prop_assert_eq!(unnamed.finish(), Some(whole));
    }

    #[test]
    fn nothing_but_perfect_order_is_settled(
        lengths in prop::collection::vec(2u64..7, 1..4),
        at in any::<prop::sample::Index>(),
        column in prop::sample::select(vec![TENANT, ACTION, USER, AT, PREVIOUS, HASH]),
        cut in any::<prop::sample::Index>(),
        how in 0u8..4,
    ) {
        let spec = tala();
        let (_, mut mixed) = written(&spec, &lengths);
        let n = at.index(mixed.len());
        match how {
            0 => mixed[n][column] = Some("2031-01-01 00:00:00".to_owned()),
            1 => mixed[n][column] = None,
            // A lost last row leaves a chain in order, so another one goes.
            2 => {
                let tenant = mixed[n][TENANT].clone();
                let at = mixed.iter().position(|row| row[TENANT] == tenant).unwrap();
                mixed.remove(at);
            }
            _ => mixed.push(mixed[n].clone()),
        }
        prop_assume!(!(how == 1 && column == PREVIOUS && written(&spec, &lengths).1 == mixed));
        let first = Segment::new(&spec, &Given::default(), limits()).unwrap();
        let cut = cut.index(mixed.len() + 1);
        let (left, right) = (segment(&mixed[..cut], first.beside().unwrap()), segment(&mixed[cut..], first.beside().unwrap()));
        prop_assert_eq!(left.followed_by(right).finish(), None);
    }
}
