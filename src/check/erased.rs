//! `TABLE.column, ... not in LIST`: people who must not be found again.

use super::Checker;
use super::operands::{Rows, Scope};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::assertion::{Absent, Assertion, ColumnSet, Listing};
use crate::policy::{On, RelationName, SourceKind};
use crate::source_text::{Span, Spanned};
use crate::syntax::ast::{self, Path, Reference};

impl Checker<'_> {
    /// Columns that hold nobody of a list.
    pub(super) fn absent(
        &mut self,
        columns: &[Reference],
        listing: &ast::Listing,
        on: &Option<On>,
    ) -> Option<Assertion> {
        let sets: Vec<Option<ColumnSet>> = columns
            .iter()
            .map(|reference| self.column_set(std::slice::from_ref(reference), on.is_some()))
            .collect();
        let listing = self.listing(listing);
        let columns: Vec<ColumnSet> = sets.into_iter().collect::<Option<_>>()?;
        let listing = listing?;
        for (at, set) in columns.iter().enumerate() {
            if columns.iter().take(at).any(|other| same(set, other)) {
                let message = "this column stands twice";
                self.error(Code::Duplicate, message, (set.span, "again here"), "remove one of them");
                return None;
            }
        }
        // A bare column is one of `on`, and a column with its table is looked at whatever `on` says.
        if on.is_some() && columns.iter().any(|set| set.relation.is_some()) {
            let help = "write the column alone, as one of each table of `on`, or leave out the `on`";
            let span = columns.iter().find(|set| set.relation.is_some())?.span;
            let message = "this column has a table of its own beside those of `on`";
            self.error(Code::BadAssertion, message, (span, "names its table"), help);
            return None;
        }
        Some(Assertion::Absent(Absent { columns, listing }))
    }

    fn listing(&mut self, listing: &ast::Listing) -> Option<Listing> {
        match listing {
            ast::Listing::Sql(source, text) => {
                let source = match source {
                    Some(name) => Some(self.source_of_tables(name)?),
                    None => None,
                };
                Some(Listing::Sql(source, Box::new(self.caged(text)?)))
            }
            ast::Listing::Named(reference, filter) => {
                let path = self.reference_path(reference)?;
                if let Some(single) = path.single() {
                    if filter.is_some() {
                        let help = "leave it out; each line of a list counts";
                        let message = "`where` is for rows, and a list has none";
                        self.error(Code::BadAssertion, message, (path.span, "a list"), help);
                        return None;
                    }
                    let name = self.source_of(single, SourceKind::List)?;
                    let empty = self.sources.iter().find(|s| s.name == name)?.options.empty;
                    return Some(Listing::File(name, empty));
                }
                let (source, relation, column) = self.listing_column(&path)?;
                let mut scope = Scope { rows: Rows::Relation(relation.clone()), aggregates: false };
                let filter = self.filter(filter.as_deref(), &mut scope)?.map(Box::new);
                Some(Listing::Column { source, relation, column: (column.node, column.span), filter })
            }
        }
    }

    /// `[SOURCE.][schema.]table.column`.
    fn listing_column(&mut self, path: &Path) -> Option<(Option<String>, RelationName, Spanned<String>)> {
        let first = path.parts.first()?;
        if self.source_kind(&first.node).is_none() {
            let (relation, column) = self.qualified(path)?;
            return Some((None, relation, column));
        }
        let source = self.source_of_tables(first)?;
        let rest = Path { parts: path.parts.get(1..).unwrap_or_default().to_vec(), span: path.span };
        if rest.parts.len() < 2 {
            let help = format!("write `{source}.table.column`");
            let message = "which column of which table names them?";
            self.error(Code::Malformed, message, (path.span, "a table and a column are needed"), help);
            return None;
        }
        let (relation, column) = self.qualified(&rest)?;
        Some((Some(source), relation, column))
    }

    /// A declared source that holds tables.
    fn source_of_tables(&mut self, name: &Spanned<String>) -> Option<String> {
        let with_tables = |kind: SourceKind| kind.describe().relations;
        match self.source_kind(&name.node) {
            Some((source, kind)) if with_tables(kind) => {
                self.used.insert(format!("source {source}"));
                Some(source)
            }
            Some((source, kind)) => {
                let message = format!("`{source}` is of kind `{}`, which holds no tables", kind.word());
                let help = match kind {
                    SourceKind::List => format!("write `not in {source}`; a list has no columns"),
                    _ => "name a server or an archive".to_owned(),
                };
                self.error(Code::BadAssertion, message, (name.span, "has no columns"), help);
                None
            }
            None => {
                let legal: Vec<String> =
                    self.sources.iter().filter(|s| with_tables(s.kind)).map(|s| s.name.clone()).collect();
                let message = format!("no source `{}` is declared", name.node);
                self.sink.push(
                    Diagnostic::error(Code::UnknownName, message)
                        .at(name.span, "not declared")
                        .did_you_mean(&name.node, legal.iter().map(String::as_str)),
                );
                None
            }
        }
    }

    /// A column that lists what it must not hold can hold nothing.
    pub(super) fn absent_from_itself(
        &mut self,
        source: Option<&str>,
        checked: Option<&Assertion>,
        written: Span,
    ) {
        if let Some(Assertion::Absent(absent)) = checked
            && let Listing::Column { source: of, relation, column, .. } = &absent.listing
            && (of.is_none() || of.as_deref() == source)
            && absent.columns.iter().any(|set| {
                set.relation.as_ref() == Some(relation)
                    && set.columns.iter().any(|(name, _)| *name == column.0)
            })
        {
            self.vacuous(written);
        }
    }
}

fn same(a: &ColumnSet, b: &ColumnSet) -> bool {
    a.relation == b.relation && a.columns.iter().map(|c| &c.0).eq(b.columns.iter().map(|c| &c.0))
}
