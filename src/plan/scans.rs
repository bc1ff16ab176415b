//! Statements: what was asked for, put together so that every relation is read as rarely as can be.

use std::collections::BTreeMap;

use super::builder::{Planner, Scan, Users};
use super::tightest::tightest;
use super::{Evidence, Shortcut, Statement, Work};
use crate::measure::Tally;
use crate::measure::fold::Fold;
use crate::measure::rows::RowSet;
use crate::policy::operand::Condition;

impl Planner<'_> {
    /// The statements of everything that was asked for, in the order in which they are worth starting.
    pub(super) fn statements(&mut self) -> Vec<Statement> {
        self.share_sums();
        self.share_references();
        let mut all = Vec::new();
        for scan in fused(self.joined().into_iter().flat_map(screened).collect()) {
            let (figures, users) = (scan.folds.len(), scan.users.checks.len());
            let spared = scan.users.spared();
            let (figures, users) = (counted(figures, "figure"), counted(users, "check"));
            let why = if spared.is_empty() {
                format!("one scan for {figures} of {users}")
            } else {
                format!("a second look for {figures} of {users}, only if the scan leaves them open")
            };
            all.push(Statement {
                source: scan.source,
                relation: scan.rows.name().to_string(),
                work: Work::Scan { rows: Box::new(scan.rows), folds: scan.folds.into_iter().collect() },
                timeout: scan.users.timeout(),
                checks: scan.users.checks,
                spared,
                exact: false,
                engine: super::Engine::default(),
                why,
            });
        }
        for (mut statement, users) in std::mem::take(&mut self.others).into_values() {
            statement.timeout = users.timeout();
            statement.spared = users.spared();
            statement.checks = users.checks;
            if statement.why.is_empty() {
                statement.why = match &statement.work {
                    Work::Inspect { inspection, .. } => inspection.about(),
                    Work::Fact { fact, .. } if fact.sql.is_empty() => format!("the fact `{}`", fact.name),
                    Work::Seal { .. } => "fingerprints of its rows, by tenant where they have one".to_owned(),
                    Work::List { listing, .. } => listing.about(),
                    Work::Erased { erased, .. } => erased.about(),
                    Work::Inventory { .. } => "the objects of the database".to_owned(),
                    Work::LargeObjects { .. } => "fingerprints of all large objects".to_owned(),
                    Work::Show { .. } => "samples, only if a scan counted something".to_owned(),
                    Work::Chain { .. } if statement.work.laid().is_some() => {
                        "streamed through the chain verifier as its rows lie; sorted only if they are not in order"
                            .to_owned()
                    }
                    Work::Chain { .. } => "streamed through the chain verifier".to_owned(),
                    _ => "a small answer".to_owned(),
                };
            }
            if let Work::Chain { chained, .. } = &statement.work
                && let Some(cost) = super::chains::searched(chained)
            {
                statement.why.push_str("; ");
                statement.why.push_str(&cost);
            }
            all.push(statement);
        }
        // Long ones first, so that several connections end together; samples and what may be spared follow what they
        // depend on.
        all.sort_by_key(|s| (!s.needs().is_empty(), std::cmp::Reverse(weight(&s.work))));
        all
    }

    /// Scans of the same rows as one, where nothing spares them.
    fn joined(&mut self) -> Vec<Scan> {
        let mut always: BTreeMap<(String, String), Scan> = BTreeMap::new();
        let mut sometimes = Vec::new();
        for ((source, from, _), scan) in std::mem::take(&mut self.scans) {
            if scan.folds.is_empty() {
                continue;
            }
            if !scan.users.spared().is_empty() {
                sometimes.push(((source, from), scan));
                continue;
            }
            match always.get_mut(&(source.clone(), from.clone())) {
                None => {
                    always.insert((source, from), scan);
                }
                Some(known) => {
                    known.folds.extend(scan.folds);
                    known.users.join(scan.users);
                }
            }
        }
        for (place, mut scan) in sometimes {
            if let Some(known) = always.get_mut(&place)
                && scan.folds.keys().any(|key| known.folds.contains_key(key))
            {
                scan.folds.retain(|key, _| !known.folds.contains_key(key));
            }
            if !scan.folds.is_empty() {
                always.insert((place.0, format!("{} {:?}", place.1, scan.users.shortcuts)), scan);
            }
        }
        always.into_values().collect()
    }
}

/// A scan that asks about rows for which conditions are false or unknown, as one that asks in a single figure whether
/// there is any such row, and one that follows it up. Nearly always there is none, and evaluating each condition once
/// is a part of the cost.
fn screened(mut scan: Scan) -> Vec<Scan> {
    if !scan.users.spared().is_empty() {
        return vec![scan];
    }
    let sql = scan.rows.sql("r");
    let failing: BTreeMap<String, Condition> = scan
        .folds
        .values()
        .filter_map(|fold| match fold {
            Fold::Failing(condition) => Some((sql.condition(condition), condition.clone())),
            _ => None,
        })
        .collect();
    let of_these = |fold: &Fold| match fold {
        Fold::Failing(condition) | Fold::Unknown(condition) => {
            failing.contains_key(&sql.condition(condition))
        }
        _ => false,
    };
    if scan.folds.values().filter(|fold| of_these(fold)).count() < 2 {
        return vec![scan];
    }
    let screen = Fold::Unmet(tightest(failing.values().cloned()));
    let key = format!("{}: {} {}", scan.source, screen.expression(&scan.rows), scan.rows.from("r", &[]));
    let (moved, kept) = std::mem::take(&mut scan.folds).into_iter().partition(|(_, fold)| of_these(fold));
    let mut users = scan.users.clone();
    users.shortcuts = vec![Shortcut(vec![Evidence::Nothing(key.clone())])];
    let follow_up = Scan { source: scan.source.clone(), rows: scan.rows.clone(), folds: moved, users };
    scan.folds = kept;
    scan.folds.insert(key, screen);
    vec![scan, follow_up]
}

/// Most figures of a narrowed scan that move into a wider one: each asks there for itself whether a row is of its own.
const MOST_MOVED: usize = 6;

/// Scans of different rows of one relation as one scan, in which each figure has the conditions of its rows, but for
/// those that all of them share.
fn fused(scans: Vec<Scan>) -> Vec<Scan> {
    let mut done: Vec<Scan> = Vec::new();
    let mut together: BTreeMap<(String, String), Vec<Scan>> = BTreeMap::new();
    for scan in scans {
        let narrowed = !scan.rows.filters.is_empty();
        if !scan.users.spared().is_empty() || (narrowed && scan.folds.len() > MOST_MOVED) {
            done.push(scan);
            continue;
        }
        // Rows that are looked for in another relation first stay together.
        let wide = RowSet { filters: Vec::new(), ..scan.rows.clone() };
        together.entry((scan.source.clone(), wide.from("r", &[]))).or_default().push(scan);
    }
    for list in together.into_values() {
        let texts = |scan: &Scan| -> Vec<String> {
            scan.rows.filters.iter().map(|f| scan.rows.sql("r").condition(f)).collect()
        };
        let all: Vec<Vec<String>> = list.iter().map(texts).collect();
        let shared = |text: &String| all.iter().all(|texts| texts.contains(text));
        let mut list = list.into_iter();
        let Some(first) = list.next() else { continue };
        if all.len() == 1 {
            done.push(first);
            continue;
        }
        let mut one = Scan { folds: BTreeMap::new(), users: Users::default(), ..first.clone() };
        one.rows.filters = kept(&first, &shared, true);
        for scan in std::iter::once(first).chain(list) {
            let own = kept(&scan, &shared, false);
            one.folds.extend(scan.folds.into_iter().map(|(key, fold)| {
                let fold = if own.is_empty() { fold } else { Fold::Where(own.clone(), Box::new(fold)) };
                (key, fold)
            }));
            one.users.join(scan.users);
        }
        done.push(one);
    }
    done
}

/// The conditions of a scan's rows that are, or are not, those of all scans.
fn kept(scan: &Scan, shared: &dyn Fn(&String) -> bool, wanted: bool) -> Vec<Condition> {
    let sql = scan.rows.sql("r");
    scan.rows.filters.iter().filter(|f| shared(&sql.condition(f)) == wanted).cloned().collect()
}

/// Rows that are handled, and then some for what is costlier than adding up.
fn weight(work: &Work) -> i64 {
    let rows = |estimate: i64| estimate.max(1000);
    match work {
        Work::Fact { .. }
        | Work::Inspect { .. }
        | Work::Inventory { .. }
        | Work::Any { .. }
        | Work::List { .. }
        | Work::Table { .. } => 0,
        Work::Erased { erased, .. } => rows(erased.rows.relation.estimated_rows).saturating_mul(3),
        // How many there are, and how large, nobody knows before; they are begun early, for nothing shares their reading.
        Work::LargeObjects { .. } => i64::from(i32::MAX),
        Work::Seal { sealing, .. } => rows(sealing.relation.estimated_rows).saturating_mul(6),
        Work::Show { show, .. } => rows(show.rows.relation.estimated_rows),
        Work::Scan { rows: of, folds } => {
            let folds = i64::try_from(folds.len()).unwrap_or(i64::MAX);
            rows(of.relation.estimated_rows).saturating_mul(folds.saturating_add(8)) / 8
        }
        Work::Tally { tally, .. } => {
            let other = match &**tally {
                Tally::Orphans(orphans) => rows(orphans.parent.relation.estimated_rows),
                Tally::Crossing(crossing) => rows(crossing.parent.relation.estimated_rows),
                Tally::Totals(totals) => rows(totals.lines.relation.estimated_rows).saturating_mul(4),
                Tally::Groups(_) | Tally::Duplicates(_) | Tally::Running(_) => 0,
            };
            rows(tally.rows().relation.estimated_rows).saturating_mul(4).saturating_add(other)
        }
        Work::Chain { chained, .. } => rows(chained.rows.relation.estimated_rows).saturating_mul(8),
    }
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
