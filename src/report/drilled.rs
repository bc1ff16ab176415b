//! What a drill says of itself beside its checks, for formats that show names and values.

use super::model::DrillInfo;
use crate::value::duration_text;

/// A time in words.
#[must_use]
pub fn took(ms: u64) -> String {
    duration_text(i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1000))
}

/// A phase's time, beside what is expected.
#[must_use]
pub fn phase(took_ms: u64, expected: &str) -> String {
    let expected = if expected.is_empty() { String::new() } else { format!(", expected {expected}") };
    format!("{}{expected}", took(took_ms))
}

/// Everything but the phases, as names and values.
#[must_use]
pub fn facts(drill: &DrillInfo) -> Vec<(&str, String)> {
    let backup =
        if drill.kind.is_empty() { drill.backup.clone() } else { format!("{} {}", drill.kind, drill.backup) };
    let mut all = vec![("backup", backup)];
    all.extend(drill.facts.iter().map(|fact| (fact.name.as_str(), fact.value.clone())));
    all.push(("restore_time", drill.restore_ms.map_or_else(|| "not restored".to_owned(), took)));
    all.extend(drill.restored_bytes.map(|bytes| ("restored_size", format!("{bytes} bytes"))));
    all.extend(drill.kept.iter().map(|kept| ("kept", kept.clone())));
    all.push(("drill", drill.id.clone()));
    all
}
