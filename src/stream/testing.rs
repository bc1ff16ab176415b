//! Rows for tests: batches as a pass would see them.

use std::ops::ControlFlow;

use super::batch::Filler;
use super::chunk::{self, Chunk, Values};
use super::columns::Columns;
use super::keyed::Seed;
use crate::catalogue::ColumnKind;

/// A row's cells as `COPY` writes them.
pub(super) type Texts = Vec<Option<&'static str>>;

/// Shows some rows of these columns as one batch.
pub(super) fn show(columns: &Columns, rows: &[Texts], mut look: impl FnMut(&Chunk<'_>)) {
    let mut take = |batch| {
        let values = Values::read(&batch, columns);
        let derived = values.derived(columns, batch.rows());
        let prints = chunk::prints(&batch, &values, columns, Seed::fixed(5));
        look(&Chunk { batch: &batch, values: &values, derived: &derived, prints: &prints });
        ControlFlow::Continue(())
    };
    let mut filler = Filler::new(columns.names().len(), &mut take);
    for row in rows {
        for cell in row {
            match cell {
                Some(text) => filler.cell(text.as_bytes()),
                None => filler.null(),
            }
        }
        assert!(filler.end_row().is_continue());
    }
    assert!(filler.flush().is_continue());
}

/// Columns of these kinds, the values of which are wanted.
pub(super) fn columns(kinds: &[ColumnKind]) -> Columns {
    Columns::of(kinds)
}
