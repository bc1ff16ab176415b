//! Timeline history files: `readTimeLineHistory` in `timeline.c`.

use super::lsn::Lsn;
use crate::probe::damage::{Damage, DamageKind};

/// Longest that is read, in bytes. A line is written for each promotion a cluster ever had.
pub(super) const MOST: u64 = 4 << 20;

/// Where a timeline came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The timeline it is about.
    pub timeline: u32,
    /// Its ancestors, oldest first: each timeline, and where the next one left it.
    pub ancestors: Vec<(u32, Lsn)>,
}

impl History {
    /// Reads the file of a timeline.
    ///
    /// # Errors
    /// A line is none, timelines do not rise, or the last ancestor is not older than the timeline itself.
    pub fn read(timeline: u32, file: &str, bytes: &[u8]) -> Result<Self, Damage> {
        let mut ancestors: Vec<(u32, Lsn)> = Vec::new();
        let mut at = 0;
        for line in bytes.split(|byte| *byte == b'\n') {
            let corrupt = |why: &str| Err(Damage::new(DamageKind::Corrupt, file, why).at(at));
            let text = std::str::from_utf8(line).unwrap_or("\u{fffd}").trim();
            if !text.is_empty() && !text.starts_with('#') {
                let mut words = text.split_ascii_whitespace();
                let parent = words.next().and_then(|word| word.parse::<u32>().ok());
                let switch = words.next().and_then(|word| word.parse::<Lsn>().ok());
                let (Some(parent), Some(switch)) = (parent, switch) else {
                    return corrupt("this line is not a timeline and the place where it was left");
                };
                if parent == 0 || parent >= timeline {
                    return corrupt(&format!(
                        "it claims timeline {parent} as an ancestor of timeline {timeline}"
                    ));
                }
                if let Some((before, left)) = ancestors.last()
                    && (*before >= parent || *left > switch)
                {
                    return corrupt(&format!(
                        "timeline {parent}, left at {switch}, does not follow {before}, left at {left}"
                    ));
                }
                ancestors.push((parent, switch));
            }
            at += line.len() as u64 + 1;
        }
        if ancestors.is_empty() {
            return Err(Damage::new(
                DamageKind::Truncated,
                file,
                "it names no timeline that this one came from",
            ));
        }
        Ok(Self { timeline, ancestors })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn files() {
        let read = |text: &str| History::read(3, "f", text.as_bytes());
        let good = "1\t0/3000148\tno recovery target specified\n\n# x\n2\t0/40001A0\tbefore 2026-01-01\n";
        assert_eq!(read(good).unwrap().ancestors, [(1, Lsn(0x300_0148)), (2, Lsn(0x400_01a0))]);
        for (text, at) in [
            ("", None),
            ("# nothing\n", None),
            ("1\n", Some(0)),
            ("1\t0/1\n1\t0/2\n", Some(6)),
            ("3\t0/1\n", Some(0)),
            ("1\t0/5\n2\t0/4\n", Some(6)),
            ("1\t5\n", Some(0)),
            ("\u{0}\u{1}", Some(0)),
        ] {
            assert_eq!(read(text).unwrap_err().at, at, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), timeline in 0_u32..9) {
            if let Ok(history) = History::read(timeline, "f", &bytes) {
                prop_assert!(history.ancestors.iter().all(|(parent, _)| *parent < timeline));
            }
        }
    }
}
