//! Values of the binary format that fit a machine word, as they mostly do. Every function is `None` for all others, and for
//! bytes that are no value: how those are spelt, or that they are damaged, is told elsewhere.

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Days from 1970 to 2000.
const TO_2000: i64 = 10_957;

/// The first day of year 1 and the day after the last one of year 9999, since 1970: whatever reads times reads those years.
const YEARS: std::ops::Range<i64> = -719_162..2_932_897;

/// An integer of two, four or eight bytes.
pub(super) fn integer(value: &[u8]) -> Option<i64> {
    match value.len() {
        2 => Some(i64::from(i16::from_be_bytes(value.try_into().ok()?))),
        4 => Some(i64::from(i32::from_be_bytes(value.try_into().ok()?))),
        8 => Some(i64::from_be_bytes(value.try_into().ok()?)),
        _ => None,
    }
}

/// Digits after the point, at most.
const MAX_SCALE: u32 = 18;

/// Digits of a `numeric` and how many of them are after the point (see `spelling::numeric` for the format).
pub(super) fn numeric(value: &[u8]) -> Option<(i64, u32)> {
    let (head, groups) = value.split_first_chunk::<8>()?;
    let [a, b, c, d, e, f, g, h] = *head;
    let (count, weight) = (u16::from_be_bytes([a, b]), i16::from_be_bytes([c, d]));
    let (sign, scale) = (u16::from_be_bytes([e, f]), u32::from(u16::from_be_bytes([g, h])));
    // Four groups cannot overflow.
    if count > 4 || groups.len() != usize::from(count) * 2 || scale > MAX_SCALE {
        return None;
    }
    let mut digits = 0i64;
    for group in groups.as_chunks::<2>().0 {
        let group = u16::from_be_bytes(*group);
        if group >= 10_000 {
            return None;
        }
        digits = digits * 10_000 + i64::from(group);
    }
    if digits != 0 {
        // What the last group stands for, at the scale that is displayed.
        let tens = (i32::from(weight) - i32::from(count) + 1) * 4 + i32::try_from(scale).ok()?;
        let power = 10i64.checked_pow(tens.unsigned_abs())?;
        if tens >= 0 {
            digits = digits.checked_mul(power)?;
        } else if digits % power == 0 {
            digits /= power;
        } else {
            return None;
        }
    }
    match sign {
        0x0000 => Some((digits, scale)),
        0x4000 => Some((-digits, scale)),
        _ => None,
    }
}

/// Microseconds since 1970 of a `timestamp` or `timestamptz`, which counts them since 2000.
pub(super) fn timestamp(value: &[u8]) -> Option<i64> {
    let micros = i64::from_be_bytes(value.try_into().ok()?).checked_add(TO_2000 * DAY)?;
    YEARS.contains(&micros.div_euclid(DAY)).then_some(micros)
}

/// Microseconds since 1970 of the beginning of a `date`.
pub(super) fn date(value: &[u8]) -> Option<i64> {
    let days = i64::from(i32::from_be_bytes(value.try_into().ok()?)) + TO_2000;
    YEARS.contains(&days).then(|| days * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::postgres::spelling;
    use crate::probe::postgres::spelling::tests::{numeric_of, spelt};
    use proptest::prelude::*;

    fn read(text: &str) -> i64 {
        crate::chain::time::parse(text).unwrap().micros_since_epoch()
    }

    #[test]
    fn what_amounts_look_like_fits() {
        for (weight, sign, scale, groups, found) in [
            (0, 0, 0, &[][..], (0, 0)),
            (0, 0, 2, &[], (0, 2)),
            (0, 0, 2, &[150, 2500], (15_025, 2)),
            (1, 0x4000, 2, &[1, 0, 5000], (-1_000_050, 2)),
            (1, 0, 0, &[12], (120_000, 0)),
            (-1, 0, 4, &[1], (1, 4)),
            (-2, 0, 10, &[1234], (123_400, 10)),
        ] {
            assert_eq!(numeric(&numeric_of(weight, sign, scale, groups)), Some(found));
        }
        // No number, more digits than fit, digits that are not displayed, and what is no value.
        for value in [
            numeric_of(0, 0xC000, 0, &[]),
            numeric_of(5, 0, 0, &[1]),
            numeric_of(0, 0, 0, &[1, 5000]),
            numeric_of(0, 0, 0, &[10_000]),
            numeric_of(0, 0, 19, &[1]),
            numeric_of(0, 0, 0, &[1])[..9].to_vec(),
            Vec::new(),
        ] {
            assert_eq!(numeric(&value), None);
        }
    }

    #[test]
    fn years_that_nobody_reads_are_no_words() {
        let at = |days: i64| timestamp(&((days - TO_2000) * DAY).to_be_bytes());
        assert_eq!(at(YEARS.start), Some(read("0001-01-01 00:00:00")));
        assert_eq!(at(YEARS.end - 1), Some(read("9999-12-31 00:00:00")));
        assert_eq!((at(YEARS.start - 1), at(YEARS.end)), (None, None));
        for none in [i64::MAX, i64::MIN] {
            assert_eq!(timestamp(&none.to_be_bytes()), None);
        }
        for none in [i32::MAX, i32::MIN] {
            assert_eq!(date(&none.to_be_bytes()), None);
        }
    }

    proptest! {
        #[test]
        fn words_are_what_the_texts_say(
            weight in -3i16..5, sign in prop::sample::select(vec![0u16, 0x4000, 0xC000, 0xD000]),
            scale in 0u16..21, groups in prop::collection::vec(prop_oneof![Just(0u16), Just(5000), 0u16..10_000], 0..5),
        ) {
            let value = numeric_of(weight, sign, scale, &groups);
            if let Some((digits, scale)) = numeric(&value) {
                let text = spelt(|out| spelling::numeric(&value, out)).unwrap();
                let number: bigdecimal::BigDecimal = text.parse().unwrap();
                prop_assert_eq!(&number, &bigdecimal::BigDecimal::new(digits.into(), scale.into()));
                prop_assert_eq!(text.split_once('.').map_or(0, |(_, behind)| behind.len()), scale as usize);
            }
        }

        #[test]
        fn times_are_what_the_texts_say(micros in -62_135_596_800_000_000i64..253_402_300_800_000_000, days in -719_162i32..2_932_897) {
            let value = (micros - TO_2000 * DAY).to_be_bytes();
            let text = spelt(|out| spelling::timestamp(&value, false, out)).unwrap();
            prop_assert_eq!((timestamp(&value), read(&text)), (Some(micros), micros));
            let value = (days - 10_957).to_be_bytes();
            prop_assert_eq!(date(&value), Some(read(&spelt(|out| spelling::date(&value, out)).unwrap())));
        }

        #[test]
        fn integers_are_their_texts(n in any::<i64>()) {
            prop_assert_eq!(integer(&n.to_be_bytes()), Some(n));
            let text = spelt(|out| spelling::integer(&n.to_be_bytes(), out)).unwrap();
            prop_assert_eq!(text.parse::<i64>().unwrap(), n);
        }
    }
}
