//! Tenants in SQL: whose a row is, and references that lead to somebody else's.

use crate::catalogue::Relation;
use crate::measure::TallySql;
use crate::measure::rows::{RowSet, sorting};
use crate::measure::sql::{Field, equal_fields, ident};

/// The way from a row to its tenant: through parents, to a column.
#[derive(Clone, Debug)]
pub struct TenantPath {
    /// Each step: columns of the row at hand, the parent, and the parent's key.
    pub steps: Vec<(Vec<String>, RowSet, Vec<String>)>,
    /// The column that holds the tenant at the end.
    pub column: String,
}

impl TenantPath {
    /// The joins that walk the path from an alias, and the expression for the tenant at its end.
    fn walk<'a>(&'a self, alias: &str, relation: &'a Relation) -> (String, (String, &'a Relation)) {
        let mut joins = String::new();
        let mut at = alias.to_owned();
        let mut here = relation;
        for (n, (columns, parent, keys)) in self.steps.iter().enumerate() {
            let next = format!("{alias}_t{n}");
            let on: Vec<String> = columns
                .iter()
                .zip(keys)
                .map(|(c, k)| {
                    equal_fields(
                        Field { alias: &next, relation: &parent.relation, column: k },
                        Field { alias: &at, relation: here, column: c },
                    )
                })
                .collect();
            joins.push_str(&format!(" LEFT JOIN {} ON {}", parent.item(&next), on.join(" AND ")));
            at = next;
            here = &parent.relation;
        }
        (joins, (at, here))
    }
}

/// Counts rows that point to no row of their own tenant: to rows of others only, or to none at all. Where the columns
/// pointed to are no key, several rows answer, and one of the own tenant is enough. Two rows of no tenant do not agree.
#[derive(Clone, Debug)]
pub struct Crossing {
    /// The rows that point.
    pub child: RowSet,
    /// Their columns.
    pub columns: Vec<String>,
    /// Whose they are.
    pub child_path: TenantPath,
    /// Where they point.
    pub parent: RowSet,
    /// The columns pointed to, as many.
    pub parent_columns: Vec<String>,
    /// Whose those are.
    pub parent_path: TenantPath,
}

impl Crossing {
    /// Its statements.
    #[must_use]
    pub fn sql(&self) -> TallySql {
        let Self { child, columns, child_path, parent, parent_columns, parent_path } = self;
        let (child_joins, (child_at, child_end)) = child_path.walk("r", &child.relation);
        let (parent_joins, (parent_at, parent_end)) = parent_path.walk("p", &parent.relation);
        let (its, other) = (
            Field { alias: &child_at, relation: child_end, column: &child_path.column },
            Field { alias: &parent_at, relation: parent_end, column: &parent_path.column },
        );
        let [child_tenant, parent_tenant] = [its, other].map(|f| format!("{}.{}", f.alias, ident(f.column)));
        let on: Vec<String> = columns
            .iter()
            .zip(parent_columns)
            .map(|(c, p)| {
                equal_fields(
                    Field { alias: "p", relation: &parent.relation, column: p },
                    Field { alias: "r", relation: &child.relation, column: c },
                )
            })
            .collect();
        let on = on.join(" AND ");
        let mut conditions = child.conditions("r");
        conditions.extend(columns.iter().map(|c| format!("r.{} IS NOT NULL", ident(c))));
        conditions.push(format!(
            "NOT EXISTS (SELECT 1 FROM {}{parent_joins} WHERE {on} AND {})",
            parent.item("p"),
            equal_fields(its, other)
        ));
        let conditions = conditions.join(" AND ");
        let from = format!("FROM {}{child_joins}", child.item("r"));
        let (mut items, mut names) = child.key_items("r");
        for column in columns {
            if !names.contains(column) {
                items.push(child.sql("r").text(column));
                names.push(column.clone());
            }
        }
        items.push(format!("{child_tenant}::text"));
        names.push("its tenant".to_owned());
        let shown: Vec<String> = (1..=items.len()).map(|n| n.to_string()).collect();
        let (shown, sorted) = (shown.join(", "), sorting(&child.relation, &names, &items));
        // One line for a row, however many rows of others it points to.
        items.push(format!("min({parent_tenant}::text COLLATE \"C\")"));
        names.push("tenant pointed to".to_owned());
        TallySql {
            count: format!("SELECT count(*)::text, '0' {from} WHERE {conditions}"),
            show: format!(
                "SELECT {} {from} LEFT JOIN {} ON {on}{parent_joins} WHERE {conditions} GROUP BY {shown} ORDER BY {sorted}",
                items.join(", "),
                parent.item("p"),
            ),
            columns: names,
        }
    }
}
