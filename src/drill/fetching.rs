//! Where the replay of WAL gets its segments from, what it asked for there, and what it did not find.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::Drill;
use super::trouble::Trouble;

/// Where WAL comes from.
#[derive(Clone, Debug)]
pub(super) enum WalFrom {
    /// What the backup has itself.
    Backup,
    /// A folder with segments, perhaps compressed one by one.
    Folder(PathBuf),
    /// A command with `$1` and `$2` in it, which ends with 1 when a file is not there; and the folder it looks into.
    Command(String, PathBuf),
}

/// Fetches a file of WAL. What is not there is told by status 1; anything else that goes wrong must end the replay, or it
/// would look like the end of WAL. So does one that cannot be noted, since it is asked later what was not there.
const SCRIPT: &str = r#"#!/bin/sh
log() { echo "$1 $2" >>"$(dirname "$0")/wal.log"; }
fetch() {
FETCH
}
fetch "$1" "$2"
case $? in
0) log "$1" found || exit 200 ;;
1) log "$1" missing || exit 200; exit 1 ;;
*) log "$1" failed; exit 200 ;;
esac
"#;

const FROM_FOLDER: &str = r#"
    for folder in "$archive" "$archive/$(printf '%.16s' "$1")"; do
        file=$folder/$1
        [ ! -e "$file" ] || { cp "$file" "$2" || return 2; return 0; }
        [ ! -e "$file.gz" ] || { gzip -dc "$file.gz" >"$2" || return 2; return 0; }
        [ ! -e "$file.zst" ] || { zstd -qdc "$file.zst" >"$2" || return 2; return 0; }
        [ ! -e "$file.lz4" ] || { lz4 -qdc "$file.lz4" >"$2" || return 2; return 0; }
        [ ! -e "$file.bz2" ] || { bzip2 -dc "$file.bz2" >"$2" || return 2; return 0; }
        [ ! -e "$file.xz" ] || { xz -dc "$file.xz" >"$2" || return 2; return 0; }
    done
    return 1
"#;

/// A text as a shell reads it.
pub(super) fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

impl Drill<'_> {
    /// The command that fetches WAL.
    pub(super) fn fetching(&self, from: &WalFrom) -> Result<String, Trouble> {
        if let (WalFrom::Folder(folder), Some(user)) = (from, &self.user) {
            let call = self
                .here()?
                .call("/bin/sh")
                .args(["-c", "test -r \"$1\" && test -x \"$1\"", "sh"])
                .arg(folder);
            if !self.runner.run(call)?.status.success() {
                return Err(Trouble::unproven(format!(
                    "`{}` cannot be read by `{}`, whom the scratch server runs as",
                    folder.display(),
                    user.name
                )));
            }
        }
        let fetch = match from {
            WalFrom::Backup => "    return 1".to_owned(),
            WalFrom::Folder(folder) => {
                format!("    archive={}{FROM_FOLDER}", shell(&folder.display().to_string()))
            }
            WalFrom::Command(command, _) => format!("    {command}"),
        };
        let script = self.scratch.server().join("get-wal");
        self.file(&script, &SCRIPT.replace("FETCH", &fetch))?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o500)).map_err(|why| {
            Trouble::unproven(format!("`{}` cannot be made a program: {why}", script.display()))
        })?;
        let script = shell(&script.display().to_string()).replace('%', "%%");
        Ok(format!("/bin/sh {script} \"%f\" \"%p\""))
    }

    /// What was asked for and was not there, in its order.
    pub(super) fn missing(&self) -> Vec<String> {
        let log = fs::read_to_string(self.scratch.server().join("wal.log")).unwrap_or_default();
        let lines = log.lines().filter_map(|line| line.strip_suffix(" missing"));
        lines.filter(|name| segment(name).is_some()).map(str::to_owned).collect()
    }

    /// The segment that was asked for last.
    pub(super) fn asked(&self) -> Option<String> {
        let log = fs::read_to_string(self.scratch.server().join("wal.log")).unwrap_or_default();
        log.lines().rev().find_map(|line| segment(line.split(' ').next()?).map(str::to_owned))
    }

    /// A segment of the archive that comes after another of its timeline.
    pub(super) fn beyond(&self, from: &WalFrom, name: &str) -> Option<String> {
        let (WalFrom::Folder(folder) | WalFrom::Command(_, folder)) = from else { return None };
        let mut open = vec![folder.clone()];
        let mut last: Option<String> = None;
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    open.push(entry.path());
                }
                let found = entry.file_name().to_string_lossy().into_owned();
                let Some(found) = segment(&found) else { continue };
                if found.get(..8) == name.get(..8)
                    && found > name
                    && last.as_deref().is_none_or(|last| found > last)
                {
                    last = Some(found.to_owned());
                }
            }
        }
        last
    }
}

/// The name of a segment at the beginning of a file's name.
pub(super) fn segment(name: &str) -> Option<&str> {
    let (start, rest) = name.split_at_checked(24)?;
    let digits = start.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte));
    (digits && !rest.starts_with(".partial") && !rest.contains(".backup")).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_known_by_their_names() {
        assert_eq!(segment("000000010000000000000003.gz"), Some("000000010000000000000003"));
        assert_eq!(segment("000000010000000000000003-0a1b.zst"), Some("000000010000000000000003"));
        assert_eq!(segment("000000010000000000000003.00000028.backup"), None);
        assert_eq!(segment("000000010000000000000003.partial"), None);
        assert_eq!(segment("00000002.history"), None);
        assert_eq!(shell("it's"), r"'it'\''s'");
    }
}
