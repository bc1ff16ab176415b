//! Families of recipes: what is put around the columns of a row, for one row whose cells are spelt out.

use std::sync::Arc;

use super::links::Link;
use super::prior::{self, Cost, SEPARATORS};
use super::sheet::Sheet;
use super::spell::{self, At, Choice, Variant};
use super::stored::Letters;
use crate::chain::spec::{Frame as LengthFrame, JsonProfile, Recipe, Unit};

/// How JSON may be spelt, with the words of the language for it.
pub type Profiles = [(String, JsonProfile)];

/// A column, or the predecessor's hash, that may take part.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// `None` is the predecessor.
    pub(super) column: Option<usize>,
    pub(super) take: Cost,
    pub(super) skip: Cost,
    /// What it costs to stand elsewhere than in its place.
    pub(super) moved: Cost,
    pub(super) variants: Vec<Variant>,
}

/// Items that several families have in common.
type Items = Arc<Vec<Item>>;

/// How the parts are put together.
#[derive(Clone, Debug)]
pub(super) enum Frame {
    Cat,
    /// With a separator, and perhaps a text before the first part.
    Join {
        separator: String,
        lead: Option<String>,
    },
    /// A JSON object, whose bytes are the same under each of these profiles.
    Json(Vec<JsonProfile>),
}

/// What is put around the whole, together with the predecessor.
#[derive(Clone, Debug)]
pub(super) struct Outer {
    pub(super) cost: Cost,
    pub(super) before: Vec<u8>,
    pub(super) after: Vec<u8>,
    pub(super) glue: String,
    /// Whether the predecessor comes first.
    pub(super) first: bool,
    pub(super) prev: Vec<Choice>,
    /// How the digest of the inside is written; `None` where the inside itself stands there.
    pub(super) letters: Option<Letters>,
    /// What stands before that digest, such as `sha256:`.
    pub(super) prefix: String,
}

/// A family of recipes for one row.
#[derive(Clone, Debug)]
pub(super) struct Family {
    /// For people.
    pub(super) name: &'static str,
    pub(super) cost: Cost,
    pub(super) items: Arc<Vec<Item>>,
    pub(super) frame: Frame,
    pub(super) separator: Vec<u8>,
    pub(super) open: Vec<u8>,
    pub(super) close: Vec<u8>,
    /// Whether parts keep the order of the items.
    pub(super) sorted: bool,
    /// The item of the predecessor: it must take part, anywhere.
    pub(super) must: Option<usize>,
    /// The predecessor as the first or the last part.
    pub(super) prev: Option<(bool, Vec<Choice>)>,
    /// Around the whole, without a digest inside.
    pub(super) around: Option<Outer>,
    /// Around a digest of the inside; one of them, where there are any.
    pub(super) outers: Vec<Outer>,
    /// A column whose text stands before an object, such as a tag of what it is.
    pub(super) ahead: Option<usize>,
    /// Whether the values stand in an array, without their names.
    pub(super) array: bool,
}

/// Builds families for one row of a chain.
pub(super) struct Builder<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) link: &'a Link,
    pub(super) row: usize,
    pub(super) profiles: &'a Profiles,
}

const PREV_FIRST: Cost = 10;
const PREV_LAST: Cost = 18;
const PREV_WITHIN: Cost = 12;
pub(super) const PREV_ABSENT: Cost = 65;
/// Columns from which on it pays to look first at recipes that cover all of them, what that costs, and what it costs there
/// that one is left out.
const WIDE: usize = 9;
const WHOLE: Cost = 12;
const LEFT_OUT: Cost = 42;
const OMITTED: Cost = 12;

impl Builder<'_> {
    pub(super) fn at(&self) -> At<'_> {
        At {
            sheet: self.sheet,
            row: self.row,
            prev: self.link.prev(self.row),
            link: self.link.form(self.sheet),
            shift: None,
            keys: None,
        }
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        let (hash, previous) = (self.link.hash, self.link.previous);
        let apart = &self.link.apart;
        let placed = self.sheet.placed().into_iter();
        placed.filter(move |c| *c != hash && Some(*c) != previous && !apart.contains(c)).take(56)
    }

    pub(super) fn item(&self, column: usize, variants: Vec<Variant>) -> Item {
        let (take, skip) = prior::hashed(self.sheet, column);
        let moved = prior::moved(self.sheet.kind(column), self.sheet.bare(column));
        Item { column: Some(column), take, skip, moved, variants }
    }

    /// All families, the likeliest first.
    pub(super) fn families(&self) -> Vec<Family> {
        let mut found = Vec::new();
        self.plain(&mut found);
        self.sized(&mut found);
        self.json(&mut found);
        found.retain(|family| {
            family.items.iter().any(|item| item.column.is_some() && !item.variants.is_empty())
        });
        // Families share their items, which are large.
        let mut shared: Vec<(Items, Items)> = Vec::new();
        let whole: Vec<Family> = found.iter().filter_map(|family| self.whole(family, &mut shared)).collect();
        found.extend(whole);
        found.sort_by_key(|family| family.cost);
        found
    }

    /// The same family for who hashes all that a row has: every column that is left out costs as much, and none that takes
    /// part. Keys keep what they cost, and so does what is written after hashing.
    fn whole(&self, family: &Family, shared: &mut Vec<(Items, Items)>) -> Option<Family> {
        let columns = family.items.iter().filter(|item| item.column.is_some()).count();
        if columns < WIDE {
            return None;
        }
        let item = |item: &Item| match item.column {
            Some(column) if !self.sheet.is_key(column) => {
                // Who leaves out what is NULL hashes all that the row has.
                let null = self.sheet.cell(self.row, column).is_none();
                Item { take: 0, skip: if null { OMITTED } else { LEFT_OUT }, ..item.clone() }
            }
            _ => item.clone(),
        };
        let known = shared.iter().find(|(of, _)| Arc::ptr_eq(of, &family.items)).map(|(_, items)| items);
        let items = match known {
            Some(items) => Arc::clone(items),
            None => {
                let items = Arc::new(family.items.iter().map(item).collect());
                shared.push((Arc::clone(&family.items), Arc::clone(&items)));
                items
            }
        };
        Some(Family { cost: family.cost + WHOLE, items, ..family.clone() })
    }

    /// Concatenations with and without a separator.
    fn plain(&self, found: &mut Vec<Family>) {
        let at = self.at();
        let profiles: Vec<JsonProfile> = self.profiles.iter().map(|(_, profile)| *profile).collect();
        let items: Vec<Item> = self
            .columns()
            .map(|column| self.item(column, spell::part_variants(&at, column, &profiles, &|recipe| recipe)))
            .collect();
        let prev = spell::prev_parts(&at, &|recipe| recipe);
        self.alone(&items, &prev, found);
        let items = Arc::new(items);
        let within = with_prev(&items, prev.clone());
        for (separator, cost) in std::iter::once(("", 12)).chain(SEPARATORS) {
            let base = Family {
                name: if separator.is_empty() { "plain concatenation" } else { "join with a separator" },
                cost: cost + 8,
                items: Arc::clone(&items),
                frame: if separator.is_empty() {
                    Frame::Cat
                } else {
                    Frame::Join { separator: separator.to_owned(), lead: None }
                },
                separator: separator.as_bytes().to_vec(),
                open: Vec::new(),
                close: Vec::new(),
                sorted: false,
                must: None,
                prev: None,
                around: None,
                outers: Vec::new(),
                ahead: None,
                array: false,
            };
            self.ends(&base, &prev, found);
            if let Some((items, must)) = &within {
                found.push(Family {
                    cost: base.cost + PREV_WITHIN,
                    items: Arc::clone(items),
                    must: Some(*must),
                    ..base.clone()
                });
            }
            let name = "two levels: a digest of the columns, hashed with the predecessor";
            for lead in [false, true] {
                if lead && separator.is_empty() {
                    continue;
                }
                let outers = self.outers(&prev, separator);
                let mut two = Family { name, cost: base.cost + 18, outers, ..base.clone() };
                if lead {
                    two.cost += 30;
                    two.open = separator.as_bytes().to_vec();
                    two.frame = Frame::Join { separator: separator.to_owned(), lead: Some(String::new()) };
                }
                found.push(two);
            }
        }
    }

    /// One column alone, beside the predecessor or without it: a stored text or digest of what is hashed.
    fn alone(&self, items: &[Item], prev: &[Variant], found: &mut Vec<Family>) {
        for item in items {
            let long = item
                .column
                .and_then(|column| self.sheet.cell(self.row, column))
                .is_some_and(|c| c.len() > 20);
            let base = Family {
                name: "one column that holds what is hashed, or its digest",
                cost: if long { 10 } else { 30 },
                items: Arc::new(vec![Item { take: 0, skip: 0, ..item.clone() }]),
                frame: Frame::Cat,
                separator: Vec::new(),
                open: Vec::new(),
                close: Vec::new(),
                sorted: false,
                must: None,
                prev: None,
                around: None,
                outers: Vec::new(),
                ahead: None,
                array: false,
            };
            self.ends(&base, prev, found);
        }
    }

    /// The predecessor as the first part, as the last, or not there.
    fn ends(&self, base: &Family, prev: &[Variant], found: &mut Vec<Family>) {
        for variant in prev {
            let joined = |first: bool| {
                let (a, b) =
                    if first { (&variant.bytes, &base.separator) } else { (&base.separator, &variant.bytes) };
                [a.as_slice(), b.as_slice()].concat()
            };
            for (first, cost) in [(true, PREV_FIRST), (false, PREV_LAST)] {
                found.push(Family {
                    cost: base.cost + cost + variant.cost,
                    open: if first { joined(true) } else { Vec::new() },
                    close: if first { Vec::new() } else { joined(false) },
                    prev: Some((first, variant.choices.clone())),
                    ..base.clone()
                });
            }
        }
        let absent = if self.link.content { 0 } else { PREV_ABSENT };
        found.push(Family { cost: base.cost + absent, ..base.clone() });
    }

    /// What a digest of the inside may be hashed with.
    pub(super) fn outers(&self, prev: &[Variant], separator: &str) -> Vec<Outer> {
        let mut outers = Vec::new();
        let glues = [("", 8), ("|", 22), (":", 35), (separator, 18)];
        for variant in prev {
            for (glue, cost) in glues
                .iter()
                .enumerate()
                .filter(|(n, (glue, _))| !glues.iter().take(*n).any(|(earlier, _)| earlier == glue))
                .map(|(_, glue)| *glue)
            {
                for first in [true, false] {
                    let own = self.link.stored.prefix.as_str();
                    let ways = [(Letters::Hex, "", 0), (Letters::Raw, "", 35), (Letters::HexUpper, "", 60)];
                    let like = (!own.is_empty()).then_some((Letters::Hex, own, 5));
                    for (letters, prefix, more) in ways.into_iter().chain(like) {
                        let glued = [variant.bytes.as_slice(), glue.as_bytes()].concat();
                        let after = [glue.as_bytes(), variant.bytes.as_slice()].concat();
                        outers.push(Outer {
                            cost: variant.cost + cost + more + if first { 2 } else { 8 },
                            before: if first { glued } else { Vec::new() },
                            after: if first { Vec::new() } else { after },
                            glue: glue.to_owned(),
                            first,
                            prev: variant.choices.clone(),
                            letters: Some(letters),
                            prefix: prefix.to_owned(),
                        });
                    }
                }
            }
        }
        outers.sort_by_key(|outer| outer.cost);
        outers
    }

    /// Parts with their lengths before them.
    fn sized(&self, found: &mut Vec<Family>) {
        let at = self.at();
        let profiles: Vec<JsonProfile> = self.profiles.iter().map(|(_, profile)| *profile).collect();
        for (between, cost) in [(":", 50), ("", 70), (",", 80), ("|", 80)] {
            let wrap = |recipe: Recipe| {
                Recipe::Sized(LengthFrame::Text(between.to_owned()), Unit::Bytes, Box::new(recipe))
            };
            let items: Vec<Item> = self
                .columns()
                .map(|column| self.item(column, spell::part_variants(&at, column, &profiles, &wrap)))
                .collect();
            let base = Family {
                name: "parts with their lengths",
                cost,
                items: Arc::new(items),
                frame: Frame::Cat,
                separator: Vec::new(),
                open: Vec::new(),
                close: Vec::new(),
                sorted: false,
                must: None,
                prev: None,
                around: None,
                outers: Vec::new(),
                ahead: None,
                array: false,
            };
            let prev = spell::prev_parts(&at, &wrap);
            self.ends(&base, &prev, found);
            self.ends(&base, &spell::prev_parts(&at, &|recipe| recipe), found);
            if let Some((items, must)) = with_prev(&base.items, prev) {
                found.push(Family { cost: cost + PREV_WITHIN, items, must: Some(must), ..base.clone() });
            }
        }
    }
}

/// Items with the predecessor among them.
fn with_prev(items: &Arc<Vec<Item>>, variants: Vec<Variant>) -> Option<(Arc<Vec<Item>>, usize)> {
    if variants.is_empty() {
        return None;
    }
    let mut all = items.to_vec();
    all.push(Item { column: None, take: 0, skip: 0, moved: 22, variants });
    let place = all.len() - 1;
    Some((Arc::new(all), place))
}
