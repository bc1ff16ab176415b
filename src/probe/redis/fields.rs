//! What a snapshot says of itself before its first key: pairs of texts behind a mark of their own.

use std::collections::BTreeMap;

/// Comes before each pair.
const FIELD: u8 = 0xfa;

/// More pairs than any version writes.
const MOST: usize = 1000;

/// Reads the pairs; and, if they end in something that is none, at which byte and what that is.
pub(super) fn read(bytes: &[u8]) -> (BTreeMap<String, String>, Option<(usize, &'static str)>) {
    let mut fields = BTreeMap::new();
    let mut wire = Wire { bytes, at: 0 };
    while wire.peek() == Some(FIELD) && fields.len() < MOST {
        wire.at += 1;
        let pair = wire.text().and_then(|name| Ok((name, wire.text()?)));
        match pair {
            Ok((Some(name), Some(value))) => drop(fields.insert(name, value)),
            // One that is compressed is longer than any that is of interest.
            Ok(_) => {}
            Err(why) => return (fields, Some((wire.at, why))),
        }
    }
    (fields, None)
}

struct Wire<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Wire<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], &'static str> {
        let end = self.at.checked_add(length).ok_or("a text is longer than there is memory")?;
        let taken = self.bytes.get(self.at..end).ok_or("it ends inside what it says of itself")?;
        self.at = end;
        Ok(taken)
    }

    fn big(&mut self, length: usize) -> Result<u64, &'static str> {
        Ok(self.take(length)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn length(&mut self, first: u8) -> Result<usize, &'static str> {
        let wide = match (first >> 6, first) {
            (0, _) => u64::from(first),
            (1, _) => u64::from(first & 0x3f) << 8 | self.big(1)?,
            (_, 0x80) => self.big(4)?,
            (_, 0x81) => self.big(8)?,
            _ => return Err("a length is written in an unknown way"),
        };
        usize::try_from(wide).map_err(|_| "a text is longer than there is memory")
    }

    /// A text, which may be written as a number; none if it is compressed.
    fn text(&mut self) -> Result<Option<String>, &'static str> {
        let first = self.big(1)? as u8;
        let signed = |bytes: &[u8]| {
            let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
            let filled = bytes
                .iter()
                .rev()
                .fold(if negative { -1_i64 } else { 0 }, |number, byte| number << 8 | i64::from(*byte));
            Some(filled.to_string())
        };
        match first {
            0xc0 => Ok(signed(self.take(1)?)),
            0xc1 => Ok(signed(self.take(2)?)),
            0xc2 => Ok(signed(self.take(4)?)),
            0xc3 => {
                let packed = self.big(1)? as u8;
                let packed = self.length(packed)?;
                let plain = self.big(1)? as u8;
                self.length(plain)?;
                self.take(packed)?;
                Ok(None)
            }
            _ => {
                let length = self.length(first)?;
                Ok(Some(String::from_utf8_lossy(self.take(length)?).into_owned()))
            }
        }
    }
}
