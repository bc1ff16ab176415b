//! Groups: what must hold in each of them.

use super::super::compiler::Compiler;
use super::super::differences::{Buckets, Differences};
use super::super::expr::{Refusal, Test};
use super::super::grouped::{Exactly, Identity, Rule};
use super::super::scan::aggregator;
use super::Builder;
use crate::measure::groups::Groups;
use crate::policy::assertion::Comparison;
use crate::policy::operand::{Arithmetic, Comparator, Function, Operand};
use crate::source_text::Span;
use crate::value::Value;

impl Builder {
    pub(super) fn groups(&mut self, key: &str, groups: &Groups, samples: u64) -> Result<(), Refusal> {
        let relation = &groups.rows.relation;
        let narrowed = self.narrowed(&groups.rows)?;
        let place = self.key(relation, &groups.keys)?;
        let amounts: Option<Vec<Operand>> = groups.comparisons.iter().map(balance).collect();
        let Some(amounts) = amounts else {
            let rule = self.rule(groups)?;
            return self.exactly(key, groups, rule, None, samples);
        };
        let amounts = amounts.iter().map(|a| self.expr(relation, a)).collect::<Result<Vec<_>, _>>()?;
        let job = Identity {
            key: key.to_owned(),
            filter: narrowed.filter,
            place,
            or_null: groups.or_null,
            sums: vec![Differences::default(); amounts.len()],
            amounts,
        };
        self.push(relation, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }

    pub(super) fn rule(&mut self, groups: &Groups) -> Result<Rule, Refusal> {
        let relation = &groups.rows.relation;
        let (mut list, mut tests) = (Vec::new(), Vec::new());
        for comparison in &groups.comparisons {
            let mut compiler =
                Compiler { relation, columns: self.columns(relation), aggregates: std::mem::take(&mut list) };
            let sides = [&comparison.left, &comparison.right].map(|side| compiler.operand(side));
            list = compiler.aggregates;
            let [left, right] = sides;
            tests.push(Test::Compare(left?, comparison.op, right?));
        }
        let columns = self.wanted.entry(relation.name.clone()).or_default();
        let aggregates =
            list.iter().map(|a| aggregator(a, relation, columns)).collect::<Result<Vec<_>, _>>()?;
        let shown = groups
            .shown()
            .iter()
            .map(|operand| match operand {
                Operand::Aggregate(aggregate) => aggregator(aggregate, relation, columns),
                _ => Err("only aggregates are shown with a group".to_owned()),
            })
            .collect::<Result<_, _>>()?;
        Ok(Rule { aggregates, test: Test::And(tests), lenient: groups.lenient, shown })
    }

    pub(super) fn exactly(
        &mut self,
        key: &str,
        groups: &Groups,
        rule: Rule,
        only: Option<Buckets>,
        samples: u64,
    ) -> Result<(), Refusal> {
        let relation = &groups.rows.relation;
        let narrowed = self.narrowed(&groups.rows)?;
        let place = self.key(relation, &groups.keys)?;
        let keys = self.shown(relation, &groups.keys)?;
        let columns = groups.sql().columns;
        let job = Exactly::new(
            key.to_owned(),
            narrowed.filter,
            (place, keys, groups.or_null),
            rule,
            only,
            columns,
            samples,
        );
        self.push(relation, narrowed.needs, Vec::new(), Box::new(job));
        Ok(())
    }
}

/// What must sum to zero in a group for a comparison to hold; `None` when it is not about sums of all rows alone. A group
/// whose amounts are all NULL has no sum at all, which the look at single rows leaves in doubt.
fn balance(comparison: &Comparison) -> Option<Operand> {
    if comparison.op != Comparator::Equal {
        return None;
    }
    let left = amount(&comparison.left)?;
    match &comparison.right {
        Operand::Literal(Value::Number(n)) if bigdecimal::Zero::is_zero(n) => Some(left),
        right => Some(Operand::Binary {
            op: Arithmetic::Subtract,
            left: Box::new(left),
            right: Box::new(amount(right)?),
            span: Span::NOWHERE,
        }),
    }
}

/// What a linear combination of sums adds for one row.
fn amount(operand: &Operand) -> Option<Operand> {
    match operand {
        Operand::Aggregate(aggregate)
            if aggregate.function == Function::Sum && aggregate.filter.is_none() =>
        {
            aggregate.argument.clone()
        }
        Operand::Negate(inner) => Some(Operand::Negate(Box::new(amount(inner)?))),
        Operand::Binary { op: op @ (Arithmetic::Add | Arithmetic::Subtract), left, right, span } => {
            Some(Operand::Binary {
                op: *op,
                left: Box::new(amount(left)?),
                right: Box::new(amount(right)?),
                span: *span,
            })
        }
        _ => None,
    }
}
