//! What was written, with its places and before any name is resolved.

mod assertion;
mod expr;

pub use assertion::{
    Assertion, Excepted, Listing, MemberTest, Parent, Per, Permission, Reference, Since, TenantBy,
};
pub use expr::{
    Argument, Comparison, Expr, ExprKind, Fallback, Literal, Measure, Member, Predicate, PredicateRight,
    Signed,
};

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
