//! Statements held back: what spares them rides in the same look, and mostly does.

use super::compile::Builder;
use super::shared::Shared;
use super::{compile, expr};
use crate::plan::{Shortcut, Statement, Work};

/// Makes the jobs of a first look at these statements, but for tallies of which all that may spare them is observed by this
/// very look; those are handed back. What only a server can measure is refused, with the reason.
pub(super) fn begin<'s>(
    statements: &[&'s Statement],
    builder: &mut Builder,
    refuse: &mut dyn FnMut(&str, expr::Refusal),
) -> (Vec<&'s Statement>, Vec<&'s Statement>) {
    let mut begin = |statement: &Statement, builder: &mut Builder| {
        for (key, why) in compile(statement, builder) {
            refuse(&key, why);
        }
    };
    let (spared, mut begun): (Vec<&Statement>, Vec<&Statement>) =
        statements.iter().partition(|s| !s.spared.is_empty());
    begun.iter().for_each(|statement| begin(statement, builder));
    let (held, now): (Vec<&Statement>, Vec<&Statement>) = spared.into_iter().partition(|statement| {
        let mut keys = statement.spared.iter().flat_map(Shortcut::keys);
        matches!(statement.work, Work::Tally { .. }) && keys.all(|key| builder.parts.contains_key(key))
    });
    now.iter().for_each(|statement| begin(statement, builder));
    begun.extend(now);
    (begun, held)
}

/// Keeps as settled what was spared, and hands back what was left open.
pub(super) fn settle<'s>(held: Vec<&'s Statement>, shared: &mut Shared) -> Vec<&'s Statement> {
    held.into_iter()
        .filter(|statement| match statement.settled(&|key| shared.found.get(key)) {
            None => true,
            Some(settled) => {
                let keys = statement.work.keys().into_iter();
                shared.found.extend(keys.map(|key| (key.to_owned(), Ok(settled.clone()))));
                false
            }
        })
        .collect()
}
