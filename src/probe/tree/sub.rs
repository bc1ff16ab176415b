//! What lies in one folder of a tree, as a tree of its own.

use std::io::Read;

use super::{Found, Tree};
use crate::probe::damage::Damage;

/// A folder of a tree.
#[derive(Clone, Copy, Debug)]
pub struct Sub<'a> {
    tree: &'a dyn Tree,
    folder: &'a str,
}

impl<'a> Sub<'a> {
    /// The folder of this name, which may be absent: then there is nothing in it.
    #[must_use]
    pub fn new(tree: &'a dyn Tree, folder: &'a str) -> Self {
        Self { tree, folder }
    }

    fn named(&self, damage: Damage) -> Damage {
        let inside = damage.file.strip_prefix(self.folder).and_then(|rest| rest.strip_prefix('/'));
        Damage { file: inside.unwrap_or(&damage.file).to_owned(), ..damage }
    }
}

impl Tree for Sub<'_> {
    fn list(&self) -> Result<Vec<Found>, Damage> {
        let inside = |found: Found| {
            let name = found.name.strip_prefix(self.folder)?.strip_prefix('/')?.to_owned();
            Some(Found { name, ..found })
        };
        Ok(self.tree.list()?.into_iter().filter_map(inside).collect())
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read>, Damage> {
        self.tree.open(&format!("{}/{name}", self.folder)).map_err(|damage| self.named(damage))
    }
}
