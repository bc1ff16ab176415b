//! The figure an objective was written or measured as, in base units for machines: seconds, or a share of one.

use std::str::FromStr as _;

use bigdecimal::{BigDecimal, RoundingMode};

use crate::value::DURATION_UNITS;

/// A figure in its base unit, as an exact decimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    /// A span of time, in seconds.
    Seconds(String),
    /// A share; `99.9%` is `0.999`.
    Ratio(String),
}

/// Reads `1h30min`, `22min 4s`, `-5s`, `99.9%`, and `99.45% (181 of 182 runs)` or `99.9% over 90d` by its share.
/// Anything else is no figure.
pub(super) fn figure(text: &str) -> Option<Figure> {
    match text.split_once('%') {
        Some((share, rest)) if rest.is_empty() || rest.starts_with(' ') => ratio(share).map(Figure::Ratio),
        Some(_) => None,
        None => seconds(text).map(Figure::Seconds),
    }
}

fn ratio(share: &str) -> Option<String> {
    let digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !digits(share) {
        return None;
    }
    Some(shown(&(BigDecimal::from_str(share).ok()? / BigDecimal::from(100))))
}

fn seconds(text: &str) -> Option<String> {
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut total = BigDecimal::from(0);
    let mut any = false;
    while !rest.trim_start().is_empty() {
        rest = rest.trim_start();
        let unit_at = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(unit_at)?;
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        let (_, micros) = DURATION_UNITS.iter().find(|(word, _)| *word == unit)?;
        total += BigDecimal::from(number.parse::<u64>().ok()?) * BigDecimal::from(*micros);
        any = true;
        rest = after;
    }
    any.then(|| shown(&(total * BigDecimal::from(sign) / BigDecimal::from(1_000_000))))
}

/// A decimal without exponent; beyond a microsecond or a millionth of a share nothing is measured.
fn shown(number: &BigDecimal) -> String {
    number.with_scale_round(6, RoundingMode::Down).normalized().to_plain_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_shares_come_out_in_base_units() {
        let seconds = |text: &str| Some(Figure::Seconds(text.to_owned()));
        let ratio = |text: &str| Some(Figure::Ratio(text.to_owned()));
        for (text, expected) in [
            ("15min", seconds("900")),
            ("22min 4s", seconds("1324")),
            ("1h30min", seconds("5400")),
            ("90d", seconds("7776000")),
            ("-5s250ms", seconds("-5.25")),
            ("1us", seconds("0.000001")),
            ("0s", seconds("0")),
            ("99.9%", ratio("0.999")),
            ("99.9% over 90d", ratio("0.999")),
            ("99.45% (181 of 182 dumps)", ratio("0.9945")),
            ("100%", ratio("1")),
            ("0%", ratio("0")),
        ] {
            assert_eq!(figure(text), expected, "{text}");
        }
        for text in [
            "",
            "-",
            "4",
            "4 parsecs",
            "m",
            "NaN%",
            "1e400%",
            "%",
            "-1%",
            "99999999999999999999h",
            "15min ago",
            "1.5s",
        ] {
            assert_eq!(figure(text), None, "{text}");
        }
    }
}
