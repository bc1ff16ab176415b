//! Chains: the cells their jobs read, and the rows of other relations that these carry.

use super::super::carried::{CarriedMap, Carry};
use super::super::chain::{Carrying, Cells, Laid, Place, Sorted};
use super::super::compiler::Compiler;
use super::super::expr::Refusal;
use super::super::row::Filter;
use super::super::shared::TableId;
use super::Builder;
use crate::catalogue::ColumnKind;
use crate::chain::given::Given;
use crate::chain::segment::Segment;
use crate::chain::spec::ChainSpec;
use crate::chain::verify::Limits;
use crate::plan::{Chained, Joined};

/// The cells of a chain on their way to a job.
struct ChainCells {
    cells: Cells,
    needs: Vec<TableId>,
}

impl Builder {
    /// A chain, as it lies. Columns that only name rows are left out: this look settles the chain or says nothing.
    ///
    /// # Errors
    ///
    /// When only a server can make it.
    pub(in super::super) fn chain(
        &mut self,
        key: &str,
        chained: &Chained,
        samples: u64,
    ) -> Result<(), Refusal> {
        let cells = self.chained(chained, false)?;
        let given = self.given(&chained.spec)?;
        let limits = Limits { samples: usize::try_from(samples).unwrap_or(usize::MAX), ..Limits::default() };
        let segment = Segment::new(&chained.spec, &given, limits).map_err(|e| e.to_string())?;
        let (key, needs) = (key.to_owned(), cells.needs);
        let job = Laid { key, cells: cells.cells, segment, taken: 0, texts: Vec::new() };
        self.push(&chained.rows.relation, needs, Vec::new(), Box::new(job));
        Ok(())
    }

    /// A chain that did not lie in order.
    ///
    /// # Errors
    ///
    /// When only a server can make it.
    pub(in super::super) fn sorted_chain(
        &mut self,
        key: &str,
        chained: &Chained,
        samples: u64,
    ) -> Result<(), Refusal> {
        let cells = self.chained(chained, true)?;
        let (rows, spec) = (&chained.rows, &chained.spec);
        let given = self.given(spec)?;
        let own = spec.order.iter().filter_map(|at| spec.columns.get(*at)).filter(|column| !column.joined);
        for name in own.map(|c| &c.name) {
            self.columns(&rows.relation).value(&rows.relation, name)?;
        }
        let (key, needs) = (key.to_owned(), cells.needs);
        let job = Sorted { key, cells: cells.cells, spec: spec.clone(), given, samples, rows: Vec::new() };
        self.push(&rows.relation, needs, Vec::new(), Box::new(job));
        Ok(())
    }

    /// The cells of a chain, with those that only name rows where that is wanted.
    fn chained(&mut self, chained: &Chained, named: bool) -> Result<ChainCells, Refusal> {
        let relation = &chained.rows.relation;
        let narrowed = self.narrowed(&chained.rows)?;
        let mut needs = narrowed.needs;
        let mut joins = Vec::new();
        for join in &chained.joins {
            let table = self.carry(join)?;
            needs.push(table);
            joins.push(Carrying { key: self.key(relation, &join.by)?, table });
        }
        let mut places = Vec::new();
        for (at, column) in chained.spec.columns.iter().enumerate() {
            places.push(match column.joined {
                true => joined(chained, at),
                false if !named && at >= chained.naming => Place::Nowhere,
                false => Place::Own(self.shown_one(relation, &column.name)?),
            });
        }
        let mut conditions = Vec::new();
        for condition in &chained.conditions {
            let mut compiler = Compiler { relation, columns: self.columns(relation), aggregates: Vec::new() };
            let tests = vec![compiler.condition(condition)?];
            conditions.push(Filter { tests, within: Vec::new() });
        }
        let cells = Cells { filter: narrowed.filter, places, joins, conditions };
        Ok(ChainCells { cells, needs })
    }

    fn given(&self, spec: &ChainSpec) -> Result<Given, Refusal> {
        self.outside.as_ref().map_or_else(|| Ok(Given::default()), |ring| ring.of(spec))
    }

    /// The table of the rows that a join finds.
    fn carry(&mut self, join: &Joined) -> Result<TableId, Refusal> {
        let relation = &join.rows.relation;
        let names: Vec<&str> = join.columns.iter().map(|(_, name)| name.as_str()).collect();
        let several = join.cell.is_some();
        let what = format!("rows {} {} {names:?} {several}", join.to.join(","), join.rows.from("r", &[]));
        if let Some(known) = self.known.get(&what) {
            return Ok(*known);
        }
        let place = self.key(relation, &join.to)?;
        let mut shown = Vec::new();
        for name in names {
            shown.push(self.shown_one(relation, name)?);
        }
        let table = self.table();
        self.known.insert(what, table);
        let map = CarriedMap::default();
        let job = Carry { table, relation: relation.name.to_string(), place, shown, several, map };
        self.push(relation, Vec::new(), Vec::new(), Box::new(job));
        Ok(table)
    }
}

/// Where the cell of a column that is not the chain's own comes from.
fn joined(chained: &Chained, place: usize) -> Place {
    for (n, join) in chained.joins.iter().enumerate() {
        if join.cell == Some(place) {
            return Place::Rows(n);
        }
        if let (None, Some(at)) = (join.cell, join.columns.iter().position(|(at, _)| *at == place)) {
            let kind = join.columns.get(at).and_then(|(_, name)| join.rows.relation.column(name));
            return Place::Joined(n, at, kind.map_or(ColumnKind::Other, |column| column.kind));
        }
    }
    Place::Nowhere
}
