//! Expressions over one row or one group, compiled to column places and evaluated as SQL does: three-valued.

use std::cmp::Ordering;

use super::cell::{Cell, Odd};
use super::exact::Exact;
use crate::catalogue::{Column, ColumnKind, Relation};
use crate::policy::operand::{Aggregate, Arithmetic, Comparator, Condition, Operand};
use crate::value::Value;

/// Why something cannot be evaluated on a stream of rows, as a sentence.
pub type Refusal = String;

/// Said of a cell that does not read as its type.
pub const UNREADABLE: &str =
    "a value does not read as its column's type says, or is a time outside years 1 to 9999";

/// The columns of a relation that a pass reads, by place.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    names: Vec<String>,
    kinds: Vec<ColumnKind>,
    valued: Vec<bool>,
    keys: Vec<Vec<usize>>,
    derived: Vec<(String, Expr)>,
}

/// A key of a pass, by place.
pub type KeyPlace = usize;

/// The value of a shared expression.
pub type Derived<'a> = Result<Cell<'a>, Refusal>;

impl Columns {
    /// The place of a column, which is read from now on; as text only, until somebody asks for its value.
    ///
    /// # Errors
    ///
    /// When the relation has no such column, or not its values.
    pub fn place(&mut self, relation: &Relation, name: &str) -> Result<usize, Refusal> {
        if let Some(at) = self.names.iter().position(|n| n == name) {
            return Ok(at);
        }
        let column =
            relation.column(name).ok_or_else(|| format!("`{}` has no column `{name}`", relation.name))?;
        if column.generated {
            return Err(format!(
                "a server generates the values of `{}.{name}`, and this source holds none: restore it and verify that",
                relation.name
            ));
        }
        self.names.push(name.to_owned());
        self.kinds.push(column.kind);
        self.valued.push(false);
        Ok(self.names.len() - 1)
    }

    /// The place of a column whose value is asked for.
    ///
    /// # Errors
    ///
    /// When the relation has no such column.
    pub fn value(&mut self, relation: &Relation, name: &str) -> Result<usize, Refusal> {
        let place = self.place(relation, name)?;
        if let Some(valued) = self.valued.get_mut(place) {
            *valued = true;
        }
        Ok(place)
    }

    /// The place of a key, whose fingerprint is made once for all who ask. The values of its columns must be asked for.
    pub fn key(&mut self, places: &[usize]) -> KeyPlace {
        if let Some(at) = self.keys.iter().position(|known| known == places) {
            return at;
        }
        self.keys.push(places.to_vec());
        self.keys.len() - 1
    }

    /// An expression that is evaluated once for all who ask. What is no more than a column or a value stays as it is.
    pub fn derive(&mut self, expression: Expr) -> Expr {
        if matches!(expression, Expr::Column(_) | Expr::Literal(_) | Expr::Derived(_)) {
            return expression;
        }
        let spelt = format!("{expression:?}");
        let known = self.derived.iter().position(|(other, _)| *other == spelt);
        Expr::Derived(known.unwrap_or_else(|| {
            self.derived.push((spelt, expression));
            self.derived.len() - 1
        }))
    }

    /// Names in order of their places.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Kinds in order of their places; none where only the text is asked for.
    pub fn valued(&self) -> impl Iterator<Item = Option<ColumnKind>> {
        self.kinds.iter().zip(&self.valued).map(|(kind, valued)| valued.then_some(*kind))
    }

    /// The columns of each key.
    #[must_use]
    pub fn keys(&self) -> &[Vec<usize>] {
        &self.keys
    }

    /// The shared expressions.
    pub fn derived(&self) -> impl ExactSizeIterator<Item = &Expr> {
        self.derived.iter().map(|(_, expression)| expression)
    }
}

/// An expression.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A fixed value.
    Literal(Value),
    /// The cell at a place.
    Column(usize),
    /// A shared expression of the pass, by place.
    Derived(usize),
    /// An aggregate of the group at hand, by place.
    Aggregate(usize),
    /// `-value`.
    Negate(Box<Expr>),
    /// `value ?? fallback`.
    Coalesce(Box<Expr>, Value),
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

/// Compiles expressions over the rows of one relation.
pub struct Compiler<'a> {
    /// The relation.
    pub relation: &'a Relation,
    /// Columns read so far.
    pub columns: &'a mut Columns,
    /// Aggregates asked for so far.
    pub aggregates: Vec<Aggregate>,
}

impl Compiler<'_> {
    /// Compiles an operand.
    ///
    /// # Errors
    ///
    /// When only a server can evaluate it.
    pub fn operand(&mut self, operand: &Operand) -> Result<Expr, Refusal> {
        Ok(match operand {
            Operand::Literal(value) => Expr::Literal(value.clone()),
            Operand::Column { name, .. } => Expr::Column(self.comparable(name)?),
            Operand::Negate(inner) => Expr::Negate(Box::new(self.operand(inner)?)),
            Operand::Coalesce(inner, value) => Expr::Coalesce(Box::new(self.operand(inner)?), value.clone()),
            Operand::Binary { op, left, right, .. } => {
                Expr::Binary(*op, Box::new(self.operand(left)?), Box::new(self.operand(right)?))
            }
            Operand::Exact(inner) => {
                let floats = crate::policy::operand::columns_of(inner)
                    .iter()
                    .filter_map(|name| self.relation.column(name))
                    .find(|c| c.kind == ColumnKind::Float)
                    .map(|c| if c.type_name == "real" { 6 } else { 15 });
                Expr::Exact(Box::new(self.operand(inner)?), floats.unwrap_or(0))
            }
            Operand::Choose(list) => Expr::Choose(
                list.iter()
                    .map(|(condition, value)| Ok((self.condition(condition)?, self.operand(value)?)))
                    .collect::<Result<_, Refusal>>()?,
            ),
            Operand::Aggregate(aggregate) => {
                self.aggregates.push((**aggregate).clone());
                Expr::Aggregate(self.aggregates.len() - 1)
            }
            Operand::Param { .. } | Operand::Now | Operand::Fact(_) => {
                return Err("a name was left unresolved".to_owned());
            }
        })
    }

    fn comparable(&mut self, name: &str) -> Result<usize, Refusal> {
        let place = self.columns.value(self.relation, name)?;
        let column = self.relation.column(name);
        column.map_or(Ok(()), by_bytes)?;
        if column.is_some_and(|c| c.kind == ColumnKind::Money) {
            return Err(format!(
                "`{name}` is `money`, whose text depends on a locale; only a server can read it"
            ));
        }
        Ok(place)
    }

    /// Compiles a condition.
    ///
    /// # Errors
    ///
    /// When only a server can evaluate it.
    pub fn condition(&mut self, condition: &Condition) -> Result<Test, Refusal> {
        let mut all =
            |list: &[Condition]| list.iter().map(|c| self.condition(c)).collect::<Result<Vec<_>, _>>();
        Ok(match condition {
            Condition::And(list) => Test::And(all(list)?),
            Condition::Or(list) => Test::Or(all(list)?),
            Condition::Not(inner) => Test::Not(Box::new(self.condition(inner)?)),
            Condition::IsNull(Operand::Column { name, .. }) => {
                Test::IsNull(Expr::Column(self.columns.place(self.relation, name)?))
            }
            Condition::IsNull(operand) => Test::IsNull(self.operand(operand)?),
            Condition::In(operand, list) => {
                self.exactly(operand)?;
                let values =
                    list.iter().map(|value| self.beside(operand, value)).collect::<Result<Vec<_>, _>>()?;
                Test::In(self.operand(operand)?, values)
            }
            Condition::Compare { left, op, right, .. } => {
                self.exactly(left)?;
                self.exactly(right)?;
                if !matches!(op, Comparator::Equal | Comparator::NotEqual) {
                    self.ordered(left)?;
                    self.ordered(right)?;
                }
                Test::Compare(self.beside(right, left)?, *op, self.beside(left, right)?)
            }
        })
    }

    /// The shortest text of a `real` is another number than the one a server compares.
    fn exactly(&self, operand: &Operand) -> Result<(), Refusal> {
        match operand {
            Operand::Column { name, .. } => match self.relation.column(name) {
                Some(column) if column.type_name == "real" => {
                    Err(format!("`{name}` is `real`, which only a server compares with decimals as it does"))
                }
                _ => Ok(()),
            },
            Operand::Negate(inner) | Operand::Coalesce(inner, _) => self.exactly(inner),
            Operand::Binary { left, right, .. } => self.exactly(left).and_then(|()| self.exactly(right)),
            _ => Ok(()),
        }
    }

    /// Which text comes first is a matter of the server's collation.
    fn ordered(&self, operand: &Operand) -> Result<(), Refusal> {
        for name in crate::policy::operand::columns_of(operand) {
            let kind = self.relation.column(&name).map(|c| c.kind);
            if matches!(
                kind,
                Some(ColumnKind::Text | ColumnKind::PaddedText | ColumnKind::Enum | ColumnKind::Uuid)
            ) {
                return Err(format!(
                    "which value of `{name}` comes first depends on a collation or type that only a server has"
                ));
            }
        }
        Ok(())
    }

    /// A literal becomes what the column beside it is.
    fn beside(&mut self, neighbour: &Operand, operand: &Operand) -> Result<Expr, Refusal> {
        if let Operand::Literal(Value::Text(text)) = operand {
            for name in crate::policy::operand::columns_of(neighbour) {
                self.relation.column(&name).map_or(Ok(()), |column| is_word(column, text))?;
            }
        }
        let (Operand::Literal(Value::Text(text)), Operand::Column { name, .. }) = (operand, neighbour) else {
            return self.operand(operand);
        };
        let kind = self.relation.column(name).map(|c| c.kind);
        let text = match kind {
            Some(ColumnKind::Uuid) => {
                canonical_uuid(text).ok_or_else(|| format!("`{text}` is no UUID, and `{name}` is one"))?
            }
            Some(ColumnKind::PaddedText) => text.trim_end_matches(' ').to_owned(),
            // Such as the tenant of `--tenant`, which the server would read as the column's type.
            Some(ColumnKind::Integer | ColumnKind::Numeric) => {
                return match text.trim().parse() {
                    Ok(number) => Ok(Expr::Literal(Value::Number(number))),
                    Err(_) => Err(format!("`{text}` is no number, and `{name}` is one")),
                };
            }
            _ => text.clone(),
        };
        Ok(Expr::Literal(Value::Text(text)))
    }
}

/// Equal texts of a column must be the same bytes.
///
/// # Errors
///
/// When only a server knows which are equal.
pub(super) fn by_bytes(column: &Column) -> Result<(), Refusal> {
    let name = &column.name;
    match &column.operators {
        Some(schema) => Err(format!(
            "`{name}` is compared by rules of its own (an extension or a collation of schema `{schema}`), which only a server has"
        )),
        None if column.folding => Err(format!(
            "`{name}` has a collation that calls different texts equal, which only a server knows"
        )),
        None => Ok(()),
    }
}

/// A word that an enum does not have equals none of its values, so that `!=` would hold of every row: a server refuses it.
fn is_word(column: &Column, text: &str) -> Result<(), Refusal> {
    if column.words.is_empty() || column.words.iter().any(|word| word == text) {
        return Ok(());
    }
    let words: Vec<String> = column.words.iter().map(|word| format!("`{word}`")).collect();
    Err(format!(
        "`{}` is never `{text}`: enum `{}` has only the words {}",
        column.name,
        column.type_name,
        words.join(", ")
    ))
}

/// A UUID as PostgreSQL writes it, from any spelling it reads (`uuid_in` in its `uuid.c`).
fn canonical_uuid(text: &str) -> Option<String> {
    let inner = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let digits: String = inner.chars().filter(|c| *c != '-').collect::<String>().to_ascii_lowercase();
    if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut out = String::with_capacity(36);
    for (n, c) in digits.chars().enumerate() {
        if matches!(n, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(c);
    }
    Some(out)
}

/// What an expression is evaluated over.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Cells of the row, by place.
    pub cells: &'a [Cell<'a>],
    /// Shared expressions of the row, by place.
    pub derived: &'a [Derived<'a>],
    /// Finished aggregates of the group, by place.
    pub aggregates: &'a [Cell<'a>],
}

impl Expr {
    /// Its value; `Err` when this program cannot tell what the server would make of it.
    ///
    /// # Errors
    ///
    /// A sentence.
    pub fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Cell<'a>, Refusal> {
        Ok(match self {
            Self::Literal(value) => Cell::literal(value),
            Self::Column(place) => scope.cells.get(*place).cloned().unwrap_or(Cell::Null),
            Self::Derived(place) => scope.derived.get(*place).cloned().unwrap_or(Ok(Cell::Null))?,
            Self::Aggregate(place) => scope.aggregates.get(*place).cloned().unwrap_or(Cell::Null),
            Self::Negate(inner) => match inner.eval(scope)? {
                Cell::Number(n) => Cell::Number(n.negated()),
                Cell::Float(n) => Cell::Float(-n),
                Cell::Span(n) => Cell::Span(-n),
                Cell::Odd(Odd::Infinite) => Cell::Odd(Odd::MinusInfinite),
                Cell::Odd(Odd::MinusInfinite) => Cell::Odd(Odd::Infinite),
                other => other,
            },
            Self::Coalesce(inner, value) => match inner.eval(scope)? {
                Cell::Null => Cell::literal(value),
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
