//! Measurements, each kept once whoever asks for it.

use std::collections::BTreeMap;

use super::builder::{Planner, Scan, Users};
use super::{Obligation, Proof, Statement, Work};
use crate::measure::Tally;
use crate::measure::fold::{Fold, Show};
use crate::measure::rows::RowSet;

impl Planner<'_> {
    /// Adds a fold and returns the key of its observation.
    pub(super) fn fold(&mut self, source: &str, rows: &RowSet, fold: &Fold) -> String {
        let from = rows.from("r", &[]);
        let expression = fold.expression(rows);
        let key = format!("{source}: {expression} {from}");
        let scan = self.scans.entry((source.to_owned(), from)).or_insert_with(|| Scan {
            source: source.to_owned(),
            rows: rows.clone(),
            folds: BTreeMap::new(),
            users: Users::default(),
        });
        scan.folds.entry(key.clone()).or_insert_with(|| fold.clone());
        scan.users.add(&self.check, self.timeout);
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
        let sql = tally.sql();
        let see = sql.samples(100);
        let key = format!("{source}: {}", sql.count);
        let (samples, subject) = (self.options.samples, tally.relation().to_string());
        let key = self.other(source, subject.clone(), key, |key| Work::Tally {
            key,
            tally: Box::new(tally),
            samples,
        });
        self.must(subject, Proof::Tally { key, kind: kind.to_owned(), message: message.to_owned(), see });
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
        let (_, users) = self.others.entry(key.clone()).or_insert_with(|| {
            let statement = Statement {
                source: source.to_owned(),
                relation,
                work: work(key.clone()),
                timeout: None,
                checks: Vec::new(),
            };
            (statement, Users::default())
        });
        users.add(&self.check, self.timeout);
        key
    }
}
