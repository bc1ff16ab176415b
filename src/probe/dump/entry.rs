//! The table of contents: one entry per object, in the order in which a restore would make them.

use std::io::Read;

use super::error::ArchiveError;
use super::header::Header;
use super::wire::{Offset, Wire};
use super::words;

/// An object of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the archive, at least 1. Plain SQL has none, and they are counted.
    pub dump_id: i32,
    /// What it is, such as `TABLE`, `TABLE DATA` or `FK CONSTRAINT`.
    pub kind: String,
    /// Its schema, if it is in one.
    pub namespace: Option<String>,
    /// Its name. Of a constraint, index, trigger or default: the table's name, a space, its own name.
    pub tag: String,
    /// Its owner.
    pub owner: Option<String>,
    /// The statements that make it.
    pub definition: String,
    /// The statement that drops it.
    pub drop_statement: String,
    /// The statement its data is to be fed to; empty unless it is a table's data written by COPY.
    pub copy_statement: String,
    /// Numbers of the entries that must come before it.
    pub dependencies: Vec<i32>,
    /// Whether the archive holds data for it.
    pub has_data: bool,
    pub(super) place: Place,
}

/// Where an entry's data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the one file.
    Offset(Offset),
    /// In a file or member of its own, named without its folder.
    File(String),
    /// In SQL text: its first byte and the one after its end marker, of the decompressed text.
    Text(u64, u64),
    Nowhere,
}

/// An entry whose texts are not decoded yet, for their encoding is an entry too.
struct Raw {
    texts: [Option<Vec<u8>>; 7],
    dump_id: i32,
    dependencies: Vec<i32>,
    has_data: bool,
    place: Place,
}

/// Reads the table of contents (`ReadToc` in `pg_backup_archiver.c`) and completes the header with what it says.
pub(super) fn read<R: Read>(wire: &mut Wire<R>, header: &mut Header) -> Result<Vec<Entry>, ArchiveError> {
    let at = wire.at;
    let count = wire.int()?;
    if count < 0 {
        return Err(ArchiveError::corrupt(format!("it claims {count} entries")).at(at));
    }
    let mut raws = Vec::new();
    for _ in 0..count {
        raws.push(raw(wire, header)?);
    }
    for raw in &raws {
        settings(raw, header);
    }
    let encoding = header.encoding.clone().unwrap_or_default();
    let decode = |text: Option<Vec<u8>>| text.map(|bytes| words::decode(bytes, &encoding));
    let entries = raws.into_iter().map(|raw| {
        let [tag, kind, definition, drop_statement, copy_statement, namespace, owner] = raw.texts.map(decode);
        Entry {
            dump_id: raw.dump_id,
            kind: kind.unwrap_or_default(),
            namespace: namespace.filter(|name| !name.is_empty()),
            tag: tag.unwrap_or_default(),
            owner: owner.filter(|name| !name.is_empty()),
            definition: definition.unwrap_or_default(),
            drop_statement: drop_statement.unwrap_or_default(),
            copy_statement: copy_statement.unwrap_or_default(),
            dependencies: raw.dependencies,
            has_data: raw.has_data,
            place: raw.place,
        }
    });
    Ok(entries.collect())
}

fn raw<R: Read>(wire: &mut Wire<R>, header: &Header) -> Result<Raw, ArchiveError> {
    let minor = header.archive_version.map_or(0, |(_, minor, _)| minor);
    let at = wire.at;
    let dump_id = wire.int()?;
    let dump_id = i32::try_from(dump_id).ok().filter(|id| *id > 0).ok_or_else(|| {
        ArchiveError::corrupt(format!("an entry has the impossible number {dump_id}")).at(at)
    })?;
    let has_data = wire.int()? != 0;
    let _table_of_catalogue = wire.text()?;
    let _oid = wire.text()?;
    let (tag, kind) = (wire.text()?, wire.text()?);
    let _section = wire.int()?;
    let (definition, drop_statement, copy_statement) = (wire.text()?, wire.text()?, wire.text()?);
    let namespace = wire.text()?;
    let _tablespace = wire.text()?;
    if minor >= 14 {
        let _access_method = wire.text()?;
    }
    if minor >= 16 {
        let _relation_kind = wire.int()?;
    }
    let owner = wire.text()?;
    let _with_oids = wire.text()?;
    let mut dependencies = Vec::new();
    while let Some(number) = wire.text()? {
        let number = std::str::from_utf8(&number).ok().and_then(|text| text.trim().parse().ok());
        dependencies
            .push(number.ok_or_else(|| ArchiveError::corrupt("a dependency is no number").at(wire.at))?);
    }
    let place = match header.format {
        super::Format::Custom => Place::Offset(wire.offset()?),
        // `_ReadExtraToc` of `pg_backup_directory.c` and `pg_backup_tar.c`: a file's name, or nothing.
        _ => match wire.text()? {
            Some(name) if !name.is_empty() => Place::File(plain_name(name, wire.at)?),
            _ => Place::Nowhere,
        },
    };
    let texts = [tag, kind, definition, drop_statement, copy_statement, namespace, owner];
    Ok(Raw { texts, dump_id, dependencies, has_data, place })
}

/// A file's name must be one: what leads out of the archive is refused.
fn plain_name(name: Vec<u8>, at: u64) -> Result<String, ArchiveError> {
    let refuse = |name: &str| {
        let name: String = name.chars().take(80).collect();
        ArchiveError::corrupt(format!("an entry's data is said to be in {name:?}, which is not a file of it"))
            .at(at)
    };
    let name = String::from_utf8(name).map_err(|_| refuse("(not UTF-8)"))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_' || c == '-';
    if name.starts_with('.') || !name.chars().all(plain) {
        return Err(refuse(&name));
    }
    Ok(name)
}

/// `processEncodingEntry`, `processStdStringsEntry` and `processSearchPathEntry` of `pg_backup_archiver.c`.
fn settings(raw: &Raw, header: &mut Header) {
    let [_, kind, definition, ..] = &raw.texts;
    let text = definition.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    match kind.as_deref().unwrap_or_default() {
        b"ENCODING" => header.encoding = words::quoted(&text, 0),
        b"STDSTRINGS" => header.standard_strings = words::quoted(&text, 0).map(|value| value == "on"),
        b"SEARCHPATH" => header.search_path = words::quoted(&text, 1),
        _ => {}
    }
}
