//! JSON text as a runtime's own serialiser spells it.

use super::json_number;
use super::json_profile::{JsonProfile, arrange};
use super::json_read::Tree;
use super::number::NumberIssue;

/// Appends a value. Fails on a number the profile cannot spell, and on members it cannot order.
pub(crate) fn write(profile: JsonProfile, tree: &Tree<'_>, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    match tree {
        Tree::Null => out.extend_from_slice(b"null"),
        Tree::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        Tree::Number(text) => json_number::number(profile, text, out)?,
        Tree::String(text) => string(profile, text, out)?,
        Tree::Array(items) => {
            out.push(b'[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.extend_from_slice(profile.comma());
                }
                write(profile, item, out)?;
            }
            out.push(b']');
        }
        Tree::Object(members) => {
            if !profile.can_order(members.iter().map(|(name, _)| name.as_str())) {
                return Err(NumberIssue::NoOrder);
            }
            let mut arranged: Vec<&(String, Tree<'_>)> = members.iter().collect();
            arrange(profile.inside(), &mut arranged, |member| &member.0);
            out.push(b'{');
            for (n, (name, value)) in arranged.into_iter().enumerate() {
                if n > 0 {
                    out.extend_from_slice(profile.comma());
                }
                string(profile, name, out)?;
                out.extend_from_slice(profile.colon());
                write(profile, value, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// Appends a quoted string.
pub(crate) fn string(profile: JsonProfile, text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    out.push(b'"');
    if text.bytes().any(|b| profile.escapes(b)) {
        escaped(profile, text, out)?;
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    Ok(())
}

/// Escapes the text from `start` on, in place; the quotes are the caller's.
pub(crate) fn escape_tail(profile: JsonProfile, start: usize, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    if out.iter().skip(start).any(|b| profile.escapes(*b)) {
        let tail = out.split_off(start);
        escaped(profile, &String::from_utf8_lossy(&tail), out)?;
    }
    Ok(())
}

fn escaped(profile: JsonProfile, text: &str, out: &mut Vec<u8>) -> Result<(), NumberIssue> {
    let mut utf8 = [0u8; 4];
    let mut utf16 = [0u16; 2];
    for c in text.chars() {
        match c {
            c if !profile.certain(c) => return Err(NumberIssue::NoSpelling),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '/' if profile.escapes_slash() => out.extend_from_slice(b"\\/"),
            c if profile.by_number(c) => {
                let capital = profile.capital_digits();
                for unit in c.encode_utf16(&mut utf16).iter() {
                    let [high, low] = unit.to_be_bytes();
                    out.extend_from_slice(b"\\u");
                    out.extend_from_slice(&super::hex::digits(high, capital));
                    out.extend_from_slice(&super::hex::digits(low, capital));
                }
            }
            '"' => out.extend_from_slice(b"\\\""),
            c => out.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::json_number::float;
    use super::super::json_profile::PyJson;
    use super::*;
    use crate::chain::json_read::read;

    const JS: JsonProfile = JsonProfile::Js { sorted: false };

    fn spelt(profile: JsonProfile, text: &str) -> String {
        let mut out = Vec::new();
        write(profile, &read(text).unwrap(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Printed by `JSON.stringify` of Node 20.
    #[test]
    fn javascript_spelling() {
        let odd = "\"\\u007f\\u0001\\b\\f\\n\\r\\t\\\"\\\\/é<>&\\u2028😀\"";
        let text = format!(
            "{{\"b\": 1, \"10\": 2, \"9\": 3, \"01\": 4, \"4294967295\": 5, \"4294967294\": 6, \"a\": {odd}}}"
        );
        assert_eq!(
            spelt(JS, &text),
            "{\"9\":3,\"10\":2,\"4294967294\":6,\"b\":1,\"01\":4,\"4294967295\":5,\
             \"a\":\"\u{7f}\\u0001\\b\\f\\n\\r\\t\\\"\\\\/é<>&\u{2028}😀\"}"
        );
    }

    /// Printed by `json.dumps` of CPython 3.11.
    #[test]
    fn python_spelling() {
        let odd = "\"\\u007f\\u0001\\b\\f\\n\\r\\t\\\"\\\\/é<>&\\u2028😀\"";
        let text = format!("{{\"b\":1,\"10\":2,\"9\":3,\"é\":{odd},\"a\":{{\"z\":null,\"y\":[true,1.0]}}}}");
        assert_eq!(
            spelt(JsonProfile::Py(JsonProfile::PY), &text),
            "{\"10\": 2, \"9\": 3, \"a\": {\"y\": [true, 1.0], \"z\": null}, \"b\": 1, \"\\u00e9\": \
             \"\\u007f\\u0001\\b\\f\\n\\r\\t\\\"\\\\/\\u00e9<>&\\u2028\\ud83d\\ude00\"}"
        );
        assert_eq!(
            spelt(
                JsonProfile::Py(PyJson { compact: true, ..JsonProfile::PY }),
                "{\"b\":1,\"10\":2,\"a\":{\"z\":null,\"y\":[true,1.0]},\"😀\":1,\"｡\":2}"
            ),
            "{\"10\":2,\"a\":{\"y\":[true,1.0],\"z\":null},\"b\":1,\"\\uff61\":2,\"\\ud83d\\ude00\":1}"
        );
    }

    /// RFC 8785 sorts by UTF-16 code units, where the emoji's surrogates come before U+FF61.
    #[test]
    fn canonical_json_sorts_by_code_units() {
        assert_eq!(spelt(JsonProfile::Jcs, "{\"｡\":1.0,\"😀\":2,\"a\":[]}"), "{\"a\":[],\"😀\":2,\"｡\":1}");
    }

    #[test]
    fn numbers_without_a_spelling_are_refused() {
        let mut out = Vec::new();
        assert_eq!(float(JsonProfile::Jcs, "NaN", &mut out), Err(NumberIssue::NotFinite));
        assert_eq!(float(JS, "NaN", &mut out), Ok(()));
        assert_eq!(float(JsonProfile::Py(JsonProfile::PY), "-Infinity", &mut out), Ok(()));
        assert_eq!(out, b"null-Infinity");
    }
}
