//! Facts about the time that the latest restore took: how often a gate was open meanwhile, and how long nobody said anything.

use bigdecimal::BigDecimal;
use jiff::Timestamp;

use super::{between, ended_or_now, missing};
use crate::facts::Failure;
use crate::probe::tells::Told;
use crate::record::{History, RATED, Restore};
use crate::value::Value;

/// The share of the judgements of a gate since the restore began, and before it ended, that found it open, whichever policy has
/// the gate. What could not be looked at was not there for anybody.
pub(super) fn availability(restore: &Restore, gate: &str) -> Result<Told, Failure> {
    let (open, all) = restore.judged.get(gate).copied().unwrap_or_default();
    if all < RATED as u64 {
        return Err(missing(format!(
            "a share needs {RATED} judgements of gate `{gate}` during the latest restore, has {all}"
        )));
    }
    let share = BigDecimal::from(open) / BigDecimal::from(all);
    Ok(Told::of(Value::Percent(share), format!("{open} of {all}")))
}

/// The longest time of a restore in which nobody made a statement about a check: from its beginning to the first one, between
/// two of them, and from the last one to its end, or to now.
pub(super) fn silence(history: &History, restore: &Restore, check: &str) -> Result<Told, Failure> {
    let end = ended_or_now(restore);
    // A restore that ended before it began has no time to be silent in.
    between(restore.begun, end, "the restore")?;
    let mut said: Vec<Timestamp> = history
        .attested
        .iter()
        .filter(|(at, said)| said.check == check && (restore.begun..=end).contains(at))
        .map(|(at, _)| *at)
        .collect();
    let count = said.len();
    said.extend([restore.begun, end]);
    said.sort_unstable();
    let gaps = said.windows(2).filter_map(|two| Some(micros(*two.first()?, *two.last()?)));
    let longest = gaps.max().unwrap_or_default();
    let words = match count {
        // Of a short restore silence is no fault, and of a name that nobody uses there is nothing but silence.
        0 => {
            return Err(missing(format!(
                "nobody made a statement about `{check}` during the latest restore"
            )));
        }
        1 => format!("1 statement about `{check}` in all of the restore"),
        n => format!("{n} statements about `{check}` in all of the restore"),
    };
    Ok(Told::of(Value::Duration(longest), words))
}

fn micros(from: Timestamp, to: Timestamp) -> i64 {
    to.as_microsecond().saturating_sub(from.as_microsecond())
}
