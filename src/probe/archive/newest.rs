//! Which of several files is meant.

use std::path::{Path, PathBuf};

/// The file an address names: the path itself, or the newest of those that a pattern matches.
///
/// # Errors
///
/// A sentence: nothing matches, or the pattern is none.
pub(super) fn find(path: &str) -> Result<PathBuf, String> {
    if !path.contains(['*', '?', '[']) || Path::new(path).exists() {
        return Ok(PathBuf::from(path));
    }
    let matches = glob::glob(path).map_err(|e| format!("`{path}` is no pattern of file names: {e}"))?;
    let mut newest: Option<(std::time::SystemTime, PathBuf)> = None;
    for found in matches {
        let found =
            found.map_err(|e| format!("`{}` cannot be looked at: {}", e.path().display(), e.error()))?;
        let changed = std::fs::metadata(&found)
            .and_then(|m| m.modified())
            .map_err(|e| format!("`{}` cannot be looked at: {e}", found.display()))?;
        // Of files of one instant the last name counts, since names often hold a time too.
        if newest.as_ref().is_none_or(|(at, path)| (*at, path) < (changed, &found)) {
            newest = Some((changed, found));
        }
    }
    newest.map(|(_, path)| path).ok_or_else(|| format!("no file matches `{path}`"))
}
