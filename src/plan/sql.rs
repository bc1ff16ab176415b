//! Raw SQL: bound parameters, and functions judged by the catalogue.

use super::builder::Planner;
use super::{Proof, Work};
use crate::catalogue::Catalogue;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::assertion::{RawSql, Returns};
use crate::policy::{Check, RelationName};
use crate::value::{Value, plain};

/// Most rows of raw SQL that are fetched.
const MAX_ROWS: u64 = 100;

impl<'a> Planner<'a> {
    pub(super) fn raw_sql(&mut self, check: &'a Check, returns: &Returns, sql: &RawSql) {
        let Some((source, catalogue)) = self.source(check) else { return };
        let Some(arguments) = self.usable(catalogue, sql) else { return };
        // A statement that finds nothing in an empty table has looked at nothing.
        for (schema, name) in &sql.relations {
            let system = match schema {
                None => name.starts_with("pg_"),
                Some(schema) => schema == "pg_catalog" || schema == "information_schema",
            };
            if system {
                self.must(name, Proof::Read { key: None });
                continue;
            }
            let schema = schema.clone().unwrap_or_else(|| self.policy.schema.clone());
            let name = RelationName { schema, name: name.clone() };
            let key = self.exists(&source, &name);
            self.must(name.to_string(), Proof::Read { key: Some(key) });
        }
        if self.options.tenant.is_some() {
            self.notes.push("raw SQL is not narrowed to the tenant".to_owned());
        }
        let key = format!("{source}: {} {}", sql.text, arguments.join(","));
        let text = sql.text.clone();
        let key = self.other(&source, String::new(), key, |key| Work::Table {
            key,
            sql: text,
            arguments,
            limit: MAX_ROWS,
        });
        self.must("SQL", Proof::Returned { key, returns: returns.clone(), see: sql.text.clone() });
    }
}

impl Planner<'_> {
    /// The arguments of raw SQL, or a report of why it cannot be run on a source.
    pub(super) fn usable(&mut self, catalogue: &Catalogue, sql: &RawSql) -> Option<Vec<String>> {
        for (names, what, why) in [
            (
                &catalogue.volatile,
                "which the server calls volatile",
                "may change data or differ from call to call",
            ),
            (
                &catalogue.clocks,
                "which reads a clock by its definition in the database",
                "differs from day to day",
            ),
        ] {
            let called: Vec<&str> = sql
                .functions
                .iter()
                .map(|(_, name)| name.as_str())
                .filter(|n| names.iter().any(|v| v == n))
                .collect();
            if !called.is_empty() {
                let diagnostic = Diagnostic::error(
                    Code::SqlRefused,
                    format!("the SQL calls `{}`, {what}", called.join("`, `")),
                )
                .at(sql.span, why)
                .help("leave the call out; a check only looks, and takes the time it compares with as a `$name`");
                self.wrong(vec![diagnostic]);
                return None;
            }
        }
        let mut arguments = Vec::new();
        for name in &sql.parameters {
            match self.policy.param(name) {
                Some(value) => arguments.push(argument(value)),
                None => {
                    self.unprovable(
                        "",
                        &format!(
                            "parameter `${name}` is `all` or was not given, and the SQL needs one value"
                        ),
                    );
                    return None;
                }
            }
        }
        let shadows: Vec<String> = catalogue
            .shadows
            .iter()
            .filter(|s| s.schema == self.policy.schema)
            .filter(|s| {
                s.operator || sql.functions.iter().any(|(schema, name)| schema.is_none() && *name == s.name)
            })
            .map(|s| format!("{} `{}`", if s.operator { "operator" } else { "function" }, s.name))
            .collect();
        if !shadows.is_empty() {
            self.unprovable(
                "",
                &format!(
                    "schema `{}` has {} of its own, which could answer instead of the system's; remove it, or write the check without raw SQL",
                    self.policy.schema,
                    shadows.join(", ")
                ),
            );
            return None;
        }
        Some(arguments)
    }

    /// Adds the question whether a relation has any rows; the key of a cell that is 1 or 0.
    pub(super) fn exists(&mut self, source: &str, name: &RelationName) -> String {
        let key = format!("{source}: any rows in {name}");
        let relation = name.clone();
        self.other(source, name.to_string(), key, |key| Work::Any { key, relation })
    }
}

/// A value as the text that PostgreSQL casts back.
fn argument(value: &Value) -> String {
    match value {
        Value::Number(n) | Value::Percent(n) | Value::Size(n) => plain(n),
        Value::Duration(micros) => format!("{micros} microseconds"),
        Value::Time(at) => at.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bool(b) => b.to_string(),
    }
}
