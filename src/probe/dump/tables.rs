//! Which relations an archive knows, and of which it holds rows.

use std::collections::BTreeMap;

use super::Archive;
use super::blocks::Block;
use super::catalogue::Model;
use super::error::{ArchiveError, ArchiveErrorKind};
use crate::catalogue::{Catalogue, RelationKind};
use crate::policy::RelationName;

/// A relation of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: RelationName,
    /// What it is; `None` where the archive has its data only.
    pub kind: Option<RelationKind>,
    /// Whether its own rows are there. A partitioned table has none of its own.
    pub data: TableData,
    /// The partitioned table it is a partition of.
    pub partition_of: Option<RelationName>,
    /// Tables it inherits from, among whose rows a server shows its rows too. An archive keeps them apart.
    pub inherits: Vec<RelationName>,
}

/// Whether a relation's rows are in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableData {
    /// As COPY text, perhaps none.
    Rows,
    /// As INSERT statements, which are not read.
    Inserts,
    /// Not at all: a view, a foreign table, a partitioned table, a schema-only archive, or an excluded table.
    Absent,
}

impl Archive {
    /// What it says it holds: relations, columns, keys, and the objects around them, as its statements describe them.
    /// Views have no columns, since only a server can tell their types. Indexes of partitions are not checked against
    /// those of their tables.
    ///
    /// # Errors
    /// A table's definition cannot be understood.
    pub fn catalogue(&self) -> Result<&Catalogue, ArchiveError> {
        self.model().map(|model| &model.catalogue)
    }

    /// The relations it knows, by name.
    ///
    /// # Errors
    /// A table's definition cannot be understood.
    pub fn tables(&self) -> Result<Vec<Table>, ArchiveError> {
        let model = self.model()?;
        let mut tables = BTreeMap::new();
        let table = |name: &RelationName, kind: Option<RelationKind>| Table {
            name: name.clone(),
            kind,
            data: TableData::Absent,
            partition_of: model.partition_of.get(name).cloned(),
            inherits: model.inherits.get(name).cloned().unwrap_or_default(),
        };
        for relation in &model.catalogue.relations {
            tables.insert(relation.name.clone(), table(&relation.name, Some(relation.kind)));
        }
        for block in &self.blocks {
            let known = tables.entry(block.relation.clone()).or_insert_with(|| table(&block.relation, None));
            let entry = self.entries.get(block.entry);
            let inserts = entry.is_some_and(|entry| entry.copy_statement.is_empty());
            known.data = if inserts { TableData::Inserts } else { TableData::Rows };
        }
        Ok(tables.into_values().collect())
    }

    /// About how many bytes of the archive a relation's rows take, compressed as they are; 0 where that cannot be seen.
    #[must_use]
    pub fn weight(&self, relation: &RelationName) -> u64 {
        let mut places: Vec<(u64, bool)> = Vec::new();
        let mine = self.blocks_of(relation).unwrap_or_default();
        for block in &self.blocks {
            let Some(entry) = self.entries.get(block.entry) else { continue };
            places.push((self.body.position(entry), mine.contains(&block)));
        }
        places.sort_unstable();
        let ends = places.iter().skip(1).map(|(at, _)| *at).chain([self.header.bytes]);
        places
            .iter()
            .zip(ends)
            .filter(|((_, own), _)| *own)
            .map(|((at, _), end)| end.saturating_sub(*at))
            .sum()
    }

    /// The blocks that hold the rows of a relation: its own, else those of all its partitions.
    pub(super) fn blocks_of(&self, relation: &RelationName) -> Result<Vec<&Block>, ArchiveError> {
        let own = |name: &RelationName| -> Vec<&Block> {
            self.blocks.iter().filter(|block| block.relation == *name).collect()
        };
        let direct = own(relation);
        let model = match self.model() {
            Ok(model) => model,
            // Rows can be read without understanding any table, and nothing says that it has partitions.
            Err(error) if direct.is_empty() => return Err(error),
            Err(_) => return Ok(direct),
        };
        let known = model.catalogue.relation(relation);
        if known.is_none_or(|known| !is_partitioned(model, &known.name)) {
            if direct.is_empty() {
                return Err(absent(relation, known.map(|known| known.kind)));
            }
            return Ok(direct);
        }
        // Rows may have been written for the partitioned table itself (--load-via-partition-root); then nothing can be
        // said of a partition without rows.
        let through_the_root = !direct.is_empty();
        let mut blocks = direct;
        for leaf in leaves(model, relation) {
            let rows = own(leaf);
            if rows.is_empty() && !through_the_root {
                let message = format!(
                    "the archive holds no rows of {leaf}, a partition of {relation}: it was left out, or is a foreign table"
                );
                return Err(ArchiveError::new(ArchiveErrorKind::NoData, message));
            }
            blocks.extend(rows);
        }
        if blocks.is_empty() {
            let message = format!("the archive holds {relation} without any of its partitions");
            return Err(ArchiveError::new(ArchiveErrorKind::NoData, message));
        }
        Ok(blocks)
    }

    pub(super) fn model(&self) -> Result<&Model, ArchiveError> {
        let read = || {
            let since = self.header.search_path.as_deref();
            super::catalogue::read(&self.entries, since.is_none())
        };
        self.model.get_or_init(read).as_ref().map_err(Clone::clone)
    }
}

fn is_partitioned(model: &Model, relation: &RelationName) -> bool {
    model.kinds.get(relation) == Some(&RelationKind::Partitioned)
}

/// The partitions below a partitioned table that hold rows themselves.
fn leaves<'a>(model: &'a Model, relation: &RelationName) -> Vec<&'a RelationName> {
    let mut found = Vec::new();
    let mut above = vec![relation];
    // Each partition has one table above it, so none is seen twice, unless an archive claims a circle.
    let mut left = model.partition_of.len() + 1;
    while let Some(parent) = above.pop() {
        if left == 0 {
            break;
        }
        left -= 1;
        for (partition, of) in &model.partition_of {
            if of == parent {
                if is_partitioned(model, partition) {
                    above.push(partition);
                } else {
                    found.push(partition);
                }
            }
        }
    }
    found
}

fn absent(relation: &RelationName, kind: Option<RelationKind>) -> ArchiveError {
    let why = match kind {
        None => {
            let message = format!("the archive does not know {relation}");
            return ArchiveError::new(ArchiveErrorKind::NoSuchTable, message);
        }
        Some(RelationKind::View | RelationKind::MaterializedView) => {
            "a view's rows are made by a server, and an archive holds none of them"
        }
        Some(RelationKind::Foreign) => {
            "a foreign table's rows are elsewhere, and an archive holds none of them"
        }
        _ => "the archive was made with --schema-only, --exclude-table-data or the like",
    };
    ArchiveError::new(ArchiveErrorKind::NoData, format!("the archive holds no rows of {relation}: {why}"))
}
