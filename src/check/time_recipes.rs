//! `ts(...)` and `enum(...)` in a chain's recipe: cells in another spelling than their own.

use super::Checker;
use crate::chain::spec::{Recipe, TimeForm, TimePattern, TimePreset, TimeSpelling, Zone, takes_zone};
use crate::chain::time_pattern;
use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::Span;
use crate::syntax::ast::{Expr, ExprKind, Member};

pub(super) const TIMES: [(&str, TimePreset); 31] = [
    ("js", TimePreset::Js),
    ("py", TimePreset::Py),
    ("py_z", TimePreset::PyZ),
    ("py_naive", TimePreset::PyNaive),
    ("py_str", TimePreset::PyStr),
    ("py_str_tz", TimePreset::PyStrTz),
    ("py_epoch", TimePreset::PyEpoch),
    ("java", TimePreset::Java),
    ("java_local", TimePreset::JavaLocal),
    ("java_offset", TimePreset::JavaOffset),
    ("java_timestamp", TimePreset::JavaTimestamp),
    ("chrono", TimePreset::Chrono),
    ("chrono_str", TimePreset::ChronoStr),
    ("chrono_naive", TimePreset::ChronoNaive),
    ("go", TimePreset::Go),
    ("go_str", TimePreset::GoStr),
    ("dotnet", TimePreset::Dotnet),
    ("dotnet_offset", TimePreset::DotnetOffset),
    ("iso_s_z", TimePreset::IsoSeconds),
    ("iso_ms_z", TimePreset::IsoMillis),
    ("iso_us_z", TimePreset::IsoMicros),
    ("laravel", TimePreset::Laravel),
    ("pg", TimePreset::Pg),
    ("pgtz", TimePreset::PgTz),
    ("pg_json", TimePreset::PgJson),
    ("epoch_s", TimePreset::EpochSeconds),
    ("epoch_ms", TimePreset::EpochMillis),
    ("epoch_us", TimePreset::EpochMicros),
    ("epoch_ns", TimePreset::EpochNanos),
    ("epoch_s_round", TimePreset::EpochSecondsRound),
    ("epoch_ticks", TimePreset::EpochTicks),
];

impl Checker<'_> {
    /// `ts(column, format)`, `ts(column, "pattern")`, and either with the name of a time zone.
    pub(super) fn time(&mut self, column: usize, format: &Expr, zone: Option<&Expr>) -> Option<Recipe> {
        let spelling = match &format.kind {
            ExprKind::Text(text) => TimeSpelling::Pattern(self.pattern(text, format.span)?),
            _ => TimeSpelling::Preset(self.choice(format, "time format", &TIMES)?),
        };
        let zone = match zone {
            None => None,
            Some(expr) => Some(self.zone(expr, &spelling)?),
        };
        Some(match (spelling, zone) {
            (TimeSpelling::Preset(preset), None) => Recipe::Time(column, preset),
            (spelling, zone) => Recipe::TimeAs(column, TimeForm { spelling, zone }),
        })
    }

    fn pattern(&mut self, text: &str, span: Span) -> Option<TimePattern> {
        let (message, label) = match TimePattern::new(text) {
            Ok(pattern) => return Some(pattern),
            Err(Some(word)) => (format!("`{word}` is not known in a time's pattern"), "in this pattern"),
            Err(None) => ("the pattern has no part of a time in it".to_owned(), "only fixed text"),
        };
        let help = format!("a pattern is made of {}, and text", time_pattern::WORDS);
        self.error(Code::BadRecipe, message, (span, label), help);
        None
    }

    fn zone(&mut self, expr: &Expr, spelling: &TimeSpelling) -> Option<Zone> {
        let ExprKind::Text(name) = &expr.kind else {
            let help = "write for example `ts(at, pgtz, \"America/New_York\")`";
            self.error(Code::BadRecipe, "a time zone is a name in quotes", (expr.span, "here"), help);
            return None;
        };
        if let TimeSpelling::Preset(preset) = spelling
            && !takes_zone(*preset)
        {
            let help = "leave the zone out, or write another format or a pattern";
            let message = "this format means the same in every time zone".to_owned();
            self.error(Code::BadRecipe, message, (expr.span, "has no effect"), help);
            return None;
        }
        let zone = Zone::named(name);
        if zone.is_none() {
            let names = Zone::names();
            self.sink.push(
                Diagnostic::error(Code::BadRecipe, format!("unknown time zone `{name}`"))
                    .at(expr.span, "not known")
                    .help("write a name of the IANA time zone database, such as `Europe/Berlin`")
                    .did_you_mean(name, names.iter().map(String::as_str)),
            );
        }
        zone
    }

    /// `enum(column, { stored: "hashed", ... })`.
    pub(super) fn enumeration(&mut self, column: usize, words: &[Member], span: Span) -> Option<Recipe> {
        let mut list: Vec<(String, String)> = Vec::new();
        for word in words {
            let (Some(Expr { kind: ExprKind::Text(text), .. }), None) = (&word.value, &word.fallback) else {
                let help = format!("write `{}: \"...\"`", word.key.node);
                self.error(
                    Code::BadRecipe,
                    "each value becomes a text",
                    (word.key.span, "without a text"),
                    help,
                );
                return None;
            };
            if list.iter().any(|(stored, _)| *stored == word.key.node) {
                let message = format!("value `{}` stands twice", word.key.node);
                self.error(Code::Duplicate, message, (word.key.span, "again"), "remove one of them");
                return None;
            }
            list.push((word.key.node.clone(), text.clone()));
        }
        if list.is_empty() {
            let help = "write for example `enum(action, { create: \"1\", update: \"2\" })`";
            self.error(Code::BadRecipe, "no value is listed", (span, "empty"), help);
            return None;
        }
        Some(Recipe::Enum(column, list))
    }
}
