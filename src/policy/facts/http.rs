//! Facts of a service, each from a GET of its own.

use super::{Argument, Fact};
use crate::value::Type;

const PATH: Argument = Argument::text("a path");

pub(super) const FACTS: &[Fact] = &[
    Fact::new("status", Type::Number, "status of the answer").with(PATH),
    Fact::new(
        "latency",
        Type::Duration,
        "time from the request to the last byte of the answer, whatever its status",
    )
    .with(PATH),
];
