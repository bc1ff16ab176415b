//! The contents of a relation on their way to a seal.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::chunk::Chunk;
use super::columns::KeyPlace;
use super::expr::Refusal;
use super::job::{Job, fork_of};
use super::row::Row;
use super::shared::{Shared, TableId};
use crate::baseline::canon::Canon;
use crate::baseline::hash::RowHasher;
use crate::baseline::sketch::{Item, Sketch, group_of, pack};
use crate::baseline::{Count, Seal};
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

impl Sealing {
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
            seen: Seen::new(tenants),
        }))
    }

    fn merge(&mut self, other: Box<dyn Job>, shared: &Shared) -> Result<(), Refusal> {
        let other = fork_of::<Self>(other)?.seen;
        self.seen.whole.merge(other.whole);
        self.seen.unowned.merge(other.unowned);
        self.seen.sketch.merge(&other.sketch);
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
        let Seen { whole, unowned, parts, sketch, .. } = self.seen;
        let by: BTreeMap<String, Count> =
            parts.into_iter().map(|part| (part.name.as_ref().to_owned(), part.count)).collect();
        let seal = Seal { whole, tenants: tenants.then_some(by), unowned, sketch };
        shared.found.insert(self.key, Ok(Observed::Sealed(Box::new(seal))));
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}
