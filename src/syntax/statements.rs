//! Step 2: one statement's pairs into a [`Clause`].

use pest::iterators::Pair;

use super::ast::{
    Address, Beside, Clause, Grouping, HowHashed, Literal, Name, OrderKey, Permission, Side, Sought, Target,
    TenantBy, WhenRight,
};
use super::expressions::Reader;
use super::grammar::Rule;
use super::parts::{Parts, Place};
use crate::diagnostic::{Code, Diagnostic};

/// Reads one statement. A tree of an unexpected shape is a bug and is reported as one instead of guessed at.
pub(super) fn read(pair: Pair<'_, Rule>, place: Place, found: &mut Vec<Diagnostic>) -> Option<Clause> {
    let span = place.span(&pair);
    let before = found.len();
    let clause = clause(pair, &mut Reader { place, found, operators: 0 });
    if clause.is_none() && found.len() == before {
        found.push(
            Diagnostic::error(Code::Malformed, "this statement could not be read")
                .at(span, "here")
                .help("please report this as a bug, with the statement"),
        );
    }
    clause
}

fn clause(pair: Pair<'_, Rule>, reader: &mut Reader<'_>) -> Option<Clause> {
    let rule = pair.as_rule();
    let mut p = Parts::of(pair, reader.place);
    Some(match rule {
        Rule::s_policy => Clause::Policy { name: p.word(Rule::name)?, title: p.text(reader.found) },
        Rule::s_include => Clause::Include { path: p.text(reader.found)? },
        Rule::s_param => {
            let (name, ty) = (p.word(Rule::name)?, p.word(Rule::name)?);
            let default = match p.take(Rule::literal) {
                Some(literal) => Some(reader.literal(literal)?),
                None => p.seen_at(Rule::k_all).map(Literal::All),
            };
            Clause::Param { name, ty, default }
        }
        Rule::s_source => {
            let (kind, name) = (p.word(Rule::name)?, p.word(Rule::name)?);
            let address = if p.saw(Rule::k_env) {
                Some(Address::Env(p.word(Rule::name)?))
            } else if p.saw(Rule::k_file) {
                Some(Address::File(p.text(reader.found)?))
            } else {
                let text = p.text(reader.found);
                let newest = p.seen_at(Rule::k_newest);
                text.map(|text| newest.map_or(Address::Literal(text.clone()), |at| Address::Newest(text, at)))
            };
            Clause::Source { kind, name, address }
        }
        Rule::s_objective => {
            let (name, target) = (p.word(Rule::name)?, p.word(Rule::quantity)?);
            let of = match p.path() {
                Some(path) => Target::Share(path, p.word(Rule::quantity)?),
                None => Target::Span(reader.next_expr(&mut p)?, reader.next_expr(&mut p)?),
            };
            Clause::Objective { name, target, of }
        }
        Rule::s_beside => {
            let name = p.text(reader.found)?;
            let of = match p.word(Rule::name) {
                Some(chain) => Beside::Anchors(chain),
                None => Beside::Span(reader.next_expr(&mut p)?, reader.next_expr(&mut p)?),
            };
            Clause::Beside { name, of }
        }
        Rule::s_named => Clause::Named { pattern: p.text(reader.found)?, zone: p.text(reader.found) },
        Rule::s_cadence => Clause::Cadence { every: p.word(Rule::quantity)? },
        Rule::s_checksums => {
            Clause::Checksums { lists: std::iter::from_fn(|| p.text(reader.found)).collect() }
        }
        Rule::s_header => {
            let name = p.text(reader.found)?;
            let value = match p.word(Rule::name) {
                Some(variable) => Address::Env(variable),
                None => Address::File(p.text(reader.found)?),
            };
            Clause::Header { name, value }
        }
        Rule::s_permit => Clause::Permit {
            what: match () {
                () if p.saw(Rule::k_redirects) => Permission::Redirects,
                () if p.saw(Rule::k_private) => Permission::Private,
                () => Permission::Empty,
            },
        },
        Rule::s_pepper => Clause::Pepper {
            value: match p.word(Rule::name) {
                Some(variable) => Address::Env(variable),
                None => Address::File(p.text(reader.found)?),
            },
        },
        Rule::s_max_body => Clause::MaxBody { limit: p.word(Rule::quantity)? },
        Rule::s_tenancy => Clause::Tenancy {
            key: p.path()?,
            by: match p.text(reader.found) {
                Some(schema) => TenantBy::Schema(schema),
                None => TenantBy::Column(p.ident()?),
            },
        },
        Rule::s_ledger => {
            Clause::Ledger { name: p.word(Rule::name)?, on: p.path()?, filter: reader.next_filter(&mut p) }
        }
        Rule::s_chain => {
            Clause::Chain { name: p.word(Rule::name)?, on: p.path()?, filter: reader.next_filter(&mut p) }
        }
        Rule::s_template => {
            let name = p.word(Rule::name)?;
            let mut slots = Vec::new();
            while let Some(slot) = p.take(Rule::slot) {
                let mut inside = Parts::of(slot, reader.place);
                slots.push((inside.word(Rule::name)?, inside.word(Rule::name)?));
            }
            Clause::Template { name, slots }
        }
        Rule::s_gate => {
            let name = p.word(Rule::name)?;
            let title = p.text(reader.found);
            let on = if p.saw(Rule::k_on) { p.word(Rule::name) } else { None };
            let after = if p.saw(Rule::k_after) { p.word(Rule::name) } else { None };
            Clause::Gate { name, title, on, after }
        }
        Rule::s_procedure => Clause::Procedure { name: p.word(Rule::name)?, title: p.text(reader.found) },
        Rule::s_phase => {
            let name = p.word(Rule::name)?;
            let title = p.text(reader.found);
            let expected = match p.take(Rule::range) {
                Some(range) => Some(ends(range, reader)?),
                None => None,
            };
            Clause::Phase { name, title, expected, gate: p.word(Rule::name) }
        }
        Rule::s_expect => {
            let (from, to) = ends(p.take(Rule::range)?, reader)?;
            Clause::Expect { from, to }
        }
        Rule::s_rollback => Clause::Rollback,
        Rule::s_waive => {
            let path = p.path()?;
            Clause::Waive { check: Name::new(path.dotted(), path.span) }
        }
        Rule::s_language => Clause::Language { version: p.word(Rule::quantity)? },
        Rule::s_owner => Clause::Owner { owner: p.text(reader.found)? },
        Rule::s_schema => Clause::Schema { schema: p.ident()? },
        Rule::s_max_waiver => Clause::MaxWaiver { limit: p.word(Rule::quantity)? },
        Rule::s_until => Clause::Until { date: p.word(Rule::timestamp)? },
        Rule::s_reason => Clause::Reason { reason: p.text(reader.found)? },
        Rule::s_approved => Clause::Approved { by: p.text(reader.found)? },
        Rule::s_global => {
            let tables = std::iter::from_fn(|| p.pattern()).collect();
            Clause::Global { tables, because: p.text(reader.found)? }
        }
        Rule::s_reached => Clause::Reached { table: p.path()?, through: p.columns()?, of: p.path()? },
        Rule::s_bridge => Clause::Bridge { from: reader.next_tuple(&mut p)?, to: reader.next_tuple(&mut p)? },
        Rule::s_entry => {
            Clause::Entry { columns: p.columns()?, of: p.path()?, filter: reader.next_filter(&mut p) }
        }
        Rule::s_debit => Clause::Debit { value: reader.next_expr(&mut p)? },
        Rule::s_credit => Clause::Credit { value: reader.next_expr(&mut p)? },
        Rule::s_amount => {
            let value = reader.next_expr(&mut p)?;
            let side = match p.ident() {
                Some(column) => {
                    Some(Side { column, debit: reader.next_list(&mut p)?, credit: reader.next_list(&mut p)? })
                }
                None => None,
            };
            Clause::Amount { value, side }
        }
        Rule::s_balance => {
            let mut groups = Vec::new();
            while let Some(group) = p.take(Rule::grouping) {
                let span = reader.place.span(&group);
                let mut inside = Parts::of(group, reader.place);
                let columns = inside.idents();
                groups.push(if columns.is_empty() {
                    Grouping::Overall(span)
                } else {
                    Grouping::Per(columns, span)
                });
            }
            Clause::Balance { groups }
        }
        Rule::s_totals => Clause::Totals { columns: std::iter::from_fn(|| p.path()).collect() },
        Rule::s_running => Clause::Running { column: p.ident()?, per: p.columns()?, order: p.columns()? },
        Rule::s_tolerance => Clause::Tolerance { amount: p.word(Rule::quantity)? },
        Rule::s_leave_out => {
            let (member, first) = (p.word(Rule::name)?, p.text(reader.found)?);
            match p.text(reader.found) {
                Some(because) => Clause::LeaveOut { member, object: Some(first), because },
                None => Clause::LeaveOut { member, object: None, because: first },
            }
        }
        Rule::s_without => Clause::Without { rule: p.word(Rule::name)?, because: p.text(reader.found)? },
        Rule::s_join => Clause::Join {
            each: p.saw(Rule::k_each),
            table: p.path()?,
            alias: p.ident(),
            by: p.columns()?,
            to: p.columns()?,
            order: p.columns().unwrap_or_default(),
        },
        Rule::s_split => Clause::Split { columns: p.places()? },
        Rule::s_order => {
            let mut columns = Vec::new();
            while let Some(key) = p.take(Rule::order_key) {
                let mut key = Parts::of(key, reader.place);
                columns.push(OrderKey { column: key.path()?, number: key.saw(Rule::k_int) });
            }
            Clause::Order { columns, dense_from: p.word(Rule::quantity) }
        }
        Rule::s_link => Clause::Link { column: p.path(), genesis: reader.next_expr(&mut p) },
        Rule::s_hash => {
            let column = p.path()?;
            let how = match reader.next_expr(&mut p) {
                Some(recipe) => HowHashed::Recipe(recipe),
                None => HowHashed::LinksOnly(p.text(reader.found)?),
            };
            Clause::Hash { column, how, when: reader.next_predicate(&mut p) }
        }
        Rule::s_key => {
            let name = p.word(Rule::name)?;
            let origin = if p.saw(Rule::k_env) {
                Address::Env(p.word(Rule::name)?)
            } else {
                Address::File(p.text(reader.found)?)
            };
            Clause::Key { name, origin, encoding: p.word(Rule::name) }
        }
        Rule::s_let => Clause::Let { name: p.word(Rule::name)?, value: reader.next_expr(&mut p)? },
        Rule::s_bind => {
            let (column, value) = (p.path()?, reader.next_expr(&mut p)?);
            Clause::Bind { column, value, when: reader.next_predicate(&mut p) }
        }
        Rule::s_allow_rows => {
            Clause::AllowRows { pruned: p.saw(Rule::k_pruned), because: p.text(reader.found)? }
        }
        Rule::s_anchor => {
            let origin = if p.saw(Rule::k_env) {
                Address::Env(p.word(Rule::name)?)
            } else {
                Address::Literal(p.text(reader.found)?)
            };
            Clause::Anchor { origin }
        }
        Rule::s_search => {
            let column = p.path()?;
            let sought = if p.saw(Rule::k_zones) {
                Sought::Zones
            } else if p.saw(Rule::k_members) {
                Sought::Members
            } else if p.saw(Rule::k_digits) {
                Sought::Digits { digits: p.word(Rule::quantity)?, rounded: p.saw(Rule::k_rounded) }
            } else {
                let mut offset = || Reader::next_signed(&mut Parts::of(p.take(Rule::offset)?, reader.place));
                let (from, to) = (offset()?, offset()?);
                Sought::Window { from, to, step: p.word(Rule::quantity) }
            };
            Clause::Search { column, sought }
        }
        Rule::s_check => {
            let name = p.word(Rule::name)?;
            let title = p.text(reader.found);
            let template = match p.word(Rule::name) {
                Some(template) => {
                    let mut arguments = Vec::new();
                    while let Some(argument) = reader.next_expr(&mut p) {
                        arguments.push(argument);
                    }
                    Some((template, arguments))
                }
                None => None,
            };
            Clause::Check { name, title, template }
        }
        Rule::s_on => {
            let tables = std::iter::from_fn(|| p.pattern()).collect();
            Clause::On { tables, filter: reader.next_filter(&mut p) }
        }
        Rule::s_require | Rule::s_recommend => {
            let pair = p.take(Rule::assertion)?;
            let written = reader.place.span(&pair);
            Clause::Assert { required: rule == Rule::s_require, assertion: reader.assertion(pair)?, written }
        }
        Rule::s_when => {
            let left = reader.next_expr(&mut p)?;
            let op = p.word(Rule::compare)?;
            let right = match reader.next_expr(&mut p) {
                Some(value) => WhenRight::Value(value),
                None => match (p.seen_at(Rule::k_all), p.seen_at(Rule::k_true), p.seen_at(Rule::k_false)) {
                    (Some(at), _, _) => WhenRight::All(at),
                    (_, Some(at), _) => WhenRight::Bool(true, at),
                    (_, _, at) => WhenRight::Bool(false, at?),
                },
            };
            Clause::When { left, op, right }
        }
        Rule::s_evidence => {
            Clause::Evidence { controls: std::iter::from_fn(|| p.word(Rule::control)).collect() }
        }
        Rule::s_timeout => Clause::Timeout { limit: Reader::next_measure(&mut p)? },
        Rule::s_retry => {
            Clause::Retry { every: Reader::next_measure(&mut p)?, limit: Reader::next_measure(&mut p)? }
        }
        Rule::s_runbook => Clause::Runbook { url: p.text(reader.found)? },
        Rule::s_allow => Clause::AllowEmpty,
        Rule::s_exact => Clause::Exact,
        Rule::s_unwaivable => Clause::Unwaivable,
        _ => return None,
    })
}

/// Both ends of a range.
fn ends(range: Pair<'_, Rule>, reader: &Reader<'_>) -> Option<(Name, Name)> {
    let mut p = Parts::of(range, reader.place);
    Some((p.word(Rule::quantity)?, p.word(Rule::quantity)?))
}
