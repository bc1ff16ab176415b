//! What a cell may be like, one bit each.

/// What a cell is like. One bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// There is no predecessor. About the row, not about a cell.
    First,
    Null,
    Present,
    /// Empty, zero or false: what `x || y` and `x or y` take for absent.
    Blank,
    NonAscii,
    /// Characters that JSON writers escape differently.
    Escaped,
    /// A JSON value with more than one item, so that white space shows.
    Members,
    /// A JSON value inside another.
    Nested,
    /// A JSON object whose members have an order.
    Several,
    Exponent,
    /// 2^53 and beyond.
    Huge,
    /// Nearer to zero than a thousandth.
    Tiny,
    TrailingZero,
    Fraction,
    WholeSecond,
    SubMilli,
    WholeMilli,
    /// A fraction of a millisecond, or of a second, that rounds up.
    MilliUp,
    SecondUp,
    /// A word that stands for something taken away, such as `[redacted]`.
    Redacted,
}

impl Mark {
    pub(crate) const ALL: [Self; 20] = [
        Self::First,
        Self::Null,
        Self::Present,
        Self::Blank,
        Self::NonAscii,
        Self::Escaped,
        Self::Members,
        Self::Nested,
        Self::Several,
        Self::Exponent,
        Self::Huge,
        Self::Tiny,
        Self::TrailingZero,
        Self::Fraction,
        Self::WholeSecond,
        Self::SubMilli,
        Self::WholeMilli,
        Self::MilliUp,
        Self::SecondUp,
        Self::Redacted,
    ];

    pub(crate) const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// Whether rows with this mark may recompute by luck although the recipe does not fit them: members may happen to
    /// stand in the expected order, a large number may happen to be exact.
    pub(crate) const fn by_luck(self) -> bool {
        matches!(self, Self::Several | Self::Nested | Self::Huge)
    }
}
