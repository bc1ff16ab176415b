//! Every JSON profile that can be written, for who looks for the one that was used.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::json_profiles::PROFILES;
use super::{Given, check};
use crate::chain::spec::{How, JsonProfile, Recipe};
use crate::source_text::SourceSet;
use crate::syntax::parse;

/// Every JSON profile, as a recipe writes it, those with the fewest options first. None is listed twice under two names.
#[must_use]
pub fn json_profiles() -> Vec<(String, JsonProfile)> {
    let mut texts: Vec<(usize, String)> = Vec::new();
    for (name, (_, options)) in PROFILES {
        for chosen in 0u32..1 << options.len().min(8) {
            let options: Vec<&str> = options
                .iter()
                .enumerate()
                .filter(|(n, _)| chosen >> n & 1 == 1)
                .map(|(_, option)| *option)
                .collect();
            let list = if options.is_empty() { String::new() } else { format!("({})", options.join(", ")) };
            texts.push((options.len(), format!("{name}{list}")));
        }
    }
    texts.sort_by_key(|(options, _)| *options);
    let mut found: Vec<(String, JsonProfile)> = Vec::new();
    for (_, text) in texts {
        if let Some(profile) = read(&text)
            && !found.iter().any(|(_, known)| *known == profile)
        {
            found.push((text, profile));
        }
    }
    found
}

/// The profile that a recipe's words name; `None` where they contradict each other.
fn read(profile: &str) -> Option<JsonProfile> {
    let text = format!(
        "policy p {{ language 1 }}\nsource postgres db\n\
         chain c on t {{ order by a; link implicit genesis null; hash h = hex(sha256(json({profile}, a))) }}\n\
         gate g on db {{ check k {{ require c is intact }} }}\n"
    );
    let mut texts = SourceSet::default();
    let id = texts.add("profile".to_owned(), &text);
    let (ast, found) = parse(id, &text);
    if !found.is_empty() {
        return None;
    }
    let given = Given {
        parameters: BTreeMap::new(),
        lenient: false,
        today: Date::constant(2000, 1, 1),
        no_raw_sql: true,
    };
    let hashing = check(&texts, &[ast], &given).0?.chains.into_iter().next()?.hashings.into_iter().next()?;
    let How::Recipe(Recipe::Hex(digest)) = hashing.how else { return None };
    let Recipe::Digest(_, inner) = *digest else { return None };
    match *inner {
        Recipe::JsonColumn(profile, _) => Some(profile),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_listed_once() {
        let all = json_profiles();
        for name in ["js", "js(sorted)", "jcs", "py_compact(utf8)", "go", "php(sorted, slashes, utf8)"] {
            assert!(all.iter().any(|(known, _)| known == name), "{name} in {all:?}");
        }
        assert!(all.iter().enumerate().all(|(n, (_, profile))| !all[..n].iter().any(|(_, p)| p == profile)));
    }
}
