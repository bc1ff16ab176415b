//! The columns that a pass reads, and what is made of them once for all who ask.

use super::expr::{Expr, Refusal};
use crate::catalogue::{ColumnKind, Relation};

/// The columns of a relation that a pass reads, by place.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    names: Vec<String>,
    kinds: Vec<ColumnKind>,
    valued: Vec<bool>,
    read: Vec<bool>,
    keys: Vec<Vec<usize>>,
    derived: Vec<(String, Expr)>,
}

/// A key of a pass, by place.
pub(super) type KeyPlace = usize;

impl Columns {
    /// Columns of these kinds, for tests.
    #[cfg(test)]
    pub(super) fn of(kinds: &[ColumnKind]) -> Self {
        let names = (0..kinds.len()).map(|n| format!("c{n}")).collect();
        Self {
            names,
            kinds: kinds.to_vec(),
            valued: vec![true; kinds.len()],
            read: vec![false; kinds.len()],
            ..Self::default()
        }
    }

    /// The place of a column, which is fetched from now on: whether it is NULL can be asked.
    ///
    /// # Errors
    ///
    /// When the relation has no such column, or not its values.
    pub(super) fn place(&mut self, relation: &Relation, name: &str) -> Result<usize, Refusal> {
        if let Some(at) = self.names.iter().position(|n| n == name) {
            return Ok(at);
        }
        let column =
            relation.column(name).ok_or_else(|| format!("`{}` has no column `{name}`", relation.name))?;
        if column.generated {
            return Err(format!(
                "a server generates the values of `{}.{name}`, and this source holds none: restore it and verify that",
                relation.name
            ));
        }
        self.names.push(name.to_owned());
        self.kinds.push(column.kind);
        self.valued.push(false);
        self.read.push(false);
        Ok(self.names.len() - 1)
    }

    /// The place of a column whose text is asked for.
    ///
    /// # Errors
    ///
    /// When the relation has no such column, or not its values.
    pub(super) fn text(&mut self, relation: &Relation, name: &str) -> Result<usize, Refusal> {
        let place = self.place(relation, name)?;
        if let Some(read) = self.read.get_mut(place) {
            *read = true;
        }
        Ok(place)
    }

    /// The place of a column whose value is asked for.
    ///
    /// # Errors
    ///
    /// When the relation has no such column.
    pub(super) fn value(&mut self, relation: &Relation, name: &str) -> Result<usize, Refusal> {
        let place = self.place(relation, name)?;
        if let Some(valued) = self.valued.get_mut(place) {
            *valued = true;
        }
        Ok(place)
    }

    /// The place of a key, whose fingerprint is made once for all who ask. The values of its columns must be asked for.
    pub(super) fn key(&mut self, places: &[usize]) -> KeyPlace {
        if let Some(at) = self.keys.iter().position(|known| known == places) {
            return at;
        }
        self.keys.push(places.to_vec());
        self.keys.len() - 1
    }

    /// An expression that is evaluated once for all who ask. What is no more than a column or a value stays as it is.
    pub(super) fn derive(&mut self, expression: Expr) -> Expr {
        if matches!(expression, Expr::Column(_) | Expr::Literal(_) | Expr::Derived(_)) {
            return expression;
        }
        let spelt = format!("{expression:?}");
        let known = self.derived.iter().position(|(other, _)| *other == spelt);
        Expr::Derived(known.unwrap_or_else(|| {
            self.derived.push((spelt, expression));
            self.derived.len() - 1
        }))
    }

    /// Names in order of their places.
    #[must_use]
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Kinds in order of their places; none where only the text is asked for.
    pub(super) fn valued(&self) -> impl Iterator<Item = Option<ColumnKind>> {
        self.kinds.iter().zip(&self.valued).map(|(kind, valued)| valued.then_some(*kind))
    }

    /// The same; none where anybody asks for the text.
    pub(super) fn unread(&self) -> Vec<Option<ColumnKind>> {
        self.valued().zip(&self.read).map(|(kind, read)| kind.filter(|_| !read)).collect()
    }

    /// The columns of each key.
    #[must_use]
    pub(super) fn keys(&self) -> &[Vec<usize>] {
        &self.keys
    }

    /// The shared expressions.
    pub(super) fn derived(&self) -> impl ExactSizeIterator<Item = &Expr> {
        self.derived.iter().map(|(_, expression)| expression)
    }
}
