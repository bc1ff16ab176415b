//! What an address may draw on beside its own text: variables, files, and the name of the user.
//!
//! It is a trait so that parsing is a function of its arguments, and tests need no process environment.

use std::io;
use std::path::{Path, PathBuf};

/// The part of a file's metadata that decides whether a secret in it may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Whether it is a plain file, not a directory or a device.
    pub is_file: bool,
    /// Permission bits, as in `stat.st_mode & 0o7777`.
    pub mode: u32,
    /// Numeric id of the owner.
    pub owner: u32,
}

/// Where variables, files and the user's name come from.
pub trait Environment {
    /// The value of an environment variable; `None` where it is not set or not UTF-8.
    fn var(&self, name: &str) -> Option<String>;

    /// The whole content of a file.
    ///
    /// # Errors
    /// As the operating system reports them.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Type, permissions and owner of a file or directory.
    ///
    /// # Errors
    /// As the operating system reports them.
    fn facts(&self, path: &Path) -> io::Result<FileFacts>;

    /// The name of the effective operating system user: libpq's default for `user`.
    fn user_name(&self) -> Option<String>;

    /// The home directory, from `HOME`.
    fn home(&self) -> Option<PathBuf> {
        self.var("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
    }
}

/// The environment of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    #[cfg(unix)]
    fn facts(&self, path: &Path) -> io::Result<FileFacts> {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(path)?;
        Ok(FileFacts { is_file: metadata.is_file(), mode: metadata.mode() & 0o7777, owner: metadata.uid() })
    }

    #[cfg(not(unix))]
    fn facts(&self, path: &Path) -> io::Result<FileFacts> {
        // Access lists decide here, not permission bits; libpq does not check them either.
        Ok(FileFacts { is_file: std::fs::metadata(path)?.is_file(), mode: 0o600, owner: 0 })
    }

    fn user_name(&self) -> Option<String> {
        account_name().or_else(|| ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| self.var(name)))
    }
}

/// The account's name from the password file. `/proc/self` belongs to the effective user, which spares a call
/// into the C library; where there is no `/proc` the variables of the login shell answer instead.
#[cfg(unix)]
fn account_name() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let uid = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}

#[cfg(not(unix))]
fn account_name() -> Option<String> {
    None
}

#[cfg(test)]
pub(crate) mod fake {
    use std::collections::BTreeMap;
    use std::io;
    use std::path::{Path, PathBuf};

    use super::{Environment, FileFacts};

    /// An environment made of two maps.
    #[derive(Default)]
    pub(crate) struct FakeEnvironment {
        pub(crate) vars: BTreeMap<String, String>,
        pub(crate) files: BTreeMap<PathBuf, (u32, String)>,
    }

    impl FakeEnvironment {
        pub(crate) fn new() -> Self {
            Self::default().with("HOME", "/home/ann")
        }

        pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
            self.vars.insert(name.to_owned(), value.to_owned());
            self
        }

        pub(crate) fn file(mut self, path: &str, mode: u32, content: &str) -> Self {
            self.files.insert(PathBuf::from(path), (mode, content.to_owned()));
            self
        }
    }

    impl Environment for FakeEnvironment {
        fn var(&self, name: &str) -> Option<String> {
            self.vars.get(name).cloned()
        }

        fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
            let found = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
            Ok(found.1.clone().into_bytes())
        }

        fn facts(&self, path: &Path) -> io::Result<FileFacts> {
            let found = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
            Ok(FileFacts { is_file: true, mode: found.0, owner: 1000 })
        }

        fn user_name(&self) -> Option<String> {
            Some("ann".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Environment, ProcessEnvironment};

    #[test]
    fn the_process_has_a_user_and_its_files_have_facts() {
        let name = ProcessEnvironment.user_name().unwrap();
        assert!(!name.is_empty());
        let here = ProcessEnvironment.facts(std::path::Path::new("/")).unwrap();
        assert!(!here.is_file);
        assert!(here.mode > 0);
    }
}
