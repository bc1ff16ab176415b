//! Facts of a restore record. They are known only where the whole record verifies.

use super::{Argument, Fact};
use crate::value::Type;

const PHASE: Argument = Argument::text("a phase");
const GATE: Argument = Argument::text("a gate");
const CHECK: Argument = Argument::text("a check");
const WINDOW: Argument = Argument::of("a time before now", Type::Duration);

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
    Fact::new("last_run", Type::Time, "when gates were last judged on what was looked at"),
    Fact::new("last_proven", Type::Time, "when that last came out with everything required holding"),
    Fact::new("last_drill", Type::Time, "when a drill was last proven"),
    Fact::new("drill_age", Type::Duration, "time since then"),
    Fact::new("drill_time", Type::Duration, "how long that drill took to restore"),
    Fact::new("drill_size", Type::Size, "size of what it restored"),
    Fact::new("restores", Type::Number, "restores that ended in a time before now").with(WINDOW),
    Fact::new("success_rate", Type::Percent, "share of them that were completed").with(WINDOW),
    Fact::new("rollback_rate", Type::Percent, "share of them that were rolled back").with(WINDOW),
    Fact::new("drills", Type::Number, "drills in a time before now").with(WINDOW),
    Fact::new("drill_success_rate", Type::Percent, "share of them that were proven").with(WINDOW),
    Fact::new(
        "attested",
        Type::Time,
        "when the latest statement about a check was made that has not expired",
    )
    .with(CHECK),
];
