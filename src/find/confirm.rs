//! Whether a declared chain recomputes the rows of a sample, as the verifier computes it.

use super::links::{Link, bytes};
use super::sheet::Sheet;
use crate::chain::eval::{self, Inputs};
use crate::chain::program::{Program, SpecIssue};
use crate::chain::spec::ChainSpec;

/// What became of the rows of a sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmed {
    /// Rows that recompute.
    pub fits: Vec<usize>,
    /// Rows that do not.
    pub misfits: Vec<usize>,
}

/// Recomputes rows by a chain that was read from its text, not by what it was written from.
///
/// # Errors
///
/// The chain contradicts its columns.
pub fn confirm(sheet: &Sheet, link: &Link, rows: &[usize], spec: &ChainSpec) -> Result<Confirmed, SpecIssue> {
    let program = Program::new(&spec.recipe, &spec.columns, link.form(sheet))?;
    let places: Vec<Option<usize>> = spec
        .columns
        .iter()
        .map(|column| sheet.columns.iter().position(|known| known.name == column.name))
        .collect();
    let shifts: Vec<Option<(usize, i64)>> = match &spec.search {
        None => vec![None],
        Some(search) => {
            let candidates = i64::try_from(search.candidates().min(1_000_000)).unwrap_or(0);
            let window = (0..candidates)
                .map(|n| search.from_micros.saturating_add(n.saturating_mul(search.step_micros)));
            std::iter::once(0).chain(window).map(|micros| Some((search.column, micros))).collect()
        }
    };
    let mut confirmed = Confirmed::default();
    let mut out = Vec::new();
    for at in rows {
        let row: Vec<Option<&str>> = places.iter().map(|place| sheet.cell(*at, (*place)?)).collect();
        let stored = sheet.cell(*at, link.hash).map(|cell| bytes(cell, sheet.kind(link.hash)));
        let fits = shifts.iter().any(|shift| {
            let inputs = Inputs { row: &row, prev: link.prev(*at), shift: *shift };
            let computed = eval::evaluate(&program, &inputs, &mut out);
            computed.is_ok_and(|outcome| !outcome.null) && stored.as_ref() == Some(&out)
        });
        if fits { confirmed.fits.push(*at) } else { confirmed.misfits.push(*at) }
    }
    Ok(confirmed)
}
