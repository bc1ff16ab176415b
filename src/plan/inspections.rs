//! Checks on sources that hold no rows: states, requests, elements of documents, statements of people, runs.

use super::builder::Planner;
use super::{Proof, Work};
use crate::policy::look::{Attested, Elements, Request, Way};
use crate::policy::standard::Member;
use crate::policy::{Check, Objective, Target};
use crate::value::duration_text;

/// What a source that holds no rows is asked beyond single facts.
#[derive(Clone, Debug)]
pub enum Inspection {
    /// Whether it is in one of the states of its kind.
    State(&'static str),
    /// Which of the runs, drills or restores in the time before now came out, in microseconds.
    Runs {
        /// What is counted.
        counted: &'static str,
        /// The time.
        over: i64,
    },
    /// Whether it answers a request as it must.
    Request(Request),
    /// Whether elements of it are as they must be.
    Elements(Elements),
    /// What people said about a check.
    Statements(String),
    /// A member of the standard pack, less some objects.
    Standard {
        /// The member.
        member: &'static Member,
        /// Objects that are not looked at, as the member names them.
        without: Vec<String>,
    },
    /// What it sealed.
    Baseline,
    /// How far WAL leads, from the newest backup of another source or from the oldest segment on.
    Way(Option<(String, Option<String>)>),
}

impl Inspection {
    /// What is looked at, for people.
    #[must_use]
    pub fn about(&self) -> String {
        match self {
            Self::State(state) => format!("whether it is {state}"),
            Self::Runs { counted, over } => format!("the {counted} of {}", duration_text(*over)),
            Self::Request(request) => format!("the answer to {} {}", request.method, request.path),
            Self::Elements(elements) => format!("elements of `{}`", elements.pointer),
            Self::Standard { member, .. } => format!("whether {}", member.title),
            Self::Statements(check) => format!("statements about `{check}`"),
            Self::Way(Some((source, None))) => format!("how far WAL leads from `{source}`"),
            Self::Way(Some((source, Some(label)))) => {
                format!("how far WAL leads from backup `{label}` of `{source}`")
            }
            Self::Baseline => "what it sealed".to_owned(),
            Self::Way(None) => "how far its WAL leads".to_owned(),
        }
    }
}

impl Planner<'_> {
    /// Looks at a source, once for all checks that ask the same.
    pub(super) fn inspect(&mut self, source: &str, what: &str, inspection: Inspection) -> Option<String> {
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

    /// WAL leads from a backup to an instant.
    pub(super) fn way(&mut self, way: &Way) {
        let until = match &way.until {
            None => None,
            Some(until) => {
                let Some(until) = self.resolved(self.resolver.operand(until)) else { return };
                let Some(until) = self.fixed(&until) else { return };
                Some(until)
            }
        };
        if let Some(backup) = &way.from
            && self.catalogue(backup).is_none()
        {
            return;
        }
        // The instant is no part of what is looked at, so that all instants are judged by one reading.
        let label = way.label.as_ref().map(|label| format!(" {label:?}")).unwrap_or_default();
        let what = format!("way from {}{label}", way.from.as_deref().unwrap_or("its beginning"));
        let from = way.from.clone().map(|source| (source, way.label.clone()));
        if let Some(key) = self.inspect(&way.archive, &what, Inspection::Way(from)) {
            self.must(way.archive.clone(), Proof::Way { key, until });
        }
    }

    /// A share of the runs that there should be.
    pub(super) fn share(&mut self, objective: &Objective) {
        let Target::Share { least, source, counted, over } = &objective.target else { return };
        let (name, measures) = (objective.name.clone(), objective.measures.clone());
        let what = format!("{counted} over {over}us");
        if let Some(key) = self.inspect(source, &what, Inspection::Runs { counted, over: *over }) {
            let least = least.clone();
            self.must(name.clone(), Proof::Share { name, least, over: *over, measures, key });
        }
    }
}
