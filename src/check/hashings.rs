//! How the rows of a chain were hashed: its keys, names for parts of recipes, the recipes, and what is bound to what.

use super::Checker;
use super::operands::Scope;
use super::recipes::Columns;
use crate::chain::spec::{Bind, Hashing, How, KeyEncoding, KeyOrigin, KeyRef, Recipe};
use crate::chain::visit;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::RelationName;
use crate::policy::operand::Condition;
use crate::source_text::Span;
use crate::syntax::ast::{Address, Clause, Expr, HowHashed, Name, Path, Predicate, Statement};

/// The `hash` clauses of a chain.
pub(super) struct Hashed {
    pub(super) column: usize,
    pub(super) hashings: Vec<Hashing>,
    /// Columns that every recipe reads.
    pub(super) covered: Vec<usize>,
    /// Why rows are accepted as linked only.
    pub(super) links_only: Vec<String>,
}

impl Hashed {
    /// The recipes.
    pub(super) fn recipes(&self) -> impl Iterator<Item = &Recipe> {
        self.hashings.iter().filter_map(|hashing| match &hashing.how {
            How::Recipe(recipe) => Some(recipe),
            How::LinksOnly => None,
        })
    }
}

impl<'a> Checker<'a> {
    /// `key NAME from ...`: where keys are kept.
    pub(super) fn keys(&mut self, children: &[Statement], columns: &mut Columns) {
        for statement in children {
            let Clause::Key { name, origin, encoding } = &statement.clause else { continue };
            if columns.keys.iter().any(|(key, _)| key.name == name.node) {
                let message = format!("key `{}` stands twice", name.node);
                self.error(Code::Duplicate, message, (name.span, "again"), "remove one of the two");
                continue;
            }
            let legal =
                [("text", KeyEncoding::Text), ("hex", KeyEncoding::Hex), ("base64", KeyEncoding::Base64)];
            let encoding = match encoding {
                None => KeyEncoding::Text,
                Some(word) => match legal.iter().find(|(known, _)| *known == word.node) {
                    Some((_, encoding)) => *encoding,
                    None => {
                        self.sink.push(
                            Diagnostic::error(
                                Code::BadRecipe,
                                format!("unknown spelling of a key `{}`", word.node),
                            )
                            .at(word.span, "not known")
                            .did_you_mean(&word.node, legal.iter().map(|(known, _)| *known)),
                        );
                        continue;
                    }
                },
            };
            let origin = match origin {
                Address::File(path) => KeyOrigin::File(path.node.clone()),
                Address::Env(variable) | Address::Literal(variable) | Address::Newest(variable, _) => {
                    KeyOrigin::Env(variable.node.clone())
                }
            };
            columns.keys.push((KeyRef { name: name.node.clone(), origin, encoding }, name.span));
        }
    }

    /// `let NAME = value`: names for parts of recipes.
    pub(super) fn lets(&mut self, children: &[Statement], columns: &mut Columns) {
        for statement in children {
            let Clause::Let { name, value } = &statement.clause else { continue };
            if columns.lets.iter().any(|(known, _)| *known == name.node) {
                let message = format!("`{}` is named twice", name.node);
                self.error(Code::Duplicate, message, (name.span, "again"), "use another name");
                continue;
            }
            columns.lets.push((name.node.clone(), value.clone()));
            columns.let_spans.push(name.span);
        }
        columns.visible = columns.lets.len();
    }

    /// The `hash` clauses.
    pub(super) fn hashings(
        &mut self,
        chain: &'a Statement,
        name: &Name,
        relation: &RelationName,
        columns: &mut Columns,
        conditions: &mut Vec<Condition>,
    ) -> Option<Hashed> {
        let clauses: Vec<&'a Statement> =
            chain.children.iter().filter(|s| matches!(s.clause, Clause::Hash { .. })).collect();
        if clauses.is_empty() {
            self.lacks(chain, name, "hash COLUMN = hex(sha256(...))");
            return None;
        }
        let mut hashed: Option<Hashed> = None;
        let mut wrong = false;
        let mut first: Option<&Path> = None;
        for statement in &clauses {
            let Clause::Hash { column, how, when } = &statement.clause else { continue };
            let Some(index) = self.chain_column(column, columns) else {
                wrong = true;
                continue;
            };
            match first {
                Some(other) if other.dotted() != column.dotted() => {
                    self.sink.push(
                        Diagnostic::error(Code::BadRecipe, "a chain has one column of hashes")
                            .at(column.span, format!("not `{}`", other.dotted()))
                            .at(other.span, "named first here")
                            .help("name the same column in each `hash`, or declare another chain"),
                    );
                    wrong = true;
                }
                Some(_) => {}
                None => first = Some(column),
            }
            let Some(when) = self.condition_of(when.as_ref(), relation, conditions) else {
                wrong = true;
                continue;
            };
            let hashed = hashed.get_or_insert_with(|| Hashed {
                column: index,
                hashings: Vec::new(),
                covered: Vec::new(),
                links_only: Vec::new(),
            });
            let mut covered = Vec::new();
            let how = match how {
                HowHashed::Recipe(expr) => {
                    let Some(recipe) = self.recipe(expr, columns, &mut covered) else {
                        wrong = true;
                        continue;
                    };
                    covered.sort_unstable();
                    covered.dedup();
                    self.covers(&covered, expr);
                    if hashed.recipes().next().is_none() {
                        hashed.covered = covered;
                    } else {
                        hashed.covered.retain(|column| covered.contains(column));
                    }
                    How::Recipe(recipe)
                }
                HowHashed::LinksOnly(because) => {
                    self.reason(because);
                    if when.is_none() && clauses.len() > 1 {
                        let help = "add `when ...` to say which rows";
                        let message = "this accepts every row that no other clause before it takes";
                        self.error(Code::BadRecipe, message, (statement.span, "for all rows"), help);
                        wrong = true;
                    }
                    hashed.links_only.push(because.node.clone());
                    How::LinksOnly
                }
            };
            if let Some(at) = hashed.hashings.iter().position(|other| other.how == how && other.when == when)
            {
                let message = format!("this says the same as `hash` clause {}", at + 1);
                self.error(Code::Duplicate, message, (statement.span, "again"), "remove it");
                wrong = true;
            }
            hashed.hashings.push(Hashing { how, when });
        }
        hashed.filter(|_| !wrong)
    }

    /// A recipe without a column hashes nothing of the row.
    fn covers(&mut self, covered: &[usize], recipe: &Expr) {
        if covered.is_empty() {
            let help = "name the columns that the application hashed";
            self.error(
                Code::BadRecipe,
                "the hash covers no column",
                (recipe.span, "nothing of the row in it"),
                help,
            );
        }
    }

    /// `Some(None)` when there is none, `None` when it is wrong.
    fn condition_of(
        &mut self,
        when: Option<&Predicate>,
        relation: &RelationName,
        conditions: &mut Vec<Condition>,
    ) -> Option<Option<usize>> {
        let Some(condition) = self.filter(when, &mut Scope::row(relation))? else { return Some(None) };
        conditions.push(condition);
        Some(Some(conditions.len() - 1))
    }

    /// `bind COLUMN = value`.
    pub(super) fn binds(
        &mut self,
        children: &[Statement],
        relation: &RelationName,
        columns: &mut Columns,
        conditions: &mut Vec<Condition>,
    ) -> Option<Vec<Bind>> {
        let mut binds = Vec::new();
        let mut wrong = false;
        for statement in children {
            let Clause::Bind { column, value, when } = &statement.clause else { continue };
            let Some(index) = self.chain_column(column, columns) else {
                wrong = true;
                continue;
            };
            let when = self.condition_of(when.as_ref(), relation, conditions);
            let mut read = Vec::new();
            match (self.recipe(value, columns, &mut read), when) {
                (Some(_), _) if read.contains(&index) => {
                    let message = format!("`{}` is bound to itself", column.dotted());
                    let help = "say what it must be by the other columns";
                    self.error(Code::BadRecipe, message, (value.span, "reads it"), help);
                    wrong = true;
                }
                (Some(value), Some(when)) if !read.is_empty() => {
                    binds.push(Bind { column: index, value, when });
                }
                (Some(_), Some(_)) => {
                    self.covers(&read, value);
                    wrong = true;
                }
                _ => wrong = true,
            }
        }
        (!wrong).then_some(binds)
    }

    /// Declared and not used is most likely a slip.
    pub(super) fn unused(&mut self, hashed: Option<&Hashed>, columns: &Columns) {
        let Some(hashed) = hashed else { return };
        let used: Vec<usize> = hashed.recipes().flat_map(visit::keys_of).collect();
        let mut slips: Vec<(String, Span)> = Vec::new();
        for (n, (key, span)) in columns.keys.iter().enumerate() {
            if !used.contains(&n) {
                slips.push((format!("key `{}`", key.name), *span));
            }
        }
        for ((name, _), span) in columns.lets.iter().zip(&columns.let_spans) {
            if !columns.used.contains(name) {
                slips.push((format!("`{name}`"), *span));
            }
        }
        for (what, span) in slips {
            self.sink.push(
                Diagnostic::warning(Code::Doubtful, format!("{what} is declared and no recipe uses it"))
                    .at(span, "not used")
                    .help("use it in a `hash`, or remove it"),
            );
        }
    }

    /// A reason says something.
    pub(super) fn reason(&mut self, because: &Name) {
        if because.node.trim().is_empty() {
            let help = "write why, for those who read the report";
            self.error(Code::Missing, "the reason is empty", (because.span, "here"), help);
        }
    }
}
