//! Literals, value expressions and row predicates.

use super::{Name, Path};
use crate::source_text::{Span, Spanned};

/// A literal, or a parameter in its place.
#[derive(Clone, Debug)]
pub enum Literal {
    /// `all`, the widest value of a text parameter.
    All(Span),
    /// `true` or `false`.
    Bool(bool, Span),
    /// Text.
    Text(Name),
    /// A number with or without a unit.
    Quantity(Signed),
    /// A date or an instant.
    Timestamp(Name),
    /// `$name`.
    Param(Name),
}

impl Literal {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::All(span) | Self::Bool(_, span) => *span,
            Self::Text(name) | Self::Timestamp(name) | Self::Param(name) => name.span,
            Self::Quantity(signed) => signed.text.span,
        }
    }
}

/// A quantity with a possible minus sign.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Whether a minus stands before it.
    pub negative: bool,
    /// The quantity as written.
    pub text: Name,
}

/// A comparison operator with its place.
pub type Comparison = Spanned<String>;

/// A value expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What kind.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// Kinds of value expressions.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields are the parts of the form the variant is named for")]
pub enum ExprKind {
    /// A number with or without a unit, as written.
    Quantity(String),
    /// A date or instant, as written.
    Timestamp(String),
    /// Text.
    Text(String),
    /// `$name`.
    Param(String),
    /// A column, relation, fact or word.
    Path(Path),
    /// `name(argument, ...)`.
    Call { name: Path, arguments: Vec<Argument> },
    /// `path of "text"`.
    FactOf { path: Path, of: Name },
    /// `99.9% of value`.
    Share { percent: Measure, of: Box<Expr> },
    /// `{ key: value, ... }`.
    Object(Vec<Member>),
    /// `[ value, ... ]`.
    Array(Vec<Expr>),
    /// `-value`.
    Negate(Box<Expr>),
    /// `left op right`, op one of `+ - * /`.
    Binary { op: char, left: Box<Expr>, right: Box<Expr> },
    /// `value ?? fallback`.
    Fallback { value: Box<Expr>, fallback: Fallback },
}

/// What stands for NULL.
#[derive(Clone, Debug)]
pub enum Fallback {
    /// `null`.
    Null(Span),
    /// `omit`.
    Omit(Span),
    /// `omit_empty`.
    OmitEmpty(Span),
    /// A text.
    Text(Name),
    /// A number.
    Quantity(Name),
    /// An instant.
    Timestamp(Name),
    /// Another value: a column or a call.
    Value(Box<Expr>),
}

impl Fallback {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Null(span) | Self::Omit(span) | Self::OmitEmpty(span) => *span,
            Self::Text(name) | Self::Quantity(name) | Self::Timestamp(name) => name.span,
            Self::Value(expr) => expr.span,
        }
    }
}

/// An argument of a call, possibly narrowed.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The value.
    pub value: Expr,
    /// `where ...`.
    pub filter: Option<Predicate>,
}

/// A member of an object.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its key.
    pub key: Name,
    /// Its value; `None` when the key alone names a column.
    pub value: Option<Expr>,
    /// `key ?? fallback`.
    pub fallback: Option<Fallback>,
}

/// A condition on one row.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields are the parts of the form the variant is named for")]
pub enum Predicate {
    And(Vec<Predicate>),
    Or(Vec<Predicate>),
    Not(Box<Predicate>, Span),
    IsNull { value: Expr, negated: bool },
    In { value: Expr, list: Vec<Literal>, negated: bool },
    Between { value: Expr, low: Expr, high: Expr },
    Compare { left: Expr, op: Comparison, right: PredicateRight },
}

/// The right side of a comparison in a predicate.
#[derive(Clone, Debug)]
pub enum PredicateRight {
    /// `true` or `false`.
    Bool(bool, Span),
    /// Any value.
    Value(Expr),
}

/// A quantity with its unit, written out or given by a parameter.
#[derive(Clone, Debug)]
pub enum Measure {
    /// As written.
    Written(Name),
    /// `$name`, without the `$`.
    Param(Name),
}

impl Measure {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Written(name) | Self::Param(name) => name.span,
        }
    }
}
