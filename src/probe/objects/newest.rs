//! The newest of the archives that a pattern of keys matches, as patterns of paths do: part by part, so that `*` never
//! runs over a slash.

use std::sync::Arc;

use glob::{MatchOptions, Pattern};

use super::folder::Objects;
use super::object::changed;
use super::store::Store;
use super::{Listed, Trouble, listing};
use crate::failure::FailureKind;

/// Prefixes that are listed at most for one pattern.
const MOST_PREFIXES: usize = 1_000;

const SPECIAL: [char; 3] = ['*', '?', '['];

/// The key of the archive written last; of those of one instant, the last key counts, since keys often hold a time too.
///
/// # Errors
/// The pattern is none, nothing matches it, or the keys could not be listed.
pub(super) fn newest(store: &Arc<Store>, pattern: &str) -> Result<String, Trouble> {
    let (prefixes, last) = prefixes(store, pattern)?;
    let mut newest: Option<(jiff::Timestamp, String)> = None;
    let mut consider = |at: jiff::Timestamp, key: String| {
        let found = (at, key);
        if newest.as_ref().is_none_or(|newest| *newest < found) {
            newest = Some(found);
        }
    };
    for prefix in prefixes {
        let found = one(store, &prefix, last)?;
        for object in found.objects {
            consider(object.changed, object.key);
        }
        for name in found.folders {
            let key = format!("{prefix}{name}/");
            let folder = Objects::list(store, &key)?;
            // A prefix that only other things share is no archive, and no reason to look no further.
            if let Some(at) = folder.archived() {
                consider(at, key);
            }
        }
    }
    newest.map(|(_, key)| key).ok_or_else(|| Trouble {
        kind: FailureKind::MissingObject,
        message: format!("no object matches `{}`", store.named(pattern)),
    })
}

/// Every object whose key a pattern matches.
///
/// # Errors
/// The pattern is none, the keys could not be listed, or there are too many.
pub(super) fn every(store: &Arc<Store>, pattern: &str) -> Result<Vec<Listed>, Trouble> {
    let (prefixes, last) = prefixes(store, pattern)?;
    let mut all = Vec::new();
    for prefix in prefixes {
        all.extend(one(store, &prefix, last)?.objects);
    }
    Ok(all)
}

/// The prefixes that the parts of a pattern before its last slash match, and its last part.
fn prefixes<'p>(store: &Arc<Store>, pattern: &'p str) -> Result<(Vec<String>, &'p str), Trouble> {
    let mut parts: Vec<&str> = pattern.trim_end_matches('/').split('/').collect();
    let last = parts.pop().unwrap_or_default();
    let mut prefixes = vec![String::new()];
    for part in parts {
        let mut next = Vec::new();
        for prefix in prefixes {
            if part.contains(SPECIAL) {
                next.extend(
                    one(store, &prefix, part)?.folders.into_iter().map(|name| format!("{prefix}{name}/")),
                );
            } else {
                next.push(format!("{prefix}{part}/"));
            }
        }
        if next.len() > MOST_PREFIXES {
            let message = format!(
                "`{}`: more than {MOST_PREFIXES} prefixes of keys match; write out more of it",
                store.named(pattern)
            );
            return Err(Trouble { kind: FailureKind::OutOfResources, message });
        }
        prefixes = next;
    }
    Ok((prefixes, last))
}

/// What matches one part of a pattern under a prefix.
#[derive(Default)]
struct Matches {
    objects: Vec<Listed>,
    folders: Vec<String>,
}

fn one(store: &Arc<Store>, prefix: &str, part: &str) -> Result<Matches, Trouble> {
    let wrong = |why: String| Trouble {
        kind: FailureKind::Other,
        message: format!("`{}` is no pattern of keys: {why}", store.named(&format!("{prefix}{part}"))),
    };
    if part.contains("**") {
        return Err(wrong("`**` is not known here; write a `*` for each part between slashes".to_owned()));
    }
    let pattern = Pattern::new(part).map_err(|error| wrong(error.to_string()))?;
    let fits = |name: &str| !name.is_empty() && pattern.matches_with(name, MatchOptions::new());
    // The store itself leaves out what does not begin as the pattern does.
    let begin = part.split(SPECIAL).next().unwrap_or_default();
    let mut matches = Matches::default();
    listing::each(store, &format!("{prefix}{begin}"), &mut |found| {
        let name = |key: &str| key.strip_prefix(prefix).map(|name| name.trim_end_matches('/').to_owned());
        let objects = found.objects.iter().filter(|o| name(o.location.as_ref()).is_some_and(|n| fits(&n)));
        matches.objects.extend(objects.map(|o| Listed {
            key: o.location.as_ref().to_owned(),
            bytes: o.size,
            changed: changed(o),
        }));
        let folders = found.common_prefixes.iter().filter_map(|p| name(p.as_ref()));
        matches.folders.extend(folders.filter(|name| fits(name)));
    })?;
    Ok(matches)
}
