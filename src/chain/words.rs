//! The sentences in which a chain's verification says what it could not establish, and what to declare instead.

use super::eval::{EvalIssue, EvalIssueKind};
use super::probe::{ERASURE, Prober, Variant};
use super::report::AnomalyKind;
use super::run::{Class, Pen, Run, Tally};
use super::spec::{CellKind, ChainSpec, Sought};
use super::strands;
use super::visit;
use crate::value::duration_text;

pub(crate) const TOO_LARGE: &str = "the split is not in order, and has more rows than can be kept to find out why; \
     raise the limit, or split the chain";
pub(crate) const TIES: &str = "rows with equal order values do not recompute one after another; without a link column \
     only a complete order tells which came first: add a column to `order by`";
pub(crate) const UNNUMBERED: &str =
    "the order is declared dense or by number, but its column is NULL or not an integer here";
pub(crate) const WRONG_ORDER: &str = "the links form whole chains, but not in the declared order; the order column is \
     not the order of writing: declare another `order by`";
pub(crate) const UNTRIED: &str = "these rows do not recompute, and the budget for finding out why was used up on others \
     that turned out to be written otherwise than declared";

pub(crate) const UNSORTED: &str =
    "these rows do not recompute and are of too many kinds to tell which ones the recipe does not fit";

pub(crate) const WRONG_BINDING: &str = "most rows differ from what the policy binds a column to: \
     the `bind` does not say what the application wrote";

pub(crate) const ERA: &str = "these rows stand at one end of their chains, where none recomputes, while the rows at the other end do: the recipe \
     changed over time, or its key did, or just these were altered, which their content cannot tell; add a `hash` clause for \
     the other era";

fn name(spec: &ChainSpec, column: usize) -> &str {
    spec.columns.get(column).map_or("?", |column| column.name.as_str())
}

pub(crate) fn by_text(spec: &ChainSpec, order: usize) -> String {
    let column = name(spec, order);
    format!(
        "`{column}` holds numbers as text, which sorts `10` before `9`, while the chain follows the numbers; write `order \
         by int({column})`"
    )
}

pub(crate) fn issue(spec: &ChainSpec, issue: &EvalIssue) -> (&'static str, String) {
    let kind = match issue.kind {
        EvalIssueKind::UndeclaredNull => "null_policy",
        EvalIssueKind::NoRecipe => "no_recipe",
        _ => "unreadable",
    };
    (kind, issue.describe(&spec.columns))
}

pub(crate) fn without_hash(all: bool) -> (&'static str, String) {
    if all {
        (
            "no_hash",
            "no row has a hash; the chain was never written, or the hash column is another one".to_owned(),
        )
    } else {
        (
            "before_chain",
            "these rows have no hash and stand before the first row that has one; nothing protects them"
                .to_owned(),
        )
    }
}

pub(crate) fn no_chain(spec: &ChainSpec, rows: u64) -> String {
    format!(
        "of {rows} rows none recomputes and next to none names the row before it; `{}` may be another column, another \
         encoding, or no chain at all",
        name(spec, spec.hash)
    )
}

/// The kind of a recipe that does not fit: where every recipe is keyed, it is at least as likely the key.
pub(crate) fn misfit_kind(spec: &ChainSpec) -> &'static str {
    if keyed(spec) { "wrong_key" } else { "wrong_recipe" }
}

/// Whether every recipe takes a key.
fn keyed(spec: &ChainSpec) -> bool {
    spec.recipes().all(|(_, recipe)| !visit::keys_of(recipe).is_empty())
}

pub(crate) fn wrong_recipe(spec: &ChainSpec, run: &Run, prober: &Prober) -> String {
    let recomputed = run.verified + run.by_search;
    let tried = if prober.shifts().is_empty() {
        "other texts for NULL were tried in vain"
    } else {
        "times up to 5s away, other spellings of the time, other time zones and other texts for NULL were tried in vain"
    };
    let wrong = if keyed(spec) { "the key is another one, or the recipe" } else { "the recipe" };
    if recomputed == 0 && run.linked == run.hashed {
        format!(
            "none of {} rows recomputes while all links hold: {wrong} does not match how rows were written; {tried}",
            run.evaluated
        )
    } else {
        format!(
            "{recomputed} of {} rows recompute while {} of {} links hold: {wrong} does not match how most rows were \
             written, or it changed over time; {tried}",
            run.evaluated, run.linked, run.hashed
        )
    }
}

pub(crate) fn not_bound(spec: &ChainSpec, column: usize) -> String {
    format!(
        "the condition under which `{0}` is bound holds for no row, so it was compared with nothing; correct the `when`, or \
         remove the `bind`",
        name(spec, column)
    )
}

pub(crate) fn mixed(spec: &ChainSpec, rows: u64, judged: u64) -> String {
    let key = if keyed(spec) { ", or with another key" } else { "" };
    format!(
        "{rows} of {judged} rows do not recompute, spread among those that do, and have nothing in common: a second writer \
         that hashes otherwise{key}, or very many altered rows; add the other writer's `hash` clause"
    )
}

pub(crate) fn too_fine(spec: &ChainSpec, run: &Run) -> String {
    let (asked, found) = run.elsewhere();
    format!(
        "{} rows name a predecessor outside their split, and {found} of {asked} that were looked up are rows of other \
         splits: the writer keeps longer chains than `split by {}` says",
        run.unknown_total,
        split(spec, &[])
    )
}

pub(crate) fn too_coarse(spec: &ChainSpec, run: &Run, watch: &[usize], mask: u64) -> String {
    let columns = strands::columns(watch, mask);
    let what = format!(
        "{} splits hold {} interleaved chains, each starting at the genesis, whose rows recompute with the predecessor \
         they name: the writer splits finer than declared",
        run.suspects, run.suspect_strands
    );
    if columns.is_empty() {
        format!("{what}; add the columns it splits by to `split by {}`", split(spec, &[]))
    } else {
        format!("{what}; declare `split by {}`", split(spec, &columns))
    }
}

fn split(spec: &ChainSpec, more: &[usize]) -> String {
    let names: Vec<&str> = spec.split.iter().chain(more).map(|column| name(spec, *column)).collect();
    names.join(", ")
}

pub(crate) fn json_order(spec: &ChainSpec, run: &Run, prober: &Prober, tally: &Tally) -> String {
    let columns: Vec<String> = visit::all_columns(spec)
        .into_iter()
        .filter(|at| spec.columns.get(*at).is_some_and(|column| column.kind == CellKind::Jsonb))
        .map(|at| format!("`search {} members`", name(spec, at)))
        .collect();
    let declared = spec.searches.iter().any(|search| search.sought == Sought::Members);
    let advice = match prober.reordered() {
        _ if declared => format!(
            "in none of the orders that were tried{}",
            if run.search_beyond > 0 { ", and some rows have more orders than may be tried" } else { "" }
        ),
        (hits, misses) if hits > 0 => format!(
            "of {} rows that were tried in other orders {hits} recompute: declare {}",
            hits + misses,
            columns.join(", ")
        ),
        _ => "only an application that keeps the hashed text itself can be verified".to_owned(),
    };
    format!(
        "{} rows rest on the member order of a jsonb value, which PostgreSQL does not keep, and do not recompute in the \
         order it returns ({} rows do); {advice}",
        tally.rows,
        run.verified + run.by_search
    )
}

pub(crate) fn time_not_stored(spec: &ChainSpec, prober: &Prober, column: usize) -> String {
    let column_name = name(spec, column);
    let (low, high) =
        prober.shifts().iter().find(|(at, _)| *at == column).map_or((0, 0), |(_, shifts)| shifts.range);
    // A little room, on whole milliseconds, and always around the stored value itself.
    let window_low = (low.min(0) * 3 / 2).div_euclid(1000) * 1000;
    let window_high = -((-(high.max(0) * 3 / 2)).div_euclid(1000) * 1000);
    format!(
        "the time that was hashed is not the one stored in `{column_name}`: rows recompute with a time {} to {} from it; \
         declare `search {column_name} window {}..{}`",
        signed(low),
        signed(high),
        millis(window_low),
        millis(window_high)
    )
}

fn signed(micros: i64) -> String {
    if micros > 0 { format!("+{}", duration_text(micros)) } else { duration_text(micros) }
}

fn millis(micros: i64) -> String {
    format!("{}ms", micros / 1000)
}

pub(crate) fn wrong_hash_column(spec: &ChainSpec) -> String {
    let column = spec.columns.get(spec.hash).map_or("", |c| c.name.as_str());
    format!(
        "the links hold what the recipe yields, and `{column}` holds something else in most rows: it is probably not \
         the column that holds the hash"
    )
}

pub(crate) fn variant(variant: &Variant, rows: u64) -> String {
    if variant.kind == ERASURE {
        return format!(
            "{rows} rows do not recompute where the deletion of another row makes a column NULL: they were hashed with \
             {}, which was probably erased with that row; that cannot be told from an edit, so compare the deletions with \
             what was asked for",
            variant.advice
        );
    }
    format!(
        "{} rows were hashed with {}, which is not what the recipe says; declare it",
        variant.hits, variant.advice
    )
}

/// What is known about a row that is explained by something its writer does not usually do.
pub(crate) fn single_hint(spec: &ChainSpec, prober: &Prober, class: Class) -> String {
    match class {
        Class::Shift(column) => {
            format!("; it recomputes with another time in `{}`: that column was changed", name(spec, column))
        }
        Class::Variant(n) => match prober.variants().get(n) {
            Some(variant) => format!("; it recomputes with {}", variant.advice),
            None => String::new(),
        },
        _ => String::new(),
    }
}

/// Adds to broken links what other splits tell about them.
pub(crate) fn named_elsewhere(mut pen: Pen, run: &Run) -> Pen {
    for found in &mut pen.kept {
        let known = found.names.and_then(|short| run.hashes.knows(short));
        if known == Some(true) && found.anomaly.kind != AnomalyKind::RehashedRow {
            found
                .anomaly
                .message
                .push_str("; a row of another split has that hash, so rows were moved between splits");
        }
    }
    pen
}
