//! What chains are given beside their rows: keys, which are read here and shown nowhere, and anchors.

use crate::baseline::file;
use crate::chain::given::Outside;
use crate::chain::spec::{AnchorRef, KeyOrigin};
use crate::plan::{Plan, Work};

/// A key in a file has at most so many bytes; what is larger is another file.
const MOST_BYTES: u64 = 1 << 20;

/// Reads every key and all anchors that the chains of a plan name.
#[must_use]
pub(super) fn read(plan: &Plan) -> Outside {
    let mut outside = Outside::default();
    for statement in &plan.statements {
        if let Work::Chain { chained, .. } = &statement.work {
            for key in &chained.spec.keys {
                outside.add_key(key, key_at(&key.origin));
            }
            if let Some(anchors) = &chained.spec.anchors {
                outside.add_anchors(anchors, lines(anchors));
            }
        }
    }
    outside
}

fn lines(anchors: &AnchorRef) -> Result<String, String> {
    let path = match anchors {
        AnchorRef::Path(path) => path.clone(),
        AnchorRef::Env(name) => {
            std::env::var(name).map_err(|_| format!("the environment variable `{name}` is not set"))?
        }
    };
    let text =
        std::fs::read_to_string(&path).map_err(|e| format!("the file `{path}` cannot be read: {e}"))?;
    if text.starts_with(SEALED) { heads(&path, &text) } else { Ok(text) }
}

/// How a baseline begins: its members are sorted, and an anchor has none of this name.
const SEALED: &str = "{\"heads\":";

/// The last rows of chains that a baseline holds, as lines of anchors.
fn heads(path: &str, text: &str) -> Result<String, String> {
    let sealed = file::read(text).map_err(|why| format!("`{path}` cannot be used as a baseline: {why}"))?;
    let mut lines = String::new();
    for head in &sealed.0.heads {
        lines.push_str(&serde_json::to_string(head).map_err(|e| format!("`{path}`: {e}"))?);
        lines.push('\n');
    }
    Ok(lines)
}

/// Reads what is kept in the place of a key, before it is decoded.
///
/// # Errors
///
/// A sentence that names the place and says why it cannot be read.
pub fn key_at(origin: &KeyOrigin) -> Result<Vec<u8>, String> {
    match origin {
        KeyOrigin::Env(name) => match std::env::var_os(name) {
            None => Err(format!("the environment variable `{name}` is not set")),
            Some(value) => Ok(value.into_encoded_bytes()),
        },
        KeyOrigin::File(path) => {
            let size =
                std::fs::metadata(path).map_err(|e| format!("the file `{path}` cannot be read: {e}"))?;
            if size.len() > MOST_BYTES {
                return Err(format!("the file `{path}` has more than {MOST_BYTES} bytes and is no key"));
            }
            let mut text =
                std::fs::read(path).map_err(|e| format!("the file `{path}` cannot be read: {e}"))?;
            // Editors end a line that nobody meant to belong to the key.
            if text.last() == Some(&b'\n') {
                text.pop();
                if text.last() == Some(&b'\r') {
                    text.pop();
                }
            }
            Ok(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_file_loses_its_line_end_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let kept = |text: &str| {
            std::fs::write(&path, text).unwrap();
            key_at(&KeyOrigin::File(path.display().to_string())).unwrap()
        };
        assert_eq!(kept("secret\n"), b"secret");
        assert_eq!(kept("secret\r\n"), b"secret");
        assert_eq!(kept(" secret\n\n"), b" secret\n");
    }

    #[test]
    fn a_key_that_is_not_there_is_named() {
        let missing = key_at(&KeyOrigin::Env("HOLDTRUE_TEST_NO_SUCH_KEY".to_owned())).unwrap_err();
        assert_eq!(missing, "the environment variable `HOLDTRUE_TEST_NO_SUCH_KEY` is not set");
        assert!(key_at(&KeyOrigin::File("/no/such/key".to_owned())).unwrap_err().contains("cannot be read"));
    }
}
