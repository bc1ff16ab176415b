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
        "value of a configuration setting; unknown names are NULL",
        "SELECT pg_catalog.current_setting($1::text, true)",
    ),
];

/// The facts a kind of source publishes.
#[must_use]
pub fn published(kind: SourceKind) -> &'static [Fact] {
    match kind {
        SourceKind::Postgres => POSTGRES,
    }
}
