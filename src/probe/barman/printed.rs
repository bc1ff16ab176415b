//! What `barman -f json list-backups` and `show-backup` print (`barman/output.py`, `JsonOutputWriter`).

use jiff::Timestamp;
use serde_json::Value;

use super::info::Status;
use crate::probe::damage::{Damage, DamageKind};

/// A backup as Barman prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The server it is of, by Barman's name.
    pub server: String,
    /// Its name.
    pub id: String,
    /// How far it has come.
    pub status: Status,
    /// When it was finished, to the second.
    pub finished: Option<Timestamp>,
    /// Its size in bytes; `list-backups` counts the WAL that it needs in.
    pub bytes: Option<u64>,
}

/// Reads either document.
///
/// # Errors
/// It is none of them.
pub fn printed(file: &str, bytes: &[u8]) -> Result<Vec<Printed>, Damage> {
    let corrupt = |message: String| Damage::new(DamageKind::Corrupt, file, message);
    let all: Value =
        serde_json::from_slice(bytes).map_err(|error| corrupt(format!("it is no JSON: {error}")))?;
    let all = all.as_object().ok_or_else(|| corrupt("it is not what Barman prints".to_owned()))?;
    let mut found = Vec::new();
    for (server, backups) in all {
        let one = std::slice::from_ref(backups);
        for backup in backups.as_array().map_or(one, Vec::as_slice) {
            let read = backup_of(server, backup);
            found.push(read.ok_or_else(|| corrupt(format!("a backup of `{server}` cannot be read")))?);
        }
    }
    Ok(found)
}

fn backup_of(server: &str, one: &Value) -> Option<Printed> {
    let inner = |key: &str| one.get(key).or_else(|| one.get("base_backup_information")?.get(key));
    // Seconds are printed as a text.
    let second = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    Some(Printed {
        server: server.to_owned(),
        id: one.get("backup_id")?.as_str()?.to_owned(),
        status: Status::named(one.get("status")?.as_str()?)?,
        finished: inner("end_time_timestamp").and_then(second).and_then(|at| Timestamp::from_second(at).ok()),
        bytes: inner("size_bytes").or_else(|| inner("disk_usage_bytes")).and_then(Value::as_u64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents() {
        let list = br#"{"demo": [{"backup_id": "20261127T222946", "end_time_timestamp": "1795818590", "size_bytes": 24556236, "status": "DONE"}]}"#;
        let shown = br#"{"demo": {"backup_id": "20261127T222946", "base_backup_information": {"end_time_timestamp": "1795818590", "disk_usage_bytes": 24556236}, "status": "DONE"}}"#;
        let list = printed("f", list).unwrap();
        assert_eq!(list, printed("f", shown).unwrap());
        assert_eq!((list[0].status, list[0].finished.unwrap().as_second()), (Status::Done, 1_795_818_590));
        for wrong in [
            "",
            "[]",
            "{\"demo\": [{}]}",
            "{\"demo\": 1}",
            "{\"demo\": [{\"backup_id\": \"a\", \"status\": \"?\"}]}",
        ] {
            assert_eq!(printed("f", wrong.as_bytes()).unwrap_err().kind, DamageKind::Corrupt, "{wrong}");
        }
    }
}
