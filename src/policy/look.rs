//! Looks at sources that hold no rows: what a check asks of them beyond single facts.

use super::operand::{Comparator, Operand};
use crate::value::Value;

/// `SOURCE METHOD "/path" returns 200 with json ... within ...`, and how often it is tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `GET` or `HEAD`.
    pub method: String,
    /// Path and query, from the first slash.
    pub path: String,
    /// The status the answer must have.
    pub status: u16,
    /// What members of its JSON body must be.
    pub members: Vec<MemberTest>,
    /// The longest it may take, in microseconds.
    pub within: Option<i64>,
    /// How often it is tried again.
    pub retry: Option<Retry>,
}

/// What one member must be.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberTest {
    /// Where it is: a JSON pointer.
    pub pointer: String,
    /// How it compares.
    pub op: Comparator,
    /// With what; `None` is `null`.
    pub value: Option<Value>,
}

/// `retry every 5s for 3min`, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// From the end of one attempt to the next.
    pub every: i64,
    /// No attempt begins later than this after the first.
    pub limit: i64,
}

/// Which elements must be as said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// All, and there is one.
    Every,
    /// At least one.
    Some,
    /// None of those there are.
    No,
}

impl Quantifier {
    /// The word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Every => "every",
            Self::Some => "some",
            Self::No => "no",
        }
    }

    /// All of them.
    pub const ALL: [Self; 3] = [Self::Every, Self::Some, Self::No];
}

/// `every "/Statement" of SOURCE where ... has ...`.
#[derive(Clone, Debug, PartialEq)]
pub struct Elements {
    /// Which of them.
    pub quantifier: Quantifier,
    /// Where they are: a JSON pointer to an array, or to one object that stands for itself.
    pub pointer: String,
    /// Of which elements it speaks.
    pub filter: Option<Test>,
    /// What they must be.
    pub has: Option<Test>,
}

/// A condition on an element of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// All of them.
    And(Vec<Test>),
    /// Any of them.
    Or(Vec<Test>),
    /// Not so.
    Not(Box<Test>),
    /// There is no such member, or it is null.
    Null(Vec<String>),
    /// A member is one of these; of an array, each element is.
    In(Vec<String>, Vec<Value>),
    /// A member compares; of an array, an element does.
    Compare(Vec<String>, Comparator, Value),
}

/// `ARCHIVE is continuous from BACKUP until VALUE`.
#[derive(Clone, Debug)]
pub struct Way {
    /// The archive that the WAL is in.
    pub archive: String,
    /// The backup that a restore begins with; without one, the oldest segment is where it begins.
    pub from: Option<String>,
    /// Which of its backups, by label; without one, the newest finished.
    pub label: Option<String>,
    /// The instant that is to be reached; without one, the newest segment is.
    pub until: Option<Operand>,
}

/// `attested by "WHO" within ...`.
#[derive(Clone, Debug)]
pub struct Attested {
    /// Who must have said it.
    pub by: String,
    /// Not before this instant.
    pub from: Option<Operand>,
    /// Not after this instant.
    pub to: Option<Operand>,
}
