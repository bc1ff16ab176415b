//! Operands and conditions as SQL over one aliased relation.

use crate::catalogue::{ColumnKind, Relation};
use crate::policy::operand::{Aggregate, Arithmetic, Comparator, Condition, Function, Operand};
use crate::value::{Value, plain};

/// A name in double quotes.
#[must_use]
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text constant. The session has `standard_conforming_strings` on.
#[must_use]
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace('\0', ""))
}

/// A column of an aliased relation, for comparisons between relations.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    /// Alias of the relation.
    pub alias: &'a str,
    /// The relation, for column types.
    pub relation: &'a Relation,
    /// The column.
    pub column: &'a str,
}

/// `left = right`, by the operator of the columns' own type.
#[must_use]
pub fn equal_fields(left: Field<'_>, right: Field<'_>) -> String {
    let operators = [left, right].into_iter().find_map(|f| f.relation.column(f.column)?.operators.as_deref());
    format!(
        "{}.{} {} {}.{}",
        left.alias,
        ident(left.column),
        operator("=", operators),
        right.alias,
        ident(right.column)
    )
}

/// An operator, from another schema than the system's where the type brings its own.
pub(super) fn operator(symbol: &str, schema: Option<&str>) -> String {
    schema.map_or_else(|| symbol.to_owned(), |schema| format!("OPERATOR({}.{symbol})", ident(schema)))
}

/// Renders expressions over the rows of one relation under one alias.
#[derive(Clone, Copy)]
pub struct Sql<'a> {
    /// Alias of the relation.
    pub alias: &'a str,
    /// The relation, for column types.
    pub relation: &'a Relation,
    /// Whether comparisons are left as they are where a value in them may be none; then somebody else looks for such.
    pub bare: bool,
}

impl Sql<'_> {
    /// A column as a value. `money` has a locale in its text and arithmetic of its own, so it enters as `numeric`.
    #[must_use]
    pub fn column(&self, name: &str) -> String {
        let plain = format!("{}.{}", self.alias, ident(name));
        match self.relation.column(name).map(|c| c.kind) {
            Some(ColumnKind::Money) => format!("{plain}::numeric"),
            _ => plain,
        }
    }

    /// A column's text as `COPY` would write it.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        let plain = format!("{}.{}", self.alias, ident(name));
        match self.relation.column(name).map(|c| c.kind) {
            Some(ColumnKind::Bool) => format!("CASE WHEN {plain} THEN 't' WHEN NOT {plain} THEN 'f' END"),
            Some(ColumnKind::PaddedText) => format!("pg_catalog.textin(pg_catalog.bpcharout({plain}))"),
            _ => format!("{plain}::text"),
        }
    }

    /// A value of a row or, where it has aggregates, of a group.
    #[must_use]
    pub fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Literal(value) => literal(value),
            Operand::Column { name, .. } => self.column(name),
            Operand::Negate(inner) => format!("(- {})", self.operand(inner)),
            Operand::Coalesce(inner, value) => match (&**inner, value) {
                // Beside an exact decimal the constant becomes one by itself; the statements are also read by people.
                (Operand::Exact(_), Value::Number(n)) if !self.relation.foreign => {
                    format!("COALESCE({}, {})", self.operand(inner), plain(n))
                }
                // Servers that are asked by another understand no COALESCE from it.
                _ if self.relation.foreign => {
                    let inner = self.operand(inner);
                    format!("CASE WHEN {inner} IS NULL THEN {} ELSE {inner} END", literal(value))
                }
                _ => format!("COALESCE({}, {})", self.operand(inner), literal(value)),
            },
            Operand::Exact(inner) => {
                let numeric = crate::policy::operand::columns_of(inner).iter().all(|name| {
                    self.relation
                        .column(name)
                        .is_some_and(|c| matches!(c.kind, ColumnKind::Numeric | ColumnKind::Money))
                });
                if numeric { self.operand(inner) } else { format!("{}::numeric", self.operand(inner)) }
            }
            Operand::Choose(list) => {
                let cases: Vec<String> = list
                    .iter()
                    .map(|(c, value)| format!("WHEN {} THEN {}", self.condition(c), self.operand(value)))
                    .collect();
                format!("CASE {} END", cases.join(" "))
            }
            Operand::Binary { op, left, right, .. } => {
                let (left, right) = (self.operand(left), self.operand(right));
                match op {
                    Arithmetic::Add => format!("({left} + {right})"),
                    Arithmetic::Subtract => format!("({left} - {right})"),
                    Arithmetic::Multiply => format!("({left} * {right})"),
                    // Integers would be divided without remainder, and the remainder is what matters.
                    Arithmetic::Divide => format!("({left} / {right}::numeric)"),
                }
            }
            Operand::Aggregate(aggregate) => self.aggregate(aggregate),
            // Parameters, the clock and facts are replaced by literals before anything is measured.
            Operand::Param { .. } | Operand::Now | Operand::Fact(_) => "NULL".to_owned(),
        }
    }

    /// A side of a comparison. A number stands there as it is, so that an integer column is compared as one.
    #[must_use]
    pub fn compared(&self, operand: &Operand) -> String {
        match operand {
            Operand::Literal(Value::Number(n) | Value::Percent(n) | Value::Size(n)) => plain(n),
            other => self.operand(other),
        }
    }

    /// An aggregate over the rows at hand.
    #[must_use]
    pub fn aggregate(&self, aggregate: &Aggregate) -> String {
        let argument = aggregate.argument.as_ref().map(|a| self.operand(a)).unwrap_or_default();
        let call = match aggregate.function {
            Function::Rows => "count(*)".to_owned(),
            Function::Count => format!("count({argument})"),
            // Arithmetic brings parentheses of its own.
            Function::Sum if matches!(aggregate.argument, Some(Operand::Binary { .. })) => {
                format!("sum{argument}")
            }
            Function::Sum => format!("sum({argument})"),
            Function::Min | Function::Oldest => format!("min({argument})"),
            Function::Max | Function::Newest => format!("max({argument})"),
        };
        match &aggregate.filter {
            None => call,
            Some(filter) => format!("{call} FILTER (WHERE {})", self.condition(filter)),
        }
    }

    fn operator(&self, symbol: &str, operands: &[&Operand]) -> String {
        let mut schema = None;
        for operand in operands {
            operand.walk(&mut |o| {
                if let Operand::Column { name, .. } = o {
                    schema = schema.or(self.relation.column(name).and_then(|c| c.operators.as_deref()));
                }
            });
        }
        operator(symbol, schema)
    }

    /// Within a filter, that a condition is false.
    pub(super) fn is_false(&self, condition: &str) -> String {
        // To a filter NULL is as good as false, and `IS FALSE` stays on the server that reads.
        if self.relation.foreign { format!("(NOT {condition})") } else { format!("{condition} IS FALSE") }
    }

    /// That a condition is false or NULL.
    pub(super) fn is_not_true(&self, condition: &str) -> String {
        if self.relation.foreign {
            format!("(CASE WHEN {condition} THEN false ELSE true END)")
        } else {
            format!("{condition} IS NOT TRUE")
        }
    }

    /// A condition on one row; three-valued, as SQL is.
    #[must_use]
    pub fn condition(&self, condition: &Condition) -> String {
        let list = |all: &[Condition], word: &str| {
            let parts: Vec<String> = all.iter().map(|c| self.condition(c)).collect();
            format!("({})", parts.join(word))
        };
        match condition {
            Condition::And(all) => list(all, " AND "),
            Condition::Or(any) => list(any, " OR "),
            Condition::Not(inner) => format!("(NOT {})", self.condition(inner)),
            Condition::IsNull(operand) => format!("({} IS NULL)", self.operand(operand)),
            Condition::In(operand, values) => {
                let tested = self.operand(operand);
                let equal = self.operator("=", &[operand]);
                let any: Vec<String> =
                    values.iter().map(|v| format!("{tested} {equal} {}", self.operand(v))).collect();
                self.guarded(&[operand], &format!("({})", any.join(" OR ")))
            }
            Condition::Compare { left, op, right, .. } => {
                let op = self.operator(comparator(*op), &[left, right]);
                self.guarded(
                    &[left, right],
                    &format!("({} {op} {})", self.compared(left), self.compared(right)),
                )
            }
        }
    }
}

/// Whether an operand over the relation's rows can be NULL.
#[must_use]
pub fn may_be_null(operand: &Operand, relation: &Relation) -> bool {
    match operand {
        Operand::Coalesce(..) => false,
        Operand::Negate(inner) | Operand::Exact(inner) => may_be_null(inner, relation),
        Operand::Choose(_) => true,
        Operand::Binary { left, right, .. } => may_be_null(left, relation) || may_be_null(right, relation),
        Operand::Column { name, .. } => relation.column(name).is_none_or(|c| c.nullable),
        _ => false,
    }
}

/// A comparison in SQL.
#[must_use]
pub fn comparator(op: Comparator) -> &'static str {
    match op {
        Comparator::NotEqual => "<>",
        other => other.symbol(),
    }
}

/// A constant. Text stays untyped, so that it becomes what the column beside it is (enum, uuid, citext ...).
#[must_use]
pub fn literal(value: &Value) -> String {
    match value {
        Value::Number(n) | Value::Percent(n) | Value::Size(n) => format!("{}::numeric", quote(&plain(n))),
        Value::Duration(micros) => format!("interval '{micros} microseconds'"),
        Value::Time(at) => format!("timestamptz '{at}'"),
        Value::Text(text) => quote(text),
        Value::Bool(b) => b.to_string(),
    }
}
