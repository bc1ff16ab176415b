//! Comparisons that must hold in every group.

use super::bind;
use super::builder::Planner;
use crate::measure::groups::Groups;
use crate::policy::Check;
use crate::policy::assertion::{Comparison, Per};

impl<'a> Planner<'a> {
    pub(super) fn groups(&mut self, check: &'a Check, list: &[Comparison], per: &Per) {
        let Some(list) = self.resolved(self.resolver.comparisons(list)) else { return };
        for (source, _, rows, named) in self.rows_of_on(check) {
            let mut wrong = Vec::new();
            let keys = match bind::columns(&rows.relation, &per.columns) {
                Ok(keys) => keys,
                Err(missing) => {
                    wrong.extend(missing);
                    Vec::new()
                }
            };
            for comparison in &list {
                let left = bind::operand(&comparison.left, &rows.relation, &mut wrong);
                let right = bind::operand(&comparison.right, &rows.relation, &mut wrong);
                if let (Some(left), Some(right)) = (left, right) {
                    bind::compare(left, right, comparison.span, &mut wrong);
                }
            }
            if !wrong.is_empty() {
                self.wrong(wrong);
                continue;
            }
            self.examined(&source, &rows, named);
            let groups = Groups {
                rows,
                keys,
                or_null: per.or_null,
                comparisons: list.clone(),
                lenient: false,
                shown: Vec::new(),
            };
            let message = format!("the group does not satisfy `{}`", check.written);
            self.grouped(&source, groups, per.exact, ("group", &message));
        }
    }
}
