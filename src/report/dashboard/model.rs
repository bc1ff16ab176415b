//! What a page over a record shows. All of it is text that is ready to be read, and verdicts.

use crate::verdict::Verdict;

/// Everything on the page.
#[derive(Clone, Debug, Default)]
pub struct Dashboard {
    /// The record.
    pub record: RecordState,
    /// When the page was made: RFC 3339, UTC.
    pub made: String,
    /// Version of the program.
    pub version: String,
    /// What must be looked after, the worst first. None of it, over a sound record, is all that makes a page green.
    pub concerns: Vec<Concern>,
    /// Gates as they were last judged.
    pub gates: Vec<GateLine>,
    /// Checks that do not hold.
    pub failures: Vec<FailureLine>,
    /// Objectives as they were last measured.
    pub objectives: Vec<ObjectiveLine>,
    /// Backups and archives as they were last read.
    pub backups: Vec<BackupLine>,
    /// The latest drills, the last one first.
    pub drills: Vec<DrillLine>,
    /// How many there are in all.
    pub drills_total: usize,
    /// The latest restores by people, the last one first.
    pub restores: Vec<RestoreLine>,
    /// How many there are in all.
    pub restores_total: usize,
    /// Rates and ages.
    pub figures: Vec<FigureLine>,
    /// Figures over time.
    pub charts: Vec<Chart>,
    /// Waivers that let something pass when it was last judged.
    pub waivers: Vec<WaiverLine>,
}

/// Whether the record is as it was written.
#[derive(Clone, Debug, Default)]
pub struct RecordState {
    /// Its folder.
    pub folder: String,
    /// `None` where it could not be read.
    pub entries: Option<u64>,
    /// What it states as its id.
    pub id: String,
    /// `NUMBER:HASH` of its last entry.
    pub head: String,
    /// Who signs it, in words.
    pub signed: String,
    /// Why it could not be read, or what is amiss in it.
    pub flaws: Vec<String>,
    /// How many there are.
    pub flaws_total: u64,
    /// Whether it is there and was changed.
    pub changed: bool,
    /// What else there is to say of it.
    pub notes: Vec<String>,
}

impl RecordState {
    /// Whether it verifies and holds something.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.flaws_total == 0 && self.flaws.is_empty() && !self.changed && self.entries.is_some_and(|n| n > 0)
    }
}

/// Something that must be looked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    /// `broken` or `unproven`.
    pub verdict: Verdict,
    /// One sentence.
    pub text: String,
}

/// A gate.
#[derive(Clone, Debug)]
pub struct GateLine {
    /// The policy, and whose it is.
    pub of: String,
    /// Its id.
    pub gate: String,
    /// Its verdict; `holds` is open.
    pub verdict: Verdict,
    /// When it was judged.
    pub at: String,
    /// How long ago.
    pub ago: String,
    /// Since when it has been open, or closed.
    pub since: String,
    /// How many checks it has, and how many of them do not hold.
    pub checks: String,
}

/// A check that does not hold.
#[derive(Clone, Debug)]
pub struct FailureLine {
    /// The policy, and whose it is.
    pub of: String,
    /// Its gate.
    pub gate: String,
    /// Its id.
    pub check: String,
    /// Whether it closes its gate.
    pub required: bool,
    /// Its verdict.
    pub verdict: Verdict,
    /// How much was found.
    pub findings: u64,
    /// Since when.
    pub since: String,
}

/// An objective.
#[derive(Clone, Debug)]
pub struct ObjectiveLine {
    /// The policy, and whose it is.
    pub of: String,
    /// Its name.
    pub name: String,
    /// Its target.
    pub target: String,
    /// What was measured; empty where it could not be.
    pub actual: String,
    /// Of what.
    pub measures: String,
    /// How it ended.
    pub verdict: Verdict,
    /// When it was measured.
    pub at: String,
}

/// A backup or an archive.
#[derive(Clone, Debug)]
pub struct BackupLine {
    /// The policy, and whose it is.
    pub of: String,
    /// Name of the source.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Where it is, without secrets.
    pub address: String,
    /// Whether it was reached.
    pub reached: bool,
    /// What it said of itself.
    pub facts: String,
    /// When it was read.
    pub at: String,
    /// How long ago.
    pub ago: String,
}

/// A drill.
#[derive(Clone, Debug)]
pub struct DrillLine {
    /// When.
    pub at: String,
    /// The policy.
    pub of: String,
    /// The backup.
    pub backup: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// All phases together.
    pub duration: String,
    /// Size of the backup.
    pub backup_size: String,
    /// Size of what was restored.
    pub size: String,
    /// Its phases with their times.
    pub phases: Vec<(String, String)>,
    /// Why it is not proven.
    pub findings: Vec<String>,
}

/// A restore that people carried out.
#[derive(Clone, Debug)]
pub struct RestoreLine {
    /// When it began.
    pub at: String,
    /// The policy and the procedure.
    pub of: String,
    /// How it ended; `None` while it is going on.
    pub completed: Option<bool>,
    /// The same in words.
    pub state: String,
    /// How long it took.
    pub duration: String,
    /// Its phases with their times.
    pub phases: Vec<(String, String)>,
    /// What there is to say of it.
    pub findings: Vec<String>,
}

/// A rate or an age.
#[derive(Clone, Debug)]
pub struct FigureLine {
    /// What it is.
    pub name: String,
    /// Its value, or what is missing for one.
    pub value: String,
    /// Whether it is known.
    pub known: bool,
}

/// A figure over time.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What it is of.
    pub title: String,
    /// Each with its day, its second since 1970, the figure, and the figure in words; in the order of time.
    pub points: Vec<ChartPoint>,
    /// The limit, with its words.
    pub limit: Option<(u64, String)>,
    /// The figure by its trend at the first point and at the last.
    pub trend: Option<(u64, u64)>,
    /// What the trend says, or what is missing for one.
    pub words: String,
}

/// A point of a chart.
#[derive(Clone, Debug)]
pub struct ChartPoint {
    /// Its day.
    pub day: String,
    /// Seconds since 1970.
    pub second: i64,
    /// The figure.
    pub value: u64,
    /// In words.
    pub shown: String,
}

/// A waiver.
#[derive(Clone, Debug)]
pub struct WaiverLine {
    /// The check.
    pub check: String,
    /// Its last day.
    pub until: String,
    /// Whether that is over.
    pub over: bool,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// When it last let the check pass.
    pub at: String,
}
