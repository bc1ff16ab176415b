//! Assertions: which of the forms is meant, and whether its parts go together.

use super::operands::{Rows, Scope};
use super::{Checker, literals, sql_cage};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::assertion::{Assertion, ColumnSet, Comparison, ObjectKind, Per, Returns, State};
use crate::policy::operand::{Arithmetic, Comparator, Condition, Operand, Over};
use crate::policy::{On, RelationName, RelationPattern};
use crate::source_text::Span;
use crate::syntax::ast::{self, Expr, ExprKind, Literal, Name, Parent, Path, Reference};
use crate::value::Type;

/// States of the language's design that this version cannot prove.
const LATER_STATES: [&str; 4] = ["unchanged", "continuous", "verified", "healthy"];

impl Checker<'_> {
    /// A checked assertion. `on` is what the check is about; an assertion that names its table itself fills it in.
    pub(super) fn assertion(
        &mut self,
        assertion: &ast::Assertion,
        on: &mut Option<On>,
        written: Span,
    ) -> Option<Assertion> {
        match assertion {
            ast::Assertion::Compare { left, op, right, per } => {
                let mut scope = self.scope(on.as_ref());
                let (l, r) = (self.operand(left, &mut scope), self.operand(right, &mut scope));
                let op = self.comparator(op)?;
                let (l, r) = (l?, r?);
                self.check_comparable(&l, &r, right.span)?;
                if self.same_text(left.span, right.span) {
                    self.vacuous(written);
                    return None;
                }
                let comparison = Comparison { left: l, op, right: r, span: left.span.to(right.span) };
                self.comparisons(vec![comparison], per.as_ref(), scope, on, written)
            }
            ast::Assertion::Between { value, low, high, per } => {
                let mut scope = self.scope(on.as_ref());
                let operands = [value, low, high].map(|e| self.operand(e, &mut scope));
                let [Some(v), Some(lo), Some(hi)] = operands else { return None };
                self.check_comparable(&v, &lo, low.span)?;
                self.check_comparable(&v, &hi, high.span)?;
                let span = value.span.to(high.span);
                let both = vec![
                    Comparison { left: v.clone(), op: Comparator::GreaterOrEqual, right: lo, span },
                    Comparison { left: v, op: Comparator::LessOrEqual, right: hi, span },
                ];
                self.comparisons(both, per.as_ref(), scope, on, written)
            }
            ast::Assertion::Within { value, limit, relation, reference } => {
                let mut scope = self.scope(on.as_ref());
                let (v, at) = (self.operand(value, &mut scope), self.operand(reference, &mut scope));
                let limit_value =
                    self.keep(literals::quantity_of(&limit.node, false, Type::Duration, limit.span));
                let (v, at, limit) = (v?, at?, limit_value?);
                self.check_comparable(&v, &at, reference.span)?;
                for (operand, span) in [(&v, value.span), (&at, reference.span)] {
                    if self.type_of(operand).is_some_and(|t| t != Type::Time) {
                        let help =
                            "write for example `newest(Table.column) within 15min before $target_time`";
                        self.error(
                            Code::TypeMismatch,
                            "`within` compares two instants",
                            (span, "not an instant"),
                            help,
                        );
                        return None;
                    }
                }
                let span = value.span.to(reference.span);
                let shifted = |op| Operand::Binary {
                    op,
                    left: Box::new(at.clone()),
                    right: Box::new(Operand::Literal(limit.clone())),
                    span,
                };
                let (low, high) = match relation.node.as_str() {
                    "before" => (shifted(Arithmetic::Subtract), at.clone()),
                    "after" => (at.clone(), shifted(Arithmetic::Add)),
                    _ => (shifted(Arithmetic::Subtract), shifted(Arithmetic::Add)),
                };
                let both = vec![
                    Comparison { left: v.clone(), op: Comparator::GreaterOrEqual, right: low, span },
                    Comparison { left: v, op: Comparator::LessOrEqual, right: high, span },
                ];
                self.comparisons(both, None, scope, on, written)
            }
            ast::Assertion::Rows(predicate) => {
                let mut scope = self.scope(on.as_ref());
                scope.aggregates = false;
                let condition = self.condition(predicate, &mut scope)?;
                self.fill_on(scope.rows, on);
                Some(Assertion::Rows(condition))
            }
            ast::Assertion::In { child, parent, or_null } => self.membership(child, parent, *or_null, on),
            ast::Assertion::Unique { columns, or_null } => {
                let columns = self.own_columns(columns, on, written)?;
                Some(Assertion::Unique { columns, or_null: *or_null })
            }
            ast::Assertion::NotNull { columns } => {
                Some(Assertion::NotNull(self.own_columns(columns, on, written)?))
            }
            ast::Assertion::State { subject, state, rest } => self.state(subject, state, rest.as_ref()),
            ast::Assertion::Every { kind, state } => self.every(kind, state),
            ast::Assertion::Sql { returns, text } => self.raw_sql(returns.as_ref(), text),
        }
    }

    /// Reports an assertion that says the same on both sides: it never depends on what is observed.
    fn vacuous(&mut self, span: Span) {
        let help = "compare with something else; this check could never tell good from bad";
        self.error(Code::BadAssertion, "both sides are the same", (span, "compares with itself"), help);
    }

    fn same_text(&self, left: Span, right: Span) -> bool {
        let words = |span| self.texts.text(span).split_whitespace().collect::<String>();
        words(left) == words(right)
    }

    fn scope(&self, on: Option<&On>) -> Scope {
        let rows = match on {
            None => Rows::Open,
            Some(on) => Rows::On(match on.patterns.as_slice() {
                [RelationPattern { schema, table, glob: false, .. }] => {
                    Some(RelationName { schema: schema.clone(), name: table.clone() })
                }
                _ => None,
            }),
        };
        Scope { rows, aggregates: true }
    }

    /// What an assertion that named its table says the check is about.
    fn fill_on(&self, rows: Rows, on: &mut Option<On>) {
        if let (Rows::Relation(relation), None) = (rows, &on) {
            let span = Span { file: crate::source_text::FileId(u32::MAX), start: 0, end: 0 };
            let pattern =
                RelationPattern { schema: relation.schema, table: relation.name, glob: false, span };
            *on = Some(On { patterns: vec![pattern], filter: None });
        }
    }

    /// Sorts comparisons into those on values, on groups and on rows.
    fn comparisons(
        &mut self,
        list: Vec<Comparison>,
        per: Option<&ast::Per>,
        scope: Scope,
        on: &mut Option<On>,
        written: Span,
    ) -> Option<Assertion> {
        let sides = || list.iter().flat_map(|c| [&c.left, &c.right]);
        let (columns, aggregates) = (sides().any(Operand::has_column), sides().any(Operand::has_aggregate));
        match (columns, aggregates, per) {
            (true, true, _) => {
                self.sink.push(
                    Diagnostic::error(Code::BadAssertion, "a row's column and an aggregate cannot be compared")
                        .at(written, "mixes one row with many")
                        .help("put the column into an aggregate too, such as `max(column)`, or compare rows with a fixed value"),
                );
                None
            }
            (true, false, Some(per)) => {
                self.sink.push(
                    Diagnostic::error(
                        Code::BadAssertion,
                        "`per` makes groups, and nothing here is computed over a group",
                    )
                    .at(per.span, "nothing to group")
                    .help("use an aggregate such as `sum(column)`, or leave `per` out to check every row"),
                );
                None
            }
            (true, false, None) => {
                self.fill_on(scope.rows, on);
                let mut all: Vec<Condition> = list
                    .into_iter()
                    .map(|c| Condition::Compare { left: c.left, op: c.op, right: c.right, span: c.span })
                    .collect();
                let condition = if all.len() == 1 { all.pop()? } else { Condition::And(all) };
                Some(Assertion::Rows(condition))
            }
            (false, true, Some(per)) => {
                self.group_relation(&list, on, per.span)?;
                let per =
                    Per { columns: Self::columns(&per.columns), or_null: per.or_null, exact: per.exact };
                Some(Assertion::Groups(list, per))
            }
            (false, false, Some(per)) => {
                let help = "leave `per` out, or compare an aggregate such as `sum(column)`";
                self.error(
                    Code::BadAssertion,
                    "`per` without an aggregate",
                    (per.span, "nothing to group"),
                    help,
                );
                None
            }
            (false, _, None) => {
                if !aggregates && !sides().any(has_fact) {
                    self.sink.push(
                        Diagnostic::error(
                            Code::BadAssertion,
                            "this compares fixed values and looks at nothing",
                        )
                        .at(written, "no table, no fact")
                        .help("a check must depend on what is observed"),
                    );
                    return None;
                }
                Some(Assertion::Values(list))
            }
        }
    }

    /// All aggregates of a grouped comparison are over one relation; it becomes the check's `on`.
    fn group_relation(&mut self, list: &[Comparison], on: &mut Option<On>, span: Span) -> Option<()> {
        let mut relations = Vec::new();
        let mut on_used = false;
        for comparison in list {
            for side in [&comparison.left, &comparison.right] {
                side.walk(&mut |operand| {
                    if let Operand::Aggregate(aggregate) = operand {
                        match &aggregate.over {
                            Over::On => on_used = true,
                            Over::Relation(relation) => relations.push(relation.clone()),
                        }
                    }
                });
            }
        }
        relations.sort();
        relations.dedup();
        match (relations.as_slice(), on_used, on.is_some()) {
            ([], true, true) => Some(()),
            ([one], false, false) => {
                self.fill_on(Rows::Relation(one.clone()), on);
                Some(())
            }
            _ => {
                self.sink.push(
                    Diagnostic::error(Code::BadAssertion, "`per` groups the rows of one table")
                        .at(span, "the aggregates are over several")
                        .help("write `on Table` and bare column names"),
                );
                None
            }
        }
    }

    fn own_columns(&mut self, columns: &[Name], on: &Option<On>, span: Span) -> Option<ColumnSet> {
        if on.is_none() {
            self.sink.push(
                Diagnostic::error(Code::NoSource, "columns of which table?")
                    .at(span, "no table named")
                    .help("add `on Table` to the check"),
            );
            return None;
        }
        Some(ColumnSet { relation: None, columns: Self::columns(columns), span })
    }

    /// `child in parent`.
    fn membership(
        &mut self,
        child: &[Reference],
        parent: &Parent,
        or_null: bool,
        on: &mut Option<On>,
    ) -> Option<Assertion> {
        let child_set = self.column_set(child, on.is_some());
        match parent {
            Parent::List(list) => {
                let list = self.list(list);
                let (child_set, list) = (child_set?, list?);
                let [(column, span)] = child_set.columns.as_slice() else {
                    let help = "write one check for each column";
                    self.error(
                        Code::BadArity,
                        "a list of values needs one column",
                        (child_set.span, "several columns"),
                        help,
                    );
                    return None;
                };
                let operand = Operand::Column { name: column.clone(), span: *span };
                let member = Condition::In(operand.clone(), list);
                if let Some(relation) = child_set.relation {
                    self.fill_on(Rows::Relation(relation), on);
                }
                Some(Assertion::Rows(if or_null {
                    Condition::Or(vec![Condition::IsNull(operand), member])
                } else {
                    Condition::And(vec![Condition::Not(Box::new(Condition::IsNull(operand))), member])
                }))
            }
            Parent::Columns(parent) => {
                let parent_set = self.column_set(parent, false);
                let (child, parent) = (child_set?, parent_set?);
                if child.columns.len() != parent.columns.len() {
                    let message = format!(
                        "{} columns cannot be found in {}",
                        child.columns.len(),
                        parent.columns.len()
                    );
                    let help = "write `(A.x, A.y) in (B.x, B.y)`";
                    self.error(
                        Code::BadArity,
                        message,
                        (parent.span, "as many as on the left are needed"),
                        help,
                    );
                    return None;
                }
                let same = |a: &ColumnSet, b: &ColumnSet| {
                    a.columns.iter().map(|(name, _)| name).eq(b.columns.iter().map(|(name, _)| name))
                };
                if child.relation == parent.relation && same(&child, &parent) {
                    let span = child.span.to(parent.span);
                    self.vacuous(span);
                    return None;
                }
                Some(Assertion::References { child, parent, or_null })
            }
        }
    }

    /// Columns that all belong to one relation.
    fn column_set(&mut self, references: &[Reference], bare: bool) -> Option<ColumnSet> {
        let mut relation: Option<RelationName> = None;
        let mut columns = Vec::new();
        let mut whole: Option<Span> = None;
        for reference in references {
            let path = self.reference_path(reference)?;
            let span = match reference {
                Reference::Path(path) => path.span,
                Reference::Param(name) => name.span,
            };
            whole = Some(whole.map_or(span, |w| w.to(span)));
            if let Some(single) = path.single() {
                if !bare {
                    self.sink.push(
                        Diagnostic::error(
                            Code::NoSource,
                            format!("of which table is column `{}`?", single.node),
                        )
                        .at(span, "no table named")
                        .help(format!("write `Table.{}`", single.node)),
                    );
                    return None;
                }
                columns.push((single.node.clone(), span));
                continue;
            }
            let (table, column) = self.qualified(&path)?;
            if relation.as_ref().is_some_and(|known| *known != table) {
                let help = "write the columns of one table on each side";
                let message = "the columns of one side belong to one table";
                self.error(Code::BadAssertion, message, (span, "another table"), help);
                return None;
            }
            relation = Some(table);
            columns.push((column.node, span));
        }
        if relation.is_some() && columns.len() != references.len() {
            return None;
        }
        Some(ColumnSet { relation, columns, span: whole? })
    }

    /// A path, or the path a template's argument stands for.
    pub(super) fn reference_path(&mut self, reference: &Reference) -> Option<Path> {
        match reference {
            Reference::Path(path) => Some(path.clone()),
            Reference::Param(name) => {
                let argument = self.slots.iter().find(|(slot, _, _)| *slot == name.node).map(|s| s.2.clone());
                match argument {
                    Some(Expr { kind: ExprKind::Path(path), .. }) => Some(path),
                    Some(other) => {
                        let help = "write `Table.column`, and declare the argument as `column`";
                        self.error(
                            Code::TypeMismatch,
                            "a column is needed here",
                            (other.span, "not a column"),
                            help,
                        );
                        None
                    }
                    None => {
                        self.error(
                            Code::UnknownName,
                            format!("`${}` is not a column", name.node),
                            (name.span, "not an argument"),
                            "only a template's `column` argument can stand for a column; write `Table.column` elsewhere",
                        );
                        None
                    }
                }
            }
        }
    }

    fn state(&mut self, subject: &Path, state: &Name, rest: Option<&Name>) -> Option<Assertion> {
        let name = subject.dotted();
        let (known, legal): (Option<State>, &[&str]) = if name == "tenancy" {
            if !self.names.tenancy {
                self.sink.push(
                    Diagnostic::error(Code::UnknownName, "the policy declares no tenancy")
                        .at(subject.span, "not declared")
                        .help("add `tenancy Tenant.id by tenantId { ... }`"),
                );
                return None;
            }
            self.used.insert("tenancy".to_owned());
            let state = match state.node.as_str() {
                "complete" => Some(State::Complete),
                "isolated" => Some(State::Isolated),
                _ => None,
            };
            (state, &["complete", "isolated"])
        } else if self.names.ledgers.contains(&name) {
            self.used.insert(format!("ledger {name}"));
            ((state.node == "balanced").then(|| State::Balanced(name.clone())), &["balanced"])
        } else if self.names.chains.contains(&name) {
            self.used.insert(format!("chain {name}"));
            ((state.node == "intact").then(|| State::Intact(name.clone())), &["intact"])
        } else if self.names.objectives.contains(&name) {
            self.used.insert(format!("objective {name}"));
            ((state.node == "met").then(|| State::Met(name.clone())), &["met"])
        } else {
            let legal: Vec<String> = [&self.names.ledgers, &self.names.chains, &self.names.objectives]
                .into_iter()
                .flatten()
                .cloned()
                .chain(self.names.tenancy.then(|| "tenancy".to_owned()))
                .collect();
            if LATER_STATES.contains(&state.node.as_str()) {
                self.error(
                    Code::NotAvailable,
                    format!("`is {}` is not available in this version", state.node),
                    (state.span, "cannot be proven yet"),
                    "leave the check out, so that nothing looks checked that is not",
                );
                return None;
            }
            let message = format!("`{name}` is no ledger, chain, objective or tenancy of this policy");
            self.sink.push(
                Diagnostic::error(Code::UnknownName, message)
                    .at(subject.span, "not declared")
                    .did_you_mean(&name, legal.iter().map(String::as_str)),
            );
            return None;
        };
        if known.is_none() {
            let later = LATER_STATES.contains(&state.node.as_str());
            let diagnostic = if later {
                Diagnostic::error(
                    Code::NotAvailable,
                    format!("`{name} is {}` is not available in this version", state.node),
                )
                .at(state.span, "cannot be proven yet")
            } else {
                Diagnostic::error(Code::BadAssertion, format!("`{name}` cannot be `{}`", state.node))
                    .at(state.span, "not one of its states")
            };
            self.sink.push(diagnostic.did_you_mean(&state.node, legal.iter().copied()));
            return None;
        }
        if let Some(rest) = rest {
            let help = format!("end the statement after `{}`", state.node);
            let message = format!("nothing can follow `{name} is {}`", state.node);
            self.error(Code::Malformed, message, (rest.span, "left over"), help);
            return None;
        }
        known.map(Assertion::State)
    }

    fn every(&mut self, kind: &Name, state: &Name) -> Option<Assertion> {
        let Some((_, legal, known)) = ObjectKind::ALL.into_iter().find(|(word, _, _)| *word == kind.node)
        else {
            self.sink.push(
                Diagnostic::error(Code::UnknownName, format!("unknown kind of object `{}`", kind.node))
                    .at(kind.span, "not known to `every`")
                    .did_you_mean(&kind.node, ObjectKind::ALL.map(|(word, _, _)| word)),
            );
            return None;
        };
        if state.node != legal {
            self.sink.push(
                Diagnostic::error(
                    Code::BadAssertion,
                    format!("`every {}` cannot be `{}`", kind.node, state.node),
                )
                .at(state.span, "not its state")
                .help(format!("write `every {} is {legal}`", kind.node)),
            );
            return None;
        }
        Some(Assertion::Every(known))
    }

    fn raw_sql(&mut self, returns: Option<&Literal>, text: &Name) -> Option<Assertion> {
        let returns = match returns {
            None => Some(Returns::NoRows),
            Some(literal) => self.literal(literal, None).map(Returns::Value),
        };
        if self.given.no_raw_sql {
            let help = "express the check without SQL, or run without `--no-raw-sql`";
            self.error(
                Code::SqlRefused,
                "raw SQL is forbidden in this run",
                (text.span, "`--no-raw-sql` is in force"),
                help,
            );
            return None;
        }
        let declared: Vec<(String, Type)> = self.params.iter().map(|p| (p.name.clone(), p.ty)).collect();
        let sql = self.keep(sql_cage::cage(&text.node, text.span, &declared))?;
        for name in &sql.parameters {
            self.used.insert(format!("parameter {name}"));
        }
        Some(Assertion::Sql(returns?, sql))
    }
}

fn has_fact(operand: &Operand) -> bool {
    let mut found = false;
    operand.walk(&mut |o| found |= matches!(o, Operand::Fact(_)));
    found
}
