//! What "the ledger is balanced" comes down to.

use super::builder::Planner;
use super::references::Reference;
use super::{Proof, Scalar, Shortcut, bind};
use crate::catalogue::{Catalogue, ColumnKind, Relation};
use crate::diagnostic::{Code, Diagnostic};
use crate::measure::Tally;
use crate::measure::fold::Fold;
use crate::measure::groups::Groups;
use crate::measure::ledger::{self, Moves, Running, Totals, is};
use crate::measure::rows::{RowSet, Within};
use crate::policy::Check;
use crate::policy::ledger::{Amount, Entry, Ledger, Rule};
use crate::policy::operand::{Comparator, Condition, Operand};
use crate::source_text::Span;
use crate::value::{Type, Value};
use bigdecimal::{BigDecimal, Zero};

/// A ledger with its relations found and its columns bound.
struct Books<'a> {
    ledger: &'a Ledger,
    source: String,
    /// Lines that count.
    lines: RowSet,
    /// Lines before entries decide which count, for "every line belongs to an entry".
    all_lines: RowSet,
    entries: Option<(RowSet, Vec<String>, Vec<String>)>,
    moves: Moves,
}

impl<'a> Planner<'a> {
    pub(super) fn ledger(&mut self, check: &'a Check, name: &str) {
        let Some(ledger) = self.policy.ledgers.iter().find(|l| l.name == name) else { return };
        let Some((source, catalogue)) = self.source(check) else { return };
        let Some(relation) = self.relation(catalogue, &source, &ledger.relation, Some(ledger.span)) else {
            return;
        };
        let Some(books) = self.books(ledger, source, catalogue, relation) else { return };
        self.examined(&books.source, &books.lines, true);
        self.balances(&books);
        self.belonging(&books);
        self.lines_in_shape(&books);
        self.header_totals(&books);
        self.running(&books);
        for (rule, reason) in &ledger.without {
            let word = Rule::ALL.into_iter().find(|(_, r)| r == rule).map_or("", |(word, _)| word);
            self.notes.push(format!("ledger rule `{word}` is switched off: {reason}"));
        }
        if !ledger.tolerance.is_zero() {
            self.notes.push(format!(
                "differences up to {} count as equal in ledger `{}`",
                crate::value::plain(&ledger.tolerance),
                ledger.name
            ));
        }
    }

    fn books(
        &mut self,
        ledger: &'a Ledger,
        source: String,
        catalogue: &'a Catalogue,
        relation: &Relation,
    ) -> Option<Books<'a>> {
        let filter = self.resolved(self.resolver.filter(ledger.filter.as_ref()))?;
        let mut wrong = Vec::new();
        if let Some(filter) = &filter {
            bind::condition(filter, relation, &mut wrong);
        }
        self.amount_columns(ledger, relation, &mut wrong);
        for group in &ledger.balances {
            wrong.extend(bind::columns(relation, group).err().into_iter().flatten());
        }
        if !wrong.is_empty() {
            self.wrong(wrong);
            return None;
        }
        let all_lines = self.rows(catalogue, relation);
        let all_lines = self.narrow(&source, all_lines, filter.as_ref());
        let mut lines = all_lines.clone();
        let entries = match &ledger.entry {
            None => None,
            Some(entry) => {
                let (entries, columns, key) = self.entries(entry, &source, catalogue, relation)?;
                if !entries.filters.is_empty() && entry.filter.is_some() {
                    let filter = self.resolved(self.resolver.filter(entry.filter.as_ref()))?;
                    let counted = RowSet::all(&entries.relation).filtered(filter.as_ref());
                    lines.within.push(Within {
                        columns: columns.clone(),
                        parent: Box::new(counted),
                        parent_columns: key.clone(),
                    });
                }
                Some((entries, columns, key))
            }
        };
        let moves = ledger::moves(&ledger.amount);
        Some(Books { ledger, source, lines, all_lines, entries, moves })
    }

    fn entries(
        &mut self,
        entry: &'a Entry,
        source: &str,
        catalogue: &'a Catalogue,
        lines: &Relation,
    ) -> Option<(RowSet, Vec<String>, Vec<String>)> {
        let relation = self.relation(catalogue, source, &entry.relation, Some(entry.span))?;
        let filter = self.resolved(self.resolver.filter(entry.filter.as_ref()))?;
        let mut wrong = Vec::new();
        if let Some(filter) = &filter {
            bind::condition(filter, relation, &mut wrong);
        }
        let columns = bind::columns(lines, &entry.columns).unwrap_or_else(|missing| {
            wrong.extend(missing);
            Vec::new()
        });
        let rows = self.rows(catalogue, relation);
        let rows = self.narrow(source, rows, filter.as_ref());
        let key = match &entry.key {
            Some(key) => key.clone(),
            None => self.key_for(catalogue, &lines.name, &columns, &rows)?,
        };
        if wrong.is_empty() && key.len() != columns.len() {
            wrong.push(
                Diagnostic::error(
                    Code::NoKey,
                    format!(
                        "the key of `{}` is ({}), and the line has {} columns for it",
                        rows.name(),
                        key.join(", "),
                        columns.len()
                    ),
                )
                .at(entry.span, "keys of different width"),
            );
        }
        for ((column, other), (_, span)) in columns.iter().zip(&key).zip(&entry.columns) {
            wrong.extend(bind::joinable((lines, column), (relation, other), *span).err());
        }
        if !wrong.is_empty() {
            self.wrong(wrong);
            return None;
        }
        Some((rows, columns, key))
    }

    /// Amounts are exact numbers, or binary floating point with a declared tolerance.
    fn amount_columns(&self, ledger: &Ledger, relation: &Relation, wrong: &mut Vec<Diagnostic>) {
        let operands: Vec<&Operand> = match &ledger.amount {
            Amount::TwoColumns { debit, credit } => vec![debit, credit],
            Amount::Signed(amount) => vec![amount],
            Amount::Sided { amount, side, span, .. } => {
                wrong.extend(bind::column(relation, side, *span).err());
                vec![amount]
            }
        };
        for operand in operands {
            if let Some(ty) = bind::operand(operand, relation, wrong)
                && ty != Type::Number
            {
                wrong.push(
                    Diagnostic::error(
                        Code::ColumnType,
                        format!("an amount is a number, and this is a {}", ty.word()),
                    )
                    .at(ledger.span, "in this ledger"),
                );
            }
            operand.walk(&mut |o| {
                if let Operand::Column { name, span } = o
                    && relation.column(name).is_some_and(|c| c.kind == ColumnKind::Float)
                    && ledger.tolerance.is_zero()
                {
                    wrong.push(
                        Diagnostic::error(
                            Code::ColumnType,
                            format!(
                                "`{name}` is binary floating point and cannot prove a balance to the cent"
                            ),
                        )
                        .at(*span, "double precision or real")
                        .help(
                            "store money as `numeric`, or add `tolerance 0.01` to accept what cannot be told",
                        ),
                    );
                }
            });
        }
    }

    fn balances(&mut self, books: &Books<'_>) {
        let exact = books.ledger.exact;
        // Where keyed sums tell that all is in balance, the plain sum would be 0 too, and finite.
        let settled = if books.ledger.tolerance.is_zero() {
            self.overall(&books.source, &books.lines, &books.moves.net, exact)
        } else {
            Shortcut::default()
        };
        let total = Fold::Aggregate(ledger::sum(&books.moves.net));
        let total = self.fold_unless(&books.source, &books.lines, &total, settled);
        let subject = books.lines.name().to_string();
        self.must(subject.clone(), Proof::Finite { key: total.clone() });
        for group in &books.ledger.balances {
            if group.is_empty() {
                let zero = |n: BigDecimal| Scalar::Literal(Value::Number(n));
                let what = "debits minus credits, overall".to_owned();
                let sum = Scalar::Observed { key: total.clone(), ty: Type::Number, skipped: None, what };
                let tolerance = books.ledger.tolerance.clone();
                if tolerance.is_zero() {
                    self.must(
                        subject.clone(),
                        Proof::Compare { left: sum, op: Comparator::Equal, right: zero(tolerance) },
                    );
                } else {
                    self.must(
                        subject.clone(),
                        Proof::Compare {
                            left: sum.clone(),
                            op: Comparator::LessOrEqual,
                            right: zero(tolerance.clone()),
                        },
                    );
                    self.must(
                        subject.clone(),
                        Proof::Compare { left: sum, op: Comparator::GreaterOrEqual, right: zero(-tolerance) },
                    );
                }
                continue;
            }
            let keys: Vec<String> = group.iter().map(|(c, _)| c.clone()).collect();
            let summed = |amount: &Operand| Operand::Aggregate(Box::new(ledger::sum(amount)));
            let Moves { debit, credit, net } = &books.moves;
            let message = format!("debits and credits differ for this ({})", keys.join(", "));
            let groups = Groups {
                rows: books.lines.clone(),
                keys,
                or_null: false,
                comparisons: ledger::balanced(&summed(net), &books.ledger.tolerance),
                lenient: true,
                shown: vec![("debits".to_owned(), summed(debit)), ("credits".to_owned(), summed(credit))],
            };
            self.grouped(&books.source, groups, exact, ("unbalanced", &message));
        }
    }

    fn off(books: &Books<'_>, rule: Rule) -> bool {
        books.ledger.without.iter().any(|(r, _)| *r == rule)
    }

    fn belonging(&mut self, books: &Books<'_>) {
        let Some((entries, columns, key)) = &books.entries else { return };
        self.examined(&books.source, entries, true);
        if !Self::off(books, Rule::OrphanLines) {
            let parent = RowSet::all(&entries.relation);
            let reference =
                Reference { child: &books.all_lines, columns, parent: &parent, parent_columns: key };
            self.reference(
                &books.source,
                &reference,
                true,
                "orphan_line",
                &format!("the line belongs to no entry of `{}`", entries.name()),
            );
        }
        if !Self::off(books, Rule::EmptyEntries) {
            let mut parent = RowSet::all(&books.lines.relation);
            let ledger_filter = self.resolver.filter(books.ledger.filter.as_ref()).ok().flatten();
            parent.filters.extend(ledger_filter);
            let reference =
                Reference { child: entries, columns: key, parent: &parent, parent_columns: columns };
            self.reference(&books.source, &reference, false, "empty_entry", "the entry has no lines");
        }
    }

    /// Rules on single lines.
    fn lines_in_shape(&mut self, books: &Books<'_>) {
        let Moves { debit, credit, net } = &books.moves;
        let columns = |operands: &[&Operand]| {
            operands.iter().flat_map(|o| crate::policy::operand::columns_of(o)).collect::<Vec<_>>()
        };
        let given = |operand: &Operand| Condition::Not(Box::new(Condition::IsNull(operand.clone())));
        let mut rules: Vec<(Condition, &str, &str, Vec<String>)> = Vec::new();
        match &books.ledger.amount {
            Amount::TwoColumns { debit: d, credit: c } => {
                let shown = columns(&[d, c]);
                if [d, c].iter().all(|o| crate::measure::sql::may_be_null(o, &books.lines.relation)) {
                    let any = Condition::Or(vec![given(d), given(c)]);
                    rules.push((any, "no_amount", "the line has no amount", shown.clone()));
                }
                if !Self::off(books, Rule::OneSided) {
                    let only = |one: &Operand, other: &Operand| {
                        let sides = [is(one, Comparator::NotEqual), is(other, Comparator::Equal)];
                        Condition::And(sides.to_vec())
                    };
                    rules.push((
                        Condition::Or(vec![only(debit, credit), only(credit, debit)]),
                        "not_one_sided",
                        "the line must have exactly one side that is not zero",
                        shown.clone(),
                    ));
                }
                if !Self::off(books, Rule::NonNegative) {
                    let both = [debit, credit].map(|side| is(side, Comparator::GreaterOrEqual));
                    let both = Condition::And(both.to_vec());
                    rules.push((both, "negative_amount", "the line has a negative amount", shown));
                }
            }
            Amount::Signed(amount) => {
                rules.push((given(net), "no_amount", "the line has no amount", columns(&[amount])));
            }
            Amount::Sided { amount, side, debit, credit, .. } => {
                let column = Operand::Column { name: side.clone(), span: Span::NOWHERE };
                let shown = columns(&[amount, &column]);
                let values = debit.iter().chain(credit).cloned().map(Operand::Literal).collect();
                rules.push((
                    Condition::And(vec![given(&column), Condition::In(column, values)]),
                    "unknown_side",
                    "the line's side is neither debit nor credit",
                    shown.clone(),
                ));
                rules.push((given(amount), "no_amount", "the line has no amount", shown.clone()));
                if !Self::off(books, Rule::NonNegative) {
                    let positive = is(amount, Comparator::GreaterOrEqual);
                    rules.push((positive, "negative_amount", "the line has a negative amount", shown));
                }
            }
        }
        for (condition, kind, message, shown) in rules {
            let failing = self.fold(&books.source, &books.lines, &Fold::Failing(condition.clone()));
            self.failing_rows(&books.source, &books.lines, (failing, None), condition, &shown, kind, message);
        }
    }

    fn header_totals(&mut self, books: &Books<'_>) {
        let (Some(totals), Some((entries, columns, key))) = (&books.ledger.totals, &books.entries) else {
            return;
        };
        let sides = [
            (Some(&totals.debit), &books.moves.debit, "debits"),
            (totals.credit.as_ref(), &books.moves.credit, "credits"),
        ];
        let mut wrong = Vec::new();
        for (header, _, _) in &sides {
            if let Some((name, span)) = header {
                match bind::column(&entries.relation, name, *span) {
                    Ok(column) if column.kind.ty() != Some(Type::Number) => wrong.push(
                        Diagnostic::error(
                            Code::ColumnType,
                            format!("a total is a number, and `{name}` is {}", column.type_name),
                        )
                        .at(*span, "not a number"),
                    ),
                    Ok(_) => {}
                    Err(diagnostic) => wrong.push(diagnostic),
                }
            }
        }
        if !wrong.is_empty() {
            self.wrong(wrong);
            return;
        }
        // Lines are summed whole, whoever they are filed under: a line moved to another tenant must show.
        let mut lines = RowSet::all(&books.lines.relation);
        lines.filters.extend(self.resolver.filter(books.ledger.filter.as_ref()).ok().flatten());
        for (header, side, word) in sides {
            let Some((header, _)) = header else { continue };
            let message = format!("`{header}` differs from the {word} of its lines");
            let totals = Totals {
                entries: entries.clone(),
                key: key.clone(),
                lines: lines.clone(),
                columns: columns.clone(),
                side: side.clone(),
                header: header.clone(),
                tolerance: books.ledger.tolerance.clone(),
            };
            self.totalled(&books.source, totals, books.ledger.exact, ("wrong_total", &message));
        }
    }

    fn running(&mut self, books: &Books<'_>) {
        let Some(running) = &books.ledger.running else { return };
        let all = std::iter::once(&running.column).chain(&running.per).chain(&running.order);
        if let Err(wrong) = bind::columns(&books.lines.relation, all) {
            self.wrong(wrong);
            return;
        }
        let names = |list: &[(String, crate::source_text::Span)]| {
            list.iter().map(|(c, _)| c.clone()).collect::<Vec<_>>()
        };
        let (per, order) = (names(&running.per), names(&running.order));
        let message = format!("`{}` is not the sum of the postings up to here", running.column.0);
        let running = Running {
            lines: books.lines.clone(),
            net: books.moves.net.clone(),
            balance: running.column.0.clone(),
            per,
            order,
            tolerance: books.ledger.tolerance.clone(),
        };
        self.tally(&books.source, Tally::Running(running), "wrong_balance", &message);
    }
}
