//! Raw SQL behind bars: exactly one SELECT by PostgreSQL's own grammar, values only as bind parameters.

mod bind;
mod constant;
mod walk;

use self::bind::bind;
use self::walk::Found;
use serde_json::Value as Json;

use crate::diagnostic::{Code, Diagnostic};
use crate::policy::assertion::RawSql;
use crate::source_text::Span;
use crate::value::Type;

/// Longest raw SQL, in bytes.
const MAX_BYTES: usize = 64 * 1024;

const FORM: &str = "write exactly one plain SELECT; values come in as `$name`";

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
    let Found { functions, relations, forbidden } = Found::of(&tree);
    if let Some((why, instead)) = forbidden {
        return Err(refuse(why, "not allowed in a check").help(instead));
    }
    if relations.is_empty() {
        let why = "the SQL reads no table, so its answer would prove nothing".to_owned();
        return Err(refuse(why, "looks at nothing").help(
            "read the tables the check is about; what the server says of itself is a fact, such as `SOURCE.in_recovery`",
        ));
    }
    Ok(RawSql {
        text: bound,
        parameters,
        functions: functions.into_iter().collect(),
        relations: relations.into_iter().collect(),
        span,
    })
}

fn reason(error: &pg_query::Error) -> String {
    match error {
        pg_query::Error::Parse(message) => message.clone(),
        other => other.to_string(),
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

    #[test]
    fn clocks_are_refused_in_every_spelling() {
        for text in [
            "select 1 from t where a < now()",
            "select 1 from t where a < pg_catalog.clock_timestamp()",
            "select 1 from t where a < timeofday()::timestamptz",
            "select 1 from t where age(a) > interval '1 day'",
            "select 1 from t where a < current_date",
            "select 1 from t where a < localtimestamp(0)",
            "select 1 from t where a::time < localtime",
            "select 1 from t where a < 'now'",
            "select 1 from t where a < ' TODAY '",
            "select 1 from t where a < 'tomorrow 12:00 utc'",
            "select 1 from t where a <@ '[yesterday,today)'::daterange",
            "select 1 from t where a < ('now'::text)::timestamptz",
        ] {
            let refused = judge(text).unwrap_err();
            assert!(refused.message.contains("clock"), "{text}: {}", refused.message);
        }
        for text in [
            "select 1 from t where age(a, $target_time) > interval '1 day'",
            "select 1 from t where kind = 'now'::text and a < $target_time",
            "select today from t where a::date < b",
            "select 1 from t where note = 'call me today please'",
        ] {
            assert!(judge(text).is_ok(), "refused: {text}: {:?}", judge(text));
        }
    }

    #[test]
    fn what_looks_at_nothing_is_refused() {
        for text in [
            "select 1",
            "values (1)",
            "select count(*) from generate_series(1, 10)",
            "with t as (select 1 as x) select x from t",
            "with recursive t as (select 1 as x union all select x + 1 from t where x < 9) select x from t",
        ] {
            let refused = judge(text).unwrap_err();
            assert!(refused.message.contains("reads no table"), "{text}: {}", refused.message);
        }
    }

    #[test]
    fn what_lets_no_row_through_is_refused() {
        for text in [
            "select 1 from t limit 0",
            "select 1 from t limit 1 - 1",
            "select 1 from t limit $n",
            "select 1 from t fetch first 0 rows only",
            "select 1 from (select * from t limit 0) x",
            "select 1 from t where false",
            "select 1 from t where a > 1 and 1 = 0",
            "select 1 from t where 'f'::bool or not true",
            "select 1 from t where a = null",
            "select 1 from t where a <> null and b > 1",
            "select 1 from t where not (a = null)",
            "select 1 from t join u on 1 = 2",
            "select count(*) filter (where false) from t",
            "select a from t group by a having null",
            "select 1 from t where exists (select 1 from u where 'a' = 'b')",
            "select 1 from u union all select 1 from t where false",
        ] {
            assert!(judge(text).is_err(), "let through: {text}");
        }
        for text in [
            "select 1 from t limit 1",
            "select 1 from t limit all",
            "select 1 from t limit 2 - (select count(*) from t) % 2 offset 1",
            "select 1 from t where true and 1 = 1",
            "select 1 from t where a is null or (b = null or c)",
            "select 1 from t where a is distinct from null",
            "select 1 from t where not (a = null and b)",
            "select 1 from t where '1' = 1",
        ] {
            assert!(judge(text).is_ok(), "refused: {text}: {:?}", judge(text));
        }
    }

    #[test]
    fn a_name_of_with_hides_a_table_only_where_it_is_known() {
        let table = (None, "t".to_owned());
        for (text, reads) in [
            ("with t as (select * from t) select * from t", true),
            ("select 1 from t where exists (with t as (select 1 from u) select 1 from t)", true),
            ("with t as (select 1 from u) select * from t", false),
            (
                "with a as (select 1 from u), t as (select * from a) select (select count(*) from t) from a",
                false,
            ),
            ("with recursive t as (select 1 as x from u union select x from t) select * from t", false),
            ("with t as (select 1 from u) select * from public.t", false),
        ] {
            assert_eq!(judge(text).unwrap().relations.contains(&table), reads, "{text}");
        }
    }
}
