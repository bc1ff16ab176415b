//! The judgement over a whole run: a declaration that does not fit is said to be so, before any row is accused.

use std::collections::BTreeMap;

use super::carried::Carried;
use super::mark::Mark;
use super::marks::Marked;
use super::misfit::{self, Sifted, Sorted};
use super::probe::{ERASURE, Prober};
use super::report::{AnomalyKind, ChainReport, Undetermined};
use super::run::{Class, Found, Pen, Run, Sort, Tally};
use super::search;
use super::spec::ChainSpec;
use super::{weakness, words};

/// What the run says about the declaration as a whole.
#[derive(Clone, Copy, Debug, Default)]
struct Fit {
    /// Most rows do not recompute, and nothing explains them.
    wrong_recipe: bool,
    /// Neither hashes nor links fit.
    no_chain: bool,
    /// Predecessors are found in other splits.
    too_fine: bool,
    /// Splits hold several chains each.
    too_coarse: bool,
    /// The links form chains, but in another order.
    wrong_order: bool,
}

/// So many rows that fail amid others, and a fifth of all, were more likely written otherwise than altered one by one.
const MANY: u64 = 10;

/// Turns what was gathered into the report.
pub(crate) fn judge(
    spec: &ChainSpec,
    run: Run,
    prober: &Prober,
    (marked, carried): (&Marked, &Carried),
    watch: &[usize],
) -> ChainReport {
    let mut judge = Judge {
        spec,
        prober,
        marked,
        carried,
        watch,
        report: ChainReport::default(),
        accused: Vec::new(),
        accused_total: 0,
    };
    judge.report = ChainReport {
        rows: run.rows,
        splits: run.splits,
        levels: run.levels,
        verified: run.verified,
        by_search: run.by_search,
        links_only: run.links_only,
        lost: run.lost,
        by_way: run.by_way.clone(),
        search_bits: search::bits(run.search_most),
        linked: run.linked,
        notes: weakness::notes(spec),
        ..ChainReport::default()
    };
    let fit = judge.fit(&run);
    judge.unseen(&run);
    judge.pens(run, fit);
    judge.finish()
}

struct Judge<'a> {
    spec: &'a ChainSpec,
    prober: &'a Prober,
    marked: &'a Marked,
    carried: &'a Carried,
    watch: &'a [usize],
    report: ChainReport,
    accused: Vec<Found>,
    accused_total: u64,
}

impl Judge<'_> {
    fn recognised(run: &Run) -> u64 {
        run.verified + run.by_search
    }

    /// Whether explained rows are how this writer works, rather than rows that were tampered with.
    fn usual(&self, run: &Run, hits: u64, close: bool) -> bool {
        let few_recompute = Self::recognised(run) * 2 < run.evaluated - run.order_lost;
        hits > 0 && (few_recompute || (close && hits >= 3 && hits * 100 >= run.evaluated))
    }

    fn shift_is_usual(&self, run: &Run, column: usize) -> bool {
        self.prober.shifts().iter().any(|(at, shifts)| {
            let (low, high) = shifts.range;
            let close = low.abs() <= 1_000_000 && high.abs() <= 1_000_000;
            *at == column && self.usual(run, shifts.hits, close)
        })
    }

    fn fit(&self, run: &Run) -> Fit {
        let explained: u64 = self
            .prober
            .shifts()
            .iter()
            .filter(|(column, _)| self.shift_is_usual(run, *column))
            .map(|(_, shifts)| shifts.hits)
            .chain(
                self.prober
                    .variants()
                    .iter()
                    .filter(|v| v.kind != ERASURE && self.usual(run, v.hits, true))
                    .map(|v| v.hits),
            )
            .sum();
        let judged = run.evaluated - run.order_lost;
        let known = Self::recognised(run) + explained;
        // Rows left untried after others were explained are not evidence against the recipe.
        let untried: u64 = run
            .content
            .iter()
            .filter(|((class, _), _)| *class == Class::Untried)
            .map(|(_, pen)| pen.total)
            .sum();
        let wrong_recipe = judged > 0 && known * 2 < judged - untried.min(judged);
        let (asked, found) = run.elsewhere();
        Fit {
            wrong_recipe,
            no_chain: wrong_recipe
                && Self::recognised(run) == 0
                && run.hashed >= 3
                && run.linked * 20 < run.hashed,
            too_fine: run.unknown_total * 4 >= run.hashed && asked > 0 && found * 2 >= asked,
            too_coarse: run.suspects > 0 && (Self::telling(run) != 0 || run.suspects >= run.single),
            wrong_order: run.hashed >= 10 && run.moved.total * 3 > run.hashed,
        }
    }

    /// Columns that never change inside any chain that was followed, and differ between some, as bits.
    fn telling(run: &Run) -> u64 {
        run.single_constant & run.suspect_constant & run.suspect_varying
    }

    /// What could not be looked at.
    fn unseen(&mut self, run: &Run) {
        for (issue, tally) in &run.issues {
            let (kind, message) = words::issue(self.spec, issue);
            self.undetermined(kind, message, tally);
        }
        if self.spec.unhashed_first && run.hashed > 0 {
            self.report.unhashed = run.before_chain.rows;
        } else if run.before_chain.rows > 0 {
            let (kind, message) = words::without_hash(run.hashed == 0);
            self.undetermined(kind, message, &run.before_chain);
        }
        self.undetermined("too_large", words::TOO_LARGE.to_owned(), &run.too_large);
        self.undetermined("order_ties", words::TIES.to_owned(), &run.tied);
        if let Some(order) = self.spec.order.first() {
            self.undetermined("wrong_order", words::by_text(self.spec, *order), &run.by_text);
        }
        self.undetermined("order_unreadable", words::UNNUMBERED.to_owned(), &run.unnumbered);
    }

    fn undetermined(&mut self, kind: &str, message: String, tally: &Tally) {
        if tally.rows > 0 {
            let samples = tally.samples.clone();
            self.report.undetermined.push(Undetermined {
                kind: kind.to_owned(),
                message,
                rows: tally.rows,
                samples,
            });
        }
    }

    fn pens(&mut self, mut run: Run, fit: Fit) {
        let mut failing = Vec::new();
        let mut explained: BTreeMap<Class, Pen> = BTreeMap::new();
        for ((class, sort), pen) in std::mem::take(&mut run.content) {
            if self.explained(&run, fit, class, sort) {
                explained.entry(class).or_default().merge(pen, run.samples);
            } else {
                failing.push(Sorted { sort, pen: self.hinted(class, pen) });
            }
        }
        for (class, pen) in explained {
            self.explain(&run, class, pen);
        }
        let changed = self.carried.sift(&mut failing, run.samples);
        if changed.total > 0 {
            let tally = Tally { rows: changed.total, samples: keys(&changed) };
            self.undetermined("joined_row_changed", self.carried.words(self.spec, changed.total), &tally);
            self.accuse_by_links(changed);
        }
        let sifted = misfit::sift(self.spec, self.marked, failing, &run);
        if fit.no_chain {
            let message = words::no_chain(self.spec, run.hashed);
            let tally = Tally { rows: run.hashed, samples: keys(&sifted.all(run.samples)) };
            self.undetermined("not_a_chain", message, &tally);
            // Hashes and links that fit nothing accuse nobody.
            return;
        }
        self.failing(&run, fit, sifted);
        if fit.too_fine {
            let tally = Tally { rows: run.links.total, samples: keys(&run.links) };
            self.undetermined("wrong_split", words::too_fine(self.spec, &run), &tally);
        } else {
            let links = std::mem::take(&mut run.links);
            self.accuse(words::named_elsewhere(links, &run));
        }
        if fit.too_coarse {
            let columns = Self::telling(&run);
            self.undetermined(
                "wrong_split",
                words::too_coarse(self.spec, &run, self.watch, columns),
                &run.several,
            );
        } else {
            self.accuse(run.strands);
        }
        if fit.wrong_order {
            let tally = Tally { rows: run.moved.total, samples: keys(&run.moved) };
            self.undetermined("wrong_order", words::WRONG_ORDER.to_owned(), &tally);
        } else {
            self.accuse(run.moved);
        }
        if run.hashed > 0 {
            for column in &run.never_bound {
                let tally = Tally { rows: run.hashed, samples: Vec::new() };
                self.undetermined("not_bound", words::not_bound(self.spec, *column), &tally);
            }
        }
        // One column that was edited is an edit; nearly all of them are another binding.
        let bound = run.bindable;
        if run.bound.total * 2 > bound && (bound >= 10 || bound >= 3 && run.unlike == bound) {
            let tally = Tally { rows: run.bound.total, samples: keys(&run.bound) };
            self.undetermined("wrong_binding", words::WRONG_BINDING.to_owned(), &tally);
        } else {
            self.accuse(run.bound);
        }
        // One edited hash is an edit; nearly all of them are another column.
        let only_hashes = run.sure.kept.iter().all(|f| f.anomaly.kind == AnomalyKind::HashEdited);
        if only_hashes && run.hashed >= 10 && run.sure.total * 2 > run.hashed {
            let tally = Tally { rows: run.sure.total, samples: keys(&run.sure) };
            self.undetermined("wrong_hash_column", words::wrong_hash_column(self.spec), &tally);
        } else {
            self.accuse(run.sure);
        }
    }

    /// Whether rows of a class do not recompute because of how their writer works.
    fn explained(&self, run: &Run, fit: Fit, class: Class, sort: Sort) -> bool {
        match class {
            Class::OrderLost => true,
            Class::Shift(column) => self.shift_is_usual(run, column),
            Class::Variant(n) => self.prober.variants().get(n).is_some_and(|variant| match variant.kind {
                // The stored time is the one that was hashed, as far as the other spelling goes.
                "time_precision" => true,
                // What was taken away cannot be told from what was altered, except that nobody is accused of it.
                ERASURE => !fit.wrong_recipe,
                // Nothing but what stands for NULL can have been changed into NULL.
                "null_policy" if self.marked.alone(sort.marks, Mark::Null) => true,
                _ => self.usual(run, variant.hits, true),
            }),
            Class::Untried => !fit.wrong_recipe,
            Class::Unexplained => false,
        }
    }

    fn explain(&mut self, run: &Run, class: Class, pen: Pen) {
        let tally = Tally { rows: pen.total, samples: keys(&pen) };
        match class {
            Class::OrderLost => {
                self.undetermined(
                    "json_order_lost",
                    words::json_order(self.spec, run, self.prober, &tally),
                    &tally,
                );
            }
            Class::Shift(column) => {
                let message = words::time_not_stored(self.spec, self.prober, column);
                self.undetermined("time_not_stored", message, &tally);
            }
            Class::Variant(n) => {
                if let Some(variant) = self.prober.variants().get(n) {
                    self.undetermined(variant.kind, words::variant(variant, tally.rows), &tally);
                }
            }
            Class::Untried | Class::Unexplained => {
                self.undetermined("not_tried", words::UNTRIED.to_owned(), &tally);
            }
        }
        self.accuse_by_links(pen);
    }

    /// Adds what is known about rows that are explained by something their writer does not usually do.
    fn hinted(&self, class: Class, mut pen: Pen) -> Pen {
        let hint = words::single_hint(self.spec, self.prober, class);
        for found in &mut pen.kept {
            found.anomaly.message.push_str(&hint);
        }
        pen
    }

    /// Judges rows that nothing explains: either the recipe fails them, or they were changed.
    fn failing(&mut self, run: &Run, fit: Fit, sifted: Sifted) {
        let judged = run.evaluated - run.order_lost;
        // Where next to nothing recomputes, whatever fails has something in common.
        let telling = !fit.wrong_recipe || Self::recognised(run) * 4 >= judged;
        if !telling {
            let all = sifted.all(run.samples);
            self.wrong_recipe(run, all);
            return;
        }
        let found_out = !sifted.misfits.is_empty() || sifted.era.total > 0;
        for misfit in sifted.misfits {
            let tally = Tally { rows: misfit.pen.total, samples: keys(&misfit.pen) };
            self.undetermined("recipe_misfit", misfit.words(self.spec), &tally);
            self.accuse_by_links(misfit.pen);
        }
        let tally = Tally { rows: sifted.unsorted.total, samples: keys(&sifted.unsorted) };
        self.undetermined("not_tried", words::UNSORTED.to_owned(), &tally);
        self.accuse_by_links(sifted.unsorted);
        let tally = Tally { rows: sifted.era.total, samples: keys(&sifted.era) };
        self.undetermined("recipe_misfit", words::ERA.to_owned(), &tally);
        self.accuse_by_links(sifted.era);
        if fit.wrong_recipe && !(found_out && sifted.rest.total * 10 <= judged) {
            self.wrong_recipe(run, sifted.rest);
        } else if sifted.rest.total >= MANY && sifted.rest.total * 5 >= judged {
            let tally = Tally { rows: sifted.rest.total, samples: keys(&sifted.rest) };
            self.undetermined("mixed_writers", words::mixed(self.spec, tally.rows, judged), &tally);
            self.accuse_by_links(sifted.rest);
        } else {
            self.accuse(sifted.rest);
        }
    }

    fn wrong_recipe(&mut self, run: &Run, pen: Pen) {
        if pen.total + run.too_large.rows > 0 {
            let message = words::wrong_recipe(self.spec, run, self.prober);
            let tally = Tally { rows: pen.total.max(1), samples: keys(&pen) };
            self.undetermined(words::misfit_kind(self.spec), message, &tally);
        }
        self.accuse_by_links(pen);
    }

    fn accuse(&mut self, pen: Pen) {
        self.accused_total += pen.total;
        self.accused.extend(pen.kept);
    }

    /// Keeps only what the links alone show.
    fn accuse_by_links(&mut self, pen: Pen) {
        self.accused_total += pen.by_links;
        self.accused
            .extend(pen.kept.into_iter().filter_map(|found| found.by_links.map(|by_links| *by_links)));
    }

    fn finish(mut self) -> ChainReport {
        self.accused.sort_by_key(|found| (found.at, found.anomaly.kind));
        self.report.anomalies_total = self.accused_total;
        self.report.anomalies = self.accused.into_iter().map(|found| found.anomaly).collect();
        self.report
    }
}

fn keys(pen: &Pen) -> Vec<Vec<crate::finding::KeyPart>> {
    pen.kept.iter().map(|found| found.anomaly.key.clone()).collect()
}
