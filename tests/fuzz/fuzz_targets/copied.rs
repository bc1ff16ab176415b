//! Any bytes as what a server sends for COPY in either format: no panic, rows of the stated width only, and no end but a real one.

#![no_main]

use holdtrue::probe::postgres::copied::{Copied, Wire};
use holdtrue::probe::postgres::lines::Lines;
use holdtrue::stream::collect;
use libfuzzer_sys::fuzz_target;

const WIRES: [Wire; 10] = [
    Wire::Text,
    Wire::Integer,
    Wire::Numeric,
    Wire::Bool,
    Wire::Timestamp,
    Wire::TimestampTz,
    Wire::Date,
    Wire::Uuid,
    Wire::Bytea,
    Wire::Jsonb,
];

fuzz_target!(|input: (u8, Vec<Vec<u8>>)| {
    let (which, pieces) = input;
    let from = usize::from(which) % WIRES.len();
    let wires = &WIRES[from..(from + 1 + usize::from(which) % 3).min(WIRES.len())];
    let mut copied = Copied::new(wires);
    let mut rows = Vec::new();
    let read = collect(wires.len(), &mut rows, |filler| {
        pieces.iter().try_for_each(|piece| copied.feed(piece, filler).map(|_| ()))
    });
    if read.is_ok() && copied.is_whole() {
        assert!(pieces.concat().ends_with(&[0xff, 0xff]));
    }
    assert!(rows.iter().all(|row| row.len() == wires.len()));

    let mut lines = Lines::new(wires);
    let mut rows = Vec::new();
    let read = collect(wires.len(), &mut rows, |filler| {
        pieces.iter().try_for_each(|piece| lines.feed(piece, filler).map(|_| ()))
    });
    let bytes = pieces.concat();
    if read.is_ok() {
        assert_eq!(rows.len(), bytes.iter().filter(|byte| **byte == b'\n').count());
        assert_eq!(lines.is_whole(), bytes.is_empty() || bytes.ends_with(b"\n"));
    }
    assert!(rows.iter().all(|row| row.len() == wires.len()));
});
