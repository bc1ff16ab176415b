//! Comparisons: of values, of groups or of rows, by what stands on their sides.

use super::Checker;
use super::operands::{Rows, Scope};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::On;
use crate::policy::assertion::{Assertion, Comparison, Per};
use crate::policy::operand::{Condition, Operand, Over};
use crate::source_text::Span;
use crate::syntax::ast::{self};

impl Checker<'_> {
    /// Sorts comparisons into those on values, on groups and on rows.
    pub(super) fn comparisons(
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
}

fn has_fact(operand: &Operand) -> bool {
    let mut found = false;
    operand.walk(&mut |o| found |= matches!(o, Operand::Fact(_)));
    found
}
