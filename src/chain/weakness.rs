//! What a recipe does not protect, even when every row of its chain verifies.

use super::program::is_time;
use super::spec::{CellKind, ChainSpec, Frame, Genesis, How, Recipe, Sought, TimePreset, TimeSpelling};
use super::visit;

/// The weaknesses of a chain as declared, as sentences for lint and reports.
#[must_use]
pub fn notes(spec: &ChainSpec) -> Vec<String> {
    let mut notes = unkeyed(spec);
    if spec.anchors.is_none() {
        notes.extend([
            "a chain cannot see its own lost tail: rows removed from its end leave no trace without an anchor kept \
             elsewhere"
                .to_owned(),
            "the last row of each chain has no successor: if it is changed and hashed again, only an anchor tells".to_owned(),
        ]);
    }
    if !spec.uncovered.is_empty() {
        // Of several clauses, one may leave out what another has.
        let (of, there) =
            if spec.hashings.len() > 1 { (" by at least one `hash` clause", " there") } else { ("", "") };
        let listed = listed(&spec.uncovered);
        notes.push(format!("outside the hash{of}, so changes to them are invisible{there}: {listed}"));
    }
    notes.extend(coarse(spec));
    if let Some(fields) = ambiguous(spec) {
        notes.push(fields);
    }
    if !spec.recipes().all(|(_, recipe)| binds_previous(recipe)) {
        notes.push(
            "the recipe does not bind the predecessor: links can be changed without changing any hash"
                .to_owned(),
        );
    }
    if spec.previous.is_none() {
        notes.push(
            "there is no link column: an altered row cannot be told from one whose predecessor was removed"
                .to_owned(),
        );
    }
    if spec.dense_from.is_none() {
        notes.push(
            "the order is not dense: how many rows are missing at a broken link cannot be known".to_owned(),
        );
    }
    notes.push(
        "unless a unique constraint on split and predecessor exists, two writers can follow the same row and fork the chain"
            .to_owned(),
    );
    let one_genesis = !matches!(spec.genesis, Genesis::Derived(_));
    if one_genesis && !spec.split.is_empty() && !covers_split(spec) {
        notes.push(
            "every chain starts from the same genesis and the recipe does not cover the split columns: a whole chain can \
             be moved to another split"
                .to_owned(),
        );
    }
    if !spec.split.is_empty() && spec.anchors.is_none() {
        notes.push(
            "the chains know nothing of each other: one whose rows were all removed leaves no trace without a count or an \
             anchor kept elsewhere"
                .to_owned(),
        );
    }
    notes.extend(searched(spec));
    if spec.hashings.iter().any(|hashing| hashing.how == How::LinksOnly) {
        notes.push(
            "rows that are accepted as linked only can be changed freely: their content is bound by no hash that can be \
             recomputed"
                .to_owned(),
        );
    }
    notes
}

/// What there is to say about keys and broken digests.
fn unkeyed(spec: &ChainSpec) -> Vec<String> {
    let mut notes = Vec::new();
    let unkeyed = spec.recipes().filter(|(_, recipe)| visit::keys_of(recipe).is_empty()).count();
    if unkeyed > 0 {
        let rest = "has no key: whoever can write the table can rewrite a chain so that it verifies";
        notes.push(match spec.recipes().count() > unkeyed {
            false => format!("the digest {rest}"),
            true => format!("{unkeyed} of the `hash` clauses take no key, and a row that fits any of them verifies: the chain {rest}"),
        });
    }
    let mut broken: Vec<&str> = Vec::new();
    for (_, recipe) in spec.recipes() {
        visit::visit(recipe, &mut |part| {
            if let Recipe::Digest(digest, _) = part
                && digest.is_broken()
                && !broken.contains(&digest.word())
            {
                broken.push(digest.word());
            }
        });
    }
    if !broken.is_empty() {
        notes.push(format!(
            "{} is broken: two contents with one digest can be made at will",
            broken.join(" and ")
        ));
    }
    notes
}

/// What the declared searches cost.
fn searched(spec: &ChainSpec) -> Option<String> {
    if spec.searches.is_empty() {
        return None;
    }
    let times: u64 = spec.searches.iter().map(|search| search.candidates(&spec.columns)).product();
    let members = spec.searches.iter().any(|search| search.sought == Sought::Members);
    Some(if members {
        format!(
            "the search tries every order of members{}, which weakens the digest by the logarithm of their number",
            if times > 1 { format!(", each with {times} times") } else { String::new() }
        )
    } else {
        format!(
            "the search tries {times} times per row, which weakens the digest by {} bits",
            super::search::bits(times)
        )
    })
}

/// Times whose spelling keeps less of the second than their column holds.
fn coarse(spec: &ChainSpec) -> Vec<String> {
    let mut notes = Vec::new();
    let mut seen = Vec::new();
    for (_, recipe) in spec.recipes() {
        coarse_in(spec, recipe, &mut seen, &mut notes);
    }
    notes
}

fn coarse_in(spec: &ChainSpec, recipe: &Recipe, seen: &mut Vec<usize>, notes: &mut Vec<String>) {
    visit::visit(recipe, &mut |part| {
        let (index, kept) = match part {
            Recipe::Time(index, preset) => (*index, kept_by(*preset)),
            Recipe::TimeAs(index, form) => match &form.spelling {
                TimeSpelling::Preset(preset) => (*index, kept_by(*preset)),
                TimeSpelling::Pattern(pattern) => (*index, pattern.digits()),
            },
            _ => return,
        };
        let Some(column) = spec.columns.get(index) else { return };
        if seen.contains(&index) {
            return;
        }
        seen.push(index);
        let Some(kept) = kept else {
            notes.push(format!(
                "`{}` enters the hash without its seconds: changes to them are invisible",
                column.name
            ));
            return;
        };
        if kept >= 6 || column.digits.is_some_and(|digits| digits <= kept) {
            return;
        }
        let unit = match kept {
            0 => "to the second".to_owned(),
            3 => "to the millisecond".to_owned(),
            digits => format!("to {digits} digits of the second"),
        };
        let where_it_may = if column.digits.is_none() { ", where its type holds them" } else { "" };
        notes.push(format!(
            "`{}` enters the hash cut {unit}: changes to smaller fractions are invisible{where_it_may}",
            column.name
        ));
    });
}

/// Digits of the second's fraction that a spelling keeps.
fn kept_by(preset: TimePreset) -> Option<u8> {
    Some(match preset {
        TimePreset::IsoSeconds
        | TimePreset::Laravel
        | TimePreset::EpochSeconds
        | TimePreset::EpochSecondsRound => 0,
        TimePreset::Js | TimePreset::IsoMillis | TimePreset::EpochMillis => 3,
        _ => 6,
    })
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn binds_previous(recipe: &Recipe) -> bool {
    let mut bound = false;
    visit::visit(recipe, &mut |part| bound |= *part == Recipe::Prev);
    bound
}

fn covers_split(spec: &ChainSpec) -> bool {
    let covered = visit::all_columns(spec);
    spec.split.iter().all(|column| covered.contains(column))
}

/// The first place where text may move across a field boundary without changing the preimage.
fn ambiguous(spec: &ChainSpec) -> Option<String> {
    spec.recipes().find_map(|(_, recipe)| ambiguous_in(spec, recipe))
}

fn ambiguous_in(spec: &ChainSpec, recipe: &Recipe) -> Option<String> {
    let mut found = None;
    visit::visit(recipe, &mut |part| {
        let (separator, parts) = match part {
            Recipe::Cat(parts) => ("", parts),
            Recipe::Join(separator, parts) => (separator.as_str(), parts),
            _ => return,
        };
        let free: Vec<&str> = parts.iter().filter_map(|part| free_text(spec, part)).collect();
        let unclear = match separator {
            "" => {
                parts.len() > 1
                    && parts.windows(2).any(|pair| pair.iter().any(|part| free_text(spec, part).is_some()))
            }
            _ => parts.len() > 1 && !free.is_empty(),
        };
        if unclear && found.is_none() {
            found = Some(match separator {
                "" => format!(
                    "fields are joined without a separator: text can move between {} and their neighbours without \
                     changing the hash",
                    quoted(&free)
                ),
                _ => format!(
                    "fields are joined with `{separator}`, which {} may contain: text can move across field boundaries \
                     without changing the hash",
                    quoted(&free)
                ),
            });
        }
    });
    found
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The column of a part whose length is not fixed by its type.
fn free_text<'s>(spec: &'s ChainSpec, part: &Recipe) -> Option<&'s str> {
    match part {
        Recipe::Column(index) => {
            let column = spec.columns.get(*index)?;
            let digest = *index == spec.hash || Some(*index) == spec.previous;
            let plain = matches!(column.kind, CellKind::Bool | CellKind::Uuid | CellKind::Integer);
            let fixed = digest || plain || is_time(column.kind);
            (!fixed).then_some(column.name.as_str())
        }
        // What is left out leaves no trace of its place, whatever its type.
        Recipe::Omit(inner) => {
            visit::columns(inner).first().and_then(|i| spec.columns.get(*i)).map(|c| c.name.as_str())
        }
        // Counted fields are told apart unless the count runs into the field.
        Recipe::Sized(Frame::Text(separator), _, inner)
            if separator.is_empty() || separator.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            free_text(spec, inner)
        }
        Recipe::Coalesce(inner, _)
        | Recipe::Lower(inner)
        | Recipe::Upper(inner)
        | Recipe::NullIf(inner, _)
        | Recipe::Strip(_, inner)
        | Recipe::ByteaCast(inner) => free_text(spec, inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::fixture::{dense, or, tala};
    use crate::chain::spec::{Hashing, Unit};

    fn has(spec: &ChainSpec, part: &str) -> bool {
        notes(spec).iter().any(|note| note.contains(part))
    }

    #[test]
    fn what_tala_does_not_protect_is_said() {
        let spec = tala();
        for part in [
            "no key",
            "lost tail",
            "last row",
            "`changesAfter`",
            "between `entityType`, `entityId`, `action`, `userId` and their neighbours",
            "fork the chain",
            "not dense",
            "moved to another split",
            "rows were all removed",
            "`createdAt` enters the hash cut to the millisecond",
        ] {
            assert!(has(&spec, part), "{part}: {:#?}", notes(&spec));
        }
        assert!(!has(&spec, "link column") && !has(&spec, "weakens") && !has(&dense(), "not dense"));
    }

    #[test]
    fn a_better_recipe_has_fewer_notes() {
        let spec = tala();
        let tenant = spec.split[0];
        let recipe = Recipe::Join("|".to_owned(), vec![or(Recipe::Prev, ""), Recipe::Column(tenant)]);
        let by = |recipe| vec![Hashing::always(recipe)];
        let better = ChainSpec { hashings: by(recipe), uncovered: Vec::new(), ..spec.clone() };
        assert!(has(&better, "joined with `|`, which `tenantId` may contain"));
        let number = || Recipe::Omit(Box::new(Recipe::Column(crate::chain::fixture::SEQ)));
        let sized = |inner| Recipe::Sized(Frame::Text(":".to_owned()), Unit::Bytes, Box::new(inner));
        let omitted = Recipe::Join("|".to_owned(), vec![number(), number()]);
        assert!(has(&ChainSpec { hashings: by(omitted), ..spec.clone() }, "`seq` may contain"));
        let counted = Recipe::Cat(vec![sized(Recipe::Column(tenant)), sized(Recipe::Prev)]);
        assert!(!has(&ChainSpec { hashings: by(counted), ..spec.clone() }, "without a separator"));
        assert!(!has(&better, "moved to another split") && !has(&better, "outside the hash"));
        let mut milliseconds = spec.clone();
        milliseconds.columns.iter_mut().for_each(|column| column.digits = Some(3));
        assert!(!has(&milliseconds, "enters the hash cut"));
        let recipe = spec.recipes().next().unwrap().1;
        milliseconds.hashings =
            by(super::super::variants::with_preset(recipe, spec.order[0], TimePreset::EpochSeconds));
        assert!(has(&milliseconds, "cut to the second: changes to smaller fractions are invisible"));
        assert!(!has(&ChainSpec { split: Vec::new(), ..spec.clone() }, "rows were all removed"));
        let unbound = ChainSpec { hashings: by(Recipe::Column(tenant)), previous: None, ..spec };
        assert!(has(&unbound, "does not bind the predecessor") && has(&unbound, "no link column"));
    }
}
