//! The contents of a relation on their way to a seal.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::chunk::Chunk;
use super::columns::KeyPlace;
use super::expr::Refusal;
use super::job::{Job, fork_of};
use super::row::Row;
use super::shared::{Shared, TableId};
use crate::baseline::age::{Age, NO_AGE};
use crate::baseline::canon::Canon;
use crate::baseline::hash::RowHasher;
use crate::baseline::seal::AsideName;
use crate::baseline::sketch::{Item, Sketch, group_of, pack};
use crate::baseline::{Aside, Count, Seal};
use crate::facts::Observed;

/// Bytes that one more tenant costs, about, beside its name.
const PER_TENANT: u64 = 96;

/// Whose a row is.
#[derive(Clone, Debug)]
pub(super) enum Owner {
    /// Nobody's, as declared.
    None,
    /// A column says.
    Own(usize, Canon),
    /// The row it points to says.
    Through(KeyPlace, TableId),
}

/// A column of the row's hash or key.
pub(super) type Place = (usize, Canon);

/// A column that tells how old a row is.
#[derive(Clone, Debug)]
pub(super) struct Aged {
    /// Where it is.
    pub(super) place: Place,
    /// The order of its values.
    pub(super) age: Age,
}

/// Which rows are not sealed.
#[derive(Clone, Debug)]
pub(super) struct Cutting {
    /// Those beyond this value of this column.
    pub(super) column: Aged,
    /// The value.
    pub(super) after: i128,
    /// Of the others, those beyond this value of another column; with none, those that have a value.
    pub(super) updates: Option<(Aged, Option<i128>)>,
}

/// What becomes of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Sealed,
    Newer,
    Changed,
}

/// Seals the rows of a relation.
pub(super) struct Sealing {
    /// Key of the observation.
    pub(super) key: String,
    /// Columns of the hash, in the order of their names.
    pub(super) columns: Vec<Place>,
    /// Columns that name a row.
    pub(super) named: Vec<Place>,
    /// Whose a row is.
    pub(super) owner: Owner,
    /// Columns whose greatest value is kept, by name.
    pub(super) greatest: Vec<(String, Aged)>,
    /// Which rows are not sealed.
    pub(super) cut: Option<Cutting>,
    /// What was seen.
    pub(super) seen: Seen,
}

/// Rows of one tenant, and its group in the sketch.
#[derive(Clone, Debug)]
struct Part {
    name: Arc<str>,
    count: Count,
    group: u8,
}

/// What was seen so far.
#[derive(Debug)]
pub(super) struct Seen {
    whole: Count,
    unowned: Count,
    /// Where the parts of tenants are.
    tenants: HashMap<Arc<str>, usize>,
    parts: Vec<Part>,
    /// The part of the last row: rows of one tenant mostly come together.
    last: usize,
    sketch: Sketch,
    /// The greatest values so far, in the order of their columns, with their texts.
    greatest: Vec<Option<(i128, Vec<u8>)>>,
    aside: Aside,
    hasher: RowHasher,
    name: Vec<u8>,
    owner: Vec<u8>,
}

impl Seen {
    /// Nothing yet.
    pub(super) fn new(tenants: bool) -> Self {
        Self {
            whole: Count::default(),
            unowned: Count::default(),
            tenants: HashMap::new(),
            parts: Vec::new(),
            last: 0,
            sketch: Sketch::new(tenants),
            greatest: Vec::new(),
            aside: Aside::default(),
            hasher: RowHasher::default(),
            name: Vec::new(),
            owner: Vec::new(),
        }
    }

    /// Where the part of a tenant is.
    fn part(&mut self, tenant: &str, shared: &Shared) -> Result<usize, Refusal> {
        if self.parts.get(self.last).is_some_and(|part| *part.name == *tenant) {
            return Ok(self.last);
        }
        let at = match self.tenants.get(tenant) {
            Some(at) => *at,
            None => {
                shared.take(PER_TENANT + tenant.len() as u64)?;
                let name: Arc<str> = tenant.into();
                let group = group_of(tenant.as_bytes());
                self.parts.push(Part { name: Arc::clone(&name), count: Count::default(), group });
                self.tenants.insert(name, self.parts.len() - 1);
                self.parts.len() - 1
            }
        };
        self.last = at;
        Ok(at)
    }
}

fn rank(aged: &Aged, text: &[u8]) -> Result<i128, Refusal> {
    aged.age.rank(text).ok_or_else(|| NO_AGE.to_owned())
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Sealing {
    /// What a cut-off says of a row.
    fn fate(&mut self, row: &Row<'_>) -> Result<Fate, Refusal> {
        let Some(cut) = &self.cut else { return Ok(Fate::Sealed) };
        match row.raw.get(cut.column.place.0) {
            None => self.seen.aside.undated += 1,
            Some(text) if rank(&cut.column, text)? > cut.after => return Ok(Fate::Newer),
            Some(_) => {}
        }
        let Some((column, after)) = &cut.updates else { return Ok(Fate::Sealed) };
        let Some(text) = row.raw.get(column.place.0) else { return Ok(Fate::Sealed) };
        let at = rank(column, text)?;
        Ok(if after.is_none_or(|after| at > after) { Fate::Changed } else { Fate::Sealed })
    }

    /// Keeps the greatest values.
    fn age(&mut self, row: &Row<'_>) -> Result<(), Refusal> {
        self.seen.greatest.resize(self.greatest.len(), None);
        for ((_, aged), best) in self.greatest.iter().zip(&mut self.seen.greatest) {
            let Some(text) = row.raw.get(aged.place.0) else { continue };
            let at = rank(aged, text)?;
            if best.as_ref().is_none_or(|(best, _)| at > *best) {
                let mut written = Vec::new();
                aged.place.1.write(text, &mut written)?;
                *best = Some((at, written));
            }
        }
        Ok(())
    }

    fn owner(&mut self, row: &Row<'_>, shared: &Shared) -> Result<Option<usize>, Refusal> {
        self.seen.owner.clear();
        match &self.owner {
            Owner::None => return Ok(None),
            Owner::Own(place, canon) => {
                let Some(text) = row.raw.get(*place) else { return Ok(None) };
                canon.write(text, &mut self.seen.owner)?;
            }
            Owner::Through(key, table) => {
                let Some(print) = row.print(*key)? else { return Ok(None) };
                match shared.tenants(*table)?.get(&print) {
                    None | Some((_, None)) => return Ok(None),
                    Some((_, Some(tenant))) => self.seen.owner.extend_from_slice(tenant.as_bytes()),
                }
            }
        }
        let owner = std::mem::take(&mut self.seen.owner);
        let text =
            std::str::from_utf8(&owner).map_err(|_| "a tenant's name is not valid UTF-8".to_owned())?;
        let part = self.seen.part(text, shared)?;
        self.seen.owner = owner;
        Ok(Some(part))
    }

    fn see(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        let fate = self.fate(row)?;
        if fate == Fate::Newer {
            self.seen.aside.newer += 1;
            return Ok(());
        }
        self.age(row)?;
        self.seen.hasher.begin();
        for (place, canon) in &self.columns {
            self.seen.hasher.cell(*canon, row.raw.get(*place))?;
        }
        let hash = self.seen.hasher.finish();
        self.seen.name.clear();
        for (n, (place, canon)) in self.named.iter().enumerate() {
            if n > 0 {
                self.seen.name.push(0x1f);
            }
            match row.raw.get(*place) {
                Some(text) => canon.write(text, &mut self.seen.name)?,
                None => self.seen.name.push(0),
            }
        }
        let part = self.owner(row, shared)?;
        let seen = &mut self.seen;
        if fate == Fate::Changed {
            seen.aside.changed += 1;
            if seen.aside.names.len() < Aside::MOST {
                let tenant: [u8; 40] = pack(part.map(|_| seen.owner.as_slice()));
                let key: [u8; 48] = pack(Some(&seen.name));
                seen.aside.names.push(AsideName { tenant: digits(&tenant), key: digits(&key) });
            }
            return Ok(());
        }
        seen.whole.add(hash);
        let mut group = 0;
        let whose: Option<&[u8]> = match part.and_then(|at| seen.parts.get_mut(at)) {
            Some(part) => {
                part.count.add(hash);
                group = part.group;
                Some(&seen.owner)
            }
            None => {
                if !matches!(self.owner, Owner::None) {
                    seen.unowned.add(hash);
                }
                None
            }
        };
        let item = Item { row: hash, key: pack(Some(&seen.name)), tenant: pack(whose) };
        seen.sketch.add(group, &item);
        Ok(())
    }
}

impl Job for Sealing {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        self.see(row, shared)
    }

    fn observe_all(&mut self, chunk: &Chunk<'_>, shared: &Shared) -> Result<(), Refusal> {
        chunk.rows().try_for_each(|row| self.see(&row, shared))
    }

    fn fork(&self) -> Option<Box<dyn Job>> {
        let tenants = !matches!(self.owner, Owner::None);
        Some(Box::new(Self {
            key: self.key.clone(),
            columns: self.columns.clone(),
            named: self.named.clone(),
            owner: self.owner.clone(),
            greatest: self.greatest.clone(),
            cut: self.cut.clone(),
            seen: Seen::new(tenants),
        }))
    }

    fn merge(&mut self, other: Box<dyn Job>, shared: &Shared) -> Result<(), Refusal> {
        let other = fork_of::<Self>(other)?.seen;
        self.seen.whole.merge(other.whole);
        self.seen.unowned.merge(other.unowned);
        self.seen.sketch.merge(&other.sketch);
        self.seen.aside.merge(other.aside);
        self.seen.greatest.resize(self.greatest.len(), None);
        for (best, other) in self.seen.greatest.iter_mut().zip(other.greatest) {
            if other.as_ref().map(|(at, _)| *at) > best.as_ref().map(|(at, _)| *at) {
                *best = other;
            }
        }
        for part in other.parts {
            let mine = self.seen.part(&part.name, shared)?;
            if let Some(mine) = self.seen.parts.get_mut(mine) {
                mine.count.merge(part.count);
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        let tenants = !matches!(self.owner, Owner::None);
        let Seen { whole, unowned, parts, sketch, mut greatest, mut aside, .. } = self.seen;
        greatest.resize(self.greatest.len(), None);
        aside.names.sort();
        let text = |found: Option<(i128, Vec<u8>)>| {
            found.map(|(_, text)| String::from_utf8_lossy(&text).into_owned())
        };
        let names = self.greatest.into_iter().map(|(name, _)| name);
        let greatest = names.zip(greatest.into_iter().map(text)).collect();
        let by: BTreeMap<String, Count> =
            parts.into_iter().map(|part| (part.name.as_ref().to_owned(), part.count)).collect();
        let seal = Seal { whole, tenants: tenants.then_some(by), unowned, sketch, greatest, aside };
        shared.found.insert(self.key, Ok(Observed::Sealed(Box::new(seal))));
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}
