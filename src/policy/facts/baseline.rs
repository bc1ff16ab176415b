//! Facts of a sealed baseline.

use super::{Argument, Fact};
use crate::value::Type;

pub(super) const FACTS: &[Fact] = &[
    Fact::new(
        "rows",
        Type::Number,
        "rows that a table held then; without a name, the table of the check's `on`",
    )
    .with(Argument { otherwise: Some(""), ..Argument::text("a table") }),
    Fact::new("sum", Type::Number, "sum of a column of a ledger then, as `\"table.column\"`")
        .with(Argument::text("a column")),
    Fact::new("tables", Type::Number, "tables it holds").counting(),
    Fact::new("tables_unsealed", Type::Number, "tables whose rows could not be read when it was taken")
        .among("tables"),
    Fact::new("taken", Type::Time, "when it was taken, by the clock of the machine that took it"),
    Fact::new("age", Type::Duration, "time since then"),
    Fact::new("policy", Type::Text, "name of the policy it was taken under"),
    Fact::new("policy_digest", Type::Text, "digest of that policy"),
    Fact::new("digest", Type::Text, "SHA-256 that the file states and has"),
    Fact::new("database", Type::Text, "name of the database"),
    Fact::new("server_version", Type::Text, "version of its server, as that says it"),
    Fact::new("system_identifier", Type::Text, "identifier of its cluster"),
];
