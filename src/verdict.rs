//! The five verdicts, how they combine, and the exit status they lead to.

use serde::{Deserialize, Serialize};

/// What a check ended in. There is no sixth state and no boolean beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Looked at completely, and it is so.
    Holds,
    /// Its condition does not apply here; the reason is stated.
    Skipped,
    /// Broken, and a live waiver covers it.
    Waived,
    /// Could not be established.
    Unproven,
    /// Looked at, and it is not so.
    Broken,
}

impl Verdict {
    /// The word used in every format.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Skipped => "skipped",
            Self::Waived => "waived",
            Self::Unproven => "unproven",
            Self::Broken => "broken",
        }
    }

    /// The verdict of a word, if it is one.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Holds, Self::Skipped, Self::Waived, Self::Unproven, Self::Broken]
            .into_iter()
            .find(|verdict| verdict.word() == word)
    }

    /// Whether a required check with this verdict leaves its gate open.
    #[must_use]
    pub fn opens(self) -> bool {
        matches!(self, Self::Holds | Self::Skipped | Self::Waived)
    }

    fn rank(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::Skipped => 1,
            Self::Waived => 2,
            Self::Unproven => 3,
            Self::Broken => 4,
        }
    }

    /// The worse of two: broken beats unproven beats everything that opens.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        if self.rank() >= other.rank() { self } else { other }
    }
}

/// How much a check counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Closes the gate.
    Require,
    /// Warns only.
    Recommend,
}

/// Exit statuses of the program. Only `Open` means "proceed".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// Every selected gate is open.
    Open = 0,
    /// Something required is broken.
    Broken = 1,
    /// Bad usage or bad policy; nothing was run.
    Usage = 2,
    /// Something required is unproven.
    Unproven = 3,
    /// A bug in holdtrue.
    Internal = 70,
}

impl ExitStatus {
    /// The status for the combined verdict of all required checks.
    #[must_use]
    pub fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Holds | Verdict::Skipped | Verdict::Waived => Self::Open,
            Verdict::Unproven => Self::Unproven,
            Verdict::Broken => Self::Broken,
        }
    }

    /// The number given to the operating system.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Verdict; 5] =
        [Verdict::Holds, Verdict::Skipped, Verdict::Waived, Verdict::Unproven, Verdict::Broken];

    #[test]
    fn worst_is_associative_commutative_and_idempotent() {
        for a in ALL {
            assert_eq!(a.worst(a), a);
            for b in ALL {
                assert_eq!(a.worst(b), b.worst(a));
                for c in ALL {
                    assert_eq!(a.worst(b).worst(c), a.worst(b.worst(c)));
                }
            }
        }
    }

    #[test]
    fn only_open_verdicts_exit_zero() {
        for verdict in ALL {
            assert_eq!(ExitStatus::of(verdict) == ExitStatus::Open, verdict.opens());
        }
    }
}
