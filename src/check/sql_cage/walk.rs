//! A walk over PostgreSQL's own parse tree: what a statement calls and reads, and what it may not do.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::constant::{Fixed, fixed, never_true};

/// Functions that read the clock without being volatile, or whatever they are called there.
const CLOCKS: [&str; 5] =
    ["now", "transaction_timestamp", "statement_timestamp", "clock_timestamp", "timeofday"];

/// Texts that PostgreSQL reads as a time of its own when a time is wanted.
const CLOCK_WORDS: [&str; 4] = ["now", "today", "tomorrow", "yesterday"];

const OWN_CLOCK: (&str, &str) = (
    "the SQL reads a clock of its own",
    "use a `time` parameter as `$name`, so that the run can be repeated; where the word itself is meant, write `'now'::text`",
);

const NEVER_TRUE: (&str, &str) = (
    "this condition is never true, whatever the tables hold",
    "a statement that lets no row through finds nothing; compare columns, and write `is null` for NULL",
);

const NO_ROW: (&str, &str) = (
    "a LIMIT that may be 0 lets no row through, whatever the tables hold",
    "leave the limit out, or write a number above 0",
);

const ONLY_LOOKS: &str = "a check only looks; rewrite it as a plain SELECT";

/// What a walk over the whole parse tree saw.
#[derive(Default)]
pub(super) struct Found {
    /// Functions it calls, each as optional schema and name.
    pub(super) functions: BTreeSet<(Option<String>, String)>,
    /// Relations it reads, each as optional schema and name; names of its own WITH queries left out.
    pub(super) relations: BTreeSet<(Option<String>, String)>,
    /// The first thing that is not allowed, and what to do instead.
    pub(super) forbidden: Option<(String, &'static str)>,
}

/// What is known at one place of the walk.
#[derive(Default)]
struct Walk {
    found: Found,
    /// Names of the WITH queries in scope.
    own: Vec<String>,
    /// A text that would be the current time, spelt as a text, and a type that would read it so.
    texts_of_now: bool,
    times: bool,
}

impl Found {
    /// Visits every node, known or not, so that nothing hides in a corner of the tree.
    pub(super) fn of(tree: &Json) -> Self {
        let mut walk = Walk::default();
        walk.visit(tree);
        if walk.texts_of_now && walk.times {
            walk.forbid(OWN_CLOCK);
        }
        walk.found
    }
}

impl Walk {
    fn visit(&mut self, json: &Json) {
        match json {
            Json::Array(items) => items.iter().for_each(|item| self.visit(item)),
            Json::Object(members) => {
                let depth = self.own.len();
                let with = members.get("with_clause").filter(|with| !with.is_null());
                if let Some(with) = with {
                    self.with(with);
                }
                for (key, value) in members.iter().filter(|(key, _)| with.is_none() || *key != "with_clause")
                {
                    if self.node(key, value) {
                        self.visit(value);
                    }
                }
                self.own.truncate(depth);
            }
            _ => {}
        }
    }

    /// A WITH query is known to those after it and to the statement it stands before, and to itself only if RECURSIVE:
    /// `with t as (select * from t)` reads the table.
    fn with(&mut self, clause: &Json) {
        let name = |query: &Json| {
            query.pointer("/node/CommonTableExpr/ctename").and_then(Json::as_str).map(str::to_owned)
        };
        let queries = clause.get("ctes").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        let recursive = clause.get("recursive").and_then(Json::as_bool) == Some(true);
        if recursive {
            self.own.extend(queries.iter().filter_map(name));
        }
        for query in queries {
            self.visit(query);
            if !recursive {
                self.own.extend(name(query));
            }
        }
    }

    /// Looks at one node; whether to look at what is inside it as well.
    fn node(&mut self, key: &str, value: &Json) -> bool {
        match key {
            "FuncCall" => self.call(value),
            "RangeVar" => {
                let text = |key: &str| value.get(key).and_then(Json::as_str).unwrap_or("").to_owned();
                let (schema, name) = (Some(text("schemaname")).filter(|s| !s.is_empty()), text("relname"));
                if schema.is_some() || !self.own.contains(&name) {
                    self.found.relations.insert((schema, name));
                }
            }
            "RangeTableSample" => {
                self.forbid(("a sample of a table is not all of it", "leave TABLESAMPLE out"));
            }
            "TypeCast" if is_text(value) && value.get("arg").is_some_and(is_clock_word) => {
                self.texts_of_now = true;
                return false;
            }
            // The type a parameter is bound with is its own and reads no text of the statement.
            "TypeCast" if value.pointer("/arg/node/ParamRef").is_some() => return false,
            "AConst" if is_clock_text(value) => self.forbid(OWN_CLOCK),
            "TypeName" | "type_name" => {
                let names = strings(value.get("names"));
                self.times |= names.last().is_some_and(|n| n.starts_with("time") || n == "date");
            }
            "into_clause" if !value.is_null() => self.forbid(("`SELECT INTO` creates a table", ONLY_LOOKS)),
            "LockingClause" => self.forbid(("`FOR UPDATE` and its like take locks", ONLY_LOOKS)),
            "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt" => {
                self.forbid(("a WITH that changes data is not a look", ONLY_LOOKS));
            }
            "SqlvalueFunction" | "SQLValueFunction" => {
                let clock = value.get("op").and_then(Json::as_i64).is_some_and(|op| (1..=9).contains(&op));
                if clock {
                    self.forbid(OWN_CLOCK);
                }
            }
            "where_clause" | "having_clause" | "quals" | "agg_filter" if never_true(value) => {
                self.forbid(NEVER_TRUE);
            }
            "limit_count" => {
                let zero = matches!(fixed(value), Some(Fixed::Number(n)) if n <= 0);
                if zero || holds(value, "ParamRef") {
                    self.forbid(NO_ROW);
                }
            }
            _ => {}
        }
        true
    }

    fn call(&mut self, call: &Json) {
        let mut names = strings(call.get("funcname"));
        let Some(name) = names.pop() else { return };
        let arguments = call.get("args").and_then(Json::as_array).map_or(0, Vec::len);
        // `age` of one value counts from today.
        if CLOCKS.contains(&name.as_str()) || (name == "age" && arguments == 1) {
            self.forbid(OWN_CLOCK);
        }
        self.found.functions.insert((names.pop(), name));
    }

    fn forbid(&mut self, (why, instead): (&str, &'static str)) {
        self.found.forbidden.get_or_insert_with(|| (why.to_owned(), instead));
    }
}

fn strings(json: Option<&Json>) -> Vec<String> {
    let items = json.and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let text = |item: &Json| item.pointer("/node/String/sval").and_then(Json::as_str).map(str::to_owned);
    items.iter().filter_map(text).collect()
}

/// Whether a node of this kind stands anywhere inside.
fn holds(json: &Json, kind: &str) -> bool {
    match json {
        Json::Array(items) => items.iter().any(|item| holds(item, kind)),
        Json::Object(members) => members.iter().any(|(key, value)| key == kind || holds(value, kind)),
        _ => false,
    }
}

fn is_text(cast: &Json) -> bool {
    let names = strings(cast.pointer("/type_name/names"));
    names.last().is_some_and(|n| ["text", "varchar", "bpchar", "name"].contains(&n.as_str()))
}

fn is_clock_word(argument: &Json) -> bool {
    argument.pointer("/node/AConst").is_some_and(is_clock_text)
}

/// Whether a constant is a text such as `now` or `tomorrow 12:00 utc`. One without a type takes that of what it is
/// compared with, so it need not be cast to be read as a time.
fn is_clock_text(constant: &Json) -> bool {
    let text = constant.pointer("/val/Sval/sval").and_then(Json::as_str).unwrap_or("").to_ascii_lowercase();
    let mut words = text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty());
    let is_clock = |word: &str| CLOCK_WORDS.contains(&word);
    let zone = text.contains('/');
    words.clone().any(is_clock) && words.all(|word| is_clock(word) || zone || word.len() <= 4)
}
