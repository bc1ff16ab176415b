//! Families of JSON objects: members named and spelt in every way, with the predecessor among them or beside them.

use std::sync::Arc;

use super::family::{Builder, Family, Frame, Item, Outer, PREV_ABSENT};
use super::naming::{CALLED_OTHERWISE, Naming, otherwise};
use super::prior::Cost;
use super::spell::{self, At, Choice, Variant};
use crate::chain::spec::{CellKind, JsonField, JsonNull, JsonProfile, JsonValue, Recipe};

/// What it costs that values stand in an array, and that a column says before an object what it is.
const ARRAY: Cost = 22;
const TAGGED: Cost = 20;
/// Words in the names of such columns.
const AHEAD: [&str; 8] = ["tag", "domain", "prefix", "namespace", "scheme", "version", "salt", "nonce"];

/// Whether a choice leaves its value out, which arrays hardly ever do.
fn left_out(choice: &Choice) -> bool {
    matches!(choice, Choice::Member(field) if matches!(field.null, JsonNull::Omit | JsonNull::OmitEmpty))
}

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
                        let mut variants =
                            spell::member_variants(&at, column, &key, *profile, &all, documents);
                        // In their place among others, so not where members are put in order.
                        if let Some(key) = otherwise(&key).filter(|_| !sorted) {
                            let more = spell::member_variants(&at, column, &key, *profile, &all, documents);
                            let dearer = |variant: Variant| Variant {
                                cost: variant.cost + CALLED_OTHERWISE,
                                ..variant
                            };
                            variants.extend(more.into_iter().map(dearer));
                            variants.sort_by_key(|variant| variant.cost);
                        }
                        self.item(column, variants)
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
        if naming == Naming::AsIs {
            self.arrays(cost, &comma, &items, &profiles, found);
        }
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
            ahead: None,
            array: false,
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
                        prefix: String::new(),
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
        self.ahead(&base, &prev, found);
        let absent = if self.link.content { 0 } else { PREV_ABSENT };
        found.push(Family { cost: cost + absent, ..base });
    }

    /// The same values in an array, without their names.
    fn arrays(
        &self,
        cost: Cost,
        comma: &[u8],
        items: &[Item],
        profiles: &[JsonProfile],
        found: &mut Vec<Family>,
    ) {
        let Some(profile) = profiles.first().copied() else { return };
        let unnamed = |item: &Item| {
            let bare = |variant: &Variant| {
                let colon = variant.bytes.iter().position(|byte| *byte == b':')?;
                let value = variant.bytes.get(colon + 1..)?;
                let choices = variant.choices.iter().filter(|choice| !left_out(choice)).cloned().collect();
                Some(Variant {
                    bytes: value.strip_prefix(b" ").unwrap_or(value).to_vec(),
                    choices,
                    ..variant.clone()
                })
            };
            Item { variants: item.variants.iter().filter_map(bare).collect(), ..item.clone() }
        };
        let items: Vec<Item> = items.iter().map(unnamed).collect();
        let base = Family {
            name: "one JSON array",
            cost: cost + ARRAY,
            items: Arc::new(items.clone()),
            frame: Frame::Json(profiles.to_vec()),
            separator: comma.to_vec(),
            open: b"[".to_vec(),
            close: b"]".to_vec(),
            sorted: false,
            must: None,
            prev: None,
            around: None,
            outers: Vec::new(),
            ahead: None,
            array: true,
        };
        let prev = Item {
            column: None,
            take: 0,
            skip: 0,
            moved: 6,
            variants: spell::prev_members(&self.at(), "", profile),
        };
        if !prev.variants.is_empty() {
            let mut members = items;
            members.push(unnamed(&prev));
            let must = Some(members.len() - 1);
            found.push(Family { items: Arc::new(members), must, ..base.clone() });
        }
        let prev = spell::prev_parts(&self.at(), &|recipe| recipe);
        found.push(Family {
            name: "two levels: a digest of a JSON array, hashed with the predecessor",
            cost: base.cost + 20,
            outers: self.outers(&prev, ""),
            ..base.clone()
        });
        if self.link.content {
            found.push(base);
        }
    }

    /// An object behind the text of a column that says what it is, with a digest of both beside the predecessor.
    fn ahead(&self, base: &Family, prev: &[Variant], found: &mut Vec<Family>) {
        let tag = |column: &usize| {
            let name = self.sheet.bare(*column).to_ascii_lowercase();
            self.sheet.kind(*column) == CellKind::Text
                && *column < self.sheet.own()
                && AHEAD.iter().any(|word| name.contains(word))
        };
        for column in self.columns().filter(tag).take(3) {
            let Some(cell) = self.sheet.cell(self.row, column).filter(|cell| cell.len() < 80) else {
                continue;
            };
            let items = base.items.iter().filter(|item| item.column != Some(column)).cloned().collect();
            found.push(Family {
                name: "two levels: a digest of a column and a JSON object, hashed with the predecessor",
                cost: base.cost + 20 + TAGGED,
                items: Arc::new(items),
                open: [cell.as_bytes(), b"{"].concat(),
                outers: self.outers(prev, ""),
                ahead: Some(column),
                ..base.clone()
            });
        }
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
