//! Rows of other relations that belong to the rows of a chain, bound to their columns.

use super::bind;
use super::builder::Planner;
use crate::catalogue::{Catalogue, ColumnKind, Relation};
use crate::chain::spec::{ChainColumn, Members};
use crate::diagnostic::{Code, Diagnostic};
use crate::measure::rows::RowSet;
use crate::measure::sql::{Field, equal_fields, ident};
use crate::policy::chain::{Chain, Join};

/// Rows that belong to the rows of a chain.
#[derive(Clone, Debug)]
pub struct Joined {
    /// Where they are.
    pub rows: RowSet,
    /// The chain's columns that point to them.
    pub by: Vec<String>,
    /// Their columns that these point to, as many.
    pub to: Vec<String>,
    /// Their columns that are read: the places among the chain's columns, and their names.
    pub columns: Vec<(usize, String)>,
    /// The place of the cell that holds several rows; `None` where there is one row at most.
    pub cell: Option<usize>,
}

impl Joined {
    /// The relation that a place belongs to, and the column's name.
    fn column(&self, place: usize) -> Option<(&Relation, &str)> {
        let (_, name) = self.columns.iter().find(|(at, _)| *at == place)?;
        Some((&self.rows.relation, name))
    }

    /// The select-list item of a place that is one of its own.
    pub(super) fn item(&self, alias: &str, place: usize) -> Option<String> {
        if self.cell == Some(place) {
            return Some(format!("{alias}.held"));
        }
        let (_, name) = self.columns.iter().find(|(at, _)| *at == place)?;
        Some(match self.cell {
            // Only where one of the rows is looked at has it a value.
            Some(_) => "NULL::text".to_owned(),
            None => self.rows.sql(alias).text(name),
        })
    }

    /// `LEFT JOIN ... ON ...`: the row pointed to, or several in one cell as [`crate::chain::rows_cell`] reads them.
    pub(super) fn clause(&self, alias: &str, own: (&str, &Relation)) -> String {
        let relation = &self.rows.relation;
        let on: Vec<String> = self
            .by
            .iter()
            .zip(&self.to)
            .map(|(by, to)| {
                let joined = Field { alias, relation, column: to };
                equal_fields(joined, Field { alias: own.0, relation: own.1, column: by })
            })
            .collect();
        let on = on.join(" AND ");
        if self.cell.is_none() {
            return format!("LEFT JOIN {} ON {on}", self.rows.item(alias));
        }
        let inner = format!("{alias}_m");
        let sql = self.rows.sql(&inner);
        let texts: Vec<String> = self.columns.iter().map(|(_, name)| sql.text(name)).collect();
        let keys: Vec<String> = self.to.iter().map(|to| format!("{inner}.{}", ident(to))).collect();
        format!(
            "LEFT JOIN (SELECT {keys}, pg_catalog.json_agg(pg_catalog.json_build_array({texts}))::text AS held FROM {item} \
             GROUP BY {keys}) AS {alias} ON {on}",
            keys = keys.join(", "),
            texts = texts.join(", "),
            item = self.rows.item(&inner),
        )
    }
}

/// The relation and the name of the column at a place, joined or the chain's own.
pub(super) fn column_at<'a>(
    chain: &'a Chain,
    relation: &'a Relation,
    joins: &'a [Joined],
    place: usize,
) -> Option<(&'a Relation, &'a str)> {
    if chain.join_of(place).is_some() {
        return joins.iter().find_map(|join| join.column(place));
    }
    chain.columns.get(place).map(|(name, _)| (relation, name.as_str()))
}

/// The chain's column at a place that is a join's: a cell of rows, or a column of a row that may not be there.
pub(super) fn chain_column(chain: &Chain, joins: &[Joined], place: usize, digits: u8) -> Option<ChainColumn> {
    let (name, _) = chain.columns.get(place)?;
    let several = chain.join_of(place)?.several.as_ref().filter(|several| several.cell == place);
    if let Some(several) = several {
        let join = joins.iter().find(|join| join.cell == Some(place))?;
        let columns = join.columns.iter().map(|(at, _)| *at).collect();
        let rows = Some(Members { columns, order: several.order.clone() });
        return Some(ChainColumn {
            joined: true,
            rows,
            ..ChainColumn::own(name, crate::chain::spec::CellKind::Rows)
        });
    }
    let join = joins.iter().find(|join| join.column(place).is_some())?;
    let (relation, column) = join.column(place)?;
    let kind = relation.column(column)?.kind.cell();
    // Deleting the row that is pointed to takes its values away.
    let cleared = join.cell.is_none();
    Some(ChainColumn { cleared, digits: Some(digits), joined: true, ..ChainColumn::own(name, kind) })
}

impl<'a> Planner<'a> {
    /// The joins of a chain; `None` when one is wrong, which is then said.
    pub(super) fn joins(
        &mut self,
        catalogue: &'a Catalogue,
        source: &str,
        chain: &Chain,
        relation: &Relation,
    ) -> Option<Vec<Joined>> {
        let mut joins = Vec::new();
        let mut wrong = Vec::new();
        for join in &chain.joins {
            let target = self.relation(catalogue, source, &join.relation, Some(join.span))?.clone();
            let by = bind::columns(relation, &join.by);
            let to = bind::columns(&target, &join.to);
            for (place, name) in &join.columns {
                let span = chain.columns.get(*place).map_or(join.span, |(_, span)| *span);
                wrong.extend(bind::column(&target, name, span).err());
            }
            let (by, to) = match (by, to) {
                (Ok(by), Ok(to)) => (by, to),
                (by, to) => {
                    wrong.extend(by.err().into_iter().chain(to.err()).flatten());
                    continue;
                }
            };
            for (by, (to, span)) in by.iter().zip(&join.to) {
                wrong.extend(bind::joinable((relation, by), (&target, to), *span).err());
            }
            match &join.several {
                None if !is_key(catalogue, &target, &to) => wrong.push(no_key(join, &target)),
                None => {}
                Some(several) => {
                    let keys = join.columns.iter().filter(|(at, _)| several.order.contains(at));
                    wrong.extend(keys.filter_map(|(_, name)| no_order(join, &target, name)));
                }
            }
            let cell = join.several.as_ref().map(|several| several.cell);
            let columns = join.columns.clone();
            joins.push(Joined { rows: RowSet::all(&target), by, to, columns, cell });
        }
        if wrong.is_empty() {
            return Some(joins);
        }
        self.wrong(wrong);
        None
    }
}

/// Whether the catalogue says that a key is one row's: its primary key, or what a foreign key points to.
fn is_key(catalogue: &Catalogue, relation: &Relation, columns: &[String]) -> bool {
    let same = |key: &[String]| key.len() == columns.len() && key.iter().all(|c| columns.contains(c));
    same(&relation.primary_key)
        || catalogue.foreign_keys.iter().any(|key| key.parent == relation.name && same(&key.parent_columns))
}

fn no_key(join: &Join, target: &Relation) -> Diagnostic {
    let to: Vec<&str> = join.to.iter().map(|(name, _)| name.as_str()).collect();
    let help = match target.primary_key.as_slice() {
        [] => "write `join each` where several rows may belong to one".to_owned(),
        key => format!(
            "join by its primary key (`to {}`), or write `join each` where several rows may belong to one",
            key.join(", ")
        ),
    };
    Diagnostic::error(
        Code::BadRecipe,
        format!("nothing says that `{}` names one row of `{}` at most", to.join(", "), target.name),
    )
    .at(join.span, "its primary key, or what a foreign key points to, is needed")
    .help(help)
}

fn no_order(join: &Join, target: &Relation, name: &str) -> Option<Diagnostic> {
    let column = target.column(name)?;
    let ordered = matches!(
        column.kind,
        ColumnKind::Integer
            | ColumnKind::Text
            | ColumnKind::Enum
            | ColumnKind::Uuid
            | ColumnKind::Date
            | ColumnKind::Timestamp
            | ColumnKind::TimestampTz
    );
    (!ordered).then(|| {
        Diagnostic::error(
            Code::ColumnType,
            format!("rows cannot be put in order by `{name}`, which is {}", column.type_name),
        )
        .at(join.span, "an integer, a time, text or a uuid is needed")
        .help("order by the column that the application sorted by")
    })
}
