//! Ledgers, in the three shapes real systems use.

use super::operand::{Condition, Operand};
use super::{RelationName, Tolerance};
use crate::source_text::Span;
use crate::value::Value;

/// How a line says how much it moves, and to which side.
#[derive(Clone, Debug)]
pub enum Amount {
    /// A debit and a credit column; NULL counts as zero.
    TwoColumns {
        /// Debit.
        debit: Operand,
        /// Credit.
        credit: Operand,
    },
    /// One amount, positive for debit and negative for credit.
    Signed(Operand),
    /// An amount and a column that tells its side.
    Sided {
        /// The amount.
        amount: Operand,
        /// The side column.
        side: String,
        /// Its values for debit.
        debit: Vec<Value>,
        /// Its values for credit.
        credit: Vec<Value>,
        /// Where the side column is written.
        span: Span,
    },
}

/// Rules of a ledger that are on unless switched off with a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Every line belongs to an entry.
    OrphanLines,
    /// Every entry has lines.
    EmptyEntries,
    /// Exactly one side of a line is not zero (two columns only).
    OneSided,
    /// No amount is negative (not for signed amounts).
    NonNegative,
}

impl Rule {
    /// Word and rule.
    pub const ALL: [(&'static str, Self); 4] = [
        ("orphan_lines", Self::OrphanLines),
        ("empty_entries", Self::EmptyEntries),
        ("one_sided", Self::OneSided),
        ("non_negative", Self::NonNegative),
    ];
}

/// The entry a line belongs to.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Columns of the line.
    pub columns: Vec<(String, Span)>,
    /// The relation of entries.
    pub relation: RelationName,
    /// Its key; `None` for its primary key.
    pub key: Option<Vec<String>>,
    /// Which entries count, such as posted ones; lines of others do not.
    pub filter: Option<Condition>,
    /// Where it is written.
    pub span: Span,
}

/// Header totals.
#[derive(Clone, Debug)]
pub struct Totals {
    /// Column of the entry relation with the total of debits (or the only total).
    pub debit: (String, Span),
    /// Column with the total of credits, if there is one.
    pub credit: Option<(String, Span)>,
}

/// A running balance kept in the lines.
#[derive(Clone, Debug)]
pub struct Running {
    /// The column that holds it.
    pub column: (String, Span),
    /// Columns of the account it runs over.
    pub per: Vec<(String, Span)>,
    /// Columns that give the order of postings.
    pub order: Vec<(String, Span)>,
}

/// A ledger.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// Its name.
    pub name: String,
    /// The relation of lines.
    pub relation: RelationName,
    /// Which lines count.
    pub filter: Option<Condition>,
    /// The entries, if lines belong to entries.
    pub entry: Option<Entry>,
    /// Amounts.
    pub amount: Amount,
    /// Groups in which debits equal credits; an empty group is "overall".
    pub balances: Vec<Vec<(String, Span)>>,
    /// Header totals, if any.
    pub totals: Option<Totals>,
    /// Running balance, if any.
    pub running: Option<Running>,
    /// Largest difference that still counts as equal; zero unless declared.
    pub tolerance: Tolerance,
    /// Whether groups must be compared one by one.
    pub exact: bool,
    /// Rules switched off, with the reason.
    pub without: Vec<(Rule, String)>,
    /// Where it is declared.
    pub span: Span,
}
