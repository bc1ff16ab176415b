//! Groups: a comparison that must hold for every value of some columns.

use crate::measure::TallySql;
use crate::measure::rows::{RowSet, sorting};
use crate::measure::sql::{Sql, comparator};
use crate::policy::assertion::Comparison;
use crate::policy::operand::{Aggregate, Function, Operand};

/// Counts groups in which a comparison does not hold.
///
/// A group whose key is NULL in part is a violation unless `or_null`; a group whose sums skipped a NULL, in which
/// `where` is NULL for a row or a value is `NaN` or infinite, or in which the comparison is NULL, cannot be told.
#[derive(Clone, Debug)]
pub struct Groups {
    /// The rows.
    pub rows: RowSet,
    /// Columns whose values make the groups.
    pub keys: Vec<String>,
    /// Whether NULL is a value like any other in the keys.
    pub or_null: bool,
    /// What must hold; operands are made of aggregates over the group and fixed values.
    pub comparisons: Vec<Comparison>,
    /// Whether values that are NULL or no number are told of elsewhere: a group is judged without those that are NULL, and
    /// not at all where a value is no number. What must hold must not hold of such a value.
    pub lenient: bool,
    /// Aggregates shown with a group, by name; empty for those of the comparisons.
    pub shown: Vec<(String, Operand)>,
}

impl Groups {
    /// The aggregates that are shown with a group.
    #[must_use]
    pub fn shown(&self) -> Vec<Operand> {
        if !self.shown.is_empty() {
            return self.shown.iter().map(|(_, operand)| operand.clone()).collect();
        }
        let (sql, mut texts, mut found) = (self.rows.sql("r"), Vec::new(), Vec::new());
        self.aggregates(&mut |operand, _| {
            let text = sql.operand(operand);
            if !texts.contains(&text) {
                texts.push(text);
                found.push(operand.clone());
            }
        });
        found
    }

    fn aggregates(&self, visit: &mut dyn FnMut(&Operand, &Aggregate)) {
        for side in self.comparisons.iter().flat_map(|c| [&c.left, &c.right]) {
            side.walk(&mut |operand| {
                if let Operand::Aggregate(aggregate) = operand {
                    visit(operand, aggregate);
                }
            });
        }
    }

    /// Its statements.
    #[must_use]
    pub fn sql(&self) -> TallySql {
        let sql = self.rows.sql("r");
        let conditions: Vec<String> = self
            .comparisons
            .iter()
            .map(|c| format!("({} {} {})", sql.compared(&c.left), comparator(c.op), sql.compared(&c.right)))
            .collect();
        let mut skipped = Vec::new();
        self.aggregates(&mut |operand, aggregate| match self.lenient {
            false => doubts(&sql, aggregate, &mut skipped),
            true => {
                let argument = aggregate.argument.as_ref().filter(|_| aggregate.function != Function::Count);
                let value = sql.operand(operand);
                skipped.extend(argument.and_then(|argument| sql.no_number(argument, &value)));
            }
        });
        let condition = conditions.join(" AND ");
        let ok = if skipped.is_empty() {
            condition.clone()
        } else {
            skipped.dedup();
            format!("CASE WHEN {} THEN NULL ELSE {condition} END", skipped.join(" OR "))
        };
        let shown: Vec<String> = self.shown().iter().map(|operand| sql.operand(operand)).collect();
        let mut tally = match self.lenient {
            false => self.grouped(
                &sql,
                &ok,
                &format!("({ok}) IS NOT TRUE"),
                Some(&format!("({ok}) IS NULL")),
                &shown,
            ),
            // What is no number satisfies no ledger, so that people can be shown what is shorter.
            true => {
                let doubt = (!skipped.is_empty()).then(|| skipped.join(" OR "));
                self.grouped(&sql, &ok, &format!("({condition}) IS NOT TRUE"), doubt.as_deref(), &shown)
            }
        };
        for (column, (name, _)) in tally.columns.iter_mut().skip(self.keys.len()).zip(&self.shown) {
            column.clone_from(name);
        }
        tally
    }
}

/// What leaves a group undecided.
fn doubts(sql: &Sql<'_>, aggregate: &Aggregate, skipped: &mut Vec<String>) {
    if let Some(filter) = &aggregate.filter {
        skipped.push(format!("count(*) FILTER (WHERE {} IS NULL) > 0", sql.condition(filter)));
    }
    let Some(argument) = &aggregate.argument else { return };
    let filter = aggregate.filter.as_ref().map_or(String::new(), |f| format!(" AND {}", sql.condition(f)));
    let mut doubt = |rows: String| skipped.push(format!("count(*) FILTER (WHERE {rows}{filter}) > 0"));
    if aggregate.function == Function::Sum {
        doubt(format!("{} IS NULL", sql.operand(argument)));
    }
    // The least value of a group hides `NaN`, and the newest hides an instant before all others.
    if aggregate.function != Function::Count
        && let Some(odd) = sql.has_odd(&[argument])
    {
        doubt(format!("({odd})"));
    }
}

impl Groups {
    /// Counts groups that are wrong: in which `ok`, SQL over the alias `r` with aggregates, is not true. Those in doubt, in
    /// which it is NULL, come last.
    fn grouped(
        &self,
        sql: &Sql<'_>,
        ok: &str,
        wrong: &str,
        doubt: Option<&str>,
        shown: &[String],
    ) -> TallySql {
        let Self { rows, keys, or_null, .. } = self;
        let columns: Vec<String> = keys.iter().map(|k| sql.column(k)).collect();
        // A column that the catalogue declares NOT NULL needs no question; a view's columns are all nullable.
        let null_key: Vec<String> = keys
            .iter()
            .zip(&columns)
            .filter(|(key, _)| rows.relation.column(key).is_none_or(|c| c.nullable))
            .map(|(_, column)| format!("{column} IS NULL"))
            .collect();
        let no_key = !*or_null && !null_key.is_empty();
        let null_key = if no_key { format!("({})", null_key.join(" OR ")) } else { "false".to_owned() };
        let wrong = if no_key { format!("{null_key} OR {wrong}") } else { wrong.to_owned() };
        let group = columns.join(", ");
        let from = rows.from("r", &[]);
        let inner = format!("SELECT {null_key} AS no_key, {ok} AS ok {from} GROUP BY {group} HAVING {wrong}");
        let count = format!(
            "SELECT count(*) FILTER (WHERE no_key OR ok IS FALSE)::text, count(*) FILTER (WHERE NOT no_key AND ok IS NULL)::text FROM ({inner}) AS groups"
        );
        let mut items: Vec<String> = keys.iter().map(|k| sql.text(k)).collect();
        let mut names: Vec<String> = keys.clone();
        for (n, expression) in shown.iter().enumerate() {
            items.push(format!("({expression})::text"));
            names.push(label(expression, n));
        }
        // Violations first, since samples are named by their place.
        let doubt = match (doubt, no_key) {
            (None, _) => String::new(),
            (Some(doubt), false) => format!("{doubt}, "),
            (Some(doubt), true) => format!("NOT {null_key} AND ({doubt}), "),
        };
        let show = format!(
            "SELECT {} {from} GROUP BY {group} HAVING {wrong} ORDER BY {doubt}{}",
            items.join(", "),
            sorting(&rows.relation, keys, &items)
        );
        TallySql { count, show, columns: names }
    }
}

/// A short name for a shown expression.
fn label(expression: &str, n: usize) -> String {
    let text: String = expression.replace("r.", "").replace('"', "").chars().take(40).collect();
    if text.is_empty() { format!("value_{}", n + 1) } else { text }
}
