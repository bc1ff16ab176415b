//! Rows of erased subjects, and columns that name subjects.

use std::sync::{Arc, Mutex};

use super::Builder;
use crate::erasure::{Gather, Subjects};
use crate::measure::rows::RowSet;
use crate::plan;
use crate::stream::erased::{Naming, Seeking};
use crate::stream::expr::Refusal;
use crate::stream::samples::Samples;

impl Builder {
    /// Looks for the subjects of a list.
    ///
    /// # Errors
    ///
    /// There is no list, it is none of what the column holds, or only a server can look.
    pub(in crate::stream) fn erased(
        &mut self,
        key: &str,
        erased: &plan::Erased,
        samples: u64,
    ) -> Result<(), Refusal> {
        let relation = &erased.rows.relation;
        let narrowed = self.narrowed(&erased.rows)?;
        let column = self.shown_one(relation, &erased.column)?;
        let named = self.shown(relation, erased.named())?;
        let subjects = match &self.lists {
            // It is only found out what could be made.
            None => Arc::new(Subjects::none()),
            Some(lists) => crate::stream::erased::subjects(lists, erased)?,
        };
        let job = Seeking {
            key: key.to_owned(),
            filter: narrowed.filter,
            form: erased.form,
            column,
            named,
            subjects,
            violations: 0,
            samples: Samples::new(samples),
        };
        self.push(relation, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }

    /// Reads the subjects that a column names.
    ///
    /// # Errors
    ///
    /// When only a server can.
    pub(in crate::stream) fn naming(
        &mut self,
        key: &str,
        (rows, column): (&RowSet, &str),
        gather: Arc<Mutex<Gather>>,
    ) -> Result<(), Refusal> {
        let narrowed = self.narrowed(rows)?;
        let column = self.shown_one(&rows.relation, column)?;
        let job = Naming { key: key.to_owned(), filter: narrowed.filter, column, gather, number: 0 };
        self.push(&rows.relation, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }
}
