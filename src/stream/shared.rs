//! What the measurements of a run share: key sets, what was found, and how much memory is left.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::accumulate::Seen;
use super::carried::CarriedMap;
use super::differences::{BITS, Buckets, Differences};
use super::expr::Refusal;
use super::keyed::{Print, PrintMap, Seed, low};
use super::print_set::PrintSet;
use crate::facts::{Failure, Observed};

/// A table that one measurement makes and others use.
pub(super) type TableId = usize;

/// The owner of a row by its key: the tenant's fingerprint and, where it is shown, its text.
pub(super) type OwnerMap = PrintMap<(Print, Option<Box<str>>)>;

/// Tables by kind.
#[derive(Debug)]
pub(super) enum Table {
    /// Keys of a relation.
    Keys(PrintSet),
    /// Whose a row is, by its key.
    Tenants(OwnerMap),
    /// Sums of lines by entry.
    Sums(PrintMap<Seen>),
    /// Rows that other rows carry, by key.
    Carried(CarriedMap),
}

/// Why something of a tally has to be looked at closer.
#[derive(Debug)]
pub(super) enum Suspicion {
    /// Some groups.
    Groups(Buckets),
    /// Rows, found again by the same test.
    Rows,
    /// Some keys.
    Keys(PrintSet),
}

/// Children whose parents had not been read yet, by key.
#[derive(Debug)]
pub(super) struct Pending {
    /// The tally.
    pub(super) key: String,
    /// Where the parents' keys will be.
    pub(super) parents: TableId,
    /// Their keys.
    pub(super) children: PrintSet,
}

/// State of a run.
#[derive(Debug)]
pub(super) struct Shared {
    /// The run's secret.
    pub(super) seed: Seed,
    /// Tables that are finished, or why not.
    pub(super) tables: BTreeMap<TableId, Result<Table, String>>,
    /// What was found.
    pub(super) found: BTreeMap<String, Result<Observed, Failure>>,
    /// How many jobs of each observation read to the last row.
    pub(super) looked: BTreeMap<String, u32>,
    /// Tallies that need a closer look.
    pub(super) suspects: BTreeMap<String, Suspicion>,
    /// Both sides of totals, as far as they were read.
    pub(super) totals: BTreeMap<String, Differences>,
    /// Children without parents so far.
    pub(super) pending: Vec<Pending>,
    /// Of what fingerprints settled, the fewest bits; `u32::MAX` where they settled nothing.
    bits: u32,
    /// Bytes that may still be used.
    budget: AtomicU64,
    limit: u64,
}

impl Shared {
    /// Nothing found yet.
    #[must_use]
    pub(super) fn new(seed: Seed, limit: u64) -> Self {
        Self {
            seed,
            tables: BTreeMap::new(),
            found: BTreeMap::new(),
            looked: BTreeMap::new(),
            suspects: BTreeMap::new(),
            totals: BTreeMap::new(),
            pending: Vec::new(),
            bits: u32::MAX,
            budget: AtomicU64::new(limit),
            limit,
        }
    }

    /// Notes that something was settled by fingerprints, and how surely.
    pub(super) fn trust(&mut self, bits: u32) {
        self.bits = self.bits.min(bits);
    }

    /// Of what fingerprints settled, the fewest bits.
    #[must_use]
    pub(super) fn bits(&self) -> Option<u32> {
        (self.bits != u32::MAX).then_some(self.bits)
    }

    /// Takes memory.
    ///
    /// # Errors
    ///
    /// When there is no more.
    pub(super) fn take(&self, bytes: u64) -> Result<(), Refusal> {
        let taken =
            self.budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        taken.map(|_| ()).map_err(|_| {
            format!(
                "it needs more than the {} MiB of memory that it may use; allow more with `--memory SIZE`",
                self.limit >> 20
            )
        })
    }

    /// A finished set of keys.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) fn set(&self, table: TableId) -> Result<&PrintSet, Refusal> {
        match self.tables.get(&table) {
            Some(Ok(Table::Keys(set))) => Ok(set),
            Some(Err(why)) => Err(why.clone()),
            _ => Err("the keys it needs were not read".to_owned()),
        }
    }

    /// A finished map of tenants.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) fn tenants(&self, table: TableId) -> Result<&OwnerMap, Refusal> {
        match self.tables.get(&table) {
            Some(Ok(Table::Tenants(map))) => Ok(map),
            Some(Err(why)) => Err(why.clone()),
            _ => Err("the tenants it needs were not read".to_owned()),
        }
    }

    /// A finished map of sums.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) fn sums(&self, table: TableId) -> Result<&PrintMap<Seen>, Refusal> {
        match self.tables.get(&table) {
            Some(Ok(Table::Sums(map))) => Ok(map),
            Some(Err(why)) => Err(why.clone()),
            _ => Err("the sums it needs were not read".to_owned()),
        }
    }

    /// A finished map of carried rows.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) fn carried(&self, table: TableId) -> Result<&CarriedMap, Refusal> {
        match self.tables.get(&table) {
            Some(Ok(Table::Carried(map))) => Ok(map),
            Some(Err(why)) => Err(why.clone()),
            _ => Err("the rows it needs were not read".to_owned()),
        }
    }

    /// Settles what needed several relations: children that came before their parents, and totals of two sides.
    pub(super) fn settle(&mut self) {
        for (key, mut sums) in std::mem::take(&mut self.totals) {
            let suspects = sums.suspects();
            self.trust(BITS);
            if !suspects.is_empty() {
                self.suspects.insert(key, Suspicion::Groups(suspects));
            }
        }
        for pending in std::mem::take(&mut self.pending) {
            let (orphans, bits) = match self.set(pending.parents) {
                Ok(set) => (pending.children.iter().any(|print| !set.contains(print)), set.bits()),
                Err(why) => {
                    self.fail(&pending.key, &why);
                    continue;
                }
            };
            self.trust(bits);
            if orphans {
                self.suspects.insert(pending.key, Suspicion::Rows);
            }
        }
    }

    /// Keeps why a measurement could not be made.
    pub(super) fn fail(&mut self, key: &str, why: &str) {
        self.found.insert(key.to_owned(), Err(super::failure(why)));
    }
}

/// A key in a set.
#[must_use]
pub(super) fn contains(set: &PrintSet, print: Print) -> bool {
    set.contains(low(print))
}
