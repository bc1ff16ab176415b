//! Rows that others changed since: which of the sealed rows they were.
//!
//! A seal that was cut by a column of changes lists the rows it left out by key. The sealed rows of those keys are in the
//! difference of the two sketches, as long as that names them. They are taken out of what was sealed, and the rest must be
//! the same. What cannot be told apart is never taken for changed by others.

use super::seal::{Aside, AsideName, Count};
use super::sketch::{Item, is_of, unpack};

/// What became of the rows that a seal left out as changed.
#[derive(Debug, Default)]
pub(super) struct Updated {
    /// Rows as they were sealed, of which a changed one has the key.
    found: Vec<Item>,
    /// Rows that were left out, and of whose key no sealed row is known.
    unknown: Vec<AsideName>,
    /// Whether the list of those left out is not whole.
    cut: bool,
}

/// What can be said of the rows of one tenant.
pub(super) enum Rest {
    /// These were sealed of them, without those that others changed. Rows that are new although they are dated as old.
    Known(Count, Vec<AsideName>),
    /// It cannot be told which of them were changed by others.
    Unknown,
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(digits: &str) -> Vec<u8> {
    let byte = |at: usize| digits.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    (0..digits.len() / 2).map_while(|n| byte(2 * n)).collect()
}

impl AsideName {
    /// The text of its key, and whether it was cut.
    pub(super) fn key(&self) -> Option<(String, bool)> {
        let key = bytes(&self.key);
        unpack(&key).map(|(text, cut)| (String::from_utf8_lossy(text).into_owned(), cut))
    }

    fn is_of(&self, tenant: Option<Option<&str>>) -> bool {
        let of = bytes(&self.tenant);
        match (tenant, unpack(&of)) {
            (None, _) | (Some(None), None) => true,
            (Some(Some(name)), Some((text, false))) => name.as_bytes() == text,
            (Some(Some(name)), Some((text, true))) => {
                name.as_bytes().starts_with(text) && name.len() > text.len()
            }
            _ => false,
        }
    }
}

impl Updated {
    /// Looks for the rows that were left out among those that are no more what was sealed; takes them from there.
    pub(super) fn of(aside: &Aside, less: &mut Vec<Item>) -> Self {
        let mut updated = Self { cut: aside.changed > aside.names.len() as u64, ..Self::default() };
        for name in &aside.names {
            let whole = name.key().is_some_and(|(_, cut)| !cut);
            let alike = |item: &Item| digits(&item.key) == name.key && digits(&item.tenant) == name.tenant;
            match less.iter().position(alike).filter(|_| whole) {
                Some(at) => updated.found.push(less.swap_remove(at)),
                None => updated.unknown.push(name.clone()),
            }
        }
        updated
    }

    /// What was sealed of a tenant's rows, of nobody's, or of all, without those that others changed.
    pub(super) fn rest(
        &self,
        tenant: Option<Option<&str>>,
        was: Count,
        is: Count,
        named: [&[Item]; 2],
    ) -> Rest {
        let mine = |item: &&Item| tenant.is_none_or(|tenant| is_of(item, tenant));
        let mut rest = was;
        for item in self.found.iter().filter(mine) {
            rest.rows = rest.rows.saturating_sub(1);
            rest.sum = rest.sum.wrapping_sub(item.row);
        }
        let unknown: Vec<AsideName> =
            self.unknown.iter().filter(|name| name.is_of(tenant)).cloned().collect();
        if unknown.is_empty() && !self.cut {
            return Rest::Known(rest, unknown);
        }
        // Where all that differs is known by name, a changed row that none of it was is new.
        let [more, less] = named;
        let mut to = rest;
        for item in more.iter().filter(mine) {
            to.rows = to.rows.saturating_add(1);
            to.sum = to.sum.wrapping_add(item.row);
        }
        for item in less.iter().filter(mine) {
            to.rows = to.rows.saturating_sub(1);
            to.sum = to.sum.wrapping_sub(item.row);
        }
        let cut_keys = unknown.iter().any(|name| name.key().is_none_or(|(_, cut)| cut));
        match () {
            () if self.cut => Rest::Unknown,
            () if rest == is => Rest::Known(rest, unknown),
            () if to == is && !cut_keys => Rest::Known(rest, unknown),
            // More or fewer rows than changes can account for.
            () if is.rows + unknown.len() as u64 != rest.rows => Rest::Known(rest, Vec::new()),
            () => Rest::Unknown,
        }
    }

    /// How many rows of these tenants others changed.
    pub(super) fn count(&self, covers: impl Fn(&Item) -> bool) -> u64 {
        self.found.iter().filter(|item| covers(item)).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::canon::Canon;
    use super::super::compare::{Whose, contents};
    use super::super::hash::RowHasher;
    use super::super::seal::Seal;
    use super::super::sides::Sides;
    use super::super::sketch::{Sketch, group_of, pack};
    use super::*;

    /// What became of a sealed row, or where a new one comes from.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Fate {
        /// It is as it was.
        Kept,
        /// Others changed it, and said so.
        Updated,
        Altered,
        Removed,
        /// It is another tenant's.
        Moved,
        /// The same, by one who says that others changed it.
        MovedUpdated,
        /// It was not there.
        Added,
        AddedUpdated,
    }

    impl Fate {
        fn is_damage(self) -> bool {
            !matches!(self, Self::Kept | Self::Updated)
        }
    }

    /// A tenant, a key, and what became of it.
    type Row = (u8, u32, Fate);

    fn empty(tenants: bool) -> Seal {
        Seal {
            whole: Count::default(),
            tenants: tenants.then(BTreeMap::new),
            unowned: Count::default(),
            sketch: Sketch::new(tenants),
            greatest: BTreeMap::new(),
            aside: Aside::default(),
        }
    }

    fn add(seal: &mut Seal, tenant: u8, key: u32, value: &str) {
        let (tenant, key) = (format!("t{tenant}"), key.to_string());
        let mut hasher = RowHasher::default();
        hasher.begin();
        for cell in [&tenant, &key, value] {
            hasher.cell(Canon::AsIs, Some(cell.as_bytes())).unwrap();
        }
        let row = hasher.finish();
        seal.whole.add(row);
        let owned = seal.tenants.is_some();
        if let Some(tenants) = &mut seal.tenants {
            tenants.entry(tenant.clone()).or_default().add(row);
        }
        let whose = owned.then_some(tenant.as_bytes());
        let item = Item { row, key: pack(Some(key.as_bytes())), tenant: pack(whose) };
        seal.sketch.add(whose.map_or(0, group_of), &item);
    }

    /// A row that others changed is left out of the sums, and named.
    fn set_aside(seal: &mut Seal, tenant: u8, key: u32) {
        seal.aside.changed += 1;
        if seal.aside.names.len() < Aside::MOST {
            let tenant = format!("t{tenant}");
            let whose = seal.tenants.is_some().then_some(tenant.as_bytes());
            let (tenant, key) = (pack::<40>(whose), pack::<48>(Some(key.to_string().as_bytes())));
            seal.aside.names.push(AsideName { tenant: digits(&tenant), key: digits(&key) });
        }
    }

    fn both(rows: &[Row], tenants: bool) -> (Seal, Seal) {
        let (mut before, mut now) = (empty(tenants), empty(tenants));
        for (tenant, key, fate) in rows {
            let (tenant, key, other) = (*tenant, *key, (*tenant + 1) % 3);
            if !matches!(fate, Fate::Added | Fate::AddedUpdated) {
                add(&mut before, tenant, key, "was");
            }
            match fate {
                Fate::Kept => add(&mut now, tenant, key, "was"),
                Fate::Altered | Fate::Added => add(&mut now, tenant, key, "is"),
                Fate::Moved => add(&mut now, other, key, "was"),
                Fate::Updated | Fate::AddedUpdated => set_aside(&mut now, tenant, key),
                Fate::MovedUpdated => set_aside(&mut now, other, key),
                Fate::Removed => {}
            }
        }
        (before, now)
    }

    fn fates() -> impl Strategy<Value = Vec<Row>> {
        let damage = prop_oneof![
            Just(Fate::Altered),
            Just(Fate::Removed),
            Just(Fate::Moved),
            Just(Fate::MovedUpdated),
            Just(Fate::Added),
            Just(Fate::AddedUpdated),
        ];
        // From a few updates to more than any sketch tells apart, with no damage, some, or much.
        let sizes = (
            0usize..60,
            prop_oneof![0usize..12, 0usize..700],
            prop_oneof![Just(0usize), 1usize..4, 0usize..100],
        );
        sizes.prop_flat_map(move |(kept, updated, damaged)| {
            proptest::collection::vec((0u8..3, damage.clone()), damaged).prop_map(move |damaged| {
                let sound = (0..kept).map(|_| Fate::Kept).chain((0..updated).map(|_| Fate::Updated));
                let sound = sound.enumerate().map(|(n, fate)| (u8::try_from(n % 3).unwrap_or(0), fate));
                let all = sound.chain(damaged).enumerate();
                all.map(|(n, (tenant, fate))| (tenant, u32::try_from(n).unwrap_or(0), fate)).collect()
            })
        })
    }

    proptest! {
        #[test]
        fn what_others_changed_hides_nothing_else(rows in fates(), tenants in any::<bool>()) {
            let (before, now) = both(&rows, tenants);
            let key = ["id".to_owned()];
            let by = if tenants { "tenant" } else { "" };
            let whose = Whose::AllBut(Vec::new());
            let difference = contents((&before, by), (&now, by), &key, &whose, Sides::Times);
            prop_assert_eq!(&difference.gap, &None);
            let clean = difference.changes.is_empty() && difference.unsure.is_none();
            // Whose a row is counts only where rows have tenants.
            let damaged = |(_, _, fate): &&Row| fate.is_damage() && (tenants || *fate != Fate::MovedUpdated);
            let damages = rows.iter().filter(damaged).count();
            let updates = rows.iter().filter(|(_, _, fate)| *fate == Fate::Updated).count() as u64;
            if damages > 0 {
                prop_assert!(!clean, "{} damaged rows are not seen: {:?}", damages, difference);
            } else {
                prop_assert!(difference.changes.is_empty(), "{:?}", difference);
            }
            if clean {
                let others = rows.iter().filter(|(_, _, fate)| *fate == Fate::MovedUpdated).count() as u64;
                prop_assert_eq!(difference.updated, updates + others);
            }
        }

        #[test]
        fn no_row_is_lost_or_taken_twice(rows in fates()) {
            let (before, now) = both(&rows, true);
            let Some(decoded) = now.sketch.minus(&before.sketch) else { panic!("of one shape") };
            let mut less = decoded.less.clone();
            let updated = Updated::of(&now.aside, &mut less);
            prop_assert_eq!(updated.found.len() + updated.unknown.len(), now.aside.names.len());
            let sorted = |items: &[Item]| {
                let mut rows: Vec<u128> = items.iter().map(|item| item.row).collect();
                rows.sort_unstable();
                rows
            };
            prop_assert_eq!(sorted(&decoded.less), sorted(&[less, updated.found.clone()].concat()));
            // Each that was found has a name of its own.
            let mut keys: Vec<_> = updated.found.iter().map(|item| item.key).collect();
            keys.sort_unstable();
            keys.dedup();
            prop_assert_eq!(keys.len(), updated.found.len());
            prop_assert_eq!(updated.cut, now.aside.changed > now.aside.names.len() as u64);
        }
    }
}
