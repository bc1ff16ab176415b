//! Whether a declared chain recomputes the rows of a sample, as the verifier computes it.

use super::links::{Link, bytes};
use super::sheet::Sheet;
use crate::chain::eval::{self, Inputs};
use crate::chain::keys::Keys;
use crate::chain::program::{Program, SpecIssue};
use crate::chain::search::Seeker;
use crate::chain::spec::{ChainColumn, ChainSpec};

/// Most candidates of declared searches that are tried; rows that are not reached are held not to recompute.
const MOST: u64 = 5_000_000;

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
pub fn confirm(
    sheet: &Sheet,
    link: &Link,
    rows: &[usize],
    spec: &ChainSpec,
    keys: &Keys,
) -> Result<Confirmed, SpecIssue> {
    let programs: Vec<Program> = spec
        .recipes()
        .map(|(_, recipe)| {
            Ok(Program::new(recipe, &spec.columns, link.form(sheet))?.keyed(keys).sought(&spec.searches))
        })
        .collect::<Result<_, _>>()?;
    let binds: Vec<(usize, Program)> = spec
        .binds
        .iter()
        .map(|bind| {
            let program = Program::new(&bind.value, &spec.columns, link.form(sheet))?;
            Ok((bind.column, program.keyed(keys).sought(&spec.searches)))
        })
        .collect::<Result<_, _>>()?;
    let places: Vec<Option<usize>> = spec
        .columns
        .iter()
        .map(|column| {
            let same = |known: &ChainColumn| known.name == column.name && known.joined == column.joined;
            sheet.columns.iter().position(same)
        })
        .collect();
    let mut seeker = Seeker::new(&spec.searches, &spec.columns);
    let mut confirmed = Confirmed::default();
    let mut out = Vec::new();
    let mut left = MOST;
    for at in rows {
        let row: Vec<Option<&str>> = places.iter().map(|place| sheet.cell(*at, (*place)?)).collect();
        let stored = sheet.cell(*at, link.hash).map(|cell| bytes(cell, sheet.kind(link.hash)));
        let inputs = Inputs { row: &row, prev: link.prev(*at), shifts: &[], orders: &[] };
        let mut yields = |inputs: &Inputs<'_>| {
            programs.iter().any(|program| {
                let computed = eval::evaluate(program, inputs, &mut out);
                computed.is_ok_and(|outcome| !outcome.null) && stored.as_ref() == Some(&out)
            })
        };
        let mut fits = yields(&inputs);
        if !fits && left > 0 {
            // To say that it fits is how to end a search.
            seeker.seek(&inputs, |inputs| {
                left = left.saturating_sub(1);
                fits = yields(inputs);
                fits || left == 0
            });
        }
        let fits = fits
            && binds.iter().all(|(column, program)| {
                let place = places.get(*column).copied().flatten();
                let stored = place.and_then(|place| Some(bytes(sheet.cell(*at, place)?, sheet.kind(place))));
                let computed = eval::evaluate(program, &inputs, &mut out);
                computed.is_ok_and(|outcome| !outcome.null) && stored.as_ref() == Some(&out)
            });
        if fits { confirmed.fits.push(*at) } else { confirmed.misfits.push(*at) }
    }
    Ok(confirmed)
}
