//! An invertible sketch of the rows of a relation: an invertible Bloom lookup table (Goodrich and Mitzenmacher 2011) whose
//! cells add up. The difference of two of them names the rows that are in one and not in the other, as long as these are
//! not many. It is additive, so parts merge, and its size does not depend on the number of rows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// Places of a row in its group: one in each of so many tables.
const TABLES: usize = 3;
/// Groups of tenants, so that what changed a great deal in one tenant hides nothing of most others.
const GROUPS: usize = 16;
/// Cells of each table of a group, where there are groups.
const WIDTH_OF_GROUP: usize = 10;
/// Cells of each table where there are none.
const WIDTH_ALONE: usize = 40;
/// Bytes of a cell as it is written.
const CELL: usize = 8 + 16 + 8 + KEY + TENANT;
/// Bytes kept of a key, and of a tenant, one of which says how many there are.
const KEY: usize = 48;
const TENANT: usize = 40;

/// What the first byte of a name says: its length, or one of these.
const CUT: u8 = 0xff;
const NOBODY: u8 = 0xfe;

/// A text of at most so many bytes; what is longer is cut, and says so.
pub type Name<const N: usize> = [u8; N];

/// A row as the sketch knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// The row's hash.
    pub row: u128,
    /// The beginning of its key: texts with 0x1f between them, NULL as 0x00.
    pub key: Name<KEY>,
    /// Whose it is.
    pub tenant: Name<TENANT>,
}

/// Packs a text.
#[must_use]
pub fn pack<const N: usize>(text: Option<&[u8]>) -> Name<N> {
    let mut name = [0; N];
    let Some((first, rest)) = name.split_first_mut() else { return name };
    let Some(text) = text else {
        *first = NOBODY;
        return name;
    };
    *first = if text.len() > rest.len() { CUT } else { u8::try_from(text.len()).unwrap_or(CUT) };
    for (to, from) in rest.iter_mut().zip(text) {
        *to = *from;
    }
    name
}

/// The text of a packed one, and whether it was cut; `None` for nobody's.
#[must_use]
pub fn unpack(name: &[u8]) -> Option<(&[u8], bool)> {
    let (first, rest) = name.split_first()?;
    match *first {
        NOBODY => None,
        CUT => Some((rest, true)),
        length => Some((rest.get(..usize::from(length))?, false)),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    count: i64,
    row: u128,
    check: u64,
    key: [u8; KEY],
    tenant: [u8; TENANT],
}

const EMPTY: Cell = Cell { count: 0, row: 0, check: 0, key: [0; KEY], tenant: [0; TENANT] };

impl Cell {
    fn put(&mut self, item: &Item, check: u64, times: i64) {
        self.count = self.count.wrapping_add(times);
        let signed = |n: u128| if times < 0 { n.wrapping_neg() } else { n };
        self.row = self.row.wrapping_add(signed(item.row));
        self.check = if times < 0 { self.check.wrapping_sub(check) } else { self.check.wrapping_add(check) };
        mix(&mut self.key, &item.key);
        mix(&mut self.tenant, &item.tenant);
    }

    fn join(&mut self, other: &Self, negated: bool) {
        if negated {
            self.count = self.count.wrapping_sub(other.count);
            self.row = self.row.wrapping_sub(other.row);
            self.check = self.check.wrapping_sub(other.check);
        } else {
            self.count = self.count.wrapping_add(other.count);
            self.row = self.row.wrapping_add(other.row);
            self.check = self.check.wrapping_add(other.check);
        }
        mix(&mut self.key, &other.key);
        mix(&mut self.tenant, &other.tenant);
    }

    /// The one row that is all there is in it, and on which side: the check of a sum of others is that of its row with a
    /// chance of 1 in 2^64.
    fn alone(&self) -> Option<(Item, i64)> {
        let (row, check) = match self.count {
            1 => (self.row, self.check),
            -1 => (self.row.wrapping_neg(), self.check.wrapping_neg()),
            _ => return None,
        };
        (check == checksum(row)).then_some((Item { row, key: self.key, tenant: self.tenant }, self.count))
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(CELL);
        out.extend_from_slice(&self.count.to_be_bytes());
        out.extend_from_slice(&self.row.to_be_bytes());
        out.extend_from_slice(&self.check.to_be_bytes());
        out.extend_from_slice(&self.key);
        out.extend_from_slice(&self.tenant);
        out
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (count, rest) = bytes.split_first_chunk()?;
        let (row, rest) = rest.split_first_chunk()?;
        let (check, rest) = rest.split_first_chunk()?;
        let (key, rest) = rest.split_first_chunk()?;
        let (tenant, rest) = rest.split_first_chunk()?;
        rest.is_empty().then_some(Self {
            count: i64::from_be_bytes(*count),
            row: u128::from_be_bytes(*row),
            check: u64::from_be_bytes(*check),
            key: *key,
            tenant: *tenant,
        })
    }
}

fn mix<const N: usize>(into: &mut [u8; N], other: &[u8; N]) {
    for (to, from) in into.iter_mut().zip(other) {
        *to ^= from;
    }
}

/// The finaliser of MurmurHash3's 64 bits.
fn finalise(mut x: u64) -> u64 {
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ x >> 33
}

/// What tells a row's hash from a sum of several.
fn checksum(row: u128) -> u64 {
    let (high, low) = ((row >> 64) as u64, (row & u128::from(u64::MAX)) as u64);
    finalise(high ^ finalise(low.wrapping_add(0x9e37_79b9_7f4a_7c15)))
}

/// The group of a tenant.
#[must_use]
pub fn group_of(tenant: &[u8]) -> u8 {
    Sha256::digest(tenant).first().copied().unwrap_or(0) % 16
}

/// A sketch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    groups: usize,
    width: usize,
    cells: Vec<Cell>,
}

/// What the difference of two sketches names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Rows that are in the first and not in the second.
    pub more: Vec<Item>,
    /// Rows that are in the second and not in the first.
    pub less: Vec<Item>,
    /// Whether these are all.
    pub whole: bool,
}

impl Sketch {
    /// Of no rows, by tenant or not.
    #[must_use]
    pub fn new(tenants: bool) -> Self {
        let (groups, width) = if tenants { (GROUPS, WIDTH_OF_GROUP) } else { (1, WIDTH_ALONE) };
        Self { groups, width, cells: vec![EMPTY; groups * TABLES * width] }
    }

    /// Adds a row to a group.
    pub fn add(&mut self, group: u8, item: &Item) {
        self.put(usize::from(group), item, 1);
    }

    fn put(&mut self, group: usize, item: &Item, times: i64) {
        let check = checksum(item.row);
        for place in self.places(group, item.row) {
            if let Some(cell) = self.cells.get_mut(place) {
                cell.put(item, check, times);
            }
        }
    }

    fn places(&self, group: usize, row: u128) -> [usize; TABLES] {
        let width = self.width;
        let first = (group % self.groups.max(1)) * TABLES * width;
        std::array::from_fn(|table| {
            let part = ((row >> (32 * table)) & u128::from(u32::MAX)) as u64;
            let within = usize::try_from((part * width as u64) >> 32).unwrap_or(0);
            first + table * width + within
        })
    }

    /// Adds the rows of another part.
    pub fn merge(&mut self, other: &Self) {
        for (cell, other) in self.cells.iter_mut().zip(&other.cells) {
            cell.join(other, false);
        }
    }

    /// What names the rows that are in only one of two; `None` where they are not of one shape.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Option<Decoded> {
        if (self.groups, self.width, self.cells.len()) != (other.groups, other.width, other.cells.len()) {
            return None;
        }
        let mut left = self.clone();
        for (cell, other) in left.cells.iter_mut().zip(&other.cells) {
            cell.join(other, true);
        }
        Some(left.decode())
    }

    fn decode(mut self) -> Decoded {
        let mut decoded = Decoded::default();
        let of_group = TABLES * self.width;
        let mut open: Vec<usize> = (0..self.cells.len()).collect();
        while let Some(at) = open.pop() {
            let Some((item, side)) = self.cells.get(at).and_then(Cell::alone) else { continue };
            let group = at / of_group.max(1);
            let places = self.places(group, item.row);
            // No more can be named than there are cells, whatever a file says.
            if !places.contains(&at) || decoded.more.len() + decoded.less.len() >= self.cells.len() {
                continue;
            }
            self.put(group, &item, -side);
            open.extend(places);
            if side > 0 { decoded.more.push(item) } else { decoded.less.push(item) }
        }
        decoded.whole = self.cells.iter().all(|cell| *cell == EMPTY);
        decoded
    }
}

/// As it is written: of each cell the bytes in base64, nothing for one that is empty.
#[derive(Serialize, Deserialize)]
struct Written {
    groups: usize,
    width: usize,
    cells: Vec<String>,
}

impl Serialize for Sketch {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text = |cell: &Cell| if *cell == EMPTY { String::new() } else { STANDARD.encode(cell.bytes()) };
        let cells = self.cells.iter().map(text).collect();
        Written { groups: self.groups, width: self.width, cells }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Sketch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Written { groups, width, cells } = Written::deserialize(from)?;
        let known = [(GROUPS, WIDTH_OF_GROUP), (1, WIDTH_ALONE)].contains(&(groups, width));
        let read = |text: &String| match text.as_str() {
            "" => Some(EMPTY),
            text => STANDARD.decode(text).ok().and_then(|bytes| Cell::read(&bytes)),
        };
        let cells: Option<Vec<Cell>> = cells.iter().map(read).collect();
        match cells.filter(|cells| known && cells.len() == groups * TABLES * width) {
            Some(cells) => Ok(Self { groups, width, cells }),
            None => Err(serde::de::Error::custom("a sketch has another shape than this version knows")),
        }
    }
}

/// Whether a row is a tenant's: of one whose name is cut, by what is kept of it.
pub(super) fn is_of(item: &Item, tenant: Option<&str>) -> bool {
    match (unpack(&item.tenant), tenant) {
        (None, None) => true,
        (Some((text, false)), Some(tenant)) => text == tenant.as_bytes(),
        (Some((text, true)), Some(tenant)) => {
            tenant.as_bytes().starts_with(text) && tenant.len() > text.len()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(n: u64) -> (u8, Item) {
        let digest = Sha256::digest(n.to_be_bytes());
        let row = u128::from_be_bytes(*digest.first_chunk().unwrap());
        let tenant = format!("tenant {}", n % 7);
        let key = format!("key {n}");
        let item = Item { row, key: pack(Some(key.as_bytes())), tenant: pack(Some(tenant.as_bytes())) };
        (group_of(tenant.as_bytes()), item)
    }

    fn sketch(of: impl IntoIterator<Item = u64>) -> Sketch {
        let mut sketch = Sketch::new(true);
        for (group, item) in of.into_iter().map(item) {
            sketch.add(group, &item);
        }
        sketch
    }

    #[test]
    fn texts_come_out_as_they_went_in() {
        assert_eq!(unpack(&pack::<8>(Some(b"abc"))), Some((&b"abc"[..], false)));
        assert_eq!(unpack(&pack::<8>(Some(b""))), Some((&b""[..], false)));
        assert_eq!(unpack(&pack::<8>(Some(b"1234567"))), Some((&b"1234567"[..], false)));
        assert_eq!(unpack(&pack::<8>(Some(b"12345678"))), Some((&b"1234567"[..], true)));
        assert_eq!(unpack(&pack::<8>(None)), None);
    }

    #[test]
    fn one_row_more_is_not_two_others_less() {
        // Twice the same row on one side and another on the other: a sum of texts by exclusive or would hide the pair.
        let (group, a) = item(1);
        let (mut left, mut right) = (Sketch::new(true), Sketch::new(true));
        let (_, mut b) = item(8);
        b.row = a.row ^ 1;
        left.add(group, &a);
        right.add(group, &b);
        right.add(group, &b);
        let decoded = left.minus(&right).unwrap();
        assert!(decoded.less.is_empty() && !decoded.whole, "{decoded:?}");
        assert!(decoded.more.iter().all(|found| *found == a));
    }

    #[test]
    fn too_much_is_said_to_be_too_much_and_nothing_is_made_up() {
        let (before, after) = (sketch(0..5000), sketch(2500..9000));
        let decoded = after.minus(&before).unwrap();
        assert!(!decoded.whole);
        for found in &decoded.more {
            assert!((5000..9000).any(|n| item(n).1 == *found));
        }
        for found in &decoded.less {
            assert!((0..2500).any(|n| item(n).1 == *found));
        }
    }

    #[test]
    fn another_shape_is_not_compared_and_damage_is_not_read() {
        assert_eq!(Sketch::new(true).minus(&Sketch::new(false)), None);
        let text = serde_json::to_string(&sketch(0..3)).unwrap();
        assert_eq!(serde_json::from_str::<Sketch>(&text).unwrap(), sketch(0..3));
        for (from, to) in [
            ("\"groups\":16", "\"groups\":15"),
            ("\"width\":10", "\"width\":4000000000"),
            ("\"\",", "\"AAAA\","),
        ] {
            assert!(serde_json::from_str::<Sketch>(&text.replacen(from, to, 1)).is_err(), "{from}");
        }
    }

    proptest! {
        #[test]
        fn a_few_changed_rows_are_named_exactly(
            common in 0u64..500, more in proptest::collection::btree_set(1000u64..2000, 0..3), less in proptest::collection::btree_set(2000u64..3000, 0..3),
        ) {
            let after = sketch((0..common).chain(more.iter().copied()));
            let before = sketch((0..common).chain(less.iter().copied()));
            let decoded = after.minus(&before).unwrap();
            // Three rows in three tables of ten may all share their places, once in some hundred thousand cases.
            prop_assume!(decoded.whole);
            let mut found: Vec<u128> = decoded.more.iter().map(|i| i.row).collect();
            let mut wanted: Vec<u128> = more.iter().map(|n| item(*n).1.row).collect();
            found.sort_unstable();
            wanted.sort_unstable();
            prop_assert_eq!(found, wanted);
            prop_assert_eq!(decoded.less.len(), less.len());
            for found in &decoded.more {
                prop_assert!(more.iter().any(|n| item(*n).1 == *found));
            }
        }

        #[test]
        fn order_and_parts_do_not_matter(mut rows in proptest::collection::vec(0u64..100, 0..60), cut in 0usize..60) {
            let whole = sketch(rows.iter().copied());
            let cut = cut.min(rows.len());
            let mut right = sketch(rows.split_off(cut).into_iter().rev());
            right.merge(&sketch(rows));
            prop_assert_eq!(whole, right);
        }
    }
}
