//! Facts of a set of files.

use super::{Argument, Fact};
use crate::value::Type;

const WINDOW: Argument = Argument::of("DURATION", Type::Duration);

/// The time of a file is that in its name, where `named` says how to read it, but no later than its last change.
pub(super) const FACTS: &[Fact] = &[
    Fact::new("age", Type::Duration, "time since the newest file"),
    Fact::new("oldest_age", Type::Duration, "time since the oldest file"),
    Fact::new("newest", Type::Time, "when the newest file was made"),
    Fact::new("oldest", Type::Time, "when the oldest file was made"),
    Fact::new("name", Type::Text, "name of the newest file, without its folder"),
    Fact::new("size", Type::Size, "size of the newest file"),
    Fact::new("total_size", Type::Size, "size of all files together"),
    Fact::new("count", Type::Number, "number of files").counting(),
    Fact::new("empty_files", Type::Number, "files of no bytes"),
    Fact::new("misnamed", Type::Number, "files whose names are not as `named` says").needing("named"),
    Fact::new(
        "largest_gap",
        Type::Duration,
        "longest time between one file and the next, or since the newest one; files of no bytes do not count",
    ),
    Fact::new(
        "size_vs_previous",
        Type::Percent,
        "size of the newest file as a share of the median of up to 15 before it, of which there must be 3",
    ),
    Fact::new("runs", Type::Number, "runs in the time before now of which there is a file, one each `every`")
        .with(WINDOW)
        .needing("every"),
    Fact::new("expected_runs", Type::Number, "runs there should be in the time before now")
        .with(WINDOW)
        .needing("every"),
    Fact::new("success_rate", Type::Percent, "runs as a share of expected runs")
        .with(WINDOW)
        .needing("every"),
    Fact::new(
        "encryption",
        Type::Text,
        "how a store that speaks S3 states that the newest object is encrypted, such as `AES256`",
    ),
    Fact::new(
        "lock_mode",
        Type::Text,
        "how it states that the newest object is locked: `GOVERNANCE` or `COMPLIANCE`",
    ),
    Fact::new("locked_until", Type::Time, "until when it states that the newest object is locked"),
    Fact::new(
        "checksums_verified",
        Type::Number,
        "files whose bytes have the digest that a list or sidecar states",
    ),
];
