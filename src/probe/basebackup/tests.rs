//! Small backups made here, and bytes that are none.

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::probe::tree::hex;
use crate::probe::wal::Lsn;

fn data(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/backup").join(name);
    std::fs::read(path).unwrap()
}

fn sealed(body: &str) -> Vec<u8> {
    let sum = hex(&Sha256::digest(body.as_bytes()));
    format!("{body}\"Manifest-Checksum\": \"{sum}\"}}\n").into_bytes()
}

fn manifest(files: &str) -> Result<Manifest, Damage> {
    Manifest::read(
        MANIFEST,
        &sealed(&format!(
            "{{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [\n{files}\n],\n\"WAL-Ranges\": [\n\
             {{ \"Timeline\": 1, \"Start-LSN\": \"0/2000028\", \"End-LSN\": \"0/2000100\" }}\n],\n"
        )),
    )
}

#[test]
fn manifests() {
    let plain = "{ \"Path\": \"PG_VERSION\", \"Size\": 3, \"Last-Modified\": \"2026-01-31 12:00:00 GMT\", \
                 \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"64440205\" }";
    let read = manifest(plain).unwrap();
    assert_eq!(read.wal, [WalRange { timeline: 1, start: Lsn(0x200_0028), end: Lsn(0x200_0100) }]);
    let entry = read.files.get("PG_VERSION").unwrap();
    assert_eq!((entry.bytes, entry.algorithm), (3, Algorithm::Crc32c));
    assert_eq!(entry.changed.unwrap().to_string(), "2026-01-31T12:00:00Z");
    let encoded = "{ \"Encoded-Path\": \"62ff\", \"Size\": 0 }";
    assert_eq!(manifest(encoded).unwrap().files.keys().next().unwrap(), "b\u{fffd}");
    for wrong in [
        &format!("{plain},\n{plain}"),
        "{ \"Path\": \"../../etc/passwd\", \"Size\": 0 }",
        "{ \"Path\": \"/etc/passwd\", \"Size\": 0 }",
        "{ \"Path\": \"a\", \"Size\": -1 }",
        "{ \"Path\": \"a\", \"Size\": 1e300 }",
        "{ \"Path\": \"a\", \"Size\": 1, \"Checksum-Algorithm\": \"MD5\", \"Checksum\": \"00\" }",
        "{ \"Path\": \"a\", \"Size\": 1, \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"6444020\" }",
        "{ \"Path\": \"a\", \"Size\": 1, \"Checksum-Algorithm\": \"SHA256\" }",
        "{ \"Path\": \"a\", \"Encoded-Path\": \"61\", \"Size\": 1 }",
        "{ \"Encoded-Path\": \"6\", \"Size\": 1 }",
        "{ \"Path\": \"a\", \"Path\": \"b\", \"Size\": 1 }",
        "{ \"Path\": \"a\" }",
        "{ \"Path\": \"a\", \"Size\": 1, \"Else\": 1 }",
        "[[[[[[[[[[",
    ] {
        assert_eq!(manifest(wrong).unwrap_err().kind, DamageKind::Corrupt, "{wrong}");
    }
    let newer = sealed("{ \"PostgreSQL-Backup-Manifest-Version\": 3,\n");
    assert!(Manifest::read(MANIFEST, &newer).unwrap_err().is_unread());
    let anonymous = sealed("{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n");
    assert_eq!(Manifest::read(MANIFEST, &anonymous).unwrap_err().kind, DamageKind::Corrupt);
}

#[test]
fn control_files_of_newer_versions() {
    for (name, version, identifier) in [
        ("pg_control.17", 1700, 7_712_972_857_525_039_532),
        ("pg_control.18", 1800, 7_712_972_871_682_277_918),
    ] {
        // Without the empty rest of the file.
        let mut bytes = data(name);
        let read = Control::read(CONTROL, &bytes).unwrap();
        assert_eq!((read.version, read.system_identifier, read.timeline), (version, identifier, 1));
        assert_eq!((read.segment_bytes, read.block_bytes, read.redo), (16 << 20, 8192, Lsn(0x200_0028)));
        bytes.truncate(200);
        assert_eq!(Control::read(CONTROL, &bytes).unwrap_err().kind, DamageKind::Truncated);
    }
}

#[test]
fn labels() {
    let text = String::from_utf8(data("backup_label.17")).unwrap();
    let label = Label::read(LABEL, text.as_bytes()).unwrap();
    assert_eq!((label.start, label.timeline), (Lsn(0x600_0028), 1));
    assert_eq!(label.incremental_from, Some((Lsn(0x400_0028), 1)));
    assert_eq!(label.started.unwrap().to_string(), "2026-11-27T21:53:56Z");
    for (from, to, kind) in [
        ("START TIMELINE: 1\n", "", DamageKind::Truncated),
        ("START TIMELINE: 1", "START TIMELINE: 0", DamageKind::Corrupt),
        ("0/6000028", "0/x", DamageKind::Corrupt),
        ("INCREMENTAL FROM TLI: 1\n", "", DamageKind::Truncated),
        ("INCREMENTAL FROM TLI: 1\n", "INCREMENTAL FROM TLI: 1", DamageKind::Truncated),
    ] {
        assert_eq!(Label::read(LABEL, text.replace(from, to).as_bytes()).unwrap_err().kind, kind, "{from}");
    }
}

#[test]
fn files_of_changed_blocks() {
    let header = |blocks: u32, bytes: u64| {
        let start = [0xd3ae_1f0d_u32.to_le_bytes(), blocks.to_le_bytes(), 0_u32.to_le_bytes()].concat();
        let member = Member { name: "base/5/INCREMENTAL.1", place: "base/5/INCREMENTAL.1", bytes };
        chain::header(&member, 8192, &mut start.as_slice()).map_err(|damage| damage.kind)
    };
    assert_eq!(header(0, 12), Ok(()));
    assert_eq!(header(2, 3 * 8192), Ok(()));
    assert_eq!(header(2, 2 * 8192), Err(DamageKind::Corrupt));
    assert_eq!(header(u32::MAX, 12), Err(DamageKind::Corrupt));
    assert_eq!(chain::full_name("base/5/INCREMENTAL.1").as_deref(), Some("base/5/1"));
    assert_eq!(chain::full_name("base/5/1"), None);
}

/// A backup that began at a place and builds on one that began at another.
fn link(start: u64, on: Option<u64>) -> Backup {
    let label = Label {
        start: Lsn(start),
        checkpoint: Lsn(start),
        timeline: 1,
        started: None,
        from_standby: false,
        label: String::new(),
        incremental_from: on.map(|on| (Lsn(on), 1)),
    };
    Backup { label: Some(label), system_identifier: Some(7), ..Backup::default() }
}

#[test]
fn chains() {
    let all = [link(30, Some(20)), link(10, None), link(20, Some(10))];
    assert_eq!(chain(&link(40, Some(30)), &all), Ok(vec![0, 2, 1]));
    assert_eq!(chain(&all[1], &all), Ok(vec![]));
    assert_eq!(chain(&link(40, Some(25)), &all).unwrap_err().kind, DamageKind::Missing);
    // Around in a circle is no chain.
    assert!(chain(&link(1, Some(2)), &[link(2, Some(3)), link(3, Some(2))]).is_err());
    let mut other = all.clone();
    other[2].system_identifier = Some(8);
    assert_eq!(chain(&link(40, Some(30)), &other).unwrap_err().kind, DamageKind::Missing);
    let mut changed = link(40, Some(30));
    changed.incremental.insert("base/5/1".to_owned());
    assert_eq!(chain(&changed, &all).unwrap_err().file, "base/5/1");
}

/// A tar file with members of any kind and name.
fn tar(members: &[(&str, tar::EntryType, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, contents) in members {
        let mut header = tar::Header::new_ustar();
        let field = &mut header.as_mut_bytes()[..100];
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(contents.len() as u64);
        header.set_cksum();
        builder.append(&header, contents.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn tar_files_lead_nowhere() {
    use tar::EntryType as Kind;
    for (members, words) in [
        (&[("../evil", Kind::Regular, "x")][..], "leads out"),
        (&[("/etc/passwd", Kind::Regular, "x")], "leads out"),
        (&[("a/../../b", Kind::Regular, "x")], "leads out"),
        (&[("base/1", Kind::Symlink, "")], "is a link"),
        (&[("base/1", Kind::Link, "")], "is a link"),
        (&[("base/1", Kind::Fifo, "")], "is a link or no file"),
        (&[("a", Kind::Regular, "1"), ("./a", Kind::Regular, "2")], "twice"),
    ] {
        let mut tree = Memory::default();
        tree.put("base.tar", tar(members));
        let backup = Backup::read(&tree, &Options::default()).unwrap();
        assert!(
            backup.damages.iter().any(|damage| damage.message.contains(words)),
            "{words}: {:?}",
            backup.damages
        );
    }
    assert!(Backup::read(&Memory::default(), &Options::default()).is_err());
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        prop_assert!(Manifest::read(MANIFEST, &bytes).is_err());
        prop_assert!(Manifest::read(MANIFEST, &sealed(&text)).is_err());
        prop_assert!(Label::read(LABEL, &bytes).is_err());
        prop_assert!(Control::read(CONTROL, &bytes).is_err());
        for name in ["base.tar", "base.tar.gz", "PG_VERSION"] {
            let mut tree = Memory::default();
            tree.put(name, bytes.clone());
            prop_assert!(!Backup::read(&tree, &Options::default()).unwrap().damages.is_empty());
        }
    }

    #[test]
    fn a_tar_file_with_a_flipped_bit(at in 0_usize..4096, bit in 0_u32..8) {
        let kind = tar::EntryType::Regular;
        let mut bytes = tar(&[("a", kind, "first"), ("b", kind, &"second".repeat(100))]);
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let mut tree = Memory::default();
        tree.put("base.tar", bytes);
        prop_assert!(!Backup::read(&tree, &Options::default()).unwrap().damages.is_empty());
    }
}
