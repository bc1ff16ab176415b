//! The settings every session is pinned to, so that an answer depends on the data and on nothing ambient.

use std::time::Duration;

/// Names and values. Each can be set by any role on every version from 13 on.
pub(super) const PINS: &[(&str, &str)] = &[
    // First, since with it on the server writes the path in quotes, and it would not read back as it was set.
    ("quote_all_identifiers", "off"),
    // Whoever owns a schema on the path could shadow a function or operator, so there is only the system's.
    ("search_path", "pg_catalog"),
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, YMD"),
    // As in archives, and as writers who hash a text of an interval have it unless they say otherwise.
    ("IntervalStyle", "postgres"),
    ("bytea_output", "hex"),
    // Shortest text that reads back as the same number.
    ("extra_float_digits", "1"),
    ("client_encoding", "UTF8"),
    ("lc_monetary", "C"),
    ("lc_numeric", "C"),
    ("lc_time", "C"),
    ("xmlbinary", "base64"),
    ("standard_conforming_strings", "on"),
    // Would turn `x = NULL` into `x IS NULL`.
    ("transform_null_equals", "off"),
    ("default_transaction_read_only", "on"),
    ("default_transaction_deferrable", "off"),
    // A policy that would hide rows raises an error instead.
    ("row_security", "off"),
    ("jit", "off"),
    // They take each partition for all there is of its keys, which nobody has proven of a foreign one: a key that
    // stands in two of them would count as unique.
    ("enable_partitionwise_aggregate", "off"),
    ("enable_partitionwise_join", "off"),
    ("client_min_messages", "warning"),
];

/// Settings that make a damaged database look like a smaller healthy one. Nothing read with one of them on may
/// count as looked at.
pub(super) const BLINDFOLDS: &[&str] = &["zero_damaged_pages", "ignore_checksum_failure"];

/// The limits of a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) statement: Duration,
    pub(super) lock: Duration,
    pub(super) idle_in_transaction: Duration,
}

/// One text of `SET` statements for a new session.
pub(super) fn statements(limits: Limits) -> String {
    let mut text = String::new();
    for (name, value) in PINS {
        // `search_path` and `DateStyle` are lists: quoted as a whole they would be one odd name.
        let value = if matches!(*name, "search_path" | "DateStyle") {
            (*value).to_owned()
        } else {
            format!("'{value}'")
        };
        text.push_str(&format!("set {name} = {value}; "));
    }
    for (name, limit) in [
        ("statement_timeout", limits.statement),
        ("lock_timeout", limits.lock),
        ("idle_in_transaction_session_timeout", limits.idle_in_transaction),
    ] {
        text.push_str(&format!("set {name} = {}; ", milliseconds(limit)));
    }
    text
}

/// A query with one row, in which every pin and then every blindfold stands as text.
pub(super) fn read_back() -> String {
    let names = PINS.iter().map(|(name, _)| *name).chain(BLINDFOLDS.iter().copied());
    let cells: Vec<_> = names.map(|name| format!("pg_catalog.current_setting('{name}')")).collect();
    format!("select {}", cells.join(", "))
}

/// What is wrong with the answer to [`read_back`], if anything.
pub(super) fn mismatch(cells: &[Option<&str>]) -> Option<String> {
    let wanted = PINS.iter().copied().chain(BLINDFOLDS.iter().map(|name| (*name, "off")));
    for (at, (name, value)) in wanted.enumerate() {
        let found = cells.get(at).copied().flatten().unwrap_or("");
        if found != value {
            return Some(format!("{name} is `{found}` where it must be `{value}`"));
        }
    }
    None
}

/// Zero means no limit to the server, so a limit below a millisecond is rounded up, and one beyond the server's
/// range down.
fn milliseconds(limit: Duration) -> i32 {
    if limit.is_zero() { 0 } else { i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).max(1) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{BLINDFOLDS, PINS, milliseconds, mismatch};

    #[test]
    fn limits_are_rounded_towards_having_one() {
        assert_eq!(milliseconds(Duration::ZERO), 0);
        assert_eq!(milliseconds(Duration::from_micros(3)), 1);
        assert_eq!(milliseconds(Duration::from_secs(2)), 2000);
        assert_eq!(milliseconds(Duration::MAX), i32::MAX);
    }

    #[test]
    fn every_difference_and_every_missing_cell_is_seen() {
        let mut cells: Vec<Option<&str>> = PINS.iter().map(|(_, value)| Some(*value)).collect();
        cells.extend(BLINDFOLDS.iter().map(|_| Some("off")));
        assert_eq!(mismatch(&cells), None);
        for at in 0..cells.len() {
            let mut changed = cells.clone();
            changed[at] = Some("else");
            assert!(mismatch(&changed).is_some());
            assert!(mismatch(&cells[..at]).is_some());
        }
    }
}
