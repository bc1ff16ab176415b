//! `text::bytea` of PostgreSQL, which is no copy: it reads backslashes (manual, "Binary Data Types": hex format, escape format).

/// Appends the bytes that PostgreSQL reads from a text; `None` where it raises an error.
pub(crate) fn cast(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    match text.strip_prefix(b"\\x") {
        Some(digits) => hex(digits, out),
        None => escaped(text, out),
    }
}

/// Pairs of digits; white space may stand between the pairs.
fn hex(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if matches!(first, b' ' | b'\n' | b'\t' | b'\r') {
            rest = after;
            continue;
        }
        let (pair, after) = rest.split_at_checked(2)?;
        super::hex::decode_into(pair, out)?;
        rest = after;
    }
    Some(())
}

/// Two backslashes are one, a backslash and three octal digits are a byte, and no other backslash may be.
fn escaped(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'\\', [b'\\', after @ ..]) => {
                out.push(b'\\');
                after
            }
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                after
            }
            (b'\\', _) => return None,
            (byte, after) => {
                out.push(*byte);
                after
            }
        };
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        cast(text.as_bytes(), &mut out).map(|()| out)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_bytea_prints_is_read_back(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            // As `bytea_output = hex` and as `escape` print them.
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            prop_assert_eq!(read(&format!("\\x{hex}")), Some(bytes.clone()));
            let escape: String = bytes
                .iter()
                .map(|byte| match byte {
                    b'\\' => "\\\\".to_owned(),
                    0x20..0x7f => char::from(*byte).to_string(),
                    other => format!("\\{other:03o}"),
                })
                .collect();
            prop_assert_eq!(read(&escape), Some(bytes));
        }

        #[test]
        fn any_text_is_read_or_refused(text in r"[\\x0-9a-f é]{0,12}") {
            if let Some(bytes) = read(&text) {
                prop_assert!(bytes.len() <= text.len());
            }
            prop_assert!(text.contains('\\') || read(&text).as_deref() == Some(text.as_bytes()));
        }
    }
}
