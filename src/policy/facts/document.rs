//! Facts of a JSON, YAML or TOML file, by JSON pointer (RFC 6901).

use super::{Argument, Fact};
use crate::value::Type;

const POINTER: Argument = Argument::text("a pointer");

pub(super) const FACTS: &[Fact] = &[
    Fact::new(
        "value",
        Type::Text,
        "the text at a pointer; nothing there is unproven, and so is another type",
    )
    .with(POINTER),
    Fact::new("value", Type::Number, "the same beside a number").with(POINTER),
    Fact::new("value", Type::Bool, "the same beside `true` or `false`").with(POINTER),
    Fact::new("value", Type::Time, "the same beside an instant; RFC 3339 with an offset").with(POINTER),
    Fact::new("exists", Type::Bool, "whether there is anything at a pointer, null included").with(POINTER),
    Fact::new("count", Type::Number, "elements of the array, or members of the object, at a pointer")
        .with(POINTER),
    Fact::new("age", Type::Duration, "time since the file was last changed"),
    Fact::new("size", Type::Size, "size of the file"),
];
