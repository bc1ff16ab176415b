//! Why something could not be looked at. A failure is a fact too: it makes a check unproven, never holding.

use serde::{Deserialize, Serialize};

/// The cause a look failed for, coarse enough that every source can name one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// No conversation came about: no route, no listener, TLS failed, the server is still starting.
    Unreachable,
    /// The server would not let us in: authentication, `pg_hba.conf`, a missing password.
    Refused,
    /// The role may not read something.
    PermissionDenied,
    /// A row-level security policy would have hidden rows.
    RowSecurity,
    /// A time limit passed before the answer was complete.
    Timeout,
    /// A lock was not granted within `lock_timeout`.
    LockTimeout,
    /// Somebody, usually the person at the terminal, cancelled it.
    Cancelled,
    /// The conversation ended before the answer was complete.
    ConnectionLost,
    /// A database, schema, relation, column or function does not exist.
    MissingObject,
    /// The snapshot is no longer usable: a recovery conflict, or its owner has ended.
    SnapshotConflict,
    /// The server is out of connections, memory or disk.
    OutOfResources,
    /// Anything else; the message and the SQLSTATE say what.
    Other,
}

impl FailureKind {
    /// The word used in every format.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::PermissionDenied => "permission_denied",
            Self::RowSecurity => "row_security",
            Self::Timeout => "timeout",
            Self::LockTimeout => "lock_timeout",
            Self::Cancelled => "cancelled",
            Self::ConnectionLost => "connection_lost",
            Self::MissingObject => "missing_object",
            Self::SnapshotConflict => "snapshot_conflict",
            Self::OutOfResources => "out_of_resources",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FailureKind;

    #[test]
    fn the_word_is_the_serialised_form() {
        for kind in [
            FailureKind::Unreachable,
            FailureKind::Refused,
            FailureKind::PermissionDenied,
            FailureKind::RowSecurity,
            FailureKind::Timeout,
            FailureKind::LockTimeout,
            FailureKind::Cancelled,
            FailureKind::ConnectionLost,
            FailureKind::MissingObject,
            FailureKind::SnapshotConflict,
            FailureKind::OutOfResources,
            FailureKind::Other,
        ] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}
