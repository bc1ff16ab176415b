//! The first samples in the order in which every engine shows them.

/// A sample's cells.
pub(super) type Sample = Vec<Option<String>>;

/// Keeps the first ones.
#[derive(Clone, Debug)]
pub(super) struct Samples {
    limit: usize,
    /// Doubtful ones come last.
    kept: Vec<(bool, Sample)>,
}

impl Samples {
    /// None yet.
    #[must_use]
    pub(super) fn new(limit: u64) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), kept: Vec::new() }
    }

    /// Whether one that is kept may be thrown away for this one.
    pub(super) fn add(&mut self, doubtful: bool, sample: impl FnOnce() -> Sample) {
        if self.limit == 0 {
            return;
        }
        self.kept.push((doubtful, sample()));
        if self.kept.len() > self.limit.saturating_mul(2).max(64) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        // NULL comes last, as PostgreSQL sorts it.
        let key = |sample: &Sample| -> Vec<(bool, String)> {
            sample.iter().take(3).map(|c| (c.is_none(), c.clone().unwrap_or_default())).collect()
        };
        self.kept.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| key(&a.1).cmp(&key(&b.1))));
        self.kept.truncate(self.limit);
    }

    /// The first ones, sorted.
    #[must_use]
    pub(super) fn finish(mut self) -> Vec<Sample> {
        self.cut();
        self.kept.into_iter().map(|(_, sample)| sample).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ones_are_kept_whatever_the_order_of_arrival() {
        let mut samples = Samples::new(2);
        for n in (0..500).rev() {
            samples.add(n == 7, || vec![Some(format!("{n:03}"))]);
        }
        samples.add(false, || vec![None]);
        assert_eq!(samples.finish(), [vec![Some("000".to_owned())], vec![Some("001".to_owned())]]);
    }
}
