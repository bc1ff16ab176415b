//! What kind of backup an address names.

use std::path::{Path, PathBuf};

use super::trouble::Trouble;
use crate::probe::archive;
use crate::probe::dump::{Archive, ArchiveError, ArchiveErrorKind};

/// A backup that can be restored.
#[derive(Debug)]
pub(super) enum Backup {
    /// An archive of pg_dump.
    Archive(PathBuf, Box<Archive>),
    /// A base backup of pg_basebackup: a data folder, or tar files in a folder.
    Base(PathBuf),
    /// A repository of pgBackRest.
    PgBackRest(PathBuf),
    /// A catalogue of Barman.
    Barman(PathBuf),
}

/// Words that an address may begin with, where what is there does not tell by itself.
pub(super) const KINDS: [&str; 4] = ["dump", "basebackup", "pgbackrest", "barman"];

impl Backup {
    /// The word for the kind that an address begins with, if it does, and the rest.
    #[must_use]
    pub(super) fn split(address: &str) -> (Option<&str>, &str) {
        match address.split_once(':') {
            Some((kind, path)) if KINDS.contains(&kind) => (Some(kind), path),
            _ => (None, address),
        }
    }

    /// Looks what is at a path, of which several may match a pattern.
    ///
    /// # Errors
    /// Nothing, nothing that is known, or an archive that cannot be read.
    pub(super) fn find(kind: Option<&str>, path: &str) -> Result<Self, Trouble> {
        Self::at(kind, archive::newest(path).map_err(Trouble::unproven)?)
    }

    /// Looks what is at a path.
    ///
    /// # Errors
    /// The same.
    pub(super) fn at(kind: Option<&str>, path: PathBuf) -> Result<Self, Trouble> {
        let missing =
            |why: std::io::Error| Trouble::unproven(format!("`{}` cannot be read: {why}", path.display()));
        let path = std::fs::canonicalize(&path).map_err(missing)?;
        let tar = path.is_file() && path.file_name().and_then(|name| name.to_str()).is_some_and(is_base_tar);
        let folder =
            if tar { path.parent().map(Path::to_owned) } else { path.is_dir().then(|| path.clone()) };
        match (kind, folder) {
            (Some("basebackup"), Some(folder)) => Ok(Self::Base(folder)),
            (Some("pgbackrest"), Some(folder)) => Ok(Self::PgBackRest(folder)),
            (Some("barman"), Some(folder)) => Ok(Self::Barman(folder)),
            (None, Some(folder)) if !folder.join("toc.dat").exists() => by_contents(folder),
            (None | Some("dump"), _) => open(path),
            _ => Err(Trouble::unproven(format!("`{}` is not a folder", path.display()))),
        }
    }

    /// What it is, for people.
    #[must_use]
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Archive(..) => "dump",
            Self::Base(_) => "basebackup",
            Self::PgBackRest(_) => "pgbackrest",
            Self::Barman(_) => "barman",
        }
    }

    /// Where it is.
    #[must_use]
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Archive(path, _) | Self::Base(path) | Self::PgBackRest(path) | Self::Barman(path) => path,
        }
    }
}

/// `base.tar`, with the suffix of a compression.
pub(super) fn is_base_tar(name: &str) -> bool {
    name.strip_prefix("base.").is_some_and(|rest| rest == "tgz" || rest == "tar" || rest.starts_with("tar."))
}

fn by_contents(folder: PathBuf) -> Result<Backup, Trouble> {
    let names: Vec<String> = std::fs::read_dir(&folder)
        .map_err(|why| Trouble::unproven(format!("`{}` cannot be read: {why}", folder.display())))?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    if names.iter().any(|name| name == "PG_VERSION" || name == "backup_manifest" || is_base_tar(name)) {
        return Ok(Backup::Base(folder));
    }
    let holds = |pattern: &str| {
        let pattern = format!("{}/{pattern}", glob::Pattern::escape(&folder.display().to_string()));
        glob::glob(&pattern).is_ok_and(|mut found| found.any(|path| path.is_ok()))
    };
    if holds("backup/*/backup.info") {
        return Ok(Backup::PgBackRest(folder));
    }
    if holds("*/base/*/backup.info") {
        return Ok(Backup::Barman(folder));
    }
    Err(Trouble::unproven(format!(
        "`{}` is no backup that is known: neither an archive of pg_dump (`toc.dat`), nor a base backup (`PG_VERSION`, `base.tar`), \
         a repository of pgBackRest (`backup/STANZA/backup.info`) or a catalogue of Barman (`SERVER/base/ID/backup.info`)",
        folder.display()
    )))
}

fn open(path: PathBuf) -> Result<Backup, Trouble> {
    let archive = Archive::open(&path).map_err(|why| unreadable(&path, &why))?;
    Ok(Backup::Archive(path, Box::new(archive)))
}

fn unreadable(path: &Path, why: &ArchiveError) -> Trouble {
    let message = format!("`{}` cannot be read as an archive: {why}", path.display());
    match why.kind {
        ArchiveErrorKind::Corrupt | ArchiveErrorKind::Truncated => Trouble::broken(message),
        _ => Trouble::unproven(message),
    }
}
