//! Times that are spelt by a pattern, or as clocks of a time zone show them.

use serde::{Deserialize, Serialize};

use super::spec::TimePreset;
use super::time::Civil;
use super::time_pattern::TimePattern;
use super::zone::{Local, OffsetForm, Zone, offset};

/// What stands in `ts(...)` after the column when it is more than a preset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeForm {
    /// How the instant is spelt.
    pub spelling: TimeSpelling,
    /// Whose clocks; `None` is UTC.
    pub zone: Option<Zone>,
}

/// How an instant is spelt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeSpelling {
    /// As a runtime does.
    Preset(TimePreset),
    /// By a pattern.
    Pattern(TimePattern),
}

impl TimeSpelling {
    /// Appends what clocks show that are so many seconds east of UTC, in a zone without letters.
    pub(crate) fn write_at(&self, clock: Civil, seconds: i32, out: &mut Vec<u8>) -> Option<()> {
        let utc = clock.shifted(-i64::from(seconds) * 1_000_000)?;
        let mut name = Vec::new();
        offset(seconds, OffsetForm::Plain, &mut name)?;
        let local = Local { utc, clock, offset: seconds, name: String::from_utf8(name).ok()? };
        match self {
            Self::Pattern(pattern) => pattern.write(&local, out),
            Self::Preset(preset) => in_zone(*preset, &local, out),
        }
    }
}

impl TimeForm {
    /// Appends an instant; `None` where the runtime's spelling of it is not known.
    pub(crate) fn write(&self, at: Civil, out: &mut Vec<u8>) -> Option<()> {
        let local = match &self.zone {
            Some(zone) => zone.local(at)?,
            None => Local::utc(at),
        };
        match &self.spelling {
            TimeSpelling::Pattern(pattern) => pattern.write(&local, out),
            TimeSpelling::Preset(preset) if self.zone.is_none() => {
                at.write(*preset, out);
                Some(())
            }
            TimeSpelling::Preset(preset) => in_zone(*preset, &local, out),
        }
    }
}

/// Whether a runtime that spells an instant so has a local form of it; the others always mean UTC, or count.
#[must_use]
pub fn takes_zone(preset: TimePreset) -> bool {
    !matches!(
        preset,
        TimePreset::Js
            | TimePreset::PyZ
            | TimePreset::PyEpoch
            | TimePreset::Java
            | TimePreset::EpochSeconds
            | TimePreset::EpochSecondsRound
            | TimePreset::EpochMillis
            | TimePreset::EpochMicros
            | TimePreset::EpochNanos
            | TimePreset::EpochTicks
    )
}

/// Appends local time and what the runtime puts after it.
fn in_zone(preset: TimePreset, at: &Local, out: &mut Vec<u8>) -> Option<()> {
    if !takes_zone(preset) {
        return None;
    }
    at.clock.clock(preset, out);
    match preset {
        // Python prints an offset's seconds (datetime.isoformat), as do java.time (ZoneOffset) and PostgreSQL's XSD dates.
        TimePreset::Py | TimePreset::PyStrTz | TimePreset::PgJson => {
            offset(at.offset, OffsetForm::ColonSeconds, out)?;
        }
        TimePreset::JavaOffset if at.offset == 0 => out.push(b'Z'),
        TimePreset::JavaOffset => offset(at.offset, OffsetForm::ColonSeconds, out)?,
        // Layouts of Go's package time have no place for an offset's seconds here.
        TimePreset::Go if at.offset == 0 => out.push(b'Z'),
        TimePreset::Go => offset(at.offset, OffsetForm::ColonCut, out)?,
        TimePreset::GoStr => {
            out.push(b' ');
            offset(at.offset, OffsetForm::PlainCut, out)?;
            // A zone without letters repeats its offset.
            out.push(b' ');
            out.extend_from_slice(at.name.as_bytes());
        }
        TimePreset::PgTz => offset(at.offset, OffsetForm::Short, out)?,
        // chrono rounds offsets to minutes, .NET and PHP have no others.
        TimePreset::Chrono | TimePreset::Dotnet | TimePreset::DotnetOffset | TimePreset::Laravel => {
            offset(at.offset, OffsetForm::Colon, out)?;
        }
        // `chrono::Local`, which knows no letters.
        TimePreset::ChronoStr => {
            out.push(b' ');
            offset(at.offset, OffsetForm::Colon, out)?;
        }
        // A literal Z behind local time: `to_char(at, '..."Z"')` in a session that is not in UTC.
        TimePreset::IsoSeconds | TimePreset::IsoMillis | TimePreset::IsoMicros => out.push(b'Z'),
        _ => {}
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::time;

    fn spelt(preset: TimePreset, zone: &str, at: &str) -> Option<String> {
        let form = TimeForm { spelling: TimeSpelling::Preset(preset), zone: Zone::named(zone) };
        let mut out = Vec::new();
        form.write(time::parse(at).unwrap(), &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_zone_that_was_not_kept_is_spelt_by_its_offset() {
        let clock = time::parse("2026-01-02 08:34:00.5").unwrap();
        for (preset, expected) in [
            (TimePreset::Go, "2026-01-02T08:34:00.5+05:30"),
            (TimePreset::GoStr, "2026-01-02 08:34:00.5 +0530 +0530"),
            (TimePreset::PyNaive, "2026-01-02T08:34:00.500000"),
            (TimePreset::IsoMillis, "2026-01-02T08:34:00.500Z"),
        ] {
            let mut out = Vec::new();
            TimeSpelling::Preset(preset).write_at(clock, 19_800, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        let pattern = TimeSpelling::Pattern(TimePattern::new("%H:%M %z, %s").unwrap());
        let mut out = Vec::new();
        pattern.write_at(clock, 19_800, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "08:34 +0530, 1767323040");
    }

    #[test]
    fn what_is_always_utc_takes_no_zone() {
        assert_eq!(spelt(TimePreset::Js, "Asia/Kolkata", "2026-01-02"), None);
        assert_eq!(spelt(TimePreset::EpochMillis, "Asia/Kolkata", "2026-01-02"), None);
        let local = spelt(TimePreset::PgTz, "Asia/Kolkata", "2026-01-02 00:00:00.5");
        assert_eq!(local.as_deref(), Some("2026-01-02 05:30:00.5+05:30"));
    }

    /// Kolkata stood 5:53:28 east of Greenwich until 1854.
    #[test]
    fn an_offset_with_seconds_is_spelt_where_the_runtime_does() {
        let at = "1850-01-01 00:00:00";
        let py = spelt(TimePreset::Py, "Asia/Kolkata", at);
        assert_eq!(py.as_deref(), Some("1850-01-01T05:53:28+05:53:28"));
        assert_eq!(spelt(TimePreset::Chrono, "Asia/Kolkata", at), None);
    }
}
