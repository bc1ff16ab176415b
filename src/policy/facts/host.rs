//! Facts of the machine that holdtrue runs on.

use super::{Argument, Fact};
use crate::value::Type;

const PATH: Argument = Argument::text("a path");

const LOAD: Argument = Argument {
    what: "a span",
    ty: Type::Duration,
    one_of: &["1min", "5min", "15min"],
    otherwise: Some("1min"),
};

pub(super) const FACTS: &[Fact] = &[
    Fact::new(
        "load",
        Type::Percent,
        "load average over a span as a share of the cores; 100% keeps all of them busy",
    )
    .with(LOAD),
    Fact::new("cores", Type::Number, "cores this program may use"),
    Fact::new("memory_total", Type::Size, "memory of the machine or of the container, whichever is less"),
    Fact::new(
        "memory_free",
        Type::Size,
        "memory that can be had without swapping, within the container's limit",
    ),
    Fact::new(
        "free",
        Type::Size,
        "room an ordinary user may fill on the file system of a path that is there",
    )
    .with(PATH),
    Fact::new("free_share", Type::Percent, "the same as a share of the file system").with(PATH),
    Fact::new("total", Type::Size, "size of the file system of a path that is there").with(PATH),
    Fact::new(
        "postgres_versions",
        Type::Text,
        "versions of the PostgreSQL servers installed here, as they state them, ascending, separated by `, `",
    ),
    Fact::new("has_postgres", Type::Bool, "whether a PostgreSQL server of a major version is installed here")
        .with(Argument::of("MAJOR", Type::Number)),
];
