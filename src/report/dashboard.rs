//! A page over a restore record: the state of backups, gates, drills and objectives at a glance, and how figures change.
//!
//! The page is never green over a record that does not verify: then it says so, and shows nothing else, since nothing in such a
//! record counts. Over a sound one it is green only where nothing is of concern.

mod chart;
mod model;

pub use model::{
    BackupLine, Chart, ChartPoint, Concern, Dashboard, DrillLine, FailureLine, FigureLine, GateLine,
    ObjectiveLine, RecordState, RestoreLine, WaiverLine,
};

use super::html::markup::{Markup, code, element, fixed, pairs, simple, table, text};
use super::html::page::{Part, page, standing};
use super::html::verdict;
use super::standing::gate_word;
use super::words;
use crate::verdict::{ExitStatus, Verdict};

impl Dashboard {
    /// All in one: `holds` only over a sound record without a concern.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let record = match (&self.record, self.record.holds()) {
            (_, true) => Verdict::Holds,
            (record, false) if record.changed => Verdict::Broken,
            (_, false) => Verdict::Unproven,
        };
        self.concerns.iter().fold(record, |worst, concern| worst.worst(concern.verdict))
    }

    /// The exit status that goes with it.
    #[must_use]
    pub fn status(&self) -> ExitStatus {
        ExitStatus::of(self.verdict())
    }

    /// The one word at the top.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (self.record.holds(), self.record.changed, self.verdict()) {
            (true, _, Verdict::Holds) => "IN ORDER",
            (true, ..) => "ATTENTION",
            (false, true, _) => "RECORD CHANGED",
            (false, false, _) => "NO RECORD",
        }
    }
}

/// Renders the page.
#[must_use]
pub fn render(board: &Dashboard) -> String {
    let title = format!("{}: {} - holdtrue dashboard", board.word(), board.record.folder);
    let parts: Vec<Part> = if board.record.holds() {
        vec![
            ("failures", "Open failures", failures(board)),
            ("gates", "Latest gates", gates(board)),
            ("backups", "Backups", backups(board)),
            ("objectives", "Objectives", objectives(board)),
            ("figures", "Rates and ages", figures(board)),
            ("trends", "Trends", trends(board)),
            ("drills", "Drills", drills(board)),
            ("restores", "Restores", restores(board)),
            ("waivers", "Waivers used", waivers(board)),
            ("record", "Record", record(board)),
        ]
    } else {
        vec![("flaws", "What is amiss in the record", flaws(board)), ("record", "Record", record(board))]
    };
    let last =
        format!("{}, as of {}: a page of then, which does not renew itself.", board.word(), board.made);
    page(&title, headline(board), parts, &last)
}

fn headline(board: &Dashboard) -> Markup {
    let record = &board.record;
    let all = match (record.holds(), record.changed) {
        (false, true) => "The record was changed after it was written, so nothing in it counts, and nothing of it is shown.".to_owned(),
        (false, false) => "There is no record that could be read, so nothing is shown and nothing is proven.".to_owned(),
        (true, _) if board.concerns.is_empty() => {
            "The record verifies; every gate was open when it was last judged, and the last drill was proven.".to_owned()
        }
        (true, _) => format!("The record verifies; {} to look after:", words::count(words::len(board.concerns.len()), "thing")),
    };
    let mut inside = element("p", &[], simple("strong", &all));
    let concerns: Markup = board
        .concerns
        .iter()
        .map(|concern| element("li", &[], verdict(concern.verdict).and(text(&format!(" {}", concern.text)))))
        .collect();
    if !concerns.is_empty() && record.holds() {
        inside = inside.and(element("ul", &[], concerns));
    }
    let when = format!("as of {}, holdtrue {}; this page does not renew itself", board.made, board.version);
    let inside = inside.and(element("p", &[("class", "soft")], text(&when)));
    simple("h1", &format!("Backups and restores: {}", record.folder)).and(standing(
        board.verdict() == Verdict::Holds,
        board.word(),
        inside,
    ))
}

fn nothing(said: &str) -> Markup {
    element("p", &[("class", "soft")], text(said))
}

/// A table, or a sentence where there is nothing to put into it.
fn listed(caption: &str, head: &[&str], rows: Vec<Vec<Markup>>, none: &str) -> Markup {
    let all = table(caption, head, rows);
    if all.is_empty() { nothing(none) } else { all }
}

fn failures(board: &Dashboard) -> Markup {
    let rows = board.failures.iter().map(|failure| {
        let level = if failure.required { "closes its gate" } else { "recommended" };
        vec![
            code(&failure.check),
            verdict(failure.verdict),
            text(level),
            code(&failure.gate),
            text(&failure.of),
            text(&words::grouped(failure.findings)),
            text(&failure.since),
        ]
    });
    let head = ["check", "verdict", "level", "gate", "policy", "findings", "since"];
    listed(
        "Checks that did not hold when they were last judged",
        &head,
        rows.collect(),
        "No check that was judged last does not hold.",
    )
}

fn gates(board: &Dashboard) -> Markup {
    let rows = board.gates.iter().map(|gate| {
        let class = if gate.verdict == Verdict::Holds { "yes" } else { "no" };
        let state = element("strong", &[("class", class)], text(gate_word(gate.verdict)));
        vec![
            code(&gate.gate),
            state,
            verdict(gate.verdict),
            text(&gate.of),
            text(&gate.checks),
            text(&format!("{}, {} ago", gate.at, gate.ago)),
            text(&gate.since),
        ]
    });
    let head = ["gate", "state", "verdict", "policy", "checks", "last judged", "so since"];
    listed(
        "Every gate as it was last judged",
        &head,
        rows.collect(),
        "No gate was judged on what was looked at.",
    )
}

fn backups(board: &Dashboard) -> Markup {
    let rows = board.backups.iter().map(|backup| {
        let (class, word) = if backup.reached { ("yes", "read") } else { ("no", "not reached") };
        vec![
            code(&backup.name),
            element("strong", &[("class", class)], text(word)),
            text(&backup.kind),
            code(&backup.address),
            text(&backup.facts),
            text(&backup.of),
            text(&format!("{}, {} ago", backup.at, backup.ago)),
        ]
    });
    let head = ["source", "state", "kind", "address", "what it said of itself", "policy", "last read"];
    listed(
        "Backups and archives as they were last read",
        &head,
        rows.collect(),
        "No run on record read a backup.",
    )
}

fn objectives(board: &Dashboard) -> Markup {
    let rows = board.objectives.iter().map(|objective| {
        let actual = if objective.actual.is_empty() { "not measured" } else { &objective.actual };
        vec![
            code(&objective.name),
            text(&objective.target),
            text(actual),
            verdict(objective.verdict),
            code(&objective.measures),
            text(&objective.of),
            text(&objective.at),
        ]
    });
    let head = ["objective", "target", "measured", "verdict", "of", "policy", "when"];
    listed(
        "Objectives as they were last measured",
        &head,
        rows.collect(),
        "No run on record measured an objective.",
    )
}

fn figures(board: &Dashboard) -> Markup {
    let value = |figure: &FigureLine| match figure.known {
        true => text(&figure.value),
        false => element("span", &[("class", "soft")], text(&figure.value)),
    };
    let all: Vec<(&str, Markup)> = board.figures.iter().map(|f| (f.name.as_str(), value(f))).collect();
    if all.is_empty() { nothing("Nothing is known.") } else { pairs(all) }
}

fn trends(board: &Dashboard) -> Markup {
    let all: Markup = board.charts.iter().enumerate().map(|(at, one)| chart::chart(at + 1, one)).collect();
    if all.is_empty() { nothing("No drill was proven, and no restore was completed.") } else { all }
}

fn some_of(shown: usize, total: usize, what: &str) -> Markup {
    if shown >= total {
        return Markup::default();
    }
    nothing(&format!(
        "The latest {shown} of {}; `record show` lists all.",
        words::count(words::len(total), what)
    ))
}

/// The names of all phases, in the order in which they are first met.
fn phases<'b>(all: impl Iterator<Item = &'b Vec<(String, String)>>) -> Vec<&'b str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in all.flatten() {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

fn times(names: &[&str], phases: &[(String, String)]) -> Vec<Markup> {
    let one = |name: &&str| phases.iter().find(|(own, _)| own == name).map_or("", |(_, took)| took.as_str());
    names.iter().map(|name| text(one(name))).collect()
}

fn findings(all: &[String]) -> Markup {
    text(&all.join("; "))
}

fn drills(board: &Dashboard) -> Markup {
    let rows = board.drills.iter().map(|drill| {
        vec![
            text(&drill.at),
            verdict(drill.verdict),
            text(&drill.duration),
            text(&drill.of),
            code(&drill.backup),
            text(&drill.backup_size),
            text(&drill.size),
            findings(&drill.findings),
        ]
    });
    let head = ["when", "verdict", "duration", "policy", "backup", "its size", "restored", "what was found"];
    let list = listed(
        "Drills, the last one first",
        &head,
        rows.collect(),
        "No drill is on record: no backup was ever restored to see whether it can be.",
    );
    let names = phases(board.drills.iter().map(|drill| &drill.phases));
    let rows =
        board.drills.iter().map(|drill| [vec![text(&drill.at)], times(&names, &drill.phases)].concat());
    let head: Vec<&str> = std::iter::once("when").chain(names.iter().copied()).collect();
    let times = if names.is_empty() {
        Markup::default()
    } else {
        table("Times of their phases", &head, rows.collect())
    };
    some_of(board.drills.len(), board.drills_total, "drill").and(list).and(times)
}

fn restores(board: &Dashboard) -> Markup {
    let rows = board.restores.iter().map(|restore| {
        let class = match restore.completed {
            Some(true) => "yes",
            Some(false) => "no",
            None => "doubt",
        };
        vec![
            text(&restore.at),
            element("strong", &[("class", class)], text(&restore.state)),
            text(&restore.duration),
            text(&restore.of),
            findings(&restore.findings),
        ]
    });
    let head = ["begun", "state", "duration", "procedure", "what was found"];
    let list = listed(
        "Restores by people, the last one first",
        &head,
        rows.collect(),
        "No restore by people is on record.",
    );
    let names = phases(board.restores.iter().map(|restore| &restore.phases));
    let rows = board.restores.iter().map(|one| [vec![text(&one.at)], times(&names, &one.phases)].concat());
    let head: Vec<&str> = std::iter::once("begun").chain(names.iter().copied()).collect();
    let times = if names.is_empty() {
        Markup::default()
    } else {
        table("Times of the phases", &head, rows.collect())
    };
    some_of(board.restores.len(), board.restores_total, "restore").and(list).and(times)
}

fn waivers(board: &Dashboard) -> Markup {
    let rows = board.waivers.iter().map(|waiver| {
        let until = format!("{}{}", waiver.until, if waiver.over { ", which is over" } else { "" });
        let class = if waiver.over { "no" } else { "doubt" };
        vec![
            code(&waiver.check),
            element("strong", &[("class", class)], text(&until)),
            text(&waiver.owner),
            text(&waiver.reason),
            text(&waiver.at),
        ]
    });
    let head = ["check", "until", "owner", "reason", "last used"];
    listed(
        "Waivers that let a broken check pass when it was last judged",
        &head,
        rows.collect(),
        "No waiver let anything pass that was judged last.",
    )
}

fn flaws(board: &Dashboard) -> Markup {
    let record = &board.record;
    let all: Markup = record.flaws.iter().map(|flaw| element("li", &[], text(flaw))).collect();
    let list = if all.is_empty() { all } else { element("ul", &[], all) };
    let more = record.flaws_total.saturating_sub(words::len(record.flaws.len()));
    let more =
        if more > 0 { nothing(&format!("and {} more", words::grouped(more))) } else { Markup::default() };
    list.and(more)
}

fn record(board: &Dashboard) -> Markup {
    let record = &board.record;
    let state = match (record.holds(), record.changed) {
        (true, _) => verdict(Verdict::Holds).and(text(
            ": every entry fits its hash, its number, the one before it, and its signature if it has one",
        )),
        (false, true) => verdict(Verdict::Broken).and(text(": it is not as it was written")),
        (false, false) => verdict(Verdict::Unproven).and(text(": it could not be read, or holds no entry")),
    };
    let mut all = vec![("verifies", state), ("folder", code(&record.folder))];
    all.extend(record.entries.map(|n| ("entries", text(&words::grouped(n)))));
    for (name, value) in [("record", &record.id), ("head", &record.head)] {
        if !value.is_empty() {
            all.push((name, code(value)));
        }
    }
    if !record.signed.is_empty() {
        all.push(("signed", text(&record.signed)));
    }
    all.extend(record.notes.iter().map(|note| ("remark", text(note))));
    pairs(all).and(element(
        "p",
        &[],
        fixed(
            "Re-check it with <code>holdtrue record verify FOLDER --head NUMBER:HASH</code>, with a head that was noted elsewhere: \
             what was cut from its end does not show otherwise.",
        ),
    ))
}

#[cfg(test)]
mod tests;
