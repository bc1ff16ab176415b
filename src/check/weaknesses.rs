//! What a chain's recipe does not protect, as far as the text alone tells.

use crate::chain::spec::{CellKind, ChainColumn, ChainSpec};
use crate::chain::weakness;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::Policy;

/// Advice about the declared chains. Columns outside the hash are known only to the catalogue and are listed in
/// reports.
#[must_use]
pub fn weaknesses(policy: &Policy) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for chain in &policy.chains {
        let spec = ChainSpec {
            name: chain.name.clone(),
            relation: chain.relation.to_string(),
            columns: chain.columns.iter().map(|(name, _)| ChainColumn::own(name, CellKind::Text)).collect(),
            key: Vec::new(),
            split: chain.split.clone(),
            order: chain.order.clone(),
            numeric: chain.numeric.clone(),
            dense_from: chain.dense_from,
            hash: chain.hash,
            previous: chain.previous,
            genesis: chain.genesis.clone(),
            hashings: chain.hashings.clone(),
            conditions: chain.conditions.len(),
            keys: chain.keys.clone(),
            binds: chain.binds.clone(),
            anchors: chain.anchors.clone(),
            narrowed: None,
            pruned_first: chain.pruned_first.is_some(),
            unhashed_first: chain.unhashed_first.is_some(),
            searches: chain.searches.clone(),
            uncovered: Vec::new(),
        };
        let notes = weakness::notes(&spec);
        if !notes.is_empty() {
            let message = format!("chain `{}` proves less than it may seem to", chain.name);
            found.push(
                Diagnostic::advice(Code::Weakness, message)
                    .at(chain.span, "what its recipe leaves open:")
                    .help(notes.iter().map(|note| format!("- {note}")).collect::<Vec<_>>().join("\n")),
            );
        }
    }
    found
}
