//! Hexadecimal text, as digests are stored in it and as PostgreSQL prints `bytea`.

/// Bytes that are written or read at once: the same few steps for each of them, which compilers put side by side.
const BYTES: usize = 32;

/// The two digits of one byte.
pub(crate) fn digits(byte: u8, upper: bool) -> [u8; 2] {
    let letter = if upper { b'A' } else { b'a' };
    [byte >> 4, byte & 15].map(|nibble| digit(nibble, letter))
}

/// No step of it can overflow; it only must not look as if it could.
fn digit(nibble: u8, letter: u8) -> u8 {
    let low = nibble.wrapping_add(b'0');
    let high = nibble.wrapping_sub(10).wrapping_add(letter);
    if nibble < 10 { low } else { high }
}

fn encode(bytes: &[u8; BYTES], upper: bool) -> [[u8; 2]; BYTES] {
    let letter = if upper { b'A' } else { b'a' };
    bytes.map(|byte| [digit(byte >> 4, letter), digit(byte & 15, letter)])
}

/// Replaces the bytes from `start` on by their hex text, in place.
pub(crate) fn encode_tail(out: &mut Vec<u8>, start: usize, upper: bool) {
    let bytes = out.get(start..).unwrap_or_default();
    if let Ok(digest) = <&[u8; BYTES]>::try_from(bytes) {
        let text = encode(digest, upper);
        out.truncate(start);
        out.extend_from_slice(text.as_flattened());
        return;
    }
    let copy = out.split_off(start);
    out.reserve(copy.len() * 2);
    let (whole, rest) = copy.as_chunks();
    for bytes in whole {
        out.extend_from_slice(encode(bytes, upper).as_flattened());
    }
    for byte in rest {
        out.extend_from_slice(&digits(*byte, upper));
    }
}

/// The value of a digit in lower case; above 15 for what is none.
fn value(digit: u8) -> u8 {
    let number = digit.wrapping_sub(b'0');
    let letter = digit.wrapping_sub(b'a');
    if number < 10 {
        number
    } else if letter < 6 {
        letter.wrapping_add(10)
    } else {
        255
    }
}

/// Whatever is no digit in lower case is seen at the end, for all bytes at once.
fn decode(text: &[[u8; 2]; BYTES]) -> Option<[u8; BYTES]> {
    let values = text.map(|pair| pair.map(value));
    let bad = values.as_flattened().iter().fold(0, |bad, value| bad | value);
    (bad < 16).then(|| values.map(|[high, low]| high << 4 | low))
}

/// Appends the bytes that hex text of either case stands for; `None` when it is not hex text.
#[must_use]
pub(crate) fn decode_into(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (pairs, odd) = text.as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    out.reserve(pairs.len());
    let (whole, rest) = pairs.as_chunks::<BYTES>();
    for pairs in whole {
        let lower = pairs.map(|pair| pair.map(|digit| digit.to_ascii_lowercase()));
        out.extend_from_slice(&decode(&lower)?);
    }
    for pair in rest {
        let [high, low] = pair.map(|digit| value(digit.to_ascii_lowercase()));
        if (high | low) > 15 {
            return None;
        }
        out.push(high << 4 | low);
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
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    decode(pairs.try_into().ok()?)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    /// Digit by digit, as the library reads them.
    fn slowly(text: &[u8]) -> Option<Vec<u8>> {
        let read = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair).ok().filter(|p| p.len() == 2 && !p.contains('+'))?;
            u8::from_str_radix(pair, 16).ok()
        };
        text.chunks(2).map(read).collect()
    }

    proptest! {
        #[test]
        fn hex_is_read_and_written_digit_by_digit(
            bytes in prop::collection::vec(any::<u8>(), 0..150),
            upper: bool,
            at in any::<prop::sample::Index>(),
            other: u8,
            spoilt: bool,
        ) {
            let mut text = bytes.iter().fold(String::new(), |mut text, byte| {
                let _ = if upper { write!(text, "{byte:02X}") } else { write!(text, "{byte:02x}") };
                text
            })
            .into_bytes();
            let mut out = bytes;
            encode_tail(&mut out, 0, upper);
            prop_assert_eq!(&out, &text);
            if spoilt && !text.is_empty() {
                let n = at.index(text.len());
                text[n] = other;
            }
            let mut read = b"keep".to_vec();
            let decoded = decode_into(&text, &mut read);
            prop_assert_eq!(decoded.map(|()| read[4..].to_vec()), slowly(&text));
            let exact = slowly(&text).filter(|_| text.len() == 64 && !text.iter().any(u8::is_ascii_uppercase));
            prop_assert_eq!(exact_32(&text).map(|id| id.to_vec()), exact);
        }
    }

    #[test]
    fn every_byte_is_a_digit_or_is_none() {
        for byte in 0..=255u8 {
            let known = char::from(byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
            let lower = known.filter(|_| !byte.is_ascii_uppercase());
            assert_eq!(Some(value(byte)).filter(|n| *n < 16), lower);
            let mut text = [b'7'; 64];
            text[63] = byte;
            assert_eq!(exact_32(&text).is_some(), lower.is_some());
            assert_eq!(decode_into(&text, &mut Vec::new()).is_some(), known.is_some());
        }
    }

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
