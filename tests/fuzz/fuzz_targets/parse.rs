//! Any bytes through parse and check: no panic, and never a policy beside an error.

#![no_main]

use holdtrue::check::{Given, check};
use holdtrue::diagnostic::Diagnostic;
use holdtrue::source_text::SourceSet;
use holdtrue::syntax::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut texts = SourceSet::default();
    let file = texts.add("fuzz.hold", text);
    let (ast, found) = parse(file, text);
    let given = Given {
        parameters: Default::default(),
        lenient: true,
        today: jiff::civil::date(2026, 1, 1),
        no_raw_sql: false,
    };
    let (policy, more) = check(&texts, &[ast], &given);
    assert!(policy.is_none() || !found.iter().chain(&more).any(Diagnostic::is_error));
});
