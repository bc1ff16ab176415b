//! "Did you mean": the nearest of the names that would be legal at a place.

/// The legal name nearest to a wrong one, if it is near enough to be meant.
///
/// A name that differs only in case or in underscores is always meant; otherwise at most a third of the
/// letters may be wrong (Damerau-Levenshtein distance).
#[must_use]
pub fn nearest<'a>(wrong: &str, legal: &[&'a str]) -> Option<&'a str> {
    let flat = |s: &str| s.replace(['_', '-'], "").to_lowercase();
    if let Some(same) = legal.iter().find(|name| flat(name) == flat(wrong) && **name != wrong) {
        return Some(same);
    }
    let room = wrong.chars().count().max(3) / 3;
    legal
        .iter()
        .map(|name| {
            let distance = strsim::damerau_levenshtein(&wrong.to_lowercase(), &name.to_lowercase());
            // Of names equally near, the one that differs least in case as well.
            (distance, strsim::damerau_levenshtein(wrong, name), *name)
        })
        .filter(|(distance, _, name)| *distance <= room && *name != wrong)
        .min()
        .map(|(_, _, name)| name)
}

/// Names for a sentence: `` `a`, `b` or `c` ``.
#[must_use]
pub fn listing(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    alternatives(&quoted)
}

/// Phrases for a sentence: `a, b or c`.
#[must_use]
pub fn alternatives(phrases: &[String]) -> String {
    match phrases {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("requier", &["require", "recommend"]), Some("require"));
        assert_eq!(nearest("journal_entry", &["JournalEntry", "Tenant"]), Some("JournalEntry"));
        assert_eq!(nearest("zebra", &["require", "recommend"]), None);
        assert_eq!(nearest("id", &["ip"]), Some("ip"));
        assert_eq!(nearest("hexx", &["HEX", "hex"]), Some("hex"));
    }
}
