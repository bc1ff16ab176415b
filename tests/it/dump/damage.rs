//! Archives that were cut or altered: never a panic, and no other rows than were put in without an error.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use holdtrue::policy::RelationName;
use holdtrue::probe::dump::{Archive, ArchiveError, ArchiveErrorKind, TableData};

use super::sample::pg_dump;
use super::versions::{DATABASE, books, data};

type Rows = BTreeMap<RelationName, Vec<Vec<u8>>>;

/// The tables of an archive that is sound.
fn tables(path: &Path) -> Vec<RelationName> {
    let tables = Archive::open(path).unwrap().tables().unwrap();
    tables.into_iter().filter(|table| table.data == TableData::Rows).map(|table| table.name).collect()
}

/// The rows of every one of some tables that can be read to its end, and the errors of the others.
fn read(path: &Path, tables: &[RelationName]) -> Result<(Rows, Vec<ArchiveError>), ArchiveError> {
    let archive = Archive::open(path)?;
    let (mut rows, mut errors) = (Rows::new(), Vec::new());
    for table in tables {
        let mut lines = Vec::new();
        let result = archive.rows(table, &mut |row| {
            lines.push(row.line().to_vec());
            ControlFlow::Continue(())
        });
        match result {
            Ok(read) => {
                assert!(read.complete);
                rows.insert(table.clone(), lines);
            }
            Err(error) => errors.push(error),
        }
    }
    Ok((rows, errors))
}

/// The archives, each with whether flipped bits in its data must be seen, and the files that may be damaged.
fn archives(folder: &Path) -> Vec<(PathBuf, bool, Vec<PathBuf>)> {
    books();
    let mut all = Vec::new();
    for (name, arguments, checked) in [
        ("gzip.dump", &["-Fc"][..], true),
        ("none.dump", &["-Fc", "-Z0"], false),
        ("gzip.dir", &["-Fd"], true),
        ("none.tar", &["-Ft"], false),
        ("plain.sql", &["-Fp"], false),
        ("plain.sql.gz", &["-Fp", "-Z6"], true),
    ] {
        let path = folder.join(name);
        pg_dump(DATABASE, Some(&path), arguments);
        all.push((path, checked));
    }
    for name in ["lz4.dump", "zstd.dump"] {
        let path = folder.join(name);
        fs::copy(data().join("17").join(name), &path).unwrap();
        all.push((path, false));
    }
    let with_files = |(path, checked): (PathBuf, bool)| {
        let files = match fs::read_dir(&path) {
            Ok(files) => files.map(|file| file.unwrap().path()).collect(),
            Err(_) => vec![path.clone()],
        };
        (path, checked, files)
    };
    all.into_iter().map(with_files).collect()
}

#[test]
fn a_cut_archive_is_never_whole() {
    let folder = tempfile::tempdir().unwrap();
    for (path, _, files) in archives(folder.path()) {
        let tables = tables(&path);
        let (sound, errors) = read(&path, &tables).unwrap();
        assert_eq!((sound.len(), errors.len()), (5, 0));
        for file in files {
            let bytes = fs::read(&file).unwrap();
            for length in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
                let (kept, lost) = bytes.split_at(length);
                if lost.trim_ascii().is_empty() && path.extension().is_some_and(|kind| kind == "sql") {
                    continue;
                }
                fs::write(&file, kept).unwrap();
                let at = format!("{} cut at {length}", file.display());
                match read(&path, &tables) {
                    Err(error) => assert!(!error.to_string().is_empty()),
                    Ok((rows, errors)) => {
                        assert!(!errors.is_empty(), "{at}");
                        for error in &errors {
                            use ArchiveErrorKind::{Corrupt, NoData, Truncated};
                            assert!(matches!(error.kind, Truncated | Corrupt | NoData), "{at}: {error}");
                        }
                        for (table, rows) in &rows {
                            assert_eq!(Some(rows), sound.get(table), "{at}");
                        }
                    }
                }
            }
            fs::write(&file, &bytes).unwrap();
        }
    }
}

#[test]
fn what_follows_an_archive_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    for (path, _, files) in archives(folder.path()) {
        let tables = tables(&path);
        for file in files {
            let bytes = fs::read(&file).unwrap();
            for more in [&b"more"[..], &[0], &[1; 600], b"COPY public.entry (id) FROM stdin;\n1\n\\.\n"] {
                fs::write(&file, [&bytes, more].concat()).unwrap();
                let whole = read(&path, &tables).is_ok_and(|(_, errors)| errors.is_empty());
                assert!(!whole, "{} with {more:?} behind it", file.display());
            }
            fs::write(&file, &bytes).unwrap();
        }
    }
}

#[test]
fn flipped_bits_make_no_other_rows() {
    let folder = tempfile::tempdir().unwrap();
    for (path, checked, files) in archives(folder.path()) {
        let tables = tables(&path);
        let (sound, _) = read(&path, &tables).unwrap();
        for file in files {
            let bytes = fs::read(&file).unwrap();
            for at in (0..bytes.len()).step_by(41) {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << (at % 8);
                fs::write(&file, &damaged).unwrap();
                if let Ok((rows, _)) = read(&path, &tables)
                    && checked
                {
                    for (table, rows) in &rows {
                        assert_eq!(Some(rows), sound.get(table), "{} at {at}", file.display());
                    }
                }
            }
            fs::write(&file, &bytes).unwrap();
        }
    }
}

#[test]
fn large_objects_are_part_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments, file, checked) in [
        ("gzip.dump", &["-Fc"][..], "", true),
        ("none.dump", &["-Fc", "-Z0"], "", false),
        ("gzip.dir", &["-Fd"], "blob_", true),
        ("none.dir", &["-Fd", "-Z0"], "blob_", false),
        ("none.tar", &["-Ft"], "", false),
        ("plain.sql", &["-Fp"], "", false),
    ] {
        let path = folder.path().join(name);
        pg_dump(super::sample::DATABASE, Some(&path), arguments);
        let mut steps = Vec::new();
        let archive = Archive::open(&path).unwrap();
        assert_eq!(archive.damages(&mut |done, of| steps.push((done, of))), [], "{name}");
        assert_eq!(archive.has_checksums(), checked);
        assert_eq!(steps.last().map(|(done, of)| done == of), Some(true));
        if name == "plain.sql" {
            continue;
        }
        // The large objects are the last data of a file, or in files of their own.
        let damaged = if file.is_empty() {
            path.clone()
        } else {
            let mut files: Vec<_> = fs::read_dir(&path).unwrap().map(|file| file.unwrap().path()).collect();
            files.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with(file));
            files.sort_by_key(|file| fs::metadata(file).unwrap().len());
            files.pop().unwrap()
        };
        let bytes = fs::read(&damaged).unwrap();
        let cut = if name == "none.dir" { 0 } else { bytes.len() - 9 };
        fs::write(&damaged, bytes.get(..cut).unwrap()).unwrap();
        let found = Archive::open(&path).map(|archive| archive.damages(&mut |_, _| {}));
        // Without compression and in a file of its own, nothing says how long a large object is.
        assert_eq!(found.map_or(1, |found| found.len()), usize::from(name != "none.dir"), "{name}");
        if name == "gzip.dir" {
            fs::remove_file(&damaged).unwrap();
            let found = Archive::open(&path).unwrap().damages(&mut |_, _| {});
            assert!(found[0].to_string().contains("is missing from the folder"), "{found:?}");
        }
    }
}
