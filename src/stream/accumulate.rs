//! Aggregates as mergeable values: empty, observe, merge, finish.

use std::cmp::Ordering;

use super::cell::{Cell, Odd};
use super::exact::Exact;
use super::expr::{Expr, Refusal, Scope, Test, compare};
use crate::catalogue::ColumnKind;
use crate::chain::spec::TimePreset;
use crate::chain::time;
use crate::policy::operand::Function;

/// An aggregate ready to be fed.
#[derive(Clone, Debug)]
pub struct Aggregator {
    /// What is computed.
    pub function: Function,
    /// Of what; none for `rows`.
    pub argument: Option<Expr>,
    /// Which rows count.
    pub filter: Option<Test>,
    /// How the server would spell a time that comes out.
    pub spelling: ColumnKind,
}

/// What an aggregate has seen.
#[derive(Clone, Debug)]
pub enum Seen {
    /// Rows or values.
    Count(u64),
    /// A sum; none before the first value.
    Sum(Option<Exact>, Option<Odd>),
    /// The least or greatest value.
    Best(Option<Cell<'static>>),
}

/// What became of one row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Doubt {
    /// Whether its filter is neither true nor false.
    pub undecided: bool,
    /// Whether its argument is NULL.
    pub null: bool,
    /// Whether its argument is no ordinary value.
    pub odd: bool,
}

impl Aggregator {
    /// Nothing seen yet.
    #[must_use]
    pub fn empty(&self) -> Seen {
        match self.function {
            Function::Rows | Function::Count => Seen::Count(0),
            Function::Sum => Seen::Sum(None, None),
            Function::Min | Function::Max | Function::Newest | Function::Oldest => Seen::Best(None),
        }
    }

    /// The argument's value of a row that counts; `None` for one that does not.
    ///
    /// # Errors
    ///
    /// When only a server could tell.
    pub fn value<'a>(&'a self, scope: &Scope<'a>, doubt: &mut Doubt) -> Result<Option<Cell<'a>>, Refusal> {
        if let Some(filter) = &self.filter {
            match filter.eval(scope)? {
                Some(true) => {}
                Some(false) => return Ok(None),
                None => {
                    doubt.undecided = true;
                    return Ok(None);
                }
            }
        }
        let value = match &self.argument {
            None => Cell::Bool(true),
            Some(argument) => argument.eval(scope)?,
        };
        doubt.null = matches!(value, Cell::Null);
        doubt.odd = matches!(value, Cell::Odd(_));
        Ok(Some(value))
    }

    /// Observes a row.
    ///
    /// # Errors
    ///
    /// When only a server could tell.
    pub fn observe(&self, seen: &mut Seen, scope: &Scope<'_>) -> Result<Doubt, Refusal> {
        let mut doubt = Doubt::default();
        let Some(value) = self.value(scope, &mut doubt)? else { return Ok(doubt) };
        match (&mut *seen, value) {
            (Seen::Count(n), value) => {
                *n += u64::from(self.argument.is_none() || !matches!(value, Cell::Null));
            }
            (_, Cell::Null) => {}
            (Seen::Sum(sum, _), Cell::Number(n)) => {
                *sum = Some(sum.as_ref().map_or_else(|| n.clone(), |sum| sum.plus(&n)));
            }
            (Seen::Sum(_, odd), Cell::Odd(new)) => *odd = Some(both(*odd, new)),
            (Seen::Sum(..), _) => return Err("only a server sums values of this type".to_owned()),
            (Seen::Best(best), value) => better(self.function, best, owned(value)?)?,
        }
        Ok(doubt)
    }

    /// Joins what two parts of the rows gave.
    ///
    /// # Errors
    ///
    /// When only a server could tell.
    pub fn merge(&self, into: &mut Seen, other: Seen) -> Result<(), Refusal> {
        match (into, other) {
            (Seen::Count(a), Seen::Count(b)) => *a += b,
            (Seen::Sum(a, odd), Seen::Sum(b, other)) => {
                *a = match (a.take(), b) {
                    (Some(a), Some(b)) => Some(a.plus(&b)),
                    (a, b) => a.or(b),
                };
                if let Some(other) = other {
                    *odd = Some(both(*odd, other));
                }
            }
            (Seen::Best(a), Seen::Best(Some(b))) => better(self.function, a, b)?,
            _ => {}
        }
        Ok(())
    }

    /// What it comes to.
    #[must_use]
    pub fn finish(&self, seen: &Seen) -> Cell<'static> {
        match seen {
            Seen::Count(n) => Cell::Number(Exact::Small { digits: i128::from(*n), scale: 0 }),
            Seen::Sum(_, Some(odd)) => Cell::Odd(*odd),
            Seen::Sum(Some(sum), None) => Cell::Number(sum.clone()),
            Seen::Sum(None, None) => Cell::Null,
            Seen::Best(best) => best.clone().unwrap_or(Cell::Null),
        }
    }

    /// As a server would write it.
    #[must_use]
    pub fn text(&self, seen: &Seen) -> Option<String> {
        spelt(&self.finish(seen), self.spelling)
    }
}

/// A value as a server would write it; `None` for NULL.
#[must_use]
pub fn spelt(cell: &Cell<'_>, kind: ColumnKind) -> Option<String> {
    let is_time = matches!(kind, ColumnKind::Timestamp | ColumnKind::TimestampTz | ColumnKind::Date);
    match cell {
        Cell::Null | Cell::Opaque | Cell::Unreadable => None,
        Cell::Number(n) => Some(n.to_string()),
        Cell::Float(n) => Some(n.to_string()),
        Cell::Odd(odd) => Some(odd.word(is_time).to_owned()),
        Cell::Time(micros) => {
            let at = time::parse("1970-01-01")?.shifted(*micros)?;
            let mut out = Vec::new();
            let preset = if kind == ColumnKind::TimestampTz { TimePreset::PgTz } else { TimePreset::Pg };
            at.write(preset, &mut out);
            let mut text = String::from_utf8(out).ok()?;
            if kind == ColumnKind::Date {
                text.truncate(10);
            }
            Some(text)
        }
        Cell::Span(micros) => Some(format!("{micros} microseconds")),
        Cell::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        Cell::Bool(b) => Some(b.to_string()),
    }
}

/// Infinity and its negative make no number, and nothing becomes a number again.
fn both(known: Option<Odd>, new: Odd) -> Odd {
    match known {
        Some(known) if known != new => Odd::NotANumber,
        _ => new,
    }
}

/// How a value stands to those that it is better than.
pub(super) fn wanted(function: Function) -> Ordering {
    match function {
        Function::Min | Function::Oldest => Ordering::Less,
        _ => Ordering::Greater,
    }
}

/// Keeps the better of two values.
///
/// # Errors
///
/// When only a server could tell.
pub(super) fn better(
    function: Function,
    best: &mut Option<Cell<'static>>,
    value: Cell<'static>,
) -> Result<(), Refusal> {
    let replace = match best {
        None => true,
        Some(known) => rank(&value, known)? == wanted(function),
    };
    if replace {
        *best = Some(value);
    }
    Ok(())
}

/// A server puts what is no number above all others, and infinities at the ends.
fn rank(a: &Cell<'_>, b: &Cell<'_>) -> Result<Ordering, Refusal> {
    let level = |cell: &Cell<'_>| match cell {
        Cell::Odd(Odd::MinusInfinite) => 0,
        Cell::Odd(Odd::Infinite) => 2,
        Cell::Odd(Odd::NotANumber) => 3,
        _ => 1,
    };
    match level(a).cmp(&level(b)) {
        Ordering::Equal if level(a) == 1 => Ok(compare(a, b)?.unwrap_or(Ordering::Equal)),
        other => Ok(other),
    }
}

fn owned(cell: Cell<'_>) -> Result<Cell<'static>, Refusal> {
    Ok(match cell {
        Cell::Number(n) => Cell::Number(n),
        Cell::Float(n) => Cell::Float(n),
        Cell::Odd(odd) => Cell::Odd(odd),
        Cell::Time(n) => Cell::Time(n),
        Cell::Span(n) => Cell::Span(n),
        Cell::Bool(b) => Cell::Bool(b),
        Cell::Null => Cell::Null,
        Cell::Unreadable => return Err(super::expr::UNREADABLE.to_owned()),
        Cell::Text(_) | Cell::Opaque => {
            return Err("which text is the least or greatest depends on a collation that only a server has"
                .to_owned());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn aggregator(function: Function) -> Aggregator {
        let argument = (function != Function::Rows).then_some(Expr::Aggregate(0));
        Aggregator { function, argument, filter: None, spelling: ColumnKind::Numeric }
    }

    fn over(function: Function, values: &[Option<i64>]) -> (Aggregator, Seen) {
        let aggregator = aggregator(function);
        let mut seen = aggregator.empty();
        let aggregates: Vec<Cell<'_>> = values
            .iter()
            .map(|value| {
                value.map_or(Cell::Null, |n| Cell::Number(Exact::Small { digits: n.into(), scale: 2 }))
            })
            .collect();
        for cell in aggregates.chunks(1) {
            aggregator.observe(&mut seen, &Scope { row: None, aggregates: cell }).unwrap();
        }
        (aggregator, seen)
    }

    #[test]
    fn no_rows_give_what_sql_gives() {
        for (function, text) in [
            (Function::Rows, Some("0")),
            (Function::Count, Some("0")),
            (Function::Sum, None),
            (Function::Max, None),
        ] {
            let (aggregator, seen) = over(function, &[]);
            assert_eq!(aggregator.text(&seen).as_deref(), text, "{function:?}");
        }
    }

    #[test]
    fn nulls_count_as_rows_and_nowhere_else() {
        for (function, text) in
            [(Function::Rows, "2"), (Function::Count, "1"), (Function::Sum, "0.05"), (Function::Min, "0.05")]
        {
            let (aggregator, seen) = over(function, &[None, Some(5)]);
            assert_eq!(aggregator.text(&seen).as_deref(), Some(text), "{function:?}");
        }
    }

    proptest! {
        #[test]
        fn any_split_and_order_gives_the_same(values in proptest::collection::vec(proptest::option::of(-99i64..99), 0..20), cut in 0usize..20) {
            for function in Function::ALL {
                let cut = cut.min(values.len());
                let (aggregator, whole) = over(function, &values);
                let reversed: Vec<_> = values[..cut].iter().rev().copied().collect();
                let (_, left) = over(function, &reversed);
                let (_, mut right) = over(function, &values[cut..]);
                aggregator.merge(&mut right, left).unwrap();
                prop_assert_eq!(aggregator.text(&whole), aggregator.text(&right));
            }
        }
    }
}
