//! Checks on sources that hold no rows: states, requests, elements of documents, statements of people, runs.

use super::builder::Planner;
use super::{Inspection, Proof, Work};
use crate::policy::look::{Attested, Elements, Request};
use crate::policy::{Check, Target};

impl Planner<'_> {
    /// Looks at a source, once for all checks that ask the same.
    fn inspect(&mut self, source: &str, what: &str, inspection: Inspection) -> Option<String> {
        self.catalogue(source)?;
        let key = format!("{source}: {what}");
        let inspection = Box::new(inspection);
        Some(self.other(source, String::new(), key, |key| Work::Inspect { key, inspection }))
    }

    /// A source is in a state.
    pub(super) fn source_state(&mut self, source: &str, state: &'static str) {
        if let Some(key) = self.inspect(source, &format!("is {state}"), Inspection::State(state)) {
            self.must(source, Proof::Inspected { key });
        }
    }

    /// A service answers as it must.
    pub(super) fn request(&mut self, source: &str, request: &Request) {
        // Everything that is asked and expected is in the key, so that kept facts answer no other request.
        let what = format!("request {request:?}");
        if let Some(key) = self.inspect(source, &what, Inspection::Request(request.clone())) {
            self.must(source, Proof::Inspected { key });
        }
    }

    /// Elements of a document are as they must be.
    pub(super) fn elements(&mut self, source: &str, elements: &Elements) {
        let what = format!("elements {elements:?}");
        if let Some(key) = self.inspect(source, &what, Inspection::Elements(elements.clone())) {
            self.must(source, Proof::Inspected { key });
        }
    }

    /// Somebody said so.
    pub(super) fn attested(&mut self, check: &Check, source: &str, attested: &Attested) {
        let what = format!("statements about {}", check.id);
        let mut limit = |operand: &Option<crate::policy::operand::Operand>| match operand {
            None => Some(None),
            Some(operand) => {
                let operand = self.resolved(self.resolver.operand(operand))?;
                self.fixed(&operand).map(Some)
            }
        };
        let (from, to) = (limit(&attested.from), limit(&attested.to));
        let (Some(from), Some(to)) = (from, to) else { return };
        let Some(key) = self.inspect(source, &what, Inspection::Statements(check.id.clone())) else { return };
        let (check, by, now) = (check.id.clone(), attested.by.clone(), self.resolver.now);
        self.must(source, Proof::Attested { key, check, by, from, to, now });
    }

    /// A share of the runs that there should be.
    pub(super) fn share(&mut self, name: &str, target: &Target) {
        let Target::Share { least, source, over } = target else { return };
        let what = format!("runs over {over}us");
        if let Some(key) = self.inspect(source, &what, Inspection::Runs { over: *over }) {
            let (name, least) = (name.to_owned(), least.clone());
            self.must(name.clone(), Proof::Share { name, least, over: *over, key });
        }
    }
}
