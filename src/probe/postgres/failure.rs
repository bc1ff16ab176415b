//! Naming what went wrong by its cause, and saying it in one line for people.
//!
//! Source of the codes: appendix "PostgreSQL Error Codes" of the PostgreSQL documentation.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_postgres::Error;
use tokio_postgres::error::DbError;

use crate::facts::Failure;
use crate::failure::FailureKind;

/// Why a query, or a connection, gave no complete answer. Shows no connection string and no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryError {
    /// The cause.
    pub kind: FailureKind,
    /// The server's five-character code; `None` where the server did not speak.
    pub sqlstate: Option<String>,
    /// One line for people.
    pub message: String,
    /// What to do about it, where something is known.
    pub hint: Option<String>,
}

impl QueryError {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, sqlstate: None, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether the conversation is over, so that nothing more can be asked.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self.kind, FailureKind::ConnectionLost | FailureKind::Unreachable | FailureKind::Refused)
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(code) = &self.sqlstate {
            write!(f, " (SQLSTATE {code})")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for QueryError {}

/// As it is kept among facts: one line for people; the hint says what to do.
impl From<&QueryError> for Failure {
    fn from(error: &QueryError) -> Self {
        let mut message = error.message.clone();
        if let Some(hint) = &error.hint {
            message.push_str("; ");
            message.push_str(hint);
        }
        Self { kind: error.kind, message }
    }
}

/// What only the asking side knows: the server's code 57014 means "a limit passed" and "somebody cancelled" alike,
/// and its message may be in any language.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moment {
    pub(super) elapsed: Duration,
    /// Zero where there is no limit.
    pub(super) statement_timeout: Duration,
    /// Whether this run has asked for its queries to be cancelled.
    pub(super) cancelled: bool,
}

/// Names a failure during a query.
pub(super) fn of_query(error: &Error, moment: Moment) -> QueryError {
    if let Some(db) = error.as_db_error() {
        return of_server(db, moment);
    }
    if error.is_closed() || io_of(error).is_some() {
        let why =
            io_of(error).map_or_else(|| "the server closed the connection".to_owned(), ToString::to_string);
        return QueryError::new(FailureKind::ConnectionLost, format!("connection lost: {}", one_line(&why)));
    }
    QueryError::new(FailureKind::Other, whole(error))
}

/// Names a failure while connecting to `place`, which holds no user and no password.
pub(super) fn of_connect(error: &Error, place: &str) -> QueryError {
    let mut failure = if let Some(db) = error.as_db_error() {
        let mut failure = of_server(db, Moment::default());
        if failure.kind == FailureKind::ConnectionLost {
            failure.kind = FailureKind::Unreachable;
        }
        failure
    } else {
        // The client library keeps its kinds private; the text of the outermost error is the only way to tell.
        let (outer, cause) = (error.to_string(), error.source().map(ToString::to_string).unwrap_or_default());
        if cause == "password missing" {
            QueryError::new(FailureKind::Refused, "the server asks for a password and none is given")
                .hint("set PGPASSWORD, or add a line to ~/.pgpass")
        } else if outer.starts_with("authentication error") {
            QueryError::new(FailureKind::Refused, whole(error))
        } else {
            QueryError::new(FailureKind::Unreachable, whole(error))
        }
    };
    failure.message = format!("cannot connect to {place}: {}", failure.message);
    failure
}

/// Why a server's socket could not be opened.
pub(super) fn of_dial(error: &std::io::Error, place: &str) -> QueryError {
    let message = format!("cannot connect to {place}: error connecting to server: {error}");
    QueryError::new(FailureKind::Unreachable, message)
}

fn of_server(db: &DbError, moment: Moment) -> QueryError {
    let kind = kind(db, moment);
    let mut message = one_line(db.message());
    if let Some(detail) = db.detail() {
        message = format!("{message}: {}", one_line(detail));
    }
    QueryError {
        kind,
        sqlstate: Some(db.code().code().to_owned()),
        message,
        hint: own_hint(kind, db.code().code()).map(str::to_owned).or_else(|| db.hint().map(one_line)),
    }
}

fn kind(db: &DbError, moment: Moment) -> FailureKind {
    let code = db.code().code();
    match code {
        // One code for both; the routine that raises it is the same in every language.
        "42501"
            if db.routine() == Some("check_enable_rls") || db.message().contains("row-level security") =>
        {
            FailureKind::RowSecurity
        }
        "42501" => FailureKind::PermissionDenied,
        "57014" => cancelled_or_late(db.message(), moment),
        "25P04" => FailureKind::Timeout,
        "55P03" => FailureKind::LockTimeout,
        // Reading only, in one snapshot, nothing but recovery can conflict with us.
        "40001" | "40P01" | "72000" => FailureKind::SnapshotConflict,
        // The first is what a server says that cannot reach another one, whose foreign table it was asked for.
        "08001" | "57P03" => FailureKind::Unreachable,
        "57P01" | "57P02" | "57P04" | "57P05" | "25P03" => FailureKind::ConnectionLost,
        "3D000" | "3F000" | "42P01" | "42703" | "42704" | "42883" | "26000" | "34000" => {
            FailureKind::MissingObject
        }
        _ if code.starts_with("28") => FailureKind::Refused,
        _ if code.starts_with("53") => FailureKind::OutOfResources,
        _ if code.starts_with("08") => FailureKind::ConnectionLost,
        _ => FailureKind::Other,
    }
}

fn cancelled_or_late(message: &str, moment: Moment) -> FailureKind {
    let limit = moment.statement_timeout;
    if message.contains("statement timeout") {
        FailureKind::Timeout
    } else if message.contains("user request")
        || moment.cancelled
        || limit.is_zero()
        || moment.elapsed < limit
    {
        FailureKind::Cancelled
    } else {
        FailureKind::Timeout
    }
}

/// Advice that fits this program better than the server's own.
fn own_hint(kind: FailureKind, code: &str) -> Option<&'static str> {
    match kind {
        _ if matches!(code, "22021" | "22P05") => Some(
            "it holds text that is not valid UTF-8, as a SQL_ASCII database accepts it; repair those rows, or ask for \
             nothing that reads this text",
        ),
        FailureKind::RowSecurity => {
            Some("read as a role with BYPASSRLS, or hidden rows would count as absent")
        }
        FailureKind::PermissionDenied => {
            Some("grant the role USAGE and SELECT, or membership in pg_read_all_data")
        }
        FailureKind::Timeout => Some("raise the timeout of the check"),
        FailureKind::LockTimeout => Some("another session holds the lock; find it in pg_stat_activity"),
        FailureKind::SnapshotConflict => {
            Some("on a standby raise max_standby_streaming_delay, or pause replay with pg_wal_replay_pause()")
        }
        _ => None,
    }
}

fn io_of(error: &Error) -> Option<&std::io::Error> {
    error.source().and_then(|source| source.downcast_ref())
}

/// An error with all its causes, on one line.
fn whole(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let part = cause.to_string();
        if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
        next = cause.source();
    }
    one_line(&text)
}

/// Line breaks and runs of blanks become one blank.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{FailureKind, Moment, QueryError, cancelled_or_late, one_line};

    #[test]
    fn a_limit_and_a_person_are_told_apart_in_any_language() {
        let at = |elapsed, cancelled| Moment {
            elapsed: Duration::from_millis(elapsed),
            statement_timeout: Duration::from_millis(100),
            cancelled,
        };
        let english = "canceling statement due to statement timeout";
        assert_eq!(cancelled_or_late(english, at(1, true)), FailureKind::Timeout);
        assert_eq!(cancelled_or_late("storniere Anfrage", at(101, false)), FailureKind::Timeout);
        assert_eq!(cancelled_or_late("storniere Anfrage", at(101, true)), FailureKind::Cancelled);
        assert_eq!(cancelled_or_late("storniere Anfrage", at(20, false)), FailureKind::Cancelled);
        assert_eq!(cancelled_or_late("x", Moment::default()), FailureKind::Cancelled);
    }

    #[test]
    fn it_is_one_line_with_code_and_hint() {
        let mut error = QueryError::new(FailureKind::Other, one_line("a\n  b")).hint("do c");
        error.sqlstate = Some("XX001".to_owned());
        assert_eq!(error.to_string(), "a b (SQLSTATE XX001); do c");
    }
}
