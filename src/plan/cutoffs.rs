//! Which rows are newer than a baseline, so that those who go on writing change nothing.
//!
//! A baseline seals every row of its snapshot and, of the columns that a policy names behind `as of`, the greatest value.
//! So the rows up to that value are exactly what was sealed, if none was changed, removed, or dated back: nothing has to be
//! known when it is taken but the column.

use std::fmt;

use super::builder::Planner;
use crate::baseline::age::Age;
use crate::catalogue::{Catalogue, Column, Relation};
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::policy::Policy;
use crate::policy::assertion::{Assertion, CutOff, Unchanged};

/// Rows that are not sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Those beyond a value of this column.
    pub column: String,
    /// The value.
    pub after: String,
    /// Of the others, those beyond a value of another column; without a value, those that have any.
    pub updates: Option<(String, Option<String>)>,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.column, self.after)?;
        match &self.updates {
            None => Ok(()),
            Some((column, Some(after))) => write!(f, ", updates {column} {after}"),
            Some((column, None)) => write!(f, ", updates {column}"),
        }
    }
}

/// By what rows are told to be newer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutBy {
    /// The column.
    pub column: String,
    /// Where the cut is; `None` where no row of the baseline has a value, so that nothing tells what is newer.
    pub cut: Option<Cut>,
}

/// The one of some columns that is a relation's: one that is named with it, else the first that it has.
fn of<'c>(list: &'c [CutOff], relation: &Relation) -> Option<&'c CutOff> {
    let named = list.iter().find(|c| c.relation.as_ref() == Some(&relation.name));
    named.or_else(|| list.iter().find(|c| c.relation.is_none() && relation.column(&c.column).is_some()))
}

/// Whether its values tell how old a row is, on a server and in an archive alike.
fn tells(column: &Column) -> bool {
    Age::of(column.kind).is_some() && !column.computed && !column.generated
}

/// Columns of a relation whose greatest value belongs into a baseline.
pub(super) fn columns(policy: &Policy, relation: &Relation) -> Vec<String> {
    let mut names = Vec::new();
    for check in &policy.checks {
        let Assertion::Unchanged(unchanged) = &check.assertion else { continue };
        for cut in [&unchanged.as_of, &unchanged.updates].into_iter().filter_map(|list| of(list, relation)) {
            if relation.column(&cut.column).is_some_and(tells) {
                names.push(cut.column.clone());
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

impl Planner<'_> {
    /// What tells which rows of a relation are newer; `None` where no column of a cut-off is its own.
    ///
    /// # Errors
    ///
    /// Why that cannot be told.
    pub(super) fn cut(
        &self,
        unchanged: &Unchanged,
        relation: &Relation,
        sealed: &Catalogue,
    ) -> Result<Option<CutBy>, String> {
        let Some((column, after)) = greatest(&unchanged.as_of, relation, sealed, &unchanged.since)? else {
            return Ok(None);
        };
        let updates = greatest(&unchanged.updates, relation, sealed, &unchanged.since)?;
        if updates.is_some() && relation.primary_key.is_empty() {
            return Err("it has no primary key, so a row that was changed since cannot be told from another"
                .to_owned());
        }
        let cut = after.map(|after| Cut { column: column.clone(), after, updates });
        Ok(Some(CutBy { column, cut }))
    }

    /// A column that the one table of a check does not have.
    pub(super) fn cut_missing(unchanged: &Unchanged, relation: &Relation) -> Vec<Diagnostic> {
        let lists = [&unchanged.as_of, &unchanged.updates];
        let missing = lists.into_iter().filter(|list| of(list, relation).is_none()).filter_map(|l| l.first());
        missing.filter_map(|cut| super::bind::column(relation, &cut.column, cut.span).err()).collect()
    }

    /// A column that no table has separates nothing, and may be misspelt.
    pub(super) fn cut_columns(&mut self, unchanged: &Unchanged, catalogue: &Catalogue, source: &str) {
        for cut in unchanged.as_of.iter().chain(&unchanged.updates) {
            let wrong = match &cut.relation {
                Some(name) => match super::bind::relation(catalogue, name, source) {
                    Err(why) => {
                        Some(Diagnostic::error(Code::NoRelation, why).at(cut.span, "not in the catalogue"))
                    }
                    Ok(relation) => super::bind::column(relation, &cut.column, cut.span).err(),
                },
                None => {
                    let stored = || catalogue.relations.iter().filter(|r| r.kind.stores());
                    let names: Vec<&str> =
                        stored().flat_map(|r| &r.columns).map(|c| c.name.as_str()).collect();
                    let message = format!("no table of source `{source}` has a column `{}`", cut.column);
                    let wrong =
                        Diagnostic::error(Code::NoColumn, message).at(cut.span, "not in the catalogue");
                    (!names.contains(&cut.column.as_str())).then(|| {
                        match suggest::nearest(&cut.column, &names) {
                            Some(near) => wrong.help(format!("did you mean `{near}`?")),
                            None => wrong.help("name a column that says when a row was made"),
                        }
                    })
                }
            };
            if let Some(wrong) = wrong {
                self.wrong(vec![wrong]);
            }
        }
    }
}

/// A column, and its greatest value in a baseline.
type Greatest = (String, Option<String>);

fn greatest(
    list: &[CutOff],
    relation: &Relation,
    sealed: &Catalogue,
    since: &str,
) -> Result<Option<Greatest>, String> {
    let Some(cut) = of(list, relation) else { return Ok(None) };
    let name = &cut.column;
    // One that is named with its table and is not there is a mistake, and said as one.
    let Some(column) = relation.column(name) else { return Err(format!("it has no column `{name}`")) };
    if Age::of(column.kind).is_none() {
        return Err(format!(
            "`{name}` is of type {}: only times, dates and whole numbers tell how old a row is",
            column.type_name
        ));
    }
    if !tells(column) {
        return Err(format!("`{name}` is computed from other columns, so it does not tell how old a row is"));
    }
    let known = sealed.greatest.get(&relation.name.to_string()).and_then(|columns| columns.get(name));
    match known {
        Some(value) => Ok(Some((name.clone(), value.clone()))),
        // Its rows were not sealed at all, and the baseline says why.
        None if sealed.relation(&relation.name).is_some_and(|r| r.estimated_rows < 0) => {
            Ok(Some((name.clone(), None)))
        }
        None => Err(format!(
            "`{since}` does not say up to which `{name}` its rows were sealed: record one under a policy that says `as of {name}`"
        )),
    }
}
