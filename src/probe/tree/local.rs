//! A folder of this machine.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Found, FoundKind, Tree, inside, unread};
use crate::probe::damage::{Damage, DamageKind};

/// Folders in folders that are followed; PostgreSQL and its tools need six.
const DEEPEST: usize = 32;

/// A folder, without links in its own path. Links in it are listed and not followed, except those of tablespaces where
/// that was asked for.
#[derive(Clone, Debug)]
pub struct Local {
    root: PathBuf,
    tablespaces: bool,
}

impl Local {
    /// A folder.
    ///
    /// # Errors
    /// [`DamageKind::Missing`] or [`DamageKind::Unread`]: it is not there, is no folder, or cannot be read.
    pub fn new(path: &Path) -> Result<Self, Damage> {
        let name = path.display().to_string();
        let root = path.canonicalize().map_err(|error| trouble(&name, &error))?;
        if !root.is_dir() {
            return Err(Damage::new(DamageKind::Unread, name, "it is not a folder"));
        }
        Ok(Self { root, tablespaces: false })
    }

    /// The same with links `pg_tblspc/<number>` followed, at any depth: a tablespace's files belong to a base backup and lie
    /// elsewhere (`pg_basebackup --tablespace-mapping`).
    #[must_use]
    pub fn with_tablespaces(mut self) -> Self {
        self.tablespaces = true;
        self
    }

    fn follows(&self, name: &str) -> bool {
        let Some((folder, number)) = name.rsplit_once('/') else { return false };
        let folder = folder.rsplit('/').next();
        self.tablespaces
            && folder == Some("pg_tblspc")
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn walk(&self, folder: &str, depth: usize, found: &mut Vec<Found>) -> Result<(), Damage> {
        let shown = if folder.is_empty() { "." } else { folder };
        if depth > DEEPEST {
            let message = format!("more than {DEEPEST} folders in each other");
            return Err(Damage::new(DamageKind::Unread, shown, message));
        }
        let entries = std::fs::read_dir(self.root.join(folder)).map_err(|error| trouble(shown, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| trouble(shown, &error))?;
            let base = entry.file_name();
            let Some(base) = base.to_str() else {
                // A name of other bytes is none that PostgreSQL or a tool writes; it is shown as well as can be.
                let name = join(folder, &base.to_string_lossy());
                found.push(Found { name, kind: FoundKind::Other, bytes: 0, changed: None });
                continue;
            };
            let name = join(folder, base);
            let meta = match entry.metadata() {
                Ok(meta) => meta,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(trouble(&name, &error)),
            };
            let followed = meta.is_symlink()
                && self.follows(&name)
                && self.root.join(&name).metadata().is_ok_and(|to| to.is_dir());
            if meta.is_dir() || followed {
                self.walk(&name, depth + 1, found)?;
            } else {
                found.push(described(name, &meta));
            }
        }
        Ok(())
    }
}

impl Tree for Local {
    fn list(&self) -> Result<Vec<Found>, Damage> {
        let mut found = Vec::new();
        self.walk("", 0, &mut found)?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read>, Damage> {
        if !inside(name) {
            return Err(Damage::new(DamageKind::Corrupt, name, "this name leads out of the folder"));
        }
        let mut so_far = String::new();
        for part in name.split('/') {
            so_far = join(&so_far, part);
            let meta = self.root.join(&so_far).symlink_metadata().map_err(|error| trouble(name, &error))?;
            if meta.is_symlink() && !self.follows(&so_far) {
                return Err(Damage::new(
                    DamageKind::Corrupt,
                    name,
                    format!("`{so_far}` is a link, which is not followed"),
                ));
            }
        }
        let path = self.root.join(name);
        // Anything else, such as a pipe, would have to be waited for.
        if !path.metadata().map_err(|error| trouble(name, &error))?.is_file() {
            return Err(Damage::new(DamageKind::Corrupt, name, "it is not a regular file"));
        }
        Ok(Box::new(File::open(path).map_err(|error| trouble(name, &error))?))
    }
}

fn join(folder: &str, base: &str) -> String {
    if folder.is_empty() { base.to_owned() } else { format!("{folder}/{base}") }
}

fn described(name: String, meta: &Metadata) -> Found {
    let kind = match meta.file_type() {
        kind if kind.is_file() => FoundKind::File,
        kind if kind.is_symlink() => FoundKind::Link,
        _ => FoundKind::Other,
    };
    let changed = meta.modified().ok().and_then(|at| at.try_into().ok());
    Found { name, kind, bytes: meta.len(), changed }
}

fn trouble(name: &str, error: &io::Error) -> Damage {
    match error.kind() {
        io::ErrorKind::NotFound => Damage::new(DamageKind::Missing, name, "it is not there"),
        _ => unread(name, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_out() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        std::fs::create_dir_all(folder.path().join("pg_tblspc")).unwrap();
        std::fs::write(folder.path().join("plain"), "p").unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), folder.path().join("file")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("folder")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("pg_tblspc/16400")).unwrap();
        let tree = Local::new(folder.path()).unwrap();
        let names = |tree: &Local| -> Vec<(String, FoundKind)> {
            tree.list().unwrap().into_iter().map(|found| (found.name, found.kind)).collect()
        };
        let link = |name: &str| (name.to_owned(), FoundKind::Link);
        let plain = ("plain".to_owned(), FoundKind::File);
        assert_eq!(names(&tree), [link("file"), link("folder"), link("pg_tblspc/16400"), plain.clone()]);
        for name in ["file", "folder/secret", "../x", "/etc/passwd", "", "a//b", "pg_tblspc/16400/secret"] {
            assert_eq!(tree.open(name).err().map(|error| error.kind), Some(DamageKind::Corrupt), "{name}");
        }
        assert_eq!(tree.open("none").err().map(|error| error.kind), Some(DamageKind::Missing));
        let tree = tree.with_tablespaces();
        let secret = ("pg_tblspc/16400/secret".to_owned(), FoundKind::File);
        assert_eq!(names(&tree), [link("file"), link("folder"), secret, plain]);
        assert_eq!(tree.read("pg_tblspc/16400/secret", 1).unwrap(), b"s");
        assert_eq!(tree.read("plain", 0).err().map(|error| error.kind), Some(DamageKind::Corrupt));
    }
}
