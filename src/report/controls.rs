//! Controls beside the checks that support them: which were held, which broken, which not tested.

use super::model::{CheckInfo, ControlInfo, Report};
use crate::verdict::Verdict;

/// What such a matrix is, and what it is not.
pub const SUPPORTS: &str = "Which checks ran in support of a control, and how they ended. This supports an assessment of the control; it \
     does not certify it, and no control is met by a report alone.";

/// How the checks behind a control ended, taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Every check was looked at, and holds.
    Held,
    /// Something is broken.
    Broken,
    /// Something is broken, and a waiver covers it.
    Waived,
    /// Something was not looked at: unproven, skipped, or not part of the run.
    NotTested,
}

impl Claim {
    /// In words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Broken => "broken",
            Self::Waived => "broken, waived",
            Self::NotTested => "not tested",
        }
    }
}

/// One control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'r> {
    /// Such as `soc2:CC7.2`.
    pub control: &'r str,
    /// All in one.
    pub claim: Claim,
    /// Checks that hold.
    pub held: Vec<&'r str>,
    /// Checks that are broken, waived or not.
    pub broken: Vec<&'r str>,
    /// Checks that are unproven or skipped, or that the run left out.
    pub untested: Vec<&'r str>,
}

/// Every control of the report with its checks.
#[must_use]
pub fn matrix(report: &Report) -> Vec<Row<'_>> {
    report.controls.iter().map(|control| row(report, control)).collect()
}

/// Checks that claim to support no control.
#[must_use]
pub fn unclaimed(report: &Report) -> Vec<&CheckInfo> {
    let named = |id: &String| report.controls.iter().any(|control| control.checks.contains(id));
    report.checks.iter().filter(|check| check.controls.is_empty() && !named(&check.id)).collect()
}

fn row<'r>(report: &'r Report, control: &'r ControlInfo) -> Row<'r> {
    let mut row = Row {
        control: &control.id,
        claim: Claim::NotTested,
        held: Vec::new(),
        broken: Vec::new(),
        untested: Vec::new(),
    };
    let mut worst = control.verdict;
    for id in &control.checks {
        let verdict = report.checks.iter().find(|check| check.id == *id).map(|check| check.verdict);
        match verdict {
            Some(Verdict::Holds) => row.held.push(id),
            Some(Verdict::Broken | Verdict::Waived) => row.broken.push(id),
            Some(Verdict::Unproven | Verdict::Skipped) | None => row.untested.push(id),
        }
        worst = worst.worst(verdict.unwrap_or(Verdict::Unproven));
    }
    row.claim = match worst {
        Verdict::Broken => Claim::Broken,
        Verdict::Waived => Claim::Waived,
        // Worse than waived, and yet a waived check is a broken one.
        Verdict::Unproven if !row.broken.is_empty() => Claim::Waived,
        Verdict::Holds if !row.held.is_empty() => Claim::Held,
        Verdict::Holds | Verdict::Unproven | Verdict::Skipped => Claim::NotTested,
    };
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn claim(verdicts: &[Verdict]) -> Claim {
        let mut report = fixture::clean();
        let one = report.checks[0].clone();
        report.checks = verdicts
            .iter()
            .enumerate()
            .map(|(at, verdict)| CheckInfo { id: format!("c{at}"), verdict: *verdict, ..one.clone() })
            .collect();
        report.controls[0].checks = (0..verdicts.len()).map(|at| format!("c{at}")).collect();
        report.controls[0].verdict =
            verdicts.iter().fold(Verdict::Holds, |worst, verdict| worst.worst(*verdict));
        matrix(&report)[0].claim
    }

    #[test]
    fn a_control_is_held_only_when_every_check_holds() {
        use Verdict::{Broken, Holds, Skipped, Unproven, Waived};
        for (verdicts, expected) in [
            (&[Holds, Holds][..], Claim::Held),
            (&[], Claim::NotTested),
            (&[Holds, Skipped], Claim::NotTested),
            (&[Holds, Unproven], Claim::NotTested),
            (&[Holds, Waived], Claim::Waived),
            (&[Unproven, Waived], Claim::Waived),
            (&[Waived, Broken, Holds], Claim::Broken),
        ] {
            assert_eq!(claim(verdicts), expected, "{verdicts:?}");
        }
    }

    #[test]
    fn a_check_that_the_report_lacks_was_not_tested() {
        let mut report = fixture::clean();
        report.controls[0].checks.push("elsewhere".into());
        let row = &matrix(&report)[0];
        assert_eq!((row.claim, row.untested.as_slice()), (Claim::NotTested, &["elsewhere"][..]));
        assert_eq!(unclaimed(&report).len(), 1);
    }
}
