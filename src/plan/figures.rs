//! Values that are made of observations: figures of objectives, and scalars.

use super::Obligation;
use crate::policy::operand::Arithmetic;
use crate::value::Type;
use crate::value::Value;

/// A figure of an objective.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What it measures, as written.
    pub written: String,
    /// What it is made of, or why it could not be planned.
    pub figure: Result<Figured, String>,
    /// What must be so for it to be believed.
    pub needs: Vec<Obligation>,
}

/// What a figure is made of.
#[derive(Clone, Debug)]
pub enum Figured {
    /// A span of time.
    Span {
        /// Where it begins.
        from: Scalar,
        /// Where it ends.
        to: Scalar,
    },
    /// Rows that the anchors of a chain know and that are gone.
    Lost {
        /// Key of the chain's report.
        key: String,
    },
}

/// A figure that is shown beside that of an objective.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub measured: Measured,
}

/// A value made of observations.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// A fixed value.
    Literal(Value),
    /// An observed cell.
    Observed {
        /// Key of the cell.
        key: String,
        /// What it must read as.
        ty: Type,
        /// Key of the count of NULLs an aggregate skipped, if that makes it unknown.
        skipped: Option<String>,
        /// What it is, for people.
        what: String,
    },
    /// Arithmetic.
    Binary(Arithmetic, Box<Scalar>, Box<Scalar>),
    /// `-value`.
    Negate(Box<Scalar>),
    /// `value ?? fallback`.
    Coalesce(Box<Scalar>, Value),
}
