//! Any bytes as a pg_dump archive: no panic, no memory beyond what is there, and rows of the stated width only.

#![no_main]

use std::ops::ControlFlow;

use holdtrue::probe::dump::{Archive, TableData};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let Ok(archive) = Archive::open(file.path()) else { return };
    let Ok(tables) = archive.tables() else { return };
    let wanted: Vec<_> =
        tables.into_iter().filter(|table| table.data == TableData::Rows).map(|table| table.name).collect();
    let mut seen = vec![0; wanted.len()];
    let results = archive.scan(&wanted, &mut |index, row| {
        seen[index] += 1;
        assert_eq!(row.cells().map(|cell| cell.bytes()).count(), row.columns().len());
        ControlFlow::Continue(())
    });
    for (result, seen) in results.into_iter().zip(seen) {
        assert!(result.is_err() || result == Ok(holdtrue::probe::dump::RowsRead { rows: seen, complete: true }));
    }
});
