//! Facts of recorded statements of people.

use super::{Argument, Fact};
use crate::value::Type;

const CHECK: Argument = Argument::text("a check");

/// Statements that have expired are none.
pub(super) const FACTS: &[Fact] = &[
    Fact::new("latest", Type::Time, "when the latest statement about a check was made").with(CHECK),
    Fact::new("age", Type::Duration, "time since the latest statement about a check").with(CHECK),
    Fact::new("by", Type::Text, "who made the latest statement about a check").with(CHECK),
    Fact::new("statements", Type::Number, "all statements in the file").counting(),
];
