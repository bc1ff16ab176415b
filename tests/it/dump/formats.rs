//! Every cell, in every format and compression this machine's pg_dump can write.

use holdtrue::probe::dump::{Archive, Compression, Format};

use super::sample::{DATABASE, archive, archive_rows, pg_dump, server_rows};

#[test]
fn a_custom_archive_holds_what_the_server_holds() {
    let expected = server_rows(DATABASE);
    for (level, compression) in [("0", Compression::None), ("1", Compression::Gzip), ("9", Compression::Gzip)]
    {
        let (_folder, path) = archive("sample.dump", &["-Fc", "-Z", level]);
        let archive = Archive::open(&path).unwrap();
        assert_eq!((archive.header().format, archive.header().compression), (Format::Custom, compression));
        assert_eq!(archive_rows(&archive), expected, "-Z {level}");
    }
}

#[test]
fn an_archive_written_to_a_pipe_has_no_offsets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("piped.dump");
    std::fs::write(&path, pg_dump(DATABASE, None, &["-Fc"])).unwrap();
    assert_eq!(archive_rows(&Archive::open(&path).unwrap()), server_rows(DATABASE));
}
