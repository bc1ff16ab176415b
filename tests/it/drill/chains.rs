//! Incremental base backups. PostgreSQL 17 and later make them; what is put together here by a stand-in of
//! `pg_combinebackup` is a full backup whose label says that it builds on another.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use super::Bench;
use super::room::programs_but;
use crate::backups::archived::story;
use crate::support::Run;

/// Takes `--no-sync -o DATA FULL ... LAST`, in the order of `a`, `b`, `c`.
pub(crate) const STAND_IN: &str = "#!/bin/sh
[ \"$1 $2 $#\" = '--no-sync -o 6' ] || exit 1
case \"$4 $5 $6\" in
*/a*/b*/c | */fetched-1*/fetched-0*/fetched) cp -R \"$6\" \"$3\" && sed -i '/INCREMENTAL/d' \"$3/backup_label\" ;;
*) exit 1 ;;
esac
";

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A copy of a backup below the bench.
pub(crate) fn placed(folder: &Path, from: &Path, name: &str) -> PathBuf {
    let to = folder.join("chain").join(name);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    assert!(Command::new("cp").arg("-a").arg(from).arg(&to).status().unwrap().success());
    fs::set_permissions(&to, fs::Permissions::from_mode(0o755)).unwrap();
    to
}

/// Lets a backup say that it builds on another, in its label and in its manifest.
pub(crate) fn builds_on(backup: &Path, other: &Path) {
    let read = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let start = read(other, "backup_label");
    let start = start.split(' ').nth(3).unwrap().to_owned();
    let before = read(backup, "backup_label");
    let label = format!("{before}INCREMENTAL FROM LSN: {start}\nINCREMENTAL FROM TLI: 1\n");
    fs::write(backup.join("backup_label"), &label).unwrap();
    let manifest = read(backup, "backup_manifest");
    let manifest = manifest.replace(&digest(before.as_bytes()), &digest(label.as_bytes())).replace(
        &format!("\"Path\": \"backup_label\", \"Size\": {},", before.len()),
        &format!("\"Path\": \"backup_label\", \"Size\": {},", label.len()),
    );
    let (signed, _) = manifest.rsplit_once("\"Manifest-Checksum\"").unwrap();
    let text = format!("{signed}\"Manifest-Checksum\": \"{}\"}}\n", digest(signed.as_bytes()));
    fs::write(backup.join("backup_manifest"), text).unwrap();
}

#[test]
fn a_chain_is_found_and_put_together() {
    let bench = Bench::new();
    let server = &story().server;
    let kept = |name: &str| server.backup(name, &["--manifest-checksums=SHA256"]);
    let (full, middle, last) = (kept("chain_full"), kept("chain_middle"), kept("chain_last"));
    let n = format!("n={}", server.sql("select count(*) from t"));
    let (full, middle, last) = (
        placed(bench.path(), &full, "a"),
        placed(bench.path(), &middle, "b"),
        placed(bench.path(), &last, "c"),
    );
    builds_on(&middle, &full);
    builds_on(&last, &middle);
    // Version 15 has no such program.
    bench.drill(&last, &["--set", &n]).ends_with(3).judges(
        "drill.restored",
        "unproven",
        "`pg_combinebackup` is not installed for PostgreSQL 15",
    );
    let folder = programs_but(bench.path(), "pg_combinebackup", STAND_IN);
    let drill = |more: &[&str]| {
        let run = Run::of(bench.command(&last, more).env("PG_BINDIR", &folder));
        bench.is_clean();
        run
    };
    let run = drill(&["--set", &n]).ends_with(0).judges("rows", "holds", "").says("2 on the full backup");
    assert!(run.stdout.contains("\"restore_data\""), "{}", run.stdout);
    // A link that is damaged, or not there.
    let control = fs::read(middle.join("base/1/PG_VERSION")).unwrap();
    fs::write(middle.join("base/1/PG_VERSION"), "16\n").unwrap();
    let run = drill(&[]).ends_with(1).judges("drill.restored", "broken", "chain/b");
    run.says("base/1/PG_VERSION");
    fs::write(middle.join("base/1/PG_VERSION"), control).unwrap();
    for gone in [&middle, &full] {
        let away = bench.file("away");
        fs::rename(gone, &away).unwrap();
        drill(&[]).ends_with(1).judges("drill.restored", "broken", "which is not here");
        fs::rename(&away, gone).unwrap();
    }
    Run::with(bench.path(), &["record", "verify", "rec"]).ends_with(0);
}
