//! Hexadecimal text, as digests are stored in it and as PostgreSQL prints `bytea`.

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// The two digits of one byte.
pub(crate) fn digits(byte: u8, upper: bool) -> [u8; 2] {
    let table = if upper { UPPER } else { LOWER };
    let digit = |nibble: u8| table.get(usize::from(nibble)).copied().unwrap_or(b'0');
    [digit(byte >> 4), digit(byte & 15)]
}

/// Replaces the bytes from `start` on by their hex text, in place.
pub(crate) fn encode_tail(out: &mut Vec<u8>, start: usize, upper: bool) {
    let length = out.len().saturating_sub(start);
    if length <= 64 {
        // Digests fit on the stack.
        let mut copy = [0u8; 64];
        for (to, from) in copy.iter_mut().zip(out.iter().skip(start)) {
            *to = *from;
        }
        out.truncate(start);
        for byte in copy.iter().take(length) {
            out.extend_from_slice(&digits(*byte, upper));
        }
    } else {
        let copy = out.split_off(start);
        for byte in copy {
            out.extend_from_slice(&digits(byte, upper));
        }
    }
}

/// The value of each lower-case digit; 255 for what is none.
const VALUES: [u8; 256] = values();

const fn values() -> [u8; 256] {
    let mut table = [255u8; 256];
    let mut nibble = 0u8;
    while nibble < 16 {
        let digit = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler; a byte is always inside 256")]
        {
            table[digit as usize] = nibble;
        }
        nibble += 1;
    }
    table
}

fn nibble(digit: u8, any_case: bool) -> Option<u8> {
    let digit = if any_case { digit.to_ascii_lowercase() } else { digit };
    VALUES.get(usize::from(digit)).copied().filter(|n| *n < 16)
}

/// Appends the bytes that hex text of either case stands for; `None` when it is not hex text.
#[must_use]
pub(crate) fn decode_into(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let pairs = text.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    for pair in pairs {
        let [high, low] = pair else { return None };
        out.push(nibble(*high, true)? << 4 | nibble(*low, true)?);
    }
    Some(())
}

/// Appends the bytes of a `bytea` cell (`\x` and digits); `None` when it is spelt otherwise.
#[must_use]
pub(crate) fn decode_bytea(cell: &str, out: &mut Vec<u8>) -> Option<()> {
    decode_into(cell.strip_prefix("\\x")?.as_bytes(), out)
}

/// Exactly 64 lower-case digits as 32 bytes. Upper case is refused: text is compared as text.
#[must_use]
pub(crate) fn exact_32(text: &[u8]) -> Option<[u8; 32]> {
    if text.len() != 64 {
        return None;
    }
    let mut bytes = [0u8; 32];
    let mut bad = 0u8;
    for (to, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let high = VALUES.get(usize::from(*high)).copied().unwrap_or(255);
        let low = VALUES.get(usize::from(*low)).copied().unwrap_or(255);
        bad |= high | low;
        *to = high << 4 | (low & 15);
    }
    (bad < 16).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_goes_there_and_back() {
        for length in [0, 1, 32, 64, 65, 200] {
            let bytes: Vec<u8> = (0..length).map(|n| (n * 7) as u8).collect();
            let mut text = b"keep".to_vec();
            text.extend_from_slice(&bytes);
            encode_tail(&mut text, 4, length % 2 == 0);
            assert_eq!(&text[..4], b"keep");
            let mut back = Vec::new();
            decode_into(&text[4..], &mut back).unwrap();
            assert_eq!(back, bytes);
        }
    }

    #[test]
    fn only_lower_case_is_an_exact_digest() {
        let text = "0f".repeat(32);
        assert_eq!(exact_32(text.as_bytes()), Some([15; 32]));
        assert_eq!(exact_32(text.to_uppercase().as_bytes()), None);
        assert_eq!(exact_32("0g".repeat(32).as_bytes()), None);
        assert_eq!(exact_32(b"0f"), None);
    }

    #[test]
    fn bytea_needs_its_prefix() {
        let mut out = Vec::new();
        assert_eq!(decode_bytea("0a", &mut out), None);
        assert_eq!(decode_bytea("\\x0a0B", &mut out), Some(()));
        assert_eq!(out, [10, 11]);
        assert_eq!(decode_bytea("\\x0", &mut out), None);
    }
}
