//! The files of a base backup one by one: in a folder (`pg_basebackup -Fp`), or as members of tar files (`-Ft`).

use std::collections::BTreeSet;
use std::io::{self, Read};

use tar::EntryType;

use crate::probe::damage::{Damage, DamageKind};
use crate::probe::tree::{Found, FoundKind, Tree, damaged, inside, packed};

/// A file of the backup.
pub(super) struct Member<'a> {
    /// Its name in the data folder.
    pub(super) name: &'a str,
    /// Where it is, for messages.
    pub(super) place: &'a str,
    /// Its size in bytes.
    pub(super) bytes: u64,
}

/// Takes files one by one. The reader is read as far as is wanted.
pub(super) type OnMember<'a> = &'a mut dyn FnMut(Member<'_>, &mut dyn Read) -> Result<(), Damage>;

/// How a backup is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// A data folder.
    Plain(Vec<Found>),
    /// Tar files: each with the folder that its members lie in.
    Tar(Vec<(Found, String)>),
}

impl Layout {
    /// By the names at the root: `PG_VERSION` is in every data folder.
    pub(super) fn of(found: Vec<Found>) -> Self {
        if found.iter().any(|found| found.name == "PG_VERSION") {
            return Self::Plain(found);
        }
        let tars: Vec<_> =
            found.iter().filter_map(|found| Some((found.clone(), tar_root(&found.name)?))).collect();
        match found.as_slice() {
            // One file of any name, as `pg_basebackup -Ft -D -` was redirected to.
            [one] if tars.is_empty() && one.kind == FoundKind::File => {
                Self::Tar(vec![(one.clone(), String::new())])
            }
            _ if tars.is_empty() => Self::Plain(found),
            _ => Self::Tar(tars),
        }
    }

    /// Hands over every file that `wanted` says so of. What cannot be read, or is no file of a backup, goes to `damages`,
    /// as does what the taker says.
    pub(super) fn each(
        &self,
        tree: &dyn Tree,
        wanted: &dyn Fn(&str) -> bool,
        on_member: OnMember<'_>,
        damages: &mut Vec<Damage>,
    ) {
        match self {
            Self::Plain(found) => {
                for found in found.iter().filter(|found| wanted(&found.name)) {
                    damages.extend(plain(tree, found, on_member).err());
                }
            }
            Self::Tar(tars) => {
                let mut seen = BTreeSet::new();
                for (tar, root) in tars {
                    damages.extend(unpacked(tree, &tar.name, root, wanted, on_member, &mut seen).err());
                }
            }
        }
    }
}

fn plain(tree: &dyn Tree, found: &Found, on_member: OnMember<'_>) -> Result<(), Damage> {
    if found.kind != FoundKind::File {
        return Err(Damage::new(
            DamageKind::Corrupt,
            &found.name,
            "it is a link or no file at all, which no backup has",
        ));
    }
    let mut bytes = tree.open(&found.name)?;
    on_member(Member { name: &found.name, place: &found.name, bytes: found.bytes }, &mut bytes)
}

/// The folder that the members of a tar file lie in, by its name (`base.tar`, `pg_wal.tar`, `<tablespace>.tar`, each with
/// the suffix of a compression).
fn tar_root(name: &str) -> Option<String> {
    let (stem, suffix) = name.split_once('.')?;
    if !["tar", "tar.gz", "tar.lz4", "tar.zst", "tgz", "tar.bz2", "tar.xz"].contains(&suffix) {
        return None;
    }
    match stem {
        "base" => Some(String::new()),
        "pg_wal" => Some("pg_wal/".to_owned()),
        _ if !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(format!("pg_tblspc/{stem}/"))
        }
        _ => None,
    }
}

fn unpacked(
    tree: &dyn Tree,
    file: &str,
    root: &str,
    wanted: &dyn Fn(&str) -> bool,
    on_member: OnMember<'_>,
    seen: &mut BTreeSet<String>,
) -> Result<(), Damage> {
    let (_, bytes) = packed(file, tree.open(file)?)?;
    let mut archive = tar::Archive::new(Ending { inner: bytes, total: 0, zeros: 0 });
    let trouble = |error: &io::Error| tar_trouble(file, error);
    let mut end = 0;
    for entry in archive.entries().map_err(|error| trouble(&error))? {
        let mut entry = entry.map_err(|error| trouble(&error))?;
        let at = entry.raw_header_position();
        let padded = entry.size().checked_next_multiple_of(512).unwrap_or(u64::MAX);
        end = entry.raw_file_position().saturating_add(padded);
        let corrupt = |message: String| Damage::new(DamageKind::Corrupt, file, message).at(at);
        let path = entry.path_bytes().into_owned();
        let Ok(path) = String::from_utf8(path) else {
            return Err(corrupt("a member's name is not UTF-8".to_owned()));
        };
        let path = path.trim_start_matches("./").trim_end_matches('/');
        let kind = entry.header().entry_type();
        if path.is_empty() && kind == EntryType::Directory {
            continue;
        }
        let name = format!("{root}{path}");
        if !inside(&name) || path.starts_with('/') {
            return Err(corrupt(format!("the name of the member `{path}` leads out of the backup")));
        }
        let tablespace =
            name.strip_prefix("pg_tblspc/").is_some_and(|oid| oid.bytes().all(|byte| byte.is_ascii_digit()));
        match kind {
            EntryType::Directory => continue,
            // Where a tablespace was; its files are in a tar file of their own.
            EntryType::Symlink if tablespace => continue,
            EntryType::Regular => {}
            _ => {
                return Err(corrupt(format!(
                    "member `{name}` is a link or no file at all, which no backup has"
                )));
            }
        }
        if !seen.insert(name.clone()) {
            return Err(
                Damage::new(DamageKind::Extra, file, format!("member `{name}` is there twice")).at(at)
            );
        }
        let bytes = entry.size();
        if wanted(&name) {
            let place = format!("{name} in {file}");
            on_member(Member { name: &name, place: &place, bytes }, &mut entry)?;
        }
    }
    let mut rest = archive.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(|error| damaged(file, &error))?;
    let tail = rest.total.saturating_sub(end);
    if tail < 1024 {
        let message = "the tar file has no end: two empty blocks must be the last of it";
        return Err(Damage::new(DamageKind::Truncated, file, message).at(rest.total));
    }
    if rest.zeros < tail {
        return Err(Damage::new(DamageKind::Corrupt, file, "something follows the last member").at(end));
    }
    Ok(())
}

fn tar_trouble(file: &str, error: &io::Error) -> Damage {
    let text = error.to_string();
    if error.kind() == io::ErrorKind::UnexpectedEof
        || text.contains("unexpected EOF")
        || text.contains("failed to read entire block")
    {
        return Damage::new(DamageKind::Truncated, file, "the tar file ends inside a member");
    }
    let damage = damaged(file, error);
    Damage { message: format!("it is no sound tar file: {}", damage.message), ..damage }
}

/// Knows how much was read and how many zeros were the last of it: a tar file without its two empty blocks was cut, and would else
/// look like one that simply has fewer members.
struct Ending<R> {
    inner: R,
    total: u64,
    zeros: u64,
}

impl<R: Read> Read for Ending<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(room)?;
        self.total += read as u64;
        let bytes = room.get(..read).unwrap_or_default();
        match bytes.iter().rposition(|byte| *byte != 0) {
            None => self.zeros += read as u64,
            Some(last) => self.zeros = (read - last - 1) as u64,
        }
        Ok(read)
    }
}
