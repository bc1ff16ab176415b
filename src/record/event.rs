//! What entries say, by kind.
//!
//! No row values but those of key columns, and no secrets: whoever makes an event answers for that. All durations are in
//! milliseconds, all times RFC 3339 in UTC.

use serde::{Deserialize, Serialize};

macro_rules! events {
    ($($kind:ident($body:ident) = $word:literal, $about:literal;)*) => {
        /// What an entry says.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", content = "body", rename_all = "snake_case")]
        #[expect(missing_docs, reason = "each kind is described where its body is")]
        pub enum Event { $($kind($body),)* }

        impl Event {
            /// Every kind with what it says.
            pub const KINDS: &'static [(&'static str, &'static str)] = &[$(($word, $about),)*];

            /// The word for the kind.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$kind(_) => $word,)* }
            }

            /// The kind and the body as they stand in an entry.
            ///
            /// # Errors
            ///
            /// When it is no JSON, which the types rule out.
            pub(super) fn parts(&self) -> Result<(&'static str, serde_json::Value), serde_json::Error> {
                match self { $(Self::$kind(body) => serde_json::to_value(body).map(|value| ($word, value)),)* }
            }

            /// Reads what an entry says.
            ///
            /// # Errors
            ///
            /// Why it says nothing that is known.
            pub fn of(kind: &str, body: &serde_json::Value) -> Result<Self, String> {
                match kind {
                    $($word => $body::deserialize(body).map(Self::$kind).map_err(|error| error.to_string()),)*
                    _ => Err(format!("`{kind}` is no kind of entry")),
                }
            }
        }
    };
}

events! {
    Opened(Opened) = "opened", "the record begins";
    GateRun(GateRun) = "gate_run", "gates were judged";
    WaiverUsed(WaiverUsed) = "waiver_used", "a waiver let a broken check pass";
    RestoreBegun(RestoreBegun) = "restore_begun", "a restore by a procedure begins";
    PhaseBegun(PhaseBegun) = "phase_begun", "a phase of a restore begins";
    PhaseEnded(PhaseEnded) = "phase_ended", "a phase of a restore is over";
    RolledBack(RolledBack) = "rolled_back", "a restore turns to its rollback";
    RestoreEnded(RestoreEnded) = "restore_ended", "a restore is over";
    Attested(Attested) = "attested", "a person says something about a check";
    DrillBegun(DrillBegun) = "drill_begun", "the rehearsal of a restore begins";
    Drill(Drill) = "drill", "a restore was rehearsed";
    Corrected(Corrected) = "corrected", "a person corrects an earlier entry, which stays as it is";
    KeyRotated(KeyRotated) = "key_rotated", "entries from here on are signed with another key";
    Recovered(Recovered) = "recovered", "an entry that was not written to its end was set aside";
}

/// The record begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// 32 random hex digits that tell this record from others.
    pub record: String,
    /// Version of the writer.
    pub version: String,
    /// The key that all entries are signed with, this one included: PEM; `null` for a record without signatures.
    pub public_key: Option<String>,
}

/// Gates were judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateRun {
    /// Id of the run, as in its report.
    pub run: String,
    /// The restore it was part of.
    pub restore: Option<String>,
    /// Name of the policy.
    pub policy: String,
    /// Digest over its text and parameters, as in the report.
    pub policy_digest: String,
    /// Whether kept facts were judged and nothing was looked at.
    pub replayed: bool,
    /// The tenant that all checks were narrowed to.
    pub tenant: Option<String>,
    /// Why gates could open out of order.
    pub out_of_order: Option<String>,
    /// When it began and when it was judged.
    pub started: String,
    /// When it was judged.
    pub finished: String,
    /// Version of the program.
    pub version: String,
    /// The worst of what was required, as a word.
    pub verdict: String,
    /// What was looked at.
    pub sources: Vec<SourceRead>,
    /// The gates that were judged.
    pub gates: Vec<GateState>,
    /// The checks that were judged.
    pub checks: Vec<CheckRun>,
    /// The objectives that they measured. Entries of earlier versions have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objectives: Vec<ObjectiveRun>,
}

/// An objective beside what was measured, as the report has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectiveRun {
    /// Its name.
    pub name: String,
    /// Its target, such as `4h`.
    pub target: String,
    /// What is measured, as the policy writes it.
    pub measures: String,
    /// The figure; empty where it could not be had.
    pub actual: String,
    /// How it ended.
    pub verdict: String,
}

/// A source and what it said of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRead {
    /// Name in the policy.
    pub name: String,
    /// Kind.
    pub kind: String,
    /// Address without secrets.
    pub address: String,
    /// Whether it was reached.
    pub reached: bool,
    /// What it said of itself.
    pub identity: Vec<Figure>,
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// Its value; `null` is SQL NULL.
    pub value: Option<String>,
}

/// A gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateState {
    /// Its id.
    pub id: String,
    /// Its verdict; `holds` is open.
    pub verdict: String,
}

/// A check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRun {
    /// Its id.
    pub id: String,
    /// Its gate.
    pub gate: String,
    /// `require` or `recommend`.
    pub level: String,
    /// Its verdict.
    pub verdict: String,
    /// Rows, groups or keys that were looked at.
    pub rows_examined: u64,
    /// How many findings there are.
    pub findings: u64,
    /// Key columns of some of them.
    pub keys: Vec<Vec<Figure>>,
}

/// A waiver let a broken check pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaiverUsed {
    /// The run.
    pub run: String,
    /// The check.
    pub check: String,
    /// Its last day.
    pub until: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
}

/// A range of time that is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// At least, in milliseconds.
    pub from_ms: i64,
    /// At most, in milliseconds.
    pub to_ms: i64,
}

/// A phase as the procedure plans it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedPhase {
    /// Its name.
    pub name: String,
    /// How long it should take.
    pub expected: Option<Expected>,
    /// The gate that must be open before it is over.
    pub gate: Option<String>,
}

/// A restore begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreBegun {
    /// Its id.
    pub restore: String,
    /// Name of the policy.
    pub policy: String,
    /// Digest over its text and parameters.
    pub policy_digest: String,
    /// The tenant that its gates are narrowed to.
    pub tenant: Option<String>,
    /// Name of the procedure.
    pub procedure: String,
    /// How long all of it should take.
    pub expected: Option<Expected>,
    /// Its phases in their order.
    pub phases: Vec<PlannedPhase>,
    /// Those of its rollback.
    pub rollback: Vec<PlannedPhase>,
    /// Who says so.
    pub by: Option<String>,
}

/// A phase begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseBegun {
    /// The restore.
    pub restore: String,
    /// The phase.
    pub phase: String,
    /// Whether it is one of the rollback.
    pub rollback: bool,
    /// Why it begins although it is not its turn.
    pub out_of_order: Option<String>,
}

/// A phase is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseEnded {
    /// The restore.
    pub restore: String,
    /// The phase.
    pub phase: String,
    /// Whether it is one of the rollback.
    pub rollback: bool,
}

/// A restore turns to its rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolledBack {
    /// The restore.
    pub restore: String,
    /// Why.
    pub reason: String,
}

/// How a restore ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every phase in its order, and every gate of them open.
    Completed,
    /// It was taken back.
    RolledBack,
    /// Phases or gates are missing, or came out of order.
    Incomplete,
}

impl Outcome {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::RolledBack => "rolled back",
            Self::Incomplete => "incomplete",
        }
    }
}

/// A restore is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreEnded {
    /// The restore.
    pub restore: String,
    /// How.
    pub outcome: Outcome,
    /// What is to be said of it: over-runs, what is missing, what came out of order.
    pub findings: Vec<String>,
    /// Why it ends although something is missing.
    pub reason: Option<String>,
}

/// A person says something about a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attested {
    /// The check.
    pub check: String,
    /// Who, as the policy writes it in `attested by`.
    pub by: String,
    /// What is said.
    pub text: String,
    /// Until when it counts.
    pub expires: Option<String>,
}

/// The rehearsal of a restore begins. Without an entry `drill` of the same id after it, the drill is going on, or was killed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrillBegun {
    /// Its id.
    pub drill: String,
    /// Name of the policy.
    pub policy: String,
    /// Digest over its text and parameters.
    pub policy_digest: String,
    /// The backup, as it was named, without secrets.
    pub backup: String,
}

/// A restore was rehearsed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// Its id.
    pub drill: String,
    /// Name of the policy.
    pub policy: String,
    /// Digest over its text and parameters.
    pub policy_digest: String,
    /// The backup, without secrets.
    pub backup: String,
    /// What it says of itself: its digest, its version, when it was made.
    pub identity: Vec<Figure>,
    /// The gate run that judged what was restored, if it came to that.
    pub run: Option<String>,
    /// `holds` when the backup was restored and everything required of it holds.
    pub verdict: String,
    /// Exit status of the program: 0 only with `holds`.
    pub exit_code: u8,
    /// Whether somebody broke it off.
    pub interrupted: bool,
    /// Time to restore, in milliseconds, if it came to that.
    pub restore_ms: Option<u64>,
    /// Size of what was restored, in bytes, if it came to that.
    pub restored_bytes: Option<u64>,
    /// Its phases.
    pub phases: Vec<DrillPhase>,
    /// Why it is not proven, in sentences without row values.
    pub findings: Vec<String>,
}

/// A phase of a drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrillPhase {
    /// Its name.
    pub name: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// A person corrects an earlier entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// The number of the entry.
    pub sequence: u64,
    /// Its hash.
    pub hash: String,
    /// Who.
    pub by: String,
    /// What is right instead.
    pub text: String,
}

/// Entries from here on are signed with another key. This one is signed with the key before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRotated {
    /// The key from here on: PEM.
    pub public_key: String,
}

/// An entry that was not written to its end was set aside, or was whole but for its line end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovered {
    /// How many bytes there were.
    pub bytes: u64,
    /// Their SHA-256, in hex.
    pub sha256: String,
    /// The file beside the record that they were moved to; `null` when they were a whole entry and stay.
    pub kept: Option<String>,
}
