//! What the proofs do not reach, for readers: a remark that holds for several checks is said once.

use super::model::Report;

/// A remark and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit<'r> {
    /// Names of sources and checks in report order; empty when it is about the whole run.
    pub about: Vec<&'r str>,
    /// The remark.
    pub note: &'r str,
}

/// Every remark of a report, in the order in which each is first made.
#[must_use]
pub fn limits(report: &Report) -> Vec<Limit<'_>> {
    let mut limits: Vec<Limit<'_>> =
        report.notes.iter().map(|note| Limit { about: Vec::new(), note: note.as_str() }).collect();
    for source in &report.sources {
        limits.extend(source.notes.iter().map(|note| Limit { about: vec![&source.name], note }));
    }
    let before = limits.len();
    for check in &report.checks {
        for note in &check.notes {
            match limits.iter_mut().skip(before).find(|limit| limit.note == note) {
                Some(limit) if limit.about.last() == Some(&check.id.as_str()) => {}
                Some(limit) => limit.about.push(&check.id),
                None => limits.push(Limit { about: vec![&check.id], note }),
            }
        }
    }
    // Remarks about the same checks stand together, where the first of them stands.
    let place = |limit: &Limit<'_>| limits.iter().position(|other| other.about == limit.about);
    let mut placed: Vec<_> = limits.iter().map(|limit| (place(limit), limit.clone())).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, limit)| limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn what_several_checks_say_is_said_once() {
        let mut report = fixture::rich();
        report.notes.clear();
        report.sources.iter_mut().for_each(|source| source.notes.clear());
        report.checks.truncate(3);
        let ids: Vec<String> = report.checks.iter().map(|check| check.id.clone()).collect();
        for (check, notes) in report.checks.iter_mut().zip([&["x", "a"][..], &["y", "x"], &["x", "a"]]) {
            check.notes = notes.iter().map(|note| (*note).to_owned()).collect();
        }
        let said: Vec<(Vec<&str>, &str)> = limits(&report).into_iter().map(|l| (l.about, l.note)).collect();
        let [a, b, c] = [ids[0].as_str(), ids[1].as_str(), ids[2].as_str()];
        assert_eq!(said, [(vec![a, b, c], "x"), (vec![a, c], "a"), (vec![b], "y")]);
    }
}
