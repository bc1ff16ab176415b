//! The rows of an archive.

use std::ops::ControlFlow;

use super::failure;
use crate::facts::Failure;
use crate::failure::FailureKind;
use crate::policy::RelationName;
use crate::probe::dump::{Archive, RowRef};
use crate::stream::{Filler, Part, Rows};

/// The rows of an archive.
pub(super) struct Held<'a> {
    archive: &'a Archive,
    /// Whether its text is compared as a server would, byte by byte with a policy's: in UTF-8, or as bytes of no encoding.
    utf8: bool,
}

impl<'a> Held<'a> {
    pub(super) fn new(archive: &'a Archive) -> Self {
        let encoding = archive.header().encoding.as_deref().unwrap_or_default();
        let utf8 = ["UTF8", "SQL_ASCII"].iter().any(|name| encoding.eq_ignore_ascii_case(name));
        Self { archive, utf8 }
    }
}

/// The first of these columns whose cell has a character beyond ASCII.
fn foreign<'r>(row: &RowRef<'r>, places: impl IntoIterator<Item = &'r usize>) -> Option<String> {
    let beyond = |place: &&usize| row.cell(**place).is_some_and(|cell| !cell.raw().is_ascii());
    places.into_iter().find(beyond).and_then(|place| row.columns().get(*place).cloned())
}

impl Rows for Held<'_> {
    fn read(
        &self,
        relation: &RelationName,
        _whole: Part,
        columns: &[String],
        to: &mut Filler<'_>,
    ) -> Result<(), Failure> {
        let mut places: Option<Vec<usize>> = None;
        let mut lacking = None;
        let mut unread = None;
        let read = self.archive.rows(relation, &mut |row| {
            if places.is_none() {
                let found: Result<Vec<usize>, &String> = columns
                    .iter()
                    .map(|name| row.columns().iter().position(|c| c == name).ok_or(name))
                    .collect();
                match found {
                    Ok(found) => places = Some(found),
                    Err(name) => {
                        lacking = Some(name.clone());
                        return ControlFlow::Break(());
                    }
                }
            }
            if !self.utf8 {
                unread = foreign(row, places.iter().flatten());
                if unread.is_some() {
                    return ControlFlow::Break(());
                }
            }
            let escaped = row.is_escaped();
            for cell in places.iter().flatten().map(|place| row.cell(*place)) {
                match cell {
                    Some(cell) if !escaped => to.cell(cell.raw()),
                    Some(cell) if !cell.is_null() => to.written(|bytes| cell.decode_onto(bytes)),
                    _ => to.null(),
                }
            }
            to.end_row()
        });
        if let Some(name) = lacking {
            return Err(Failure {
                kind: FailureKind::MissingObject,
                message: format!(
                    "the archive holds no values of column `{name}` of {relation}: a server generates them"
                ),
            });
        }
        if let Some(name) = unread {
            let encoding = self.archive.header().encoding.as_deref().unwrap_or("it does not name");
            return Err(Failure {
                kind: FailureKind::Other,
                message: format!(
                    "`{relation}.{name}` holds text beyond ASCII in encoding {encoding}, and archives are read in UTF8 \
                     only; dump again with `pg_dump --encoding=UTF8`"
                ),
            });
        }
        read.map(|_| ()).map_err(|e| failure(&e))
    }

    fn weight(&self, relation: &RelationName) -> u64 {
        self.archive.weight(relation)
    }
}
