//! Expressions and conditions over all rows of a batch at once, where everything in it is ordinary. `None` says that it is
//! not, and that the rows are to be looked at one by one; nothing is ever decided here that would be decided otherwise there.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::cell::Cell;
use super::chunk::{Column, Values};
use super::expr::{Expr, Literal, Test};
use super::lane::Lane;
use crate::catalogue::ColumnKind;
use crate::policy::operand::{Arithmetic, Comparator};

/// What a condition is for each row: true, false or, where SQL says NULL, neither.
pub(super) type Truths = Vec<Option<bool>>;

impl Expr {
    /// Its values.
    pub(super) fn lane<'a>(
        &self,
        values: &'a Values<'_>,
        derived: &'a [Column<'_>],
    ) -> Option<Cow<'a, Lane>> {
        let column = |column: Option<&'a Column<'_>>| match column {
            Some(Column::Lane(lane)) => Some(Cow::Borrowed(&**lane)),
            _ => None,
        };
        match self {
            Self::Column(place) => column(values.column(*place)),
            Self::Derived(place) => column(derived.get(*place)),
            Self::Literal(literal) => Lane::fixed(&literal.cell(), values.batch().rows()).map(Cow::Owned),
            Self::Negate(inner) => inner.lane(values, derived)?.negated().map(Cow::Owned),
            // A lane holds exact decimals already, or times, which stay what they are.
            Self::Exact(inner, _) => inner.lane(values, derived),
            Self::Coalesce(inner, literal) => {
                let inner = inner.lane(values, derived)?;
                match inner.nulls {
                    None => Some(inner),
                    Some(_) => inner.into_owned().or(&literal.cell()).map(Cow::Owned),
                }
            }
            Self::Binary(op, left, right) => {
                let (left, right) = (left.lane(values, derived)?, right.lane(values, derived)?);
                let lane = match op {
                    Arithmetic::Add => left.with(&right, i64::checked_add),
                    Arithmetic::Subtract => left.with(&right, i64::checked_sub),
                    Arithmetic::Multiply => left.times_lane(&right),
                    Arithmetic::Divide => None,
                };
                lane.map(Cow::Owned)
            }
            Self::Aggregate(_) | Self::Choose(_) => None,
        }
    }
}

impl Test {
    /// What it is for each row.
    pub(super) fn truths(&self, values: &Values<'_>, derived: &[Column<'_>]) -> Option<Truths> {
        let rows = values.batch().rows();
        match self {
            Self::And(list) => all(list, Some(false), rows, values, derived),
            Self::Or(list) => all(list, Some(true), rows, values, derived),
            Self::Not(inner) => {
                let mut truths = inner.truths(values, derived)?;
                truths.iter_mut().for_each(|truth| *truth = truth.map(|b| !b));
                Some(truths)
            }
            Self::IsNull(Expr::Column(place)) => {
                let nulls = values.batch().nulls(*place);
                Some(nulls.map_or_else(|| vec![Some(false); rows], |n| n.into_iter().map(Some).collect()))
            }
            Self::IsNull(operand) => {
                let lane = operand.lane(values, derived)?;
                Some((0..rows).map(|at| Some(lane.is_null(at))).collect())
            }
            Self::In(operand, list) => {
                let mut any = vec![Some(false); rows];
                for value in list {
                    let equal = compared(operand, Comparator::Equal, value, values, derived)?;
                    join(&mut any, &equal, Some(true));
                }
                Some(any)
            }
            Self::Compare(left, op, right) => compared(left, *op, right, values, derived),
        }
    }
}

/// A list of conditions, of which one that is `decisive` settles the matter.
fn all(
    list: &[Test],
    decisive: Option<bool>,
    rows: usize,
    values: &Values<'_>,
    derived: &[Column<'_>],
) -> Option<Truths> {
    let mut joined = vec![decisive.map(|b| !b); rows];
    for test in list {
        join(&mut joined, &test.truths(values, derived)?, decisive);
    }
    Some(joined)
}

fn join(joined: &mut Truths, more: &Truths, decisive: Option<bool>) {
    for (known, new) in joined.iter_mut().zip(more) {
        if *new == decisive || *known == decisive {
            *known = decisive;
        } else if new.is_none() {
            *known = None;
        }
    }
}

fn compared(
    left: &Expr,
    op: Comparator,
    right: &Expr,
    values: &Values<'_>,
    derived: &[Column<'_>],
) -> Option<Truths> {
    match (left, right) {
        (Expr::Column(place), Expr::Literal(literal)) | (Expr::Literal(literal), Expr::Column(place))
            if matches!(values.column(*place), Some(Column::Text(_))) =>
        {
            return words(*place, op, literal, values);
        }
        _ => {}
    }
    let (left, right) = (left.lane(values, derived)?, right.lane(values, derived)?);
    if left.unit != right.unit {
        return None;
    }
    let scale = left.scale.max(right.scale);
    let digits = |lane: &Lane| if lane.scale == scale { None } else { Some(lane.at_scale(scale)) };
    let (a, b) = (digits(&left), digits(&right));
    // Where a value does not fit at the common scale.
    let (a, b) = (a.map_or(Some(None), |a| a.map(Some))?, b.map_or(Some(None), |b| b.map(Some))?);
    let (a, b) = (a.as_ref().unwrap_or(&left.digits), b.as_ref().unwrap_or(&right.digits));
    let mut truths: Truths = a.iter().zip(b).map(|(a, b)| Some(op.accepts(a.cmp(b)))).collect();
    if let Some(nulls) = left.either_null(&right) {
        truths.iter_mut().zip(nulls).filter(|(_, null)| *null).for_each(|(truth, _)| *truth = None);
    }
    Some(truths)
}

/// Text beside a word, which is equal to it or not.
fn words(place: usize, op: Comparator, literal: &Literal, values: &Values<'_>) -> Option<Truths> {
    let (Some(Column::Text(Some(kind))), Cell::Text(word)) = (values.column(place), literal.cell()) else {
        return None;
    };
    let plain = matches!(kind, ColumnKind::Text | ColumnKind::Enum | ColumnKind::Uuid);
    if !plain || !matches!(op, Comparator::Equal | Comparator::NotEqual) {
        return None;
    }
    let (same, other) = (op.accepts(Ordering::Equal), op.accepts(Ordering::Less));
    let truth = |cell: Option<&[u8]>| cell.map(|text| if text == word { same } else { other });
    Some(values.batch().column(place).map(truth).collect())
}
