//! Exact decimals, fast while they are small: amounts as rows hold them.

use std::cmp::Ordering;

use bigdecimal::{BigDecimal, ToPrimitive as _, num_bigint::BigInt};

/// A decimal, never rounded. Small ones are one machine number; what does not fit goes on as a [`BigDecimal`].
#[derive(Clone, Debug)]
pub enum Exact {
    /// `digits / 10^scale`.
    Small {
        /// The digits with their sign.
        digits: i128,
        /// Digits after the point, at most [`MAX_SCALE`].
        scale: u32,
    },
    /// Anything else.
    Large(Box<BigDecimal>),
}

/// Most digits after the point of a small decimal.
pub const MAX_SCALE: u32 = 18;

/// Digits of a small decimal, so that products of two stay within 128 bits.
const MAX_DIGITS: usize = 36;

/// `10^n`, if it fits.
fn power(n: u32) -> Option<i128> {
    10i128.checked_pow(n)
}

impl Exact {
    /// Zero.
    pub const ZERO: Self = Self::Small { digits: 0, scale: 0 };

    /// Reads PostgreSQL's text of an integer, `numeric` or floating-point value; `None` for what is no finite number.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if let Some((digits, scale)) = Self::short(text) {
            return Some(Self::Small { digits: i128::from(digits), scale });
        }
        let (negative, rest) = match text.split_first() {
            Some((b'-', rest)) => (true, rest),
            _ => (false, text),
        };
        let (mut digits, mut count, mut scale, mut point) = (0i128, 0usize, 0u32, false);
        for byte in rest {
            match byte {
                b'0'..=b'9' if count < MAX_DIGITS => {
                    digits = digits * 10 + i128::from(byte - b'0');
                    count += usize::from(count > 0 || *byte != b'0');
                    scale += u32::from(point);
                }
                b'.' if !point => point = true,
                _ => return Self::parse_large(text),
            }
        }
        // A point or sign alone is no number.
        if !rest.iter().any(u8::is_ascii_digit) {
            return None;
        }
        if scale > MAX_SCALE {
            return Self::parse_large(text);
        }
        Some(Self::Small { digits: if negative { -digits } else { digits }, scale })
    }

    /// Digits and scale of a number that fits a machine word, as nearly all do; `None` for all others.
    #[must_use]
    pub fn short(text: &[u8]) -> Option<(i64, u32)> {
        let (negative, text) = match text.split_first() {
            Some((b'-', rest)) => (true, rest),
            _ => (false, text),
        };
        if text.len() > 18 {
            return None;
        }
        // So few digits cannot overflow, and nothing has to watch that they do not.
        let mut digits = 0i64;
        let mut point = None;
        for (at, byte) in text.iter().enumerate() {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                digits = digits.wrapping_mul(10).wrapping_add(i64::from(digit));
            } else if *byte == b'.' && point.is_none() {
                point = Some(at);
            } else {
                return None;
            }
        }
        // A sign or point alone is no number.
        if text.len() == usize::from(point.is_some()) {
            return None;
        }
        let scale = point.map_or(0, |at| text.len().wrapping_sub(at).wrapping_sub(1)) as u32;
        Some((if negative { digits.wrapping_neg() } else { digits }, scale))
    }

    fn parse_large(text: &[u8]) -> Option<Self> {
        std::str::from_utf8(text).ok()?.parse::<BigDecimal>().ok().map(|n| Self::Large(Box::new(n)))
    }

    /// The same as a decimal of any size.
    #[must_use]
    pub fn big(&self) -> BigDecimal {
        match self {
            Self::Small { digits, scale } => BigDecimal::new(BigInt::from(*digits), i64::from(*scale)),
            Self::Large(n) => (**n).clone(),
        }
    }

    /// Both sides with one scale, if they stay small.
    fn aligned(&self, other: &Self) -> Option<(i128, i128, u32)> {
        let (Self::Small { digits: a, scale: s }, Self::Small { digits: b, scale: t }) = (self, other) else {
            return None;
        };
        if s == t {
            return Some((*a, *b, *s));
        }
        let scale = (*s).max(*t);
        Some((a.checked_mul(power(scale - s)?)?, b.checked_mul(power(scale - t)?)?, scale))
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        if let Some((a, b, scale)) = self.aligned(other)
            && let Some(digits) = a.checked_add(b)
        {
            return Self::Small { digits, scale };
        }
        Self::Large(Box::new(self.big() + other.big()))
    }

    /// The difference.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.plus(&other.negated())
    }

    /// Whether a difference is no larger than this, whatever its sign.
    #[must_use]
    pub fn is_within(&self, tolerance: &Self) -> bool {
        *self <= *tolerance && self.negated() <= *tolerance
    }

    /// The product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        if let (Self::Small { digits: a, scale: s }, Self::Small { digits: b, scale: t }) = (self, other)
            && s + t <= MAX_SCALE
            && let Some(digits) = a.checked_mul(*b)
        {
            return Self::Small { digits, scale: s + t };
        }
        Self::Large(Box::new(self.big() * other.big()))
    }

    /// The quotient where it has at most 16 significant digits, which is what PostgreSQL's `numeric` division keeps at
    /// the least (`NUMERIC_MIN_SIG_DIGITS` in its `numeric.h`): then both are exact and equal. `None` otherwise, and for
    /// a divisor of zero.
    #[must_use]
    pub fn over(&self, other: &Self) -> Option<Self> {
        let (a, b) = (self.big(), other.big());
        if other.is_zero() {
            return None;
        }
        let quotient = (&a / &b).with_prec(16);
        (&quotient * &b == a).then(|| Self::Large(Box::new(quotient.normalized())))
    }

    /// With the other sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        match self {
            Self::Small { digits, scale } if *digits != i128::MIN => {
                Self::Small { digits: -digits, scale: *scale }
            }
            Self::Small { .. } => Self::Large(Box::new(-self.big())),
            Self::Large(n) => Self::Large(Box::new(-(**n).clone())),
        }
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        match self {
            Self::Small { digits, .. } => *digits == 0,
            Self::Large(n) => bigdecimal::Zero::is_zero(&**n),
        }
    }

    /// The digits of a number that is small, with its scale.
    #[must_use]
    pub fn small(&self) -> Option<(i128, u32)> {
        match self {
            Self::Small { digits, scale } => Some((*digits, *scale)),
            Self::Large(_) => None,
        }
    }

    /// Rounded to so many significant digits, as PostgreSQL does where a binary floating-point value becomes `numeric`
    /// (15 for `double precision`, 6 for `real`; `float8_numeric` and `float4_numeric` in its `numeric.c`).
    #[must_use]
    pub fn of_float(text: &[u8], significant: usize) -> Option<Self> {
        let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        if !value.is_finite() {
            return None;
        }
        let rounded = format!("{value:.*e}", significant.saturating_sub(1));
        rounded.parse::<BigDecimal>().ok().map(|n| Self::Large(Box::new(n.normalized())))
    }

    /// The nearest binary floating-point number.
    #[must_use]
    pub fn float(&self) -> f64 {
        self.big().to_f64().unwrap_or(f64::NAN)
    }

    /// One spelling for equal numbers: no trailing zeros.
    #[must_use]
    pub fn canonical(&self) -> (i128, u32, Option<String>) {
        match self {
            Self::Small { digits, scale } => {
                let (mut digits, mut scale) = (*digits, *scale);
                while scale > 0 && digits % 10 == 0 {
                    digits /= 10;
                    scale -= 1;
                }
                (digits, scale, None)
            }
            Self::Large(n) => {
                let n = n.normalized();
                let text = n.to_plain_string();
                match Self::parse(text.as_bytes()) {
                    Some(small @ Self::Small { .. }) => small.canonical(),
                    _ => (0, 0, Some(text)),
                }
            }
        }
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Exact {}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.aligned(other) {
            Some((a, b, _)) => a.cmp(&b),
            None => self.big().cmp(&other.big()),
        }
    }
}

/// As PostgreSQL writes a `numeric`: with its scale, without an exponent.
impl std::fmt::Display for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.big().to_plain_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn n(text: &str) -> Exact {
        Exact::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn texts_are_read_and_written_as_postgresql_writes_them() {
        for text in [
            "0",
            "-1",
            "150.00",
            "0.000000000000000000000001",
            "-0.5",
            "170141183460469231731687303715884105728.1",
        ] {
            assert_eq!(n(text).to_string(), text);
        }
        for text in ["", "-", ".", "NaN", "Infinity", "1.2.3", "abc"] {
            assert!(Exact::parse(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn a_quotient_is_given_only_where_it_is_exact() {
        assert_eq!(n("1").over(&n("8")).unwrap().to_string(), "0.125");
        assert!(n("1").over(&n("3")).is_none());
        assert!(n("1").over(&Exact::ZERO).is_none());
    }

    #[test]
    fn equal_numbers_have_one_spelling() {
        assert_eq!(n("1.50").canonical(), n("1.5").canonical());
        assert_eq!(n("100").canonical(), Exact::Large(Box::new("1e2".parse().unwrap())).canonical());
    }

    proptest! {
        #[test]
        fn small_and_large_arithmetic_agree(a in any::<i128>(), s in 0u32..18, b in any::<i64>(), t in 0u32..18) {
            // Near the edge of 128 bits as well as in the middle.
            for a in [a, a >> 64, a >> 100] {
                let (x, y) = (Exact::Small { digits: a.max(-i128::MAX), scale: s }, Exact::Small { digits: i128::from(b), scale: t });
                prop_assert_eq!(x.plus(&y).big(), x.big() + y.big());
                prop_assert_eq!(x.minus(&y).big(), x.big() - y.big());
                prop_assert_eq!(x.times(&y).big(), x.big() * y.big());
                prop_assert_eq!(x.cmp(&y), x.big().cmp(&y.big()));
                prop_assert_eq!(Exact::parse(x.to_string().as_bytes()).unwrap(), x);
            }
        }
    }
}
