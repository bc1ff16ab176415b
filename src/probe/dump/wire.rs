//! The numbers and texts an archive's header and table of contents are written in.
//!
//! Everything is little-endian with the sizes the header states, whatever machine wrote it (`ReadInt`, `ReadStr` and
//! `ReadOffset` in `pg_backup_archiver.c`).

use std::io::Read;

use super::error::ArchiveError;

/// More than a header and a table of contents of millions of objects take, in bytes: what claims to be longer is not
/// read on, so that a small compressed file cannot fill the memory.
const MOST_BYTES: u64 = 1 << 30;

/// Where an entry's data is, as the table of contents states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offset {
    /// The archive was written to a pipe: somewhere behind the table of contents.
    Unknown,
    /// This byte of the file.
    At(u64),
    /// There is none.
    None,
}

/// Reads the primitives one after the other.
pub(super) struct Wire<R> {
    inner: R,
    /// Bytes read so far.
    pub(super) at: u64,
    /// Bytes of an integer, without its sign.
    pub(super) int_size: u8,
    /// Bytes of a file offset.
    pub(super) offset_size: u8,
}

impl<R: Read> Wire<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, at: 0, int_size: 4, offset_size: 8 }
    }

    pub(super) fn byte(&mut self) -> Result<u8, ArchiveError> {
        let mut byte = [0];
        self.fill(&mut byte)?;
        let [byte] = byte;
        Ok(byte)
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ArchiveError> {
        if self.at.saturating_add(bytes.len() as u64) > MOST_BYTES {
            return Err(ArchiveError::corrupt("its table of contents is absurdly long").at(self.at));
        }
        self.inner
            .read_exact(bytes)
            .map_err(|error| ArchiveError::from_io(&error, "its table of contents").at(self.at))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Nothing may be left.
    pub(super) fn end(&mut self) -> Result<(), ArchiveError> {
        match self.inner.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(ArchiveError::corrupt("something follows its table of contents").at(self.at)),
            Err(error) => Err(ArchiveError::from_io(&error, "its table of contents").at(self.at)),
        }
    }

    /// A sign and a magnitude.
    pub(super) fn int(&mut self) -> Result<i64, ArchiveError> {
        let at = self.at;
        let negative = self.byte()?;
        if negative > 1 {
            return Err(ArchiveError::corrupt("a number has neither sign").at(at));
        }
        let magnitude = i64::try_from(self.unsigned(self.int_size)?)
            .map_err(|_| ArchiveError::corrupt("a number is absurdly large").at(at))?;
        Ok(if negative == 1 { -magnitude } else { magnitude })
    }

    /// A text, or none. Memory grows with what is there, not with what is claimed.
    pub(super) fn text(&mut self) -> Result<Option<Vec<u8>>, ArchiveError> {
        let at = self.at;
        let length = self.int()?;
        let Ok(length) = u64::try_from(length) else { return Ok(None) };
        if self.at.saturating_add(length) > MOST_BYTES {
            return Err(ArchiveError::corrupt(format!("a text claims to be {length} bytes long")).at(at));
        }
        let mut text = Vec::new();
        let read = (&mut self.inner)
            .take(length)
            .read_to_end(&mut text)
            .map_err(|error| ArchiveError::from_io(&error, "its table of contents").at(self.at))?;
        self.at += read as u64;
        if (read as u64) < length {
            return Err(ArchiveError::truncated("it ends inside its table of contents").at(self.at));
        }
        Ok(Some(text))
    }

    pub(super) fn offset(&mut self) -> Result<Offset, ArchiveError> {
        let at = self.at;
        let state = self.byte()?;
        let offset = self.unsigned(self.offset_size)?;
        match state {
            1 => Ok(Offset::Unknown),
            2 => Ok(Offset::At(offset)),
            3 => Ok(Offset::None),
            _ => Err(ArchiveError::corrupt(format!("an offset is of the unknown kind {state}")).at(at)),
        }
    }

    fn unsigned(&mut self, size: u8) -> Result<u64, ArchiveError> {
        let at = self.at;
        let mut value = 0_u64;
        for place in 0..u32::from(size) {
            let byte = u64::from(self.byte()?);
            // Bytes beyond what this machine can count must say nothing.
            match byte.checked_shl(8 * place).filter(|_| place < 8) {
                Some(part) => value |= part,
                None if byte == 0 => {}
                None => return Err(ArchiveError::corrupt("a number is absurdly large").at(at)),
            }
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::ArchiveErrorKind;
    use super::*;

    #[test]
    fn numbers_have_a_sign_and_the_stated_size() {
        let mut wire = Wire::new(&[0, 42, 1, 0, 0, 1, 1, 0, 0, 0][..]);
        assert_eq!((wire.int(), wire.int()), (Ok(298), Ok(-1)));
        let mut wire = Wire::new(&[0, 255, 255, 255, 255, 255, 255, 255, 255][..]);
        wire.int_size = 8;
        assert_eq!(wire.int().unwrap_err().kind, ArchiveErrorKind::Corrupt);
    }

    #[test]
    fn a_text_is_as_long_as_it_says_or_missing() {
        let mut wire = Wire::new(&[0, 2, 0, 0, 0, b'h', b'i', 1, 1, 0, 0, 0, 0, 9, 0, 0, 0, b'x'][..]);
        assert_eq!(wire.text(), Ok(Some(b"hi".to_vec())));
        assert_eq!(wire.text(), Ok(None));
        let short = wire.text().unwrap_err();
        assert_eq!((short.kind, short.offset), (ArchiveErrorKind::Truncated, Some(18)));
    }

    #[test]
    fn an_absurd_length_takes_no_memory() {
        let mut wire = Wire::new(&[0, 255, 255, 255, 127][..]);
        assert_eq!(wire.text().unwrap_err().kind, ArchiveErrorKind::Corrupt);
    }
}
