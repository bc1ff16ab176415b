//! `grammar/REFERENCE.md` says nothing that is not so: every example is read, every table is compared.

use super::{Given, check};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::SourceKind;
use crate::policy::facts;
use crate::policy::standard::members;
use crate::source_text::{FileId, SourceSet};
use crate::syntax::{format, parse};
use crate::value::Type;

const REFERENCE: &str = include_str!("../../grammar/REFERENCE.md");
const GRAMMAR: &str = include_str!("../../grammar/holdtrue.pest");

/// What completes a fragment to a policy.
const PREAMBLE: &str = "policy reference { language 1 }\nparam target_time: time\n\
    source postgres db from env DATABASE_URL\n\
    gate preamble on db { check any { require rows(Preamble) > 0 } }\n";

/// What a check in an example may speak of.
const DECLARED: &str = "ledger books on Line { debit debit; credit credit; balance overall }\n";

/// The fenced blocks of the language: what stands after `hold`, and the text.
fn examples() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = REFERENCE.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```hold") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            found.push((info.trim_start_matches(',').to_owned(), text.join("\n") + "\n"));
        }
    }
    found
}

fn diagnose(text: &str) -> Vec<Diagnostic> {
    let mut texts = SourceSet::default();
    let file = texts.add("reference.hold", text);
    let (ast, mut found) = parse(file, text);
    let today = jiff::civil::date(2026, 10, 1);
    let given = Given { parameters: Default::default(), lenient: true, today, no_raw_sql: false };
    found.extend(check(&texts, &[ast], &given).1);
    found.retain(Diagnostic::is_error);
    found
}

#[test]
fn every_example_is_as_it_says() {
    let examples = examples();
    assert!(examples.len() > 35, "only {} examples were found", examples.len());
    for (info, text) in examples {
        let policy = match info.as_str() {
            "" => text.clone(),
            "check" => format!("{PREAMBLE}{DECLARED}gate example on db {{ check example {{\n{text}}} }}\n"),
            _ => format!("{PREAMBLE}{text}"),
        };
        let codes: Vec<&str> = diagnose(&policy).iter().map(|d| d.code.id()).collect();
        let wanted: Vec<&str> = info.strip_prefix("error ").into_iter().collect();
        assert!(
            ["", "check", "fragment"].contains(&info.as_str()) || !wanted.is_empty(),
            "unknown mark {info}"
        );
        assert_eq!(codes, wanted, "{text}{:?}", diagnose(&policy));
    }
}

#[test]
fn the_examples_are_formatted() {
    for (info, text) in examples() {
        // Errors are written on few lines on purpose, and a check's lines stand in a block.
        if info.is_empty() || info == "fragment" {
            let formatted = format(&text, FileId(0)).unwrap();
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&formatted), words(&text), "{formatted}");
        }
    }
}

#[test]
fn the_table_of_codes_is_complete() {
    for code in Code::ALL {
        let row = format!("| {} | {} |\n", code.id(), code.title());
        assert!(REFERENCE.contains(&row), "lacks {row}");
    }
    assert_eq!(REFERENCE.matches("\n| HT").count(), Code::ALL.len());
}

#[test]
fn every_word_of_the_grammar_is_explained() {
    let known: Vec<&str> = REFERENCE.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    let keywords = GRAMMAR.split("k_").filter_map(|rest| {
        let (name, definition) = rest.split_once(" = @{ \"")?;
        let (word, _) = definition.split_once('"')?;
        (name == word).then_some(word)
    });
    let mut count = 0;
    let facts = SourceKind::ALL.into_iter().flat_map(facts::published).map(|fact| fact.name);
    let kinds = members().flat_map(|m| m.every.map(|(word, _)| word).into_iter().chain([m.name]));
    let types = Type::ALL.into_iter().map(Type::word);
    let times = super::time_recipes::TIMES.into_iter().map(|(word, _)| word);
    let profiles = super::json_profiles::PROFILES;
    let profiles = profiles.into_iter().flat_map(|(word, (_, options))| [&[word], options].concat());
    let functions = super::recipes::functions();
    for word in keywords.chain(facts).chain(kinds).chain(types).chain(times).chain(profiles).chain(functions)
    {
        assert!(known.contains(&word), "`{word}` is not explained");
        count += 1;
    }
    assert!(count > 120, "only {count} words were compared");
}
