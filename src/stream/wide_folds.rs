//! Aggregates over all rows of a batch at once, where everything in it is ordinary.

use std::borrow::Cow;

use super::accumulate::{Aggregator, Seen, better, wanted};
use super::chunk::Chunk;
use super::expr::{Expr, Refusal};
use super::lane::Unit;
use super::row::Admitted;

impl Aggregator {
    /// Observes the rows of a batch. False, and nothing is observed, where they must be looked at one by one.
    ///
    /// # Errors
    ///
    /// When only a server could tell.
    pub(super) fn observe_wide(
        &self,
        seen: &mut Seen,
        chunk: &Chunk<'_>,
        admitted: &Admitted,
    ) -> Result<bool, Refusal> {
        let Some(admitted) = self.admitted(chunk, admitted) else { return Ok(false) };
        if let Seen::Count(n) = seen {
            let Some(nulls) = self.nulls(chunk, &admitted) else { return Ok(false) };
            *n += (admitted.count(chunk.len()) - nulls) as u64;
            return Ok(true);
        }
        let Some(lane) = self.argument.as_ref().and_then(|of| of.lane(chunk.values, chunk.derived)) else {
            return Ok(false);
        };
        match seen {
            Seen::Sum(sum, _) if lane.unit == Unit::Number => {
                if let Some(more) = lane.sum(0..chunk.len(), &admitted) {
                    *sum = Some(sum.as_ref().map_or_else(|| more.clone(), |sum| sum.plus(&more)));
                }
            }
            Seen::Best(best) => {
                let wanted = wanted(self.function);
                let mut found: Option<(usize, i64)> = None;
                for (at, digits) in lane.digits.iter().enumerate() {
                    // The first of equal ones, which may be spelt differently.
                    let is_better = found.is_none_or(|(_, known)| digits.cmp(&known) == wanted);
                    if is_better && admitted.has(at) && !lane.is_null(at) {
                        found = Some((at, *digits));
                    }
                }
                if let Some((at, _)) = found {
                    better(self.function, best, lane.cell(at))?;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// How many of the rows that count have NULL for an argument; `None` where they must be looked at one by one.
    pub(super) fn nulls(&self, chunk: &Chunk<'_>, admitted: &Admitted) -> Option<usize> {
        let counted = |nulls: Option<&Vec<bool>>| {
            let nulls = nulls.map(|nulls| nulls.iter().enumerate());
            nulls.map_or(0, |nulls| nulls.filter(|(at, null)| **null && admitted.has(*at)).count())
        };
        match &self.argument {
            None => Some(0),
            Some(Expr::Column(place)) => Some(counted(chunk.batch.nulls(*place).as_ref())),
            Some(argument) => Some(counted(argument.lane(chunk.values, chunk.derived)?.nulls.as_ref())),
        }
    }

    /// Whether every argument is NULL or an ordinary value, as far as can be told without looking at one.
    pub(super) fn is_ordinary(&self, chunk: &Chunk<'_>) -> bool {
        self.argument.as_ref().is_none_or(|of| of.lane(chunk.values, chunk.derived).is_some())
    }

    /// Which rows count by its own filter too; `None` where they must be looked at one by one.
    pub(super) fn admitted<'a>(
        &self,
        chunk: &Chunk<'_>,
        admitted: &'a Admitted,
    ) -> Option<Cow<'a, Admitted>> {
        let Some(filter) = &self.filter else { return Some(Cow::Borrowed(admitted)) };
        let truths = filter.truths(chunk.values, chunk.derived)?;
        let marked = truths.iter().enumerate().map(|(at, truth)| *truth == Some(true) && admitted.has(at));
        Some(Cow::Owned(Admitted::Marked(marked.collect())))
    }
}
