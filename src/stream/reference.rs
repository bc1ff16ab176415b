//! Keys and who owns them: sets of keys, and rows that look for theirs.

use super::chunk::Chunk;
use super::columns::KeyPlace;
use super::expr::Refusal;
use super::gathered::Gathered;
use super::job::{Job, fork_of};
use super::keyed::{Print, low, paired};
use super::print_set::PrintSet;
use super::row::{Admitted, Filter, Row, Shown};
use super::samples::Samples;
use super::shared::{OwnerMap, Pending, Shared, Suspicion, Table, TableId, contains};
use crate::facts::{Observed, Tallied};

/// Bytes that one more fingerprint with something beside it costs, about.
const PER_KEY: u64 = 36;

/// Whose a row is.
#[derive(Clone, Debug)]
pub(super) enum Whose {
    /// A column says.
    Own(Shown, KeyPlace),
    /// The row it points to says.
    Through(KeyPlace, TableId),
}

impl Whose {
    /// The tenant's fingerprint; `None` for nobody's.
    fn print(&self, row: &Row<'_>, shared: &Shared) -> Result<Option<Print>, Refusal> {
        match self {
            Self::Own(_, key) => row.print(*key),
            Self::Through(key, table) => Ok(row
                .print(*key)?
                .and_then(|print| shared.tenants(*table).ok()?.get(&print).map(|(tenant, _)| *tenant))),
        }
    }

    /// The tenant as text.
    fn text(&self, row: &Row<'_>, shared: &Shared) -> Option<String> {
        match self {
            Self::Own(shown, _) => row.text(shown),
            Self::Through(key, table) => {
                let print = row.print(*key).ok()??;
                shared.tenants(*table).ok()?.get(&print)?.1.as_deref().map(str::to_owned)
            }
        }
    }
}

/// A key, with its owner where that belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Its place.
    pub(super) place: KeyPlace,
    /// Whose it is, if asked.
    pub(super) whose: Option<Whose>,
}

/// A key of a row.
enum Found {
    /// NULL in part.
    Null,
    /// Nobody's.
    Unowned,
    /// A key.
    Key(Print),
}

impl Key {
    /// The fingerprints that it is found by. Rows that share them share what is found too.
    fn places(&self) -> impl Iterator<Item = KeyPlace> {
        let whose = self.whose.as_ref().map(|whose| match whose {
            Whose::Own(_, key) | Whose::Through(key, _) => *key,
        });
        std::iter::once(self.place).chain(whose)
    }

    /// What tells rows of different keys apart within a batch.
    fn run(&self, chunk: &Chunk<'_>, at: usize) -> (Option<u32>, Option<u32>) {
        let run = |key: KeyPlace| chunk.prints.get(key).and_then(|prints| prints.run(at));
        let mut runs = self.places().map(run);
        (runs.next().flatten(), runs.next().flatten())
    }

    /// Rows that count of which each key of a batch is found in one at least; `None` where it has to be asked of each row
    /// whether it counts, since that may be what cannot be told.
    fn telling(&self, chunk: &Chunk<'_>, filter: &Filter) -> Option<Vec<usize>> {
        Some(match filter.wide(chunk)? {
            Admitted::All => chunk.first_rows(&self.places().collect::<Vec<_>>()),
            admitted @ Admitted::Marked(_) => {
                let mut before = None;
                let mut anew = |at: &usize| {
                    let run = Some(self.run(chunk, *at));
                    std::mem::replace(&mut before, run) != run
                };
                (0..chunk.len()).filter(|at| admitted.has(*at)).filter(|at| anew(at)).collect()
            }
        })
    }

    fn find(&self, row: &Row<'_>, shared: &Shared) -> Result<Found, Refusal> {
        let Some(key) = row.print(self.place)? else { return Ok(Found::Null) };
        Ok(match &self.whose {
            None => Found::Key(key),
            Some(whose) => match whose.print(row, shared)? {
                Some(tenant) => Found::Key(paired(key, tenant)),
                None => Found::Unowned,
            },
        })
    }
}

/// Gathers the keys of a relation.
pub(super) struct Gather {
    /// The table that comes of it.
    pub(super) table: TableId,
    /// Which rows count.
    pub(super) filter: Filter,
    /// The key.
    pub(super) key: Key,
    /// Those found so far.
    pub(super) found: Gathered,
    /// Those of the batch at hand.
    pub(super) asked: Vec<u64>,
}

impl Gather {
    /// Takes the key of a row that counts.
    fn ask(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if let Found::Key(print) = self.key.find(row, shared)? {
            self.asked.push(low(print));
        }
        Ok(())
    }
}

impl Job for Gather {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if self.filter.admits(row, shared)? { self.ask(row, shared) } else { Ok(()) }
    }

    fn observe_all(&mut self, chunk: &Chunk<'_>, shared: &Shared) -> Result<(), Refusal> {
        match self.key.telling(chunk, &self.filter) {
            None => chunk.rows().try_for_each(|row| self.observe(&row, shared))?,
            Some(rows) => rows.into_iter().try_for_each(|at| self.ask(&chunk.row(at), shared))?,
        }
        self.found.add(&self.asked, &|bytes| shared.take(bytes))?;
        self.asked.clear();
        Ok(())
    }

    fn fork(&self) -> Option<Box<dyn Job>> {
        let (filter, key) = (self.filter.clone(), self.key.clone());
        Some(Box::new(Self { filter, key, found: Gathered::default(), asked: Vec::new(), ..*self }))
    }

    fn merge(&mut self, other: Box<dyn Job>, shared: &Shared) -> Result<(), Refusal> {
        self.found.join(&fork_of::<Self>(other)?.found, &|bytes| shared.take(bytes))
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        let set = self.found.finish(&|bytes| shared.take(bytes));
        shared.tables.insert(self.table, set.map(Table::Keys));
    }

    fn keys(&self) -> Vec<String> {
        Vec::new()
    }

    fn gives(&self) -> Option<TableId> {
        Some(self.table)
    }
}

/// Gathers whose the rows of a relation are.
pub(super) struct Owners {
    /// The table that comes of it.
    pub(super) table: TableId,
    /// Which rows count.
    pub(super) filter: Filter,
    /// The key that others point to.
    pub(super) place: KeyPlace,
    /// Whose a row is.
    pub(super) whose: Whose,
    /// Those found so far.
    pub(super) map: OwnerMap,
}

impl Job for Owners {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.filter.admits(row, shared)? {
            return Ok(());
        }
        let Some(key) = row.print(self.place)? else { return Ok(()) };
        let Some(tenant) = self.whose.print(row, shared)? else { return Ok(()) };
        let text = self.whose.text(row, shared);
        shared.take(PER_KEY + 40 + text.as_ref().map_or(0, |t| t.len() as u64))?;
        match self.map.insert(key, (tenant, text.map(Into::into))) {
            Some((before, _)) if before != tenant => {
                Err("a key that leads to the tenant is not unique, so only a server can follow it".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        shared.tables.insert(self.table, Ok(Table::Tenants(self.map)));
    }

    fn keys(&self) -> Vec<String> {
        Vec::new()
    }

    fn gives(&self) -> Option<TableId> {
        Some(self.table)
    }
}

/// Rows that look for their parents.
pub(super) struct Seek {
    /// Key of the observation.
    pub(super) key: String,
    /// Which rows count.
    pub(super) filter: Filter,
    /// What they look for.
    pub(super) wanted: Key,
    /// Where.
    pub(super) parents: TableId,
    /// Whether some found none.
    pub(super) missing: bool,
    /// Those that came before their parents.
    pub(super) pending: PrintSet,
    /// The last key, which is often the next one too.
    pub(super) last: Option<Print>,
    /// The keys of the batch at hand.
    pub(super) asked: Vec<u64>,
    /// Room for looking them up.
    pub(super) firsts: Vec<u64>,
}

impl Seek {
    /// Takes the key of a row that counts.
    fn ask(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        match self.wanted.find(row, shared)? {
            Found::Null => {}
            Found::Unowned => self.missing = true,
            Found::Key(print) if self.last == Some(print) => {}
            Found::Key(print) => {
                self.asked.push(low(print));
                self.last = Some(print);
            }
        }
        Ok(())
    }
}

impl Job for Seek {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if self.filter.admits(row, shared)? { self.ask(row, shared) } else { Ok(()) }
    }

    fn observe_all(&mut self, chunk: &Chunk<'_>, shared: &Shared) -> Result<(), Refusal> {
        match self.wanted.telling(chunk, &self.filter) {
            None => chunk.rows().try_for_each(|row| self.observe(&row, shared))?,
            Some(rows) => rows.into_iter().try_for_each(|at| self.ask(&chunk.row(at), shared))?,
        }
        // The parents may be there for some batches and not yet for others, where another thread reads them.
        if shared.tables.contains_key(&self.parents) {
            let set = shared.set(self.parents)?;
            self.missing |= set.contains_each(&self.asked, &mut self.firsts).any(|found| !found);
        } else {
            self.pending.fetch(&self.asked);
            for print in &self.asked {
                self.pending.insert(*print, &|bytes| shared.take(bytes))?;
            }
        }
        self.asked.clear();
        Ok(())
    }

    fn fork(&self) -> Option<Box<dyn Job>> {
        Some(Box::new(Self {
            key: self.key.clone(),
            filter: self.filter.clone(),
            wanted: self.wanted.clone(),
            missing: false,
            pending: PrintSet::default(),
            last: None,
            asked: Vec::new(),
            firsts: Vec::new(),
            ..*self
        }))
    }

    fn merge(&mut self, other: Box<dyn Job>, shared: &Shared) -> Result<(), Refusal> {
        let other = fork_of::<Self>(other)?;
        self.missing |= other.missing;
        self.pending.join(&other.pending, &|bytes| shared.take(bytes))
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        if let Ok(bits) = shared.set(self.parents).map(PrintSet::bits) {
            shared.trust(bits);
        }
        if self.missing {
            shared.suspects.insert(self.key, Suspicion::Rows);
        } else if self.pending.is_empty() {
            shared.suspects.remove(&self.key);
        } else {
            shared.pending.push(Pending { key: self.key, parents: self.parents, children: self.pending });
        }
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}

/// Rows that found no parent, named.
pub(super) struct Locate {
    /// Key of the observation.
    pub(super) key: String,
    /// Which rows count.
    pub(super) filter: Filter,
    /// What they look for.
    pub(super) wanted: Key,
    /// Where.
    pub(super) parents: TableId,
    /// Whose the rows pointed to are, where that is shown: by the key alone.
    pub(super) others: Option<TableId>,
    /// What is shown.
    pub(super) shown: Vec<Shown>,
    /// How many there are.
    pub(super) violations: u64,
    /// Samples so far.
    pub(super) samples: Samples,
}

impl Job for Locate {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        if !self.filter.admits(row, shared)? {
            return Ok(());
        }
        let missing = match self.wanted.find(row, shared)? {
            Found::Null => false,
            Found::Unowned => true,
            Found::Key(print) => !contains(shared.set(self.parents)?, print),
        };
        if missing {
            self.violations += 1;
            self.samples.add(false, || {
                let mut sample: Vec<Option<String>> = self.shown.iter().map(|s| row.text(s)).collect();
                if let Some(whose) = &self.wanted.whose {
                    sample.push(whose.text(row, shared));
                    let other = self.others.and_then(|table| {
                        let print = row.print(self.wanted.place).ok()??;
                        shared.tenants(table).ok()?.get(&print)?.1.as_deref().map(str::to_owned)
                    });
                    sample.push(other);
                }
                sample
            });
        }
        Ok(())
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        let mut columns: Vec<String> = self.shown.iter().map(|s| s.name.clone()).collect();
        if self.wanted.whose.is_some() {
            columns.extend(["its tenant".to_owned(), "tenant pointed to".to_owned()]);
        }
        let tallied =
            Tallied { violations: self.violations, unknown: 0, columns, samples: self.samples.finish() };
        shared.found.insert(self.key, Ok(Observed::Tally(tallied)));
    }

    fn keys(&self) -> Vec<String> {
        vec![self.key.clone()]
    }
}

/// Whose the rows are that some keys lead to: the first owner by text.
pub(super) struct Others {
    /// The table that comes of it.
    pub(super) table: TableId,
    /// The key that others point to.
    pub(super) place: KeyPlace,
    /// Whose a row is.
    pub(super) whose: Whose,
    /// Those found so far.
    pub(super) map: OwnerMap,
}

impl Job for Others {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        let Some(key) = row.print(self.place)? else { return Ok(()) };
        let Some(text) = self.whose.text(row, shared) else { return Ok(()) };
        let text: Box<str> = text.into();
        shared.take(PER_KEY + 40 + text.len() as u64)?;
        let entry = self.map.entry(key).or_insert_with(|| (0, Some(text.clone())));
        if entry.1.as_ref().is_none_or(|known| *known > text) {
            entry.1 = Some(text);
        }
        Ok(())
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        shared.tables.insert(self.table, Ok(Table::Tenants(self.map)));
    }

    fn keys(&self) -> Vec<String> {
        Vec::new()
    }

    fn gives(&self) -> Option<TableId> {
        Some(self.table)
    }
}
