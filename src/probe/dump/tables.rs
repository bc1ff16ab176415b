//! Which relations an archive knows, and of which it holds rows.

use super::Archive;
use super::blocks::Block;
use super::error::{ArchiveError, ArchiveErrorKind};
use crate::policy::RelationName;

/// A relation of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: RelationName,
    /// Whether its rows are there.
    pub data: TableData,
    /// Whether the archive defines it. Archives of data only do not.
    pub defined: bool,
    /// The partitioned table it is a partition of.
    pub partition_of: Option<RelationName>,
    /// Tables it inherits from, where its rows show as well.
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
    /// The relations it knows, by name.
    ///
    /// # Errors
    /// Its statements cannot be understood.
    pub fn tables(&self) -> Result<Vec<Table>, ArchiveError> {
        let mut tables: Vec<Table> = Vec::new();
        for block in &self.blocks {
            let entry = self.entries.get(block.entry);
            let inserts = entry.is_some_and(|entry| entry.copy_statement.is_empty());
            tables.push(Table {
                name: block.relation.clone(),
                data: if inserts { TableData::Inserts } else { TableData::Rows },
                defined: false,
                partition_of: None,
                inherits: Vec::new(),
            });
        }
        Ok(tables)
    }

    /// The blocks that hold the rows of a relation.
    pub(super) fn blocks_of(&self, relation: &RelationName) -> Result<Vec<&Block>, ArchiveError> {
        let own: Vec<&Block> = self.blocks.iter().filter(|block| block.relation == *relation).collect();
        if own.is_empty() {
            let message = format!("the archive holds no data of {relation}");
            return Err(ArchiveError::new(ArchiveErrorKind::NoData, message));
        }
        Ok(own)
    }
}
