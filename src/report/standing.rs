//! Whether a report bears out its own verdict.
//!
//! A report without a check, a gate that is closed for no shown reason, an open verdict above a broken check: in a
//! format that only counts failures each of these would be green. Every format asks here and shows the gaps.

use super::model::{CheckInfo, GateInfo, Level, Report};
use super::words::exit_meaning;
use crate::verdict::{ExitStatus, Verdict};

/// Something that keeps a gate closed and that no check of the report shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The gate it concerns; `None` for the whole run.
    pub gate: Option<String>,
    /// `broken` or `unproven`.
    pub verdict: Verdict,
    /// One sentence.
    pub reason: String,
}

impl Gap {
    /// What to call it beside the identifiers of checks.
    #[must_use]
    pub fn subject(&self) -> String {
        self.gate.as_ref().map_or_else(|| "this run".to_string(), |gate| format!("gate {gate}"))
    }
}

/// What the report as a whole amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The worst of what the report says and of what it contains.
    pub verdict: Verdict,
    /// What no check shows.
    pub gaps: Vec<Gap>,
}

impl Standing {
    /// Reads a report against itself.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut gaps: Vec<Gap> = report.gates.iter().filter_map(|gate| gate_gap(report, gate)).collect();
        gaps.extend(run_gap(report).map(|(verdict, reason)| Gap { gate: None, verdict, reason }));
        let shown = shown_verdict(report).worst(report.verdict);
        let verdict = gaps.iter().fold(shown, |verdict, gap| verdict.worst(gap.verdict));
        Self { verdict, gaps }
    }

    /// Whether the reader may proceed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.verdict.opens()
    }

    /// `OPEN` or `CLOSED`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        gate_word(self.verdict)
    }

    /// The overall verdict, the exit status, and what it asks of the reader, in one sentence.
    #[must_use]
    pub fn conclusion(&self, report: &Report) -> String {
        let code = report.exit_code;
        let meaning = if code == 0 && !self.is_open() {
            "which this report does not bear out; do not proceed"
        } else {
            exit_meaning(code)
        };
        format!("{}, exit status {code}: {meaning}", self.verdict.word())
    }
}

/// `OPEN` for a verdict that opens a gate, else `CLOSED`.
#[must_use]
pub fn gate_word(verdict: Verdict) -> &'static str {
    if verdict.opens() { "OPEN" } else { "CLOSED" }
}

fn closes(check: &CheckInfo) -> bool {
    check.level == Level::Require && !check.verdict.opens()
}

fn shown_verdict(report: &Report) -> Verdict {
    let gates = report.gates.iter().map(|gate| gate.verdict);
    let checks = report.checks.iter().filter(|check| closes(check)).map(|check| check.verdict);
    gates.chain(checks).fold(Verdict::Holds, Verdict::worst)
}

fn gate_gap(report: &Report, gate: &GateInfo) -> Option<Gap> {
    let mut own = report.checks.iter().filter(|check| check.gate == gate.id);
    let gap = |verdict, reason| Some(Gap { gate: Some(gate.id.clone()), verdict, reason });
    if gate.verdict.opens() {
        if own.clone().next().is_none() && !report.checks.is_empty() {
            return gap(Verdict::Unproven, "it is reported open, but no check of it was judged".to_string());
        }
        let closing = own.find(|check| closes(check))?;
        let reason = format!(
            "it is reported open, but its required check {} is {}; the report contradicts itself, treat the gate as closed",
            closing.id,
            closing.verdict.word()
        );
        return gap(Verdict::Unproven, reason);
    }
    if own.any(closes) { None } else { gap(gate.verdict, gate.reason.clone()) }
}

fn run_gap(report: &Report) -> Option<(Verdict, String)> {
    let shown = shown_verdict(report);
    let said = report.verdict;
    if report.checks.is_empty() {
        return Some((Verdict::Unproven, "no check was judged, so nothing is proven".to_string()));
    }
    if said.opens() && !shown.opens() {
        let reason = format!(
            "the report says {} over something {}; it contradicts itself, do not proceed on it",
            said.word(),
            shown.word()
        );
        return Some((Verdict::Unproven, reason));
    }
    if !said.opens() && shown.opens() {
        let reason = format!("the run is {}, and no gate or check of the report shows why", said.word());
        return Some((said, reason));
    }
    if ExitStatus::of(said).code() == report.exit_code {
        return None;
    }
    let reason = if report.exit_code == ExitStatus::Internal.code() {
        "holdtrue met a bug of its own in this run; what it reports may be incomplete".to_string()
    } else {
        format!("exit status {} does not go with the verdict {}", report.exit_code, said.word())
    };
    Some((Verdict::Unproven, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn sound_reports_have_no_gap() {
        assert_eq!(Standing::of(&fixture::clean()), Standing { verdict: Verdict::Holds, gaps: Vec::new() });
        assert_eq!(Standing::of(&fixture::rich()).verdict, Verdict::Broken);
    }

    #[test]
    fn a_report_without_checks_never_opens() {
        let mut report = fixture::empty();
        (report.verdict, report.exit_code) = (Verdict::Holds, 0);
        let standing = Standing::of(&report);
        assert!(!standing.is_open());
        assert_eq!(standing.gaps.len(), 1);
    }

    #[test]
    fn a_gate_closed_for_no_shown_reason_is_a_gap_with_the_gates_reason() {
        let mut report = fixture::clean();
        let gate = &mut report.gates[0];
        (gate.verdict, gate.reason) = (Verdict::Unproven, "the gate before it is closed".to_string());
        (report.verdict, report.exit_code) = (Verdict::Unproven, 3);
        let standing = Standing::of(&report);
        assert_eq!(standing.verdict, Verdict::Unproven);
        assert_eq!(standing.gaps[0].reason, "the gate before it is closed");
        assert_eq!(standing.gaps[0].subject(), format!("gate {}", report.gates[0].id));
    }

    #[test]
    fn an_open_verdict_over_a_broken_check_is_not_believed() {
        let mut report = fixture::clean();
        report.checks[0].verdict = Verdict::Broken;
        let standing = Standing::of(&report);
        assert_eq!(standing.verdict, Verdict::Broken);
        assert_eq!(standing.gaps.len(), 2, "the gate and the run both contradict the check");
    }

    #[test]
    fn an_open_gate_without_a_check_is_not_believed() {
        let mut report = fixture::clean();
        report.gates.push(GateInfo {
            id: "ghost".into(),
            title: String::new(),
            verdict: Verdict::Holds,
            reason: String::new(),
        });
        assert_eq!(Standing::of(&report).verdict, Verdict::Unproven);
    }

    #[test]
    fn an_exit_status_that_does_not_fit_is_a_gap() {
        for code in [1, 2, 3, 70] {
            let mut report = fixture::clean();
            report.exit_code = code;
            assert!(!Standing::of(&report).is_open(), "exit status {code}");
        }
    }
}
