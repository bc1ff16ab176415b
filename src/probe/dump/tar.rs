//! The tar format: the files of the directory format as members of a plain, uncompressed tar file.
//!
//! `pg_backup_tar.c` (`_tarGetHeader`) and `src/port/tar.c` (`tarCreateHeader`, `read_tar_number`). Offsets and lengths
//! of all members are read when the archive is opened, by going from header to header.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use super::error::{ArchiveError, ArchiveErrorKind};
use super::file::Stretch;
use super::medium::Medium;

const BLOCK: u64 = 512;

/// Zeros that may follow the two blocks that end an archive: tools that copy tars fill whole records up.
const MOST_PADDING: u64 = 1 << 20;

/// The members by name: offset and length.
#[derive(Debug)]
pub(super) struct Tar {
    file: Arc<dyn Medium>,
    members: BTreeMap<String, (u64, u64)>,
}

impl Tar {
    pub(super) fn read(file: Arc<dyn Medium>) -> Result<Self, ArchiveError> {
        let bytes = file.bytes();
        let mut members = BTreeMap::new();
        let mut stretch = Stretch::new(&*file, 0, bytes);
        loop {
            let at = stretch.at();
            let mut header = [0_u8; BLOCK as usize];
            stretch.read_exact(&mut header).map_err(|error| {
                let error = ArchiveError::from_io(&error, "the list of its members, which has no end");
                error.at(bytes)
            })?;
            if header.iter().all(|byte| *byte == 0) {
                padding(&mut stretch, bytes)?;
                return Ok(Self { file, members });
            }
            let member = Header(&header);
            member.check().map_err(|error| error.at(at))?;
            let name = member.name().map_err(|error| error.at(at))?;
            let length = member.length().ok_or_else(|| {
                ArchiveError::corrupt(format!("member `{name}` has no readable length")).at(at)
            })?;
            let begin = stretch.at();
            let padded = length.checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX);
            if padded > stretch.left() {
                let message = format!("member `{name}` is {length} bytes long, and fewer follow");
                return Err(ArchiveError::truncated(message).at(bytes));
            }
            stretch.skip(padded);
            if members.insert(name.clone(), (begin, length)).is_some() {
                return Err(ArchiveError::corrupt(format!("member `{name}` is there twice")).at(at));
            }
        }
    }

    /// The bytes of a member.
    pub(super) fn open(&self, name: &str) -> Result<Stretch, ArchiveError> {
        let Some(&(from, length)) = self.members.get(name) else {
            return Err(ArchiveError::truncated(format!("its member `{name}` is missing from the tar file")));
        };
        Ok(Stretch::new(&*self.file, from, from + length))
    }

    /// Where a member begins.
    pub(super) fn position(&self, name: &str) -> Option<u64> {
        self.members.get(name).map(|(from, _)| *from)
    }
}

/// After the first empty block there must be a second, and nothing else.
fn padding(stretch: &mut Stretch, bytes: u64) -> Result<(), ArchiveError> {
    let left = stretch.left();
    if left < BLOCK || !left.is_multiple_of(BLOCK) {
        return Err(ArchiveError::truncated("the end of the tar file is no whole block").at(bytes));
    }
    let at = stretch.at();
    let mut rest = Vec::new();
    stretch
        .take(MOST_PADDING)
        .read_to_end(&mut rest)
        .map_err(|error| ArchiveError::from_io(&error, "the end of the tar file"))?;
    if left > MOST_PADDING || rest.iter().any(|byte| *byte != 0) {
        return Err(ArchiveError::corrupt("something follows the end of the tar file").at(at));
    }
    Ok(())
}

struct Header<'a>(&'a [u8; BLOCK as usize]);

impl Header<'_> {
    fn field(&self, from: usize, length: usize) -> &[u8] {
        self.0.get(from..from + length).unwrap_or_default()
    }

    /// `isValidTarHeader`: the sum of all bytes, with the sum itself as spaces.
    fn check(&self) -> Result<(), ArchiveError> {
        let sum: u64 = self.0.iter().map(|byte| u64::from(*byte)).sum();
        let own: u64 = self.field(148, 8).iter().map(|byte| u64::from(*byte)).sum();
        if octal(self.field(148, 8)) != Some(sum - own + 8 * u64::from(b' ')) {
            return Err(ArchiveError::corrupt("the checksum of a tar header does not fit"));
        }
        match self.0.get(156) {
            Some(b'0' | 0) => Ok(()),
            _ => Err(foreign()),
        }
    }

    fn name(&self) -> Result<String, ArchiveError> {
        let name = self.field(0, 100).split(|byte| *byte == 0).next().unwrap_or_default();
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
        let fine = !name.is_empty() && name.first() != Some(&b'.') && name.iter().all(plain);
        if !fine || self.0.get(345).is_some_and(|prefix| *prefix != 0) {
            return Err(foreign());
        }
        String::from_utf8(name.to_vec()).map_err(|_| foreign())
    }

    /// Octal digits, or from 8 GiB on a binary number with its highest bit set.
    fn length(&self) -> Option<u64> {
        let field = self.field(124, 12);
        match field.split_first() {
            Some((0x80, rest)) => {
                let (high, low) = rest.split_at_checked(3)?;
                let low: [u8; 8] = low.try_into().ok()?;
                high.iter().all(|byte| *byte == 0).then_some(u64::from_be_bytes(low))
            }
            _ => octal(field),
        }
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    u64::from_str_radix(text, 8).ok()
}

/// Not what pg_dump writes: folders, links, long names, paths.
fn foreign() -> ArchiveError {
    let message = "it is a tar file, but not one that pg_dump -Ft writes; if a folder was packed that pg_dump -Fd had \
                   written, unpack it first";
    ArchiveError::new(ArchiveErrorKind::NotAnArchive, message)
}
