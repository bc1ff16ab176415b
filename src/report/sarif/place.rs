//! Places in the policy as SARIF wants them: a URI reference and a region that starts at 1.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use crate::source_text::Location;

/// What must not stand raw in a path of a URI (RFC 3986, `pchar`). The colon is among it: in the first segment of
/// a relative path it would end a scheme.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b':')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A location object. Code scanning refuses line 0, so an unknown place is line 1.
pub(super) fn location(place: &Location) -> Value {
    at(&uri(&place.file), place.line, place.column)
}

/// The top of a policy of which only the name is known.
pub(super) fn top(policy: &str) -> Value {
    at(&uri(policy), 1, 1)
}

fn at(uri: &str, line: usize, column: usize) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri },
        "region": { "startLine": line.max(1), "startColumn": column.max(1) },
    }})
}

/// A file name as a URI reference: relative names stay relative, absolute ones get the `file` scheme.
fn uri(file: &str) -> String {
    let path = file.replace('\\', "/");
    let encoded = utf8_percent_encode(&path, PATH).to_string();
    let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes().get(2) == Some(&b'/');
    if path.is_empty() {
        "policy".to_string()
    } else if path.starts_with('/') {
        format!("file://{encoded}")
    } else if drive {
        format!("file:///{encoded}")
    } else {
        encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_become_uri_references() {
        for (file, expected) in [
            ("dr.hold", "dr.hold"),
            ("policies/tala dr.hold", "policies/tala%20dr.hold"),
            ("./a:b%.hold", "./a%3Ab%25.hold"),
            ("/etc/holdtrue/dr.hold", "file:///etc/holdtrue/dr.hold"),
            ("C:\\policies\\é.hold", "file:///C%3A/policies/%C3%A9.hold"),
            ("", "policy"),
        ] {
            assert_eq!(uri(file), expected);
        }
    }

    #[test]
    fn an_unknown_place_is_the_first_line() {
        let unknown = location(&Location { file: "a".into(), line: 0, column: 0 });
        assert_eq!(unknown["physicalLocation"]["region"], json!({ "startLine": 1, "startColumn": 1 }));
    }
}
