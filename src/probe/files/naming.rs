//! Times in the names of files.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use crate::policy::source::Named;

/// How names are made, ready to be read.
#[derive(Clone, Debug)]
pub(super) struct Naming {
    pattern: String,
    zone: TimeZone,
}

impl Naming {
    /// Prepares to read names.
    ///
    /// # Errors
    /// The time zone is not known here.
    pub(super) fn new(named: &Named) -> Result<Self, String> {
        let zone = match &named.zone {
            None => TimeZone::UTC,
            Some(name) => {
                TimeZone::get(name).map_err(|_| format!("time zone `{name}` is not known on this machine"))?
            }
        };
        Ok(Self { pattern: named.pattern.clone(), zone })
    }

    /// The instant in a name; none if the name is made otherwise.
    pub(super) fn read(&self, name: &str) -> Option<Timestamp> {
        let parsed = BrokenDownTime::parse(&self.pattern, name).ok()?;
        // Reading is lenient about blanks and digits, and a name is either as it should be or it is not.
        if parsed.to_string(&self.pattern).ok()? != name {
            return None;
        }
        let date = parsed.to_date().ok()?;
        let time = parsed.to_time().unwrap_or(Time::midnight());
        let zone = match parsed.offset() {
            Some(offset) => TimeZone::fixed(offset),
            None => self.zone.clone(),
        };
        zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok().map(|at| at.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str, zone: Option<&str>, name: &str) -> Option<String> {
        let named = Named { pattern: pattern.to_owned(), zone: zone.map(str::to_owned) };
        Naming::new(&named).unwrap().read(name).map(|at| at.to_string())
    }

    #[test]
    fn names_hold_times() {
        let tala = "tala_db_%Y%m%d_%H%M%S.backup";
        assert_eq!(read(tala, None, "tala_db_20260114_000003.backup").unwrap(), "2026-01-14T00:00:03Z");
        assert_eq!(read("b-%Y-%m-%d.dump", None, "b-2026-01-14.dump").unwrap(), "2026-01-14T00:00:00Z");
        assert_eq!(read("b%Y%j", None, "b2026014").unwrap(), "2026-01-14T00:00:00Z");
        let manila = Some("Asia/Manila");
        assert_eq!(read(tala, manila, "tala_db_20260114_000000.backup").unwrap(), "2026-01-13T16:00:00Z");
        assert_eq!(read("b%Y%m%d_%H%M%S%z", None, "b20260114_000000+0800").unwrap(), "2026-01-13T16:00:00Z");
    }

    #[test]
    fn other_names_hold_none() {
        let tala = "tala_db_%Y%m%d_%H%M%S.backup";
        for name in [
            "tala_db_latest.backup",
            "tala_db_20260230_000000.backup",
            "tala_db_20260114_240000.backup",
            "tala_db_2026014_000000.backup",
            "tala_db_20260114_000000.backup.part",
            "tala_db_20260114_000000.backup\n",
            "tala_db_ 20260114_000000.backup",
            "",
        ] {
            assert_eq!(read(tala, None, name), None, "{name}");
        }
        let nowhere = Named { pattern: tala.to_owned(), zone: Some("Nowhere/Land".to_owned()) };
        assert!(Naming::new(&nowhere).is_err());
    }
}
