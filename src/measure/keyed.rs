//! Keyed sums: whether something is 0 in every group, seen without bringing the groups together.
//!
//! Give every group a random weight w. The sum of w(group) · x over all rows is the sum of w(group) · (sum of x in the
//! group): 0 when every group's sum is 0, and if any is not, 0 for one choice of its weight among all. The weight is a
//! 64-bit hash of the group's columns under a seed that is drawn for each run, so it can be worked out row by row. The
//! products are exact decimals, so nothing is lost to rounding or to a modulus.
//!
//! What is 0 is proven but for that chance. What is not 0 proves nothing: the groups are then looked at one by one.
//! So a hash that differs for equal keys costs time, and one that agrees for different keys would cost the proof.
//! Therefore what is hashed is the value's text, which differs whenever the value does, or all of its bits; the server's
//! own hashes of `bigint` and `numeric` are left alone, since the first folds 64 bits into 32 and the second lets a power
//! of 10000 through unmixed, whatever the seed.

use crate::catalogue::{ColumnKind, Relation, RelationKind};
use crate::measure::fold::filter;
use crate::measure::groups::Groups;
use crate::measure::ledger::Totals;
use crate::measure::parts::{Calls, Merge};
use crate::measure::rows::RowSet;
use crate::measure::sql::{Sql, may_be_null, quote};
use crate::policy::operand::{Arithmetic, Comparator, Function, Operand, columns_of};
use crate::source_text::Span;
use crate::value::Value;
use bigdecimal::Zero as _;

/// The sum of a value times a keyed hash of the row's groups. NULL where a key or the value of some row is.
#[derive(Clone, Debug)]
pub struct Keyed {
    /// The columns of each grouping; no columns stand for all rows as one group. The hashes of several are added,
    /// which is 0 only if each of them is, but for chance.
    pub groups: Vec<Vec<String>>,
    /// What a row adds.
    pub value: Operand,
    /// Whether it is NULL as well where rows of other tables show in this one: its primary key says nothing of rows that
    /// it inherits.
    pub own: bool,
}

/// Bits of hash that are left to a grouping among so many: the sum of their hashes must fit 64 bits.
#[must_use]
pub fn bits(groups: usize) -> u32 {
    64 - groups.max(1).next_power_of_two().trailing_zeros()
}

impl Keyed {
    /// Its expression over the rows for which all of the conditions are true. The seed is the statement's parameter
    /// `$1`, a whole number of 64 bits as text.
    pub(super) fn expression(&self, rows: &RowSet, within: &[String], calls: &mut Calls) -> String {
        let sql = rows.sql("r");
        let shift = 64 - bits(self.groups.len());
        let hashes: Vec<String> = self
            .groups
            .iter()
            .enumerate()
            .map(|(n, columns)| {
                // Groupings have seeds of their own, or group 5 of one would be weighed as group 5 of another.
                let seed = match n {
                    0 => "$1::bigint".to_owned(),
                    n => format!("hashint4extended({n}, $1::bigint)"),
                };
                let hash = columns.iter().fold(seed, |seed, column| hash(&sql, column, &seed));
                if shift == 0 { hash } else { format!("({hash} >> {shift})") }
            })
            .collect();
        let weight = hashes.join(" + ");
        let weight = if hashes.len() > 1 { format!("({weight})") } else { weight };
        let value = sql.operand(&self.value);
        let sum = calls.call(Merge::Sum, format!("sum({weight} * {value}){}", filter(within.to_vec())));
        let mut gaps: Vec<String> = Vec::new();
        for column in self.groups.iter().flatten() {
            let gap = format!("{} IS NULL", sql.column(column));
            if rows.relation.column(column).is_none_or(|c| c.nullable) && !gaps.contains(&gap) {
                gaps.push(gap);
            }
        }
        if may_be_null(&self.value, &rows.relation) {
            gaps.push(format!("{value} IS NULL"));
        }
        if self.own && rows.relation.kind == RelationKind::Table {
            gaps.push(format!("r.tableoid <> {}::regclass", quote(&rows.qualified())));
        }
        if gaps.is_empty() {
            format!("({sum})::text")
        } else {
            // A row without a key or a value would drop out of the sum unseen.
            let gaps = format!("({})", gaps.join(" OR "));
            let any = filter(within.iter().cloned().chain([gaps]).collect());
            let any = calls.call(Merge::Sum, format!("count(*){any}"));
            format!("(CASE WHEN {any} = 0 THEN {sum} END)::text")
        }
    }
}

/// The hash of a column's text under a seed, both as SQL; a hash as seed makes one of several columns.
fn hash(sql: &Sql<'_>, name: &str, seed: &str) -> String {
    let column = sql.column(name);
    match sql.relation.column(name).map(|c| c.kind) {
        // All 128 bits enter it, unlike those of `bigint`.
        Some(ColumnKind::Uuid) => format!("uuid_hash_extended({column}, {seed})"),
        // Both halves one after the other, whichever integer type it is: cheaper than its text, and another server can
        // be asked for it.
        Some(ColumnKind::Integer) => {
            let low =
                format!("hashint4extended((({column}::bigint & 4294967295) - 2147483648)::int, {seed})");
            format!("hashint4extended(({column}::bigint >> 32)::int, {low})")
        }
        // 1.0 and 1.00 are equal, and so are 0 and -0.
        Some(ColumnKind::Numeric | ColumnKind::Money) => {
            format!("hashtextextended(trim_scale({column})::text, {seed})")
        }
        Some(ColumnKind::Float) => format!("hashtextextended(({column} + 0)::text, {seed})"),
        _ => format!("hashtextextended({column}::text, {seed})"),
    }
}

/// Why a column cannot be a key here, if so: its type has equal values with different texts, or equality of its own.
fn unfit(relation: &Relation, name: &str) -> Option<String> {
    let column = relation.column(name)?;
    let fit = column.operators.is_none()
        && match column.kind {
            ColumnKind::Text
            | ColumnKind::PaddedText
            | ColumnKind::Enum
            | ColumnKind::Integer
            | ColumnKind::Numeric
            | ColumnKind::Float
            | ColumnKind::Money
            | ColumnKind::Bool
            | ColumnKind::Timestamp
            | ColumnKind::TimestampTz
            | ColumnKind::Date
            | ColumnKind::Uuid
            | ColumnKind::Bytea => true,
            ColumnKind::Interval
            | ColumnKind::Json
            | ColumnKind::Jsonb
            | ColumnKind::Inet
            | ColumnKind::Other => false,
        };
    (!fit).then(|| format!("`{name}` is {}", column.type_name))
}

/// Why there is no keyed sum for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// What must hold is not that sums are equal.
    Shape,
    /// A column does not allow it; which and why.
    Column(String),
}

/// The keyed sums that are all 0 when every group satisfies its comparisons.
///
/// # Errors
/// Why there are none.
pub fn of_groups(groups: &Groups) -> Result<Vec<Keyed>, Why> {
    let relation = &groups.rows.relation;
    let mut all = Vec::new();
    for comparison in &groups.comparisons {
        if comparison.op != Comparator::Equal {
            return Err(Why::Shape);
        }
        let left = per_row(&comparison.left).ok_or(Why::Shape)?;
        let right = per_row(&comparison.right).ok_or(Why::Shape)?;
        let value = match (left, right) {
            (Some(left), None) => left,
            (None, Some(right)) => right,
            (Some(left), Some(right)) => binary(Arithmetic::Subtract, left, right),
            (None, None) => return Err(Why::Shape),
        };
        exact(relation, &value)?;
        all.push(Keyed { groups: vec![groups.keys.clone()], value, own: false });
    }
    match groups.keys.iter().find_map(|key| unfit(relation, key)) {
        Some(why) => Err(Why::Column(why)),
        None if all.is_empty() => Err(Why::Shape),
        None => Ok(all),
    }
}

/// The keyed sums over entries and over lines that are equal when every header total is that of its lines.
///
/// # Errors
/// Why there are none.
pub fn of_totals(totals: &Totals) -> Result<[Keyed; 2], Why> {
    let Totals { entries, key, lines, columns, side, header, tolerance } = totals;
    // Two entries with the same key could make up for each other, and lines of an entry that is left out stand alone.
    let unique = !key.is_empty()
        && key.len() == entries.relation.primary_key.len()
        && entries.relation.primary_key.iter().all(|c| key.contains(c));
    if !tolerance.is_zero() || !unique || !entries.filters.is_empty() || !entries.within.is_empty() {
        return Err(Why::Shape);
    }
    let header = Operand::Exact(Box::new(Operand::Column { name: header.clone(), span: Span::NOWHERE }));
    exact(&entries.relation, &header)?;
    exact(&lines.relation, side)?;
    let found = key
        .iter()
        .find_map(|c| unfit(&entries.relation, c))
        .or_else(|| columns.iter().find_map(|c| unfit(&lines.relation, c)));
    if let Some(why) = found {
        return Err(Why::Column(why));
    }
    Ok([
        Keyed { groups: vec![key.clone()], value: header, own: true },
        Keyed { groups: vec![columns.clone()], value: side.clone(), own: false },
    ])
}

/// What one row adds to a value made of sums; the inner `None` is 0, the outer one says that it is not so made.
#[expect(clippy::option_option, reason = "nothing to add and no way to add are different answers")]
fn per_row(operand: &Operand) -> Option<Option<Operand>> {
    match operand {
        Operand::Literal(Value::Number(n)) if n.is_zero() => Some(None),
        Operand::Aggregate(aggregate)
            if aggregate.function == Function::Sum && aggregate.filter.is_none() =>
        {
            aggregate.argument.clone().map(|argument| Some(as_exact(argument)))
        }
        // A sum is NULL only over values that are, and then the keyed sum is NULL as well.
        Operand::Coalesce(inner, _) => per_row(inner),
        Operand::Negate(inner) => Some(per_row(inner)?.map(|inner| Operand::Negate(Box::new(inner)))),
        Operand::Binary { op: op @ (Arithmetic::Add | Arithmetic::Subtract), left, right, .. } => {
            Some(match (per_row(left)?, per_row(right)?) {
                (Some(left), Some(right)) => Some(binary(*op, left, right)),
                (None, Some(right)) if *op == Arithmetic::Subtract => Some(Operand::Negate(Box::new(right))),
                (left, right) => left.or(right),
            })
        }
        Operand::Binary { op: Arithmetic::Multiply, left, right, .. } => {
            let (factor, sums) = match (&**left, &**right) {
                (factor @ Operand::Literal(Value::Number(_)), sums) => (factor, sums),
                (sums, factor @ Operand::Literal(Value::Number(_))) => (factor, sums),
                _ => return None,
            };
            Some(per_row(sums)?.map(|sums| binary(Arithmetic::Multiply, factor.clone(), sums)))
        }
        _ => None,
    }
}

/// Without a doubled mark where the measurement is exact already.
fn as_exact(operand: Operand) -> Operand {
    let mut marked = false;
    operand.walk(&mut |o| marked |= matches!(o, Operand::Exact(_)));
    if marked { operand } else { Operand::Exact(Box::new(operand)) }
}

fn binary(op: Arithmetic, left: Operand, right: Operand) -> Operand {
    Operand::Binary { op, left: Box::new(left), right: Box::new(right), span: Span::NOWHERE }
}

/// Binary floating point is rounded anew in every order of adding.
fn exact(relation: &Relation, value: &Operand) -> Result<(), Why> {
    let float = |name: &String| {
        relation.column(name).is_some_and(|c| c.kind == ColumnKind::Float).then(|| name.clone())
    };
    match columns_of(value).iter().find_map(float) {
        Some(name) => Err(Why::Column(format!("`{name}` is binary floating point"))),
        None => Ok(()),
    }
}
