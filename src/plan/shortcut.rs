//! Shortcuts: observations that settle more than they were made for, and spare the statements that would.

use std::collections::BTreeMap;

use bigdecimal::{BigDecimal, Zero as _};

use crate::facts::{Observation, Observed};

/// Observations that together spare a statement when all of them show nothing wrong. Without any there is no shortcut.
/// What they do not settle is looked at as if they were not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shortcut(pub Vec<Evidence>);

/// One observation of a shortcut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The number under this key is 0, or the tally under it counted nothing.
    Nothing(String),
    /// The numbers under these keys are equal.
    Same(String, String),
}

impl Evidence {
    /// Keys of what must be observed for it.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        match self {
            Self::Nothing(key) => vec![key],
            Self::Same(left, right) => vec![left, right],
        }
    }

    fn shown(&self, seen: &BTreeMap<String, Observation>) -> bool {
        match self {
            Self::Nothing(key) => match seen.get(key).map(|o| &o.result) {
                Some(Ok(Observed::Tally(tally))) => tally.violations == 0 && tally.unknown == 0,
                _ => number(key, seen).is_some_and(|n| n.is_zero()),
            },
            Self::Same(left, right) => match (number(left, seen), number(right, seen)) {
                (Some(left), Some(right)) => left == right,
                _ => false,
            },
        }
    }
}

impl Shortcut {
    /// Whether it leaves no other answer than that nothing is wrong.
    #[must_use]
    pub fn settles(&self, seen: &BTreeMap<String, Observation>) -> bool {
        !self.0.is_empty() && self.0.iter().all(|evidence| evidence.shown(seen))
    }

    /// Keys of what must be observed first.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(Evidence::keys)
    }
}

/// An observed number; NULL, `NaN` and an infinity are none.
fn number(key: &str, seen: &BTreeMap<String, Observation>) -> Option<BigDecimal> {
    match &seen.get(key)?.result {
        Ok(Observed::Cell(Some(text))) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Failure, Tallied};
    use crate::failure::FailureKind;

    fn seen(list: Vec<(&str, Result<Observed, Failure>)>) -> BTreeMap<String, Observation> {
        list.into_iter().map(|(key, result)| (key.to_owned(), Observation { result, micros: 0 })).collect()
    }

    fn cell(text: &str) -> Result<Observed, Failure> {
        Ok(Observed::Cell(Some(text.to_owned())))
    }

    #[test]
    fn only_what_was_seen_and_is_nothing_settles() {
        let lost = || Failure { kind: FailureKind::ConnectionLost, message: "gone".to_owned() };
        let tally =
            |violations, unknown| Ok(Observed::Tally(Tallied { violations, unknown, ..Tallied::default() }));
        let seen = seen(vec![
            ("zero", cell("0.00")),
            ("one", cell("-0.01")),
            ("nan", cell("NaN")),
            ("null", Ok(Observed::Cell(None))),
            ("lost", Err(lost())),
            ("clean", tally(0, 0)),
            ("wrong", tally(1, 0)),
            ("unknown", tally(0, 1)),
        ]);
        let nothing = |keys: &[&str]| {
            Shortcut(keys.iter().map(|k| Evidence::Nothing((*k).to_owned())).collect()).settles(&seen)
        };
        assert!(nothing(&["zero"]) && nothing(&["clean"]) && nothing(&["zero", "clean"]));
        assert!(!nothing(&[]));
        for key in ["one", "nan", "null", "lost", "wrong", "unknown", "never looked at"] {
            assert!(!nothing(&[key]) && !nothing(&["zero", key]), "{key}");
        }
        let same =
            |a: &str, b: &str| Shortcut(vec![Evidence::Same(a.to_owned(), b.to_owned())]).settles(&seen);
        assert!(same("one", "one") && same("zero", "zero"));
        assert!(
            !same("zero", "one") && !same("nan", "nan") && !same("null", "null") && !same("lost", "lost")
        );
    }
}
