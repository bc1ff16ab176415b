//! The `search` clauses of a chain.

use super::hashings::Hashed;
use super::recipes::Columns;
use super::{Checker, literals};
use crate::chain::search::MOST_CANDIDATES;
use crate::chain::spec::{Recipe, Search, Sought};
use crate::chain::visit;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::ast::{self, Clause, Name, Path, Signed, Statement};
use crate::value::{Type, Value};

impl Checker<'_> {
    /// All searches of a chain; `None` when one is wrong.
    pub(super) fn searches(
        &mut self,
        children: &[Statement],
        hashed: Option<&Hashed>,
        columns: &mut Columns,
    ) -> Option<Vec<Search>> {
        let mut searches: Vec<Search> = Vec::new();
        let mut wrong = false;
        for statement in children {
            let Clause::Search { column, sought } = &statement.clause else { continue };
            let found = self.search(column, sought, hashed, columns);
            let Some(search) = found else {
                wrong = true;
                continue;
            };
            if searches.iter().any(|other| other.column == search.column) {
                let message = format!("`{}` is searched twice", column.dotted());
                self.error(Code::Duplicate, message, (column.span, "again"), "remove one of the two");
                wrong = true;
            }
            searches.push(search);
            // Columns that keep fewer digits have more candidates, which shows when the table is known.
            let all = searches.iter().try_fold(1u64, |all, search| all.checked_mul(search.candidates(&[])));
            if all.is_none_or(|all| all > MOST_CANDIDATES) {
                let all = all.map_or_else(|| "too many".to_owned(), |all| all.to_string());
                self.sink.push(
                    Diagnostic::error(
                        Code::BadRecipe,
                        format!("the search has {all} candidates for each row"),
                    )
                    .at(statement.span, format!("more than {MOST_CANDIDATES}"))
                    .help("narrow the window or widen the step"),
                );
                wrong = true;
            }
        }
        (!wrong).then_some(searches)
    }

    fn search(
        &mut self,
        column: &Path,
        sought: &ast::Sought,
        hashed: Option<&Hashed>,
        columns: &mut Columns,
    ) -> Option<Search> {
        let index = self.chain_column(column, columns)?;
        let recipes = || hashed.into_iter().flat_map(Hashed::recipes);
        if hashed.is_some() && !recipes().any(|recipe| visit::columns(recipe).contains(&index)) {
            self.error(
                Code::BadRecipe,
                format!("the recipe does not use `{}`, so searching it finds nothing", column.dotted()),
                (column.span, "not in the hash"),
                "name a column that the `hash` of this chain covers",
            );
            return None;
        }
        let sought = match sought {
            ast::Sought::Window { from, to, step } => self.window(from, to, step.as_ref())?,
            ast::Sought::Digits { digits, rounded } => {
                let count = digits.node.parse::<u8>().ok().filter(|count| (1..=9).contains(count));
                let Some(count) = count else {
                    let help =
                        "write how many digits of the second the application hashed, such as `digits 9`";
                    self.error(Code::BadRecipe, "a count from 1 to 9 is needed", (digits.span, "here"), help);
                    return None;
                };
                Sought::Digits { digits: count, rounded: *rounded }
            }
            ast::Sought::Zones => Sought::Zones,
            ast::Sought::Members => Sought::Members,
        };
        let time = |recipe: &Recipe| visit::times(recipe).iter().any(|(at, _)| *at == index);
        if sought != Sought::Members && hashed.is_some() && !recipes().any(time) {
            // Only what the recipe spells as a time can be taken earlier or later.
            let message = format!(
                "the recipe does not spell `{}` as a time, so it cannot be searched",
                column.dotted()
            );
            let help = format!(
                "write `ts({}, js)` in the `hash`, in the format the application used",
                column.dotted()
            );
            self.error(Code::BadRecipe, message, (column.span, "hashed as it stands"), help);
            return None;
        }
        Some(Search { column: index, sought })
    }

    fn window(&mut self, from: &Signed, to: &Signed, step: Option<&Name>) -> Option<Sought> {
        let mut nanos = |signed: &Signed| {
            let text = &signed.text;
            match self.keep(literals::quantity_of(&text.node, signed.negative, Type::Duration, text.span))? {
                Value::Duration(micros) => match micros.checked_mul(1_000) {
                    Some(nanos) => Some(nanos),
                    None => {
                        let help = "a window of years finds anything";
                        self.error(Code::BadRecipe, "this is too far", (text.span, "here"), help);
                        None
                    }
                },
                _ => None,
            }
        };
        let (from_nanos, to_nanos) = (nanos(from)?, nanos(to)?);
        let step_nanos = match step {
            Some(step) => self.duration(step)?.saturating_mul(1_000),
            None => 1_000_000,
        };
        if from_nanos > to_nanos {
            let help = "swap the bounds";
            self.error(
                Code::BadRecipe,
                "the window ends before it begins",
                (from.text.span, "later than the end"),
                help,
            );
            return None;
        }
        Some(Sought::Time { from_nanos, to_nanos, step_nanos })
    }
}
