//! Archives of other versions of PostgreSQL, kept in `tests/data/dump` with the script that makes them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use holdtrue::catalogue::ColumnKind;
use holdtrue::probe::dump::{Archive, Compression, Format, TableData};

use super::sample::{archive_rows, name, pg_dump, server_rows};
use crate::support::shared;

pub(super) const DATABASE: &str = "dump_books";

pub(super) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dump")
}

/// The same database on this machine's server.
pub(super) fn books() {
    static LOADED: OnceLock<()> = OnceLock::new();
    LOADED.get_or_init(|| {
        shared().create_database(DATABASE, None);
        shared().psql(DATABASE, "alter database dump_books set timezone = 'UTC'");
        shared().psql_file(DATABASE, &data().join("books.sql"));
    });
}

#[test]
fn archives_of_16_to_18_hold_what_was_put_in() {
    books();
    let expected = server_rows(DATABASE);
    assert_eq!(expected.values().map(Vec::len).sum::<usize>(), 20 + 64 + 51);
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("books.dump");
    pg_dump(DATABASE, Some(&own), &["-Fc"]);
    let own = Archive::open(&own).unwrap();
    let own = own.catalogue().unwrap();
    use Compression::{Gzip, Lz4, None, Zstd};
    use Format::{Custom, Directory, Plain};
    for (version, minor) in [("16", 15), ("17", 16), ("18", 16)] {
        for (file, format, compression) in [
            ("none.dump", Custom, None),
            ("gzip.dump", Custom, Gzip),
            ("lz4.dump", Custom, Lz4),
            ("zstd.dump", Custom, Zstd),
            ("lz4.dir", Directory, Lz4),
            ("zstd.dir", Directory, Zstd),
            ("plain.sql.zst", Plain, Zstd),
        ] {
            let archive = Archive::open(&data().join(version).join(file)).unwrap();
            let header = archive.header();
            assert_eq!((header.format, header.compression), (format, compression), "{version}/{file}");
            assert!(header.server_version.as_deref().unwrap().starts_with(version));
            if format != Plain {
                assert_eq!(header.archive_version, Some((1, minor, 0)));
            }
            let mut rows = archive_rows(&archive);
            rows.remove(&name("public", "newer"));
            assert_eq!(rows, expected, "{version}/{file}");
            assert_eq!(archive.damages(&mut |_, _| {}), [], "{version}/{file}");
            let found = archive.catalogue().unwrap();
            let mut relations = found.relations.clone();
            relations.retain(|relation| relation.name.name != "newer");
            assert_eq!(relations, own.relations, "{version}/{file}");
            assert_eq!(found.sequences, own.sequences);
            let mut keys = found.foreign_keys.clone();
            keys.retain(|key| key.child.name != "newer");
            assert_eq!(keys, own.foreign_keys, "{version}/{file}");
        }
    }
}

#[test]
fn what_only_18_can_say_is_understood() {
    let archive = Archive::open(&data().join("18/zstd.dump")).unwrap();
    let newer = name("public", "newer");
    let relation = archive.catalogue().unwrap().relation(&newer).unwrap();
    let columns: Vec<_> = relation.columns.iter().map(|c| (c.name.as_str(), c.nullable)).collect();
    assert_eq!(columns, [("id", false), ("a", true), ("b", true), ("c", false), ("d", true)]);
    assert!(relation.columns.iter().all(|column| column.kind == ColumnKind::Integer));
    let key = archive.catalogue().unwrap().foreign_keys.iter().find(|key| key.name == "loose").unwrap();
    assert!(!key.validated);
    let problems: Vec<_> = archive
        .catalogue()
        .unwrap()
        .objects
        .iter()
        .filter(|object| object.relation == newer && !object.problem.is_empty())
        .map(|object| object.name.as_str())
        .collect();
    assert_eq!(problems, ["loose", "unproven"]);
    let table = archive.tables().unwrap().into_iter().find(|table| table.name == newer).unwrap();
    assert_eq!(table.data, TableData::Rows);
    // A virtual column is computed, and not in the data.
    assert_eq!(super::sample::rows(&archive, &newer), ["1\t1\t1\t1", "2\t\\N\t2\t\\N"]);
}
