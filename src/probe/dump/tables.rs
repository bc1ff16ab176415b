//! Which relations an archive knows, and of which it holds rows.

use std::collections::BTreeMap;

use super::Archive;
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
    /// Tables it inherits from, among whose rows its own show too.
    pub inherits: Vec<RelationName>,
    /// Whether row security is enabled on it. Then a dump with --enable-row-security, by a role it applies to, lacks
    /// rows, and of archives only plain SQL tells how it was made.
    pub row_security: bool,
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
            row_security: model.secured.contains(name),
        };
        for relation in &model.catalogue.relations {
            tables.insert(relation.name.clone(), table(&relation.name, Some(relation.kind)));
        }
        for (name, blocks) in &self.blocks {
            let known = tables.entry(name.clone()).or_insert_with(|| table(name, None));
            let mut entries = blocks.iter().filter_map(|index| self.entries.get(*index));
            let inserts = entries.any(|entry| entry.copy_statement.is_empty());
            known.data = if inserts { TableData::Inserts } else { TableData::Rows };
        }
        Ok(tables.into_values().collect())
    }

    /// About how many bytes of the archive a relation's rows take, compressed as they are; 0 where that cannot be seen.
    #[must_use]
    pub fn weight(&self, relation: &RelationName) -> u64 {
        let mut places: Vec<(u64, bool)> = Vec::new();
        let mine = self.blocks_of(relation).unwrap_or_default();
        for block in self.blocks.values().flatten() {
            let Some(entry) = self.entries.get(*block) else { continue };
            places.push((self.body.position(entry), mine.contains(block)));
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

    /// The blocks that hold the rows a server shows for a relation: its own, and those of all tables below it. Indexes
    /// of entries.
    pub(super) fn blocks_of(&self, relation: &RelationName) -> Result<Vec<usize>, ArchiveError> {
        let model = self.model()?;
        let own = |name: &RelationName| self.blocks.get(name).map(Vec::as_slice).unwrap_or_default();
        if model.relation(relation).is_none() {
            return match own(relation) {
                [] => Err(absent(relation, None)),
                blocks => Ok(blocks.to_vec()),
            };
        }
        let family = model.family(relation);
        let is_partitioned = |name: &RelationName| model.kinds.get(name) == Some(&RelationKind::Partitioned);
        // Rows may have been written for a partitioned table itself (--load-via-partition-root); then nothing can be
        // said of a partition without rows.
        let through_the_root = family.iter().any(|member| is_partitioned(member) && !own(member).is_empty());
        let mut blocks = Vec::new();
        for member in family {
            let rows = own(member);
            if self.header.row_security == Some(true) && model.secured.contains(member) {
                let message = format!(
                    "the dump was made with --enable-row-security, and {member} has row security: rows may be missing; dump \
                     without that option, as the owner or a superuser"
                );
                return Err(ArchiveError::new(ArchiveErrorKind::NoData, message));
            }
            let elsewhere = through_the_root && model.partition_of.contains_key(member);
            if rows.is_empty() && !is_partitioned(member) && !elsewhere {
                if member == relation {
                    return Err(absent(relation, model.kinds.get(relation).copied()));
                }
                let what = if model.partition_of.contains_key(member) { "a partition" } else { "an heir" };
                let message = format!(
                    "the archive holds no rows of {member}, {what} of {relation}: it was left out, or is a foreign table"
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
