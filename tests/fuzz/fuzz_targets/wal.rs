//! Any bytes as a segment and as a timeline history: no panic, and nothing that is not WAL reaches anything.

#![no_main]

use holdtrue::probe::tree::Memory;
use holdtrue::probe::wal::{Archive, Options, Until};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (segment, history) = input;
    let mut tree = Memory::default();
    tree.put("000000010000000000000001", segment);
    tree.put("000000020000000000000002.gz", segment);
    tree.put("00000002.history", history);
    let archive = Archive::read(&tree, &Options::default()).unwrap();
    if let Ok(followed) = archive.follow_all(&tree, None, Until::Newest) {
        assert!(segment.len() as u64 >= archive.segment_bytes || followed.reaches(Until::Newest).is_err());
    }
});
