//! Every cell, in every format and compression this machine's pg_dump can write.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};

use holdtrue::policy::RelationName;
use holdtrue::probe::dump::{Archive, Compression, Format, TableData};

use super::sample::{DATABASE, archive, archive_rows, name, pg_dump, server_rows};

/// Makes an archive, and holds it against the server.
fn same(arguments: &[&str], format: Format, compression: Compression) -> Archive {
    let (folder, path) = archive("sample.dump", arguments);
    let archive = same_at(&path, format, compression);
    // The archive outlives the folder only where it holds its file open.
    drop(folder);
    archive
}

fn same_at(path: &Path, format: Format, compression: Compression) -> Archive {
    let archive = Archive::open(path).unwrap();
    let header = archive.header();
    assert_eq!((header.format, header.compression), (format, compression));
    assert!(header.server_version.as_deref().unwrap().starts_with(|c: char| c.is_ascii_digit()));
    assert_eq!(header.server_version, header.pg_dump_version);
    assert_eq!(header.encoding.as_deref(), Some("UTF8"));
    assert_eq!((header.standard_strings, header.search_path.as_deref()), (Some(true), Some("")));
    assert!(header.bytes > 1000);
    if format != Format::Plain {
        assert_eq!(header.database.as_deref(), Some(DATABASE));
        assert!(header.created.is_some());
    }
    assert_eq!(archive_rows(&archive), server_rows(DATABASE));
    assert_eq!(scanned(&archive), archive_rows(&archive));
    let catalogue = archive.catalogue().unwrap().clone();
    let (_folder, path) = super::sample::archive("reference.dump", &["-Fc"]);
    assert_eq!(&catalogue, Archive::open(&path).unwrap().catalogue().unwrap());
    archive
}

/// All tables in one pass.
fn scanned(archive: &Archive) -> std::collections::BTreeMap<RelationName, Vec<String>> {
    let tables = archive.tables().unwrap().into_iter().filter(|table| table.data == TableData::Rows);
    let wanted: Vec<RelationName> = tables.map(|table| table.name).collect();
    let mut rows = vec![Vec::new(); wanted.len()];
    let results = archive.scan(&wanted, &mut |index, row| {
        let cells: Vec<_> = row.cells().map(|cell| std::str::from_utf8(cell.raw()).unwrap()).collect();
        rows[index].push(cells.join("\t"));
        ControlFlow::Continue(())
    });
    for (result, rows) in results.into_iter().zip(&rows) {
        assert_eq!(result.unwrap().rows, rows.len() as u64);
    }
    wanted.into_iter().zip(rows).collect()
}

#[test]
fn a_custom_archive_holds_what_the_server_holds() {
    same(&["-Fc", "-Z", "0"], Format::Custom, Compression::None);
    same(&["-Fc", "-Z", "1"], Format::Custom, Compression::Gzip);
    same(&["-Fc"], Format::Custom, Compression::Gzip);
}

#[test]
fn a_folder_holds_what_the_server_holds() {
    same(&["-Fd", "-Z", "0"], Format::Directory, Compression::None);
    same(&["-Fd", "-Z", "9", "-j", "2"], Format::Directory, Compression::Gzip);
}

#[test]
fn a_tar_file_holds_what_the_server_holds() {
    same(&["-Ft"], Format::Tar, Compression::None);
}

#[test]
fn plain_sql_holds_what_the_server_holds() {
    same(&["-Fp"], Format::Plain, Compression::None);
    let verbose = same(&["-Fp", "-C", "-c", "--if-exists", "-v"], Format::Plain, Compression::None);
    assert_eq!(verbose.header().database.as_deref(), Some(DATABASE));
    assert!(verbose.header().created.is_some());
    same(&["-Fp", "-Z", "6"], Format::Plain, Compression::Gzip);
    same(&["-Fp", "--disable-triggers"], Format::Plain, Compression::None);
}

#[test]
fn plain_sql_may_be_compressed_by_anything() {
    let folder = tempfile::tempdir().unwrap();
    let sql = pg_dump(DATABASE, None, &["-Fp"]);
    let path = folder.path().join("sample.sql.zst");
    std::fs::write(&path, zstd::encode_all(sql.as_slice(), 3).unwrap()).unwrap();
    same_at(&path, Format::Plain, Compression::Zstd);
    let path = folder.path().join("sample.sql.lz4");
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    std::io::Write::write_all(&mut encoder, &sql).unwrap();
    std::fs::write(&path, encoder.finish().unwrap()).unwrap();
    same_at(&path, Format::Plain, Compression::Lz4);
    // Several gzip members, as pigz and bgzip write them.
    let path = folder.path().join("sample.sql.gz");
    let mut members = Vec::new();
    for part in sql.chunks(50_000) {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, part).unwrap();
        members.extend(encoder.finish().unwrap());
    }
    std::fs::write(&path, members).unwrap();
    same_at(&path, Format::Plain, Compression::Gzip);
}

#[test]
fn plain_sql_of_windows_has_other_line_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.sql");
    // Bare carriage returns do not occur: COPY escapes them, and no other statement of the sample has one.
    let sql = String::from_utf8(pg_dump(DATABASE, None, &["-Fp"])).unwrap().replace('\n', "\r\n");
    std::fs::write(&path, format!("\u{feff}{sql}")).unwrap();
    let archive = Archive::open(&path).unwrap();
    assert_eq!(archive_rows(&archive), server_rows(DATABASE));
}

#[test]
fn an_archive_written_to_a_pipe_has_no_offsets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("piped.dump");
    let writer = std::fs::File::create(&path).unwrap();
    let mut dump = pg_dump_command();
    let mut dump = dump.arg("-Fc").stdout(Stdio::piped()).spawn().unwrap();
    let mut cat = Command::new("cat").stdin(dump.stdout.take().unwrap()).stdout(writer).spawn().unwrap();
    assert!(dump.wait().unwrap().success() && cat.wait().unwrap().success());
    same_at(&path, Format::Custom, Compression::Gzip);
}

fn pg_dump_command() -> Command {
    let mut command = Command::new(crate::support::postgres_program("pg_dump"));
    command.arg("-d").arg(super::sample::cluster().url(DATABASE));
    command
}

#[test]
fn what_pg_restore_writes_is_plain_sql_too() {
    let (folder, path) = archive("sample.dump", &["-Fc"]);
    let sql = folder.path().join("sample.sql");
    let restore = crate::support::postgres_program("pg_restore");
    let status =
        Command::new(restore).args([path.as_os_str(), "-f".as_ref(), sql.as_os_str()]).status().unwrap();
    assert!(status.success());
    same_at(&sql, Format::Plain, Compression::None);
}

#[test]
fn a_table_is_left_early_alone() {
    for arguments in [&["-Fc"][..], &["-Fp", "-Z", "1"], &["-Fd"]] {
        let (_folder, path) = archive("sample.dump", arguments);
        let archive = Archive::open(&path).unwrap();
        let wanted = [
            name("public", "account"),
            name("public", "part"),
            name("public", "nowhere"),
            name("public", "child"),
        ];
        let mut seen = [0; 4];
        let results = archive.scan(&wanted, &mut |index, _| {
            seen[index] += 1;
            if index == 0 && seen[0] == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(seen, [3, 100, 0, 2], "{arguments:?}");
        let complete: Vec<_> =
            results.iter().map(|result| result.as_ref().ok().map(|read| read.complete)).collect();
        assert_eq!(complete, [Some(false), Some(true), None, Some(true)], "{arguments:?}");
    }
}

#[test]
fn several_threads_read_at_once() {
    let (_folder, path) = archive("sample.dump", &["-Fc"]);
    let archive = Archive::open(&path).unwrap();
    let expected = archive_rows(&archive);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(archive_rows(&archive), expected));
        }
    });
}
