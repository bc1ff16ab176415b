//! Families of JSON objects: members named and spelt in every way, with the predecessor among them or beside them.

use std::sync::Arc;

use super::family::{Builder, Family, Frame, Item, Outer, PREV_ABSENT};
use super::naming::Naming;
use super::prior::Cost;
use super::spell::{self, At};
use crate::chain::spec::{JsonField, JsonNull, JsonProfile, JsonValue, Recipe};

/// For people.
const BOTH: &str = "predecessor beside JSON and in it";

/// Members that come out the same under several profiles.
struct Group {
    cost: Cost,
    /// Whether the profiles put members in order.
    sorted: bool,
    /// Between members.
    comma: Vec<u8>,
    items: Vec<Item>,
    profiles: Vec<JsonProfile>,
}

impl Builder<'_> {
    /// JSON objects, alone and beside the predecessor.
    pub(super) fn json(&self, found: &mut Vec<Family>) {
        let at = self.at();
        let all: Vec<JsonProfile> = self.profiles.iter().map(|(_, profile)| *profile).collect();
        let documents: Vec<spell::Documents> =
            (0..self.sheet.columns.len()).map(|column| spell::documents(&at, column, &all)).collect();
        for naming in Naming::ALL {
            if naming != Naming::AsIs
                && self.columns().all(|c| naming.key(self.sheet, c) == self.sheet.bare(c))
            {
                continue;
            }
            let mut groups: Vec<Group> = Vec::new();
            for (name, profile) in self.profiles {
                let options = name.matches([',', '(']).count() as Cost;
                let Some((sorted, comma)) = manner(&at, *profile) else { continue };
                let cost = 8 + 7 * options + naming.cost() + if sorted { 5 } else { 0 };
                let items: Vec<Item> = self
                    .columns()
                    .map(|column| {
                        let key = naming.key(self.sheet, column);
                        let none = spell::Documents::new();
                        let documents = documents.get(column).unwrap_or(&none);
                        self.item(
                            column,
                            spell::member_variants(&at, column, &key, *profile, &all, documents),
                        )
                    })
                    .collect();
                let same = |group: &&mut Group| {
                    group.sorted == sorted && group.comma == comma && alike(&group.items, &items)
                };
                match groups.iter_mut().find(same) {
                    Some(group) => {
                        group.cost = group.cost.min(cost);
                        group.profiles.push(*profile);
                    }
                    None => groups.push(Group { cost, sorted, comma, items, profiles: vec![*profile] }),
                }
            }
            for mut group in groups {
                // Dear, so only where it makes a difference.
                for item in &mut group.items {
                    if let (Some(column), Some(profile)) = (item.column, group.profiles.first()) {
                        let stored = std::mem::take(&mut item.variants);
                        item.variants = spell::shifted_members(&at, column, *profile, stored);
                    }
                }
                self.objects(naming, group, found);
            }
        }
    }

    /// The families of a group of profiles.
    fn objects(&self, naming: Naming, group: Group, found: &mut Vec<Family>) {
        let Group { cost, sorted, comma, mut items, profiles } = group;
        let at = self.at();
        let Some(profile) = profiles.first().copied() else { return };
        if sorted {
            items.sort_by_key(|item| item.column.map(|column| naming.key(self.sheet, column)));
        }
        let base = Family {
            name: "one JSON object",
            cost,
            items: Arc::new(items.clone()),
            frame: Frame::Json(profiles),
            separator: comma,
            open: b"{".to_vec(),
            close: b"}".to_vec(),
            sorted,
            must: None,
            prev: None,
            around: None,
            outers: Vec::new(),
        };
        let mut with_prev: Vec<Family> = Vec::new();
        for (key, key_cost) in self.prev_keys(naming) {
            let variants = spell::prev_members(&at, &key, profile);
            if variants.is_empty() {
                continue;
            }
            let prev = Item { column: None, take: 0, skip: 0, moved: if sorted { 0 } else { 6 }, variants };
            let mut members = items.clone();
            let place = if sorted {
                members.partition_point(|item| {
                    item.column.is_some_and(|column| naming.key(self.sheet, column) < key)
                })
            } else {
                members.len()
            };
            members.insert(place, prev);
            with_prev.push(Family {
                cost: cost + 12 + key_cost,
                items: Arc::new(members),
                must: Some(place),
                ..base.clone()
            });
        }
        for variant in spell::prev_parts(&at, &|recipe| recipe) {
            for (first, side, name) in
                [(true, 20, "predecessor, then JSON"), (false, 30, "JSON, then predecessor")]
            {
                for (glue, more) in [("", 0), ("|", 25), (":", 30), ("\n", 40)] {
                    let before = [variant.bytes.as_slice(), glue.as_bytes()].concat();
                    let after = [glue.as_bytes(), variant.bytes.as_slice()].concat();
                    let outer = Outer {
                        cost: 0,
                        before: Vec::new(),
                        after: Vec::new(),
                        glue: glue.to_owned(),
                        first,
                        prev: variant.choices.clone(),
                        letters: None,
                    };
                    let beside = |inside: &Family, name: &'static str, more: Cost| Family {
                        name,
                        cost: inside.cost + side + more + variant.cost,
                        open: if first { [before.as_slice(), b"{"].concat() } else { b"{".to_vec() },
                        close: if first { b"}".to_vec() } else { [b"}".as_slice(), &after].concat() },
                        around: Some(outer.clone()),
                        ..inside.clone()
                    };
                    found.push(beside(&base, name, more));
                    // Who hashes a whole object beside the predecessor has it in the object as well, under its own name.
                    let both = with_prev.iter().take(if glue.is_empty() { 1 } else { 0 });
                    found.extend(both.map(|inside| beside(inside, BOTH, 5)));
                }
            }
        }
        found.extend(with_prev);
        let prev = spell::prev_parts(&at, &|recipe| recipe);
        found.push(Family {
            name: "two levels: a digest of a JSON object, hashed with the predecessor",
            cost: cost + 20,
            outers: self.outers(&prev, ""),
            ..base.clone()
        });
        let absent = if self.link.content { 0 } else { PREV_ABSENT };
        found.push(Family { cost: cost + absent, ..base });
    }

    /// Names the predecessor may have in an object.
    fn prev_keys(&self, naming: Naming) -> Vec<(String, Cost)> {
        let mut keys: Vec<(String, Cost)> = Vec::new();
        let own = self.link.previous.map(|column| (naming.key(self.sheet, column), 0));
        let stored = self.link.previous.map(|column| (self.sheet.name(column).to_owned(), 10));
        let usual = [
            ("prevHash", 15),
            ("previousHash", 15),
            ("prev_hash", 15),
            ("previous_hash", 15),
            ("prev", 20),
            ("previous", 25),
            ("parentHash", 40),
            ("parent_hash", 40),
        ];
        for (key, cost) in
            own.into_iter().chain(stored).chain(usual.map(|(key, cost)| (key.to_owned(), cost)))
        {
            if !keys.iter().any(|(known, _)| *known == key) {
                keys.push((key, cost));
            }
        }
        keys
    }
}

/// Whether two lists of items cannot be told apart in this row.
fn alike(a: &[Item], b: &[Item]) -> bool {
    a.iter().zip(b).all(|(a, b)| {
        a.variants.len() == b.variants.len()
            && a.variants.iter().zip(&b.variants).all(|(a, b)| a.bytes == b.bytes)
    })
}

/// Whether a profile sorts members, and what it writes between them.
fn manner(at: &At<'_>, profile: JsonProfile) -> Option<(bool, Vec<u8>)> {
    let field = |key: &str| JsonField {
        key: key.to_owned(),
        null: JsonNull::Undeclared,
        value: JsonValue::Number("1".to_owned()),
    };
    let text = at.eval(&Recipe::Json(profile, vec![field("b"), field("a")]))?;
    let text = String::from_utf8(text).ok()?;
    let sorted = text.find("\"a\"")? < text.find("\"b\"")?;
    // Between the first number and the next quote.
    let comma = text.split('1').nth(1)?.split('"').next()?;
    Some((sorted, comma.as_bytes().to_vec()))
}
