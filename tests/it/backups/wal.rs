//! An archive of WAL, followed from a base backup on, beside what the server said.

use std::fs;
use std::io::Write;
use std::path::Path;

use holdtrue::probe::damage::{Damage, DamageKind};
use holdtrue::probe::tree::Local;
use holdtrue::probe::wal::{Archive, Followed, Lsn, Options, Until};

use super::archived::{Story, copy, story};

type Pack<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

fn read(folder: &Path) -> (Local, Archive) {
    let tree = Local::new(folder).unwrap();
    let archive = Archive::read(&tree, &Options::default()).unwrap();
    (tree, archive)
}

/// Where the shared base backup begins.
fn start(story: &Story) -> Lsn {
    let label = fs::read_to_string(story.backup.join("backup_label")).unwrap();
    let line = label.lines().find_map(|line| line.strip_prefix("START WAL LOCATION: ")).unwrap();
    line.split(' ').next().unwrap().parse().unwrap()
}

fn follow(folder: &Path, story: &Story, to: u32, until: Until) -> Followed {
    let (tree, archive) = read(folder);
    archive.follow(&tree, (1, start(story)), Some(to), until)
}

fn stopped(followed: &Followed) -> &Damage {
    followed.stopped.as_ref().unwrap()
}

/// Whole segments of a timeline from the backup on, oldest first.
fn names(folder: &Path, timeline: &str, from: Lsn) -> Vec<String> {
    let first = format!("{timeline}{:08X}{:08X}", from.0 >> 32, (from.0 & 0xffff_ffff) >> 24);
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.len() == 24 && name.starts_with(timeline) && *name >= first)
        .collect();
    names.sort();
    names
}

#[test]
fn a_sound_archive_reaches_every_time_it_has() {
    let story = story();
    let (tree, archive) = read(&story.archive);
    assert_eq!(archive.damages, []);
    assert_eq!(archive.gaps(), []);
    assert_eq!(archive.system_identifier, Some(story.identifier));
    assert_eq!((archive.segment_bytes, archive.segment_bytes_known), (16 << 20, true));
    assert_eq!(archive.timelines(), [1, 2]);
    assert_eq!(archive.backups.len(), 1);
    assert_eq!(archive.others, 0);
    assert_eq!(archive.newest().unwrap().name.timeline, 2);
    let from = (1, start(story));
    let one = archive.follow(&tree, from, Some(1), Until::Newest);
    assert_eq!(one.stopped, None);
    assert_eq!(one.seen.restore_points.len(), 1);
    assert_eq!(one.seen.restore_points[0].0, "here");
    assert!(one.seen.records > 100_000, "{one:?}");
    assert_eq!(one.reaches(Until::Newest), Ok(()));
    assert_eq!(one.reaches(Until::Time(story.between)), Ok(()));
    let late = one.reaches(Until::Time(story.after)).unwrap_err();
    assert_eq!(late.kind, DamageKind::Missing);
    assert!(late.message.contains("not after"), "{late}");
    assert!(one.seen.newest.unwrap() < story.after && one.seen.newest.unwrap() > story.between);
    // Without a timeline named, the newest is meant, which left the first one before its later transactions.
    let two = archive.follow(&tree, from, None, Until::Newest);
    assert_eq!((two.timeline, &two.stopped), (2, &None));
    assert!(two.seen.records < one.seen.records);
    assert!(two.seen.newest.unwrap() > story.after);
    let all = archive.follow_all(&tree, Some(1), Until::Newest).unwrap();
    assert_eq!((all.stopped, all.seen.newest), (None, one.seen.newest));
    // What began after a timeline was left cannot go on there.
    let beyond = archive.follow(&tree, (1, one.seen.end), None, Until::Newest);
    assert_eq!(stopped(&beyond).kind, DamageKind::Foreign);
}

#[test]
fn every_flipped_bit_is_found() {
    let story = story();
    let folder = copy(&story.archive);
    let until = Until::Newest;
    let name = names(folder.path(), "00000001", start(story)).pop().unwrap();
    let begin = Lsn(u64::from_str_radix(name.split_at(16).1, 16).unwrap() << 24);
    let follow = |folder: &Path| {
        let (tree, archive) = read(folder);
        archive.follow(&tree, (1, begin), Some(1), until)
    };
    let path = folder.path().join(&name);
    let bytes = fs::read(&path).unwrap();
    let end = bytes.len() - bytes.iter().rev().position(|byte| *byte != 0).unwrap();
    for at in
        (0..end).step_by(end / 23).chain([0, 3, 5, 9, 17, 25, 33, 41, 8192, 8195, 8200, bytes.len() - 1])
    {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&path, damaged).unwrap();
        let followed = follow(folder.path());
        // Padding behind a record is the one thing that no checksum covers and no restore reads.
        if followed.stopped.is_none() {
            assert_eq!(bytes[at], 0, "byte {at}");
            assert!(bytes[at + 1..].iter().take(8).any(|byte| *byte != 0));
            continue;
        }
        let damage = stopped(&followed);
        assert_eq!(damage.file, name);
        if damage.is_unread() {
            // The number of the version, as another version would have it.
            assert!(at < 2, "{at}: {damage}");
            continue;
        }
        // A wrong length is noticed on the next page at the latest.
        assert!(damage.at.is_some_and(|found| found <= at as u64 + 8192 + 24), "{at}: {damage}");
        assert!(followed.reaches(until).is_err());
    }
    fs::write(&path, &bytes).unwrap();
    assert_eq!(follow(folder.path()).stopped, None);
}

#[test]
fn what_is_missing_short_or_foreign_is_named() {
    let story = story();
    let folder = copy(&story.archive);
    let names = names(folder.path(), "00000001", start(story));
    let (middle, last) = (&names[1], names.last().unwrap());
    let path = folder.path().join(middle);
    let bytes = fs::read(&path).unwrap();
    let until = Until::Time(story.between);

    fs::remove_file(&path).unwrap();
    let followed = follow(folder.path(), story, 1, until);
    assert_eq!((stopped(&followed).kind, &stopped(&followed).file), (DamageKind::Missing, middle));
    assert!(stopped(&followed).message.contains(last.as_str()), "{}", stopped(&followed));
    assert_eq!(followed.reaches(until).unwrap_err().file, *middle);
    let gaps = read(folder.path()).1.gaps();
    assert_eq!((gaps.len(), gaps[0].from.to_string(), gaps[0].segments), (1, middle.clone(), 1));

    for length in [0, 39, 5000, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&path, &bytes[..length]).unwrap();
        let found = read(folder.path()).1.damages;
        assert_eq!(
            (found.len(), found[0].kind, &found[0].file),
            (1, DamageKind::Truncated, middle),
            "{length}"
        );
        let followed = follow(folder.path(), story, 1, until);
        assert_eq!(
            (stopped(&followed).kind, stopped(&followed).at),
            (DamageKind::Truncated, Some(length as u64))
        );
    }
    fs::write(&path, [&bytes[..], b"more"].concat()).unwrap();
    assert_eq!(read(folder.path()).1.damages[0].kind, DamageKind::Size);
    // The contents of another segment under its name.
    fs::copy(folder.path().join(last), &path).unwrap();
    let found = read(folder.path()).1.damages;
    assert!(found[0].message.contains("by its name it begins at"), "{found:?}");
    assert_eq!(stopped(&follow(folder.path(), story, 1, until)).file, *middle);
    // Of another cluster.
    let mut other = bytes.clone();
    other[24..32].copy_from_slice(&(story.identifier + 1).to_le_bytes());
    fs::write(&path, &other).unwrap();
    let found = read(folder.path()).1.damages;
    assert_eq!((found.len(), found[0].kind, found[0].at), (1, DamageKind::Foreign, Some(24)));
    assert!(found[0].message.contains(&story.identifier.to_string()));
    assert_eq!(stopped(&follow(folder.path(), story, 1, until)).kind, DamageKind::Foreign);
    fs::write(&path, &bytes).unwrap();

    let history = folder.path().join("00000002.history");
    let text = fs::read(&history).unwrap();
    fs::remove_file(&history).unwrap();
    assert_eq!(read(folder.path()).1.damages[0].file, "00000002.history");
    assert_eq!(stopped(&follow(folder.path(), story, 2, until)).kind, DamageKind::Missing);
    fs::write(&history, b"1\t0/zz\tx\n").unwrap();
    let found = read(folder.path()).1.damages;
    assert_eq!((found.len(), found[0].kind), (1, DamageKind::Corrupt));
    fs::write(&history, text).unwrap();
    std::os::unix::fs::symlink(&path, folder.path().join("0000000100000000000000FE")).unwrap();
    assert_eq!(read(folder.path()).1.damages[0].kind, DamageKind::Unread);
}

#[test]
fn compressed_and_named_as_tools_do() {
    let story = story();
    let plain = &story.archive;
    let (tree, archive) = read(plain);
    let sound = archive.follow(&tree, (1, start(story)), Some(1), Until::Newest);
    let gzip = |bytes: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    };
    let lz4 = |bytes: &[u8]| {
        let mut out = lz4_flex::frame::FrameEncoder::new(Vec::new());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    };
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let packers: [(&str, Pack<'_>); 4] = [(".gz", &gzip), (".lz4", &lz4), (".zst", &zstd), ("", &gzip)];
    for (suffix, pack) in packers {
        let folder = copy(plain);
        for name in names(folder.path(), "00000001", start(story)) {
            let bytes = fs::read(folder.path().join(&name)).unwrap();
            fs::remove_file(folder.path().join(&name)).unwrap();
            let inner = folder.path().join(name.split_at(16).0);
            fs::create_dir_all(&inner).unwrap();
            fs::write(inner.join(format!("{name}{suffix}")), pack(&bytes)).unwrap();
        }
        let followed = follow(folder.path(), story, 1, Until::Newest);
        assert_eq!((&followed.stopped, &followed.seen), (&None, &sound.seen), "{suffix}");
        // A cut stream, and one that is whole and holds too little.
        let name = names(plain, "00000001", start(story)).pop().unwrap();
        let path = folder.path().join(name.split_at(16).0).join(format!("{name}{suffix}"));
        let packed = fs::read(&path).unwrap();
        fs::write(&path, &packed[..packed.len() - 9]).unwrap();
        let cut = follow(folder.path(), story, 1, Until::Newest);
        assert!(
            matches!(stopped(&cut).kind, DamageKind::Truncated | DamageKind::Corrupt | DamageKind::Unread),
            "{cut:?}"
        );
        fs::write(&path, pack(&vec![0; 64 << 20])).unwrap();
        assert!(follow(folder.path(), story, 1, Until::Newest).stopped.is_some());
    }
}
