//! Ast to [`Policy`]: names, types, units, arity. Nothing is connected to, and all mistakes come out at once.

mod assertions;
mod calls;
mod chains;
mod checks;
mod comparisons;
mod declarations;
mod elements;
mod equals;
mod erased;
mod gates;
mod hashings;
mod header;
#[cfg(test)]
mod hostile_tests;
mod joins;
mod json_profiles;
mod json_recipes;
mod ledgers;
mod literals;
mod looks;
mod loose;
mod objectives;
mod operands;
mod params;
mod predicates;
mod procedures;
mod profiles;
mod quantities;
mod recipes;
#[cfg(test)]
mod reference_tests;
mod references;
mod searches;
mod source_options;
mod sources;
#[cfg(test)]
mod spelling_tests;
mod sql_cage;
mod standard;
mod states;
mod templates;
mod tenancies;
#[cfg(test)]
mod tests;
mod time_recipes;
mod types;
mod unchanged;
mod waivers;
mod ways;
mod weaknesses;
mod when;

pub use literals::given;
pub use profiles::json_profiles;
pub use sources::secret_in;
pub use weaknesses::weaknesses;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::policy::{Param, Policy, RelationName, RelationPattern, Source};
use crate::source_text::{SourceSet, Span, Spanned};
use crate::syntax::ast::{Ast, Clause, Expr, Name, Path, Pattern, Statement};

/// What comes from outside the text.
#[derive(Clone, Debug)]
pub struct Given {
    /// Parameter values by name, as typed by the user.
    pub parameters: BTreeMap<String, String>,
    /// Whether a required parameter may be missing (lint, fmt and the like run nothing).
    pub lenient: bool,
    /// Today in UTC, for the reach of waivers.
    pub today: Date,
    /// Whether raw SQL is forbidden.
    pub no_raw_sql: bool,
}

/// Checks the files of one policy. With errors there is no policy; warnings may come with one.
#[must_use]
pub fn check(texts: &SourceSet, files: &[Ast], given: &Given) -> (Option<Policy>, Vec<Diagnostic>) {
    let mut checker = Checker::new(texts, given);
    checker.whole = files.iter().all(|ast| ast.whole && ast.statements.iter().all(whole));
    checker.lost.extend(files.iter().flat_map(|ast| ast.lost.iter().cloned()));
    let statements: Vec<&Statement> = files.iter().flat_map(|ast| &ast.statements).collect();
    let policy = checker.policy(&statements);
    let failed = checker.sink.has_errors() || !checker.whole;
    let mut found = checker.sink.finish();
    // A name whose declaration could not be read is reported there, and not again at each of its uses.
    found.retain(|d| d.code != Code::UnknownName || !checker.lost.contains(named(texts, d)));
    (if failed { None } else { policy }, found)
}

/// The name a diagnostic points at, without `$` and what follows a dot.
fn named<'t>(texts: &'t SourceSet, diagnostic: &Diagnostic) -> &'t str {
    let text = diagnostic.labels.first().map_or("", |label| texts.text(label.span));
    text.trim_start_matches('$').split('.').next().unwrap_or(text)
}

/// Names declared at the top level, by kind, so that a body may refer to what stands later.
#[derive(Default)]
struct Names {
    ledgers: Vec<String>,
    chains: Vec<String>,
    objectives: Vec<String>,
    gates: Vec<String>,
    checks: Vec<String>,
    tenancy: bool,
}

struct Checker<'a> {
    texts: &'a SourceSet,
    given: &'a Given,
    sink: Sink,
    schema: String,
    params: Vec<Param>,
    sources: Vec<Source>,
    names: Names,
    templates: BTreeMap<String, &'a Statement>,
    /// Arguments of the template being expanded: name, declared type, expression.
    slots: Vec<(String, String, Expr)>,
    /// Parameters, templates, ledgers ... that something used.
    used: BTreeSet<String>,
    /// Objectives that are measured on rows.
    over_rows: BTreeSet<String>,
    /// Names whose declaration is wrong and reported.
    lost: BTreeSet<String>,
    /// Whether every statement could be read.
    whole: bool,
}

/// Whether a statement's block could be read to its last statement.
fn whole(statement: &Statement) -> bool {
    statement.whole && statement.children.iter().all(whole)
}

impl<'a> Checker<'a> {
    fn new(texts: &'a SourceSet, given: &'a Given) -> Self {
        Self {
            texts,
            given,
            sink: Sink::default(),
            schema: "public".to_owned(),
            params: Vec::new(),
            sources: Vec::new(),
            names: Names::default(),
            templates: BTreeMap::new(),
            slots: Vec::new(),
            used: BTreeSet::new(),
            over_rows: BTreeSet::new(),
            lost: BTreeSet::new(),
            whole: true,
        }
    }

    fn policy(&mut self, statements: &[&'a Statement]) -> Option<Policy> {
        let header = self.header(statements);
        self.declare_params(statements);
        self.declare_sources(statements);
        self.declare_names(statements);
        let objectives = self.objectives(statements);
        let tenancy = self.tenancy(statements);
        let ledgers = self.ledgers(statements);
        let chains = self.chains(statements);
        let (gates, checks) = self.gates(statements);
        let procedures = self.procedures(statements, &gates);
        let waivers = self.waivers(statements, &checks, header.as_ref().and_then(|h| h.max_waiver));
        if checks.is_empty() && self.whole && !self.sink.has_errors() {
            let span = statements.first().map(|s| s.span).or_else(|| {
                let file = self.texts.files().first()?;
                let end = file.text.find('\n').unwrap_or(file.text.len());
                Some(Span { file: crate::source_text::FileId(0), start: 0, end })
            });
            let diagnostic = Diagnostic::error(Code::NothingToCheck, "the policy has no check")
                .help("add a `gate NAME { check NAME { require ... } }`");
            self.sink.push(match span {
                Some(span) => diagnostic.at(span, "nothing in this policy looks at anything"),
                None => diagnostic,
            });
        }
        let header = header?;
        // What seems unused or loose beside a mistake may only have been misspelt.
        if self.whole && !self.sink.has_errors() {
            self.report_unused(statements);
            self.report_loose(statements, &checks);
        }
        Some(Policy {
            name: header.name,
            title: header.title,
            owner: header.owner,
            schema: self.schema.clone(),
            exact: header.exact,
            params: std::mem::take(&mut self.params),
            sources: std::mem::take(&mut self.sources),
            objectives,
            tenancy,
            ledgers,
            chains,
            gates,
            checks,
            waivers,
            procedures,
        })
    }

    /// An error with what to write instead.
    fn error(&mut self, code: Code, message: impl Into<String>, at: (Span, &str), help: impl Into<String>) {
        self.sink.push(Diagnostic::error(code, message).at(at.0, at.1).help(help));
    }

    /// Keeps a value or reports why there is none.
    fn keep<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(diagnostic) => {
                self.sink.push(diagnostic);
                None
            }
        }
    }

    /// Reports a name that was declared before in its kind.
    fn unique(&mut self, seen: &mut BTreeMap<String, Span>, name: &Name, kind: &str) {
        if let Some(first) = seen.insert(name.node.clone(), name.span) {
            self.sink.push(
                Diagnostic::error(Code::Duplicate, format!("{kind} `{}` is declared twice", name.node))
                    .at(name.span, "again here")
                    .at(first, "first here")
                    .help("give one of them another name, or remove it"),
            );
        }
    }

    /// A relation written as `name` or `schema.name`.
    fn relation(&mut self, path: &Path) -> Option<RelationName> {
        match path.parts.as_slice() {
            [name] => Some(RelationName { schema: self.schema.clone(), name: name.node.clone() }),
            [schema, name] => Some(RelationName { schema: schema.node.clone(), name: name.node.clone() }),
            _ => {
                self.sink.push(
                    Diagnostic::error(Code::Malformed, format!("`{}` is not a table", path.dotted()))
                        .at(path.span, "too many parts")
                        .help("write `table` or `schema.table`"),
                );
                None
            }
        }
    }

    /// Tables written by name or pattern, those without a schema in the policy's.
    fn patterns(&self, tables: &[Pattern]) -> Vec<RelationPattern> {
        let pattern = |t: &Pattern| RelationPattern {
            schema: t.schema.clone().unwrap_or_else(|| self.schema.clone()),
            table: t.table.clone(),
            glob: t.glob,
            span: t.span,
        };
        tables.iter().map(pattern).collect()
    }

    /// A column written as `table.column` or `schema.table.column`.
    fn qualified(&mut self, path: &Path) -> Option<(RelationName, Spanned<String>)> {
        match path.parts.as_slice() {
            [table, column] => {
                Some((RelationName { schema: self.schema.clone(), name: table.node.clone() }, column.clone()))
            }
            [schema, table, column] => {
                Some((RelationName { schema: schema.node.clone(), name: table.node.clone() }, column.clone()))
            }
            _ => {
                self.sink.push(
                    Diagnostic::error(
                        Code::Malformed,
                        format!("`{}` does not name a table and a column", path.dotted()),
                    )
                    .at(path.span, "here")
                    .help("write `table.column` or `schema.table.column`"),
                );
                None
            }
        }
    }

    /// The one clause of a kind in a block; a second one is reported.
    fn once<'s>(
        &mut self,
        children: &'s [Statement],
        word: &str,
        is: fn(&Clause) -> bool,
    ) -> Option<&'s Statement> {
        let mut matching = children.iter().filter(|s| is(&s.clause));
        let first = matching.next();
        if let (Some(first), Some(again)) = (first, matching.next()) {
            self.sink.push(
                Diagnostic::error(Code::Duplicate, format!("`{word}` stands twice in one block"))
                    .at(again.span, "again here")
                    .at(first.span, "first here")
                    .help("remove one of them"),
            );
        }
        first
    }

    fn columns(names: &[Name]) -> Vec<(String, Span)> {
        names.iter().map(|n| (n.node.clone(), n.span)).collect()
    }
}
