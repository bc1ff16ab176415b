//! Any text as a baseline, as the contents of tables, and as values: no panic, and no more rows named than there are cells.

#![no_main]

use holdtrue::baseline::canon::Canon;
use holdtrue::baseline::compare::contents;
use holdtrue::baseline::{Seal, file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str, &[u8])| {
    let (whole, before, now, value) = input;
    let _any_answer = file::read(whole);
    // Behind the digest, which no fuzzer guesses.
    if let (Ok(before), Ok(now)) = (serde_json::from_str::<Seal>(before), serde_json::from_str::<Seal>(now)) {
        let _difference = contents((&before, "t"), (&now, "t"), &["id".to_owned()], &[]);
    }
    for canon in [Canon::Instant, Canon::Instants, Canon::Bytes, Canon::Address, Canon::Money] {
        let _any_text = canon.write(value, &mut Vec::new());
    }
});
