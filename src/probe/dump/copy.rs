//! A table's data: lines of COPY text up to the end marker.

use std::io::Read;
use std::ops::ControlFlow;

use memchr::memchr_iter;

use super::error::ArchiveError;
use super::lines::Lines;
use super::row::RowRef;

/// Ends the data of a table (`dumpTableData_copy` in `pg_dump.c`).
const END: &[u8] = b"\\.";

/// Columns of one block of data, as its COPY statement names them, and how the caller wants them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// Cells in each line.
    pub(super) width: usize,
    /// The columns as the caller sees them.
    pub(super) columns: Vec<String>,
    /// For each of them, which cell it is; none when they are in the same order.
    pub(super) order: Option<Vec<usize>>,
}

/// Rows handed over, and whether the end marker was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) rows: u64,
    pub(super) complete: bool,
}

/// Reads rows up to the end marker, which is taken, or until the taker breaks off.
pub(super) fn rows<R: Read>(
    lines: &mut Lines<R>,
    shape: &Shape,
    on_row: &mut dyn FnMut(&RowRef<'_>) -> ControlFlow<()>,
) -> Result<Copied, ArchiveError> {
    let mut ends = Vec::with_capacity(shape.width);
    let mut rows = 0;
    loop {
        let Some(line) = lines.next()?.filter(|line| line.ended) else {
            return Err(ArchiveError::truncated(format!(
                "after {rows} rows its data ends without the end marker `\\.`"
            )));
        };
        if line.bytes == END {
            return Ok(Copied { rows, complete: true });
        }
        split(line.bytes, shape.width, &mut ends);
        if ends.len() != shape.width {
            return Err(ArchiveError::corrupt(format!(
                "row {} has {} cells, and its COPY statement names {} columns",
                rows + 1,
                ends.len(),
                shape.width
            )));
        }
        rows += 1;
        let row =
            RowRef { line: line.bytes, ends: &ends, order: shape.order.as_deref(), columns: &shape.columns };
        if on_row(&row).is_break() {
            return Ok(Copied { rows, complete: false });
        }
    }
}

/// Nothing but blank lines may follow the end marker in a table's own data.
pub(super) fn nothing_follows<R: Read>(lines: &mut Lines<R>) -> Result<(), ArchiveError> {
    while let Some(line) = lines.next()? {
        if !line.bytes.is_empty() {
            return Err(ArchiveError::corrupt("something follows the end marker `\\.` of its data"));
        }
    }
    Ok(())
}

/// Where the cells of a line end. A table without columns has empty lines, and no cells.
fn split(line: &[u8], width: usize, ends: &mut Vec<usize>) {
    ends.clear();
    if width == 0 && line.is_empty() {
        return;
    }
    ends.extend(memchr_iter(b'\t', line));
    ends.push(line.len());
}
