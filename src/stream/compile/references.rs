//! References: keys that must be found, and those that may stand once only.

use super::super::expr::Refusal;
use super::super::keyed::PrintMap;
use super::super::print_set::PrintSet;
use super::super::reference::{Key, Locate, Others, Seek};
use super::super::repeats::Repeats;
use super::super::samples::Samples;
use super::super::shared::TableId;
use super::Builder;
use crate::measure::keys::{Duplicates, Orphans};
use crate::measure::rows::RowSet;
use crate::measure::tenants::Crossing;

impl Builder {
    pub(super) fn orphans(&mut self, key: &str, orphans: &Orphans) -> Result<(), Refusal> {
        let parents = self.keys(&orphans.parent, &orphans.parent_columns, None)?;
        let place = self.key(&orphans.child.relation, &orphans.columns)?;
        self.seek(key, &orphans.child, Key { place, whose: None }, parents, Vec::new())
    }

    pub(super) fn crossing(&mut self, key: &str, crossing: &Crossing) -> Result<(), Refusal> {
        let parents = self.keys(&crossing.parent, &crossing.parent_columns, Some(&crossing.parent_path))?;
        let mut needs = Vec::new();
        let child = &crossing.child.relation;
        let whose = self.whose(child, &crossing.child_path, &mut needs)?;
        let place = self.key(child, &crossing.columns)?;
        self.seek(key, &crossing.child, Key { place, whose: Some(whose) }, parents, needs)
    }

    pub(super) fn seek(
        &mut self,
        key: &str,
        child: &RowSet,
        wanted: Key,
        parents: TableId,
        mut needs: Vec<TableId>,
    ) -> Result<(), Refusal> {
        let narrowed = self.narrowed(child)?;
        needs.extend(narrowed.needs);
        let job = Seek {
            key: key.to_owned(),
            filter: narrowed.filter,
            wanted,
            parents,
            missing: false,
            pending: PrintSet::default(),
            last: None,
            asked: Vec::new(),
            firsts: Vec::new(),
        };
        self.push(&child.relation, needs, vec![parents], Box::new(job));
        Ok(())
    }

    pub(super) fn locate_orphans(
        &mut self,
        key: &str,
        orphans: &Orphans,
        samples: u64,
    ) -> Result<(), Refusal> {
        let parents = self.keys(&orphans.parent, &orphans.parent_columns, None)?;
        let child = &orphans.child.relation;
        let place = self.key(child, &orphans.columns)?;
        let wanted = Key { place, whose: None };
        self.locate(key, (&orphans.child, &orphans.columns), wanted, (parents, None), Vec::new(), samples)
    }

    pub(super) fn locate_crossing(
        &mut self,
        key: &str,
        crossing: &Crossing,
        samples: u64,
    ) -> Result<(), Refusal> {
        let parents = self.keys(&crossing.parent, &crossing.parent_columns, Some(&crossing.parent_path))?;
        let mut needs = Vec::new();
        let child = &crossing.child.relation;
        let whose = self.whose(child, &crossing.child_path, &mut needs)?;
        let place = self.key(child, &crossing.columns)?;
        // Whose the rows are that they point to instead.
        let parent = &crossing.parent.relation;
        let mut parent_needs = Vec::new();
        let other = self.whose(parent, &crossing.parent_path, &mut parent_needs)?;
        let place_of = self.key(parent, &crossing.parent_columns)?;
        let table = self.table();
        let others = Others { table, place: place_of, whose: other, map: PrintMap::default() };
        self.push(parent, parent_needs, Vec::new(), Box::new(others));
        needs.push(table);
        let wanted = Key { place, whose: Some(whose) };
        let rows = (&crossing.child, crossing.columns.as_slice());
        self.locate(key, rows, wanted, (parents, Some(table)), needs, samples)
    }

    pub(super) fn locate(
        &mut self,
        key: &str,
        (child, columns): (&RowSet, &[String]),
        wanted: Key,
        (parents, others): (TableId, Option<TableId>),
        mut needs: Vec<TableId>,
        samples: u64,
    ) -> Result<(), Refusal> {
        let narrowed = self.narrowed(child)?;
        needs.extend(narrowed.needs);
        needs.push(parents);
        let mut names = child.relation.key_columns();
        for column in columns {
            if !names.contains(column) {
                names.push(column.clone());
            }
        }
        let shown = self.shown(&child.relation, &names)?;
        let job = Locate {
            key: key.to_owned(),
            filter: narrowed.filter,
            wanted,
            parents,
            others,
            shown,
            violations: 0,
            samples: Samples::new(samples),
        };
        self.push(&child.relation, needs, Vec::new(), Box::new(job));
        Ok(())
    }

    pub(super) fn duplicates(&mut self, key: &str, duplicates: &Duplicates) -> Result<(), Refusal> {
        let relation = &duplicates.rows.relation;
        let narrowed = self.narrowed(&duplicates.rows)?;
        let place = self.key(relation, &duplicates.columns)?;
        let job = Repeats {
            key: key.to_owned(),
            filter: narrowed.filter,
            place,
            once: PrintSet::default(),
            again: PrintSet::default(),
        };
        self.push(relation, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }
}
