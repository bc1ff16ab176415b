//! Where PostgreSQL's programs are on this machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::trouble::Trouble;

/// Usual places of server programs: Debian's, PGDG's for Red Hat, Alpine's, Homebrew's, and that of a build by hand.
const PLACES: [&str; 7] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
    "/usr/local/bin",
];

/// The programs of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Programs {
    folder: PathBuf,
    /// Major version, such as 15.
    pub(super) major: u32,
    /// As the server spells its version.
    pub(super) version: String,
}

impl Programs {
    /// A program: from the server's own folder, else from the `PATH`, since some packages keep clients apart.
    #[must_use]
    pub(super) fn program(&self, name: &str) -> PathBuf {
        let own = self.folder.join(name);
        if own.is_file() { own } else { PathBuf::from(name) }
    }

    /// Whether there is such a program of this version.
    #[must_use]
    pub(super) fn has(&self, name: &str) -> bool {
        self.folder.join(name).is_file()
    }

    /// Where they are.
    #[must_use]
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Which version is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Files of a cluster: this major version alone can read them.
    Exactly(u32),
    /// Statements: this version or a later one.
    AtLeast(u32),
}

/// Finds the programs.
///
/// # Errors
/// There are none of that version; says what to install.
pub(super) fn find(wanted: Wanted) -> Result<Programs, Trouble> {
    choose(all(), wanted, std::env::var_os("PG_BINDIR"))
}

fn choose(mut found: Vec<Programs>, wanted: Wanted, named: Option<OsString>) -> Result<Programs, Trouble> {
    found.sort_by_key(|one| one.major);
    let (major, fits): (u32, fn(u32, u32) -> bool) = match wanted {
        Wanted::Exactly(major) => (major, |have, want| have == want),
        Wanted::AtLeast(major) => (major, |have, want| have >= want),
    };
    if let Some(one) = found.iter().find(|one| fits(one.major, major)) {
        return Ok(one.clone());
    }
    let have: Vec<String> =
        found.iter().map(|one| format!("{} in `{}`", one.major, one.folder.display())).collect();
    let have = match (have.is_empty(), &named) {
        (true, Some(folder)) => {
            format!(
                "PG_BINDIR is `{}`, and no initdb and postgres that run are there",
                Path::new(folder).display()
            )
        }
        (true, None) => "no server programs are there at all".to_owned(),
        (false, _) => format!("there is {}", have.join(", ")),
    };
    let need = match wanted {
        Wanted::Exactly(_) => {
            format!("the backup is of PostgreSQL {major}, and only programs of that version can restore it")
        }
        Wanted::AtLeast(_) => format!(
            "the archive was made from PostgreSQL {major}, and needs programs of that or a later version"
        ),
    };
    Err(Trouble::unproven(format!(
        "{need}; {have}. Install `postgresql-{major}` (Debian, Ubuntu) or `postgresql{major}-server` (PGDG for Red Hat), or set \
         PG_BINDIR to the folder of the programs"
    )))
}

/// All that are found: `PG_BINDIR` alone if it is set, else the usual places and the `PATH`.
fn all() -> Vec<Programs> {
    let folders: Vec<PathBuf> = match std::env::var_os("PG_BINDIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => vec![PathBuf::from(folder)],
        None => {
            let usual = PLACES.iter().filter_map(|place| glob::glob(place).ok()).flatten().flatten();
            let path = std::env::var_os("PATH").unwrap_or_default();
            usual.chain(std::env::split_paths(&path)).collect()
        }
    };
    let mut found: Vec<Programs> = Vec::new();
    for folder in folders {
        if let Some(one) = look(&folder)
            && !found.iter().any(|other| other.major == one.major)
        {
            found.push(one);
        }
    }
    found
}

fn look(folder: &Path) -> Option<Programs> {
    let server = folder.join("postgres");
    if !server.is_file() || !folder.join("initdb").is_file() {
        return None;
    }
    let answer = Command::new(&server).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    let version = text.rsplit_once("(PostgreSQL) ")?.1.to_owned();
    Some(Programs { folder: folder.to_owned(), major: major(&version)?, version })
}

/// The major version of a version as a server spells it: `15.18 (Debian 15.18-0)`, `9.6.24`, `18beta1`.
#[must_use]
pub(super) fn major(version: &str) -> Option<u32> {
    let digits = version.trim().split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|major| *major > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(major: u32) -> Programs {
        Programs { folder: PathBuf::from(format!("/p/{major}")), major, version: major.to_string() }
    }

    #[test]
    fn versions_are_read() {
        let majors = ["15.18 (Debian 15.18-0+deb12u1)", "9.6.24", "18beta1", "17", "", "x"].map(major);
        assert_eq!(majors, [Some(15), Some(9), Some(18), Some(17), None, None]);
    }

    #[test]
    fn files_need_their_own_version_and_statements_the_nearest_later_one() {
        let there = || vec![of(17), of(15)];
        let major = |wanted| choose(there(), wanted, None).map(|one| one.major).map_err(|why| why.message);
        assert_eq!(major(Wanted::Exactly(15)), Ok(15));
        assert_eq!(major(Wanted::AtLeast(14)), Ok(15));
        assert_eq!(major(Wanted::AtLeast(16)), Ok(17));
        let why = major(Wanted::Exactly(16)).unwrap_err();
        assert!(why.contains("postgresql-16") && why.contains("15 in `/p/15`, 17 in"), "{why}");
        assert!(major(Wanted::AtLeast(18)).is_err());
    }
}
