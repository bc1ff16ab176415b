//! How likely writers are to do what. All costs are in tenths of a bit: what one writer in two does costs 10, what one in
//! sixteen does 40. A search looks at what costs less before it looks at what costs more.

use super::sheet::Sheet;
use crate::chain::program::is_time;
use crate::chain::spec::{CellKind, TimePreset};

/// Tenths of a bit.
pub(super) type Cost = u32;

/// Separators, the usual one first.
pub(super) const SEPARATORS: [(&str, Cost); 18] = [
    ("|", 5),
    (":", 35),
    ("\n", 45),
    (",", 45),
    ("-", 50),
    ("||", 50),
    (";", 55),
    ("::", 60),
    (" ", 60),
    ("_", 60),
    (" | ", 65),
    (", ", 65),
    ("\t", 65),
    ("/", 70),
    (".", 70),
    ("#", 70),
    ("&", 75),
    ("~", 75),
];

/// What stands in the place of a predecessor that is NULL.
pub(super) const NO_PREDECESSOR: [&str; 16] = [
    "",
    "GENESIS",
    "genesis",
    "0",
    "null",
    "NULL",
    "None",
    "<nil>",
    "undefined",
    "GENESIS_BLOCK",
    "GENESIS_HASH",
    "genesis_hash",
    "ROOT",
    "root",
    "INIT",
    "START",
];

/// What else than the usual words stands in the place of NULL.
pub(super) const NULLS: [&str; 10] =
    ["system", "SYSTEM", "anonymous", "unknown", "none", "nil", "-", "N/A", "0", "false"];

/// Words in the names of columns, with how many of a hundred such columns are hashed.
const HASHED: [(&str, u32); 33] = [
    ("updated", 6),
    ("deleted", 6),
    ("version", 25),
    ("codec", 30),
    ("signature", 12),
    ("agent_string", 20),
    ("useragent", 30),
    ("user_agent", 30),
    ("ipaddress", 45),
    ("ip", 45),
    ("session", 35),
    ("verified", 10),
    ("anchor", 8),
    ("batch", 20),
    ("hash", 35),
    ("checksum", 35),
    ("action", 95),
    ("event", 90),
    ("type", 88),
    ("entity", 88),
    ("resource", 88),
    ("actor", 88),
    ("user", 85),
    ("principal", 85),
    ("operation", 90),
    ("payload", 85),
    ("details", 75),
    ("metadata", 70),
    ("data", 78),
    ("changes", 78),
    ("tenant", 55),
    ("seq", 55),
    ("description", 62),
];

/// What it costs that a column of another table is hashed: what a row points to is seldom hashed for what it is.
const JOINED: Cost = 40;

/// What it costs that a column is hashed, and what it costs that it is not.
pub(super) fn hashed(sheet: &Sheet, column: usize) -> (Cost, Cost) {
    let name = sheet.bare(column).to_ascii_lowercase();
    // What the table has itself is taken from there, however little it has.
    let own = || (0..sheet.own()).any(|own| sheet.name(own).eq_ignore_ascii_case(&name));
    if sheet.joined(column).is_some_and(|(join, _)| !join.bare || own()) {
        return (JOINED, 0);
    }
    let kind = sheet.kind(column);
    let percent = if sheet.is_key(column) && ["id", "n", "uuid"].contains(&name.as_str()) {
        35
    } else if is_time(kind) && !name.contains("updated") && !name.contains("deleted") {
        72
    } else {
        HASHED.iter().find(|(word, _)| name.contains(word)).map_or(62, |(_, percent)| *percent)
    };
    (bits(percent), bits(100 - percent))
}

/// Minus the binary logarithm of so many in a hundred, in tenths.
fn bits(percent: u32) -> Cost {
    // Halving until it is above fifty, and a straight line between, is as exact as a guess deserves.
    let mut tenths = 0;
    let mut share = percent.clamp(1, 99);
    while share <= 50 {
        share *= 2;
        tenths += 10;
    }
    tenths + (100 - share) / 5
}

/// What a spelling of a time costs.
pub(super) fn preset(preset: TimePreset) -> Cost {
    match preset {
        TimePreset::Js => 15,
        TimePreset::Py | TimePreset::IsoMicros => 30,
        TimePreset::IsoMillis | TimePreset::IsoSeconds | TimePreset::Go | TimePreset::Java => 32,
        TimePreset::Pg | TimePreset::PgTz | TimePreset::JavaLocal | TimePreset::Dotnet => 38,
        TimePreset::EpochSeconds | TimePreset::EpochMillis => 38,
        _ => 45,
    }
}

/// What it costs that a column stands elsewhere than in its place in the table.
pub(super) fn moved(kind: CellKind, name: &str) -> Cost {
    if is_time(kind) {
        38
    } else if name.to_ascii_lowercase().ends_with("type") {
        48
    } else {
        52
    }
}

#[cfg(test)]
mod tests {
    use super::bits;

    #[test]
    fn rarer_costs_more() {
        assert_eq!((bits(50), bits(25), bits(100)), (10, 20, 0));
        assert!((1..100).all(|n| bits(n) >= bits(n + 1)));
    }
}
