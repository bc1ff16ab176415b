//! References: which keys are found among which, and the columns both sides name.

use super::Checker;
use super::operands::Rows;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::assertion::{Assertion, ColumnSet};
use crate::policy::operand::{Condition, Operand};
use crate::policy::{On, RelationName};
use crate::source_text::Span;
use crate::syntax::ast::{Expr, ExprKind, Parent, Path, Reference};

impl Checker<'_> {
    /// `child in parent`.
    pub(super) fn membership(
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
    pub(super) fn column_set(&mut self, references: &[Reference], bare: bool) -> Option<ColumnSet> {
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
                        .help(format!("write `Table.{0}`, or `\"{0}\"` if a text is meant", single.node)),
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
}
