//! Any text that can be formatted can be formatted again, and nothing changes the second time.

#![no_main]

use holdtrue::source_text::FileId;
use holdtrue::syntax::format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(once) = format(text, FileId(0)) {
        assert_eq!(format(&once, FileId(0)).as_deref(), Ok(once.as_str()));
    }
});
