//! Keys: rows without a parent, and rows that share a key.

use crate::measure::TallySql;
use crate::measure::rows::{RowSet, sorting};
use crate::measure::sql::{Field, equal_fields, ident};

/// Counts child rows whose key, none of it NULL, is no key of the parent.
#[derive(Clone, Debug)]
pub struct Orphans {
    /// The rows that point.
    pub child: RowSet,
    /// Their columns.
    pub columns: Vec<String>,
    /// Where they point.
    pub parent: RowSet,
    /// The columns pointed to, as many.
    pub parent_columns: Vec<String>,
}

impl Orphans {
    /// Its statements.
    #[must_use]
    pub fn sql(&self) -> TallySql {
        let Self { child, columns, parent, parent_columns } = self;
        let on: Vec<String> = columns
            .iter()
            .zip(parent_columns)
            .map(|(c, p)| {
                equal_fields(
                    Field { alias: "p", relation: &parent.relation, column: p },
                    Field { alias: "r", relation: &child.relation, column: c },
                )
            })
            .chain(parent.conditions("p"))
            .collect();
        let missing = format!("NOT EXISTS (SELECT 1 FROM {} WHERE {})", parent.item("p"), on.join(" AND "));
        let present: Vec<String> = columns.iter().map(|c| format!("r.{} IS NOT NULL", ident(c))).collect();
        // NOT EXISTS is true for a NULL key too.
        let conditions = [present, vec![missing]].concat();
        let from = child.from("r", &conditions);
        let (mut items, mut names) = child.key_items("r");
        for column in columns {
            if !names.contains(column) {
                items.push(child.sql("r").text(column));
                names.push(column.clone());
            }
        }
        TallySql {
            count: format!("SELECT count(*)::text, '0' {from}"),
            show: format!(
                "SELECT {} {from} ORDER BY {}",
                items.join(", "),
                sorting(&child.relation, &names, &items)
            ),
            columns: names,
        }
    }
}

/// Counts key values that more than one row has. Rows with a NULL in the key are left out here and counted
/// by a fold.
#[derive(Clone, Debug)]
pub struct Duplicates {
    /// The rows.
    pub rows: RowSet,
    /// The columns that must be unique together.
    pub columns: Vec<String>,
}

impl Duplicates {
    /// Its statements.
    #[must_use]
    pub fn sql(&self) -> TallySql {
        let Self { rows, columns } = self;
        let sql = rows.sql("r");
        let keys: Vec<String> = columns.iter().map(|c| sql.column(c)).collect();
        let present: Vec<String> = keys.iter().map(|k| format!("{k} IS NOT NULL")).collect();
        let from = rows.from("r", &present);
        let group = keys.join(", ");
        let items: Vec<String> =
            columns.iter().map(|c| sql.text(c)).chain(["count(*)::text".to_owned()]).collect();
        TallySql {
            count: format!(
                "SELECT count(*)::text, '0' FROM (SELECT 1 {from} GROUP BY {group} HAVING count(*) > 1) AS groups"
            ),
            show: format!(
                "SELECT {} {from} GROUP BY {group} HAVING count(*) > 1 ORDER BY {}",
                items.join(", "),
                sorting(&rows.relation, columns, &items)
            ),
            columns: columns.iter().cloned().chain(["rows".to_owned()]).collect(),
        }
    }
}
