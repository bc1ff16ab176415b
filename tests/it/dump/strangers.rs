//! What is no archive is called what it is.

use std::fs;
use std::path::Path;

use holdtrue::probe::dump::{Archive, ArchiveErrorKind};

use super::sample::{DATABASE, archive, name, pg_dump};

#[track_caller]
fn refused(path: &Path, kind: ArchiveErrorKind, why: &str) {
    let error = Archive::open(path).err().map(|error| (error.kind, error.to_string()));
    let fits = error.as_ref().is_some_and(|(found, said)| *found == kind && said.contains(why));
    assert!(fits, "{why}: {error:?}");
}

#[test]
fn files_that_are_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, b"PGDMP\x01\x0e\x00").unwrap();
    let gzip = gzip.finish().unwrap();
    let mut tar = vec![0_u8; 1024];
    tar[..10].copy_from_slice(b"PG_VERSION");
    tar[257..262].copy_from_slice(b"ustar");
    use ArchiveErrorKind::{Empty, NotAnArchive, Truncated, Unsupported};
    for (bytes, kind, why) in [
        (&b""[..], Empty, "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", NotAnArchive, "git lfs pull"),
        (b"-----BEGIN PGP MESSAGE-----\n", NotAnArchive, "encrypted"),
        (b"\xff\xfe-\0-\0\r\0\n\0", NotAnArchive, "UTF-16"),
        (b"PK\x03\x04....", NotAnArchive, "zip"),
        (b"-- MySQL dump 10.13\n", NotAnArchive, "MySQL"),
        (b"pg_dump: error: connection failed\n", NotAnArchive, "messages of pg_dump"),
        (b"select 1;\n", NotAnArchive, "does not begin as pg_dump's does"),
        (&[0; 5000], NotAnArchive, "nothing but zeros"),
        (&[0xc3, 0x28, 1, 2], NotAnArchive, "neither PGDMP"),
        (&gzip, NotAnArchive, "compressed once more"),
        (&[0x1f, 0x8b, 8, 0], Truncated, "no end"),
        (&tar, NotAnArchive, "base backup"),
        (b"PGDMP", Truncated, "table of contents"),
        (b"--\n-- PostgreSQL database cluster dump\n--\n\n", Unsupported, "pg_dumpall"),
        (b"--\n-- PostgreSQL database dump\n--\n\nSELECT 1;\n", Truncated, "dump complete"),
    ] {
        fs::write(&path, bytes).unwrap();
        refused(&path, kind, why);
    }
    refused(&folder.path().join("nowhere"), ArchiveErrorKind::Io, "cannot be opened");
    refused(Path::new("/dev/null"), NotAnArchive, "not a regular file");
}

#[test]
fn folders_that_are_something_else() {
    let folder = tempfile::tempdir().unwrap();
    refused(folder.path(), ArchiveErrorKind::Empty, "is empty");
    fs::write(folder.path().join("3456.dat.gz"), "").unwrap();
    refused(folder.path(), ArchiveErrorKind::NotAnArchive, "without `toc.dat`");
    fs::write(folder.path().join("PG_VERSION"), "15").unwrap();
    refused(folder.path(), ArchiveErrorKind::NotAnArchive, "data directory");
}

#[test]
fn a_folders_files_must_be_there_and_inside() {
    let (folder, path) = archive("sample.dir", &["-Fd", "-t", "quick", "-t", "feeds"]);
    refused(&path.join("toc.dat"), ArchiveErrorKind::NotAnArchive, "name the folder");
    let read = |table: &str| {
        let archive = Archive::open(&path).unwrap();
        archive.rows(&name("public", table), &mut |_| std::ops::ControlFlow::Continue(()))
    };
    let files: Vec<_> = fs::read_dir(&path).unwrap().map(|file| file.unwrap().path()).collect();
    let data: Vec<_> = files.into_iter().filter(|file| !file.ends_with("toc.dat")).collect();
    for file in &data {
        let elsewhere = folder.path().join("elsewhere");
        fs::rename(file, &elsewhere).unwrap();
        let missing = read("quick").err().or(read("feeds").err()).unwrap();
        assert!(missing.to_string().contains("is missing from the folder"), "{missing}");
        std::os::unix::fs::symlink(&elsewhere, file).unwrap();
        let link = read("quick").err().or(read("feeds").err()).unwrap();
        assert!(link.to_string().contains("a link out of the archive's folder"), "{link}");
        fs::remove_file(file).unwrap();
        fs::rename(&elsewhere, file).unwrap();
    }
    assert!(read("quick").is_ok() && read("feeds").is_ok());
    // A table of contents that names a file elsewhere.
    let toc = fs::read(path.join("toc.dat")).unwrap();
    let stem = data[0].file_name().unwrap().to_str().unwrap().split('.').next().unwrap();
    let own = format!("{stem}.dat");
    let at = toc.windows(own.len()).position(|bytes| bytes == own.as_bytes()).unwrap();
    for other in ["../a.dat", "/etc/a.b", "..", "a/b.d"] {
        let mut toc = toc.clone();
        toc.splice(at..at + own.len(), format!("{other:/<width$}", width = own.len()).into_bytes());
        fs::write(path.join("toc.dat"), toc).unwrap();
        refused(&path, ArchiveErrorKind::Corrupt, "not a file of it");
    }
}

#[test]
fn a_folder_that_was_packed_is_to_be_unpacked() {
    let (folder, path) = archive("sample.dir", &["-Fd"]);
    let tar = folder.path().join("packed.tar");
    for arguments in
        [vec!["-C", path.to_str().unwrap(), "."], vec!["-C", folder.path().to_str().unwrap(), "sample.dir"]]
    {
        let status = std::process::Command::new("tar").arg("-cf").arg(&tar).args(arguments).status().unwrap();
        assert!(status.success());
        refused(&tar, ArchiveErrorKind::NotAnArchive, "tar file");
    }
}

#[test]
fn two_dumps_in_one_file_are_not_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.sql");
    let one = pg_dump(DATABASE, None, &["-Fp"]);
    fs::write(&path, [one.as_slice(), &one].concat()).unwrap();
    refused(&path, ArchiveErrorKind::Unsupported, "several dumps");
}
