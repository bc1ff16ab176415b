//! What a check says must hold.

use super::RelationName;
use super::look::{Attested, Elements, Request, Way};
use super::operand::{Comparator, Condition, Operand};
use super::standard::Rule;
use crate::source_text::Span;
use crate::value::Value;

/// A comparison that must hold.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Left side.
    pub left: Operand,
    /// Comparison.
    pub op: Comparator,
    /// Right side.
    pub right: Operand,
    /// Where it is written.
    pub span: Span,
}

/// Columns of one relation.
#[derive(Clone, Debug)]
pub struct ColumnSet {
    /// The relation; `None` for the relation of `on`.
    pub relation: Option<RelationName>,
    /// Column names, at least one.
    pub columns: Vec<(String, Span)>,
    /// Where it is written.
    pub span: Span,
}

/// `per columns [or null] [exact]`.
#[derive(Clone, Debug)]
pub struct Per {
    /// The group's columns.
    pub columns: Vec<(String, Span)>,
    /// Whether a NULL key is allowed.
    pub or_null: bool,
    /// Whether groups must be compared one by one.
    pub exact: bool,
}

/// States a thing can be required to be in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A ledger balances.
    Balanced(String),
    /// Every tenant-keyed row has a tenant and every table is accounted for.
    Complete,
    /// No reference crosses tenants.
    Isolated,
    /// An audit chain is whole.
    Intact(String),
    /// An objective is met.
    Met(String),
    /// A source is in one of the states of its kind.
    Source(String, &'static str),
}

/// Something that must be what it was when a baseline was taken.
#[derive(Clone, Debug)]
pub struct Unchanged {
    /// What.
    pub subject: Subject,
    /// The source that holds the baseline.
    pub since: String,
    /// Tenants that may have changed: parameters and texts.
    pub except: Vec<super::operand::Operand>,
    /// Tables that may have changed.
    pub tables: Vec<super::RelationPattern>,
    /// Columns that tell which rows are newer than the baseline: those are not compared.
    pub as_of: Vec<CutOff>,
    /// Columns that tell which of the other rows were changed since: those are counted apart.
    pub updates: Vec<CutOff>,
}

/// A column whose greatest value in a baseline is a cut-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutOff {
    /// The relation, where one is named; any that has the column otherwise.
    pub relation: Option<RelationName>,
    /// The column.
    pub column: String,
    /// Where it is written.
    pub span: Span,
}

/// Something that must be what another source holds.
#[derive(Clone, Debug)]
pub struct Equal {
    /// What.
    pub subject: Subject,
    /// The tenant whose rows alone are compared: a parameter or a text; `None` for all rows.
    pub of: Option<super::operand::Operand>,
    /// The other source: an archive or a baseline.
    pub source: String,
    /// Whether that source is a baseline.
    pub sealed: bool,
    /// Tables that are left out.
    pub tables: Vec<super::RelationPattern>,
}

/// People who must not be found again.
#[derive(Clone, Debug)]
pub struct Absent {
    /// Where they are looked for: one column each.
    pub columns: Vec<ColumnSet>,
    /// Who they are.
    pub listing: Listing,
}

/// What names subjects.
#[derive(Clone, Debug)]
pub enum Listing {
    /// A source of kind `list`, and whether it may name nobody.
    File(String, bool),
    /// A column of a source; `None` is the source of the check.
    Column {
        /// The source.
        source: Option<String>,
        /// The relation.
        relation: RelationName,
        /// Its column.
        column: (String, Span),
        /// The rows that count.
        filter: Option<Box<Condition>>,
    },
    /// What a query of a source answers; `None` is the source of the check.
    Sql(Option<String>, Box<RawSql>),
}

impl Listing {
    /// The source, where it is another than that of the check or may be.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::File(source, _) => Some(source),
            Self::Column { source, .. } | Self::Sql(source, _) => source.as_deref(),
        }
    }
}

/// What must not have changed.
#[derive(Clone, Debug)]
pub enum Subject {
    /// The rows of every tenant, and those of nobody.
    Tenancy,
    /// The objects of the database.
    Schema,
    /// The large objects of the database.
    LargeObjects,
    /// The rows of a relation.
    Relation(RelationName, Span),
}

/// What raw SQL must return.
#[derive(Clone, Debug)]
pub enum Returns {
    /// No rows.
    NoRows,
    /// One row with one column of this value.
    Value(Value),
}

/// Raw SQL, already caged.
#[derive(Clone, Debug)]
pub struct RawSql {
    /// The statement with `$1`, `$2` ... in place of names.
    pub text: String,
    /// Parameter names by number, from 1.
    pub parameters: Vec<String>,
    /// Functions it calls, each as optional schema and name, to be judged by the catalogue.
    pub functions: Vec<(Option<String>, String)>,
    /// Relations it reads, each as optional schema and name; names of its own WITH queries left out.
    pub relations: Vec<(Option<String>, String)>,
    /// Where it is written.
    pub span: Span,
}

/// What must hold.
#[derive(Clone, Debug)]
pub enum Assertion {
    /// Comparisons of values of the relation or the run; all must hold.
    Values(Vec<Comparison>),
    /// Comparisons that must hold in every group.
    Groups(Vec<Comparison>, Per),
    /// A condition every row must satisfy.
    Rows(Condition),
    /// Every key of the child is a key of the parent.
    References {
        /// Child columns.
        child: ColumnSet,
        /// Parent columns, as many.
        parent: ColumnSet,
        /// Whether a NULL in the child is fine.
        or_null: bool,
    },
    /// No two rows agree in all these columns.
    Unique {
        /// The columns.
        columns: ColumnSet,
        /// Whether rows with a NULL among them are fine.
        or_null: bool,
    },
    /// No row has NULL in any of these columns.
    NotNull(ColumnSet),
    /// A declared thing is in a state.
    State(State),
    /// The objects of a database are as they must be.
    Standard(Rule),
    /// Raw SQL returns what it must.
    Sql(Returns, RawSql),
    /// A service, by its source, answers a request as it must.
    Request(String, Box<Request>),
    /// Elements of a document, by its source, are as they must be.
    Elements(String, Elements),
    /// Somebody said so, in the statements of a source.
    Attested(String, Attested),
    /// WAL leads from a backup to an instant.
    Way(Way),
    /// Something is what it was when a baseline was taken.
    Unchanged(Unchanged),
    /// Something is what another source holds.
    Equal(Equal),
    /// Nobody of a list is found.
    Absent(Absent),
}
