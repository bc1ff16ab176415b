//! Sequences, what they feed, and where they stand.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, SelectStmt};

use super::nodes;
use crate::catalogue::Sequence;
use crate::policy::RelationName;

/// What statements say of sequences.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    increments: BTreeMap<RelationName, i64>,
    /// The value that was set, and whether it has been handed out.
    standing: BTreeMap<RelationName, (i64, bool)>,
    /// Sequence, relation, column.
    feeds: BTreeSet<(RelationName, RelationName, String)>,
}

impl Sequences {
    /// `CREATE SEQUENCE`, `ALTER SEQUENCE ... OWNED BY`, or the options of an identity column.
    pub(super) fn options(&mut self, sequence: RelationName, options: &[Node], schema: &str) {
        let mut increment = None;
        for option in options {
            let Some(NodeEnum::DefElem(option)) = &option.node else { continue };
            match option.defname.as_str() {
                "increment" => increment = option.arg.as_deref().and_then(nodes::number),
                "owned_by" => {
                    let mut names = match option.arg.as_deref().and_then(|arg| arg.node.as_ref()) {
                        Some(NodeEnum::List(list)) => nodes::texts(&list.items),
                        _ => continue,
                    };
                    let Some(column) = names.pop().filter(|_| !names.is_empty()) else { continue };
                    let relation = nodes::qualified(&names, schema);
                    self.feeds.insert((sequence.clone(), relation, column));
                }
                _ => {}
            }
        }
        let known = self.increments.entry(sequence).or_insert(1);
        *known = increment.unwrap_or(*known);
    }

    /// `ALTER COLUMN ... ADD GENERATED ... AS IDENTITY (SEQUENCE NAME ...)`.
    pub(super) fn identity(&mut self, relation: &RelationName, column: &str, options: &[Node], schema: &str) {
        let named = options.iter().find_map(|option| match &option.node {
            Some(NodeEnum::DefElem(option)) if option.defname == "sequence_name" => {
                match option.arg.as_deref().and_then(|arg| arg.node.as_ref()) {
                    Some(NodeEnum::List(list)) => Some(nodes::texts(&list.items)),
                    _ => None,
                }
            }
            _ => None,
        });
        let Some(names) = named else { return };
        let sequence = nodes::qualified(&names, schema);
        self.feeds.insert((sequence.clone(), relation.clone(), column.to_owned()));
        self.options(sequence, options, schema);
    }

    /// A column's default: every sequence it names feeds the column.
    pub(super) fn default(&mut self, relation: &RelationName, column: &str, expression: &Node, schema: &str) {
        let Ok(tree) = serde_json::to_value(expression) else { return };
        let mut names = Vec::new();
        classes(&tree, &mut names);
        for name in names {
            let sequence = nodes::qualified(&nodes::parts(&name), schema);
            self.feeds.insert((sequence, relation.clone(), column.to_owned()));
        }
    }

    /// `SELECT pg_catalog.setval('public.s', 42, true)`.
    pub(super) fn set(&mut self, select: &SelectStmt, schema: &str) {
        let call = select.target_list.iter().find_map(|target| match &target.node {
            Some(NodeEnum::ResTarget(target)) => match target.val.as_deref()?.node.as_ref()? {
                NodeEnum::FuncCall(call) => Some(call),
                _ => None,
            },
            _ => None,
        });
        let Some(call) = call.filter(|call| call.funcname.last().and_then(nodes::text) == Some("setval"))
        else {
            return;
        };
        let [sequence, value, called] = call.args.as_slice() else { return };
        let (Some(sequence), Some(value)) = (nodes::text(sequence), nodes::number(value)) else { return };
        let sequence = nodes::qualified(&nodes::parts(sequence), schema);
        self.standing.insert(sequence, (value, nodes::is_true(called)));
    }

    /// All sequences that feed a column. Where a sequence stands is data: an archive of the schema alone does not say.
    pub(super) fn finish(self) -> Vec<Sequence> {
        let known = self.feeds.into_iter().filter(|(sequence, ..)| self.increments.contains_key(sequence));
        known
            .map(|(name, relation, column)| {
                let increment = self.increments.get(&name).copied().unwrap_or(1);
                let standing = self.standing.get(&name).copied();
                // Before its first use it hands out exactly what it was set to: what counts is the value before that.
                let last = standing.and_then(
                    |(value, called)| {
                        if called { Some(value) } else { value.checked_sub(increment) }
                    },
                );
                Sequence {
                    name,
                    relation,
                    column,
                    last_value: last.map(|last| last.to_string()),
                    readable: standing.is_some(),
                    increment,
                }
            })
            .collect()
    }
}

/// Constants of type `regclass` anywhere in an expression.
fn classes(tree: &serde_json::Value, names: &mut Vec<String>) {
    match tree {
        serde_json::Value::Array(items) => items.iter().for_each(|item| classes(item, names)),
        serde_json::Value::Object(members) => {
            if let Some(cast) = members.get("TypeCast") {
                let is_class = cast
                    .pointer("/type_name/names")
                    .and_then(|names| names.as_array()?.last()?.pointer("/node/String/sval")?.as_str())
                    == Some("regclass");
                let name = cast.pointer("/arg/node/AConst/val/Sval/sval").and_then(|name| name.as_str());
                names.extend(name.filter(|_| is_class).map(str::to_owned));
            }
            members.values().for_each(|value| classes(value, names));
        }
        _ => {}
    }
}
