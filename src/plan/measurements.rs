//! Measurements, each kept once whoever asks for it.

use std::collections::BTreeMap;

use super::builder::{Planner, Scan, Users};
use super::{Obligation, Proof, Statement, Work};
use crate::measure::TallySql;
use crate::measure::fold::Fold;
use crate::measure::rows::RowSet;
use crate::policy::RelationName;

impl Planner<'_> {
    /// Adds a fold and returns the key of its observation.
    pub(super) fn fold(&mut self, source: &str, rows: &RowSet, fold: &Fold) -> String {
        let from = rows.from("r", &[]);
        let expression = fold.expression(rows);
        let key = format!("{source}: {expression} {from}");
        let scan = self.scans.entry((source.to_owned(), from.clone())).or_insert_with(|| Scan {
            source: source.to_owned(),
            relation: rows.name().to_string(),
            from,
            folds: BTreeMap::new(),
            users: Users::default(),
        });
        scan.folds.insert(key.clone(), expression);
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

    /// Adds a tally and returns its key.
    pub(super) fn tally(&mut self, source: &str, relation: &RelationName, tally: TallySql) -> String {
        let key = format!("{source}: {}", tally.count);
        let samples = self.options.samples;
        self.other(source, relation.to_string(), key, |key| Work::Tally { key, tally, samples })
    }

    /// Adds samples that are fetched only when one of the folds counted something.
    pub(super) fn show(
        &mut self,
        source: &str,
        relation: &RelationName,
        when: Vec<String>,
        tally: TallySql,
    ) -> String {
        let key = format!("{source}: {}", tally.show);
        let samples = self.options.samples;
        self.other(source, relation.to_string(), key, |key| Work::Show { key, when, tally, samples })
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
