//! Lengths and binary numbers, as applications put them before and between the fields that they hash.

use super::spec::{Frame, Unit, Width};

impl Width {
    /// Every width with the word a policy writes for it: kind, bits, byte order.
    pub(crate) const ALL: [(&'static str, Self); 13] = [
        ("u8", Self::U8),
        ("u16be", Self::U16be),
        ("u16le", Self::U16le),
        ("u32be", Self::U32be),
        ("u32le", Self::U32le),
        ("u64be", Self::U64be),
        ("u64le", Self::U64le),
        ("i32be", Self::I32be),
        ("i32le", Self::I32le),
        ("i64be", Self::I64be),
        ("i64le", Self::I64le),
        ("f64be", Self::F64be),
        ("f64le", Self::F64le),
    ];

    /// The word a policy writes for it.
    pub(crate) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, width)| *width == self).map_or("?", |(word, _)| word)
    }
}

/// A number in text as bytes; `None` when it is none, or does not fit.
pub(in crate::chain) fn binary(width: Width, text: &str) -> Option<Vec<u8>> {
    Some(match width {
        Width::U8 => text.parse::<u8>().ok()?.to_be_bytes().to_vec(),
        Width::U16be => text.parse::<u16>().ok()?.to_be_bytes().to_vec(),
        Width::U16le => text.parse::<u16>().ok()?.to_le_bytes().to_vec(),
        Width::U32be => text.parse::<u32>().ok()?.to_be_bytes().to_vec(),
        Width::U32le => text.parse::<u32>().ok()?.to_le_bytes().to_vec(),
        Width::U64be => text.parse::<u64>().ok()?.to_be_bytes().to_vec(),
        Width::U64le => text.parse::<u64>().ok()?.to_le_bytes().to_vec(),
        Width::I32be => text.parse::<i32>().ok()?.to_be_bytes().to_vec(),
        Width::I32le => text.parse::<i32>().ok()?.to_le_bytes().to_vec(),
        Width::I64be => text.parse::<i64>().ok()?.to_be_bytes().to_vec(),
        Width::I64le => text.parse::<i64>().ok()?.to_le_bytes().to_vec(),
        Width::F64be => finite(text)?.to_be_bytes().to_vec(),
        Width::F64le => finite(text)?.to_le_bytes().to_vec(),
    })
}

/// The double nearest to a decimal (IEEE 754, ties to even).
fn finite(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// Puts the length of what follows `start` before it; `None` when it does not fit, or is no text where characters count.
pub(in crate::chain) fn sized(frame: &Frame, unit: Unit, out: &mut Vec<u8>, start: usize) -> Option<()> {
    let value = out.split_off(start);
    let text = || std::str::from_utf8(&value).ok();
    let length = match unit {
        Unit::Bytes => value.len(),
        Unit::Utf16 => text()?.encode_utf16().count(),
        Unit::Chars => text()?.chars().count(),
    };
    let length = length.to_string();
    match frame {
        Frame::Text(separator) => {
            out.extend_from_slice(length.as_bytes());
            out.extend_from_slice(separator.as_bytes());
        }
        Frame::Binary(width) => out.extend_from_slice(&binary(*width, &length)?),
    }
    out.extend_from_slice(&value);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_bytes() {
        assert_eq!(binary(Width::U32be, "258"), Some(vec![0, 0, 1, 2]));
        assert_eq!(binary(Width::U32le, "258"), Some(vec![2, 1, 0, 0]));
        assert_eq!(binary(Width::I32be, "-1"), Some(vec![255; 4]));
        assert_eq!(binary(Width::I64le, "-2"), Some(vec![254, 255, 255, 255, 255, 255, 255, 255]));
        assert_eq!(binary(Width::F64be, "1.5"), Some(vec![0x3f, 0xf8, 0, 0, 0, 0, 0, 0]));
        for (width, text) in [
            (Width::U8, "256"),
            (Width::U32be, "-1"),
            (Width::U64be, "1.0"),
            (Width::I32be, "2147483648"),
            (Width::F64be, "NaN"),
            (Width::F64le, "1e999"),
            (Width::I64be, ""),
        ] {
            assert_eq!(binary(width, text), None, "{text}");
        }
    }

    fn framed(frame: &Frame, unit: Unit, text: &[u8]) -> Option<Vec<u8>> {
        let mut out = b"x".to_vec();
        out.extend_from_slice(text);
        sized(frame, unit, &mut out, 1)?;
        Some(out)
    }

    #[test]
    fn lengths_count_what_they_say() {
        let colon = Frame::Text(":".to_owned());
        let text = "né😀".as_bytes();
        assert_eq!(framed(&colon, Unit::Bytes, text), Some("x7:né😀".into()));
        assert_eq!(framed(&colon, Unit::Utf16, text), Some("x4:né😀".into()));
        assert_eq!(framed(&colon, Unit::Chars, text), Some("x3:né😀".into()));
        assert_eq!(framed(&Frame::Binary(Width::U16be), Unit::Bytes, b"ab"), Some(b"x\0\x02ab".to_vec()));
        assert_eq!(framed(&colon, Unit::Chars, &[0xff]), None);
        assert_eq!(framed(&Frame::Binary(Width::U8), Unit::Bytes, &[b'a'; 256]), None);
    }
}
