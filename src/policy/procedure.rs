//! Procedures: the phases of a restore in their order, for people who carry it out and for the record they keep.

use crate::source_text::Span;

/// How a restore is carried out.
#[derive(Clone, Debug)]
pub struct Procedure {
    /// Its name.
    pub name: String,
    /// Its title, possibly empty.
    pub title: String,
    /// How long all of it should take.
    pub expected: Option<Expected>,
    /// Its phases in their order, at least one.
    pub phases: Vec<Phase>,
    /// Those of its rollback, possibly none.
    pub rollback: Vec<Phase>,
    /// Where it is declared.
    pub span: Span,
}

/// One phase.
#[derive(Clone, Debug)]
pub struct Phase {
    /// Its name, unique among the phases or among those of the rollback.
    pub name: String,
    /// Its title, possibly empty.
    pub title: String,
    /// How long it should take.
    pub expected: Option<Expected>,
    /// The gate that must be open before it is over.
    pub gate: Option<String>,
}

/// A range of time, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// At least.
    pub from: i64,
    /// At most.
    pub to: i64,
}
