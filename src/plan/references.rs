//! Keys of one relation that must be keys of another.

use super::bind;
use super::builder::Planner;
use super::{Evidence, Shortcut, Work};
use crate::catalogue::Catalogue;
use crate::measure::Tally;
use crate::measure::fold::Fold;
use crate::measure::keys::Orphans;
use crate::measure::rows::RowSet;
use crate::policy::assertion::ColumnSet;
use crate::policy::operand::{Condition, Operand};
use crate::policy::{Check, RelationName};
use crate::source_text::Span;

/// A reference to be proven, all names found.
pub(super) struct Reference<'r> {
    /// The rows that point.
    pub(super) child: &'r RowSet,
    /// Their columns.
    pub(super) columns: &'r [String],
    /// Where they point.
    pub(super) parent: &'r RowSet,
    /// The columns pointed to.
    pub(super) parent_columns: &'r [String],
}

impl<'a> Planner<'a> {
    pub(super) fn references(
        &mut self,
        check: &'a Check,
        child: &ColumnSet,
        parent: &ColumnSet,
        or_null: bool,
    ) {
        let Some((source, catalogue)) = self.source(check) else { return };
        let children = match &child.relation {
            None => self.rows_of_on(check),
            Some(name) => {
                let span = child.columns.first().map(|(_, span)| *span);
                match self.relation(catalogue, &source, name, span) {
                    Some(relation) => vec![(source.clone(), catalogue, self.rows(catalogue, relation), true)],
                    None => Vec::new(),
                }
            }
        };
        let Some(parent_name) = &parent.relation else { return };
        let span = parent.columns.first().map(|(_, span)| *span);
        let Some(parent_relation) = self.relation(catalogue, &source, parent_name, span) else { return };
        let parent_rows = RowSet::all(parent_relation);
        let mut wrong = Vec::new();
        let parent_columns = bind::columns(parent_relation, &parent.columns).unwrap_or_else(|missing| {
            wrong.extend(missing);
            Vec::new()
        });
        for (source, _, rows, named) in children {
            let columns = bind::columns(&rows.relation, &child.columns).unwrap_or_else(|missing| {
                wrong.extend(missing);
                Vec::new()
            });
            for ((column, other), (_, span)) in columns.iter().zip(&parent_columns).zip(&child.columns) {
                wrong.extend(bind::joinable((&rows.relation, column), (parent_relation, other), *span).err());
            }
            if !wrong.is_empty() {
                continue;
            }
            self.examined(&source, &rows, named);
            let reference = Reference {
                child: &rows,
                columns: &columns,
                parent: &parent_rows,
                parent_columns: &parent_columns,
            };
            self.reference(
                &source,
                &reference,
                !or_null,
                "orphan",
                &format!("`{parent_name}` has no such key"),
            );
        }
        if !wrong.is_empty() {
            self.wrong(wrong);
        }
    }

    /// Adds the obligation that every key of a child is a key of its parent. A NULL key is a violation of its
    /// own when `null_is_missing`.
    pub(super) fn reference(
        &mut self,
        source: &str,
        reference: &Reference<'_>,
        null_is_missing: bool,
        kind: &str,
        message: &str,
    ) {
        let Reference { child, columns, parent, parent_columns } = reference;
        let orphans = Orphans {
            child: (*child).clone(),
            columns: columns.to_vec(),
            parent: (*parent).clone(),
            parent_columns: parent_columns.to_vec(),
        };
        self.tally(source, Tally::Orphans(orphans), kind, message);
        if null_is_missing {
            let failing = self.fold(source, child, &Fold::AnyNull(columns.to_vec()));
            self.failing_rows(
                source,
                child,
                (failing, None),
                present(columns),
                columns,
                "null_key",
                "the key is NULL",
            );
        }
    }

    /// The key that columns of a child point to, or a reported lack of one.
    pub(super) fn key_for(
        &mut self,
        catalogue: &Catalogue,
        child: &RelationName,
        columns: &[String],
        rows: &RowSet,
    ) -> Option<Vec<String>> {
        let key = catalogue.key_for(child, columns, &rows.relation);
        if key.is_empty() {
            self.unprovable(
                &rows.name().to_string(),
                &format!(
                    "`{}` has no primary key, so nothing says which column others point to",
                    rows.name()
                ),
            );
            return None;
        }
        Some(key)
    }
}

impl Planner<'_> {
    /// Lets a reference of several columns settle those of some of them, from the same rows to the same: where it holds
    /// for every row, so do they. Where it does not, each is looked at for itself.
    pub(super) fn share_references(&mut self) {
        let pairs = |orphans: &Orphans| -> Vec<(String, String)> {
            orphans.columns.iter().cloned().zip(orphans.parent_columns.iter().cloned()).collect()
        };
        let known: Vec<(String, String, Orphans)> = self
            .others
            .iter()
            .filter_map(|(key, (statement, _))| match &statement.work {
                Work::Tally { tally, .. } => match &**tally {
                    Tally::Orphans(orphans) => Some((key.clone(), statement.source.clone(), orphans.clone())),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        let same = |a: &RowSet, b: &RowSet| a.from("r", &[]) == b.from("r", &[]);
        for (key, source, narrow) in &known {
            let implied_by = |wide: &&(String, String, Orphans)| {
                wide.1 == *source
                    && wide.2.columns.len() > narrow.columns.len()
                    && same(&wide.2.child, &narrow.child)
                    && same(&wide.2.parent, &narrow.parent)
                    && pairs(narrow).iter().all(|pair| pairs(&wide.2).contains(pair))
            };
            // The widest is implied by none, so that it is always looked at.
            let Some((wide_key, _, wide)) =
                known.iter().filter(implied_by).max_by_key(|(_, _, wide)| wide.columns.len())
            else {
                continue;
            };
            let mut evidence = vec![Evidence::Nothing(wide_key.clone())];
            // A row with a NULL in one of the other columns is none that the wider reference speaks of.
            let others: Vec<String> = wide
                .columns
                .iter()
                .filter(|c| !narrow.columns.contains(c))
                .filter(|c| narrow.child.relation.column(c).is_none_or(|c| c.nullable))
                .cloned()
                .collect();
            let Some((_, users)) = self.others.get_mut(key) else { continue };
            let (check, timeout) = (users.checks.clone(), users.timeouts.clone());
            if !others.is_empty() {
                for (check, timeout) in check.iter().zip(timeout) {
                    self.check.clone_from(check);
                    self.timeout = timeout;
                    let nulls = self.fold(source, &narrow.child, &Fold::AnyNull(others.clone()));
                    let found = Evidence::Nothing(nulls);
                    if !evidence.contains(&found) {
                        evidence.push(found);
                    }
                }
            }
            if let Some((statement, users)) = self.others.get_mut(key) {
                users.shortcuts = vec![Shortcut(evidence)];
                let columns = wide.columns.join(", ");
                statement.why = format!("one join, only if the reference of ({columns}) leaves it open");
            }
        }
    }
}

/// That none of these columns is NULL.
pub(super) fn present(columns: &[String]) -> Condition {
    let is_null = |c: &String| Condition::IsNull(Operand::Column { name: c.clone(), span: Span::NOWHERE });
    Condition::And(columns.iter().map(|c| Condition::Not(Box::new(is_null(c)))).collect())
}
