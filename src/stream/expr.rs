//! Expressions over one row or one group, compiled to column places and evaluated as SQL does: three-valued.

use std::cmp::Ordering;

use super::cell::{Cell, Odd};
use super::exact::Exact;
use super::row::Row;
use crate::policy::operand::{Arithmetic, Comparator};
use crate::value::Value;

/// Why something cannot be evaluated on a stream of rows, as a sentence.
pub type Refusal = String;

/// Said of a cell that does not read as its type.
pub const UNREADABLE: &str =
    "a value does not read as its column's type says, or is a time outside years 1 to 9999";

/// The value of a shared expression.
pub type Derived<'a> = Result<Cell<'a>, Refusal>;

/// A fixed value. A number is read from its decimal form once and not for each row.
#[derive(Clone, Debug)]
pub struct Literal {
    value: Value,
    number: Option<Exact>,
}

impl Literal {
    /// A value of a policy.
    #[must_use]
    pub fn new(value: Value) -> Self {
        let number = match Cell::literal(&value) {
            Cell::Number(number) => Some(number),
            _ => None,
        };
        Self { value, number }
    }

    /// The value beside columns.
    #[must_use]
    pub fn cell(&self) -> Cell<'_> {
        self.number.as_ref().map_or_else(|| Cell::literal(&self.value), |n| Cell::Number(n.clone()))
    }
}

/// An expression.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A fixed value.
    Literal(Literal),
    /// The cell at a place.
    Column(usize),
    /// A shared expression of the pass, by place.
    Derived(usize),
    /// An aggregate of the group at hand, by place.
    Aggregate(usize),
    /// `-value`.
    Negate(Box<Expr>),
    /// `value ?? fallback`.
    Coalesce(Box<Expr>, Literal),
    /// As an exact decimal.
    Exact(Box<Expr>, usize),
    /// Arithmetic.
    Binary(Arithmetic, Box<Expr>, Box<Expr>),
    /// The value beside the first condition that is true; NULL without one.
    Choose(Vec<(Test, Expr)>),
}

/// A condition.
#[derive(Clone, Debug)]
pub enum Test {
    /// All of them.
    And(Vec<Test>),
    /// Any of them.
    Or(Vec<Test>),
    /// Not so.
    Not(Box<Test>),
    /// The value is NULL.
    IsNull(Expr),
    /// The value is one of these.
    In(Expr, Vec<Expr>),
    /// A comparison.
    Compare(Expr, Comparator, Expr),
}

/// What an expression is evaluated over.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The row; none where only aggregates are at hand.
    pub(super) row: Option<Row<'a>>,
    /// Finished aggregates of the group, by place.
    pub(super) aggregates: &'a [Cell<'a>],
}

impl Expr {
    /// Its value; `Err` when this program cannot tell what the server would make of it.
    ///
    /// # Errors
    ///
    /// A sentence.
    pub fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Cell<'a>, Refusal> {
        Ok(match self {
            Self::Literal(literal) => literal.cell(),
            Self::Column(place) => scope.row.map_or(Cell::Null, |row| row.cell(*place)),
            Self::Derived(place) => scope.row.map_or(Ok(Cell::Null), |row| row.derived(*place))?,
            Self::Aggregate(place) => scope.aggregates.get(*place).cloned().unwrap_or(Cell::Null),
            Self::Negate(inner) => match inner.eval(scope)? {
                Cell::Number(n) => Cell::Number(n.negated()),
                Cell::Float(n) => Cell::Float(-n),
                Cell::Span(n) => Cell::Span(-n),
                Cell::Odd(Odd::Infinite) => Cell::Odd(Odd::MinusInfinite),
                Cell::Odd(Odd::MinusInfinite) => Cell::Odd(Odd::Infinite),
                other => other,
            },
            Self::Coalesce(inner, literal) => match inner.eval(scope)? {
                Cell::Null => literal.cell(),
                other => other,
            },
            Self::Exact(inner, significant) => match inner.eval(scope)? {
                Cell::Float(n) => Exact::of_float(format!("{n:e}").as_bytes(), *significant)
                    .map_or(Cell::Odd(Odd::NotANumber), Cell::Number),
                other => other,
            },
            Self::Binary(op, left, right) => arithmetic(*op, left.eval(scope)?, right.eval(scope)?)?,
            Self::Choose(list) => {
                for (test, value) in list {
                    if test.eval(scope)? == Some(true) {
                        return value.eval(scope);
                    }
                }
                Cell::Null
            }
        })
    }
}

fn arithmetic<'a>(op: Arithmetic, left: Cell<'a>, right: Cell<'a>) -> Result<Cell<'a>, Refusal> {
    use Arithmetic::{Add, Divide, Multiply, Subtract};
    let beyond = || "a time or span of time leaves the range of this program".to_owned();
    Ok(match (op, left, right) {
        (_, Cell::Null, _) | (_, _, Cell::Null) => Cell::Null,
        (_, Cell::Odd(odd), _) | (_, _, Cell::Odd(odd)) => Cell::Odd(odd),
        (Add, Cell::Number(a), Cell::Number(b)) => Cell::Number(a.plus(&b)),
        (Subtract, Cell::Number(a), Cell::Number(b)) => Cell::Number(a.minus(&b)),
        (Multiply, Cell::Number(a), Cell::Number(b)) => Cell::Number(a.times(&b)),
        (Divide, Cell::Number(a), Cell::Number(b)) => Cell::Number(a.over(&b).ok_or_else(|| {
            if b.is_zero() {
                "a division by zero".to_owned()
            } else {
                "a division whose rounding only a server knows".to_owned()
            }
        })?),
        (Add, Cell::Time(a), Cell::Span(b)) | (Add, Cell::Span(b), Cell::Time(a)) => {
            Cell::Time(a.checked_add(b).ok_or_else(beyond)?)
        }
        (Subtract, Cell::Time(a), Cell::Span(b)) => Cell::Time(a.checked_sub(b).ok_or_else(beyond)?),
        (Subtract, Cell::Time(a), Cell::Time(b)) => Cell::Span(a.checked_sub(b).ok_or_else(beyond)?),
        (Add, Cell::Span(a), Cell::Span(b)) => Cell::Span(a.checked_add(b).ok_or_else(beyond)?),
        (Subtract, Cell::Span(a), Cell::Span(b)) => Cell::Span(a.checked_sub(b).ok_or_else(beyond)?),
        (_, Cell::Unreadable, _) | (_, _, Cell::Unreadable) => return Err(UNREADABLE.to_owned()),
        _ => return Err("arithmetic that only a server does the same way".to_owned()),
    })
}

impl Test {
    /// Whether it is true or false; `None` where SQL says NULL, or where a value is no number at all.
    ///
    /// # Errors
    ///
    /// A sentence, when this program cannot tell what the server would say.
    pub fn eval(&self, scope: &Scope<'_>) -> Result<Option<bool>, Refusal> {
        Ok(match self {
            Self::And(list) => {
                let mut all = Some(true);
                for test in list {
                    match test.eval(scope)? {
                        Some(false) => return Ok(Some(false)),
                        None => all = None,
                        Some(true) => {}
                    }
                }
                all
            }
            Self::Or(list) => {
                let mut any = Some(false);
                for test in list {
                    match test.eval(scope)? {
                        Some(true) => return Ok(Some(true)),
                        None => any = None,
                        Some(false) => {}
                    }
                }
                any
            }
            Self::Not(inner) => inner.eval(scope)?.map(|b| !b),
            Self::IsNull(operand) => Some(matches!(operand.eval(scope)?, Cell::Null)),
            Self::In(operand, list) => {
                let tested = operand.eval(scope)?;
                let mut any = Some(false);
                for value in list {
                    match compare(&tested, &value.eval(scope)?)?.map(Ordering::is_eq) {
                        Some(true) => return Ok(Some(true)),
                        None => any = None,
                        Some(false) => {}
                    }
                }
                any
            }
            Self::Compare(left, op, right) => {
                compare(&left.eval(scope)?, &right.eval(scope)?)?.map(|ordering| op.accepts(ordering))
            }
        })
    }
}

/// How two values compare; `None` where one is NULL or no ordinary value. Text compares for equality: its order is that
/// of its bytes and must not be asked for.
///
/// # Errors
///
/// A sentence, when only a server compares such values.
pub fn compare(left: &Cell<'_>, right: &Cell<'_>) -> Result<Option<Ordering>, Refusal> {
    Ok(match (left, right) {
        (Cell::Null | Cell::Odd(_), _) | (_, Cell::Null | Cell::Odd(_)) => None,
        (Cell::Number(a), Cell::Number(b)) => Some(a.cmp(b)),
        (Cell::Float(a), Cell::Float(b)) => a.partial_cmp(b),
        (Cell::Float(a), Cell::Number(b)) => a.partial_cmp(&b.float()),
        (Cell::Number(a), Cell::Float(b)) => a.float().partial_cmp(b),
        (Cell::Time(a), Cell::Time(b)) | (Cell::Span(a), Cell::Span(b)) => Some(a.cmp(b)),
        (Cell::Text(a), Cell::Text(b)) => Some(a.cmp(b)),
        (Cell::Bool(a), Cell::Bool(b)) => Some(a.cmp(b)),
        (Cell::Unreadable, _) | (_, Cell::Unreadable) => return Err(UNREADABLE.to_owned()),
        _ => return Err("values of these types are compared by a server only".to_owned()),
    })
}
