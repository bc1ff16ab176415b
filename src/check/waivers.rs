//! Waivers: each names a check, an owner, a reason and a day.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Checker, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Check, Waiver};
use crate::syntax::ast::{Clause, Statement};

impl<'a> Checker<'a> {
    pub(super) fn waivers(
        &mut self,
        statements: &[&'a Statement],
        checks: &[Check],
        max_waiver: Option<i64>,
    ) -> Vec<Waiver> {
        let mut waivers = Vec::new();
        let mut seen = BTreeMap::new();
        for statement in statements {
            let Clause::Waive { check: name } = &statement.clause else { continue };
            self.unique(&mut seen, name, "a waiver for");
            let children = &statement.children;
            let until = match self
                .once(children, "until", |c| matches!(c, Clause::Until { .. }))
                .map(|s| &s.clause)
            {
                Some(Clause::Until { date }) => {
                    self.keep(literals::date(&date.node, date.span)).map(|d| (d, date.span))
                }
                _ if !statement.whole => None,
                _ => self.missing(name.span, &name.node, "until YYYY-MM-DD"),
            };
            let owner = match self
                .once(children, "owner", |c| matches!(c, Clause::Owner { .. }))
                .map(|s| &s.clause)
            {
                Some(Clause::Owner { owner }) if !owner.node.trim().is_empty() => Some(owner.node.clone()),
                _ if !statement.whole => None,
                _ => self.missing(name.span, &name.node, "owner \"@team\""),
            };
            let reason = match self
                .once(children, "reason", |c| matches!(c, Clause::Reason { .. }))
                .map(|s| &s.clause)
            {
                Some(Clause::Reason { reason }) if !reason.node.trim().is_empty() => {
                    Some(reason.node.clone())
                }
                _ if !statement.whole => None,
                _ => self.missing(name.span, &name.node, "reason \"TICKET: why\""),
            };
            match checks.iter().find(|c| c.id == name.node) {
                Some(check) if !check.waivable => {
                    self.sink.push(
                        Diagnostic::error(
                            Code::BadWaiver,
                            format!("check `{}` may not be waived", name.node),
                        )
                        .at(name.span, "waived here")
                        .at(check.span, "declared `unwaivable`")
                        .help("remove the waiver; what is `unwaivable` must hold"),
                    );
                    continue;
                }
                Some(_) => {}
                None if checks.iter().any(|c| belongs(&c.id, &name.node)) => {
                    let parts = checks.iter().filter(|c| belongs(&c.id, &name.node));
                    let parts: Vec<&str> = parts.map(|c| c.id.as_str()).collect();
                    let message = format!("`{}` is {} checks, each waived by itself", name.node, parts.len());
                    self.sink.push(
                        Diagnostic::error(Code::BadWaiver, message)
                            .at(name.span, "all of them at once")
                            .help(format!("write one of {}", crate::diagnostic::suggest::listing(&parts))),
                    );
                    continue;
                }
                None => {
                    // A check with mistakes of its own is reported there and not a second time here.
                    if !self.names.checks.contains(&name.node) && !self.lost.contains(&name.node) {
                        let names = self.names.checks.clone();
                        let parts = checks.iter().map(|c| c.id.as_str()).filter(|id| id.contains('.'));
                        let legal: Vec<&str> = names.iter().map(String::as_str).chain(parts).collect();
                        self.sink.push(
                            Diagnostic::error(
                                Code::BadWaiver,
                                format!("there is no check `{}` to waive", name.node),
                            )
                            .at(name.span, "not a check")
                            .did_you_mean(&name.node, legal),
                        );
                    }
                    continue;
                }
            }
            let (Some((until, at)), Some(owner), Some(reason)) = (until, owner, reason) else { continue };
            self.reach(until, at, max_waiver);
            waivers.push(Waiver { check: name.node.clone(), until, owner, reason, span: name.span });
        }
        waivers
    }

    fn missing<T>(&mut self, span: crate::source_text::Span, check: &str, what: &str) -> Option<T> {
        self.sink.push(
            Diagnostic::error(Code::BadWaiver, format!("the waiver of `{check}` is not complete"))
                .at(span, format!("lacks `{what}`"))
                .help(format!("add `{what}`")),
        );
        None
    }

    /// Whether the last day lies further than the policy allows from today.
    fn reach(&mut self, until: Date, span: crate::source_text::Span, max_waiver: Option<i64>) {
        if until < self.given.today {
            self.sink.push(
                Diagnostic::warning(Code::BadWaiver, format!("the waiver ended on {until}"))
                    .at(span, "this day is over")
                    .help("remove the waiver, or renew it with a new day and reason"),
            );
        }
        let Some(limit) = max_waiver else { return };
        let days = limit / 86_400_000_000;
        let reach = (until - self.given.today).get_days();
        if i64::from(reach) > days {
            self.sink.push(
                Diagnostic::error(
                    Code::BadWaiver,
                    format!(
                        "the waiver reaches {reach} days ahead, and `max_waiver` of the policy allows {days}"
                    ),
                )
                .at(span, format!("more than {days} days from today"))
                .help(match self.given.today.checked_add(jiff::Span::new().days(days)) {
                    Ok(last) => format!("write a day up to {last}, and renew it if it is still needed then"),
                    Err(_) => "write an earlier day, and renew it if it is still needed then".to_owned(),
                }),
            );
        }
    }
}

/// Whether a check is one of those that another was made into.
fn belongs(id: &str, whole: &str) -> bool {
    id.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'))
}
