//! Operands and conditions of a policy to expressions over places.

use super::columns::Columns;
use super::expr::{Expr, Literal, Refusal, Test};
use crate::catalogue::{Column, ColumnKind, Relation};
use crate::policy::operand::{Aggregate, Comparator, Condition, Operand};
use crate::value::Value;

/// Compiles expressions over the rows of one relation.
pub(super) struct Compiler<'a> {
    /// The relation.
    pub(super) relation: &'a Relation,
    /// Columns read so far.
    pub(super) columns: &'a mut Columns,
    /// Aggregates asked for so far.
    pub(super) aggregates: Vec<Aggregate>,
}

impl Compiler<'_> {
    /// Compiles an operand.
    ///
    /// # Errors
    ///
    /// When only a server can evaluate it.
    pub(super) fn operand(&mut self, operand: &Operand) -> Result<Expr, Refusal> {
        Ok(match operand {
            Operand::Literal(value) => Expr::Literal(Literal::new(value.clone())),
            Operand::Column { name, .. } => Expr::Column(self.comparable(name)?),
            Operand::Negate(inner) => Expr::Negate(Box::new(self.operand(inner)?)),
            Operand::Coalesce(inner, value) => {
                Expr::Coalesce(Box::new(self.operand(inner)?), Literal::new(value.clone()))
            }
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
    pub(super) fn condition(&mut self, condition: &Condition) -> Result<Test, Refusal> {
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
                    Ok(number) => Ok(Expr::Literal(Literal::new(Value::Number(number)))),
                    Err(_) => Err(format!("`{text}` is no number, and `{name}` is one")),
                };
            }
            _ => text.clone(),
        };
        Ok(Expr::Literal(Literal::new(Value::Text(text))))
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
