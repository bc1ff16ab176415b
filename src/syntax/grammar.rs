//! The generated parser and the names its rules have for people.

use pest_derive::Parser;

/// The pest parser of `grammar/holdtrue.pest`.
#[derive(Parser)]
#[grammar = "grammar/holdtrue.pest"]
pub(super) struct Grammar;

/// What a person would call the thing a rule reads. `None` for rules that say nothing on their own.
///
/// Rule names never reach a user: a diagnostic lists these words instead.
pub(super) fn describe(rule: Rule) -> Option<String> {
    let words = match rule {
        Rule::name | Rule::ident | Rule::quoted => "a name",
        Rule::path | Rule::reference | Rule::tuple => "a table or column",
        Rule::pattern => "a table or a pattern such as `*`",
        Rule::string => "text in double quotes",
        Rule::raw => "SQL between `$$` and `$$`",
        Rule::param => "a parameter such as `$name`",
        Rule::control => "a control such as `soc2:A1.2`",
        Rule::timestamp => "a date or time",
        Rule::quantity | Rule::number | Rule::offset => "a number with its unit",
        Rule::compare => "one of `=` `!=` `<` `<=` `>` `>=`",
        Rule::expr | Rule::term | Rule::factor | Rule::primary | Rule::share | Rule::call | Rule::fact_of => {
            "a value"
        }
        Rule::fallback => "what stands for NULL: a text, a number, `null`, `omit` or `omit_empty`",
        Rule::literal | Rule::list => "a literal",
        Rule::columns | Rule::places => "column names",
        Rule::predicate | Rule::all_of | Rule::negation | Rule::row_test => "a condition on a row",
        Rule::p_null => "`is`",
        Rule::p_list => "`in`",
        Rule::p_range => "`between`",
        Rule::p_compare => "a comparison",
        Rule::assertion => "what must hold",
        Rule::member_test => "a member such as `\"/status\" = \"healthy\"`",
        Rule::grouping => "`overall` or `per COLUMN`",
        Rule::range => "a range such as `5min..10min`",
        Rule::slot => "an argument such as `child: column`",
        Rule::EOI => "the end of the statement",
        Rule::object => "a `{ ... }` object",
        Rule::array => "a `[ ... ]` array",
        Rule::member | Rule::argument => "a value",
        Rule::filter => "`where`",
        Rule::per => "`per`",
        Rule::or_null => "`or null`",
        Rule::add => "`+`",
        Rule::subtract => "`-`",
        Rule::multiply => "`*`",
        Rule::divide => "`/`",
        Rule::k_colon => "`:`",
        Rule::k_equals => "`=`",
        Rule::k_open => "`(`",
        Rule::k_close => "`)`",
        Rule::k_dots => "`..`",
        other => {
            let id = format!("{other:?}");
            return id.strip_prefix("k_").map(|word| format!("`{word}`"));
        }
    };
    Some(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_described_rule_speaks_to_people() {
        for rule in Rule::all_rules() {
            if let Some(words) = describe(*rule) {
                assert!(!words.contains("a_") && !words.contains("s_"), "{rule:?} leaks: {words}");
            }
        }
    }
}
