//! Rows of other relations that a chain's rows carry: gathered by key, then looked up row by row.

use super::columns::KeyPlace;
use super::expr::Refusal;
use super::job::{Job, fork_of};
use super::keyed::{Print, PrintMap};
use super::row::{Row, Shown};
use super::shared::{Shared, Table, TableId};

/// Cells of one row.
pub(super) type Carried = Box<[Option<Box<str>>]>;

/// Rows by their key.
pub(super) type CarriedMap = PrintMap<Vec<Carried>>;

/// Bytes that a row costs beside its texts, about.
const PER_ROW: u64 = 96;

/// Gathers cells of a relation by key.
pub(super) struct Carry {
    /// The table that comes of it.
    pub(super) table: TableId,
    /// The relation, for messages.
    pub(super) relation: String,
    /// The key that others point to.
    pub(super) place: KeyPlace,
    /// The cells.
    pub(super) shown: Vec<Shown>,
    /// Whether several rows may have one key.
    pub(super) several: bool,
    /// Those found so far.
    pub(super) map: CarriedMap,
}

impl Carry {
    /// Takes rows of one key.
    fn add(&mut self, key: Print, rows: Vec<Carried>) -> Result<(), Refusal> {
        let known = self.map.entry(key).or_default();
        known.extend(rows);
        if self.several || known.len() < 2 {
            return Ok(());
        }
        Err(format!("several rows of `{}` have one key, which is declared to be unique", self.relation))
    }
}

impl Job for Carry {
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal> {
        // A key that is NULL in part is nobody's.
        let Some(key) = row.print(self.place)? else { return Ok(()) };
        let mut cells: Vec<Option<Box<str>>> = Vec::with_capacity(self.shown.len());
        for shown in &self.shown {
            let text = match row.respelt(shown) {
                Some(text) => Some(text.into()),
                None => row.str(shown)?.map(Into::into),
            };
            cells.push(text);
        }
        shared.take(
            PER_ROW + cells.iter().map(|c| 16 + c.as_ref().map_or(0, |c| c.len() as u64)).sum::<u64>(),
        )?;
        self.add(key, vec![cells.into()])
    }

    fn fork(&self) -> Option<Box<dyn Job>> {
        Some(Box::new(Self {
            relation: self.relation.clone(),
            shown: self.shown.clone(),
            map: CarriedMap::default(),
            ..*self
        }))
    }

    fn merge(&mut self, other: Box<dyn Job>, _shared: &Shared) -> Result<(), Refusal> {
        fork_of::<Self>(other)?.map.into_iter().try_for_each(|(key, rows)| self.add(key, rows))
    }

    fn finish(self: Box<Self>, shared: &mut Shared) {
        shared.tables.insert(self.table, Ok(Table::Carried(self.map)));
    }

    fn keys(&self) -> Vec<String> {
        Vec::new()
    }

    fn gives(&self) -> Option<TableId> {
        Some(self.table)
    }
}
