//! Small segments made here, whole and damaged in every way.

use crc_fast::{CrcAlgorithm, checksum};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::probe::damage::DamageKind;
use crate::probe::tree::{Memory, Tree};

const SIZE: u64 = 1 << 20;
const CLUSTER: u64 = 7_000_000_000_000_000_001;

/// Writes WAL as a server does, in segments of 1 MiB.
struct Writer {
    bytes: Vec<u8>,
    timeline: u32,
    magic: u16,
    before: u64,
    begin: u64,
}

impl Writer {
    fn new(timeline: u32, magic: u16, first: u64) -> Self {
        Self { bytes: Vec::new(), timeline, magic, before: 0, begin: first * SIZE }
    }

    fn at(&self) -> u64 {
        self.begin + self.bytes.len() as u64
    }

    fn page(&mut self, left: u32) {
        let at = self.at();
        let long = at.is_multiple_of(SIZE);
        let flags = u16::from(left > 0) | if long { 2 } else { 0 };
        self.bytes.extend(self.magic.to_le_bytes());
        self.bytes.extend(flags.to_le_bytes());
        self.bytes.extend(self.timeline.to_le_bytes());
        self.bytes.extend(at.to_le_bytes());
        self.bytes.extend(left.to_le_bytes());
        self.bytes.extend([0; 4]);
        if long {
            self.bytes.extend(CLUSTER.to_le_bytes());
            self.bytes.extend(u32::try_from(SIZE).unwrap().to_le_bytes());
            self.bytes.extend(8192_u32.to_le_bytes());
        }
    }

    fn record(&mut self, manager: u8, info: u8, body: &[u8]) {
        let length = u32::try_from(24 + body.len()).unwrap();
        if self.at().is_multiple_of(8192) {
            self.page(0);
        }
        let start = self.at();
        let mut header = length.to_le_bytes().to_vec();
        header.extend([0; 4]);
        header.extend(self.before.to_le_bytes());
        header.extend([info, manager, 0, 0]);
        let sum = checksum(CrcAlgorithm::Crc32Iscsi, &[body, &header].concat());
        header.extend(u32::try_from(sum).unwrap().to_le_bytes());
        header.extend(body);
        let mut rest = header.as_slice();
        while !rest.is_empty() {
            let room = 8192 - usize::try_from(self.at() % 8192).unwrap();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.bytes.extend(now);
            rest = later;
            if !rest.is_empty() {
                self.page(u32::try_from(rest.len()).unwrap());
            }
        }
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self.before = start;
    }

    fn commit(&mut self, seconds: i64) {
        let micros = (seconds - 946_684_800) * 1_000_000;
        let mut body = vec![255, 8];
        body.extend(micros.to_le_bytes());
        self.record(1, 0, &body);
    }

    fn switch(&mut self) {
        self.record(0, 0x40, &[]);
        let whole = self.bytes.len().next_multiple_of(usize::try_from(SIZE).unwrap());
        self.bytes.resize(whole, 0);
    }

    fn put(self, tree: &mut Memory) {
        for (index, bytes) in self.bytes.chunks(usize::try_from(SIZE).unwrap()).enumerate() {
            let name = SegmentName::of(self.timeline, self.begin / SIZE + index as u64, SIZE);
            tree.put(name.to_string(), bytes);
        }
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// Two segments: one full of large records that crosses into the second, which is switched early.
fn two(magic: u16) -> Memory {
    let mut writer = Writer::new(1, magic, 3);
    for round in 0..11_u8 {
        writer.record(10, 0, &[round; 100_000]);
        writer.commit(1_700_000_000 + i64::from(round));
    }
    writer.switch();
    let mut tree = Memory::default();
    writer.put(&mut tree);
    tree
}

fn follow(tree: &Memory, until: Until) -> (Archive, Followed) {
    let archive = Archive::read(tree, &Options::default()).unwrap();
    let followed = archive.follow_all(tree, None, until).unwrap();
    (archive, followed)
}

#[test]
fn every_major_version() {
    for (magic, major) in [(0xd106, 13), (0xd10d, 14), (0xd110, 15), (0xd113, 16), (0xd116, 17), (0xd118, 18)]
    {
        let (archive, followed) = follow(&two(magic), Until::Newest);
        assert_eq!(
            (archive.damages, archive.major, archive.system_identifier),
            (vec![], Some(major), Some(CLUSTER))
        );
        assert_eq!((followed.stopped.as_ref(), followed.seen.records, followed.seen.ended), (None, 23, 11));
        assert_eq!(followed.seen.newest, Some(at(1_700_000_010)));
        assert_eq!(followed.seen.end, Lsn(5 * SIZE));
        assert_eq!(followed.reaches(Until::Time(at(1_700_000_009))), Ok(()));
        assert_eq!(followed.reaches(Until::Time(at(1_700_000_010))).unwrap_err().kind, DamageKind::Missing);
    }
    let archive = Archive::read(&two(0xd119), &Options::default()).unwrap();
    assert_eq!(archive.damages.iter().map(|damage| damage.kind).collect::<Vec<_>>(), [DamageKind::Unread; 2]);
    let archive = Archive::read(&two(0x10d1), &Options::default()).unwrap();
    assert!(archive.damages[0].message.contains("other byte order"));
}

#[test]
fn names_alone_prove_no_time() {
    let names = ["000000010000000000000001", "000000010000000000000002", "000000010000000000000004.gz"];
    let tree = Memory::names(names);
    let archive = Archive::read(&tree, &Options { names_only: true, ..Options::default() }).unwrap();
    assert_eq!((archive.gaps().len(), archive.segment_bytes_known), (1, false));
    let followed = archive.follow_all(&tree, None, Until::Place(Lsn(0x2ff_ffff))).unwrap();
    assert_eq!(followed.reaches(Until::Place(Lsn(0x2ff_ffff))), Ok(()));
    let followed = archive.follow_all(&tree, None, Until::Newest).unwrap();
    assert_eq!(followed.reaches(Until::Newest).unwrap_err().file, "000000010000000000000003");
    let tree = Memory::names(names[..2].iter().copied());
    let archive = Archive::read(&tree, &Options { names_only: true, ..Options::default() }).unwrap();
    let followed = archive.follow_all(&tree, None, Until::Newest).unwrap();
    assert_eq!(followed.reaches(Until::Time(at(0))).unwrap_err().kind, DamageKind::Unread);
    // Names that cannot be opened are not sound either.
    let archive = Archive::read(&tree, &Options::default()).unwrap();
    assert_eq!(archive.damages.len(), 2);
    assert!(archive.damages.iter().all(Damage::is_unread));
    let nothing = Archive::read(&Memory::default(), &Options::default()).unwrap();
    assert!(nothing.follow_all(&Memory::default(), None, Until::Newest).is_err());
}

#[test]
fn two_of_a_kind_and_wrong_places() {
    let mut tree = two(0xd110);
    let bytes = tree.read("000000010000000000000003", SIZE).unwrap();
    tree.put("x/000000010000000000000003", bytes.clone());
    tree.put("0000000200000000/000000010000000000000004", bytes.clone());
    tree.put("000000010000000000001003", bytes);
    let found = Archive::read(&tree, &Options::default()).unwrap().damages;
    let kinds: Vec<_> = found.iter().map(|damage| (damage.file.as_str(), damage.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("000000010000000000001003", DamageKind::Corrupt),
            ("0000000200000000/000000010000000000000004", DamageKind::Corrupt),
            ("x/000000010000000000000003", DamageKind::Extra),
        ]
    );
}

#[test]
fn the_name_of_a_segment_may_have_its_sum() {
    let mut tree = two(0xd110);
    let name = "000000010000000000000004";
    let bytes = tree.read(name, SIZE).unwrap();
    tree.remove(name);
    let sum = <sha1::Sha1 as sha1::Digest>::digest(&bytes);
    let named = format!("0000000100000000/{name}-{}", crate::probe::tree::hex(&sum));
    tree.put(named.clone(), bytes.clone());
    assert_eq!(follow(&tree, Until::Newest).1.stopped, None);
    let wrong = format!("0000000100000000/{name}-{}", "0".repeat(40));
    tree.remove(&named);
    tree.put(wrong, bytes);
    assert_eq!(follow(&tree, Until::Newest).1.stopped.map(|damage| damage.kind), Some(DamageKind::Checksum));
}

#[test]
fn a_timeline_that_begins_in_a_segment() {
    let mut one = Writer::new(1, 0xd110, 3);
    one.commit(1_700_000_000);
    let (left, before) = (one.bytes.clone(), one.before);
    let switch = Lsn(one.at());
    for _ in 0..12 {
        one.record(10, 0, &[1; 100_000]);
    }
    one.switch();
    let mut two = Writer::new(1, 0xd110, 3);
    (two.bytes, two.before, two.timeline) = (left, before, 2);
    for _ in 0..12 {
        two.record(10, 0, &[2; 100_000]);
    }
    two.commit(1_700_000_100);
    two.switch();
    let mut tree = Memory::default();
    one.put(&mut tree);
    two.put(&mut tree);
    tree.put("00000002.history", format!("1\t{switch}\tno recovery target specified\n"));
    let (archive, followed) = follow(&tree, Until::Newest);
    assert_eq!((archive.damages, followed.timeline, followed.stopped), (vec![], 2, None));
    assert_eq!(followed.seen.newest, Some(at(1_700_000_100)));
    // Where the new one began is in its own file, and the old one's is no substitute.
    tree.remove("000000020000000000000003");
    let (archive, followed) = follow(&tree, Until::Newest);
    assert_eq!(followed.stopped.unwrap().file, "000000020000000000000003");
    assert_eq!(archive.gaps(), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_altered_passes(at in 0_usize..(2 << 20), bit in 0_u32..8) {
        let mut tree = two(0xd110);
        let half = usize::try_from(SIZE).unwrap();
        let name = if at < half { "000000010000000000000003" } else { "000000010000000000000004" };
        let mut bytes = tree.read(name, SIZE).unwrap();
        let before = bytes[at % half];
        bytes[at % half] ^= 1 << bit;
        tree.put(name, bytes);
        let (_, followed) = follow(&tree, Until::Newest);
        // Bytes between a record and the next place that one can begin at, and those of a header that nothing reads.
        prop_assert!(followed.stopped.is_some() || before == 0);
    }

    #[test]
    fn nothing_cut_passes(length in 0_usize..(1 << 20)) {
        let mut tree = two(0xd110);
        let bytes = tree.read("000000010000000000000004", SIZE).unwrap();
        tree.put("000000010000000000000004", &bytes[..length]);
        let (_, followed) = follow(&tree, Until::Newest);
        prop_assert!(followed.stopped.is_some());
    }

    #[test]
    fn any_bytes_are_no_segment(bytes in prop::collection::vec(any::<u8>(), 0..400), timeline in 1_u32..3) {
        let mut tree = two(0xd110);
        let mut whole = vec![0xd1_u8; usize::try_from(SIZE).unwrap()];
        whole[..bytes.len()].copy_from_slice(&bytes);
        tree.put("000000010000000000000004", whole);
        tree.put("00000002.history", bytes);
        let archive = Archive::read(&tree, &Options::default()).unwrap();
        prop_assert!(!archive.damages.is_empty());
        let followed = archive.follow_all(&tree, Some(timeline), Until::Newest).unwrap();
        prop_assert!(followed.stopped.is_some());
    }
}
