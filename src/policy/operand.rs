//! Values to be computed: of one row, of a group, of a relation, or of the run.

use super::RelationName;
use crate::source_text::Span;
pub use crate::value::{Arithmetic, Comparator};
use crate::value::{Type, Value};

/// Aggregate functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// Number of rows.
    Rows,
    /// Number of rows whose argument is not NULL.
    Count,
    /// Exact sum. A NULL argument makes it unknown unless `??` says what NULL is.
    Sum,
    /// Least value.
    Min,
    /// Greatest value.
    Max,
    /// Latest instant.
    Newest,
    /// Earliest instant.
    Oldest,
}

impl Function {
    /// The word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
            Self::Newest => "newest",
            Self::Oldest => "oldest",
        }
    }

    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Rows, Self::Count, Self::Sum, Self::Min, Self::Max, Self::Newest, Self::Oldest];
}

/// Which rows an aggregate is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    /// The relation the check's `on` stands for, with its filter.
    On,
    /// A relation named in the expression.
    Relation(RelationName),
}

/// An aggregate over rows.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// What is computed.
    pub function: Function,
    /// Of what; `None` for `rows`.
    pub argument: Option<Operand>,
    /// Over which rows.
    pub over: Over,
    /// Narrowed by `where` inside the parentheses.
    pub filter: Option<Condition>,
    /// Where it is written.
    pub span: Span,
}

/// A fact a source publishes about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactRef {
    /// The source.
    pub source: String,
    /// Name in the published list.
    pub fact: String,
    /// Its argument, for facts that take one.
    pub argument: Option<String>,
    /// Its type.
    pub ty: Type,
    /// Where it is written.
    pub span: Span,
}

/// A value to be computed.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A fixed value.
    Literal(Value),
    /// A parameter's value.
    Param {
        /// Its name.
        name: String,
        /// Its type.
        ty: Type,
    },
    /// The pinned instant of the run.
    Now,
    /// A column of the row at hand.
    Column {
        /// Its exact name.
        name: String,
        /// Where it is written.
        span: Span,
    },
    /// An aggregate.
    Aggregate(Box<Aggregate>),
    /// A fact of a source.
    Fact(FactRef),
    /// `left op right`.
    Binary {
        /// The operation.
        op: Arithmetic,
        /// Left side.
        left: Box<Operand>,
        /// Right side.
        right: Box<Operand>,
        /// Where it is written.
        span: Span,
    },
    /// `-value`.
    Negate(Box<Operand>),
    /// `value ?? fallback`.
    Coalesce(Box<Operand>, Value),
    /// The value as an exact decimal, whatever number type holds it. No policy writes it; measurements of amounts do.
    Exact(Box<Operand>),
    /// The value beside the first condition that is true, NULL if none is. No policy writes it either.
    Choose(Vec<(Condition, Operand)>),
}

impl Operand {
    /// Calls `visit` on this operand and all inside it, not entering aggregates.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::Binary { left, right, .. } => {
                left.walk(visit);
                right.walk(visit);
            }
            Self::Negate(inner) | Self::Coalesce(inner, _) | Self::Exact(inner) => inner.walk(visit),
            Self::Choose(list) => {
                for (condition, value) in list {
                    condition.walk(visit);
                    value.walk(visit);
                }
            }
            _ => {}
        }
    }

    /// Whether it needs a row at hand.
    #[must_use]
    pub fn has_column(&self) -> bool {
        let mut found = false;
        self.walk(&mut |o| found |= matches!(o, Self::Column { .. }));
        found
    }

    /// Whether it needs an aggregate.
    #[must_use]
    pub fn has_aggregate(&self) -> bool {
        let mut found = false;
        self.walk(&mut |o| found |= matches!(o, Self::Aggregate(_)));
        found
    }
}

/// A condition on one row.
#[derive(Clone, Debug)]
pub enum Condition {
    /// All of them.
    And(Vec<Condition>),
    /// Any of them.
    Or(Vec<Condition>),
    /// Not so.
    Not(Box<Condition>),
    /// The value is NULL.
    IsNull(Operand),
    /// The value is one of these.
    In(Operand, Vec<Operand>),
    /// A comparison.
    Compare {
        /// Left side.
        left: Operand,
        /// Comparison.
        op: Comparator,
        /// Right side.
        right: Operand,
        /// Where it is written.
        span: Span,
    },
}

impl Condition {
    /// Calls `visit` on every operand in it and all inside them, not entering aggregates.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Operand)) {
        match self {
            Self::And(list) | Self::Or(list) => list.iter().for_each(|c| c.walk(visit)),
            Self::Not(inner) => inner.walk(visit),
            Self::IsNull(operand) => operand.walk(visit),
            Self::In(operand, list) => {
                operand.walk(visit);
                list.iter().for_each(|o| o.walk(visit));
            }
            Self::Compare { left, right, .. } => {
                left.walk(visit);
                right.walk(visit);
            }
        }
    }
}

/// Columns an operand reads.
#[must_use]
pub fn columns_of(operand: &Operand) -> Vec<String> {
    let mut found = Vec::new();
    operand.walk(&mut |o| {
        if let Operand::Column { name, .. } = o
            && !found.contains(name)
        {
            found.push(name.clone());
        }
    });
    found
}

/// Columns a condition reads.
#[must_use]
pub fn columns_of_condition(condition: &Condition) -> Vec<String> {
    let mut found = Vec::new();
    condition.walk(&mut |o| {
        if let Operand::Column { name, .. } = o
            && !found.contains(name)
        {
            found.push(name.clone());
        }
    });
    found
}

/// Whether it has an aggregate over the rows of `on`.
#[must_use]
pub fn over_on(operand: &Operand) -> bool {
    let mut found = false;
    operand.walk(&mut |o| {
        if let Operand::Aggregate(aggregate) = o {
            found |= aggregate.over == Over::On;
        }
    });
    found
}
