//! Time zones of writers that hashed local time, from the tz database that the program brings along, so that a verdict does
//! not rest on what is installed where it runs.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use super::time::Civil;

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone of the IANA database, by its name there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    /// The zone of exactly this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let rules = DATABASE.get(name).ok()?;
        // The look-up takes any case, but a name has one spelling.
        (rules.iana_name() == Some(name)).then(|| Self { name: name.to_owned(), rules })
    }

    /// Every name, for suggestions.
    #[must_use]
    pub fn names() -> Vec<String> {
        DATABASE.available().map(|name| name.as_str().to_owned()).collect()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What clocks there show at an instant of UTC; `None` outside years 1 to 9999.
    pub(crate) fn local(&self, utc: Civil) -> Option<Local> {
        let at = jiff::Timestamp::from_microsecond(utc.micros_since_epoch()).ok()?;
        let info = self.rules.to_offset_info(at);
        let seconds = info.offset().seconds();
        let clock = utc.shifted(i64::from(seconds) * 1_000_000)?;
        Some(Local { utc, clock, offset: seconds, name: info.abbreviation().to_owned() })
    }
}

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::named(&name).ok_or_else(|| format!("no time zone `{name}`"))
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name
    }
}

/// An instant as clocks somewhere show it.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    /// The instant.
    pub(in crate::chain) utc: Civil,
    /// What the clocks show.
    pub(in crate::chain) clock: Civil,
    /// Seconds east of UTC.
    pub(in crate::chain) offset: i32,
    /// Such as `EST`.
    pub(in crate::chain) name: String,
}

impl Local {
    /// In UTC.
    pub(crate) fn utc(utc: Civil) -> Self {
        Self { utc, clock: utc, offset: 0, name: "UTC".to_owned() }
    }
}

/// How an offset is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chain) enum OffsetForm {
    /// `+0530`, of whole minutes.
    Plain,
    /// `+05:30`, of whole minutes.
    Colon,
    /// `+05:30`, and seconds where there are any.
    ColonSeconds,
    /// `+05:30`, seconds left out.
    ColonCut,
    /// `+0530`, seconds left out.
    PlainCut,
    /// `+05`, and minutes and seconds where there are any.
    Short,
}

/// Appends an offset; `None`, with nothing appended, where the form cannot hold it.
pub(in crate::chain) fn offset(seconds: i32, form: OffsetForm, out: &mut Vec<u8>) -> Option<()> {
    use std::io::Write as _;
    let (sign, all) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let (hours, minutes, rest) = (all / 3600, all / 60 % 60, all % 60);
    if rest != 0 && matches!(form, OffsetForm::Plain | OffsetForm::Colon) {
        return None;
    }
    // Writing to a vector cannot fail.
    let _ = match form {
        OffsetForm::Plain | OffsetForm::PlainCut => write!(out, "{sign}{hours:02}{minutes:02}"),
        OffsetForm::Short if minutes == 0 && rest == 0 => write!(out, "{sign}{hours:02}"),
        _ => write!(out, "{sign}{hours:02}:{minutes:02}"),
    };
    if rest != 0 && matches!(form, OffsetForm::ColonSeconds | OffsetForm::Short) {
        let _ = write!(out, ":{rest:02}");
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::time;

    #[test]
    fn zones_have_one_name_each() {
        assert_eq!(Zone::named("America/New_York").unwrap().name(), "America/New_York");
        for name in ["america/new_york", "America/Nowhere", "", "EST5EDT,M3.2.0,M11.1.0", "+02:00", "../UTC"]
        {
            assert_eq!(Zone::named(name), None, "{name}");
        }
        assert!(Zone::names().len() > 400);
        let zone = Zone::named("Asia/Kolkata").unwrap();
        let text = serde_json::to_string(&zone).unwrap();
        assert_eq!(text, "\"Asia/Kolkata\"");
        assert_eq!(serde_json::from_str::<Zone>(&text).unwrap(), zone);
        assert!(serde_json::from_str::<Zone>("\"Nowhere\"").is_err());
    }

    #[test]
    fn clocks_go_forward_and_back() {
        let zone = Zone::named("America/New_York").unwrap();
        for (utc, offset, name) in [
            ("2026-03-08 06:59:59.999999", -5 * 3600, "EST"),
            ("2026-03-08 07:00:00", -4 * 3600, "EDT"),
            ("2026-11-01 05:59:59", -4 * 3600, "EDT"),
            ("2026-11-01 06:00:00", -5 * 3600, "EST"),
        ] {
            let local = zone.local(time::parse(utc).unwrap()).unwrap();
            assert_eq!((local.offset, local.name.as_str()), (offset, name), "{utc}");
        }
        assert!(zone.local(time::parse("0001-01-01 00:00:00").unwrap()).is_none());
    }

    #[test]
    fn offsets_that_do_not_fit_are_refused() {
        let spelt = |seconds, form| {
            let mut out = Vec::new();
            offset(seconds, form, &mut out).map(|()| String::from_utf8(out).unwrap())
        };
        let new_york = -17_762;
        assert_eq!(spelt(new_york, OffsetForm::ColonSeconds).as_deref(), Some("-04:56:02"));
        assert_eq!(spelt(new_york, OffsetForm::Short).as_deref(), Some("-04:56:02"));
        assert_eq!(spelt(new_york, OffsetForm::ColonCut).as_deref(), Some("-04:56"));
        assert_eq!(spelt(new_york, OffsetForm::Colon), None);
        assert_eq!(spelt(new_york, OffsetForm::Plain), None);
        assert_eq!(spelt(19_800, OffsetForm::Short).as_deref(), Some("+05:30"));
        assert_eq!(spelt(0, OffsetForm::Short).as_deref(), Some("+00"));
    }
}
