//! Rules about the objects of a database, alone or of the standard pack: what the catalogue settles, what is proven on the
//! rows, and what a server is asked.

use super::builder::Planner;
use super::references::{Reference, present};
use super::{Inspection, Proof, Scalar};
use crate::catalogue::{Catalogue, Sequence};
use crate::measure::fold::Fold;
use crate::measure::rows::RowSet;
use crate::policy::operand::{Aggregate, Comparator, Condition, Function, Operand, Over};
use crate::policy::standard::{AskedAs, Look, Rule};
use crate::policy::{Check, RelationName};
use crate::value::{Type, Value};
use crate::verdict::Verdict;

/// The relations that have objects of a kind.
fn of_kind<'c>(catalogue: &'c Catalogue, kind: &str) -> Vec<&'c RelationName> {
    catalogue.objects.iter().filter(|o| o.kind == kind).map(|o| &o.relation).collect()
}

/// What is looked at: the relations of `on`, less what the policy leaves out.
struct Inside<'r> {
    scope: Option<Vec<(RelationName, bool)>>,
    without: &'r [(String, String)],
}

impl Inside<'_> {
    fn relation(&self, name: &RelationName) -> bool {
        self.scope.as_ref().is_none_or(|list| list.iter().any(|(n, _)| n == name))
    }

    fn object(&self, relation: &RelationName, name: &str) -> bool {
        self.relation(relation) && !self.left_out(&format!("{relation}.{name}"))
    }

    fn left_out(&self, object: &str) -> bool {
        self.without.iter().any(|(left, _)| left == object)
    }
}

impl<'a> Planner<'a> {
    pub(super) fn standard(&mut self, check: &'a Check, rule: &'a Rule) {
        let Some((source, catalogue)) = self.source(check) else { return };
        let member = rule.member;
        let scope: Option<Vec<(RelationName, bool)>> = check.on.as_ref().map(|_| {
            self.on_relations(check, catalogue, &source)
                .into_iter()
                .map(|(r, named)| (r.name.clone(), named))
                .collect()
        });
        let of: Vec<&RelationName> = match &member.look {
            Look::Objects(kind) => of_kind(catalogue, kind),
            Look::ForeignKeys => catalogue.foreign_keys.iter().map(|f| &f.child).collect(),
            Look::Sequences => catalogue.sequences.iter().map(|s| &s.relation).collect(),
            Look::Asked(_) => Vec::new(),
        };
        // Whoever names a relation expects something there; a restore may have lost it.
        for (name, _) in scope.iter().flatten().filter(|(name, named)| *named && !of.contains(&name)) {
            let word = member.every.map_or(member.things, |(word, _)| word).replace('_', " ");
            self.unprovable(&name.to_string(), &format!("{name} has no {word}"));
        }
        if rule.asked != AskedAs::Every {
            self.whole(&source, catalogue, rule, of.is_empty());
        }
        let inside = Inside { scope, without: &rule.without };
        match &member.look {
            Look::Objects(kind) => self.objects(&source, catalogue, kind, rule, &inside),
            Look::ForeignKeys => self.foreign_keys(&source, catalogue, &inside),
            Look::Sequences => self.sequences(&source, catalogue, &inside),
            Look::Asked(_) => self.asked(&source, rule),
        }
    }

    /// What every member of the pack says of the database as a whole: an empty one has no faults, and none is no news.
    fn whole(&mut self, source: &str, catalogue: &Catalogue, rule: &Rule, none: bool) {
        if !catalogue.relations.iter().any(|r| r.kind.stores()) {
            let why = "it holds no table, so that nothing shows that anything was restored";
            self.unprovable(source, why);
        }
        if none && !matches!(rule.member.look, Look::Asked(_)) {
            // The catalogue itself was looked at.
            self.must(source, Proof::Looked);
            self.notes.push(format!("there are no {} here", rule.member.things));
        }
        for (object, because) in &rule.without {
            self.notes.push(format!("not looked at: {object}, because {because}"));
        }
    }

    /// What a server is asked.
    fn asked(&mut self, source: &str, rule: &Rule) {
        let without: Vec<String> = rule.without.iter().map(|(object, _)| object.clone()).collect();
        // What is left out is in the key, so that kept facts answer no other question.
        let what = format!("standard {} without {without:?}", rule.member.name);
        if let Some(key) = self.inspect(source, &what, Inspection::Standard { member: rule.member, without })
        {
            self.must(source, Proof::Inspected { key });
        }
    }

    fn objects(&mut self, source: &str, catalogue: &Catalogue, kind: &str, rule: &Rule, inside: &Inside<'_>) {
        let mine = |o: &&crate::catalogue::Object| o.kind == kind && inside.object(&o.relation, &o.name);
        for object in catalogue.objects.iter().filter(mine) {
            let subject = format!("{} on {}", object.name, object.relation);
            self.must(subject.clone(), Proof::Looked);
            // By itself, it says something of tables with rows; in the pack, `contents` sees to these.
            if rule.asked == AskedAs::Every {
                let key = self.exists(source, &object.relation);
                self.must(object.relation.to_string(), Proof::Inhabited { key });
            }
            if !object.problem.is_empty() {
                self.must(
                    subject,
                    Proof::Found {
                        verdict: Verdict::Broken,
                        kind: rule.member.finding.to_owned(),
                        message: format!("{kind} `{}` {}", object.name, object.problem),
                    },
                );
            }
        }
    }

    fn foreign_keys(&mut self, source: &str, catalogue: &'a Catalogue, inside: &Inside<'_>) {
        let mine = |f: &&crate::catalogue::ForeignKey| inside.object(&f.child, &f.name);
        let known = catalogue.foreign_keys.iter().filter(mine).count();
        if known > 0 {
            self.notes.push(format!(
                "{known} foreign keys are declared in the source and were looked for on the rows; one that the restore did not create is not missed"
            ));
        }
        for foreign in catalogue.foreign_keys.iter().filter(mine) {
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

    fn sequences(&mut self, source: &str, catalogue: &'a Catalogue, inside: &Inside<'_>) {
        let mine = |s: &&Sequence| inside.relation(&s.relation) && !inside.left_out(&s.name.to_string());
        for sequence in catalogue.sequences.iter().filter(mine) {
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
