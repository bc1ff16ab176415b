//! Exact values with units, and their types.

use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

/// A value of the policy language. Numbers are exact decimals; nothing here is floating point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Value {
    /// An exact decimal without a unit.
    Number(BigDecimal),
    /// A share; `99.9%` is held as `0.999`.
    Percent(BigDecimal),
    /// A span of time in microseconds, PostgreSQL's resolution. May be negative.
    Duration(i64),
    /// An amount of storage in bytes.
    Size(BigDecimal),
    /// An instant.
    Time(jiff::Timestamp),
    /// Text.
    Text(String),
    /// True or false.
    Bool(bool),
}

/// The type of a [`Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// Exact decimal.
    Number,
    /// Share of something.
    Percent,
    /// Span of time.
    Duration,
    /// Bytes.
    Size,
    /// Instant.
    Time,
    /// Text.
    Text,
    /// True or false.
    Bool,
}

impl Type {
    /// The word a policy writes for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Percent => "percent",
            Self::Duration => "duration",
            Self::Size => "size",
            Self::Time => "time",
            Self::Text => "text",
            Self::Bool => "bool",
        }
    }

    /// Every type with a word.
    pub const ALL: [Self; 7] =
        [Self::Number, Self::Percent, Self::Duration, Self::Size, Self::Time, Self::Text, Self::Bool];
}

impl Value {
    /// Its type.
    #[must_use]
    pub fn ty(&self) -> Type {
        match self {
            Self::Number(_) => Type::Number,
            Self::Percent(_) => Type::Percent,
            Self::Duration(_) => Type::Duration,
            Self::Size(_) => Type::Size,
            Self::Time(_) => Type::Time,
            Self::Text(_) => Type::Text,
            Self::Bool(_) => Type::Bool,
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(n) => f.write_str(&plain(n)),
            Self::Percent(p) => write!(f, "{}%", plain(&(p * BigDecimal::from(100)))),
            Self::Duration(micros) => f.write_str(&duration_text(*micros)),
            Self::Size(bytes) => f.write_str(&size_text(bytes)),
            Self::Time(at) => write!(f, "{at}"),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Bool(b) => write!(f, "{b}"),
        }
    }
}

/// A decimal without exponent and without needless trailing zeros.
#[must_use]
pub fn plain(n: &BigDecimal) -> String {
    n.normalized().to_plain_string()
}

/// Units in which durations are written, the largest first, with their microseconds.
pub const DURATION_UNITS: [(&str, u64); 6] = [
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("min", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

/// A duration in the largest units that divide it, such as `1h30min` or `250ms`; `0s` for zero.
#[must_use]
pub fn duration_text(micros: i64) -> String {
    let mut rest = micros.unsigned_abs();
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::from(if micros < 0 { "-" } else { "" });
    for (unit, size) in DURATION_UNITS {
        let n = rest / size;
        if n > 0 {
            text.push_str(&format!("{n}{unit}"));
            rest %= size;
        }
    }
    text
}

fn size_text(bytes: &BigDecimal) -> String {
    for (unit, size) in [("TiB", 1u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        let size = BigDecimal::from(size);
        if bytes.abs() >= size {
            let exact = bytes / &size;
            return format!("{}{unit}", plain(&exact.round(2)));
        }
    }
    format!("{}B", plain(bytes))
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// Addition.
    Add,
    /// Subtraction.
    Subtract,
    /// Multiplication.
    Multiply,
    /// Division.
    Divide,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparator {
    /// As the policy writes it.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Whether an ordering satisfies it.
    #[must_use]
    pub fn accepts(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// Whether values of two types can be compared.
#[must_use]
pub fn comparable(left: Type, right: Type) -> bool {
    left == right || matches!((left, right), (Type::Number, Type::Percent) | (Type::Percent, Type::Number))
}

/// The type of a combination; `None` where it makes no sense.
#[must_use]
pub fn result_type(op: Arithmetic, left: Type, right: Type) -> Option<Type> {
    use Arithmetic::{Add, Divide, Multiply, Subtract};
    use Type::{Duration, Number, Percent, Size, Time};
    match (op, left, right) {
        (Add | Subtract, Number, Number) => Some(Number),
        (Add | Subtract, Duration, Duration) => Some(Duration),
        (Add | Subtract, Size, Size) => Some(Size),
        (Add | Subtract, Percent, Percent) => Some(Percent),
        (Add | Subtract, Time, Duration) => Some(Time),
        (Add, Duration, Time) => Some(Time),
        (Subtract, Time, Time) => Some(Duration),
        (Multiply, Number, other @ (Number | Size)) => Some(other),
        (Multiply, Number, Percent) => Some(Number),
        (Multiply, Size, Number) => Some(Size),
        (Multiply, Percent, Number) => Some(Number),
        (Multiply, Percent, other @ (Duration | Size)) => Some(other),
        (Multiply, Number, Duration) | (Multiply, Duration, Number) => Some(Duration),
        (Divide, Number, Number) => Some(Number),
        (Divide, Size, Size) | (Divide, Duration, Duration) => Some(Number),
        (Divide, other @ (Size | Duration | Percent), Number) => Some(other),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_they_are_written() {
        assert_eq!(duration_text(5_400_000_000), "1h30min");
        assert_eq!(duration_text(-50_000), "-50ms");
        assert_eq!(duration_text(0), "0s");
        assert_eq!(duration_text(i64::MIN).chars().next(), Some('-'));
    }

    #[test]
    fn percent_and_size_print_exactly() {
        let p: BigDecimal = "0.999".parse().unwrap();
        assert_eq!(Value::Percent(p).to_string(), "99.9%");
        assert_eq!(Value::Size(BigDecimal::from(64u64 << 20)).to_string(), "64MiB");
    }
}
