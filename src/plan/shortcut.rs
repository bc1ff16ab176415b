//! Shortcuts: observations that settle more than they were made for, and spare the statements that would.

use bigdecimal::{BigDecimal, Zero as _};

use crate::facts::{Failure, Observed};

/// What was observed under a key, or why nothing was.
pub type Outcome<'o> = &'o Result<Observed, Failure>;

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

    fn shown<'o>(&self, seen: &impl Fn(&str) -> Option<Outcome<'o>>) -> bool {
        match self {
            Self::Nothing(key) => match seen(key) {
                Some(Ok(Observed::Tally(tally))) => tally.violations == 0 && tally.unknown == 0,
                found => number(found).is_some_and(|n| n.is_zero()),
            },
            Self::Same(left, right) => match (number(seen(left)), number(seen(right))) {
                (Some(left), Some(right)) => left == right,
                _ => false,
            },
        }
    }
}

impl Shortcut {
    /// Whether it leaves no other answer than that nothing is wrong, by what was observed under each key so far.
    #[must_use]
    pub fn settles<'o>(&self, seen: &impl Fn(&str) -> Option<Outcome<'o>>) -> bool {
        !self.0.is_empty() && self.0.iter().all(|evidence| evidence.shown(seen))
    }

    /// Keys of what must be observed first.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(Evidence::keys)
    }
}

/// An observed number; NULL, `NaN` and an infinity are none.
fn number(found: Option<Outcome<'_>>) -> Option<BigDecimal> {
    match found {
        Some(Ok(Observed::Cell(Some(text)))) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::facts::Tallied;
    use crate::failure::FailureKind;

    fn cell(text: &str) -> Result<Observed, Failure> {
        Ok(Observed::Cell(Some(text.to_owned())))
    }

    #[test]
    fn only_what_was_seen_and_is_nothing_settles() {
        let lost = || Failure { kind: FailureKind::ConnectionLost, message: "gone".to_owned() };
        let tally =
            |violations, unknown| Ok(Observed::Tally(Tallied { violations, unknown, ..Tallied::default() }));
        let found = BTreeMap::from([
            ("zero", cell("0.00")),
            ("one", cell("-0.01")),
            ("nan", cell("NaN")),
            ("null", Ok(Observed::Cell(None))),
            ("lost", Err(lost())),
            ("clean", tally(0, 0)),
            ("wrong", tally(1, 0)),
            ("unknown", tally(0, 1)),
        ]);
        let seen = |key: &str| found.get(key);
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
