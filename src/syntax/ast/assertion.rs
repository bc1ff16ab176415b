//! Assertions, and what they are about.

use super::{Comparison, Expr, Literal, Measure, Name, Path, Pattern, Predicate};
use crate::source_text::Span;

/// A column, or a template's argument standing for one.
#[derive(Clone, Debug)]
pub enum Reference {
    /// A path.
    Path(Path),
    /// `$name`.
    Param(Name),
}

/// What says whose a row is.
#[derive(Clone, Debug)]
pub enum TenantBy {
    /// A column.
    Column(Name),
    /// The schema that its table is in: a pattern with a `*` where the tenant stands.
    Schema(Name),
}

/// `since BASELINE [except ...] [as of COLUMN, ... [with updates by COLUMN, ...]]`.
#[derive(Clone, Debug)]
pub struct Since {
    /// The baseline.
    pub baseline: Name,
    /// What may have changed.
    pub except: Vec<Excepted>,
    /// Columns that tell which rows are newer than the baseline.
    pub as_of: Vec<Path>,
    /// Columns that tell which rows were changed since.
    pub updates: Vec<Path>,
    /// Where it is written.
    pub span: Span,
}

/// What may have changed.
#[derive(Clone, Debug)]
pub enum Excepted {
    /// A tenant, as a text.
    Text(Name),
    /// A tenant, as a parameter without its dollar sign.
    Param(Name),
    /// Tables.
    Tables(Pattern),
}

/// What a source's block allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Answers that lead elsewhere are followed.
    Redirects,
    /// Names may lead to private addresses.
    Private,
    /// There may be nothing in it.
    Empty,
}

/// What columns must not hold anything of.
#[derive(Clone, Debug)]
pub enum Listing {
    /// A source, or a column of one, with the rows that count.
    Named(Reference, Option<Box<Predicate>>),
    /// What a query answers, of a source if one is named.
    Sql(Option<Name>, Name),
}

/// What must hold.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields are the parts of the form the variant is named for")]
pub enum Assertion {
    Sql {
        returns: Option<Literal>,
        text: Name,
    },
    Request {
        source: Name,
        method: Name,
        path: Name,
        status: Name,
        members: Vec<MemberTest>,
        within: Option<Measure>,
    },
    Attested {
        by: Name,
        within: Option<(Measure, Option<(Name, Expr)>)>,
    },
    Elements {
        quantifier: Name,
        pointer: Name,
        source: Name,
        filter: Option<Box<Predicate>>,
        has: Option<Box<Predicate>>,
    },
    Equals {
        subject: Path,
        of: Option<Excepted>,
        source: Name,
        except: Vec<Pattern>,
    },
    Absent {
        columns: Vec<Reference>,
        listing: Listing,
    },
    Every {
        kind: Name,
        state: Name,
    },
    Unique {
        columns: Vec<Name>,
        or_null: bool,
    },
    NotNull {
        columns: Vec<Name>,
    },
    State {
        subject: Path,
        state: Name,
        from: Option<Name>,
        label: Option<Name>,
        until: Option<Box<Expr>>,
        since: Option<Since>,
        rest: Option<Name>,
    },
    Within {
        value: Expr,
        limit: Measure,
        relation: Name,
        reference: Expr,
    },
    In {
        child: Vec<Reference>,
        parent: Parent,
        or_null: bool,
    },
    Between {
        value: Expr,
        low: Expr,
        high: Expr,
        per: Option<Per>,
    },
    Compare {
        left: Expr,
        op: Comparison,
        right: Expr,
        per: Option<Per>,
    },
    Rows(Predicate),
}

/// What a member of a JSON answer must be.
#[derive(Clone, Debug)]
pub struct MemberTest {
    /// Where it is, as a JSON pointer.
    pub pointer: Name,
    /// How it compares.
    pub op: Comparison,
    /// With what; `None` is `null`.
    pub value: Option<Literal>,
}

/// What a column must be in.
#[derive(Clone, Debug)]
pub enum Parent {
    /// Other columns.
    Columns(Vec<Reference>),
    /// A fixed list.
    List(Vec<Literal>),
}

/// `per columns [or null] [exact]`.
#[derive(Clone, Debug)]
pub struct Per {
    /// The group's columns.
    pub columns: Vec<Name>,
    /// Whether a NULL key is allowed.
    pub or_null: bool,
    /// Whether groups must be compared one by one.
    pub exact: bool,
    /// Where.
    pub span: Span,
}
