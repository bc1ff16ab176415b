//! What was written, with its places and before any name is resolved.

use crate::source_text::{FileId, Span, Spanned};

/// A name with its place.
pub type Name = Spanned<String>;

/// A file as statements.
#[derive(Clone, Debug)]
pub struct Ast {
    /// Which file.
    pub file: FileId,
    /// Its top-level statements, in order.
    pub statements: Vec<Statement>,
    /// Names that statements which could not be read may have declared.
    pub lost: Vec<String>,
    /// Whether every top-level statement could be read.
    pub whole: bool,
}

/// One statement and, if it has a block, what stands in it.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it says.
    pub clause: Clause,
    /// The statement without its block.
    pub span: Span,
    /// The statements of its block.
    pub children: Vec<Statement>,
    /// Whether every statement of its block could be read; what seems to lack may only have been misspelt.
    pub whole: bool,
}

/// A dotted name such as `ledger.JournalEntry.id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Its parts, at least one.
    pub parts: Vec<Name>,
    /// All of it.
    pub span: Span,
}

impl Path {
    /// The parts as text, for messages and look-ups.
    #[must_use]
    pub fn dotted(&self) -> String {
        self.parts.iter().map(|part| part.node.as_str()).collect::<Vec<_>>().join(".")
    }

    /// The name when there is only one part.
    #[must_use]
    pub fn single(&self) -> Option<&Name> {
        match self.parts.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// A table pattern such as `*`, `ledger.*` or `JournalEntry`; parts keep their backticks off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Schema part, if written.
    pub schema: Option<String>,
    /// Table part, possibly with `*`.
    pub table: String,
    /// Whether `*` in it is a wildcard (not so inside backticks).
    pub glob: bool,
    /// Where.
    pub span: Span,
}

/// One statement's content. The variants are grouped by the block they belong to.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "fields are named for the words of the language; grammar/REFERENCE.md explains them"
)]
pub enum Clause {
    // top level
    Policy { name: Name, title: Option<Name> },
    Include { path: Name },
    Param { name: Name, ty: Name, default: Option<Literal> },
    Source { kind: Name, name: Name, address: Option<Address> },
    Objective { name: Name, target: Name, of: Target },
    Tenancy { key: Path, by: TenantBy },
    Ledger { name: Name, on: Path, filter: Option<Predicate> },
    Chain { name: Name, on: Path, filter: Option<Predicate> },
    Template { name: Name, slots: Vec<(Name, Name)> },
    Gate { name: Name, title: Option<Name>, on: Option<Name>, after: Option<Name> },
    Waive { check: Name },
    Procedure { name: Name, title: Option<Name> },
    // procedure and its rollback
    Phase { name: Name, title: Option<Name>, expected: Option<(Name, Name)>, gate: Option<Name> },
    Expect { from: Name, to: Name },
    Rollback,
    // objective
    Beside { name: Name, of: Beside },
    // source
    Named { pattern: Name, zone: Option<Name> },
    Cadence { every: Name },
    Checksums { lists: Vec<Name> },
    Header { name: Name, value: Address },
    Permit { what: Permission },
    Pepper { value: Address },
    MaxBody { limit: Name },
    // policy and waive
    Language { version: Name },
    Owner { owner: Name },
    Schema { schema: Name },
    MaxWaiver { limit: Name },
    // policy and ledger
    Exact,
    // waive
    Until { date: Name },
    Reason { reason: Name },
    Approved { by: Name },
    // tenancy
    Global { tables: Vec<Pattern>, because: Name },
    Reached { table: Path, through: Vec<Name>, of: Path },
    Bridge { from: Vec<Reference>, to: Vec<Reference> },
    // ledger
    Entry { columns: Vec<Name>, of: Path, filter: Option<Predicate> },
    Debit { value: Expr },
    Credit { value: Expr },
    Amount { value: Expr, side: Option<Side> },
    Balance { groups: Vec<Grouping> },
    Totals { columns: Vec<Path> },
    Running { column: Name, per: Vec<Name>, order: Vec<Name> },
    Tolerance { amount: Name },
    Without { rule: Name, because: Name },
    // chain
    Join { each: bool, table: Path, alias: Option<Name>, by: Vec<Name>, to: Vec<Name>, order: Vec<Name> },
    Split { columns: Vec<Path> },
    Order { columns: Vec<OrderKey>, dense_from: Option<Name> },
    Link { column: Option<Path>, genesis: Option<Expr> },
    Hash { column: Path, how: HowHashed, when: Option<Predicate> },
    Key { name: Name, origin: Address, encoding: Option<Name> },
    Let { name: Name, value: Expr },
    Bind { column: Path, value: Expr, when: Option<Predicate> },
    AllowRows { pruned: bool, because: Name },
    Anchor { origin: Address },
    Search { column: Path, sought: Sought },
    // gate, template and check
    Check { name: Name, title: Option<Name>, template: Option<(Name, Vec<Expr>)> },
    On { tables: Vec<Pattern>, filter: Option<Predicate> },
    Assert { required: bool, assertion: Assertion, written: Span },
    When { left: Expr, op: Comparison, right: WhenRight },
    Evidence { controls: Vec<Name> },
    Timeout { limit: Measure },
    Runbook { url: Name },
    AllowEmpty,
    Unwaivable,
    LeaveOut { member: Name, object: Option<Name>, because: Name },
    Retry { every: Measure, limit: Measure },
}

/// What an objective limits.
#[derive(Clone, Debug)]
pub enum Target {
    /// `from a to b`.
    Span(Expr, Expr),
    /// `of source.fact over duration`.
    Share(Path, Name),
}

/// What stands beside an objective's figure.
#[derive(Clone, Debug)]
pub enum Beside {
    /// `from a to b`.
    Span(Expr, Expr),
    /// `from anchors of chain`.
    Anchors(Name),
}

/// What a chain's `search` tries.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields are the parts of the form the variant is named for")]
pub enum Sought {
    /// `window from..to step step`.
    Window { from: Signed, to: Signed, step: Option<Name> },
    /// `digits 9 rounded`.
    Digits { digits: Name, rounded: bool },
    /// `zones`.
    Zones,
    /// `members`.
    Members,
}

/// How a chain's hash was computed.
#[derive(Clone, Debug)]
pub enum HowHashed {
    /// `= recipe`.
    Recipe(Expr),
    /// `links only because "..."`: it cannot be recomputed.
    LinksOnly(Name),
}

/// A column of a chain's order.
#[derive(Clone, Debug)]
pub struct OrderKey {
    /// The column.
    pub column: Path,
    /// Whether `int(...)` stands around it: text that is ordered as a number.
    pub number: bool,
}

/// Where a source's address comes from.
#[derive(Clone, Debug)]
pub enum Address {
    /// An environment variable.
    Env(Name),
    /// A file holding the address.
    File(Name),
    /// Written out.
    Literal(Name),
    /// A pattern of file names, of which the newest counts; where `newest` is written.
    Newest(Name, Span),
}

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

/// The sides of an amount column.
#[derive(Clone, Debug)]
pub struct Side {
    /// The column that tells the side.
    pub column: Name,
    /// Its values for debit.
    pub debit: Vec<Literal>,
    /// Its values for credit.
    pub credit: Vec<Literal>,
}

/// One group in which a ledger must balance.
#[derive(Clone, Debug)]
pub enum Grouping {
    /// All lines together.
    Overall(Span),
    /// Per value of these columns.
    Per(Vec<Name>, Span),
}

/// A column, or a template's argument standing for one.
#[derive(Clone, Debug)]
pub enum Reference {
    /// A path.
    Path(Path),
    /// `$name`.
    Param(Name),
}

/// The right side of `when`.
#[derive(Clone, Debug)]
pub enum WhenRight {
    /// `all`.
    All(Span),
    /// `true` or `false`.
    Bool(bool, Span),
    /// Any value.
    Value(Expr),
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
