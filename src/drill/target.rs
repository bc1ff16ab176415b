//! Where the replay of WAL is to end, and what comes then.

use crate::probe::wal::Lsn;

/// Where replay is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An instant.
    Time(jiff::Timestamp),
    /// A place in WAL.
    Lsn(String),
    /// A named restore point.
    Name(String),
    /// As soon as the cluster is consistent.
    Immediate,
}

impl Target {
    /// Reads `immediate`, `time:...`, `lsn:...` or `name:...`.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "immediate" => Ok(Self::Immediate),
            Some(("time", at)) => at
                .parse()
                .map(Self::Time)
                .map_err(|_| format!("`{at}` is no time such as `2026-01-14T14:30:00Z`")),
            Some(("lsn", at)) if at.parse::<Lsn>().is_ok() => Ok(Self::Lsn(at.to_owned())),
            // The server takes no longer ones, and a control character would steer a terminal.
            Some(("name", name))
                if !name.is_empty() && name.len() < 64 && !name.contains(char::is_control) =>
            {
                Ok(Self::Name(name.to_owned()))
            }
            _ => {
                Err("write `time:2026-01-14T14:30:00Z`, `lsn:0/3000060`, `name:POINT` or `immediate`"
                    .to_owned())
            }
        }
    }

    /// The server's setting for it.
    pub(super) fn setting(&self) -> (String, String) {
        let (name, value) = match self {
            // The server takes no `Z`, since it has not read its time zones yet.
            Self::Time(at) => ("recovery_target_time", at.strftime("%Y-%m-%d %H:%M:%S%.f+00").to_string()),
            Self::Lsn(at) => ("recovery_target_lsn", at.clone()),
            Self::Name(name) => ("recovery_target_name", name.clone()),
            Self::Immediate => ("recovery_target", "immediate".to_owned()),
        };
        (name.to_owned(), value)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Time(at) => write!(f, "time {at}"),
            Self::Lsn(at) => write!(f, "LSN {at}"),
            Self::Name(name) => write!(f, "restore point `{name}`"),
            Self::Immediate => f.write_str("immediate"),
        }
    }
}

/// What comes when the target is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The cluster goes on, and takes writes.
    Promote,
    /// It stays there, and can be read.
    Pause,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        assert!(matches!(Target::parse("time:2026-01-14T14:30:00Z"), Ok(Target::Time(_))));
        assert_eq!(Target::parse("lsn:0/3000060"), Ok(Target::Lsn("0/3000060".to_owned())));
        assert_eq!(Target::parse("name:here"), Ok(Target::Name("here".to_owned())));
        assert_eq!(Target::parse("immediate"), Ok(Target::Immediate));
        for wrong in ["", "time:", "time:today", "lsn:x", "name:", "xid:5", "2026-01-14T14:30:00Z"] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
    }
}
