//! The ways in which rows of one chain were hashed: each a recipe that is tried as it stands, and with what a search tries.

use super::eval::{self, Inputs};
use super::program::{self, Form, Program, SpecIssue};
use super::search::{self, Seeker};
use super::spec::{CellKind, ChainSpec, Recipe, Sought};
use super::visit;

/// A way in which rows were hashed, ready to be tried.
#[derive(Debug)]
pub(super) struct Way {
    /// `None` where rows are only linked.
    pub(super) program: Option<Program>,
    pub(super) when: Option<usize>,
    /// Rows that recompute by it.
    pub(super) rows: u64,
}

/// What the declared search found for a row.
#[derive(Debug, Default)]
pub(super) struct Hit {
    pub(super) way: usize,
    pub(super) shifts: Vec<(usize, i64)>,
    pub(super) orders: Vec<(usize, u64)>,
}

/// The way by which a row recomputes, if any does.
pub(super) fn yields(
    ways: &[Way],
    applying: &[usize],
    inputs: &Inputs<'_>,
    hash: &[u8],
    out: &mut Vec<u8>,
) -> Option<usize> {
    applying.iter().copied().find(|n| {
        let program = ways.get(*n).and_then(|way| way.program.as_ref());
        program.is_some_and(|program| {
            matches!(eval::evaluate(program, inputs, out), Ok(outcome) if !outcome.null && out.as_slice() == hash)
        })
    })
}

/// The same with what the declared search tries.
pub(super) fn seek(
    seeker: &mut Seeker,
    ways: &[Way],
    applying: &[usize],
    inputs: &Inputs<'_>,
    hash: &[u8],
    out: &mut Vec<u8>,
) -> Option<Hit> {
    let mut found = None;
    seeker.seek(inputs, |tried| {
        found = yields(ways, applying, tried, hash, out).map(|way| Hit {
            way,
            shifts: tried.shifts.to_vec(),
            orders: tried.orders.to_vec(),
        });
        found.is_some()
    });
    found
}

/// A recipe that yields what the hash is stored as.
pub(super) fn fitting(recipe: &Recipe, spec: &ChainSpec, form: Form) -> Result<Program, SpecIssue> {
    let program = Program::new(recipe, &spec.columns, form)?;
    match (program.form(), form) {
        (Form::Bytes, Form::Text) => program::issue(
            "the recipe yields bytes but the hash is stored as text; wrap it in `hex(...)` or `base64(...)`"
                .to_owned(),
        ),
        (Form::Text, Form::Bytes) => program::issue(
            "the recipe yields text but the hash is stored as bytea; leave out the outermost `hex(...)`"
                .to_owned(),
        ),
        _ => Ok(program),
    }
}

/// What is searched must be something that some recipe can take otherwise.
pub(super) fn searchable(spec: &ChainSpec) -> Result<(), SpecIssue> {
    for search in &spec.searches {
        let name = spec.columns.get(search.column).map_or("?", |column| column.name.as_str());
        match search.sought {
            Sought::Time { .. } | Sought::Digits { .. } | Sought::Zones => {
                if !visit::all_times(spec).iter().any(|(column, _)| *column == search.column) {
                    return program::issue(format!(
                        "the search is over `{name}`, which the recipe does not spell with `ts(...)`"
                    ));
                }
                if matches!(search.sought, Sought::Time { step_nanos, .. } if step_nanos <= 0) {
                    return program::issue("the search needs a step above zero".to_owned());
                }
            }
            Sought::Members => {
                let json = |kind| matches!(kind, CellKind::Json | CellKind::Jsonb);
                if !spec.columns.get(search.column).is_some_and(|column| json(column.kind)) {
                    return program::issue(format!(
                        "only a json or jsonb column has members to search, and `{name}` is none"
                    ));
                }
            }
        }
    }
    let all =
        spec.searches.iter().try_fold(1u64, |all, search| all.checked_mul(search.candidates(&spec.columns)));
    if all.is_none_or(|all| all > search::MOST_CANDIDATES) {
        return program::issue(format!(
            "the searches have more than {} candidates for each row; narrow their windows",
            search::MOST_CANDIDATES
        ));
    }
    Ok(())
}
