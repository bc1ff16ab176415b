//! Clocks that differ.

/// Seconds that clocks may differ without a word.
const CLOCKS_AGREE: i64 = 2;

/// How far a server's clock is from this machine's, where that is far enough to mislead: ages are told by both.
pub(super) fn skew(
    identity: &[(String, String)],
    before: jiff::Timestamp,
    after: jiff::Timestamp,
) -> Option<String> {
    let clock: jiff::Timestamp = identity.iter().find(|(name, _)| name == "server_clock")?.1.parse().ok()?;
    let span = |from: jiff::Timestamp, to: jiff::Timestamp| to.duration_since(from).as_secs();
    let (ahead, behind) = (span(after, clock), span(clock, before));
    match (ahead >= CLOCKS_AGREE, behind >= CLOCKS_AGREE) {
        (true, _) => Some(format!("its clock is {ahead}s ahead of this machine's")),
        (_, true) => Some(format!("its clock is {behind}s behind this machine's")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::skew;

    #[test]
    fn a_clock_that_is_wrong_is_said() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        let (before, after) = (at("2026-01-14T14:30:00Z"), at("2026-01-14T14:30:01Z"));
        let told = |clock: &str| {
            skew(&[("server_clock".to_owned(), clock.to_owned())], before, after).unwrap_or_default()
        };
        assert_eq!(told("2026-01-14T14:30:02.5Z"), "");
        assert!(told("2026-01-14T14:31:01Z").contains("60s ahead"));
        assert!(told("2026-01-14T14:29:50Z").contains("10s behind"));
        assert_eq!(told("none"), "");
    }
}
