//! Recipes whose times were spelt in local time, with the offset of a zone behind them: what a writer hashed whose session or
//! process was not in UTC.

use super::spec::{Recipe, TimeForm, TimePreset, TimeSpelling, Zone};
use super::variants::{PRESETS, with_time};

/// Zones of many writers, those first whose offset is most often theirs where it belongs to several.
const ZONES: [&str; 24] = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "America/Bogota",
    "America/Halifax",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Helsinki",
    "Europe/Moscow",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Dhaka",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Pacific/Auckland",
    "Africa/Johannesburg",
    "Africa/Lagos",
];

/// The recipe with a time column spelt in other zones, each with what a policy would have to say after the column. Only
/// spellings that show their offset: the others are explained by a fixed difference.
pub(crate) fn zones(recipe: &Recipe, column: usize, preset: Option<TimePreset>) -> Vec<(String, Recipe)> {
    let Some(preset) = preset.filter(|preset| shows_offset(*preset)) else { return Vec::new() };
    let word = PRESETS.iter().find(|(known, _)| *known == preset).map_or("?", |(_, word)| word);
    let tried = ZONES.iter().filter_map(|name| {
        let form = TimeForm { spelling: TimeSpelling::Preset(preset), zone: Some(Zone::named(name)?) };
        let changed = with_time(recipe, column, &Recipe::TimeAs(column, form));
        Some((format!("{word}, \"{name}\""), changed))
    });
    tried.collect()
}

/// Whether the offset of a time stands behind it.
fn shows_offset(preset: TimePreset) -> bool {
    matches!(
        preset,
        TimePreset::Py
            | TimePreset::PyStrTz
            | TimePreset::JavaOffset
            | TimePreset::Chrono
            | TimePreset::ChronoStr
            | TimePreset::Go
            | TimePreset::GoStr
            | TimePreset::Dotnet
            | TimePreset::DotnetOffset
            | TimePreset::Laravel
            | TimePreset::PgTz
            | TimePreset::PgJson
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_is_one_of_the_database() {
        let recipe = Recipe::Time(3, TimePreset::PgTz);
        let tried = zones(&recipe, 3, Some(TimePreset::PgTz));
        assert_eq!(tried.len(), ZONES.len());
        assert_eq!(tried[0].0, "pgtz, \"America/New_York\"");
        assert!(tried.iter().all(|(_, changed)| matches!(changed, Recipe::TimeAs(3, _))));
        assert!(zones(&recipe, 3, Some(TimePreset::Pg)).is_empty());
    }
}
