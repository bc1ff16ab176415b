//! What rides along in a pass over a relation.

use std::any::Any;

use super::chunk::Chunk;
use super::columns::Columns;
use super::expr::Refusal;
use super::row::Row;
use super::shared::{Shared, TableId};
use crate::catalogue::Relation;

/// One measurement, or one part of it, on its way through the rows of a relation.
pub(super) trait Job: Any + Send {
    /// Observes a row.
    ///
    /// # Errors
    ///
    /// Why it cannot go on. What it stands for is then unproven, and the other jobs of the pass go on.
    fn observe(&mut self, row: &Row<'_>, shared: &Shared) -> Result<(), Refusal>;

    /// Observes the rows of a batch in their order.
    ///
    /// # Errors
    ///
    /// As for one row.
    fn observe_all(&mut self, chunk: &Chunk<'_>, shared: &Shared) -> Result<(), Refusal> {
        for row in chunk.rows() {
            self.observe(&row, shared)?;
        }
        Ok(())
    }

    /// The same measurement with nothing observed, for another part of the rows; `None` where parts cannot be put together.
    fn fork(&self) -> Option<Box<dyn Job>> {
        None
    }

    /// Takes over what a fork observed, whose rows come after this one's.
    ///
    /// # Errors
    ///
    /// Why it cannot go on.
    fn merge(&mut self, _other: Box<dyn Job>, _shared: &Shared) -> Result<(), Refusal> {
        Err("parts of it cannot be put together".to_owned())
    }

    /// Hands over what it found.
    fn finish(self: Box<Self>, shared: &mut Shared);

    /// Keys of the observations that fail with it.
    fn keys(&self) -> Vec<String>;

    /// The table that fails with it.
    fn gives(&self) -> Option<TableId> {
        None
    }
}

/// A fork as what it was made from.
///
/// # Errors
///
/// When it is of another kind.
pub(super) fn fork_of<T: Job>(other: Box<dyn Job>) -> Result<Box<T>, Refusal> {
    let other: Box<dyn Any> = other;
    other.downcast().map_err(|_| "parts of different measurements met".to_owned())
}

/// A job and when it can run.
pub(super) struct Planned {
    /// The relation whose rows it observes.
    pub(super) relation: Relation,
    /// Tables it cannot do without.
    pub(super) needs: Vec<TableId>,
    /// Tables that make it cheaper.
    pub(super) likes: Vec<TableId>,
    /// The job.
    pub(super) job: Box<dyn Job>,
}

/// Gives up a job.
pub(super) fn fail(job: &dyn Job, why: &str, shared: &mut Shared) {
    for key in job.keys() {
        shared.fail(&key, why);
    }
    if let Some(table) = job.gives() {
        shared.tables.insert(table, Err(why.to_owned()));
    }
}

/// Columns by relation, as all jobs of a stage want them.
pub(super) type Wanted = std::collections::BTreeMap<crate::policy::RelationName, Columns>;
