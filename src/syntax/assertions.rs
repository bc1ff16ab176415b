//! Assertions, and the references that they are about.

use pest::iterators::Pair;

use super::ast::{Assertion, Excepted, Listing, MemberTest, Name, Parent, Per, Reference, Since};
use super::expressions::{Reader, unmarked};
use super::grammar::Rule;
use super::parts::Parts;
use crate::source_text::Spanned;

impl Reader<'_> {
    fn references(&mut self, parts: &mut Parts<'_>) -> Option<Vec<Reference>> {
        let mut inside = self.parts(parts.take(Rule::tuple)?);
        Some(std::iter::from_fn(|| self.next_reference(&mut inside)).collect())
    }

    fn next_reference(&self, parts: &mut Parts<'_>) -> Option<Reference> {
        let mut one = self.parts(parts.take(Rule::reference)?);
        match one.word(Rule::param) {
            Some(name) => Some(Reference::Param(unmarked(name))),
            None => one.path().map(Reference::Path),
        }
    }

    /// What columns must not hold anything of: the last reference, or a query.
    fn listing(&mut self, parts: &mut Parts<'_>, columns: &mut Vec<Reference>) -> Option<Listing> {
        if parts.saw(Rule::k_sql) {
            let source = parts.word(Rule::name);
            let mut text = parts.word(Rule::raw)?;
            text.node = text.node.trim_matches('$').trim().to_owned();
            return Some(Listing::Sql(source, text));
        }
        let named = columns.pop()?;
        Some(Listing::Named(named, self.next_filter(parts).map(Box::new)))
    }

    /// The `tuple` that comes next.
    pub(super) fn next_tuple(&mut self, parts: &mut Parts<'_>) -> Option<Vec<Reference>> {
        self.references(parts)
    }

    fn next_since(&mut self, parts: &mut Parts<'_>) -> Option<Since> {
        let pair = parts.take(Rule::since)?;
        let span = self.place.span(&pair);
        let mut inside = self.parts(pair);
        let baseline = inside.word(Rule::name)?;
        let mut except = Vec::new();
        while let Some(excepted) = inside.take(Rule::excepted) {
            let mut one = self.parts(excepted);
            except.push(if let Some(text) = one.text(self.found) {
                Excepted::Text(text)
            } else if let Some(param) = one.word(Rule::param) {
                Excepted::Param(unmarked(param))
            } else {
                Excepted::Tables(one.pattern()?)
            });
        }
        let (mut as_of, mut updates) = (Vec::new(), Vec::new());
        if let Some(pair) = inside.take(Rule::as_of) {
            let mut cut = self.parts(pair);
            while let Some(path) = cut.path() {
                as_of.push(path);
            }
            let mut changes = cut.take(Rule::updates).map(|pair| self.parts(pair));
            while let Some(path) = changes.as_mut().and_then(Parts::path) {
                updates.push(path);
            }
        }
        Some(Since { baseline, except, as_of, updates, span })
    }

    fn next_per(&self, parts: &mut Parts<'_>) -> Option<Per> {
        let pair = parts.take(Rule::per)?;
        let span = self.place.span(&pair);
        let mut inside = self.parts(pair);
        let columns = inside.columns()?;
        let or_null = inside.take(Rule::or_null).is_some();
        Some(Per { columns, or_null, exact: inside.saw(Rule::k_exact), span })
    }

    /// `before`, `after` or `of`, wherever it stands.
    fn next_side(parts: &Parts<'_>) -> Option<Name> {
        [(Rule::k_before, "before"), (Rule::k_after, "after"), (Rule::k_of, "of")]
            .into_iter()
            .find_map(|(rule, word)| Some(Spanned::new(word.to_owned(), parts.seen_at(rule)?)))
    }

    /// The tests of members that come next.
    fn member_tests(&mut self, parts: &mut Parts<'_>) -> Option<Vec<MemberTest>> {
        let mut tests = Vec::new();
        while let Some(test) = parts.take(Rule::member_test) {
            let mut inside = self.parts(test);
            let pointer = inside.text(self.found)?;
            let op = inside.word(Rule::compare)?;
            let value = match inside.take(Rule::literal) {
                Some(literal) => Some(self.literal(literal)?),
                None => None,
            };
            tests.push(MemberTest { pointer, op, value });
        }
        Some(tests)
    }

    pub(super) fn assertion(&mut self, pair: Pair<'_, Rule>) -> Option<Assertion> {
        let inner = self.parts(pair).next()?;
        let rule = inner.as_rule();
        let mut parts = self.parts(inner);
        Some(match rule {
            Rule::a_sql => {
                let returns = match parts.take(Rule::literal) {
                    Some(literal) => Some(self.literal(literal)?),
                    None => None,
                };
                let mut text = parts.word(Rule::raw)?;
                text.node = text.node.trim_matches('$').trim().to_owned();
                Assertion::Sql { returns, text }
            }
            Rule::a_request => Assertion::Request {
                source: parts.word(Rule::name)?,
                method: parts.word(Rule::name)?,
                path: parts.text(self.found)?,
                status: parts.word(Rule::quantity)?,
                members: self.member_tests(&mut parts)?,
                within: Self::next_measure(&mut parts),
            },
            Rule::a_attested => {
                let relation = Self::next_side(&parts);
                let by = parts.text(self.found)?;
                let within = match Self::next_measure(&mut parts) {
                    Some(limit) => {
                        let reference = self.next_expr(&mut parts);
                        Some((limit, relation.zip(reference)))
                    }
                    None => None,
                };
                Assertion::Attested { by, within }
            }
            Rule::a_elements => {
                let quantifier = [(Rule::k_every, "every"), (Rule::k_some, "some"), (Rule::k_no, "no")]
                    .into_iter()
                    .find_map(|(rule, word)| Some(Spanned::new(word.to_owned(), parts.seen_at(rule)?)))?;
                let pointer = parts.text(self.found)?;
                let source = parts.word(Rule::name)?;
                let filter = self.next_filter(&mut parts).map(Box::new);
                let has = match parts.take(Rule::predicate) {
                    Some(pair) => Some(Box::new(self.predicate(pair)?)),
                    None => None,
                };
                Assertion::Elements { quantifier, pointer, source, filter, has }
            }
            Rule::a_equals => {
                let subject = parts.path()?;
                let of = match (parts.text(self.found), parts.word(Rule::param)) {
                    (Some(text), _) => Some(Excepted::Text(text)),
                    (None, Some(param)) => Some(Excepted::Param(unmarked(param))),
                    (None, None) => None,
                };
                let source = parts.word(Rule::name)?;
                let mut except = Vec::new();
                while let Some(pattern) = parts.pattern() {
                    except.push(pattern);
                }
                Assertion::Equals { subject, of, source, except }
            }
            Rule::a_absent => {
                let mut columns: Vec<Reference> =
                    std::iter::from_fn(|| self.next_reference(&mut parts)).collect();
                let listing = self.listing(&mut parts, &mut columns)?;
                Assertion::Absent { columns, listing }
            }
            Rule::a_every => {
                Assertion::Every { kind: parts.word(Rule::name)?, state: parts.word(Rule::name)? }
            }
            Rule::a_unique => {
                let columns = parts.columns()?;
                Assertion::Unique { columns, or_null: parts.take(Rule::or_null).is_some() }
            }
            Rule::a_not_null => Assertion::NotNull { columns: parts.columns()? },
            Rule::a_state => Assertion::State {
                subject: parts.path()?,
                state: parts.word(Rule::name)?,
                from: parts.word(Rule::name),
                label: match parts.take(Rule::label) {
                    Some(label) => Parts::of(label, self.place).text(self.found),
                    None => None,
                },
                until: self.next_expr(&mut parts).map(Box::new),
                since: self.next_since(&mut parts),
                rest: parts.word(Rule::rest),
            },
            Rule::a_within => {
                let relation = Self::next_side(&parts)?;
                let value = self.next_expr(&mut parts)?;
                let limit = Self::next_measure(&mut parts)?;
                Assertion::Within { value, limit, relation, reference: self.next_expr(&mut parts)? }
            }
            Rule::a_member => {
                let child = self.references(&mut parts)?;
                let parent = match self.next_list(&mut parts) {
                    Some(list) => Parent::List(list),
                    None => Parent::Columns(self.references(&mut parts)?),
                };
                Assertion::In { child, parent, or_null: parts.take(Rule::or_null).is_some() }
            }
            Rule::a_between => Assertion::Between {
                value: self.next_expr(&mut parts)?,
                low: self.next_expr(&mut parts)?,
                high: self.next_expr(&mut parts)?,
                per: self.next_per(&mut parts),
            },
            Rule::a_compare => Assertion::Compare {
                left: self.next_expr(&mut parts)?,
                op: parts.word(Rule::compare)?,
                right: self.next_expr(&mut parts)?,
                per: self.next_per(&mut parts),
            },
            Rule::a_rows => Assertion::Rows(self.predicate(parts.take(Rule::predicate)?)?),
            _ => return None,
        })
    }
}
