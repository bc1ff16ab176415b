//! A chain bound to its columns, and the statement that streams it.

use super::builder::Planner;
use super::joins::{self, Joined};
use super::{Proof, Work, bind};
use crate::catalogue::{Column, ColumnKind, Relation, RelationKind};
use crate::chain::spec::{ChainColumn, ChainSpec};
use crate::chain::visit;
use crate::diagnostic::{Code, Diagnostic};
use crate::measure::rows::RowSet;
use crate::measure::sql::Sql;
use crate::policy::Check;
use crate::policy::chain::Chain;
use crate::policy::operand::Condition;

/// A chain on its way to being read.
#[derive(Clone, Debug)]
pub struct Chained {
    /// Its rows.
    pub rows: RowSet,
    /// What the rows are.
    pub spec: ChainSpec,
    /// Columns of `spec` from this place on only name rows in findings: nothing hashes, orders or splits by them.
    pub naming: usize,
    /// Conditions on single rows, whose truth follows the columns of each row as `t` or `f`.
    pub conditions: Vec<Condition>,
    /// Rows of other relations that belong to its rows.
    pub joins: Vec<Joined>,
}

impl Chained {
    /// Whether another server keeps some of what it reads.
    #[must_use]
    pub fn foreign(&self) -> bool {
        self.rows.foreign() || self.joins.iter().any(|join| join.rows.foreign())
    }

    /// What a statement calls the relation of a column, the relation, and the column's name.
    fn column(&self, place: usize) -> Option<(String, &Relation, &str)> {
        let column = self.spec.columns.get(place)?;
        if !column.joined {
            return Some(("r".to_owned(), &self.rows.relation, &column.name));
        }
        self.joins.iter().enumerate().find_map(|(n, join)| {
            let (_, name) = join.columns.iter().find(|(at, _)| *at == place)?;
            Some((alias(n), &join.rows.relation, name.as_str()))
        })
    }
}

impl<'a> Planner<'a> {
    pub(super) fn chain(&mut self, check: &'a Check, name: &str) {
        let Some(chain) = self.policy.chains.iter().find(|c| c.name == name) else { return };
        let Some((source, catalogue)) = self.source(check) else { return };
        let Some(relation) = self.relation(catalogue, &source, &chain.relation, Some(chain.span)) else {
            return;
        };
        let Some(filter) = self.resolved(self.resolver.filter(chain.filter.as_ref())) else { return };
        let mut wrong = Vec::new();
        if let Some(filter) = &filter {
            bind::condition(filter, relation, &mut wrong);
        }
        for (place, (column, span)) in chain.columns.iter().enumerate() {
            if chain.join_of(place).is_none() {
                wrong.extend(bind::column(relation, column, *span).err());
            }
        }
        let Some(joins) = self.joins(catalogue, &source, chain, relation) else {
            self.wrong(wrong);
            return;
        };
        if wrong.is_empty() {
            hash_columns(chain, relation, &joins, &mut wrong);
            numeric_order(chain, relation, &joins, &mut wrong);
        }
        if !wrong.is_empty() {
            self.wrong(wrong);
            return;
        }
        let mut conditions = Vec::new();
        for condition in &chain.conditions {
            let Some(condition) = self.resolved(self.resolver.condition(condition)) else { return };
            bind::condition(&condition, relation, &mut wrong);
            conditions.push(condition);
        }
        if !wrong.is_empty() {
            self.wrong(wrong);
            return;
        }
        let mut spec = bound(chain, relation, &joins);
        for key in catalogue.foreign_keys.iter().filter(|key| key.clears && key.child == relation.name) {
            let own = spec.columns.iter_mut().filter(|c| !c.joined && key.child_columns.contains(&c.name));
            for column in own {
                column.cleared = true;
            }
        }
        // A chain that runs across tenants cannot be cut down to one of them without breaking it.
        let narrowed = self.rows(catalogue, relation);
        let splits: Vec<&str> =
            chain.split.iter().filter_map(|i| chain.columns.get(*i)).map(|(c, _)| c.as_str()).collect();
        let by_tenant = self.policy.tenancy.as_ref().is_some_and(|t| splits.contains(&t.column.as_str()));
        let rows = if self.options.tenant.is_none() || by_tenant {
            narrowed
        } else {
            self.notes.push(format!("chain `{name}` is not split by tenant and was verified whole"));
            RowSet::all(relation)
        };
        if let (Some(tenant), true, Some(tenancy)) = (&self.options.tenant, by_tenant, &self.policy.tenancy) {
            spec.narrowed = Some((tenancy.column.clone(), tenant.clone()));
        }
        let rows = self.narrow(&source, rows, filter.as_ref());
        self.examined(&source, &rows, true);
        let naming = chain.columns.len();
        let chained = Chained { rows: rows.clone(), spec, naming, conditions, joins };
        let key = format!("{source}: chain {name} {}", stream(&chained));
        let samples = self.options.samples;
        let key = self.other(&source, rows.name().to_string(), key, |key| Work::Chain {
            key,
            chained: Box::new(chained),
            samples,
        });
        self.must(rows.name().to_string(), Proof::Chain { key });
    }
}

/// One candidate of a search, in nanoseconds: a plain recipe costs less, one with JSON more (`benches/recipes`).
const CANDIDATE: u64 = 800;

/// What the declared searches may cost, before it is paid.
pub(super) fn searched(chained: &Chained) -> Option<String> {
    let (spec, relation) = (&chained.spec, &chained.rows.relation);
    let each: u64 = spec.searches.iter().map(|search| search.candidates(&spec.columns)).product();
    if spec.searches.is_empty() || each <= 1 {
        return None;
    }
    let rows = u64::try_from(relation.estimated_rows).unwrap_or(0);
    let seconds = rows.saturating_mul(each).saturating_mul(CANDIDATE) / 1_000_000_000;
    Some(format!(
        "its search tries up to {each} candidates for a row that does not recompute as stored, so at most about {seconds} s on \
         one core for about {rows} rows"
    ))
}

/// The hash must be something a digest can be stored in.
fn hash_columns(chain: &Chain, relation: &Relation, joins: &[Joined], wrong: &mut Vec<Diagnostic>) {
    for index in std::iter::once(chain.hash).chain(chain.previous) {
        let Some((name, span)) = chain.columns.get(index) else { continue };
        let found = joins::column_at(chain, relation, joins, index).and_then(|(of, name)| of.column(name));
        let Some(column) = found else { continue };
        if !matches!(column.kind, ColumnKind::Text | ColumnKind::PaddedText | ColumnKind::Bytea) {
            wrong.push(
                Diagnostic::error(
                    Code::ColumnType,
                    format!("`{name}` is {} and cannot hold a hash", column.type_name),
                )
                .at(*span, "text or bytea is needed"),
            );
        }
    }
}

/// What is ordered as a number must be text or a number.
fn numeric_order(chain: &Chain, relation: &Relation, joins: &[Joined], wrong: &mut Vec<Diagnostic>) {
    for index in &chain.numeric {
        let Some((name, span)) = chain.columns.get(*index) else { continue };
        let found = joins::column_at(chain, relation, joins, *index).and_then(|(of, name)| of.column(name));
        let Some(column) = found else { continue };
        if !matches!(column.kind, ColumnKind::Text | ColumnKind::PaddedText | ColumnKind::Integer) {
            wrong.push(
                Diagnostic::error(Code::ColumnType, format!("`{name}` is {}, not text", column.type_name))
                    .at(*span, "`int` orders text as numbers")
                    .help(format!("write `order by {name}`")),
            );
        }
    }
}

fn bound(chain: &Chain, relation: &Relation, joins: &[Joined]) -> ChainSpec {
    let mut names: Vec<String> = chain.columns.iter().map(|(name, _)| name.clone()).collect();
    let mut key = Vec::new();
    for column in relation.key_columns() {
        let at = names.iter().position(|n| *n == column).unwrap_or_else(|| {
            names.push(column);
            names.len() - 1
        });
        key.push(at);
    }
    let columns = names
        .iter()
        .enumerate()
        .filter_map(|(place, name)| {
            if chain.join_of(place).is_some() {
                let of = joins::column_at(chain, relation, joins, place);
                let digits = of.and_then(|(of, name)| of.column(name)).map_or(6, digits);
                return joins::chain_column(chain, joins, place, digits);
            }
            let c = relation.column(name)?;
            let (nullable, digits) = (c.nullable, Some(digits(c)));
            Some(ChainColumn { nullable, digits, ..ChainColumn::own(&c.name, c.kind.cell()) })
        })
        .collect();
    let hashed: Vec<usize> =
        chain.covered.iter().copied().chain([chain.hash]).chain(chain.previous).collect();
    let mut seen = hashed.clone();
    for bind in chain.binds.iter().filter(|bind| bind.when.is_none()) {
        // What a hashed column must agree with cannot be changed alone; nor can what hashed columns yield.
        let read = visit::columns(&bind.value);
        if hashed.contains(&bind.column) {
            seen.extend(read);
        } else if read.iter().all(|column| hashed.contains(column)) {
            seen.push(bind.column);
        }
    }
    let covered =
        |name: &str| seen.iter().any(|i| chain.columns.get(*i).is_some_and(|(column, _)| column == name));
    let uncovered = relation.columns.iter().map(|c| c.name.clone()).filter(|name| !covered(name)).collect();
    ChainSpec {
        name: chain.name.clone(),
        relation: relation.name.to_string(),
        columns,
        key,
        split: chain.split.clone(),
        order: chain.order.clone(),
        numeric: chain.numeric.clone(),
        dense_from: chain.dense_from,
        hash: chain.hash,
        previous: chain.previous,
        genesis: chain.genesis.clone(),
        hashings: chain.hashings.clone(),
        conditions: chain.conditions.len(),
        keys: chain.keys.clone(),
        binds: chain.binds.clone(),
        anchors: chain.anchors.clone(),
        narrowed: None,
        pruned_first: chain.pruned_first.is_some(),
        unhashed_first: chain.unhashed_first.is_some(),
        searches: chain.searches.clone(),
        uncovered,
    }
}

/// Digits of the second that a column of times holds, from a type such as `timestamp(3) without time zone`.
fn digits(column: &Column) -> u8 {
    match column.kind {
        ColumnKind::Date => 0,
        _ => column
            .type_name
            .split_once('(')
            .and_then(|(_, rest)| rest.split_once(')')?.0.parse().ok())
            .unwrap_or(6),
    }
}

/// One statement: every column as `COPY` text, sorted by split and order. Text sorts bytewise, so that the order
/// does not depend on the server's collations; numbers in text sort as numbers first.
pub(super) fn stream(chained: &Chained) -> String {
    let Chained { rows, spec, .. } = chained;
    let items = items(chained, true);
    let sorted: Vec<String> = spec
        .split
        .iter()
        .chain(&spec.order)
        .filter_map(|i| Some((spec.numeric.contains(i), chained.column(*i)?)))
        .map(|(number, (alias, relation, name))| {
            let column = Sql { alias: &alias, relation, bare: false }.column(name);
            match relation.column(name).map(|c| c.kind) {
                Some(ColumnKind::Text | ColumnKind::PaddedText) => {
                    let text = format!("{column}::text");
                    let bytes = format!("{text} COLLATE \"C\"");
                    if number { format!("{}, {bytes}", as_number(&text)) } else { bytes }
                }
                Some(ColumnKind::Json | ColumnKind::Inet | ColumnKind::Other) => format!("{column}::text"),
                _ => column,
            }
        })
        .collect();
    let mut from = format!("FROM {}", rows.item("r"));
    for (n, join) in chained.joins.iter().enumerate() {
        from.push(' ');
        from.push_str(&join.clause(&alias(n), ("r", &rows.relation)));
    }
    let conditions = rows.conditions("r");
    if !conditions.is_empty() {
        from.push_str(" WHERE ");
        from.push_str(&conditions.join(" AND "));
    }
    format!("SELECT {} {from} ORDER BY {}", items.join(", "), sorted.join(", "))
}

/// The same rows as they lie, where they lie in one table: going through its blocks keeps them in the order in which they
/// were appended, and keeps the server from sharing the work out, which would mix them. Columns that only name rows are NULL:
/// nothing is accused by this look.
pub(super) fn laid(chained: &Chained) -> Option<String> {
    let rows = &chained.rows;
    if rows.relation.kind != RelationKind::Table || !chained.joins.is_empty() {
        return None;
    }
    let items = items(chained, false);
    let all = "r.ctid >= '(0,0)'::tid".to_owned();
    Some(format!("SELECT {} {}", items.join(", "), rows.from("r", &[all])))
}

/// What a statement calls the rows of a join.
fn alias(join: usize) -> String {
    format!("j{join}")
}

/// The cells of a row: its columns as text, those that only name it where that is wanted, and which conditions hold.
fn items(chained: &Chained, named: bool) -> Vec<String> {
    let sql = chained.rows.sql("r");
    let columns = chained.spec.columns.iter().enumerate().map(|(place, column)| {
        if !named && place >= chained.naming {
            return "NULL::text".to_owned();
        }
        let mut joins = chained.joins.iter().enumerate();
        let joined = joins.find_map(|(n, join)| join.item(&alias(n), place)).filter(|_| column.joined);
        joined.unwrap_or_else(|| sql.text(&column.name))
    });
    let holds = |condition| format!("CASE WHEN {} THEN 't' ELSE 'f' END", sql.condition(condition));
    columns.chain(chained.conditions.iter().map(holds)).collect()
}

/// The number a text holds, and NULL where it holds none, as [`crate::chain::verify`] reads it.
fn as_number(text: &str) -> String {
    format!("CASE WHEN {text} ~ '^[+-]?[0-9]{{1,30}}$' THEN {text}::numeric END")
}
