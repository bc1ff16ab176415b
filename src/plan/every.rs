//! `every KIND is STATE`: catalogue objects, and what they promise, proven on the rows.

use super::builder::Planner;
use super::references::{Reference, present};
use super::{Proof, Scalar};
use crate::catalogue::{Catalogue, Sequence};
use crate::measure::fold::Fold;
use crate::measure::rows::RowSet;
use crate::policy::assertion::ObjectKind;
use crate::policy::operand::{Aggregate, Comparator, Condition, Function, Operand, Over};
use crate::policy::{Check, RelationName};
use crate::value::{Type, Value};
use crate::verdict::Verdict;

/// The relations that have objects of a kind.
fn of_kind<'c>(catalogue: &'c Catalogue, kind: &str) -> Vec<&'c RelationName> {
    catalogue.objects.iter().filter(|o| o.kind == kind).map(|o| &o.relation).collect()
}

impl<'a> Planner<'a> {
    pub(super) fn every(&mut self, check: &'a Check, kind: ObjectKind) {
        let Some((source, catalogue)) = self.source(check) else { return };
        let scope: Option<Vec<(RelationName, bool)>> = check.on.as_ref().map(|_| {
            self.on_relations(check, catalogue, &source)
                .into_iter()
                .map(|(r, named)| (r.name.clone(), named))
                .collect()
        });
        let inside =
            |name: &RelationName| scope.as_ref().is_none_or(|list| list.iter().any(|(n, _)| n == name));
        let (word, of): (&str, Vec<&RelationName>) = match kind {
            ObjectKind::ForeignKey => {
                ("foreign key", catalogue.foreign_keys.iter().map(|f| &f.child).collect())
            }
            ObjectKind::Sequence => ("sequence", catalogue.sequences.iter().map(|s| &s.relation).collect()),
            ObjectKind::Index => ("index", of_kind(catalogue, "index")),
            ObjectKind::Constraint => ("constraint", of_kind(catalogue, "constraint")),
            ObjectKind::Trigger => ("trigger", of_kind(catalogue, "trigger")),
        };
        // Whoever names a relation expects something there; a restore may have lost it.
        for (name, _) in scope.iter().flatten().filter(|(name, named)| *named && !of.contains(&name)) {
            self.unprovable(&name.to_string(), &format!("{name} has no {word}"));
        }
        match kind {
            ObjectKind::ForeignKey => self.foreign_keys(&source, catalogue, &inside),
            ObjectKind::Sequence => self.sequences(&source, catalogue, &inside),
            ObjectKind::Index => self.objects(&source, catalogue, "index", "invalid_index", &inside),
            ObjectKind::Constraint => {
                self.objects(&source, catalogue, "constraint", "unvalidated_constraint", &inside);
            }
            ObjectKind::Trigger => self.objects(&source, catalogue, "trigger", "disabled_trigger", &inside),
        }
    }

    fn objects(
        &mut self,
        source: &str,
        catalogue: &Catalogue,
        kind: &str,
        finding: &str,
        inside: &dyn Fn(&RelationName) -> bool,
    ) {
        for object in catalogue.objects.iter().filter(|o| o.kind == kind && inside(&o.relation)) {
            let subject = format!("{} on {}", object.name, object.relation);
            self.must(subject.clone(), Proof::Looked);
            let key = self.exists(source, &object.relation);
            self.must(object.relation.to_string(), Proof::Inhabited { key });
            if !object.problem.is_empty() {
                self.must(
                    subject,
                    Proof::Found {
                        verdict: Verdict::Broken,
                        kind: finding.to_owned(),
                        message: format!("{kind} `{}` {}", object.name, object.problem),
                    },
                );
            }
        }
    }

    fn foreign_keys(
        &mut self,
        source: &str,
        catalogue: &'a Catalogue,
        inside: &dyn Fn(&RelationName) -> bool,
    ) {
        let known = catalogue.foreign_keys.iter().filter(|f| inside(&f.child)).count();
        if known > 0 {
            self.notes.push(format!(
                "{known} foreign keys are declared in the source and were looked for on the rows; one that the restore did not create is not missed"
            ));
        }
        for foreign in catalogue.foreign_keys.iter().filter(|f| inside(&f.child)) {
            let (Some(child), Some(parent)) =
                (catalogue.relation(&foreign.child), catalogue.relation(&foreign.parent))
            else {
                self.unprovable(
                    &foreign.name,
                    &format!("foreign key `{}` leads to a table that is not visible", foreign.name),
                );
                continue;
            };
            if !foreign.validated {
                self.must(
                    foreign.child.to_string(),
                    Proof::Found {
                        verdict: Verdict::Broken,
                        kind: "unvalidated_constraint".to_owned(),
                        message: format!("foreign key `{}` is NOT VALID", foreign.name),
                    },
                );
            }
            let rows = self.rows(catalogue, child);
            let parent = RowSet::all(parent);
            let reference = Reference {
                child: &rows,
                columns: &foreign.child_columns,
                parent: &parent,
                parent_columns: &foreign.parent_columns,
            };
            let message =
                format!("violates foreign key `{}`: `{}` has no such row", foreign.name, foreign.parent);
            self.reference(source, &reference, false, "foreign_key", &message);
            if foreign.match_full && foreign.child_columns.len() > 1 {
                let all = present(&foreign.child_columns);
                let none = Condition::And(match &all {
                    Condition::And(list) => {
                        list.iter().map(|c| Condition::Not(Box::new(c.clone()))).collect()
                    }
                    _ => Vec::new(),
                });
                let whole = Condition::Or(vec![none, all]);
                let failing = self.fold(source, &rows, &Fold::Failing(whole.clone()));
                let message = format!(
                    "violates foreign key `{}`: MATCH FULL, and half of the key is NULL",
                    foreign.name
                );
                self.failing_rows(
                    source,
                    &rows,
                    (failing, None),
                    whole,
                    &foreign.child_columns,
                    "foreign_key",
                    &message,
                );
            }
            // Only rows count as looked at: that a key is declared says nothing about rows that are not there.
            self.examined(source, &rows, false);
        }
    }

    fn sequences(&mut self, source: &str, catalogue: &'a Catalogue, inside: &dyn Fn(&RelationName) -> bool) {
        for sequence in catalogue.sequences.iter().filter(|s| inside(&s.relation)) {
            let Some(relation) = catalogue.relation(&sequence.relation) else { continue };
            if !sequence.readable {
                self.unprovable(
                    &sequence.name.to_string(),
                    &format!("the role may not read sequence `{}`; grant SELECT on it", sequence.name),
                );
                continue;
            }
            self.must(sequence.name.to_string(), Proof::Looked);
            let rows = RowSet::all(relation);
            self.examined(source, &rows, false);
            self.sequence(source, &rows, sequence);
        }
    }

    fn sequence(&mut self, source: &str, rows: &RowSet, sequence: &Sequence) {
        let (function, op) = if sequence.increment < 0 {
            (Function::Min, Comparator::LessOrEqual)
        } else {
            (Function::Max, Comparator::GreaterOrEqual)
        };
        let column =
            Operand::Column { name: sequence.column.clone(), span: crate::source_text::Span::NOWHERE };
        let aggregate = Aggregate {
            function,
            argument: Some(column),
            over: Over::On,
            filter: None,
            span: crate::source_text::Span::NOWHERE,
        };
        let key = self.fold(source, rows, &Fold::Aggregate(aggregate));
        let what = format!("{}({}.{})", function.word(), rows.name(), sequence.column);
        let greatest = Scalar::Observed { key, ty: Type::Number, skipped: None, what };
        let Some(last) = sequence.last_value.as_ref().and_then(|v| v.parse().ok()) else {
            // Never used: right only for a column that holds nothing yet.
            let none = Scalar::Coalesce(Box::new(greatest), Value::Number(0.into()));
            self.must(
                sequence.name.to_string(),
                Proof::Compare {
                    left: none,
                    op: Comparator::Equal,
                    right: Scalar::Literal(Value::Number(0.into())),
                },
            );
            return;
        };
        let last = Value::Number(last);
        // An empty table has no greatest value, and any sequence is ahead of it.
        let greatest = Scalar::Coalesce(Box::new(greatest), last.clone());
        self.must(
            sequence.name.to_string(),
            Proof::Compare { left: Scalar::Literal(last), op, right: greatest },
        );
    }
}
