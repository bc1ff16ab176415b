//! Facts of a list of subjects.

use super::Fact;
use crate::value::Type;

pub(super) const FACTS: &[Fact] = &[
    Fact::new("count", Type::Number, "subjects that it names; one that stands twice counts once").counting(),
    Fact::new("age", Type::Duration, "time since the file was last changed"),
    Fact::new("digest", Type::Text, "`sha256:` and the digest of the file's bytes"),
    Fact::new("size", Type::Size, "size of the file"),
];
