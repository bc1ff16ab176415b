//! Sizes of folders, and of figures for people.

use std::fs;
use std::path::Path;

/// Bytes of the files in a folder, as far as they can be seen. Links are not followed.
#[must_use]
pub fn of(folder: &Path) -> u64 {
    let mut all = 0_u64;
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(found) if found.is_dir() => open.push(entry.path()),
                Ok(found) if found.is_file() => all = all.saturating_add(found.len()),
                _ => {}
            }
        }
    }
    all
}

/// A size with one digit behind the point.
#[must_use]
pub fn text(bytes: u64) -> String {
    let units = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    units.into_iter().find(|(_, unit)| bytes >= *unit).map_or_else(
        || format!("{bytes} B"),
        |(name, unit)| format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
    )
}
