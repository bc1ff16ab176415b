//! `standard is healthy`: the pack made into one check for each member, and what is left out of it.

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::standard::{AskedAs, HEALTHY, Member, PACK, Rule, member, members};
use crate::policy::{Check, assertion::Assertion};
use crate::source_text::Span;
use crate::syntax::ast::{Clause, Name, Path, Statement};
use crate::verdict::Level;

/// The pack or one of its members, as a check requires it.
pub(super) struct Asked {
    rules: Vec<Rule>,
    /// Whether the whole pack was asked for.
    pack: bool,
}

impl Checker<'_> {
    /// Whether something is about the standard pack.
    pub(super) fn is_standard(subject: &Path) -> bool {
        subject.parts.first().is_some_and(|part| part.node == PACK)
    }

    /// `standard is healthy` and `standard.MEMBER is healthy`, with what the check leaves out.
    pub(super) fn standard(
        &mut self,
        subject: &Path,
        (state, behind): (&Name, Option<Span>),
        children: &[&Statement],
    ) -> Option<Asked> {
        if state.node != HEALTHY {
            let message = format!("`{}` cannot be `{}`", subject.dotted(), state.node);
            self.sink.push(
                Diagnostic::error(Code::BadAssertion, message)
                    .at(state.span, "not one of its states")
                    .did_you_mean(&state.node, [HEALTHY]),
            );
            return None;
        }
        if let Some(span) = behind {
            let help = "end the statement after `healthy`; what is left out stands in `without MEMBER because \"...\"`";
            let message = format!("nothing can follow `{} is healthy`", subject.dotted());
            self.error(Code::Malformed, message, (span, "left over"), help);
            return None;
        }
        let one = match subject.parts.as_slice() {
            [_] => None,
            [_, name] => Some(self.member(name)?),
            _ => {
                let message = format!("`{}` is no member of the standard pack", subject.dotted());
                self.error(
                    Code::Malformed,
                    message,
                    (subject.span, "too many parts"),
                    "write `standard.MEMBER`",
                );
                return None;
            }
        };
        let asked: Vec<&'static Member> = one.map_or_else(|| members().collect(), |one| vec![one]);
        let mut rules: Vec<Rule> = asked
            .into_iter()
            .map(|member| Rule {
                member,
                asked: if one.is_some() { AskedAs::Alone } else { AskedAs::Pack },
                without: Vec::new(),
            })
            .collect();
        let mut fits = true;
        for child in children {
            if let Clause::LeaveOut { member, object, because } = &child.clause {
                fits &= self.leave_out(&mut rules, (member, object.as_ref(), because), one.is_some());
            }
        }
        if rules.iter().all(|rule| matches!(rule.asked, AskedAs::LeftOut(_))) {
            self.error(
                Code::NothingToCheck,
                "every member of the pack is left out",
                (subject.span, "nothing of it would be looked at"),
                "remove the check, or some of its `without`",
            );
            return None;
        }
        fits.then_some(Asked { rules, pack: one.is_none() })
    }

    fn member(&mut self, name: &Name) -> Option<&'static Member> {
        let found = member(&name.node);
        if found.is_none() {
            let message = format!("the standard pack has no member `{}`", name.node);
            self.sink.push(
                Diagnostic::error(Code::UnknownName, message)
                    .at(name.span, "not a member")
                    .did_you_mean(&name.node, members().map(|m| m.name)),
            );
        }
        found
    }

    /// Takes a member, or an object from the sight of one, out of what is looked at.
    fn leave_out(
        &mut self,
        rules: &mut [Rule],
        (name, object, because): (&Name, Option<&Name>, &Name),
        alone: bool,
    ) -> bool {
        if because.node.trim().is_empty() {
            let help = "write the reason an auditor would ask for";
            self.error(Code::Missing, "this is left out without a reason", (because.span, "empty"), help);
            return false;
        }
        let Some(member) = self.member(name) else { return false };
        let Some(rule) = rules.iter_mut().find(|rule| std::ptr::eq(rule.member, member)) else {
            let help = format!("remove it, or require `standard.{}`", name.node);
            let message = format!("this check does not look at `{}`", name.node);
            self.error(Code::BadAssertion, message, (name.span, "not asked for"), help);
            return false;
        };
        let twice = match (&rule.asked, object) {
            (AskedAs::LeftOut(_), _) => true,
            (_, None) => !rule.without.is_empty(),
            (_, Some(object)) => rule.without.iter().any(|(known, _)| *known == object.node),
        };
        if twice {
            let help = "remove one of them";
            self.error(Code::Duplicate, "this is left out already", (name.span, "again here"), help);
            return false;
        }
        match object {
            Some(object) => {
                let known = !object.node.trim().is_empty();
                if !known {
                    let help = "write the object as the findings name it";
                    self.error(Code::Missing, "which object is left out?", (object.span, "empty"), help);
                }
                rule.without.push((object.node.clone(), because.node.clone()));
                known
            }
            None if alone => {
                let help = "remove the check; or name an object: `without MEMBER \"object\" because \"...\"`";
                let message = "this leaves out all that the check looks at";
                self.error(Code::NothingToCheck, message, (name.span, "the only member"), help);
                false
            }
            None => {
                rule.asked = AskedAs::LeftOut(because.node.clone());
                true
            }
        }
    }

    /// `without` in a check of anything else.
    pub(super) fn nothing_to_leave_out(&mut self, children: &[&Statement]) {
        for child in children.iter().filter(|c| matches!(c.clause, Clause::LeaveOut { .. })) {
            let message =
                "`without` takes members out of the standard pack, and this check is about something else";
            self.error(
                Code::BadAssertion,
                message,
                (child.span, "would be ignored"),
                "leave it out, or require `standard is healthy`",
            );
        }
    }

    /// `every KIND is STATE`.
    pub(super) fn every(&mut self, kind: &Name, state: &Name) -> Option<Assertion> {
        let kinds = || members().filter_map(|m| Some((m, m.every?)));
        let Some((known, (_, legal))) = kinds().find(|(_, (word, _))| *word == kind.node) else {
            self.sink.push(
                Diagnostic::error(Code::UnknownName, format!("unknown kind of object `{}`", kind.node))
                    .at(kind.span, "not known to `every`")
                    .did_you_mean(&kind.node, kinds().map(|(_, (word, _))| word)),
            );
            return None;
        };
        if state.node != legal {
            self.sink.push(
                Diagnostic::error(
                    Code::BadAssertion,
                    format!("`every {}` cannot be `{}`", kind.node, state.node),
                )
                .at(state.span, "not its state")
                .help(format!("write `every {} is {legal}`", kind.node)),
            );
            return None;
        }
        Some(Assertion::Standard(Rule { member: known, asked: AskedAs::Every, without: Vec::new() }))
    }
}

impl Asked {
    /// What the check, or the first of those it becomes, requires.
    pub(super) fn assertion(&self) -> Option<Assertion> {
        self.rules.first().cloned().map(Assertion::Standard)
    }

    /// The checks that one becomes: itself, or one for each member of the pack.
    pub(super) fn expand(self, check: &Check) -> Vec<Check> {
        if !self.pack {
            return vec![check.clone()];
        }
        let each = self.rules.into_iter().map(|rule| {
            let member = rule.member;
            let title = match check.title.as_str() {
                "" => member.title.to_owned(),
                title => format!("{title}: {}", member.title),
            };
            let level = match (check.level, member.level) {
                (Level::Require, Level::Require) => Level::Require,
                _ => Level::Recommend,
            };
            Check {
                id: format!("{}.{}", check.id, member.name),
                title,
                level,
                written: format!("{PACK}.{} is {HEALTHY}", member.name),
                assertion: Assertion::Standard(rule),
                ..check.clone()
            }
        });
        each.collect()
    }
}
