//! Exact values from observed text, and what can be done with them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use bigdecimal::{BigDecimal, ToPrimitive, Zero};
use jiff::{SignedDuration, Timestamp};

use crate::facts::{Observation, Observed};
use crate::plan::Scalar;
use crate::policy::operand::Arithmetic;
use crate::value::{Type, Value};

/// Why there is no value: one sentence.
pub(super) type Gap = String;

/// Observations by key.
pub(super) type Seen = BTreeMap<String, Observation>;

/// The value of a scalar.
pub(super) fn value(scalar: &Scalar, seen: &Seen) -> Result<Value, Gap> {
    match scalar {
        Scalar::Literal(value) => Ok(value.clone()),
        Scalar::Observed { key, ty, skipped, what } => {
            if let Some(skipped) = skipped {
                let nulls = count(skipped, seen)?;
                if nulls > 0 {
                    return Err(format!(
                        "{what} skipped {nulls} NULL values; write `??` to say what NULL counts as"
                    ));
                }
            }
            match cell(key, seen)? {
                Some(text) => read(&text, *ty).map_err(|why| format!("{what} is {why}")),
                None => Err(format!("{what} is NULL: there is nothing to compute it from")),
            }
        }
        Scalar::Coalesce(inner, fallback) => match &**inner {
            // Only NULL has a fallback; a failed observation has none.
            Scalar::Observed { key, .. } if cell(key, seen)?.is_none() => Ok(fallback.clone()),
            inner => value(inner, seen),
        },
        Scalar::Negate(inner) => match value(inner, seen)? {
            Value::Number(n) => Ok(Value::Number(-n)),
            Value::Percent(n) => Ok(Value::Percent(-n)),
            Value::Size(n) => Ok(Value::Size(-n)),
            Value::Duration(d) => d.checked_neg().map(Value::Duration).ok_or_else(too_large),
            other => Err(format!("{other} has no opposite")),
        },
        Scalar::Binary(op, left, right) => arithmetic(*op, value(left, seen)?, value(right, seen)?),
    }
}

/// One observed cell; `None` is NULL.
pub(super) fn cell(key: &str, seen: &Seen) -> Result<Option<String>, Gap> {
    match seen.get(key).map(|o| &o.result) {
        Some(Ok(Observed::Cell(cell))) => Ok(cell.clone()),
        Some(Ok(Observed::Told { value, .. })) => Ok(value.clone()),
        Some(Ok(Observed::Table { rows, columns, more })) => match (rows.as_slice(), columns.len(), more) {
            ([], 1, false) => Ok(None),
            ([row], 1, false) => Ok(row.first().cloned().flatten()),
            _ => Err("more than one value was returned where one is needed".to_owned()),
        },
        Some(Ok(_)) => Err("the observation is not a value".to_owned()),
        Some(Err(failure)) => Err(failure.message.clone()),
        None => Err("it was not looked at".to_owned()),
    }
}

/// An observed count. What was settled otherwise is settled in that there is nothing to count.
pub(super) fn count(key: &str, seen: &Seen) -> Result<u64, Gap> {
    if seen.get(key).is_some_and(|o| matches!(o.result, Ok(Observed::Settled(_)))) {
        return Ok(0);
    }
    cell(key, seen)?.and_then(|text| text.parse().ok()).ok_or_else(|| "a count could not be read".to_owned())
}

/// Text as a value of a type, or a sentence that says what it is instead.
pub(super) fn value_of(text: &str, ty: Type) -> Result<Value, Gap> {
    read(text, ty).map_err(|why| format!("the value is {why}"))
}

/// Text as a value of a type, or what it is instead.
fn read(text: &str, ty: Type) -> Result<Value, String> {
    let number = || {
        text.parse::<BigDecimal>()
            .map_err(|_| format!("`{text}`, which is not a number that can be compared"))
    };
    Ok(match ty {
        Type::Number => Value::Number(number()?),
        Type::Percent => Value::Percent(number()?),
        Type::Size => Value::Size(number()?),
        Type::Text => Value::Text(text.to_owned()),
        Type::Bool => match text {
            "t" | "true" => Value::Bool(true),
            "f" | "false" => Value::Bool(false),
            _ => return Err(format!("`{text}`, which is neither true nor false")),
        },
        Type::Time => Value::Time(
            instant(text).ok_or_else(|| format!("`{text}`, which is not an instant that can be compared"))?,
        ),
        Type::Duration => Value::Duration(
            duration(text).ok_or_else(|| format!("`{text}`, which is not a duration of fixed length"))?,
        ),
    })
}

/// PostgreSQL's ISO output of a timestamp with or without zone, or of a date, read as UTC.
fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let civil = text.parse::<jiff::civil::DateTime>().ok().or_else(|| {
        text.parse::<jiff::civil::Date>().ok().map(|date| date.to_datetime(jiff::civil::Time::midnight()))
    })?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// PostgreSQL's ISO 8601 output of an interval without months and years, in microseconds.
fn duration(text: &str) -> Option<i64> {
    let span: SignedDuration = match text.parse::<jiff::Span>() {
        Ok(span) if span.get_years() == 0 && span.get_months() == 0 => {
            span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?
        }
        _ => return None,
    };
    i64::try_from(span.as_micros()).ok()
}

fn too_large() -> Gap {
    "the result is larger than can be reckoned with".to_owned()
}

fn shift(at: Timestamp, micros: i64) -> Result<Value, Gap> {
    at.checked_add(SignedDuration::from_micros(micros)).map(Value::Time).map_err(|_| too_large())
}

fn arithmetic(op: Arithmetic, left: Value, right: Value) -> Result<Value, Gap> {
    use Arithmetic::{Add, Divide, Multiply, Subtract};
    use Value::{Duration, Number, Percent, Size, Time};
    let scaled = |n: &BigDecimal, d: i64| {
        (n * BigDecimal::from(d)).round(0).to_i64().map(Duration).ok_or_else(too_large)
    };
    match (op, left, right) {
        (Add, Number(a), Number(b)) => Ok(Number(a + b)),
        (Subtract, Number(a), Number(b)) => Ok(Number(a - b)),
        (Multiply, Number(a) | Percent(a), Number(b)) | (Multiply, Number(a), Percent(b)) => {
            Ok(Number(a * b))
        }
        (Add, Percent(a), Percent(b)) => Ok(Percent(a + b)),
        (Subtract, Percent(a), Percent(b)) => Ok(Percent(a - b)),
        (Add, Size(a), Size(b)) => Ok(Size(a + b)),
        (Subtract, Size(a), Size(b)) => Ok(Size(a - b)),
        (Multiply, Number(a) | Percent(a), Size(b)) | (Multiply, Size(b), Number(a)) => Ok(Size(a * b)),
        (Divide, _, Number(b) | Size(b)) if b.is_zero() => Err("a division by zero".to_owned()),
        (Divide, _, Duration(0)) => Err("a division by zero".to_owned()),
        (Divide, Number(a), Number(b)) | (Divide, Size(a), Size(b)) => Ok(Number(a / b)),
        (Divide, Size(a), Number(b)) => Ok(Size(a / b)),
        (Divide, Percent(a), Number(b)) => Ok(Percent(a / b)),
        (Divide, Duration(a), Duration(b)) => Ok(Number(BigDecimal::from(a) / BigDecimal::from(b))),
        (Divide, Duration(a), Number(b)) => scaled(&(BigDecimal::from(1) / b), a),
        (Add, Duration(a), Duration(b)) => a.checked_add(b).map(Duration).ok_or_else(too_large),
        (Subtract, Duration(a), Duration(b)) => a.checked_sub(b).map(Duration).ok_or_else(too_large),
        (Multiply, Number(n) | Percent(n), Duration(d)) | (Multiply, Duration(d), Number(n)) => scaled(&n, d),
        (Add, Time(at), Duration(d)) | (Add, Duration(d), Time(at)) => shift(at, d),
        (Subtract, Time(at), Duration(d)) => shift(at, d.checked_neg().ok_or_else(too_large)?),
        (Subtract, Time(a), Time(b)) => span(b, a).map(Duration),
        (_, left, right) => Err(format!("{left} and {right} cannot be combined")),
    }
}

/// The microseconds from one instant to another.
pub(super) fn span(from: Timestamp, to: Timestamp) -> Result<i64, Gap> {
    i64::try_from(to.duration_since(from).as_micros()).map_err(|_| too_large())
}

/// How two values compare; values of different types do not.
pub(super) fn compare(left: &Value, right: &Value) -> Result<Ordering, Gap> {
    use Value::{Bool, Duration, Number, Percent, Size, Text, Time};
    match (left, right) {
        (Number(a) | Percent(a), Number(b) | Percent(b)) | (Size(a), Size(b)) => Ok(a.cmp(b)),
        (Duration(a), Duration(b)) => Ok(a.cmp(b)),
        (Time(a), Time(b)) => Ok(a.cmp(b)),
        (Text(a), Text(b)) => Ok(a.cmp(b)),
        (Bool(a), Bool(b)) => Ok(a.cmp(b)),
        _ => Err(format!("{left} and {right} cannot be compared")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(text: &str) -> Value {
        Value::Number(text.parse().unwrap())
    }

    #[test]
    fn server_text_is_read_exactly() {
        assert_eq!(read("0.10", Type::Number).unwrap(), n("0.10"));
        assert!(read("NaN", Type::Number).is_err() && read("Infinity", Type::Number).is_err());
        let at = "2026-01-14T14:29:00.123456Z".parse().unwrap();
        assert_eq!(instant("2026-01-14 14:29:00.123456+00"), Some(at));
        assert_eq!(instant("2026-01-14 14:29:00.123456"), Some(at));
        assert!(instant("2026-01-14").is_some() && instant("infinity").is_none());
        assert_eq!(duration("PT15M"), Some(900_000_000));
        assert_eq!(duration("P1DT1H"), Some(90_000_000_000));
        assert_eq!(duration("P1M"), None);
    }

    #[test]
    fn overflow_and_division_by_zero_are_gaps() {
        assert!(arithmetic(Arithmetic::Divide, n("1"), n("0")).is_err());
        assert!(arithmetic(Arithmetic::Add, Value::Duration(i64::MAX), Value::Duration(1)).is_err());
        assert!(arithmetic(Arithmetic::Multiply, n("1e30"), Value::Duration(2)).is_err());
    }

    #[test]
    fn a_share_of_a_number_is_exact() {
        let share = Value::Percent("0.999".parse().unwrap());
        assert_eq!(arithmetic(Arithmetic::Multiply, share, n("1000")).unwrap(), n("999.000"));
    }
}
