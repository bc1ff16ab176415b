//! Raw SQL behind bars: exactly one SELECT by PostgreSQL's own grammar, values only as bind parameters.

use serde_json::Value as Json;

use crate::diagnostic::{Code, Diagnostic};
use crate::policy::assertion::RawSql;
use crate::source_text::Span;
use crate::value::Type;

/// Longest raw SQL, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Functions that read the clock without being volatile.
const CLOCKS: [&str; 3] = ["now", "transaction_timestamp", "statement_timestamp"];

const FORM: &str = "write exactly one plain SELECT; values come in as `$name`";

const OWN_CLOCK: &str = "the SQL reads a clock of its own; use a parameter, so that the run can be repeated";

/// Judges one raw SQL text. `declared` are the parameters that `$name` may stand for.
pub(super) fn cage(text: &str, span: Span, declared: &[(String, Type)]) -> Result<RawSql, Diagnostic> {
    let refuse = |message: String, label: &str| {
        Diagnostic::error(Code::SqlRefused, message).at(span, label.to_owned()).help(FORM)
    };
    if text.len() > MAX_BYTES {
        return Err(refuse(format!("the SQL is longer than {MAX_BYTES} bytes"), "too long"));
    }
    let (bound, parameters) = bind(text, span, declared)?;
    let parsed = pg_query::parse(&bound, pg_query::ParserOptions::default()).map_err(|error| {
        refuse(format!("PostgreSQL cannot parse this: {}", reason(&error)), "not valid SQL")
    })?;
    if parsed.protobuf.stmts.len() != 1 {
        let message =
            format!("raw SQL is exactly one statement, and this has {}", parsed.protobuf.stmts.len());
        return Err(refuse(message, "not one statement"));
    }
    let tree = serde_json::to_value(&parsed.protobuf)
        .map_err(|_| refuse("the SQL could not be examined".to_owned(), "here"))?;
    let top =
        tree.pointer("/stmts/0/stmt/node").and_then(Json::as_object).and_then(|node| node.keys().next());
    if top.map(String::as_str) != Some("SelectStmt") {
        return Err(refuse("raw SQL must be a SELECT".to_owned(), "another kind of statement"));
    }
    let mut found = Found::default();
    found.walk(&tree);
    if found.texts_of_now && found.times {
        found.forbid(OWN_CLOCK);
    }
    if let Some(why) = found.forbidden {
        return Err(
            refuse(why, "not allowed in a check").help("a check only looks; rewrite it as a plain SELECT")
        );
    }
    found.functions.sort();
    found.functions.dedup();
    let own = found.own;
    let mut relations: Vec<_> = found
        .relations
        .into_iter()
        .filter(|(schema, name)| schema.is_some() || !own.contains(name))
        .collect();
    relations.sort();
    relations.dedup();
    Ok(RawSql { text: bound, parameters, functions: found.functions, relations, span })
}

fn reason(error: &pg_query::Error) -> String {
    match error {
        pg_query::Error::Parse(message) => message.clone(),
        other => other.to_string(),
    }
}

/// What a walk over the whole parse tree saw.
#[derive(Default)]
struct Found {
    functions: Vec<(Option<String>, String)>,
    relations: Vec<(Option<String>, String)>,
    own: Vec<String>,
    forbidden: Option<String>,
    /// A text that PostgreSQL reads as the current time, and a type that would read it so.
    texts_of_now: bool,
    times: bool,
}

impl Found {
    /// Visits every node, known or not, so that nothing hides in a corner of the tree.
    fn walk(&mut self, json: &Json) {
        match json {
            Json::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Json::Object(members) => {
                for (key, value) in members {
                    self.node(key, value);
                    self.walk(value);
                }
            }
            _ => {}
        }
    }

    fn node(&mut self, key: &str, value: &Json) {
        match key {
            "FuncCall" => {
                let mut names = strings(value.get("funcname"));
                if let Some(name) = names.pop() {
                    if CLOCKS.contains(&name.as_str()) {
                        self.forbid(OWN_CLOCK);
                    }
                    self.functions.push((names.pop(), name));
                }
            }
            "RangeVar" => {
                let text = |key: &str| value.get(key).and_then(Json::as_str).unwrap_or("").to_owned();
                let schema = Some(text("schemaname")).filter(|s| !s.is_empty());
                self.relations.push((schema, text("relname")));
            }
            "CommonTableExpr" => {
                self.own.extend(value.get("ctename").and_then(Json::as_str).map(str::to_owned));
            }
            "RangeTableSample" => self.forbid("a sample of a table is not all of it"),
            "sval" => {
                let text = value.as_str().unwrap_or("");
                if ["now", "today", "tomorrow", "yesterday"].contains(&text.trim().to_lowercase().as_str()) {
                    self.texts_of_now = true;
                }
            }
            "TypeName" | "type_name" => {
                let names = strings(value.get("names"));
                self.times |= names.last().is_some_and(|n| n.starts_with("time") || n == "date");
            }
            "into_clause" if !value.is_null() => self.forbid("`SELECT INTO` creates a table"),
            "LockingClause" => self.forbid("`FOR UPDATE` and its like take locks"),
            "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt" => {
                self.forbid("a WITH that changes data is not a look");
            }
            "SqlvalueFunction" | "SQLValueFunction" => {
                let clock = value.get("op").and_then(Json::as_i64).is_some_and(|op| (1..=9).contains(&op));
                if clock {
                    self.forbid(OWN_CLOCK);
                }
            }
            _ => {}
        }
    }

    fn forbid(&mut self, why: &str) {
        self.forbidden.get_or_insert_with(|| why.to_owned());
    }
}

fn strings(json: Option<&Json>) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(Json::Array(items)) = json {
        for item in items {
            if let Some(text) = item.pointer("/node/String/sval").and_then(Json::as_str) {
                found.push(text.to_owned());
            }
        }
    }
    found
}

/// Replaces `$name` outside of quotes and comments by `CAST($n AS type)` over a text parameter.
fn bind(text: &str, span: Span, declared: &[(String, Type)]) -> Result<(String, Vec<String>), Diagnostic> {
    let mut out = String::with_capacity(text.len());
    let mut parameters: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\'' | '"' => quoted(rest, first),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            '$' => {
                let name: String =
                    rest.chars().skip(1).take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                    return Err(Diagnostic::error(Code::SqlRefused, "`$` begins a parameter of the policy")
                        .at(span, "in this SQL")
                        .help("write `$name`; positional parameters and dollar quotes are not allowed"));
                }
                let Some((_, ty)) = declared.iter().find(|(known, _)| *known == name) else {
                    return Err(Diagnostic::error(
                        Code::UnknownName,
                        format!("unknown parameter `${name}` in SQL"),
                    )
                    .at(span, "in this SQL")
                    .did_you_mean(&name, declared.iter().map(|(known, _)| known.as_str())));
                };
                let number = match parameters.iter().position(|p| *p == name) {
                    Some(at) => at + 1,
                    None => {
                        parameters.push(name.clone());
                        parameters.len()
                    }
                };
                out.push_str(&format!("CAST(${number} AS {})", sql_type(*ty)));
                rest = rest.get(1 + name.len()..).unwrap_or("");
                continue;
            }
            c => c.len_utf8(),
        };
        let (copied, after) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        out.push_str(copied);
        rest = after;
    }
    Ok((out, parameters))
}

/// Length of a quoted piece, doubled quotes included; the whole rest when it never ends.
fn quoted(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return at + 1;
            }
        }
    }
    text.len()
}

/// Length of a block comment; PostgreSQL's nest.
fn comment(text: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            match rest.chars().next() {
                Some(c) => at += c.len_utf8(),
                None => break,
            }
        }
    }
    text.len()
}

/// The PostgreSQL type a parameter of the policy is cast to; durations and shares as plain numbers.
pub(crate) fn sql_type(ty: Type) -> &'static str {
    match ty {
        Type::Number | Type::Percent | Type::Size => "numeric",
        Type::Duration => "interval",
        Type::Time => "timestamptz",
        Type::Text => "text",
        Type::Bool => "boolean",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_text::FileId;

    const AT: Span = Span { file: FileId(0), start: 0, end: 1 };

    fn judge(text: &str) -> Result<RawSql, Diagnostic> {
        cage(text, AT, &[("target_time".to_owned(), Type::Time), ("n".to_owned(), Type::Number)])
    }

    #[test]
    fn one_select_is_let_through_with_bound_values() {
        let sql =
            judge("select id from \"T\" where a > $target_time and b = '$n' and c < $target_time").unwrap();
        assert_eq!(sql.parameters, ["target_time"]);
        assert!(sql.text.contains("CAST($1 AS timestamptz)") && sql.text.contains("'$n'"));
        assert_eq!(sql.relations, [(None, "T".to_owned())]);
        let sql = judge("with x as (select pg_catalog.lower(a) from t) select count(*) from x").unwrap();
        assert_eq!(
            sql.functions,
            [(None, "count".to_owned()), (Some("pg_catalog".to_owned()), "lower".to_owned())]
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "select 1; select 2",
            "select 1; commit",
            "delete from t",
            "with d as (delete from t returning *) select * from d",
            "with d as (insert into t values (1) returning *) select * from d",
            "select * into x from t",
            "select * from t for update",
            "select (select 1 from t for share)",
            "copy t to stdout",
            "explain select 1",
            "set role x",
            "do 'begin end'",
            "select $1",
            "select $unknown",
            "select now()",
            "select 1 from t where a < 'now'::timestamptz",
            "select 1 from t where a < date 'tomorrow'",
            "select 1 from t tablesample system (1)",
            "select 1 from t where a < current_timestamp",
            "values (1) for update",
            "select $tag$ x $tag$",
        ] {
            assert!(judge(text).is_err(), "let through: {text}");
        }
    }
}
