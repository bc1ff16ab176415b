//! Any bytes as the files of a base backup, plain or in a tar file: no panic, and never without a word against it.

#![no_main]

use holdtrue::probe::basebackup::{Backup, Options};
use holdtrue::probe::tree::Memory;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8], &[u8], &[u8])| {
    let (manifest, label, control, tar) = input;
    let mut plain = Memory::default();
    plain.put("PG_VERSION", &b"15\n"[..]);
    plain.put("backup_manifest", manifest);
    plain.put("backup_label", label);
    plain.put("global/pg_control", control);
    let mut packed = Memory::default();
    packed.put("base.tar", tar);
    packed.put("backup_manifest", manifest);
    for tree in [plain, packed] {
        assert!(!Backup::read(&tree, &Options::default()).unwrap().damages.is_empty());
    }
});
