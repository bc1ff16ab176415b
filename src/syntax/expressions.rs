//! Values, row predicates, literals and assertions.

use pest::iterators::Pair;

use super::ast::{
    Argument, Expr, ExprKind, Fallback, Literal, Measure, Member, Name, Predicate, PredicateRight, Signed,
};
use super::grammar::Rule;
use super::parts::{self, Parts, Place};
use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::Spanned;

/// Most operators of arithmetic in one statement.
const MAX_OPERATORS: usize = 200;

/// Reads pairs below the level of statements. Every method returns `None` only when the tree does not have
/// the shape the grammar gives it.
pub(super) struct Reader<'f> {
    pub(super) place: Place,
    pub(super) found: &'f mut Vec<Diagnostic>,
    /// Operators of `+ - * /` read so far; they nest the tree, so their number is limited.
    pub(super) operators: usize,
}

impl Reader<'_> {
    pub(super) fn parts<'i>(&self, pair: Pair<'i, Rule>) -> Parts<'i> {
        Parts::of(pair, self.place)
    }

    /// The `expr` that comes next.
    pub(super) fn next_expr(&mut self, parts: &mut Parts<'_>) -> Option<Expr> {
        let pair = parts.take(Rule::expr)?;
        self.expr(pair)
    }

    /// The `filter` that comes next, if any.
    pub(super) fn next_filter(&mut self, parts: &mut Parts<'_>) -> Option<Predicate> {
        let pair = parts.take(Rule::filter)?;
        let inner = self.parts(pair).take(Rule::predicate)?;
        self.predicate(inner)
    }

    pub(super) fn next_predicate(&mut self, parts: &mut Parts<'_>) -> Option<Predicate> {
        let pair = parts.take(Rule::predicate)?;
        self.predicate(pair)
    }

    pub(super) fn expr(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        self.chain(pair, Self::term)
    }

    fn term(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        self.chain(pair, Self::factor)
    }

    /// `item (op item)*`, left-associative.
    fn chain(
        &mut self,
        pair: Pair<'_, Rule>,
        item: fn(&mut Self, Pair<'_, Rule>) -> Option<Expr>,
    ) -> Option<Expr> {
        let mut parts = self.parts(pair);
        let mut left = item(self, parts.next()?)?;
        while let Some(op) = parts.next() {
            self.operators += 1;
            if self.operators > MAX_OPERATORS {
                let message = format!("more than {MAX_OPERATORS} operators in one statement");
                self.found.push(
                    Diagnostic::error(Code::TooDeep, message)
                        .at(self.place.span(&op), "one too many")
                        .help("split the statement over several checks"),
                );
                return None;
            }
            let right = item(self, parts.next()?)?;
            let op = op.as_str().chars().next()?;
            let span = left.span.to(right.span);
            left = Expr { kind: ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) }, span };
        }
        Some(left)
    }

    fn factor(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        let span = self.place.span(&pair);
        let mut parts = self.parts(pair);
        let negative = parts.take(Rule::subtract).is_some();
        let mut value = self.primary(parts.take(Rule::primary)?)?;
        if let Some(fallback) = parts.take(Rule::fallback) {
            let fallback = self.fallback(fallback)?;
            value = Expr { kind: ExprKind::Fallback { value: Box::new(value), fallback }, span };
        }
        if negative {
            value = Expr { kind: ExprKind::Negate(Box::new(value)), span };
        }
        Some(value)
    }

    fn fallback(&mut self, pair: Pair<'_, Rule>) -> Option<Fallback> {
        let span = self.place.span(&pair);
        let mut parts = self.parts(pair);
        if parts.saw(Rule::k_null) {
            return Some(Fallback::Null(span));
        }
        if parts.saw(Rule::k_omit) {
            return Some(Fallback::Omit(span));
        }
        if parts.saw(Rule::k_omit_empty) {
            return Some(Fallback::OmitEmpty(span));
        }
        if let Some(text) = parts.text(self.found) {
            return Some(Fallback::Text(text));
        }
        if let Some(at) = parts.word(Rule::timestamp) {
            return Some(Fallback::Timestamp(at));
        }
        if let Some(quantity) = parts.word(Rule::quantity) {
            return Some(Fallback::Quantity(quantity));
        }
        Some(Fallback::Value(Box::new(self.primary_of(parts.next()?)?)))
    }

    fn primary(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        let inner = self.parts(pair).next()?;
        self.primary_of(inner)
    }

    fn primary_of(&mut self, inner: Pair<'_, Rule>) -> Option<Expr> {
        let span = self.place.span(&inner);
        let written = inner.as_str().trim_end().to_owned();
        let kind = match inner.as_rule() {
            Rule::timestamp => ExprKind::Timestamp(written),
            Rule::quantity => ExprKind::Quantity(written),
            Rule::string => ExprKind::Text(parts::text(&inner, self.place, self.found).node),
            Rule::param => ExprKind::Param(written.trim_start_matches('$').to_owned()),
            Rule::path => ExprKind::Path(parts::path(inner, self.place)),
            Rule::expr => {
                let inner = self.expr(inner)?;
                return Some(Expr { span, ..inner });
            }
            Rule::share => {
                let mut parts = self.parts(inner);
                let percent = Self::next_measure(&mut parts)?;
                let of = self.factor(parts.take(Rule::factor)?)?;
                ExprKind::Share { percent, of: Box::new(of) }
            }
            Rule::fact_of => {
                let mut parts = self.parts(inner);
                ExprKind::FactOf { path: parts.path()?, of: parts.text(self.found)? }
            }
            Rule::call => {
                let mut parts = self.parts(inner);
                let name = parts.path()?;
                let mut arguments = Vec::new();
                while let Some(argument) = parts.take(Rule::argument) {
                    let mut inside = self.parts(argument);
                    let value = self.next_expr(&mut inside)?;
                    arguments.push(Argument { value, filter: self.next_filter(&mut inside) });
                }
                ExprKind::Call { name, arguments }
            }
            Rule::object => {
                let mut parts = self.parts(inner);
                let mut members = Vec::new();
                while let Some(member) = parts.take(Rule::member) {
                    members.push(self.member(member)?);
                }
                ExprKind::Object(members)
            }
            Rule::array => {
                let mut parts = self.parts(inner);
                let mut items = Vec::new();
                while let Some(item) = parts.take(Rule::expr) {
                    items.push(self.expr(item)?);
                }
                ExprKind::Array(items)
            }
            _ => return None,
        };
        Some(Expr { kind, span })
    }

    fn member(&mut self, pair: Pair<'_, Rule>) -> Option<Member> {
        let mut parts = self.parts(pair);
        let key = match parts.text(self.found) {
            Some(text) => text,
            None => parts.ident()?,
        };
        let fallback = match parts.take(Rule::fallback) {
            Some(pair) => Some(self.fallback(pair)?),
            None => None,
        };
        Some(Member { key, value: self.next_expr(&mut parts), fallback })
    }

    /// A signed quantity made of an optional `subtract` and a `quantity` that come next.
    pub(super) fn next_signed(parts: &mut Parts<'_>) -> Option<Signed> {
        let negative = parts.take(Rule::subtract).is_some();
        parts.word(Rule::quantity).map(|text| Signed { negative, text })
    }

    /// The quantity or parameter that comes next.
    pub(super) fn next_measure(parts: &mut Parts<'_>) -> Option<Measure> {
        match parts.word(Rule::param) {
            Some(name) => Some(Measure::Param(unmarked(name))),
            None => parts.word(Rule::quantity).map(Measure::Written),
        }
    }

    pub(super) fn literal(&mut self, pair: Pair<'_, Rule>) -> Option<Literal> {
        let span = self.place.span(&pair);
        let mut parts = self.parts(pair);
        if parts.saw(Rule::k_true) || parts.saw(Rule::k_false) {
            return Some(Literal::Bool(parts.saw(Rule::k_true), span));
        }
        if let Some(text) = parts.text(self.found) {
            return Some(Literal::Text(text));
        }
        if let Some(at) = parts.word(Rule::timestamp) {
            return Some(Literal::Timestamp(at));
        }
        if let Some(name) = parts.word(Rule::param) {
            return Some(Literal::Param(unmarked(name)));
        }
        Self::next_signed(&mut parts).map(Literal::Quantity)
    }

    /// The `list` that comes next.
    pub(super) fn next_list(&mut self, parts: &mut Parts<'_>) -> Option<Vec<Literal>> {
        let mut inside = self.parts(parts.take(Rule::list)?);
        let mut list = Vec::new();
        while let Some(literal) = inside.take(Rule::literal) {
            list.push(self.literal(literal)?);
        }
        Some(list)
    }

    pub(super) fn predicate(&mut self, pair: Pair<'_, Rule>) -> Option<Predicate> {
        let mut any = Vec::new();
        let mut parts = self.parts(pair);
        while let Some(all) = parts.take(Rule::all_of) {
            let mut inside = self.parts(all);
            let mut every = Vec::new();
            while let Some(negation) = inside.take(Rule::negation) {
                every.push(self.negation(negation)?);
            }
            any.push(if every.len() == 1 { every.pop()? } else { Predicate::And(every) });
        }
        if any.len() == 1 { any.pop() } else { Some(Predicate::Or(any)) }
    }

    fn negation(&mut self, pair: Pair<'_, Rule>) -> Option<Predicate> {
        let span = self.place.span(&pair);
        let mut parts = self.parts(pair);
        let inner = parts.next()?;
        let negated = parts.saw(Rule::k_not);
        let predicate = match inner.as_rule() {
            Rule::predicate => self.predicate(inner)?,
            _ => {
                let mut test = self.parts(inner);
                let value = self.next_expr(&mut test)?;
                let form = test.next()?;
                let rule = form.as_rule();
                let mut inside = self.parts(form);
                match rule {
                    Rule::p_null => Predicate::IsNull { value, negated: inside.saw(Rule::k_not) },
                    Rule::p_list => {
                        let list = self.next_list(&mut inside)?;
                        Predicate::In { value, list, negated: inside.saw(Rule::k_not) }
                    }
                    Rule::p_range => Predicate::Between {
                        value,
                        low: self.next_expr(&mut inside)?,
                        high: self.next_expr(&mut inside)?,
                    },
                    _ => {
                        let op = inside.word(Rule::compare)?;
                        let right = match self.next_expr(&mut inside) {
                            Some(expr) => PredicateRight::Value(expr),
                            None => match (inside.seen_at(Rule::k_true), inside.seen_at(Rule::k_false)) {
                                (Some(at), _) => PredicateRight::Bool(true, at),
                                (None, at) => PredicateRight::Bool(false, at?),
                            },
                        };
                        Predicate::Compare { left: value, op, right }
                    }
                }
            }
        };
        Some(if negated { Predicate::Not(Box::new(predicate), span) } else { predicate })
    }
}

/// A parameter's name without its `$`.
pub(super) fn unmarked(name: Name) -> Name {
    Spanned::new(name.node.trim_start_matches('$').to_owned(), name.span)
}
