//! Measurements, each kept once whoever asks for it.

use std::collections::BTreeMap;

use super::builder::{Planner, Scan, Users};
use super::{Obligation, Proof, Shortcut, Statement, Work};
use crate::measure::Tally;
use crate::measure::fold::{Fold, Show};
use crate::measure::rows::RowSet;

impl Planner<'_> {
    /// Adds a fold and returns the key of its observation.
    pub(super) fn fold(&mut self, source: &str, rows: &RowSet, fold: &Fold) -> String {
        self.fold_unless(source, rows, fold, Shortcut::default())
    }

    /// Adds a fold that is not looked at when the shortcut settles what it is for.
    pub(super) fn fold_unless(
        &mut self,
        source: &str,
        rows: &RowSet,
        fold: &Fold,
        shortcut: Shortcut,
    ) -> String {
        let from = rows.from("r", &[]);
        let expression = fold.expression(rows);
        let key = format!("{source}: {expression} {from}");
        let scan =
            self.scans.entry((source.to_owned(), from, format!("{shortcut:?}"))).or_insert_with(|| Scan {
                source: source.to_owned(),
                rows: rows.clone(),
                folds: BTreeMap::new(),
                users: Users::default(),
            });
        scan.folds.entry(key.clone()).or_insert_with(|| fold.clone());
        scan.users.add(&self.check, self.timeout, shortcut);
        key
    }

    /// Adds a count of the rows as what the check examined.
    pub(super) fn examined(&mut self, source: &str, rows: &RowSet, strict: bool) {
        let key = self.fold(source, rows, &Fold::Count);
        self.must(rows.name().to_string(), Proof::Examined { key, strict });
    }

    /// Like `examined`, for a relation that one check may name several times.
    pub(super) fn examined_once(&mut self, source: &str, rows: &RowSet) {
        let count = self.fold(source, rows, &Fold::Count);
        let known =
            |o: &Obligation| matches!(&o.proof, Proof::Examined { key, strict: true } if *key == count);
        if !self.obligations.iter().any(known) {
            self.must(rows.name().to_string(), Proof::Examined { key: count, strict: true });
        }
    }

    /// Adds a tally and the obligation that it counts nothing.
    pub(super) fn tally(&mut self, source: &str, tally: Tally, kind: &str, message: &str) {
        let why = match &tally {
            Tally::Orphans(_) => "one join with the parent",
            Tally::Crossing(_) => "one join with the parent and the tenants of both",
            Tally::Duplicates(_) => "rows grouped by their key",
            Tally::Running(_) => "every account added up in its order",
            Tally::Groups(_) | Tally::Totals(_) => "exact",
        };
        self.tally_unless(source, tally, (kind, message), (Shortcut::default(), why.to_owned()));
    }

    /// Adds a tally that is not looked at when the shortcut settles it, and the obligation that it counts nothing.
    pub(super) fn tally_unless(
        &mut self,
        source: &str,
        tally: Tally,
        (kind, message): (&str, &str),
        (shortcut, why): (Shortcut, String),
    ) -> String {
        let sql = tally.sql();
        let see = sql.samples(100);
        let key = format!("{source}: {}", sql.count);
        let (samples, subject) = (self.options.samples, tally.relation().to_string());
        let work = |key| Work::Tally { key, tally: Box::new(tally), samples };
        let key = self.other_unless(source, subject.clone(), key, work, (shortcut, why));
        let (kind, message) = (kind.to_owned(), message.to_owned());
        self.must(subject, Proof::Tally { key: key.clone(), kind, message, see });
        key
    }

    /// Adds samples that are fetched only when one of the folds counted something.
    pub(super) fn show(&mut self, source: &str, when: Vec<String>, show: Show) -> String {
        let key = format!("{source}: {}", show.sql().show);
        let (samples, relation) = (self.options.samples, show.rows.name().to_string());
        self.other(source, relation, key, |key| Work::Show { key, when, show: Box::new(show), samples })
    }

    /// Adds any other statement under a key.
    pub(super) fn other(
        &mut self,
        source: &str,
        relation: String,
        key: String,
        work: impl FnOnce(String) -> Work,
    ) -> String {
        self.other_unless(source, relation, key, work, (Shortcut::default(), String::new()))
    }

    /// Adds any other statement under a key, to be spared where all who ask for it have a shortcut.
    fn other_unless(
        &mut self,
        source: &str,
        relation: String,
        key: String,
        work: impl FnOnce(String) -> Work,
        (shortcut, why): (Shortcut, String),
    ) -> String {
        let (_, users) = self.others.entry(key.clone()).or_insert_with(|| {
            let statement = Statement {
                source: source.to_owned(),
                relation,
                work: work(key.clone()),
                timeout: None,
                checks: Vec::new(),
                spared: Vec::new(),
                exact: self.policy.exact || self.options.exact,
                engine: super::Engine::default(),
                why,
            };
            (statement, Users::default())
        });
        users.add(&self.check, self.timeout, shortcut);
        key
    }
}
