//! What is being looked at: the facts that tell one server, copy or moment from another.

use super::failure::QueryError;
use super::session::Session;
use crate::failure::FailureKind;

/// What stands in place of a fact the role may not read.
pub const NOT_READABLE: &str = "not readable";
/// What stands in place of a fact that does not apply, such as the replay position of a primary.
pub const NONE: &str = "none";

/// Name, expression of type text, and the oldest version that has it.
const FACTS: &[(&str, &str, u32)] = &[
    ("server_version", "pg_catalog.current_setting('server_version')", 0),
    ("database", "pg_catalog.current_database()::text", 0),
    ("role", "current_user::text", 0),
    ("login_role", "session_user::text", 0),
    ("in_recovery", "pg_catalog.pg_is_in_recovery()::text", 0),
    (
        "replay_paused",
        "case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_is_wal_replay_paused()::text end",
        0,
    ),
    ("replay_lsn", "pg_catalog.pg_last_wal_replay_lsn()::text", 0),
    (
        "replayed_until",
        "pg_catalog.to_char(pg_catalog.pg_last_xact_replay_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
        0,
    ),
    (
        "wal_lsn",
        "case when not pg_catalog.pg_is_in_recovery() then pg_catalog.pg_current_wal_lsn()::text end",
        0,
    ),
    ("system_identifier", "(select system_identifier::text from pg_catalog.pg_control_system())", 0),
    ("timeline", "(select timeline_id::text from pg_catalog.pg_control_checkpoint())", 0),
    ("data_checksums", "pg_catalog.current_setting('data_checksums')", 0),
    ("encoding", "pg_catalog.current_setting('server_encoding')", 0),
    (
        "locale",
        "(select datcollate || ' / ' || datctype from pg_catalog.pg_database where datname = pg_catalog.current_database())",
        0,
    ),
    ("snapshot", "pg_catalog.pg_current_snapshot()::text", 0),
    (
        "server_clock",
        "pg_catalog.to_char(pg_catalog.clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
        0,
    ),
    (
        "server_address",
        "pg_catalog.host(pg_catalog.inet_server_addr()) || ' port ' || pg_catalog.inet_server_port()",
        0,
    ),
    (
        "replay_state",
        "case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_get_wal_replay_pause_state() end",
        140_000,
    ),
];

/// The facts as names and values, always the same names in the same order for one version. A fact the role may not
/// read says so.
///
/// # Errors
/// The connection or the snapshot is lost, or the run is cancelled; a single fact's refusal is not an error.
pub async fn identity(session: &Session) -> Result<Vec<(String, String)>, QueryError> {
    let mut pairs = vec![
        ("address".to_owned(), session.place().to_owned()),
        ("encrypted".to_owned(), session.is_encrypted().to_string()),
    ];
    for (name, expression, _) in FACTS.iter().filter(|(_, _, since)| *since <= session.version()) {
        let value = match session.rows(&format!("select ({expression})::text"), &[]).await {
            Ok(rows) => rows.into_iter().flatten().next().flatten().unwrap_or_else(|| NONE.to_owned()),
            // Managed services take some of these functions away altogether.
            Err(error)
                if matches!(error.kind, FailureKind::PermissionDenied | FailureKind::MissingObject) =>
            {
                NOT_READABLE.to_owned()
            }
            Err(error) => return Err(error),
        };
        pairs.push(((*name).to_owned(), value));
    }
    Ok(pairs)
}
