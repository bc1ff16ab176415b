//! Tries, on a row that does not recompute, what writers are known to have done otherwise.
//!
//! A hit is proof: with a 256-bit digest, a row does not recompute by chance under a few thousand candidates.

use super::eval::{self, Inputs};
use super::program::{Form, Program};
use super::rows::Cause;
use super::spec::{ChainSpec, TimePreset};
use super::variants;
use super::visit;
use super::zone_variants;

/// Rows on which everything is tried.
const SAMPLE: u64 = 32;
/// How far a time is searched, and in which steps, in microseconds.
const REACH: i64 = 5_000_000;
const STEP: i64 = 1_000;
/// How far beyond the differences seen so far a further row is searched.
const MARGIN: i64 = 50_000;
const QUARTER_HOUR: i64 = 900_000_000;

/// Another recipe that was tried.
#[derive(Debug)]
pub(crate) struct Variant {
    /// `time_precision`, `time_zone` or `null_policy`.
    pub(crate) kind: &'static str,
    /// What to declare instead.
    pub(crate) advice: String,
    /// Rows it explains.
    pub(crate) hits: u64,
    how: How,
}

/// How a row is tried otherwise.
#[derive(Debug)]
enum How {
    /// By another recipe, perhaps with a time shifted by microseconds.
    Recipe(Program, Option<(usize, i64)>),
    /// With its NULLs left out of what is joined.
    LeaveOut,
}

/// Rows that recompute with a shifted time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shifts {
    /// Rows.
    pub(crate) hits: u64,
    /// Smallest and largest hashed-minus-stored difference, in microseconds.
    pub(crate) range: (i64, i64),
}

/// Explains rows, within a budget of evaluations.
#[derive(Debug)]
pub(crate) struct Prober {
    variants: Option<Vec<Variant>>,
    /// Per time column of the recipe.
    times: Vec<(usize, Shifts)>,
    sampled: u64,
    budget: u64,
}

impl Prober {
    pub(crate) fn new(spec: &ChainSpec, budget: u64) -> Self {
        let times =
            visit::times(&spec.recipe).into_iter().map(|(column, _)| (column, Shifts::default())).collect();
        Self { variants: None, times, sampled: 0, budget }
    }

    /// The recipes tried so far.
    pub(crate) fn variants(&self) -> &[Variant] {
        self.variants.as_deref().unwrap_or_default()
    }

    /// What was found per time column.
    pub(crate) fn shifts(&self) -> &[(usize, Shifts)] {
        &self.times
    }

    /// Why the row may not recompute.
    pub(crate) fn explain(
        &mut self,
        spec: &ChainSpec,
        program: &Program,
        link: Form,
        inputs: &Inputs<'_>,
        hash: &[u8],
        out: &mut Vec<u8>,
    ) -> Cause {
        let learnt = self.variants().iter().any(|v| v.hits > 0) || self.times.iter().any(|(_, s)| s.hits > 0);
        if self.budget == 0 {
            return if learnt { Cause::Untried } else { Cause::Unexplained };
        }
        if self.variants.is_none() {
            self.variants = Some(build(spec, link));
        }
        let everything = self.sampled < SAMPLE;
        self.sampled += 1;
        if !everything && !learnt {
            return Cause::Unexplained;
        }
        let leave_out = |inputs: &Inputs<'_>| {
            let recipe = variants::without_nulls(&spec.recipe, inputs.row, inputs.prev)?;
            Program::new(&recipe, &spec.columns, link).ok()
        };
        if let Some(cause) = self.try_variants(true, &leave_out, inputs, hash, out) {
            return cause;
        }
        if let Some(cause) = self.try_shifts(everything, program, inputs, hash, out) {
            return cause;
        }
        if everything && let Some(cause) = self.try_variants(false, &leave_out, inputs, hash, out) {
            return cause;
        }
        if self.budget == 0 && learnt { Cause::Untried } else { Cause::Unexplained }
    }

    fn try_variants(
        &mut self,
        known: bool,
        leave_out: &dyn Fn(&Inputs<'_>) -> Option<Program>,
        inputs: &Inputs<'_>,
        hash: &[u8],
        out: &mut Vec<u8>,
    ) -> Option<Cause> {
        for (n, variant) in self.variants.iter_mut().flatten().enumerate() {
            if (variant.hits > 0) != known {
                continue;
            }
            self.budget = self.budget.checked_sub(1)?;
            let hit = match &variant.how {
                How::Recipe(program, shift) => {
                    matches(program, &Inputs { shift: *shift, ..*inputs }, hash, out)
                }
                How::LeaveOut => {
                    leave_out(inputs).is_some_and(|program| matches(&program, inputs, hash, out))
                }
            };
            if hit {
                variant.hits += 1;
                return Some(Cause::Variant(n));
            }
        }
        None
    }

    fn try_shifts(
        &mut self,
        everything: bool,
        program: &Program,
        inputs: &Inputs<'_>,
        hash: &[u8],
        out: &mut Vec<u8>,
    ) -> Option<Cause> {
        for (column, shifts) in &mut self.times {
            let (low, high) = match (shifts.hits, everything) {
                (0, false) => continue,
                (0, true) => (-REACH, REACH),
                // Near the differences seen first; the rest of the reach belongs to the sample only.
                (_, false) => (shifts.range.0 - MARGIN, shifts.range.1 + MARGIN),
                (_, true) => (shifts.range.0.min(-REACH), shifts.range.1.max(REACH)),
            };
            // Outwards from zero: most clocks differ by little.
            let mut distance = 0;
            while distance <= REACH + MARGIN {
                distance += STEP;
                for micros in [-distance, distance] {
                    if micros < low || micros > high {
                        continue;
                    }
                    self.budget = self.budget.checked_sub(1)?;
                    if matches(program, &Inputs { shift: Some((*column, micros)), ..*inputs }, hash, out) {
                        shifts.range = match shifts.hits {
                            0 => (micros, micros),
                            _ => (shifts.range.0.min(micros), shifts.range.1.max(micros)),
                        };
                        shifts.hits += 1;
                        return Some(Cause::Shift { column: *column, micros });
                    }
                }
            }
        }
        None
    }
}

/// Whether a row recomputes.
fn matches(program: &Program, inputs: &Inputs<'_>, hash: &[u8], out: &mut Vec<u8>) -> bool {
    matches!(eval::evaluate(program, inputs, out), Ok(outcome) if !outcome.null && out.as_slice() == hash)
}

fn build(spec: &ChainSpec, link: Form) -> Vec<Variant> {
    let mut built = Vec::new();
    let leave_out = "NULL left out of what is joined, with its separator (`?? omit`)";
    built.push(Variant { kind: "null_policy", advice: leave_out.to_owned(), hits: 0, how: How::LeaveOut });
    let mut add = |kind, advice, recipe: &_, shift| {
        if let Ok(program) = Program::new(recipe, &spec.columns, link) {
            built.push(Variant { kind, advice, hits: 0, how: How::Recipe(program, shift) });
        }
    };
    let name = |column: usize| spec.columns.get(column).map_or("?", |column| column.name.as_str());
    for (column, used) in visit::times(&spec.recipe) {
        for (preset, word) in variants::PRESETS {
            // Two words for one spelling would be named at random.
            let same =
                used == Some(preset) || (used == Some(TimePreset::Js) && preset == TimePreset::IsoMillis);
            if !same {
                let recipe = variants::with_preset(&spec.recipe, column, preset);
                add("time_precision", format!("`ts({}, {word})`", name(column)), &recipe, None);
            }
        }
        for quarters in (-56..=56).filter(|quarters| *quarters != 0) {
            let micros = quarters * QUARTER_HOUR;
            let away = crate::value::duration_text(micros);
            let advice = format!(
                "a time in `{0}` that is {away} away from UTC (`search {0} window {away}..{away}`)",
                name(column)
            );
            add("time_zone", advice, &spec.recipe, Some((column, micros)));
        }
        for (words, recipe) in zone_variants::zones(&spec.recipe, column, used) {
            let advice = format!("local time, spelt as `ts({}, {words})` does", name(column));
            add("time_zone", advice, &recipe, None);
        }
    }
    for (advice, recipe) in variants::null_policies(&spec.recipe) {
        add("null_policy", advice, &recipe, None);
    }
    built
}
