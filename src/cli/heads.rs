//! Anchors: the last row of each chain that holds, added to a file.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;

use crate::chain::anchor::Anchor;
use crate::facts::{Facts, Observed};

/// Adds the heads of every chain that was verified without anything amiss, unless the file has them already. Returns what to
/// say about it.
///
/// # Errors
///
/// A sentence, when the file cannot be read or written, or holds something else.
pub(super) fn keep(path: &Path, facts: &Facts) -> Result<String, String> {
    let failed =
        |what: &str, error: std::io::Error| format!("`{}` cannot be {what}: {error}", path.display());
    let known = match std::fs::read_to_string(path) {
        Ok(text) => read(&text).map_err(|why| format!("`{}`: {why}; nothing was added", path.display()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => HashSet::new(),
        Err(error) => return Err(failed("read", error)),
    };
    let (mut added, mut kept, mut left_out) = (String::new(), 0u64, 0u64);
    for observation in facts.observations.values() {
        let Ok(Observed::Chain(report)) = &observation.result else { continue };
        if !report.anomalies.is_empty() || !report.undetermined.is_empty() || report.rows == 0 {
            left_out += 1;
            continue;
        }
        for head in &report.heads {
            let line = serde_json::to_string(head)
                .map_err(|error| format!("an anchor cannot be written: {error}"))?;
            if !known.contains(&line) {
                added.push_str(&line);
                added.push('\n');
                kept += 1;
            }
        }
    }
    if !added.is_empty() {
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .map_err(|error| failed("opened", error))?;
        // In one piece, and not reported before it is on the disk.
        file.write_all(added.as_bytes()).and_then(|()| file.sync_all()).map_err(|e| failed("written", e))?;
    }
    let mut said = format!(
        "{kept} anchors were added to `{}`; keep a copy where the writers cannot reach it",
        path.display()
    );
    if left_out > 0 {
        said.push_str(&format!("; none of {left_out} chains in which something is amiss"));
    }
    Ok(said)
}

/// The lines of the file, each of which must be an anchor.
fn read(text: &str) -> Result<HashSet<String>, String> {
    if !text.is_empty() && !text.ends_with('\n') {
        return Err("its last line is not complete".to_owned());
    }
    let mut known = HashSet::new();
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let _anchor: Anchor =
            serde_json::from_str(line).map_err(|error| format!("line {} is no anchor: {error}", n + 1))?;
        known.insert(line.to_owned());
    }
    Ok(known)
}
