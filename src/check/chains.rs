//! Chains: split, order, link. Their hashes are in `hashings`, their searches in `searches`.

use super::Checker;
use super::operands::Scope;
use super::recipes::Columns;
use crate::chain::spec::{AnchorRef, Bind, Genesis, Recipe};
use crate::chain::visit;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::chain::Chain;
use crate::syntax::ast::{Address, Clause, Expr, ExprKind, Name, Statement};

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
        self.joins(children, &mut columns);

        let split =
            match self.once(children, "split by", |c| matches!(c, Clause::Split { .. })).map(|s| &s.clause) {
                Some(Clause::Split { columns: list }) => {
                    list.iter().filter_map(|c| self.chain_column(c, &mut columns)).collect()
                }
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
                let keys: Vec<(usize, bool)> = list
                    .iter()
                    .filter_map(|key| Some((self.chain_column(&key.column, &mut columns)?, key.number)))
                    .collect();
                let numbers = keys.iter().filter(|(_, number)| *number).map(|(index, _)| *index).collect();
                (keys.iter().map(|(index, _)| *index).collect(), numbers, dense)
            }
            _ => {
                self.lacks(statement, name, "order by COLUMN");
                (Vec::new(), Vec::new(), None)
            }
        };
        let link = self.once(children, "link", |c| matches!(c, Clause::Link { .. })).map(|s| &s.clause);
        let (previous, genesis) = match link {
            Some(Clause::Link { column, genesis }) => {
                let previous = column.as_ref().and_then(|c| self.chain_column(c, &mut columns));
                (previous, self.genesis(genesis.as_ref(), &mut columns))
            }
            _ => {
                self.lacks(statement, name, "link COLUMN genesis null");
                (None, None)
            }
        };
        self.keys(children, &mut columns);
        self.lets(children, &mut columns);
        let mut conditions = Vec::new();
        let hashed = self.hashings(statement, name, &relation, &mut columns, &mut conditions);
        let binds = self.binds(children, &relation, &mut columns, &mut conditions);
        let unhashed_first = self.allowed(children, "allow unhashed first", |c| {
            matches!(c, Clause::AllowRows { pruned: false, .. })
        });
        let pruned_first = self
            .allowed(children, "allow pruned first", |c| matches!(c, Clause::AllowRows { pruned: true, .. }));
        let anchors = self.anchors(children);
        if let (Some(statement), None) =
            (children.iter().find(|s| matches!(s.clause, Clause::AllowRows { pruned: true, .. })), &anchors)
        {
            let help = "add `anchor from \"PATH\"`, with a file that `holdtrue verify --heads` wrote before the pruning";
            let message = "without anchors nobody can tell pruned rows from lost ones";
            self.error(Code::BadRecipe, message, (statement.span, "needs an anchor"), help);
        }
        let genesis = genesis?;
        let searches = self.searches(children, hashed.as_ref(), &mut columns);
        self.unused(hashed.as_ref(), &columns);

        let mut hashed = hashed?;
        self.unused_joins(&hashed, &columns);
        let binds = binds?;
        covered_by_binds(&binds, &mut hashed.covered);
        Some(Chain {
            name: name.node.clone(),
            relation,
            filter: filter?,
            columns: columns.list,
            joins: columns.joins,
            split,
            order,
            numeric,
            dense_from,
            previous,
            genesis,
            hash: hashed.column,
            hashings: hashed.hashings,
            conditions,
            keys: columns.keys.into_iter().map(|(key, _)| key).collect(),
            binds,
            unhashed_first,
            pruned_first,
            anchors,
            links_only: hashed.links_only,
            covered: hashed.covered,
            searches: searches?,
            span: name.span,
        })
    }

    /// The reason why some rows at the beginning of a chain are not as the others.
    fn allowed(&mut self, children: &'a [Statement], words: &str, is: fn(&Clause) -> bool) -> Option<String> {
        let Clause::AllowRows { because, .. } = &self.once(children, words, is)?.clause else { return None };
        self.reason(because);
        Some(because.node.clone())
    }

    fn anchors(&mut self, children: &'a [Statement]) -> Option<AnchorRef> {
        let statement = self.once(children, "anchor", |c| matches!(c, Clause::Anchor { .. }))?;
        match &statement.clause {
            Clause::Anchor { origin: Address::Env(name) } => Some(AnchorRef::Env(name.node.clone())),
            Clause::Anchor { origin: Address::Literal(path) } => Some(AnchorRef::Path(path.node.clone())),
            _ => None,
        }
    }

    pub(super) fn lacks(&mut self, chain: &Statement, name: &Name, what: &str) {
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
}

/// What a stored preimage is bound to is covered as well as the preimage is.
fn covered_by_binds(binds: &[Bind], covered: &mut Vec<usize>) {
    for bind in binds.iter().filter(|bind| bind.when.is_none()) {
        if covered.contains(&bind.column) {
            covered.extend(visit::columns(&bind.value));
        }
    }
    covered.sort_unstable();
    covered.dedup();
}
