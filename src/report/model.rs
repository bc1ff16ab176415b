//! The one report that every format renders. A writer may lay it out, and may drop nothing from it.

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::source_text::Location;
pub use crate::verdict::Level;
use crate::verdict::Verdict;

/// Value of the `schema` key. A change that breaks readers changes this.
pub const SCHEMA: &str = "holdtrue.report/1";

/// Everything one run has to say.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The worst verdict among required checks and gates.
    pub verdict: Verdict,
    /// The process exit status this run ends in.
    pub exit_code: u8,
    /// Which policy was judged.
    pub policy: PolicyInfo,
    /// When and by what.
    pub run: RunInfo,
    /// What was looked at.
    pub sources: Vec<SourceInfo>,
    /// One line per selected gate.
    pub gates: Vec<GateInfo>,
    /// One entry per selected check, in policy order.
    pub checks: Vec<CheckInfo>,
    /// Objectives used by the selected checks.
    pub objectives: Vec<ObjectiveInfo>,
    /// Controls named by `evidence`, with the checks behind each.
    pub controls: Vec<ControlInfo>,
    /// Every waiver of the policy and its state in this run.
    pub waivers: Vec<WaiverInfo>,
    /// The restore that was rehearsed, if the run was a drill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<DrillInfo>,
    /// What a reader must know about the whole run (narrowed to one tenant, privileged role allowed, ...).
    pub notes: Vec<String>,
}

/// A restore that was rehearsed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DrillInfo {
    /// Unique id of the drill.
    pub id: String,
    /// Kind of the backup, such as `dump`; empty when there was none to be seen.
    pub kind: String,
    /// The backup, without secrets.
    pub backup: String,
    /// What the backup and the restore say of themselves: digest, versions, where replay ended ...
    pub facts: Vec<FactInfo>,
    /// The phases in their order, as far as it came.
    pub phases: Vec<DrillPhaseInfo>,
    /// Time from the beginning until the restored database had answered, in milliseconds; `null` if it did not.
    pub restore_ms: Option<u64>,
    /// Size of the restored database in bytes; `null` if there is none.
    pub restored_bytes: Option<u64>,
    /// Where the restored files were kept, and how to start the server on them; `null` if they were removed.
    pub kept: Option<String>,
}

/// A phase of a drill.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DrillPhaseInfo {
    /// Its name.
    pub name: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// How long the policy's procedure expects it to take, as `FROM..TO`; empty where it says nothing.
    pub expected: String,
}

/// The policy that was judged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyInfo {
    /// Its identifier.
    pub name: String,
    /// Its title, possibly empty.
    pub title: String,
    /// `sha256:` and 64 hex digits over the text of all its files and the parameter values.
    pub digest: String,
    /// Its owner, possibly empty.
    pub owner: String,
}

/// The run itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunInfo {
    /// Unique id of the run.
    pub id: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub finished: String,
    /// Version of holdtrue.
    pub version: String,
    /// True when facts were replayed from a file and nothing was looked at.
    pub replayed: bool,
    /// The instant `now` meant in this run; RFC 3339, UTC.
    pub now: String,
    /// The seed of the hash that keyed sums weigh groups with, `0x` and 16 hex digits, if there were such sums.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    /// Parameter values in force, as written; never secrets.
    pub parameters: Vec<ParameterInfo>,
}

/// One parameter and its value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParameterInfo {
    /// Name without the dollar sign.
    pub name: String,
    /// Value as the policy language writes it.
    pub value: String,
}

/// One source as it presented itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SourceInfo {
    /// Name in the policy.
    pub name: String,
    /// Kind, such as `postgres`.
    pub kind: String,
    /// Address without secrets.
    pub address: String,
    /// Whether it was reached.
    pub reached: bool,
    /// What it said of itself, in a fixed order: server version, database, role, recovery state, system identifier ...
    pub facts: Vec<FactInfo>,
    /// Remarks, such as that a role which can write was allowed.
    pub notes: Vec<String>,
}

/// One named figure or property.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FactInfo {
    /// What it is.
    pub name: String,
    /// Its value as text.
    pub value: String,
}

/// One gate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GateInfo {
    /// Its identifier.
    pub id: String,
    /// Its title, possibly empty.
    pub title: String,
    /// `holds` means open; anything that does not open closes it.
    pub verdict: Verdict,
    /// One sentence.
    pub reason: String,
}

/// One check with everything it found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckInfo {
    /// Its identifier, unique in the policy.
    pub id: String,
    /// The gate it belongs to.
    pub gate: String,
    /// Its title, possibly empty.
    pub title: String,
    /// `require` or `recommend`.
    pub level: Level,
    /// How it ended.
    pub verdict: Verdict,
    /// One sentence: why.
    pub reason: String,
    /// The assertion as written in the policy.
    pub assertion: String,
    /// Rows, groups or keys that were looked at; 0 for raw SQL, which does not say how many rows it reads.
    pub rows_examined: u64,
    /// Samples, at most as many as the run was asked to list.
    pub findings: Vec<Finding>,
    /// How many there are in all, listed or not.
    pub findings_total: u64,
    /// Controls this supports, such as `soc2:CC7.2`.
    pub controls: Vec<String>,
    /// Where the check stands in the policy.
    pub location: Location,
    /// Time spent looking, in milliseconds; shared scans count for each check that used them.
    pub duration_ms: u64,
    /// Limits of what was proven: columns outside a hash, links only, tolerances used ...
    pub notes: Vec<String>,
    /// Where to read what to do, if the policy names it.
    pub runbook: Option<String>,
}

/// One objective beside what was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectiveInfo {
    /// Its name, such as `rpo`.
    pub name: String,
    /// Target as written.
    pub target: String,
    /// What is measured, as written.
    pub measures: String,
    /// Measured figure, or empty when it could not be had.
    pub actual: String,
    /// How it ended.
    pub verdict: Verdict,
    /// One sentence.
    pub reason: String,
    /// Further figures. They decide nothing.
    pub beside: Vec<FigureInfo>,
}

/// A figure beside that of an objective. It decides nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FigureInfo {
    /// What it is called, such as `archive lag`.
    pub name: String,
    /// What is measured, as written.
    pub measures: String,
    /// Measured figure, or empty when it could not be had.
    pub actual: String,
    /// How it would have ended, had it decided.
    pub verdict: Verdict,
    /// One sentence.
    pub reason: String,
}

/// One control and the checks that support it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ControlInfo {
    /// Such as `soc2:CC7.2`.
    pub id: String,
    /// Worst verdict of its checks.
    pub verdict: Verdict,
    /// Check identifiers.
    pub checks: Vec<String>,
}

/// What a waiver did in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaiverState {
    /// It covers a broken check.
    Used,
    /// Its check holds; remove it.
    Needless,
    /// It is past its day and covers nothing.
    Expired,
    /// Its check is unproven, which no waiver covers.
    NotApplicable,
    /// Its check was not selected.
    NotSelected,
}

/// One waiver.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WaiverInfo {
    /// The check it is for.
    pub check: String,
    /// Last day, inclusive to 24:00 UTC; `YYYY-MM-DD`.
    pub until: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// What became of it.
    pub state: WaiverState,
}
