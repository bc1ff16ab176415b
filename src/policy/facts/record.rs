//! Facts of a restore record. They are known only where the whole record verifies.

use super::{Argument, Fact};
use crate::value::Type;

const PHASE: Argument = Argument::text("a phase");
const GATE: Argument = Argument::text("a gate");
const CHECK: Argument = Argument::text("a check");
const WINDOW: Argument = Argument::of("a time before now", Type::Duration);
const AHEAD: Argument = Argument::of("a time from now on", Type::Duration);
const LIMIT: Argument = Argument::of("a limit", Type::Duration);

/// Runs on kept facts count nowhere: nothing was looked at in them.
pub(super) const FACTS: &[Fact] = &[
    Fact::new("entries", Type::Number, "entries of the record").counting(),
    Fact::new("started", Type::Time, "when the latest restore began"),
    Fact::new("ended", Type::Time, "when the latest restore ended; one that is going on has no end"),
    Fact::new("ended_or_now", Type::Time, "when the latest restore ended, and now while it is going on"),
    Fact::new("duration", Type::Duration, "how long the latest restore took, or is going on"),
    Fact::new("phase", Type::Duration, "how long a phase of the latest restore took").with(PHASE),
    Fact::new("passed", Type::Time, "when a gate was last judged in the latest restore, if it was open then")
        .with(GATE),
    Fact::new(
        "availability",
        Type::Percent,
        "share of the judgements of a gate during the latest restore that found it open; of three or more",
    )
    .with(GATE),
    Fact::new(
        "silence",
        Type::Duration,
        "longest time of the latest restore, up to its end or to now, without a statement about a check; of one or more",
    )
    .with(CHECK),
    Fact::new("last_run", Type::Time, "when gates were last judged on what was looked at"),
    Fact::new("last_proven", Type::Time, "when that last came out with everything required holding"),
    Fact::new("last_drill_run", Type::Time, "when a drill was last run, proven or not"),
    Fact::new("last_drill", Type::Time, "when a drill was last proven"),
    Fact::new("drill_age", Type::Duration, "time since then"),
    Fact::new("drill_time", Type::Duration, "how long that drill took to restore"),
    Fact::new("drill_duration", Type::Duration, "how long all phases of that drill took, verification included"),
    Fact::new("drill_phase", Type::Duration, "how long a phase of that drill took").with(PHASE),
    Fact::new("drill_size", Type::Size, "size of what it restored"),
    Fact::new("drill_backup_size", Type::Size, "size of the backup that it restored"),
    Fact::new("restores", Type::Number, "restores that ended in a time before now").with(WINDOW),
    Fact::new("failed_restores", Type::Number, "those that were not completed; there must have been some")
        .with(WINDOW),
    Fact::new("rolled_back_restores", Type::Number, "those that were rolled back; there must have been some")
        .with(WINDOW),
    Fact::new("success_rate", Type::Percent, "share of them that were completed; of three or more")
        .with(WINDOW),
    Fact::new("rollback_rate", Type::Percent, "share of them that were rolled back; of three or more")
        .with(WINDOW),
    Fact::new("drills", Type::Number, "drills in a time before now").with(WINDOW),
    Fact::new("failed_drills", Type::Number, "those that were not proven; there must have been some")
        .with(WINDOW),
    Fact::new("drill_success_rate", Type::Percent, "share of them that were proven; of three or more")
        .with(WINDOW),
    Fact::new(
        "drill_growth",
        Type::Percent,
        "growth in 30 days of the duration of proven drills, by its trend; of five or more over 30 days or more",
    )
    .with(WINDOW),
    Fact::new("drill_size_growth", Type::Percent, "growth in 30 days of what they restored, likewise")
        .with(WINDOW),
    Fact::new(
        "drill_duration_in",
        Type::Duration,
        "how long a drill will take by the trend of two years, no further ahead than drills reach back",
    )
    .with(AHEAD),
    Fact::new("drill_size_in", Type::Size, "size of what it will restore, likewise").with(AHEAD),
    Fact::new(
        "drill_within",
        Type::Duration,
        "how much longer drills stay within a limit by that trend; at most as long as they reach back",
    )
    .with(LIMIT),
    Fact::new(
        "attested",
        Type::Time,
        "when the latest statement about a check was made that has not expired",
    )
    .with(CHECK),
];
