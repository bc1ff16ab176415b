//! Objectives: the figure that decides, and those that are shown beside it.

use super::builder::Planner;
use super::{Figured, Measured, Obligation, Proof, Shown};
use crate::policy::operand::Operand;
use crate::policy::{Check, Figure, Target};

impl<'a> Planner<'a> {
    /// An objective is met.
    pub(super) fn objective(&mut self, check: &'a Check, name: &str) {
        let Some(objective) = self.policy.objectives.iter().find(|o| o.name == name) else { return };
        let Target::Span { limit, from, to } = &objective.target else {
            self.share(objective);
            return;
        };
        let before = self.obligations.len();
        let figure = self.span(check, from, to);
        let planned = self.obligations.split_off(before);
        let (figure, needs) = settled(figure, planned);
        if figure.is_ok() {
            // The check is about all of this, whatever it says of the figure.
            self.obligations.extend(needs.iter().cloned());
        }
        let measured = Measured { written: objective.measures.clone(), figure, needs };
        let mut beside = Vec::new();
        for shown in &objective.beside {
            let before = self.obligations.len();
            let notes = self.notes.len();
            let figure = match &shown.figure {
                Figure::Span { from, to } => self.span(check, from, to),
                Figure::Lost { chain } => {
                    self.chain(check, chain);
                    self.obligations.iter().skip(before).find_map(|o| match &o.proof {
                        Proof::Chain { key } => Some(Figured::Lost { key: key.clone() }),
                        _ => None,
                    })
                }
            };
            // What is shown beside decides nothing, so the check asks nothing of it.
            let planned = self.obligations.split_off(before);
            self.notes.truncate(notes);
            let (figure, mut needs) = settled(figure, planned);
            needs.retain(|o| !matches!(o.proof, Proof::Chain { .. }));
            let measured = Measured { written: shown.measures.clone(), figure, needs };
            beside.push(Shown { name: shown.name.clone(), measured });
        }
        self.must(name, Proof::Span { name: name.to_owned(), limit: *limit, measured, beside });
    }

    fn span(&mut self, check: &'a Check, from: &Operand, to: &Operand) -> Option<Figured> {
        let sides = [from, to].map(|o| {
            let operand = self.resolved(self.resolver.operand(o))?;
            let source = check.source.clone().or_else(|| {
                let mut holding = self.policy.sources.iter().filter(|s| s.kind.describe().relations);
                holding.next().filter(|_| holding.next().is_none()).map(|s| s.name.clone())
            });
            self.scalar(&operand, source.as_deref(), None).map(|(scalar, _)| scalar)
        });
        let [Some(from), Some(to)] = sides else { return None };
        Some(Figured::Span { from, to })
    }
}

/// A figure with what it needs, or why there is none.
fn settled(figure: Option<Figured>, planned: Vec<Obligation>) -> (Result<Figured, String>, Vec<Obligation>) {
    if let Some(figure) = figure {
        return (Ok(figure), planned);
    }
    let why = planned.into_iter().find_map(|o| match o.proof {
        Proof::Unprovable(why) => Some(why),
        _ => None,
    });
    (Err(why.unwrap_or_else(|| "it could not be looked at".to_owned())), Vec::new())
}
