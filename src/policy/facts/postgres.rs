//! Facts of a PostgreSQL server, each with the one SELECT that asks for it.

use super::{Argument, Fact};
use crate::value::Type;

const fn fact(
    name: &'static str,
    ty: Type,
    argument: Option<Argument>,
    about: &'static str,
    sql: &'static str,
) -> Fact {
    Fact { argument, sql, ..Fact::new(name, ty, about) }
}

const ROLE: Option<Argument> = Some(Argument::text("a role"));
const SETTING: Option<Argument> = Some(Argument::text("a setting"));

/// Without `pg_read_all_stats` the server hides what kind of backend another role's session is: then it counts, because
/// a session that cannot be told from an application's must not look like silence.
const SESSIONS: &str = "SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1::text) THEN \
    (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usename = $1::text \
    AND COALESCE(backend_type, 'client backend') = 'client backend' AND application_name IS DISTINCT FROM 'holdtrue') END::text";

pub(super) const FACTS: &[Fact] = &[
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
        "archived_age",
        Type::Duration,
        None,
        "time since a WAL segment was last archived; NULL where none ever was",
        "SELECT 'PT' || CASE WHEN s < 0 THEN 0 ELSE s END || 'S' FROM (SELECT round(extract(epoch FROM \
         pg_catalog.clock_timestamp() - last_archived_time)::numeric, 3) AS s FROM pg_catalog.pg_stat_archiver) AS a",
    ),
    fact(
        "archived_at",
        Type::Time,
        None,
        "when the last WAL segment was archived; NULL where archiving is off or nothing was archived since the statistics began",
        "SELECT CASE WHEN pg_catalog.current_setting('archive_mode') <> 'off' THEN last_archived_time END::text \
         FROM pg_catalog.pg_stat_archiver",
    ),
    fact(
        "archived_wal",
        Type::Text,
        None,
        "name of the WAL segment that was last archived",
        "SELECT last_archived_wal FROM pg_catalog.pg_stat_archiver",
    ),
    fact(
        "archive_failures",
        Type::Number,
        None,
        "failed attempts to archive since statistics were reset; NULL where archiving is off",
        "SELECT CASE WHEN pg_catalog.current_setting('archive_mode') <> 'off' THEN failed_count END::text \
         FROM pg_catalog.pg_stat_archiver",
    ),
    fact(
        "archive_failing",
        Type::Bool,
        None,
        "whether the last attempt to archive failed; NULL where archiving is off or nothing was tried",
        "SELECT CASE WHEN pg_catalog.current_setting('archive_mode') <> 'off' THEN \
         CASE WHEN last_failed_time IS NULL THEN last_archived_time IS NULL AND NULL \
         ELSE last_archived_time IS NULL OR last_failed_time > last_archived_time END END::text \
         FROM pg_catalog.pg_stat_archiver",
    ),
    fact(
        "replicas",
        Type::Number,
        None,
        "standbys that stream from this server; rights on statistics are needed",
        REPLICAS,
    ),
    fact(
        "replication_lag",
        Type::Duration,
        None,
        "time the slowest streaming standby is behind in replaying; NULL where there is none or it is not known",
        REPLICATION_LAG,
    ),
    fact(
        "replication_lag_size",
        Type::Size,
        None,
        "WAL the slowest streaming standby has still to replay; NULL where there is none",
        REPLICATION_LAG_SIZE,
    ),
    fact(
        "replay_age",
        Type::Duration,
        None,
        "time since the last transaction that a standby or a recovery replayed was committed; NULL on a primary",
        "SELECT 'PT' || CASE WHEN s < 0 THEN 0 ELSE s END || 'S' FROM (SELECT round(extract(epoch FROM \
         pg_catalog.clock_timestamp() - CASE WHEN pg_catalog.pg_is_in_recovery() \
         THEN pg_catalog.pg_last_xact_replay_timestamp() END)::numeric, 3) AS s) AS r",
    ),
    fact(
        "replay_time",
        Type::Time,
        None,
        "when the last transaction that a standby or a recovery replayed was committed; NULL on a primary",
        "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_xact_replay_timestamp() END::text",
    ),
    fact(
        "replay_paused",
        Type::Bool,
        None,
        "whether replaying is paused; NULL on a primary",
        "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_is_wal_replay_paused() END::text",
    ),
    fact(
        "replay_lsn",
        Type::Text,
        None,
        "position in WAL up to which a standby or a recovery replayed, such as `0/3000060`; NULL on a primary",
        "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() END::text",
    ),
    fact(
        "inactive_slots",
        Type::Number,
        None,
        "replication slots that nobody uses and that keep WAL",
        "SELECT count(*)::text FROM pg_catalog.pg_replication_slots WHERE NOT active",
    ),
    fact(
        "long_transaction",
        Type::Duration,
        None,
        "time since the oldest open transaction of other client sessions began, 0 where there is none; rights on statistics \
         are needed",
        LONG_TRANSACTION,
    ),
    fact(
        "prepared_transactions",
        Type::Number,
        None,
        "transactions that were prepared and neither committed nor rolled back, in any database",
        "SELECT count(*)::text FROM pg_catalog.pg_prepared_xacts",
    ),
    fact(
        "checksum_failures",
        Type::Number,
        None,
        "pages of this database whose checksum was wrong when they were read; NULL without checksums",
        "SELECT checksum_failures::text FROM pg_catalog.pg_stat_database WHERE datname = pg_catalog.current_database()",
    ),
    fact(
        "uptime",
        Type::Duration,
        None,
        "time since the server was started",
        "SELECT 'PT' || round(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_postmaster_start_time())::numeric, 3) \
         || 'S'",
    ),
    fact(
        "sessions",
        Type::Number,
        ROLE,
        "client sessions of a role in any database, this run's own left out; unknown roles are NULL",
        SESSIONS,
    ),
    fact(
        "setting",
        Type::Text,
        SETTING,
        "value of a configuration setting as the server shows it; unknown names are NULL",
        "SELECT pg_catalog.current_setting($1::text, true)",
    ),
    fact("setting", Type::Number, SETTING, "the same beside a number, if it is one without a unit", NUMBER),
    fact("setting", Type::Duration, SETTING, "the same beside a duration, if it is one above 0", DURATION),
    fact("setting", Type::Size, SETTING, "the same beside a size, if it is one and not negative", SIZE),
    fact("setting", Type::Bool, SETTING, "the same beside `true` or `false`, if it is on or off", SWITCH),
];

// Without rights on statistics the server hides the rows of other roles in part, and what is left would look like silence. A
// text that reads as no value of the wanted type says so instead.

const REPLICAS: &str = "SELECT CASE WHEN count(*) FILTER (WHERE state IS NULL) > 0 \
    THEN 'hidden from this role, which needs pg_monitor' ELSE count(*) FILTER (WHERE state = 'streaming')::text END \
    FROM pg_catalog.pg_stat_replication";

/// A standby that has caught up reports no lag after a while, which is a lag of 0.
const REPLICATION_LAG: &str = "SELECT CASE WHEN count(*) FILTER (WHERE state IS NULL) > 0 \
    THEN 'hidden from this role, which needs pg_monitor' \
    WHEN count(*) FILTER (WHERE state = 'streaming' AND lag IS NULL) = 0 \
    THEN 'PT' || round(max(extract(epoch FROM lag)) FILTER (WHERE state = 'streaming')::numeric, 3) || 'S' END FROM (SELECT state, \
    COALESCE(replay_lag, CASE WHEN replay_lsn = sent_lsn THEN interval '0' END) AS lag \
    FROM pg_catalog.pg_stat_replication) AS s";

const REPLICATION_LAG_SIZE: &str = "SELECT CASE WHEN count(*) FILTER (WHERE state IS NULL) > 0 \
    THEN 'hidden from this role, which needs pg_monitor' ELSE max(pg_catalog.pg_wal_lsn_diff(CASE WHEN \
    pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END, \
    replay_lsn)) FILTER (WHERE state = 'streaming')::text END FROM pg_catalog.pg_stat_replication";

const LONG_TRANSACTION: &str = "SELECT CASE WHEN count(*) FILTER (WHERE query = '<insufficient privilege>') > 0 \
    THEN 'hidden from this role, which needs pg_read_all_stats' ELSE 'PT' || COALESCE(round(extract(epoch FROM \
    max(pg_catalog.clock_timestamp() - xact_start))::numeric, 3), 0) || 'S' END FROM pg_catalog.pg_stat_activity \
    WHERE pid <> pg_catalog.pg_backend_pid() AND COALESCE(backend_type, 'client backend') = 'client backend' \
    AND application_name IS DISTINCT FROM 'holdtrue'";

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
