//! Ledgers in SQL: what a line moves, header totals, running balances.

use bigdecimal::{BigDecimal, Zero};

use crate::catalogue::ColumnKind;
use crate::measure::TallySql;
use crate::measure::fold::ordinals;
use crate::measure::rows::RowSet;
use crate::measure::sql::{Sql, ident, literal, operator};
use crate::policy::ledger::Amount;
use crate::policy::operand::Operand;
use crate::value::{Value, plain};

/// SQL over the lines' alias for the amounts of one line.
pub struct Moves {
    /// Amount on the debit side.
    pub debit: String,
    /// Amount on the credit side.
    pub credit: String,
    /// Debit minus credit; NULL when the line does not say.
    pub net: String,
}

/// What one line moves. With two columns, NULL means nothing on that side.
#[must_use]
pub fn moves(sql: &Sql<'_>, amount: &Amount) -> Moves {
    // Only what is not `numeric` already needs a cast; the statements are also read by people.
    let exact = |operand: &Operand| {
        let numeric = crate::policy::operand::columns_of(operand)
            .iter()
            .all(|c| sql.relation.column(c).is_some_and(|c| c.kind == ColumnKind::Numeric));
        if numeric { sql.operand(operand) } else { format!("{}::numeric", sql.operand(operand)) }
    };
    match amount {
        Amount::TwoColumns { debit, credit } => {
            let debit = format!("COALESCE({}, 0)", exact(debit));
            let credit = format!("COALESCE({}, 0)", exact(credit));
            Moves { net: format!("{debit} - {credit}"), debit, credit }
        }
        Amount::Signed(operand) => {
            let value = exact(operand);
            Moves {
                debit: format!("CASE WHEN {value} > 0 THEN {value} ELSE 0 END"),
                credit: format!("CASE WHEN {value} < 0 THEN - {value} ELSE 0 END"),
                net: value,
            }
        }
        Amount::Sided { amount, side, debit, credit, .. } => {
            let value = exact(amount);
            let side = sql.column(side);
            let one_of = |values: &[Value]| values.iter().map(literal).collect::<Vec<_>>().join(", ");
            let (is_debit, is_credit) =
                (format!("{side} IN ({})", one_of(debit)), format!("{side} IN ({})", one_of(credit)));
            Moves {
                debit: format!("CASE WHEN {is_debit} THEN {value} WHEN {is_credit} THEN 0 END"),
                credit: format!("CASE WHEN {is_credit} THEN {value} WHEN {is_debit} THEN 0 END"),
                net: format!("CASE WHEN {is_debit} THEN {value} WHEN {is_credit} THEN - {value} END"),
            }
        }
    }
}

/// `difference = 0`, or within a tolerance.
#[must_use]
pub fn equal(difference: &str, tolerance: &BigDecimal) -> String {
    if tolerance.is_zero() {
        format!("({difference}) = 0")
    } else {
        format!("abs({difference}) <= {}", plain(tolerance))
    }
}

/// Counts entries whose header total differs from the total of their lines. An entry without lines counts
/// as zero; a header of NULL is a violation.
#[must_use]
pub fn totals(
    entries: &RowSet,
    key: &[String],
    lines: &RowSet,
    columns: &[String],
    side: &str,
    header: &str,
    tolerance: &BigDecimal,
) -> TallySql {
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
        show: format!("SELECT {} {from} ORDER BY {}", items.join(", "), ordinals(key.len())),
        columns: names,
    }
}

/// Counts postings whose kept balance differs from the sum of the postings up to them. Postings that the
/// declared order does not tell apart cannot be judged.
#[must_use]
pub fn running(
    lines: &RowSet,
    net: &str,
    balance: &str,
    per: &[String],
    order: &[String],
    tolerance: &BigDecimal,
) -> TallySql {
    let sql = lines.sql("r");
    let partition: Vec<String> = per.iter().map(|c| sql.column(c)).collect();
    let sequence: Vec<String> = order.iter().map(|c| sql.column(c)).collect();
    let kept = format!("{}::numeric", sql.column(balance));
    let (items, names) = lines.key_items("r");
    let named: Vec<String> = items.iter().enumerate().map(|(n, item)| format!("{item} AS k{n}")).collect();
    let window = format!("PARTITION BY {} ORDER BY {}", partition.join(", "), sequence.join(", "));
    let ok = equal(&format!("{kept} - sum({net}) OVER (w ROWS UNBOUNDED PRECEDING)"), tolerance);
    // A posting without its account or its place in time leaves the whole account undecided.
    let lost: Vec<String> = partition.iter().chain(&sequence).map(|c| format!("{c} IS NULL")).collect();
    let lost = lost.join(" OR ");
    let inner = format!(
        "SELECT {}, {kept} AS kept, sum({net}) OVER (w ROWS UNBOUNDED PRECEDING) AS reckoned, ({ok}) AS ok, (count(*) OVER (PARTITION BY {}, {}) > 1 OR bool_or({lost}) OVER (PARTITION BY {})) AS tied {} WINDOW w AS ({window})",
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
            ordinals(keys.len().min(3))
        ),
        columns,
    }
}
