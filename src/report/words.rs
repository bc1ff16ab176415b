//! Numbers and words that several formats share.

use super::model::{FigureInfo, WaiverState};

/// A whole number with its thousands apart: `7,300,000`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number and its noun: `1 row`, `2,000 rows`. The plural is the noun and an s.
#[must_use]
pub fn count(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

/// A length as a number for the model's counters.
#[must_use]
pub fn len(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Time spent, from milliseconds: `12 ms`, `4.2 s`, `3 min 5 s`.
#[must_use]
pub fn spent(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match milliseconds {
        0..1000 => format!("{milliseconds} ms"),
        1000..60_000 => format!("{seconds}.{} s", milliseconds % 1000 / 100),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// What an exit status asks the reader to do.
#[must_use]
pub fn exit_meaning(code: u8) -> &'static str {
    match code {
        0 => "every selected gate is open; proceed",
        1 => "something required is broken; do not proceed",
        2 => "bad usage or bad policy, nothing was run; do not proceed",
        3 => "something required is unproven; do not proceed",
        _ => "a bug in holdtrue; do not proceed",
    }
}

/// How many findings there are, and whether all of them are listed; empty when there is none.
#[must_use]
pub fn findings(listed: usize, total: u64) -> String {
    let listed = len(listed);
    match total.max(listed) {
        0 => String::new(),
        total if total > listed => {
            format!("{}, {} listed here", count(total, "finding"), grouped(listed))
        }
        total => count(total, "finding"),
    }
}

/// The state of a waiver in one word or two, and what to do about it.
#[must_use]
pub fn waiver_state(state: WaiverState) -> (&'static str, &'static str) {
    match state {
        WaiverState::Used => ("used", "it covers a broken check"),
        WaiverState::Needless => ("needless", "the check holds; remove the waiver"),
        WaiverState::Expired => ("expired", "it covers nothing any more; repair the check or decide anew"),
        WaiverState::NotApplicable => ("not applicable", "the check is unproven, and no waiver covers that"),
        WaiverState::NotSelected => ("not selected", "its check was not part of this run"),
    }
}

/// A figure beside that of an objective, in one line.
pub(super) fn beside(figure: &FigureInfo) -> String {
    let actual = if figure.actual.is_empty() { "not measured" } else { &figure.actual };
    format!(
        "beside it, deciding nothing: {}, actual {actual} ({}; {}): {}",
        figure.name,
        figure.measures,
        figure.verdict.word(),
        figure.reason
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_easily() {
        let shown: Vec<String> = [0, 7, 999, 1000, 7_300_000].into_iter().map(grouped).collect();
        assert_eq!(shown, ["0", "7", "999", "1,000", "7,300,000"]);
        assert_eq!(count(1, "row"), "1 row");
        assert_eq!(count(2000, "row"), "2,000 rows");
        assert_eq!([spent(12), spent(4250), spent(185_000)], ["12 ms", "4.2 s", "3 min 5 s"]);
    }

    #[test]
    fn findings_not_listed_are_announced() {
        assert_eq!(findings(0, 0), "");
        assert_eq!(findings(2, 2), "2 findings");
        assert_eq!(findings(2, 1204), "1,204 findings, 2 listed here");
        assert_eq!(findings(0, 3), "3 findings, 0 listed here");
        assert_eq!(findings(2, 0), "2 findings");
    }

    #[test]
    fn only_status_zero_means_proceed() {
        for code in 1..=u8::MAX {
            assert!(exit_meaning(code).ends_with("do not proceed"));
        }
        assert!(exit_meaning(0).ends_with("open; proceed"));
    }
}
