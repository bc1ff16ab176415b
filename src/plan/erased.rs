//! Who must not be found again, and the rows that they are looked for in.

use super::bind;
use super::builder::Planner;
use super::{Proof, Work};
use crate::catalogue::{Catalogue, Relation};
use crate::diagnostic::{Code, Diagnostic};
use crate::erasure::Form;
use crate::measure::fold::Fold;
use crate::measure::rows::{RowSet, sorting};
use crate::measure::sql::ident;
use crate::policy::assertion::{self, Absent, ColumnSet};
use crate::policy::operand::{Aggregate, Function, Operand, Over};
use crate::policy::{Check, RelationName};
use crate::source_text::Span;

/// Rows in which subjects of a list are looked for.
#[derive(Clone, Debug)]
pub struct Erased {
    /// The rows.
    pub rows: RowSet,
    /// The column that says whose a row is.
    pub column: String,
    /// How its values are compared.
    pub form: Form,
    /// Key of the list.
    pub list: String,
    /// What the list is called, for people.
    pub called: String,
}

/// A list to be read, before all else, since every other reading needs it whole.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Where it is.
    pub listed: Listed,
    /// What it is called, for people.
    pub called: String,
}

/// Where subjects are named.
#[derive(Clone, Debug)]
pub enum Listed {
    /// In a file, a line each.
    Lines,
    /// In a column.
    Column {
        /// The rows that count.
        rows: Box<RowSet>,
        /// The column.
        column: String,
    },
    /// By the one column that a query answers.
    Query {
        /// The statement.
        sql: String,
        /// Text parameters.
        arguments: Vec<String>,
    },
}

/// The last column of samples: which entry of the list a row belongs to.
pub const SUBJECT: &str = "erased";

impl Listing {
    /// What is read, for people.
    #[must_use]
    pub fn about(&self) -> String {
        format!("the subjects that {} names, kept as digests while the run lasts", self.called)
    }

    /// The statement that a server is asked; empty for a file.
    #[must_use]
    pub fn sql(&self) -> String {
        match &self.listed {
            Listed::Lines => String::new(),
            Listed::Column { rows, column } => {
                format!("SELECT {} {}", rows.sql("r").text(column), rows.from("r", &[]))
            }
            Listed::Query { sql, .. } => sql.clone(),
        }
    }
}

impl Erased {
    /// What is looked at, for people.
    #[must_use]
    pub fn about(&self) -> String {
        format!(
            "each `{}` looked for in {}; by their values where these are few, else row by row",
            self.column, self.called
        )
    }

    /// The columns that name a row. Without a primary key there are none: others might hold what was to be erased.
    #[must_use]
    pub fn named(&self) -> &[String] {
        &self.rows.relation.primary_key
    }

    fn items(&self) -> Vec<String> {
        self.named().iter().chain([&self.column]).map(|name| self.rows.sql("r").text(name)).collect()
    }

    /// The statement for all rows with what they are compared by: the columns that name a row, and whose it is.
    #[must_use]
    pub fn rows_sql(&self) -> String {
        format!("SELECT {} {}", self.items().join(", "), self.rows.from("r", &[self.present()]))
    }

    /// The statement that counts the rows of subjects that are given as `$1`, an array in its text form; `None` where the
    /// server's type of the column is not known by name.
    #[must_use]
    pub fn count_sql(&self) -> Option<String> {
        Some(format!("SELECT count(*)::text {}", self.rows.from("r", &[self.among()?])))
    }

    /// The statement that shows these rows, with what they are compared by.
    #[must_use]
    pub fn show_sql(&self, samples: u64) -> Option<String> {
        let items = self.items();
        Some(format!(
            "SELECT {} {} ORDER BY {} LIMIT {samples}",
            items.join(", "),
            self.rows.from("r", &[self.among()?]),
            sorting(&self.rows.relation, self.named(), &items)
        ))
    }

    fn present(&self) -> String {
        format!("r.{} IS NOT NULL", ident(&self.column))
    }

    fn among(&self) -> Option<String> {
        // Nothing would say in which order rows without a key are shown.
        if self.named().is_empty() {
            return None;
        }
        let column = self.rows.relation.column(&self.column)?;
        let ty = match self.form {
            Form::Text if column.type_name == "\"char\"" => return None,
            Form::Text => "text",
            Form::Padded => "bpchar",
            Form::Uuid => "uuid",
            Form::Whole(..) if column.type_name == "oid" => "oid",
            Form::Whole(..) => "bigint",
            Form::Numeric => "numeric",
            // Its operator is no part of the system, and folds by other rules than those here.
            Form::Folded => return None,
        };
        Some(format!(
            "r.{} IN (SELECT e.subject::{ty} FROM unnest(($1::text)::text[]) AS e (subject))",
            ident(&self.column)
        ))
    }
}

impl<'a> Planner<'a> {
    /// Nobody of a list is found.
    pub(super) fn absent(&mut self, check: &'a Check, absent: &'a Absent) {
        let Some((list, called, allowed)) = self.listing(check, &absent.listing) else { return };
        self.must(called.clone(), Proof::Listed { key: list.clone(), allowed });
        for set in &absent.columns {
            let Some((source, catalogue)) = self.source(check) else { return };
            let Some((name, span)) = set.columns.first() else { return };
            let rows = match &set.relation {
                None => self.rows_of_on(check).into_iter().map(|(_, _, rows, named)| (rows, named)).collect(),
                Some(relation) => self.named_rows(catalogue, &source, relation, *span),
            };
            for (rows, named) in rows {
                self.absent_in(check, &source, (rows, named), (set, name), (&list, &called));
            }
        }
    }

    fn named_rows(
        &mut self,
        catalogue: &'a Catalogue,
        source: &str,
        name: &RelationName,
        span: Span,
    ) -> Vec<(RowSet, bool)> {
        let relation = self.relation(catalogue, source, name, Some(span));
        relation.map(|relation| (self.rows(catalogue, relation), true)).into_iter().collect()
    }

    fn absent_in(
        &mut self,
        check: &Check,
        source: &str,
        (rows, named): (RowSet, bool),
        (set, column): (&ColumnSet, &str),
        (list, called): (&str, &str),
    ) {
        let names = match bind::columns(&rows.relation, &set.columns) {
            Ok(names) => names,
            Err(wrong) => return self.wrong(wrong),
        };
        let Some(found) = names.first().and_then(|name| rows.relation.column(name)) else { return };
        let form = match Form::of(found) {
            Ok(form) => form,
            Err(why) => {
                let message = format!("`{}.{column}` {why}", rows.name());
                let help = "name a column that holds what the list names: text, `uuid`, `citext`, a whole number or `numeric`";
                return self.wrong(vec![
                    Diagnostic::error(Code::ColumnType, message)
                        .at(set.span, "cannot be looked in")
                        .help(help),
                ]);
            }
        };
        let subject = rows.name().to_string();
        let count = self.fold(source, &rows, &Fold::Count);
        let values = self.fold(source, &rows, &values(&rows.relation, column));
        let erased = Erased {
            rows,
            column: column.to_owned(),
            form,
            list: list.to_owned(),
            called: called.to_owned(),
        };
        let key = format!("{source}: {} not in {list}", erased.rows_sql());
        let samples = self.options.samples;
        let key = self.other(source, subject.clone(), key, |key| Work::Erased {
            key,
            erased: Box::new(erased),
            samples,
        });
        self.must(
            subject,
            Proof::Absent {
                list: list.to_owned(),
                key,
                rows: count,
                values,
                column: column.to_owned(),
                named,
                allowed: check.allow_empty,
            },
        );
    }

    /// The key of a list, what it is called, and whether it may name nobody.
    fn listing(&mut self, check: &Check, listing: &'a assertion::Listing) -> Option<(String, String, bool)> {
        let source = match listing.source() {
            Some(source) => source.to_owned(),
            None => check.source.clone()?,
        };
        let catalogue = self.catalogue(&source)?;
        let (relation, listed, called, allowed) = match listing {
            assertion::Listing::File(source, allowed) => {
                (String::new(), Listed::Lines, format!("list `{source}`"), *allowed)
            }
            assertion::Listing::Column { relation, column, filter, .. } => {
                let found = self.relation(catalogue, &source, relation, Some(column.1))?;
                let filter = self.resolved(self.resolver.filter(filter.as_deref()))?;
                let mut wrong: Vec<Diagnostic> =
                    bind::column(found, &column.0, column.1).err().into_iter().collect();
                if let Some(filter) = &filter {
                    bind::condition(filter, found, &mut wrong);
                }
                if !wrong.is_empty() {
                    self.wrong(wrong);
                    return None;
                }
                // Who was erased does not depend on whose rows a run looks at.
                let rows = self.narrow(&source, RowSet::all(found), filter.as_ref());
                let called = format!("`{source}: {relation}.{}`", column.0);
                let listed = Listed::Column { rows: Box::new(rows), column: column.0.clone() };
                (relation.to_string(), listed, called, check.allow_empty)
            }
            assertion::Listing::Sql(_, sql) => {
                let arguments = self.usable(catalogue, sql)?;
                let called = format!("the query of `{source}`");
                let listed = Listed::Query { sql: sql.text.clone(), arguments };
                (String::new(), listed, called, check.allow_empty)
            }
        };
        let listing = Listing { listed, called: called.clone() };
        let arguments = match &listing.listed {
            Listed::Query { arguments, .. } => arguments.join(","),
            _ => String::new(),
        };
        let key = format!("{source}: list {} {arguments}", listing.sql());
        let key = self.other(&source, relation, key, |key| Work::List { key, listing: Box::new(listing) });
        Some((key, called, allowed))
    }
}

/// How many rows have a value.
fn values(relation: &Relation, column: &str) -> Fold {
    Fold::Aggregate(Aggregate {
        function: Function::Count,
        argument: Some(Operand::Column { name: column.to_owned(), span: Span::NOWHERE }),
        over: Over::Relation(relation.name.clone()),
        filter: None,
        span: Span::NOWHERE,
    })
}
