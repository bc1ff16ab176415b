//! Looks at the rows of a source: what they may use, and how often it was read for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compile::Builder;
use super::cores::Cores;
use super::shared::Shared;
use super::{Limits, Rows, pass};

/// Looks at the rows of a source.
pub(super) struct Looks<'r> {
    rows: &'r dyn Rows,
    limits: &'r Limits,
    cores: Cores,
    reads: pass::Reads,
}

impl<'r> Looks<'r> {
    /// None taken yet.
    pub(super) fn new(rows: &'r dyn Rows, limits: &'r Limits) -> Self {
        Self { rows, limits, cores: Cores::new(limits.jobs), reads: BTreeMap::new() }
    }

    /// What a first look begins with.
    pub(super) fn builder(&self) -> Builder {
        Builder::with(Arc::clone(&self.limits.outside), Arc::clone(&self.limits.lists))
    }

    /// Reads every relation that has jobs, once where it can be.
    pub(super) fn look(&mut self, builder: &mut Builder, shared: &mut Shared) {
        let jobs = std::mem::take(&mut builder.jobs);
        pass::run(jobs, &builder.wanted, self.rows, shared, &self.cores, &mut self.reads);
        shared.settle();
    }

    /// Tells how often each relation was read.
    pub(super) fn log(&self) {
        for (relation, times) in &self.reads {
            tracing::debug!(%relation, times, "read");
        }
    }
}
