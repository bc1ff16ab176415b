//! The large objects of an archive, sealed.

use std::io::Read;

use crate::baseline::large::{LargeObjects, LargeSeal, ObjectHasher};
use crate::facts::{Failure, Observed};
use crate::failure::FailureKind;
use crate::probe::dump::{Archive, ArchiveError, Format};

/// Bytes of an object that are in memory at once.
const PIECE: usize = 256 * 1024;

/// Most numbers that a sentence names.
const NAMED: usize = 5;

/// All large objects of an archive.
///
/// # Errors
///
/// They cannot be read whole, or the archive lists some without their contents.
pub(super) fn seal(archive: &Archive) -> Result<Observed, Failure> {
    let other = |message: String| Failure { kind: FailureKind::Other, message };
    let listed = archive.large_objects_listed().map_err(|e| super::failure(&e))?;
    if !archive.has_large_objects() {
        return match listed.as_slice() {
            [] => Ok(Observed::LargeObjects(Box::new(LargeSeal::Unlisted))),
            some => Err(without_contents(some)),
        };
    }
    if archive.header().format == Format::Plain {
        let message = "plain SQL holds large objects as statements, which are not read in place; dump with -Fc, -Fd or -Ft";
        return Err(other(message.to_owned()));
    }
    let (mut sealed, mut found) = (LargeObjects::default(), Vec::new());
    let mut room = vec![0; PIECE];
    let mut each = |oid: u32, bytes: Box<dyn Read>| {
        let object = read(oid, bytes, &mut room)?;
        sealed.add(&object);
        found.push(oid);
        Ok(())
    };
    archive.large_objects(&mut each).map_err(|e| super::failure(&e))?;
    found.sort_unstable();
    if let Some(twice) =
        found.windows(2).find_map(|pair| (pair.first() == pair.last()).then(|| pair.first()).flatten())
    {
        return Err(other(format!("the archive holds large object {twice} twice")));
    }
    let lacking: Vec<u32> = listed.iter().filter(|oid| found.binary_search(oid).is_err()).copied().collect();
    if !lacking.is_empty() {
        return Err(without_contents(&lacking));
    }
    // Archives of old list none, and make them with their contents.
    if !listed.is_empty()
        && let Some(more) = found.iter().find(|oid| listed.binary_search(oid).is_err())
    {
        return Err(other(format!(
            "the archive holds contents of large object {more}, and does not list it"
        )));
    }
    if sealed.objects == 0 {
        return Ok(Observed::LargeObjects(Box::new(LargeSeal::Unlisted)));
    }
    Ok(Observed::LargeObjects(Box::new(LargeSeal::Sealed(sealed))))
}

fn read(oid: u32, mut bytes: Box<dyn Read>, room: &mut [u8]) -> Result<ObjectHasher, ArchiveError> {
    let mut object = ObjectHasher::new(oid);
    loop {
        match bytes.read(room) {
            Ok(0) => return Ok(object),
            Ok(count) => object.feed(room.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ArchiveError::from_io(&error, "a large object")),
        }
    }
}

fn without_contents(oids: &[u32]) -> Failure {
    let named: Vec<String> = oids.iter().take(NAMED).map(u32::to_string).collect();
    let more = if oids.len() > NAMED { ", ..." } else { "" };
    let message = format!(
        "the archive lists {} large objects without their contents: {}{more}; it was made with --schema-only or the like",
        oids.len(),
        named.join(", ")
    );
    Failure { kind: FailureKind::MissingObject, message }
}
