//! The `join` clauses of a chain: rows of other relations that its recipes read.

use super::Checker;
use super::hashings::Hashed;
use super::recipes::Columns;
use crate::chain::visit;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::chain::{Join, Several};
use crate::syntax::ast::{Clause, Expr, ExprKind, Name, Path, Statement};

impl Columns {
    /// The number of the join, and the place of its cell, where an expression names several rows.
    pub(super) fn several(&self, rows: &Expr) -> Option<(usize, usize)> {
        let ExprKind::Path(path) = &rows.kind else { return None };
        let name = &path.single()?.node;
        let at = self.joins.iter().position(|join| join.alias == *name)?;
        Some((at, self.joins.get(at)?.several.as_ref()?.cell))
    }

    /// Whether a place is a join's. A column of the chain's own table may be named as one of those is shown.
    pub(super) fn is_joined(&self, place: usize) -> bool {
        self.joins.iter().any(|join| {
            join.several.as_ref().is_some_and(|several| several.cell == place)
                || join.columns.iter().any(|(at, _)| *at == place)
        })
    }

    /// The place of a column of a joined relation.
    fn joined(&mut self, at: usize, name: &Name) -> Option<usize> {
        let place = self.list.len();
        let join = self.joins.get_mut(at)?;
        if let Some((known, _)) = join.columns.iter().find(|(_, column)| *column == name.node) {
            return Some(*known);
        }
        join.columns.push((place, name.node.clone()));
        self.list.push((format!("{}.{}", join.alias, name.node), name.span));
        Some(place)
    }
}

impl Checker<'_> {
    /// `join TABLE as x by a to b`, `join each TABLE as x by a to b order by c`.
    pub(super) fn joins(&mut self, children: &[Statement], columns: &mut Columns) {
        for statement in children {
            let Clause::Join { each, table, alias, by, to, order } = &statement.clause else { continue };
            let Some(relation) = self.relation(table) else { continue };
            let Some(name) = alias.as_ref().or(table.parts.last()) else { continue };
            if columns.joins.iter().any(|join| join.alias == name.node) {
                let message = format!("`{}` is joined twice", name.node);
                self.error(
                    Code::Duplicate,
                    message,
                    (name.span, "again"),
                    "give one of them another name with `as`",
                );
                continue;
            }
            if by.len() != to.len() {
                let message = format!("{} columns point to {}", by.len(), to.len());
                let help = "name as many columns after `to` as after `by`";
                self.error(Code::BadRecipe, message, (statement.span, "not as many"), help);
                continue;
            }
            if *each == order.is_empty() {
                let (message, help) = if *each {
                    ("rows that are hashed one after another have an order", "add `order by COLUMN`")
                } else {
                    ("one row has no order", "write `join each` where several rows belong to one")
                };
                self.error(Code::BadRecipe, message, (statement.span, "here"), help);
                continue;
            }
            let named = |list: &[Name]| list.iter().map(|n| (n.node.clone(), n.span)).collect();
            let several = each.then(|| {
                columns.list.push((format!("{}.*", name.node), name.span));
                Several { cell: columns.list.len() - 1, order: Vec::new() }
            });
            columns.joins.push(Join {
                alias: name.node.clone(),
                relation,
                by: named(by),
                to: named(to),
                columns: Vec::new(),
                several,
                span: statement.span,
            });
            let at = columns.joins.len() - 1;
            let places: Vec<usize> = order.iter().filter_map(|column| columns.joined(at, column)).collect();
            if let Some(several) = columns.joins.get_mut(at).and_then(|join| join.several.as_mut()) {
                several.order = places;
            }
        }
    }

    /// The place of a column that a chain names, its own or one of a joined relation.
    pub(super) fn chain_column(&mut self, path: &Path, columns: &mut Columns) -> Option<usize> {
        let (table, column) = match path.parts.as_slice() {
            [own] => return Some(columns.index(own)),
            [table, column] => (table, column),
            _ => return self.no_column(path, columns),
        };
        let Some(at) = columns.joins.iter().position(|join| join.alias == table.node) else {
            return self.no_column(path, columns);
        };
        let several = columns.joins.get(at).is_some_and(|join| join.several.is_some());
        if several && columns.within_rows != Some(at) {
            let alias = &table.node;
            let message = format!("there may be several rows of `{alias}`");
            let help =
                format!("write `each({alias}, \"separator\", ...)` around what is hashed of each of them");
            self.error(Code::BadRecipe, message, (path.span, "of which row?"), &help);
            return None;
        }
        columns.joined(at, column)
    }

    /// What stands in `each` of several rows, with the place of the cell that holds them.
    pub(super) fn each_row<T>(
        &mut self,
        rows: &Expr,
        columns: &mut Columns,
        covered: &mut Vec<usize>,
        inner: impl FnOnce(&mut Self, &mut Columns, &mut Vec<usize>) -> Option<T>,
    ) -> Option<(usize, T)> {
        let (at, cell) = columns.several(rows)?;
        if columns.within_rows.is_some() {
            let help = "let one `each` follow the other";
            self.error(Code::BadRecipe, "rows within rows", (rows.span, "inside another `each`"), help);
            return None;
        }
        covered.push(cell);
        let before = covered.len();
        columns.within_rows = Some(at);
        let inner = inner(self, columns, covered);
        columns.within_rows = None;
        let of_rows: Vec<usize> = columns
            .joins
            .get(at)
            .into_iter()
            .flat_map(|join| join.columns.iter().map(|(at, _)| *at))
            .collect();
        if inner.is_some() && !covered.iter().skip(before).any(|column| of_rows.contains(column)) {
            let help = "name what is hashed of them, such as `each(line, \"|\", line.amount)`";
            let message = "nothing of the rows is hashed";
            self.error(Code::BadRecipe, message, (rows.span, "each the same"), help);
            return None;
        }
        Some((cell, inner?))
    }

    fn no_column(&mut self, path: &Path, columns: &Columns) -> Option<usize> {
        let message = format!("`{}` is not a column of the chain's table", path.dotted());
        let known = columns.joins.iter().map(|join| join.alias.as_str());
        let first = path.parts.first().map_or("", |name| name.node.as_str());
        let diagnostic =
            Diagnostic::error(Code::BadRecipe, message).at(path.span, "no joined table of this name");
        self.sink.push(if columns.joins.is_empty() {
            let bare = path.parts.last().map_or("", |name| name.node.as_str());
            diagnostic.help(format!(
                "write `{bare}`, or `join {first} by COLUMN to COLUMN` for a row of another table"
            ))
        } else {
            diagnostic.did_you_mean(first, known)
        });
        None
    }

    /// A joined relation of which nothing is read is most likely a slip.
    pub(super) fn unused_joins(&mut self, hashed: &Hashed, columns: &Columns) {
        let hashed: Vec<usize> = hashed.recipes().flat_map(visit::columns).collect();
        for join in &columns.joins {
            let used = match &join.several {
                Some(several) => hashed.contains(&several.cell),
                None => !join.columns.is_empty(),
            };
            if used {
                continue;
            }
            let alias = &join.alias;
            self.sink.push(
                Diagnostic::warning(Code::Doubtful, format!("`{alias}` is joined and nothing of it is used"))
                    .at(join.span, "not used")
                    .help(format!("write `{alias}.COLUMN` in a `hash`, or remove it")),
            );
        }
    }
}
