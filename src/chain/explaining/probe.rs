//! Tries, on a row that does not recompute, what writers are known to have done otherwise.
//!
//! A hit is proof: with a 256-bit digest, a row does not recompute by chance under a few thousand candidates.

use super::eval::{self, Inputs};
use super::program::{Form, Program};
use super::rows::Cause;
use super::search::Seeker;
use super::spec::{CellKind, ChainSpec, Recipe, Search, Sought, TimePreset};
use super::spelt;
use super::usual::Usual;
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
/// Rows from which the usual values are learnt.
const USUAL_SAMPLE: u64 = 20_000;
/// Orders of members tried for a row of the sample: all those of seven members.
const MOST_ORDERS: u64 = 5_040;
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
    /// The way of hashing it stands for.
    way: usize,
    how: How,
}

/// How a row is tried otherwise.
#[derive(Debug)]
enum How {
    /// By another recipe, perhaps with a time shifted by nanoseconds.
    Recipe(Program, Option<(usize, i64)>),
    /// With its NULLs left out of what is joined.
    LeaveOut,
    /// With the value that this column has in every row that recomputes.
    Usual(usize),
    /// With digits of this time that storing it cut or rounded away: offsets in nanoseconds.
    Digits(usize, std::ops::Range<i64>),
    /// Not at all: what this column held was taken away when the row it points to was deleted, or may have been.
    Cleared(usize),
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
    /// What columns usually hold in rows that recompute.
    usual: Usual,
    sampled_usual: u64,
    /// Looks for lost orders of members, where none is declared.
    reorderer: Seeker,
    /// Rows that rest on a lost order, of those that were tried: how many recompute in another, and how many do not.
    reordered: (u64, u64),
}

impl Prober {
    pub(crate) fn new(spec: &ChainSpec, budget: u64) -> Self {
        let times =
            visit::all_times(spec).into_iter().map(|(column, _)| (column, Shifts::default())).collect();
        let jsonb = |column: &usize| spec.columns.get(*column).is_some_and(|c| c.kind == CellKind::Jsonb);
        let orders: Vec<Search> = visit::all_columns(spec)
            .into_iter()
            .filter(jsonb)
            .map(|column| Search { column, sought: Sought::Members })
            .collect();
        let declared = spec.searches.iter().any(|search| search.sought == Sought::Members);
        let reorderer = Seeker::new(if declared { &[] } else { &orders }, &spec.columns);
        let usual = Usual::new(visit::all_columns(spec));
        Self {
            variants: None,
            times,
            sampled: 0,
            budget,
            usual,
            sampled_usual: 0,
            reorderer,
            reordered: (0, 0),
        }
    }

    /// Takes in a row that recomputes.
    pub(crate) fn recomputes(&mut self, row: &[Option<&str>]) {
        if self.sampled_usual < USUAL_SAMPLE {
            self.sampled_usual += 1;
            self.usual.recomputes(row);
        }
    }

    /// Rows that rest on a lost order of members, of those that were tried: how many recompute in some order, and how many
    /// in none.
    pub(crate) fn reordered(&self) -> (u64, u64) {
        self.reordered
    }

    /// Tries whether a row that rests on a lost order of members recomputes in another one.
    pub(crate) fn reorder(
        &mut self,
        programs: &[(usize, &Program)],
        inputs: &Inputs<'_>,
        hash: &[u8],
        out: &mut Vec<u8>,
    ) {
        let (hits, misses) = self.reordered;
        if self.reorderer.is_empty() || hits + misses >= SAMPLE {
            return;
        }
        let budget = &mut self.budget;
        let mut steps = 0;
        let found = self.reorderer.seek(inputs, |tried| {
            steps += 1;
            if steps > MOST_ORDERS || *budget == 0 {
                return false;
            }
            *budget -= 1;
            programs.iter().any(|(_, program)| matches(program, tried, hash, out))
        });
        self.reordered = if found { (hits + 1, misses) } else { (hits, misses + 1) };
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
        programs: &[(usize, &Program)],
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
            self.variants = Some(build(spec, link, programs));
        }
        let everything = self.sampled < SAMPLE;
        self.sampled += 1;
        if !everything && !learnt {
            return self.cleared(inputs).unwrap_or(Cause::Unexplained);
        }
        let leave_out = |way: usize, inputs: &Inputs<'_>| {
            let recipe = spec.recipes().find(|(n, _)| *n == way)?.1;
            let recipe = variants::without_nulls(recipe, inputs.row, inputs.prev)?;
            let keys = &programs.iter().find(|(n, _)| *n == way)?.1.keys;
            Some(Program::new(&recipe, &spec.columns, link).ok()?.keyed(keys))
        };
        if let Some(cause) = self.try_variants(true, programs, &leave_out, inputs, hash, out) {
            return cause;
        }
        if let Some(cause) = self.try_shifts(everything, programs, inputs, hash, out) {
            return cause;
        }
        if everything && let Some(cause) = self.try_variants(false, programs, &leave_out, inputs, hash, out) {
            return cause;
        }
        if self.budget == 0 && learnt {
            return Cause::Untried;
        }
        self.cleared(inputs).unwrap_or(Cause::Unexplained)
    }

    /// Whether a column of the row is NULL that the deletion of another row makes NULL.
    fn cleared(&mut self, inputs: &Inputs<'_>) -> Option<Cause> {
        let gone = |how: &How| matches!(how, How::Cleared(column) if inputs.row.get(*column).copied().flatten().is_none());
        let (n, variant) = self.variants.iter_mut().flatten().enumerate().find(|(_, v)| gone(&v.how))?;
        variant.hits += 1;
        Some(Cause::Variant(n))
    }

    fn try_variants(
        &mut self,
        known: bool,
        programs: &[(usize, &Program)],
        leave_out: &dyn Fn(usize, &Inputs<'_>) -> Option<Program>,
        inputs: &Inputs<'_>,
        hash: &[u8],
        out: &mut Vec<u8>,
    ) -> Option<Cause> {
        let usual = &self.usual;
        for (n, variant) in self.variants.iter_mut().flatten().enumerate() {
            if (variant.hits > 0) != known || !programs.iter().any(|(way, _)| *way == variant.way) {
                continue;
            }
            self.budget = self.budget.checked_sub(1)?;
            let hit = match &variant.how {
                How::Recipe(program, shift) => {
                    matches(program, &Inputs { shifts: shift.as_slice(), ..*inputs }, hash, out)
                }
                How::Usual(column) => usual.other(*column, inputs.row).is_some_and(|value| {
                    let mut row = inputs.row.to_vec();
                    if let Some(cell) = row.get_mut(*column) {
                        *cell = value;
                    }
                    let tried = Inputs { row: &row, ..*inputs };
                    programs.iter().any(|(_, program)| matches(program, &tried, hash, out))
                }),
                How::Digits(column, offsets) => offsets.clone().any(|nanos| {
                    let moved = [(*column, nanos)];
                    let tried = Inputs { shifts: &moved, ..*inputs };
                    programs.iter().any(|(_, program)| matches(program, &tried, hash, out))
                }),
                How::Cleared(_) => false,
                How::LeaveOut => {
                    leave_out(variant.way, inputs).is_some_and(|program| matches(&program, inputs, hash, out))
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
        programs: &[(usize, &Program)],
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
                    let moved = [(*column, micros * 1_000)];
                    let tried = Inputs { shifts: &moved, ..*inputs };
                    if programs.iter().any(|(_, program)| matches(program, &tried, hash, out)) {
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

fn build(spec: &ChainSpec, link: Form, programs: &[(usize, &Program)]) -> Vec<Variant> {
    let mut built = Vec::new();
    let keys = programs.first().map(|(_, program)| program.keys.clone()).unwrap_or_default();
    for (way, recipe) in spec.recipes() {
        let leave_out = "NULL left out of what is joined, with its separator (`?? omit`)";
        built.push(Variant {
            kind: "null_policy",
            advice: leave_out.to_owned(),
            hits: 0,
            way,
            how: How::LeaveOut,
        });
        let mut add = |kind, advice, recipe: &_, shift| {
            if let Ok(program) = Program::new(recipe, &spec.columns, link) {
                let how = How::Recipe(program.keyed(&keys), shift);
                built.push(Variant { kind, advice, hits: 0, way, how });
            }
        };
        of_times(spec, recipe, &mut add);
        for (column, preset) in visit::times(recipe) {
            if preset.is_some_and(|preset| !preset.is_finer()) {
                continue;
            }
            let name = spec.columns.get(column).map_or("?", |column| column.name.as_str());
            for (words, offsets) in [("digits 9", 1..1_000), ("digits 9 rounded", -500..0)] {
                let advice = format!("more digits of `{name}` than it keeps (`search {name} {words}`)");
                let how = How::Digits(column, offsets);
                built.push(Variant { kind: "time_precision", advice, hits: 0, way, how });
            }
        }
        let mut add = |kind, advice, recipe: &_, shift| {
            if let Ok(program) = Program::new(recipe, &spec.columns, link) {
                let how = How::Recipe(program.keyed(&keys), shift);
                built.push(Variant { kind, advice, hits: 0, way, how });
            }
        };
        for (advice, recipe) in variants::null_policies(recipe) {
            add("null_policy", advice, &recipe, None);
        }
        for (advice, recipe) in variants::other_keys(recipe, spec) {
            add("wrong_key", advice, &recipe, None);
        }
        for (advice, recipe) in spelt::encodings(recipe) {
            add("hash_encoding", advice, &recipe, None);
        }
        for (advice, recipe) in spelt::coercions(recipe, spec) {
            add("value_coercion", advice, &recipe, None);
        }
        for (advice, recipe) in spelt::profiles(recipe) {
            add("json_profile", advice, &recipe, None);
        }
        for column in visit::columns(recipe) {
            let Some(of) = spec.columns.get(column) else { continue };
            let advice = format!(
                "the one value that `{}` has in all rows that recompute, so that it was changed after they were hashed",
                of.name
            );
            built.push(Variant { kind: "mutable_column", advice, hits: 0, way, how: How::Usual(column) });
            if of.cleared {
                let advice = format!("a value in `{}`", of.name);
                built.push(Variant { kind: ERASURE, advice, hits: 0, way, how: How::Cleared(column) });
            }
        }
    }
    built
}

/// The kind of a variant that no hash proves.
pub(crate) const ERASURE: &str = "erasure";

/// Adds one variant: its kind, what to declare, the recipe, and a time shifted by nanoseconds.
type Add<'a> = dyn FnMut(&'static str, String, &Recipe, Option<(usize, i64)>) + 'a;

fn of_times(spec: &ChainSpec, recipe: &Recipe, add: &mut Add<'_>) {
    let name = |column: usize| spec.columns.get(column).map_or("?", |column| column.name.as_str());
    for (column, used) in visit::times(recipe) {
        for (preset, word) in variants::PRESETS {
            // Two words for one spelling would be named at random.
            let same =
                used == Some(preset) || (used == Some(TimePreset::Js) && preset == TimePreset::IsoMillis);
            if !same {
                let recipe = variants::with_preset(recipe, column, preset);
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
            add("time_zone", advice, recipe, Some((column, micros * 1_000)));
        }
        for (words, recipe) in zone_variants::zones(recipe, column, used) {
            let advice = format!("local time, spelt as `ts({}, {words})` does", name(column));
            add("time_zone", advice, &recipe, None);
        }
    }
}
