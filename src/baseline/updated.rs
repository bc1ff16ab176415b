//! Rows that others changed since: which of the sealed rows they were.
//!
//! A seal that was cut by a column of changes lists the rows it left out by key. The sealed rows of those keys are in the
//! difference of the two sketches, as long as that names them. They are taken out of what was sealed, and the rest must be
//! the same. What cannot be told apart is never taken for changed by others.

use super::compare::is_of;
use super::seal::{Aside, AsideName, Count};
use super::sketch::{Item, unpack};

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
