//! Any bytes as what pgBackRest, Barman and Redis write: no panic, and no sound backup out of nothing.

#![no_main]

use holdtrue::probe::tree::Memory;
use holdtrue::probe::{barman, pgbackrest, redis};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut tree = Memory::default();
    for name in [
        "backup/demo/backup.info",
        "archive/demo/archive.info",
        "demo/identity.json",
        "demo/wals/xlog.db",
        "demo/base/20260131T120000/backup.info",
        "dump.rdb",
    ] {
        tree.put(name, bytes);
    }
    // Its checksum would have to be guessed.
    assert!(pgbackrest::Repository::read(&tree, "demo").is_err());
    let server = barman::Server::read(&tree, "demo").unwrap();
    for backup in &server.backups {
        assert!(server.verify(&tree, &backup.id).map_or(true, |verified| !verified.damages.is_empty()));
    }
    let snapshot = redis::Snapshot::read(&tree, "dump.rdb");
    assert!(snapshot.is_err() || bytes.len() > 18);
    let _ = pgbackrest::info("info", bytes);
    let _ = barman::printed("list", bytes);
});
