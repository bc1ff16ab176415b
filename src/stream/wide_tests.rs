//! Whatever is in a batch, looking at all of it at once and looking at its rows one by one come to the same.

use proptest::prelude::*;

use super::accumulate::{Aggregator, Seen};
use super::chunk::Column;
use super::columns::Columns;
use super::differences::Differences;
use super::expr::{Expr, Literal, Test};
use super::gathered::Gathered;
use super::grouped::Identity;
use super::job::Job as _;
use super::keyed::Seed;
use super::print_set::PrintSet;
use super::reference::{Gather, Key, Seek, Whose};
use super::row::{Admitted, Filter, Shown};
use super::shared::{Shared, Table};
use super::testing::{Texts, columns, show};
use crate::catalogue::ColumnKind;
use crate::policy::operand::{Arithmetic, Comparator, Function};
use crate::value::Value;

const KINDS: [ColumnKind; 5] = [
    ColumnKind::Numeric,
    ColumnKind::Numeric,
    ColumnKind::Text,
    ColumnKind::TimestampTz,
    ColumnKind::Integer,
];

/// Cells of one column: mostly all alike, sometimes with NULL, with another scale, or with what is out of the ordinary.
fn cells(kind: ColumnKind) -> BoxedStrategy<Vec<Option<&'static str>>> {
    let (plain, rare): (Vec<Option<&'static str>>, Vec<Option<&'static str>>) = match kind {
        ColumnKind::Numeric => (
            vec![Some("0.00"), Some("12.34"), Some("-12.34"), Some("-0.01"), Some("99999999999999.99")],
            vec![
                None,
                Some("7"),
                Some("-7.125"),
                Some("NaN"),
                Some("Infinity"),
                Some("1e3"),
                Some("123456789012345678901234567890.12"),
                Some("0.1234567890123456789"),
                Some("x"),
            ],
        ),
        ColumnKind::Text => (vec![Some("a"), Some("b")], vec![None, Some("")]),
        ColumnKind::TimestampTz => (
            vec![Some("2026-01-01 00:00:00+00"), Some("2026-01-01 02:00:00.5+02")],
            vec![None, Some("infinity"), Some("never")],
        ),
        _ => (vec![Some("1"), Some("2"), Some("-3")], vec![None, Some("9223372036854775807")]),
    };
    let all: Vec<_> = rare.into_iter().map(|odd| [plain.clone(), vec![odd]].concat()).collect();
    let mut sorts: Vec<_> = vec![plain.clone(), plain.clone(), [plain, vec![None]].concat()];
    sorts.extend(all);
    prop::sample::select(sorts)
        .prop_flat_map(|sort| prop::collection::vec(prop::sample::select(sort), 24))
        .boxed()
}

fn rows() -> impl Strategy<Value = Vec<Texts>> {
    let columns: Vec<_> = KINDS.into_iter().map(cells).collect();
    (columns, 0usize..24)
        .prop_map(|(columns, rows)| (0..rows).map(|at| columns.iter().map(|c| c[at]).collect()).collect())
}

fn number(text: &str) -> Literal {
    Literal::new(Value::Number(text.parse().unwrap()))
}

fn binary(op: Arithmetic, left: Expr, right: Expr) -> Expr {
    Expr::Binary(op, Box::new(left), Box::new(right))
}

fn expressions() -> Vec<Expr> {
    use Arithmetic::{Add, Divide, Multiply, Subtract};
    let column = Expr::Column;
    let or = |place, text: &str| Expr::Coalesce(Box::new(column(place)), number(text));
    vec![
        column(0),
        column(3),
        binary(Subtract, column(0), column(1)),
        binary(Subtract, or(0, "0"), or(1, "0.005")),
        binary(Multiply, column(0), column(4)),
        binary(Multiply, column(0), column(1)),
        binary(Divide, column(0), Expr::Literal(number("2"))),
        Expr::Negate(Box::new(binary(Add, column(4), Expr::Literal(number("0.5"))))),
        Expr::Exact(Box::new(or(1, "3")), 0),
        Expr::Negate(Box::new(column(3))),
        Expr::Choose(vec![(Test::IsNull(column(2)), column(0))]),
    ]
}

fn tests() -> Vec<Test> {
    let compare = |place, op, literal| Test::Compare(Expr::Column(place), op, Expr::Literal(literal));
    let word = |text: &str| Literal::new(Value::Text(text.to_owned()));
    let at = Literal::new(Value::Time("2026-01-01T00:00:00.5Z".parse().unwrap()));
    let all = vec![
        compare(0, Comparator::GreaterOrEqual, number("0")),
        compare(1, Comparator::Less, number("0.001")),
        compare(2, Comparator::Equal, word("a")),
        compare(3, Comparator::LessOrEqual, at),
        compare(4, Comparator::NotEqual, number("2.0")),
        Test::Compare(Expr::Column(0), Comparator::Equal, Expr::Column(1)),
        Test::IsNull(Expr::Column(0)),
        Test::IsNull(expressions().swap_remove(2)),
        Test::In(Expr::Column(4), vec![Expr::Literal(number("1")), Expr::Column(0)]),
        compare(0, Comparator::Equal, word("a")),
    ];
    let not = Test::Not(Box::new(Test::And(vec![all[0].clone(), all[2].clone()])));
    let or = Test::Or(vec![all[4].clone(), all[6].clone(), all[3].clone()]);
    [all, vec![not, or, Test::And(Vec::new())]].concat()
}

fn filters() -> Vec<Filter> {
    let filter = |tests| Filter { tests, within: Vec::new() };
    let mut all: Vec<Filter> = tests().into_iter().map(|test| filter(vec![test])).collect();
    all.extend([Filter::default(), filter(tests().drain(..2).collect())]);
    all
}

fn keyed() -> (Columns, Expr) {
    let mut columns = columns(&KINDS);
    let amount = columns.derive(expressions().swap_remove(2));
    assert_eq!((columns.key(&[2]), columns.key(&[4]), columns.key(&[2, 0])), (0, 1, 2));
    (columns, amount)
}

proptest! {
    #[test]
    fn cells_and_expressions_have_one_value(rows in rows()) {
        show(&columns(&KINDS), &rows, |chunk| {
            for (at, row) in chunk.rows().enumerate() {
                for (place, kind) in KINDS.into_iter().enumerate() {
                    let alone = super::cell::Cell::read(kind, row.raw.get(place));
                    assert_eq!(format!("{alone:?}"), format!("{:?}", row.cell(place)));
                }
                for expression in expressions() {
                    if let Some(lane) = expression.lane(chunk.values, chunk.derived) {
                        assert_eq!(format!("{:?}", Ok::<_, String>(lane.cell(at))), format!("{:?}", expression.eval(&row.scope())));
                    }
                }
                for test in tests() {
                    if let Some(truths) = test.truths(chunk.values, chunk.derived) {
                        assert_eq!(Ok(truths[at]), test.eval(&row.scope()));
                    }
                }
            }
        });
    }

    #[test]
    fn aggregates_come_to_the_same(rows in rows(), n in 0usize..13) {
        for (function, argument) in Function::ALL.iter().flat_map(|f| expressions().into_iter().map(move |e| (*f, e))) {
            let argument = (function != Function::Rows).then_some(argument);
            for filter in [None, tests().into_iter().nth(n)] {
                let aggregator = Aggregator { function, argument: argument.clone(), filter, spelling: ColumnKind::Numeric };
                show(&columns(&KINDS), &rows, |chunk| {
                    let (mut wide, mut single) = (aggregator.empty(), aggregator.empty());
                    if aggregator.observe_wide(&mut wide, chunk, &Admitted::All) != Ok(true) {
                        return;
                    }
                    for row in chunk.rows() {
                        aggregator.observe(&mut single, &row.scope()).unwrap();
                    }
                    let seen = |seen: &Seen| format!("{:?}", aggregator.finish(seen));
                    assert_eq!(seen(&wide), seen(&single));
                });
            }
        }
    }

    #[test]
    fn identities_suspect_the_same_groups(rows in rows(), n in 0usize..15, place in 0usize..3, or_null: bool) {
        let (columns, amount) = keyed();
        let identity = || Identity {
            key: "k".to_owned(),
            filter: filters().swap_remove(n),
            place,
            or_null,
            amounts: vec![amount.clone(), Expr::Column(4)],
            sums: vec![Differences::default(); 2],
        };
        let shared = Shared::new(Seed::fixed(5), 1 << 30);
        show(&columns, &rows, |chunk| {
            let (mut wide, mut single) = (identity(), identity());
            let alone = chunk.rows().try_for_each(|row| single.observe(&row, &shared));
            assert_eq!(wide.observe_all(chunk, &shared), alone.clone());
            for (wide, single) in wide.sums.iter_mut().zip(&mut single.sums).filter(|_| alone.is_ok()) {
                let (wide, single) = (wide.suspects(), single.suspects());
                assert_eq!(wide.is_empty(), single.is_empty());
                for row in chunk.rows() {
                    let print = row.print_or_null(place).unwrap_or(0);
                    assert_eq!(wide.has(print), single.has(print));
                }
            }
        });
    }

    #[test]
    fn keys_are_the_same_and_found_alike(rows in rows(), n in 0usize..15, place in 0usize..3, owned: bool, known in 0usize..24) {
        let (columns, _) = keyed();
        let shown = Shown { place: 4, name: "n".to_owned(), kind: ColumnKind::Integer };
        let key = || Key { place, whose: owned.then(|| Whose::Own(shown.clone(), 1)) };
        let filter = || filters().swap_remove(n);
        let gather = |filter| Gather { table: 0, filter, key: key(), found: Gathered::default(), asked: Vec::new() };
        let mut shared = Shared::new(Seed::fixed(5), 1 << 30);
        let mut parents = gather(Filter::default());
        show(&columns, &rows[..known.min(rows.len())], |chunk| {
            // What could not be compared is no parent.
            let _refused = parents.observe_all(chunk, &shared);
        });
        shared.tables.insert(1, Ok(Table::Keys(parents.found.finish(&|_| Ok(())).unwrap())));
        let seek = || Seek {
            key: "k".to_owned(), filter: filter(), wanted: key(), parents: 1, missing: false,
            pending: PrintSet::default(), last: None, asked: Vec::new(), firsts: Vec::new(),
        };
        show(&columns, &rows, |chunk| {
            let (mut wide, mut single) = (gather(filter()), gather(filter()));
            let alone = chunk.rows().try_for_each(|row| single.observe(&row, &shared));
            assert_eq!(wide.observe_all(chunk, &shared), alone.clone());
            if alone.is_ok() {
                let mut asked = single.asked.clone();
                asked.sort_unstable();
                asked.dedup();
                let mut held: Vec<u64> = wide.found.clone().finish(&|_| Ok(())).unwrap().iter().collect();
                held.sort_unstable();
                assert_eq!(held, asked);
            }
            let (mut wide, mut single) = (seek(), seek());
            let alone = chunk.rows().try_for_each(|row| single.observe(&row, &shared));
            assert_eq!(wide.observe_all(chunk, &shared), alone.clone());
            if alone.is_ok() {
                let set = shared.set(1).unwrap();
                assert_eq!(wide.missing, single.missing || single.asked.iter().any(|print| !set.contains(*print)));
            }
        });
    }
}

#[test]
fn what_is_ordinary_makes_lanes() {
    let rows = [vec![Some("1.50"), None, Some("a"), Some("2026-01-01 00:00:00+00"), Some("7")]];
    show(&columns(&KINDS), &rows, |chunk| {
        let lanes = (0..KINDS.len()).map(|at| matches!(chunk.values.column(at), Some(Column::Lane(_))));
        assert_eq!(lanes.collect::<Vec<_>>(), [true, true, false, true, true]);
    });
}
