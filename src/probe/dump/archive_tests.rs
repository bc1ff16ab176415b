//! Archives made by hand: versions nobody's pg_dump is at hand for, and lies no pg_dump would tell.

use std::ops::ControlFlow;

use super::{Archive, ArchiveError, ArchiveErrorKind, RowsRead};
use crate::policy::RelationName;

/// What to write, and how.
struct Made {
    minor: u8,
    int_size: u8,
    offset_size: u8,
    /// State of the offset: 1 unknown, 2 given.
    offsets: u8,
    encoding: &'static str,
    copy: &'static str,
    data: &'static [u8],
}

impl Default for Made {
    fn default() -> Self {
        let (copy, data) = ("COPY public.t (a, b) FROM stdin;\n", &b"1\tone\n2\t\\N\n\\.\n\n\n"[..]);
        Self { minor: 14, int_size: 4, offset_size: 8, offsets: 2, encoding: "UTF8", copy, data }
    }
}

impl Made {
    fn int(&self, value: i64) -> Vec<u8> {
        let mut bytes = vec![u8::from(value < 0)];
        bytes.extend(value.unsigned_abs().to_le_bytes().iter().chain(&[0; 32]).take(self.int_size.into()));
        bytes
    }

    fn text(&self, text: Option<&[u8]>) -> Vec<u8> {
        let mut bytes = self.int(text.map_or(-1, |text| i64::try_from(text.len()).unwrap()));
        bytes.extend(text.unwrap_or_default());
        bytes
    }

    fn head(&self, format: u8) -> Vec<u8> {
        let mut bytes = b"PGDMP\x01".to_vec();
        bytes.extend([self.minor, 0, self.int_size, self.offset_size, format]);
        if self.minor >= 15 {
            bytes.push(0);
        } else {
            bytes.extend(self.int(0));
        }
        for field in [60, 59, 23, 31, 11, 126, 0] {
            bytes.extend(self.int(field));
        }
        for text in ["db", "18.0", "18.1"] {
            bytes.extend(self.text(Some(text.as_bytes())));
        }
        bytes
    }

    fn entry(
        &self,
        id: i64,
        kind: &str,
        tag: &[u8],
        definition: &[u8],
        copy: &[u8],
        offset: Option<u64>,
    ) -> Vec<u8> {
        let mut bytes = self.int(id);
        bytes.extend(self.int(i64::from(offset.is_some())));
        for text in [b"0".as_slice(), b"0", tag, kind.as_bytes()] {
            bytes.extend(self.text(Some(text)));
        }
        bytes.extend(self.int(2));
        for text in [definition, b"", copy, b"public", b""] {
            bytes.extend(self.text(Some(text)));
        }
        if self.minor >= 14 {
            bytes.extend(self.text(None));
        }
        if self.minor >= 16 {
            bytes.extend(self.int(114));
        }
        for text in [Some(b"me".as_slice()), Some(b"false"), Some(b"1"), None] {
            bytes.extend(self.text(text));
        }
        bytes.push(if offset.is_some() { self.offsets } else { 3 });
        let offset = offset.unwrap_or_default();
        bytes.extend(offset.to_le_bytes().iter().chain(&[0; 32]).take(self.offset_size.into()));
        bytes
    }

    fn bytes(&self) -> Vec<u8> {
        let definition: &[u8] = b"CREATE TABLE public.t (\n    a integer NOT NULL,\n    b text\n);\n";
        let all = |offset: u64| {
            let mut bytes = self.head(1);
            bytes.extend(self.int(3));
            let encoding = format!("SET client_encoding = '{}';\n", self.encoding);
            bytes.extend(self.entry(1, "ENCODING", b"ENCODING", encoding.as_bytes(), b"", None));
            bytes.extend(self.entry(2, "TABLE", b"t", definition, b"", None));
            bytes.extend(self.entry(3, "TABLE DATA", b"t", b"", self.copy.as_bytes(), Some(offset)));
            bytes
        };
        let mut bytes = all(u64::try_from(all(0).len()).unwrap());
        bytes.push(1);
        bytes.extend(self.int(3));
        for chunk in self.data.chunks(7) {
            bytes.extend(self.int(i64::try_from(chunk.len()).unwrap()));
            bytes.extend(chunk);
        }
        bytes.extend(self.int(0));
        bytes
    }

    fn read(&self) -> Result<Vec<Vec<u8>>, ArchiveError> {
        read(&self.bytes())
    }
}

fn t() -> RelationName {
    RelationName { schema: "public".to_owned(), name: "t".to_owned() }
}

fn open(bytes: &[u8]) -> Result<Archive, ArchiveError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    Archive::open(file.path())
}

fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, ArchiveError> {
    let mut lines = Vec::new();
    let read = open(bytes)?.rows(&t(), &mut |row| {
        lines.push(row.line().to_vec());
        ControlFlow::Continue(())
    })?;
    assert_eq!(read, RowsRead { rows: lines.len() as u64, complete: true });
    Ok(lines)
}

#[test]
fn every_version_and_size_of_number_is_read() {
    for minor in 12..=16 {
        for (int_size, offset_size, offsets) in
            [(4, 8, 2), (4, 4, 2), (8, 8, 2), (2, 2, 2), (4, 8, 1), (12, 16, 2)]
        {
            let made = Made { minor, int_size, offset_size, offsets, ..Made::default() };
            assert_eq!(
                made.read().unwrap(),
                [&b"1\tone"[..], b"2\t\\N"],
                "1.{minor} {int_size} {offset_size}"
            );
            let archive = open(&made.bytes()).unwrap();
            let header = archive.header();
            assert_eq!(header.created.map(|at| at.to_string()).as_deref(), Some("2026-12-31T23:59:59"));
            assert_eq!(header.server_version.as_deref(), Some("18.0"));
            let entry = archive.entries().last().unwrap();
            assert_eq!((entry.owner.as_deref(), entry.dependencies.as_slice()), (Some("me"), &[1][..]));
        }
    }
    for (minor, why) in [(11, "older than PostgreSQL 9.0"), (17, "newer than this program")] {
        let error = Made { minor, ..Made::default() }.read().unwrap_err();
        assert_eq!(error.kind, ArchiveErrorKind::UnsupportedVersion);
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    for (data, why) in [
        (&b"1\tone\n2\n\\.\n\n\n"[..], "row 2 has 1 cells"),
        (b"1\tone\tmore\n\\.\n\n\n", "row 1 has 3 cells"),
        (b"1\tone\n2\ttwo\n", "after 2 rows its data ends without the end marker"),
        (b"1\tone\n\\.", "after 1 rows its data ends without the end marker"),
        (b"", "after 0 rows its data ends"),
        (b"\\.\n1\tone\n", "something follows the end marker"),
    ] {
        let error = Made { data, ..Made::default() }.read().unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert!(error.to_string().contains("in table public.t"), "{error}");
    }
    let copy = "COPY public.t (a, c) FROM stdin;\n";
    let error = Made { copy, ..Made::default() }.read().unwrap_err();
    assert!(error.to_string().contains(r#"its rows have a column "c""#), "{error}");
    for copy in
        ["COPY public.t (a, b) TO stdout;", "COPY public.t (a, b) FROM '/etc/passwd'; select 1", "nonsense"]
    {
        let error = Made { copy, ..Made::default() }.read().unwrap_err();
        assert_eq!(error.kind, ArchiveErrorKind::Unsupported, "{error}");
    }
}

#[test]
fn an_encoding_that_hides_backslashes_is_refused() {
    let error = Made { encoding: "BIG5", ..Made::default() }.read().unwrap_err();
    assert!(error.to_string().contains("--encoding=BIG5"), "{error}");
    assert!(Made { encoding: "LATIN1", ..Made::default() }.read().is_ok());
}

#[test]
fn absurd_numbers_are_refused() {
    let made = Made::default();
    let head = made.head(1);
    let with = |more: &[u8]| open(&[&head, more].concat()).unwrap_err();
    assert_eq!(with(&[]).kind, ArchiveErrorKind::Truncated);
    assert_eq!(with(&made.int(i64::from(u32::MAX))).kind, ArchiveErrorKind::Truncated);
    assert_eq!(with(&made.int(-5)).kind, ArchiveErrorKind::Corrupt);
    let one = [made.int(1), made.int(0)].concat();
    assert!(with(&one).message.contains("impossible number 0"));
    let long = [made.int(1), made.int(1), made.int(0), made.int(2_000_000_000)].concat();
    assert!(with(&long).message.contains("claims to be 2000000000 bytes"));
    // A chunk that claims more than is there.
    let mut bytes = made.bytes();
    let length = bytes.len() - 5 - b"n\n".len();
    bytes.truncate(length);
    assert_eq!(read(&bytes).unwrap_err().kind, ArchiveErrorKind::Truncated);
}

#[test]
fn a_block_is_the_one_that_was_asked_for() {
    let made = Made::default();
    let sound = made.bytes();
    let block = sound.len() - made.data.len() - 5 * made.data.chunks(7).count() - 5 - 6;
    assert_eq!(sound[block], 1);
    for (at, value, why) in [
        (block, 3, "a block of rows was expected"),
        (block, 9, "a block of rows was expected"),
        (block + 2, 4, "that of entry 4 is"),
    ] {
        let mut bytes = sound.clone();
        bytes[at] = value;
        assert!(read(&bytes).unwrap_err().to_string().contains(why), "{at} {value}");
    }
    let error = read(&[&sound[..], b"x"].concat()).unwrap_err();
    assert!(error.to_string().contains("begins elsewhere"), "{error}");
    let pipe = Made { offsets: 1, ..Made::default() }.bytes();
    assert_eq!(read(&[&pipe[..], b"\x07"].concat()).unwrap_err().kind, ArchiveErrorKind::Truncated);
    assert!(read(&pipe[..block]).unwrap_err().to_string().contains("listed, and not there"));
}
