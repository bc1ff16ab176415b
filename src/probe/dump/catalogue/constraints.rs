//! Keys, constraints, indexes and triggers.

use pg_query::NodeEnum;
use pg_query::protobuf::{ConstrType, Constraint, CreateTrigStmt, IndexStmt, Node};

use super::columns::Draft;
use super::nodes;
use crate::catalogue::{ForeignKey, Object};
use crate::policy::RelationName;

const NOT_VALID: &str = "is NOT VALID: nobody has proven it for the rows that are there";

/// What was found around the relations.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) foreign_keys: Vec<ForeignKey>,
    pub(super) objects: Vec<Object>,
}

impl Around {
    /// A constraint of a table, written with it or added later.
    pub(super) fn constraint(&mut self, relation: &RelationName, draft: &mut Draft, constraint: &Constraint) {
        let schema = draft.schema.clone();
        let problem = if constraint.skip_validation { NOT_VALID } else { "" };
        let indexed = match constraint.contype() {
            ConstrType::ConstrPrimary => {
                draft.primary_key = nodes::texts(&constraint.keys);
                true
            }
            ConstrType::ConstrUnique | ConstrType::ConstrExclusion => true,
            ConstrType::ConstrForeign => {
                self.foreign_keys.push(ForeignKey {
                    name: constraint.conname.clone(),
                    child: relation.clone(),
                    child_columns: nodes::texts(&constraint.fk_attrs),
                    parent: nodes::relation(constraint.pktable.as_ref(), &schema),
                    parent_columns: nodes::texts(&constraint.pk_attrs),
                    validated: !constraint.skip_validation,
                    match_full: constraint.fk_matchtype == "f",
                    clears: matches!(constraint.fk_del_action.as_str(), "n" | "d"),
                });
                false
            }
            ConstrType::ConstrNotnull => {
                if !constraint.skip_validation {
                    for column in nodes::texts(&constraint.keys) {
                        if let Some(column) = draft.column(&column) {
                            column.not_null = true;
                        }
                    }
                }
                false
            }
            ConstrType::ConstrCheck => false,
            _ => return,
        };
        // NOT NULL constraints have names since PostgreSQL 18, and only unusual ones are written down.
        if constraint.conname.is_empty() {
            return;
        }
        self.object("constraint", &constraint.conname, relation, problem);
        if indexed {
            self.object("index", &constraint.conname, relation, "");
        }
    }

    pub(super) fn index(&mut self, index: &IndexStmt, schema: &str) {
        let relation = nodes::relation(index.relation.as_ref(), schema);
        self.object("index", &index.idxname, &relation, "");
    }

    pub(super) fn trigger(&mut self, trigger: &CreateTrigStmt, schema: &str) {
        let relation = nodes::relation(trigger.relation.as_ref(), schema);
        self.object("trigger", &trigger.trigname, &relation, "");
        if trigger.isconstraint {
            self.object("constraint", &trigger.trigname, &relation, "");
        }
    }

    /// `ALTER TABLE ... DISABLE TRIGGER` and the like.
    pub(super) fn switch(&mut self, relation: &RelationName, trigger: &str, problem: &str) {
        let found = self.objects.iter_mut().find(|object| {
            object.kind == "trigger" && object.relation == *relation && object.name == trigger
        });
        match found {
            Some(object) => problem.clone_into(&mut object.problem),
            None => self.object("trigger", trigger, relation, problem),
        }
    }

    fn object(&mut self, kind: &str, name: &str, relation: &RelationName, problem: &str) {
        self.objects.push(Object {
            kind: kind.to_owned(),
            name: name.to_owned(),
            relation: relation.clone(),
            problem: problem.to_owned(),
        });
    }

    /// In the order in which a server's catalogue is read.
    pub(super) fn sort(&mut self) {
        self.foreign_keys.sort_by(|a, b| (&a.child, &a.name).cmp(&(&b.child, &b.name)));
        self.objects.sort_by(|a, b| (&a.kind, &a.relation, &a.name).cmp(&(&b.kind, &b.relation, &b.name)));
    }
}

/// The constraint a node is, if it is one.
pub(super) fn constraint(node: &Node) -> Option<&Constraint> {
    match &node.node {
        Some(NodeEnum::Constraint(constraint)) => Some(constraint),
        _ => None,
    }
}
