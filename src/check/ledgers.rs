//! Ledgers: the shape, the groups, and the rules that are switched off.

use bigdecimal::BigDecimal;

use super::operands::Scope;
use super::{Checker, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::RelationName;
use crate::policy::ledger::{Amount, Entry, Ledger, Rule, Running, Totals};
use crate::policy::operand::Operand;
use crate::source_text::Span;
use crate::syntax::ast::{Clause, Expr, Grouping, Literal, Name, Path, Side, Statement};
use crate::value::{Type, Value};

impl<'a> Checker<'a> {
    pub(super) fn ledgers(&mut self, statements: &[&'a Statement]) -> Vec<Ledger> {
        statements.iter().filter_map(|s| self.ledger(s)).collect()
    }

    fn ledger(&mut self, statement: &'a Statement) -> Option<Ledger> {
        let Clause::Ledger { name, on, filter } = &statement.clause else { return None };
        let relation = self.relation(on)?;
        let filter = self.filter(filter.as_ref(), &mut Scope::row(&relation));
        let children = &statement.children;
        let amount = self.amount(name, &relation, statement);
        let entry = match self
            .once(children, "entry", |c| matches!(c, Clause::Entry { .. }))
            .map(|s| &s.clause)
        {
            Some(Clause::Entry { columns, of, filter }) => Some(self.entry(columns, of, filter.as_ref())?),
            _ => None,
        };
        let mut balances = Vec::new();
        if let Some(Clause::Balance { groups }) =
            self.once(children, "balance", |c| matches!(c, Clause::Balance { .. })).map(|s| &s.clause)
        {
            for group in groups {
                balances.push(match group {
                    Grouping::Overall(_) => Vec::new(),
                    Grouping::Per(columns, _) => Self::columns(columns),
                });
            }
        }
        let running = match self
            .once(children, "running", |c| matches!(c, Clause::Running { .. }))
            .map(|s| &s.clause)
        {
            Some(Clause::Running { column, per, order }) => Some(Running {
                column: (column.node.clone(), column.span),
                per: Self::columns(per),
                order: Self::columns(order),
            }),
            _ => None,
        };
        let totals =
            match self.once(children, "totals", |c| matches!(c, Clause::Totals { .. })).map(|s| &s.clause) {
                Some(Clause::Totals { columns }) => Some(self.totals(columns, entry.as_ref(), name.span)?),
                _ => None,
            };
        if statement.whole && balances.is_empty() && running.is_none() && totals.is_none() {
            self.sink.push(
                Diagnostic::error(
                    Code::Missing,
                    format!("ledger `{}` says nothing that must balance", name.node),
                )
                .at(name.span, "no `balance`, `totals` or `running`")
                .help("add for example `balance per entryId, overall`"),
            );
        }
        let tolerance = match self
            .once(children, "tolerance", |c| matches!(c, Clause::Tolerance { .. }))
            .map(|s| &s.clause)
        {
            Some(Clause::Tolerance { amount }) => {
                match self.keep(literals::quantity_of(&amount.node, false, Type::Number, amount.span))? {
                    Value::Number(n) => n,
                    _ => return None,
                }
            }
            _ => BigDecimal::from(0),
        };
        let without = self.without(children);
        let exact = self.once(children, "exact", |c| matches!(c, Clause::Exact)).is_some();
        Some(Ledger {
            name: name.node.clone(),
            relation,
            filter: filter?,
            entry,
            amount: amount?,
            balances,
            totals,
            running,
            tolerance,
            exact,
            without,
            span: name.span,
        })
    }

    fn amount(&mut self, name: &Name, relation: &RelationName, ledger: &Statement) -> Option<Amount> {
        let mut of = |word, is: fn(&Clause) -> bool| {
            self.once(&ledger.children, word, is).map(|s| (&s.clause, s.span))
        };
        let debit = of("debit", |c| matches!(c, Clause::Debit { .. }));
        let credit = of("credit", |c| matches!(c, Clause::Credit { .. }));
        let amount = of("amount", |c| matches!(c, Clause::Amount { .. }));
        match (debit, credit, amount) {
            (Some((Clause::Debit { value: d }, _)), Some((Clause::Credit { value: c }, _)), None) => {
                let (debit, credit) = (self.row_amount(d, relation), self.row_amount(c, relation));
                Some(Amount::TwoColumns { debit: debit?, credit: credit? })
            }
            (None, None, Some((Clause::Amount { value, side }, _))) => {
                let amount = self.row_amount(value, relation)?;
                match side {
                    None => Some(Amount::Signed(amount)),
                    Some(side) => self.sided(amount, side),
                }
            }
            _ if !ledger.whole => None,
            _ => {
                self.sink.push(
                    Diagnostic::error(Code::Missing, format!("ledger `{}` does not say how a line carries its amount", name.node))
                        .at(name.span, "needs one of three shapes")
                        .help("write `debit COLUMN` and `credit COLUMN`; or `amount COLUMN` when its sign tells the side; or `amount COLUMN side COLUMN debit (\"D\") credit (\"C\")`"),
                );
                None
            }
        }
    }

    fn row_amount(&mut self, expr: &Expr, relation: &RelationName) -> Option<Operand> {
        let operand = self.operand(expr, &mut Scope::row(relation))?;
        if operand.has_column() {
            return Some(operand);
        }
        let help = "name a column of the ledger's table";
        self.error(Code::BadAssertion, "an amount comes from a column", (expr.span, "no column in it"), help);
        None
    }

    fn sided(&mut self, amount: Operand, side: &Side) -> Option<Amount> {
        let mut values = |list: &[Literal]| -> Option<Vec<Value>> {
            let read: Vec<_> = list.iter().map(|literal| self.literal(literal, None)).collect();
            read.into_iter().collect()
        };
        let (debit, credit) = (values(&side.debit), values(&side.credit));
        let (debit, credit) = (debit?, credit?);
        if let Some(both) = debit.iter().find(|v| credit.contains(v)) {
            self.error(
                Code::Duplicate,
                format!("{both} cannot be both debit and credit"),
                (side.column.span, "the side would be unknown"),
                "list each value on one side only",
            );
            return None;
        }
        Some(Amount::Sided { amount, side: side.column.node.clone(), debit, credit, span: side.column.span })
    }

    fn entry(
        &mut self,
        columns: &[Name],
        of: &Path,
        filter: Option<&crate::syntax::ast::Predicate>,
    ) -> Option<Entry> {
        let relation = self.relation(of)?;
        let filter = self.filter(filter, &mut Scope::row(&relation))?;
        Some(Entry { columns: Self::columns(columns), relation, key: None, filter, span: of.span })
    }

    fn totals(&mut self, columns: &[Path], entry: Option<&Entry>, span: Span) -> Option<Totals> {
        let Some(entry) = entry else {
            self.sink.push(
                Diagnostic::error(Code::Missing, "header totals need an `entry`")
                    .at(span, "this ledger declares none")
                    .help("add `entry COLUMN of Table`"),
            );
            return None;
        };
        let mut names = Vec::new();
        for path in columns {
            let (relation, column) = self.qualified(path)?;
            if relation != entry.relation {
                let help = format!("write `{}.COLUMN`", entry.relation.name);
                self.error(
                    Code::BadAssertion,
                    format!("totals stand in the entries' table `{}`", entry.relation),
                    (path.span, "another table"),
                    help,
                );
                return None;
            }
            names.push((column.node, path.span));
        }
        let mut names = names.into_iter();
        Some(Totals { debit: names.next()?, credit: names.next() })
    }

    fn without(&mut self, children: &[Statement]) -> Vec<(Rule, String)> {
        let mut off = Vec::new();
        for child in children {
            let Clause::Without { rule, because } = &child.clause else { continue };
            match Rule::ALL.into_iter().find(|(word, _)| *word == rule.node) {
                Some((_, known)) => off.push((known, because.node.clone())),
                None => self.sink.push(
                    Diagnostic::error(Code::UnknownName, format!("unknown rule `{}`", rule.node))
                        .at(rule.span, "not a rule of ledgers")
                        .did_you_mean(&rule.node, Rule::ALL.map(|(word, _)| word)),
                ),
            }
        }
        off
    }
}
