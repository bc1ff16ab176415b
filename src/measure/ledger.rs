//! Ledgers in SQL: what a line moves, header totals, running balances.

use bigdecimal::{BigDecimal, Zero};

use crate::measure::TallySql;
use crate::measure::rows::{RowSet, sorting};
use crate::measure::sql::{ident, operator};
use crate::policy::assertion::Comparison;
use crate::policy::ledger::Amount;
use crate::policy::operand::{Aggregate, Arithmetic, Comparator, Condition, Function, Operand, Over};
use crate::source_text::Span;
use crate::value::{Value, plain};

/// The amounts of one line.
#[derive(Clone, Debug)]
pub struct Moves {
    /// Amount on the debit side.
    pub debit: Operand,
    /// Amount on the credit side.
    pub credit: Operand,
    /// Debit minus credit; NULL when the line does not say.
    pub net: Operand,
}

/// What one line moves. With two columns, NULL means nothing on that side.
#[must_use]
pub fn moves(amount: &Amount) -> Moves {
    let zero = || Value::Number(BigDecimal::zero());
    let exact = |operand: &Operand| Operand::Exact(Box::new(operand.clone()));
    let or_zero = |operand: Operand| Operand::Coalesce(Box::new(operand), zero());
    let negated = |operand: &Operand| Operand::Negate(Box::new(operand.clone()));
    match amount {
        Amount::TwoColumns { debit, credit } => {
            let (debit, credit) = (or_zero(exact(debit)), or_zero(exact(credit)));
            let net = Operand::Binary {
                op: Arithmetic::Subtract,
                left: Box::new(debit.clone()),
                right: Box::new(credit.clone()),
                span: Span::NOWHERE,
            };
            Moves { debit, credit, net }
        }
        Amount::Signed(operand) => {
            let value = exact(operand);
            let side =
                |op: Comparator, amount: Operand| or_zero(Operand::Choose(vec![(is(&value, op), amount)]));
            Moves {
                debit: side(Comparator::Greater, value.clone()),
                credit: side(Comparator::Less, negated(&value)),
                net: value,
            }
        }
        Amount::Sided { amount, side, debit, credit, .. } => {
            let value = exact(amount);
            let column = Operand::Column { name: side.clone(), span: Span::NOWHERE };
            let [is_debit, is_credit] = [debit, credit].map(|values| {
                Condition::In(column.clone(), values.iter().cloned().map(Operand::Literal).collect())
            });
            let split = |on_debit: Operand, on_credit: Operand| {
                Operand::Choose(vec![(is_debit.clone(), on_debit), (is_credit.clone(), on_credit)])
            };
            let nothing = || Operand::Literal(zero());
            Moves {
                debit: split(value.clone(), nothing()),
                credit: split(nothing(), value.clone()),
                net: split(value.clone(), negated(&value)),
            }
        }
    }
}

/// A comparison of an amount with zero.
#[must_use]
pub fn is(amount: &Operand, op: Comparator) -> Condition {
    Condition::Compare {
        left: amount.clone(),
        op,
        right: Operand::Literal(Value::Number(BigDecimal::zero())),
        span: Span::NOWHERE,
    }
}

/// The sum of an amount over a group or a relation.
#[must_use]
pub fn sum(amount: &Operand) -> Aggregate {
    Aggregate {
        function: Function::Sum,
        argument: Some(amount.clone()),
        over: Over::On,
        filter: None,
        span: Span::NOWHERE,
    }
}

/// That a difference is zero, or within a tolerance, as comparisons.
#[must_use]
pub fn balanced(difference: &Operand, tolerance: &BigDecimal) -> Vec<Comparison> {
    let compare = |op: Comparator, limit: BigDecimal| Comparison {
        left: difference.clone(),
        op,
        right: Operand::Literal(Value::Number(limit)),
        span: Span::NOWHERE,
    };
    if tolerance.is_zero() {
        vec![compare(Comparator::Equal, BigDecimal::zero())]
    } else {
        vec![
            compare(Comparator::LessOrEqual, tolerance.clone()),
            compare(Comparator::GreaterOrEqual, -tolerance.clone()),
        ]
    }
}

/// `difference = 0`, or within a tolerance.
fn equal(difference: &str, tolerance: &BigDecimal) -> String {
    if tolerance.is_zero() {
        format!("({difference}) = 0")
    } else {
        format!("abs({difference}) <= {}", plain(tolerance))
    }
}

/// Counts entries whose header total differs from the total of their lines. An entry without lines counts
/// as zero; a header of NULL is a violation.
#[derive(Clone, Debug)]
pub struct Totals {
    /// The entries.
    pub entries: RowSet,
    /// Their key.
    pub key: Vec<String>,
    /// The lines.
    pub lines: RowSet,
    /// Their columns that hold the key.
    pub columns: Vec<String>,
    /// What is summed of a line.
    pub side: Operand,
    /// The entry's column that should be the sum.
    pub header: String,
    /// Largest difference that counts as equal.
    pub tolerance: BigDecimal,
}

impl Totals {
    /// Its statements.
    #[must_use]
    pub fn sql(&self) -> TallySql {
        let Self { entries, key, lines, columns, header, tolerance, .. } = self;
        let side = lines.sql("r").operand(&self.side);
        let keys: Vec<String> = columns.iter().map(|c| format!("r.{}", ident(c))).collect();
        let named: Vec<String> = keys.iter().enumerate().map(|(n, k)| format!("{k} AS k{n}")).collect();
        let sums = format!(
            "SELECT {}, sum({side}) AS total {} GROUP BY {}",
            named.join(", "),
            lines.from("r", &[]),
            keys.join(", ")
        );
        let on: Vec<String> = key
            .iter()
            .zip(columns)
            .enumerate()
            .map(|(n, (c, line))| {
                let schema = lines.relation.column(line).and_then(|c| c.operators.as_deref());
                format!("s.k{n} {} e.{}", operator("=", schema), ident(c))
            })
            .collect();
        let head = entries.sql("e");
        let value = format!("{}::numeric", head.column(header));
        let ok = equal(&format!("{value} - COALESCE(s.total, 0)"), tolerance);
        let mut conditions = entries.conditions("e");
        conditions.push(format!("({ok}) IS NOT TRUE"));
        let from = format!(
            "FROM {} LEFT JOIN ({sums}) AS s ON {} WHERE {}",
            entries.item("e"),
            on.join(" AND "),
            conditions.join(" AND ")
        );
        let mut items: Vec<String> = key.iter().map(|c| head.text(c)).collect();
        items.push(format!("{value}::text"));
        items.push("COALESCE(s.total, 0)::text".to_owned());
        let mut names = key.to_vec();
        names.push(header.to_owned());
        names.push("sum of lines".to_owned());
        TallySql {
            count: format!("SELECT count(*)::text, '0' {from}"),
            show: format!(
                "SELECT {} {from} ORDER BY {}",
                items.join(", "),
                sorting(&entries.relation, key, &items)
            ),
            columns: names,
        }
    }
}

/// Counts postings whose kept balance differs from the sum of the postings up to them. Postings that the
/// declared order does not tell apart cannot be judged, nor such as come to no number.
#[derive(Clone, Debug)]
pub struct Running {
    /// The postings.
    pub lines: RowSet,
    /// What a posting moves.
    pub net: Operand,
    /// The column that keeps the balance.
    pub balance: String,
    /// Columns whose values make an account.
    pub per: Vec<String>,
    /// Columns that give the order.
    pub order: Vec<String>,
    /// Largest difference that counts as equal.
    pub tolerance: BigDecimal,
}

impl Running {
    /// Its statements.
    #[must_use]
    pub fn sql(&self) -> TallySql {
        let Self { lines, balance, per, order, tolerance, .. } = self;
        let net = lines.sql("r").operand(&self.net);
        let sql = lines.sql("r");
        let partition: Vec<String> = per.iter().map(|c| sql.column(c)).collect();
        let sequence: Vec<String> = order.iter().map(|c| sql.column(c)).collect();
        let kept = format!("{}::numeric", sql.column(balance));
        let (items, names) = lines.key_items("r");
        let named: Vec<String> =
            items.iter().enumerate().map(|(n, item)| format!("{item} AS k{n}")).collect();
        let window = format!("PARTITION BY {} ORDER BY {}", partition.join(", "), sequence.join(", "));
        let ok = equal(&format!("{kept} - sum({net}) OVER (w ROWS UNBOUNDED PRECEDING)"), tolerance);
        // A posting without its account or its place in time leaves the whole account undecided.
        let lost: Vec<String> = partition.iter().chain(&sequence).map(|c| format!("{c} IS NULL")).collect();
        let lost = lost.join(" OR ");
        let reckoned = format!("sum({net}) OVER (w ROWS UNBOUNDED PRECEDING)");
        let column = Operand::Column { name: balance.clone(), span: Span::NOWHERE };
        // Where there is no value, there is none that is no number.
        let no_number: String = [(&column, &kept), (&self.net, &reckoned)]
            .into_iter()
            .filter_map(|(operand, value)| sql.no_number(operand, value))
            .map(|test| format!(" OR COALESCE({test}, false)"))
            .collect();
        let inner = format!(
            "SELECT {}, {kept} AS kept, {reckoned} AS reckoned, ({ok}) AS ok, (count(*) OVER (PARTITION BY {}, {}) > 1 OR bool_or({lost}) OVER (PARTITION BY {}){no_number}) AS tied {} WINDOW w AS ({window})",
            named.join(", "),
            partition.join(", "),
            sequence.join(", "),
            partition.join(", "),
            lines.from("r", &[])
        );
        let keys: Vec<String> = (0..items.len()).map(|n| format!("k{n}")).collect();
        let mut columns = names;
        columns.push(balance.to_owned());
        columns.push("sum of postings".to_owned());
        TallySql {
            count: format!(
                "SELECT count(*) FILTER (WHERE ok IS NOT TRUE AND NOT tied)::text, count(*) FILTER (WHERE tied)::text FROM ({inner}) AS postings"
            ),
            show: format!(
                "SELECT {}, kept::text, reckoned::text FROM ({inner}) AS postings WHERE ok IS NOT TRUE OR tied ORDER BY tied, {}",
                keys.join(", "),
                sorting(&lines.relation, &columns, &keys)
            ),
            columns,
        }
    }
}
