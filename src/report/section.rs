//! Which part of a report a check belongs in. Exhaustive, so that no check can fall between two parts.

use super::model::{CheckInfo, Level, Report, WaiverInfo, WaiverState};
use crate::verdict::Verdict;

/// The parts of a report, in the order a reader needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Required and broken.
    Broken,
    /// Required and unproven.
    Unproven,
    /// Broken, and covered by a waiver.
    Waived,
    /// Recommended, and broken or unproven.
    Recommended,
    /// Holds.
    Holds,
    /// Does not apply here.
    Skipped,
}

impl Section {
    /// Every section, in reading order.
    pub const ALL: [Self; 6] =
        [Self::Broken, Self::Unproven, Self::Waived, Self::Recommended, Self::Holds, Self::Skipped];

    /// The section of one check.
    #[must_use]
    pub fn of(check: &CheckInfo) -> Self {
        match (check.verdict, check.level) {
            (Verdict::Broken, Level::Require) => Self::Broken,
            (Verdict::Unproven, Level::Require) => Self::Unproven,
            (Verdict::Broken | Verdict::Unproven, Level::Recommend) => Self::Recommended,
            (Verdict::Waived, _) => Self::Waived,
            (Verdict::Holds, _) => Self::Holds,
            (Verdict::Skipped, _) => Self::Skipped,
        }
    }

    /// Its checks, in policy order.
    #[must_use]
    pub fn checks(self, report: &Report) -> Vec<&CheckInfo> {
        report.checks.iter().filter(|check| Self::of(check) == self).collect()
    }

    /// What a count of its checks says: `2 broken`.
    #[must_use]
    pub fn tally(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Unproven => "unproven",
            Self::Waived => "waived",
            Self::Recommended => "recommended but not holding",
            Self::Holds => "holding",
            Self::Skipped => "skipped",
        }
    }
}

/// How many checks ended in each section: `5 checks: 1 broken, 4 holding`.
#[must_use]
pub fn tally(report: &Report) -> String {
    use super::words::{count, grouped, len};
    let parts: Vec<String> = Section::ALL
        .into_iter()
        .map(|section| (section, section.checks(report).len()))
        .filter(|(_, number)| *number > 0)
        .map(|(section, number)| format!("{} {}", grouped(len(number)), section.tally()))
        .collect();
    let total = count(len(report.checks.len()), "check");
    if parts.is_empty() { total } else { format!("{total}: {}", parts.join(", ")) }
}

/// The waivers that cover a check in this run.
pub fn covering<'r>(report: &'r Report, check: &CheckInfo) -> impl Iterator<Item = &'r WaiverInfo> {
    let id = check.id.clone();
    report.waivers.iter().filter(move |waiver| waiver.state == WaiverState::Used && waiver.check == id)
}
