//! The checked model: plain data that cannot be wrong, made only by `check`.

pub mod assertion;
pub mod chain;
pub mod facts;
pub mod kind;
pub mod ledger;
pub mod look;
pub mod operand;
pub mod procedure;
pub mod source;
pub mod standard;
pub mod tenancy;

pub use kind::SourceKind;
pub use source::{Source, SourceAddress, SourceOptions};

use bigdecimal::BigDecimal;
use jiff::civil::Date;

use self::assertion::Assertion;
use self::chain::Chain;
use self::ledger::Ledger;
use self::operand::{Comparator, Condition, Operand};
use self::procedure::Procedure;
use self::tenancy::Tenancy;
use crate::source_text::Span;
use crate::value::{Type, Value};
use crate::verdict::Level;

/// A relation by its exact name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct RelationName {
    /// Schema, never empty.
    pub schema: String,
    /// Name within the schema.
    pub name: String,
}

impl std::fmt::Display for RelationName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// A policy whose every name, type and unit is known to fit together.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Identifier.
    pub name: String,
    /// Title, possibly empty.
    pub title: String,
    /// Owner, possibly empty.
    pub owner: String,
    /// Schema of names written without one.
    pub schema: String,
    /// Whether groups must be compared one by one wherever that is a choice.
    pub exact: bool,
    /// Parameters in declared order, with their values.
    pub params: Vec<Param>,
    /// Sources in declared order.
    pub sources: Vec<Source>,
    /// Objectives in declared order.
    pub objectives: Vec<Objective>,
    /// The tenancy, if declared.
    pub tenancy: Option<Tenancy>,
    /// Ledgers in declared order.
    pub ledgers: Vec<Ledger>,
    /// Chains in declared order.
    pub chains: Vec<Chain>,
    /// Gates in declared order.
    pub gates: Vec<Gate>,
    /// Checks in declared order; each names its gate.
    pub checks: Vec<Check>,
    /// Waivers in declared order.
    pub waivers: Vec<Waiver>,
    /// Procedures in declared order.
    pub procedures: Vec<Procedure>,
}

impl Policy {
    /// The value of a parameter: `None` for `all` and for one that was not given.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&Value> {
        self.params.iter().find(|p| p.name == name).and_then(|p| match &p.value {
            Some(ParamValue::Value(value)) => Some(value),
            _ => None,
        })
    }
}

/// A declared parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// Name without the dollar sign.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// The value in force: given, or the default; `None` only where none was needed (lint).
    pub value: Option<ParamValue>,
    /// Where it is declared.
    pub span: Span,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamValue {
    /// `all`: not narrowed.
    All,
    /// One value.
    Value(Value),
}

impl std::fmt::Display for ParamValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Value(value) => write!(f, "{value}"),
        }
    }
}

/// A figure with a limit.
#[derive(Clone, Debug)]
pub struct Objective {
    /// Its name, such as `rpo`.
    pub name: String,
    /// What is limited, and how far.
    pub target: Target,
    /// What it measures, as written.
    pub measures: String,
    /// Further figures that are shown with it and decide nothing.
    pub beside: Vec<Beside>,
    /// Where it is declared.
    pub span: Span,
}

/// A figure that is shown beside that of an objective.
#[derive(Clone, Debug)]
pub struct Beside {
    /// What it is called in a report, such as `archive lag`.
    pub name: String,
    /// What it measures, as written.
    pub measures: String,
    /// What it is.
    pub figure: Figure,
}

/// What is measured beside an objective.
#[derive(Clone, Debug)]
pub enum Figure {
    /// A span of time, held against the limit of the objective.
    Span {
        /// Where it begins.
        from: Operand,
        /// Where it ends.
        to: Operand,
    },
    /// The rows of a chain that its anchors know and that are gone.
    Lost {
        /// The chain, which has anchors.
        chain: String,
    },
}

impl Objective {
    /// Every value that it or what stands beside it is measured by.
    pub fn operands(&self) -> impl Iterator<Item = &Operand> {
        let own = match &self.target {
            Target::Span { from, to, .. } => Some([from, to]),
            Target::Share { .. } => None,
        };
        let beside = self.beside.iter().filter_map(|beside| match &beside.figure {
            Figure::Span { from, to } => Some([from, to]),
            Figure::Lost { .. } => None,
        });
        own.into_iter().chain(beside).flatten()
    }

    /// Whether it, or what stands beside it, is measured on rows.
    #[must_use]
    pub fn is_over_rows(&self) -> bool {
        let counts = |beside: &Beside| matches!(beside.figure, Figure::Lost { .. });
        self.operands().any(Operand::has_aggregate) || self.beside.iter().any(counts)
    }
}

/// What an objective limits.
#[derive(Clone, Debug)]
pub enum Target {
    /// A span of time.
    Span {
        /// The longest it may be, in microseconds.
        limit: i64,
        /// Where it begins.
        from: Operand,
        /// Where it ends.
        to: Operand,
    },
    /// A share of what should have happened.
    Share {
        /// The least it may be, as a fraction.
        least: BigDecimal,
        /// The source that knows.
        source: String,
        /// What it counts: `runs`, `drills` or `restores`.
        counted: &'static str,
        /// Over the time before now, in microseconds.
        over: i64,
    },
}

/// A gate.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Its identifier.
    pub id: String,
    /// Its title, possibly empty.
    pub title: String,
    /// The gate that must be open before this one can be.
    pub after: Option<String>,
    /// Where it is declared.
    pub span: Span,
}

/// One check: one id, one assertion, one verdict.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its identifier.
    pub id: String,
    /// The gate it belongs to.
    pub gate: String,
    /// Its title, possibly empty.
    pub title: String,
    /// Whether it closes the gate or only warns.
    pub level: Level,
    /// Source its relations are read from; `None` when it needs none.
    pub source: Option<String>,
    /// What it is about, when that is written as `on`.
    pub on: Option<On>,
    /// What must hold.
    pub assertion: Assertion,
    /// The assertion as written.
    pub written: String,
    /// Its condition, if any, and the condition as written.
    pub when: Option<When>,
    /// Controls it supports.
    pub controls: Vec<String>,
    /// Longest time one of its statements may take, in microseconds.
    pub timeout: Option<i64>,
    /// Where to read what to do.
    pub runbook: Option<String>,
    /// Whether having nothing to look at is fine.
    pub allow_empty: bool,
    /// Whether a waiver may cover it.
    pub waivable: bool,
    /// Its name in the text.
    pub span: Span,
}

/// `on patterns where condition`.
#[derive(Clone, Debug)]
pub struct On {
    /// Relations by pattern.
    pub patterns: Vec<RelationPattern>,
    /// Rows it is about.
    pub filter: Option<Condition>,
}

/// A relation or a pattern over relations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationPattern {
    /// Schema, exact.
    pub schema: String,
    /// Name, or a pattern with `*`.
    pub table: String,
    /// Whether `*` is a wildcard.
    pub glob: bool,
    /// Where it is written.
    pub span: Span,
}

impl RelationPattern {
    /// Whether it covers a relation. `*` stands for any number of characters.
    #[must_use]
    pub fn covers(&self, relation: &RelationName) -> bool {
        self.schema == relation.schema
            && if self.glob { wildcard(&self.table, &relation.name) } else { self.table == relation.name }
    }
}

/// `*` stands for any run of characters. Each star is settled once, at its earliest place, so that no pattern takes
/// more than the product of both lengths.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(mut last) = parts.next() else { return rest.is_empty() };
    for part in parts {
        match rest.find(last) {
            Some(at) => rest = rest.get(at + last.len()..).unwrap_or(""),
            None => return false,
        }
        last = part;
    }
    rest.ends_with(last)
}

/// `when left op right`.
#[derive(Clone, Debug)]
pub struct When {
    /// Left side.
    pub left: Operand,
    /// Comparison.
    pub op: Comparator,
    /// Right side; `None` is `all`.
    pub right: Option<Operand>,
    /// As written.
    pub written: String,
}

/// A waiver.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// The check it is for.
    pub check: String,
    /// Last day, inclusive to 24:00 UTC.
    pub until: Date,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Where it is declared.
    pub span: Span,
}

/// Names of the sources whose facts a check's values, condition or objective mention.
#[must_use]
pub fn fact_sources(policy: &Policy, check: &Check) -> Vec<String> {
    let mut operands: Vec<&Operand> = Vec::new();
    let mut names = Vec::new();
    match &check.assertion {
        Assertion::Values(list) | Assertion::Groups(list, _) => {
            operands.extend(list.iter().flat_map(|c| [&c.left, &c.right]));
        }
        Assertion::State(assertion::State::Met(name)) => {
            for objective in policy.objectives.iter().filter(|o| o.name == *name) {
                operands.extend(objective.operands());
                if let Target::Share { source, .. } = &objective.target {
                    names.push(source.clone());
                }
            }
        }
        Assertion::State(assertion::State::Source(source, _))
        | Assertion::Request(source, _)
        | Assertion::Elements(source, _) => names.push(source.clone()),
        Assertion::Attested(source, attested) => {
            names.push(source.clone());
            operands.extend(attested.from.iter().chain(&attested.to));
        }
        Assertion::Way(way) => {
            names.push(way.archive.clone());
            names.extend(way.from.clone());
            operands.extend(&way.until);
        }
        Assertion::Unchanged(unchanged) => names.push(unchanged.since.clone()),
        Assertion::Equal(equal) => names.push(equal.source.clone()),
        Assertion::Absent(absent) => names.extend(absent.listing.source().map(str::to_owned)),
        _ => {}
    }
    if let Some(when) = &check.when {
        operands.push(&when.left);
        operands.extend(&when.right);
    }
    for operand in operands {
        operand.walk(&mut |o| {
            if let Operand::Fact(fact) = o {
                names.push(fact.source.clone());
            }
        });
    }
    names
}

/// An exact tolerance; zero when none is declared.
pub type Tolerance = BigDecimal;

#[cfg(test)]
mod tests {
    use super::wildcard;

    #[test]
    fn wildcards_match_any_run() {
        assert!(wildcard("*", "anything"));
        assert!(wildcard("Journal*", "JournalEntry"));
        assert!(wildcard("*a*b", "xxaYYb"));
        assert!(!wildcard("Journal*", "GeneralLedger"));
        assert!(!wildcard("a*b", "ab_c"));
        assert!(wildcard("a*a", "aba") && !wildcard("a*a", "a"));
        assert!(!wildcard(&"*a".repeat(40), &"a".repeat(39)));
    }
}
