//! Where PostgreSQL's programs are on this machine, and whom the server may run as.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Debian's place for server programs, one folder per major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder with `initdb` and `postgres`: `PG_BINDIR`, else Debian's highest version, else what `pg_config` says.
pub(super) fn server_folder() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("PG_BINDIR") {
        let named = PathBuf::from(named);
        return if is_server(&named) {
            Ok(named)
        } else {
            Err(format!("PG_BINDIR is `{}`, and initdb and postgres are not both there", named.display()))
        };
    }
    debian_folders().into_iter().chain(pg_config_folder()).find(|folder| is_server(folder)).ok_or_else(|| {
        format!(
            "no PostgreSQL server found: PG_BINDIR is not set, nothing under {DEBIAN}/*/bin, no pg_config on the PATH; \
             run tests/setup, or set PG_BINDIR to the folder with initdb and postgres"
        )
    })
}

/// `psql`, from the server's own folder if it has one (packaged servers often come without client programs).
pub(super) fn psql(server: &Path) -> PathBuf {
    std::iter::once(server.to_path_buf())
        .chain(debian_folders())
        .map(|folder| folder.join("psql"))
        .find(|program| program.is_file())
        .unwrap_or_else(|| PathBuf::from("psql"))
}

/// Any program of PostgreSQL, from the server's own folder if it is there.
pub(super) fn program(name: &str) -> PathBuf {
    server_folder()
        .into_iter()
        .chain(debian_folders())
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .unwrap_or_else(|| PathBuf::from(name))
}

/// User and group id to run the server as: none when this process is no root, since PostgreSQL refuses only root.
pub(super) fn unprivileged() -> Result<Option<(u32, u32)>, String> {
    if id(&["-u"]) != Some(0) {
        return Ok(None);
    }
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)))
        .map(Some)
        .ok_or_else(|| {
            "running as root, and there is neither a user `postgres` nor `nobody` to run the server as"
                .to_owned()
        })
}

fn is_server(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
}

/// Debian's folders, highest version first.
fn debian_folders() -> Vec<PathBuf> {
    let mut versions: Vec<u32> = fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.into_iter().map(|version| Path::new(DEBIAN).join(version.to_string()).join("bin")).collect()
}

fn pg_config_folder() -> Option<PathBuf> {
    let answer =
        Command::new("pg_config").arg("--bindir").output().ok().filter(|answer| answer.status.success())?;
    Some(PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim()))
}

/// What `id` prints for a number; `None` for an unknown user.
fn id(arguments: &[&str]) -> Option<u32> {
    let answer = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
}
