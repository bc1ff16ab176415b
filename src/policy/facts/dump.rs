//! Facts of a pg_dump archive.

use super::Fact;
use crate::value::Type;

pub(super) const FACTS: &[Fact] = &[
    Fact::new(
        "age",
        Type::Duration,
        "time since the file was last changed, or since pg_dump began where that is certainly longer",
    ),
    Fact::new("size", Type::Size, "size on disk, compressed as it is"),
    Fact::new("format", Type::Text, "`custom`, `directory`, `tar` or `plain`"),
    Fact::new("database", Type::Text, "name of the database that was dumped"),
    Fact::new("encoding", Type::Text, "encoding of all texts in it"),
    Fact::new("server_version", Type::Text, "version of the server that was dumped, as it wrote it"),
    Fact::new("pg_dump_version", Type::Text, "version of pg_dump, as it wrote it"),
    Fact::new("tables", Type::Number, "tables it knows, partitions among them"),
    Fact::new("tables_without_rows", Type::Number, "tables it knows but whose rows were left out")
        .among("tables"),
    Fact::new("large_objects", Type::Number, "entries of large objects in its table of contents"),
    Fact::new(
        "large_objects_without_contents",
        Type::Number,
        "the same, where it holds no contents of large objects at all, else 0",
    ),
    Fact::new("schemas", Type::Number, "schemas it makes; `public` counts only where it was altered"),
    Fact::new("extensions", Type::Number, "extensions it makes"),
    Fact::new("sequences", Type::Number, "sequences it makes, those of identity columns among them"),
    Fact::new(
        "indexes",
        Type::Number,
        "indexes it makes, without those that primary keys, unique and exclusion constraints bring along",
    ),
    Fact::new(
        "constraints",
        Type::Number,
        "constraints it makes beside their tables: keys, foreign keys, exclusions; checks are mostly within",
    ),
    Fact::new("functions", Type::Number, "functions, procedures and aggregates it makes"),
    Fact::new("triggers", Type::Number, "triggers on tables and views it makes"),
    Fact::new("compression", Type::Text, "`none`, `gzip`, `lz4` or `zstd`, as its beginning states it"),
];
