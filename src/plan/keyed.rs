//! Keyed sums: where they can tell, the groups themselves need not be looked at.

use super::builder::Planner;
use super::{Evidence, Shortcut};
use crate::measure::Tally;
use crate::measure::fold::Fold;
use crate::measure::groups::Groups;
use crate::measure::keyed::{self, Keyed, Why};
use crate::measure::ledger::Totals;
use crate::measure::rows::RowSet;
use crate::policy::operand::Operand;

impl Planner<'_> {
    /// Adds the obligation that a comparison holds in every group; `exact` is asked for by what is judged.
    pub(super) fn grouped(&mut self, source: &str, groups: Groups, exact: bool, words: (&str, &str)) {
        let route = match self.wanted(exact).and_then(|()| keyed::of_groups(&groups)) {
            Ok(sums) => {
                let evidence = sums.into_iter().map(|sum| {
                    let key = self.fold(source, &groups.rows, &Fold::Keyed(sum));
                    self.sums.insert(key.clone());
                    Evidence::Nothing(key)
                });
                spared(Shortcut(evidence.collect()))
            }
            Err(why) => self.exactly(&why, exact, &groups.rows),
        };
        let key = self.tally_unless(source, Tally::Groups(groups), words, route);
        self.demand(&key, exact);
    }

    /// Adds the obligation that header totals are those of the lines.
    pub(super) fn totalled(&mut self, source: &str, totals: Totals, exact: bool, words: (&str, &str)) {
        let route = match self.wanted(exact).and_then(|()| keyed::of_totals(&totals)) {
            Ok([heads, lines]) => {
                let heads = self.fold(source, &totals.entries, &Fold::Keyed(heads));
                let lines = self.fold(source, &totals.lines, &Fold::Keyed(lines));
                spared(Shortcut(vec![Evidence::Same(heads, lines)]))
            }
            Err(why) => self.exactly(&why, exact, &totals.entries),
        };
        let key = self.tally_unless(source, Tally::Totals(totals), words, route);
        self.demand(&key, exact);
    }

    /// What shows that a value adds up to 0 over all rows, if keyed sums of it are looked at anyhow.
    pub(super) fn overall(&mut self, source: &str, rows: &RowSet, value: &Operand, exact: bool) -> Shortcut {
        if self.wanted(exact).is_err() {
            return Shortcut::default();
        }
        let sum = Keyed { groups: vec![Vec::new()], value: value.clone(), own: false };
        let key = self.fold(source, rows, &Fold::Keyed(sum));
        self.sums.insert(key.clone());
        Shortcut(vec![Evidence::Nothing(key)])
    }

    /// Notes that a tally is asked for exactly.
    fn demand(&mut self, key: &str, exact: bool) {
        if let Some((statement, _)) = self.others.get_mut(key) {
            statement.exact |= exact;
        }
    }

    fn wanted(&self, exact: bool) -> Result<(), Why> {
        if exact || self.policy.exact || self.options.exact { Err(Why::Shape) } else { Ok(()) }
    }

    /// Why groups are looked at one by one; a column that leaves no choice is worth a note.
    fn exactly(&mut self, why: &Why, exact: bool, rows: &RowSet) -> (Shortcut, String) {
        let why = match why {
            Why::Shape if self.wanted(exact).is_err() => "exact, as asked for".to_owned(),
            Why::Shape => "exact, because what must hold is more than that sums are equal".to_owned(),
            Why::Column(column) => {
                let note = format!("groups of {} were compared one by one, because {column}", rows.name());
                if !self.notes.contains(&note) {
                    self.notes.push(note);
                }
                format!("exact, because {column}")
            }
        };
        (Shortcut::default(), why)
    }

    /// Lets the sums of one value over the same rows share one expression. A grouping by some of another's columns is
    /// proven by that one; so are all rows as one group, which alone would say no more than the plain sum.
    pub(super) fn share_sums(&mut self) {
        let mut dropped: Vec<String> = Vec::new();
        for scan in self.scans.values_mut() {
            let sums: Vec<(String, String, Vec<Vec<String>>)> = scan
                .folds
                .iter()
                .filter(|(key, _)| self.sums.contains(*key))
                .filter_map(|(key, fold)| match fold {
                    Fold::Keyed(keyed) => {
                        Some((key.clone(), scan.rows.sql("r").operand(&keyed.value), keyed.groups.clone()))
                    }
                    _ => None,
                })
                .collect();
            for (key, text, _) in &sums {
                let mut all: Vec<Vec<String>> = sums
                    .iter()
                    .filter(|(_, other, _)| other == text)
                    .flat_map(|(_, _, g)| g.clone())
                    .collect();
                all.sort_by_key(|group| (std::cmp::Reverse(group.len()), group.clone()));
                let mut groups: Vec<Vec<String>> = Vec::new();
                for group in all {
                    if !groups.iter().any(|finer| group.iter().all(|column| finer.contains(column))) {
                        groups.push(group);
                    }
                }
                if groups.iter().all(Vec::is_empty) {
                    scan.folds.remove(key);
                    dropped.push(key.clone());
                } else if let Some(Fold::Keyed(keyed)) = scan.folds.get_mut(key) {
                    keyed.groups = groups;
                }
            }
        }
        if dropped.is_empty() {
            return;
        }
        let users = self.scans.values_mut().map(|scan| &mut scan.users);
        let users = users.chain(self.others.values_mut().map(|(_, users)| users));
        for shortcut in users.flat_map(|users| &mut users.shortcuts) {
            if shortcut.keys().any(|key| dropped.iter().any(|d| d == key)) {
                *shortcut = Shortcut::default();
            }
        }
    }
}

fn spared(shortcut: Shortcut) -> (Shortcut, String) {
    (shortcut, "exact, only if a keyed sum of its scan leaves it open".to_owned())
}
