//! Chains: split, order, link, hash, search.

use super::operands::Scope;
use super::recipes::Columns;
use super::{Checker, literals};
use crate::chain::spec::{Genesis, Recipe, Search};
use crate::chain::visit;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::chain::Chain;
use crate::syntax::ast::{Clause, Expr, ExprKind, Name, Signed, Statement};
use crate::value::{Type, Value};

/// Most candidates a search may try for one row.
const MAX_CANDIDATES: u64 = 1_000_000;

impl<'a> Checker<'a> {
    pub(super) fn chains(&mut self, statements: &[&'a Statement]) -> Vec<Chain> {
        statements.iter().filter_map(|s| self.chain(s)).collect()
    }

    fn chain(&mut self, statement: &'a Statement) -> Option<Chain> {
        let Clause::Chain { name, on, filter } = &statement.clause else { return None };
        let relation = self.relation(on)?;
        let filter = self.filter(filter.as_ref(), &mut Scope::row(&relation));
        let children = &statement.children;
        let mut columns = Columns::default();

        let split =
            match self.once(children, "split by", |c| matches!(c, Clause::Split { .. })).map(|s| &s.clause) {
                Some(Clause::Split { columns: list }) => list.iter().map(|c| columns.index(c)).collect(),
                _ => Vec::new(),
            };
        let order = self.once(children, "order by", |c| matches!(c, Clause::Order { .. })).map(|s| &s.clause);
        let (order, numeric, dense_from) = match order {
            Some(Clause::Order { columns: list, dense_from }) => {
                if let (Some(dense), true) = (dense_from, list.len() > 1) {
                    let help = "order by the one column that counts without gaps";
                    self.error(
                        Code::BadAssertion,
                        "a dense order has one column",
                        (dense.span, "several columns"),
                        help,
                    );
                }
                let dense = dense_from.as_ref().and_then(|d| self.whole(d));
                let order: Vec<usize> = list.iter().map(|key| columns.index(&key.column)).collect();
                let numbers = order.iter().zip(list).filter(|(_, key)| key.number);
                (order.clone(), numbers.map(|(index, _)| *index).collect(), dense)
            }
            _ => {
                self.lacks(statement, name, "order by COLUMN");
                (Vec::new(), Vec::new(), None)
            }
        };
        let link = self.once(children, "link", |c| matches!(c, Clause::Link { .. })).map(|s| &s.clause);
        let (previous, genesis) = match link {
            Some(Clause::Link { column, genesis }) => {
                (column.as_ref().map(|c| columns.index(c)), self.genesis(genesis.as_ref(), &mut columns))
            }
            _ => {
                self.lacks(statement, name, "link COLUMN genesis null");
                (None, None)
            }
        };
        let hash = self.once(children, "hash", |c| matches!(c, Clause::Hash { .. })).map(|s| &s.clause);
        let (hash, recipe, covered) = match hash {
            Some(Clause::Hash { column, recipe }) => {
                let index = columns.index(column);
                let mut covered = Vec::new();
                let read = self.recipe(recipe, &mut columns, &mut covered);
                covered.sort_unstable();
                covered.dedup();
                if covered.is_empty() && read.is_some() {
                    let help = "name the columns that the application hashed";
                    self.error(
                        Code::BadRecipe,
                        "the hash covers no column",
                        (recipe.span, "nothing of the row in it"),
                        help,
                    );
                }
                (Some(index), read, covered)
            }
            _ => {
                self.lacks(statement, name, "hash COLUMN = hex(sha256(...))");
                (None, None, Vec::new())
            }
        };
        let search =
            match self.once(children, "search", |c| matches!(c, Clause::Search { .. })).map(|s| &s.clause) {
                Some(Clause::Search { column, from, to, step }) => {
                    let search = self.search(column, from, to, step.as_ref(), &mut columns, &covered)?;
                    if let Some(recipe) = &recipe {
                        self.spelt_as_time(recipe, &search, column)?;
                    }
                    Some(search)
                }
                _ => None,
            };
        Some(Chain {
            name: name.node.clone(),
            relation,
            filter: filter?,
            columns: columns.list,
            split,
            order,
            numeric,
            dense_from,
            previous,
            genesis: genesis?,
            hash: hash?,
            recipe: recipe?,
            covered,
            search,
            span: name.span,
        })
    }

    fn lacks(&mut self, chain: &Statement, name: &Name, what: &str) {
        if !chain.whole {
            return;
        }
        self.sink.push(
            Diagnostic::error(Code::Missing, format!("chain `{}` is not complete", name.node))
                .at(name.span, format!("lacks `{}`", what.split(' ').next().unwrap_or(what)))
                .help(format!("add `{what}`")),
        );
    }

    fn genesis(&mut self, written: Option<&Expr>, columns: &mut Columns) -> Option<Genesis> {
        let Some(expr) = written else { return Some(Genesis::Null) };
        match &expr.kind {
            ExprKind::Text(text) => Some(Genesis::Text(text.clone())),
            ExprKind::Call { name, arguments }
                if ["zeros", "zero_bytes"].contains(&name.dotted().as_str()) =>
            {
                let count = match arguments.as_slice() {
                    [one] => match &one.value.kind {
                        ExprKind::Quantity(text) => {
                            text.parse::<usize>().ok().filter(|n| (1..=1024).contains(n))
                        }
                        _ => None,
                    },
                    _ => None,
                };
                let Some(count) = count else {
                    let help = "write for example `zeros(64)` for text or `zero_bytes(32)` for bytes";
                    self.error(
                        Code::BadRecipe,
                        "a count from 1 to 1024 is needed",
                        (expr.span, "here"),
                        help,
                    );
                    return None;
                };
                Some(if name.dotted() == "zeros" {
                    Genesis::Text("0".repeat(count))
                } else {
                    Genesis::Bytes(vec![0; count])
                })
            }
            _ => {
                let recipe: Recipe = self.recipe(expr, columns, &mut Vec::new())?;
                Some(Genesis::Derived(Box::new(recipe)))
            }
        }
    }

    /// Only what the recipe spells as a time can be taken earlier or later.
    fn spelt_as_time(&mut self, recipe: &Recipe, search: &Search, column: &Name) -> Option<()> {
        if visit::times(recipe).iter().any(|(index, _)| *index == search.column) {
            return Some(());
        }
        let message =
            format!("the recipe does not spell `{}` as a time, so it cannot be searched", column.node);
        let help =
            format!("write `ts({}, js)` in the `hash`, in the format the application used", column.node);
        self.error(Code::BadRecipe, message, (column.span, "hashed as it stands"), help);
        None
    }

    fn search(
        &mut self,
        column: &Name,
        from: &Signed,
        to: &Signed,
        step: Option<&Name>,
        columns: &mut Columns,
        covered: &[usize],
    ) -> Option<Search> {
        let index = columns.index(column);
        if !covered.contains(&index) {
            self.error(
                Code::BadRecipe,
                format!("the recipe does not use `{}`, so searching it finds nothing", column.node),
                (column.span, "not in the hash"),
                "name a column that the `hash` of this chain covers",
            );
            return None;
        }
        let mut micros = |signed: &Signed| {
            let text = &signed.text;
            match self.keep(literals::quantity_of(&text.node, signed.negative, Type::Duration, text.span))? {
                Value::Duration(micros) => Some(micros),
                _ => None,
            }
        };
        let (from_micros, to_micros) = (micros(from)?, micros(to)?);
        let step_micros = match step {
            Some(step) => self.duration(step)?,
            None => 1_000,
        };
        if from_micros > to_micros {
            let help = "swap the bounds";
            self.error(
                Code::BadRecipe,
                "the window ends before it begins",
                (from.text.span, "later than the end"),
                help,
            );
            return None;
        }
        let search = Search { column: index, from_micros, to_micros, step_micros };
        if search.candidates() > MAX_CANDIDATES {
            self.sink.push(
                Diagnostic::error(
                    Code::BadRecipe,
                    format!("the window has {} candidates for each row", search.candidates()),
                )
                .at(from.text.span, format!("more than {MAX_CANDIDATES}"))
                .help("narrow the window or widen the step"),
            );
            return None;
        }
        Some(search)
    }
}
