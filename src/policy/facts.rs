//! The facts each kind of source publishes: one table for the checker, the prober and `holdtrue facts`.

use super::SourceKind;
use crate::value::Type;

/// One published fact.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// Its name after the source's name and a dot.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// What its argument is, for facts that take one: `sessions of "role"`, `setting("name")`.
    pub argument: Option<&'static str>,
    /// One sentence.
    pub about: &'static str,
    /// For PostgreSQL: one SELECT of one text column; `$1` is the argument.
    pub sql: &'static str,
}

const fn fact(
    name: &'static str,
    ty: Type,
    argument: Option<&'static str>,
    about: &'static str,
    sql: &'static str,
) -> Fact {
    Fact { name, ty, argument, about, sql }
}

/// Without `pg_read_all_stats` the server hides what kind of backend another role's session is: then it counts, because
/// a session that cannot be told from an application's must not look like silence.
const SESSIONS: &str = "SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1::text) THEN \
    (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usename = $1::text \
    AND COALESCE(backend_type, 'client backend') = 'client backend' AND application_name IS DISTINCT FROM 'holdtrue') END::text";

const POSTGRES: &[Fact] = &[
    fact(
        "version",
        Type::Number,
        None,
        "server version as one number, such as 150018",
        "SELECT pg_catalog.current_setting('server_version_num')",
    ),
    fact(
        "in_recovery",
        Type::Bool,
        None,
        "whether the server is a standby or still replaying WAL",
        "SELECT pg_catalog.pg_is_in_recovery()::text",
    ),
    fact("database", Type::Text, None, "name of the database", "SELECT pg_catalog.current_database()::text"),
    fact(
        "encoding",
        Type::Text,
        None,
        "server encoding of the database",
        "SELECT pg_catalog.current_setting('server_encoding')",
    ),
    fact(
        "size",
        Type::Size,
        None,
        "disk use of the database",
        "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())::text",
    ),
    fact("clock", Type::Time, None, "the server's own clock", "SELECT pg_catalog.clock_timestamp()::text"),
    fact(
        "system_identifier",
        Type::Text,
        None,
        "identifier of the cluster, equal in all its physical copies",
        "SELECT system_identifier::text FROM pg_catalog.pg_control_system()",
    ),
    fact(
        "timeline",
        Type::Number,
        None,
        "timeline of the last checkpoint",
        "SELECT timeline_id::text FROM pg_catalog.pg_control_checkpoint()",
    ),
    fact(
        "sessions",
        Type::Number,
        Some("a role"),
        "client sessions of a role in any database, this run's own left out; unknown roles are NULL",
        SESSIONS,
    ),
    fact(
        "setting",
        Type::Text,
        Some("a setting"),
        "value of a configuration setting as the server shows it; unknown names are NULL",
        "SELECT pg_catalog.current_setting($1::text, true)",
    ),
    fact(
        "setting",
        Type::Number,
        Some("a setting"),
        "the same beside a number, if it is one without a unit",
        NUMBER,
    ),
    fact(
        "setting",
        Type::Duration,
        Some("a setting"),
        "the same beside a duration, if it is one above 0",
        DURATION,
    ),
    fact(
        "setting",
        Type::Size,
        Some("a setting"),
        "the same beside a size, if it is one and not negative",
        SIZE,
    ),
    fact(
        "setting",
        Type::Bool,
        Some("a setting"),
        "the same beside `true` or `false`, if it is on or off",
        SWITCH,
    ),
];

// What a setting is and in which unit stands in `pg_settings`. A value that is something else comes as a text that reads
// as no value of the wanted type, which says so. Of times and sizes, 0 or -1 mostly means `off` or `without limit`, the
// opposite of little.

const NUMBER: &str = "SELECT (SELECT CASE WHEN vartype IN ('integer', 'real') AND unit IS NULL THEN setting \
    ELSE pg_catalog.concat_ws(' ', setting, unit) END FROM pg_catalog.pg_settings WHERE lower(name) = lower($1::text))";

const DURATION: &str = "SELECT (SELECT CASE WHEN unit IN ('us', 'ms', 's', 'min', 'h', 'd') THEN \
    CASE WHEN setting::numeric > 0 THEN 'PT' || setting::numeric * CASE unit WHEN 'us' THEN 0.000001 WHEN 'ms' THEN 0.001 \
    WHEN 's' THEN 1 WHEN 'min' THEN 60 WHEN 'h' THEN 3600 ELSE 86400 END || 'S' ELSE setting || ' (off or without limit)' END \
    ELSE pg_catalog.concat_ws(' ', setting, unit) END FROM pg_catalog.pg_settings WHERE lower(name) = lower($1::text))";

const SIZE: &str = "SELECT (SELECT CASE WHEN unit ~ 'B$' THEN CASE WHEN setting::numeric >= 0 THEN (setting::numeric * \
    CASE WHEN unit = 'B' THEN 1 WHEN unit ~ '^[0-9]' THEN pg_catalog.pg_size_bytes(unit) \
    ELSE pg_catalog.pg_size_bytes('1' || unit) END)::text ELSE setting || ' (off or without limit)' END \
    ELSE pg_catalog.concat_ws(' ', setting, unit) END FROM pg_catalog.pg_settings WHERE lower(name) = lower($1::text))";

const SWITCH: &str = "SELECT (SELECT CASE WHEN vartype = 'bool' AND setting = 'on' THEN 'true' \
    WHEN vartype = 'bool' AND setting = 'off' THEN 'false' ELSE pg_catalog.concat_ws(' ', setting, unit) END \
    FROM pg_catalog.pg_settings WHERE lower(name) = lower($1::text))";

const DUMP: &[Fact] = &[
    fact(
        "age",
        Type::Duration,
        None,
        "time since the file was last changed, or since pg_dump began where that is certainly longer",
        "",
    ),
    fact("size", Type::Size, None, "size on disk, compressed as it is", ""),
    fact("format", Type::Text, None, "`custom`, `directory`, `tar` or `plain`", ""),
    fact("database", Type::Text, None, "name of the database that was dumped", ""),
    fact("encoding", Type::Text, None, "encoding of all texts in it", ""),
    fact("server_version", Type::Text, None, "version of the server that was dumped, as it wrote it", ""),
    fact("pg_dump_version", Type::Text, None, "version of pg_dump, as it wrote it", ""),
    fact("tables", Type::Number, None, "tables it knows, partitions among them", ""),
    fact("tables_without_rows", Type::Number, None, "tables it knows but whose rows were left out", ""),
    fact("large_objects", Type::Number, None, "entries of large objects in its table of contents", ""),
    fact(
        "large_objects_without_contents",
        Type::Number,
        None,
        "the same, where it holds no contents of large objects at all, else 0",
        "",
    ),
    fact("schemas", Type::Number, None, "schemas it makes; `public` counts only where it was altered", ""),
    fact("extensions", Type::Number, None, "extensions it makes", ""),
    fact("sequences", Type::Number, None, "sequences it makes, those of identity columns among them", ""),
    fact(
        "indexes",
        Type::Number,
        None,
        "indexes it makes, without those that primary keys, unique and exclusion constraints bring along",
        "",
    ),
    fact(
        "constraints",
        Type::Number,
        None,
        "constraints it makes beside their tables: keys, foreign keys, exclusions; checks are mostly within",
        "",
    ),
    fact("functions", Type::Number, None, "functions, procedures and aggregates it makes", ""),
    fact("triggers", Type::Number, None, "triggers on tables and views it makes", ""),
    fact("compression", Type::Text, None, "`none`, `gzip`, `lz4` or `zstd`, as its beginning states it", ""),
];

/// The facts a kind of source publishes. One that stands there in several types takes that of what it is compared with,
/// and the first by itself.
#[must_use]
pub fn published(kind: SourceKind) -> &'static [Fact] {
    match kind {
        SourceKind::Postgres => POSTGRES,
        SourceKind::Dump => DUMP,
    }
}
