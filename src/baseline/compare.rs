//! What changed between two sealed states, by tenant and, where the sketch tells, by key.

use std::collections::{BTreeMap, BTreeSet};

use super::seal::{Count, Seal};
use super::sides::Sides;
use super::sketch::{Item, is_of, unpack};
use super::updated::{Rest, Updated};

/// What comparing two states of a relation came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Rows that were compared.
    pub examined: u64,
    /// What changed; empty where nothing did.
    pub changes: Vec<Change>,
    /// Rows that changed, as far as that is known: at least one for each change.
    pub rows: u64,
    /// What could not be compared.
    pub gap: Option<String>,
    /// Of which rows nothing can be said, although others were compared.
    pub unsure: Option<String>,
    /// Rows that others changed since, as the seal was told to take them.
    pub updated: u64,
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// A stable word.
    pub kind: &'static str,
    /// Whose rows; `None` where rows belong to nobody.
    pub tenant: Option<String>,
    /// The row's key, if it is known: columns and values.
    pub key: Vec<(String, Option<String>)>,
    /// A sentence.
    pub message: String,
}

/// Whose rows are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's and nobody's, but for those of these tenants.
    AllBut(Vec<String>),
    /// Those of one tenant.
    Only(String),
}

/// Compares the contents of a relation: what they were, and what they are, as far as they are those of `whose`.
/// `key` names the columns of its primary key; `tenant_by` how its rows belong to tenants in each.
#[must_use]
pub fn contents(
    (before, was_by): (&Seal, &str),
    (now, is_by): (&Seal, &str),
    key: &[String],
    whose: &Whose,
    sides: Sides<'_>,
) -> Difference {
    let everybody = *whose == Whose::AllBut(Vec::new());
    let mut difference = Difference::default();
    let untouched = now.aside.changed == 0;
    let (was, is) = match (&before.tenants, &now.tenants) {
        (Some(was), Some(is)) if was_by == is_by => (was, is),
        (None, None) if matches!(whose, Whose::Only(_)) => {
            difference.gap = Some("its rows belong to no tenant".to_owned());
            return difference;
        }
        (None, None) => {
            difference.examined = before.whole.rows.max(now.whole.rows);
            if before.whole != now.whole || !untouched {
                let (named, updated) = named(before, now);
                difference.updated = updated.count(|_| true);
                let counts = (before.whole, now.whole);
                rest(None, counts, (&named, &updated), key, sides, &mut difference);
            }
            return difference;
        }
        _ if before.whole == now.whole && everybody && untouched => {
            difference.examined = now.whole.rows;
            return difference;
        }
        (Some(_), Some(_)) => {
            difference.gap = Some(format!(
                "the baseline was taken with tenants by {was_by}, and now they are by {is_by}; take a new one"
            ));
            return difference;
        }
        (None, _) => {
            let why = "the baseline was taken without tenants of its rows; take a new one under this policy";
            difference.gap = Some(why.to_owned());
            return difference;
        }
        (_, None) => {
            let why =
                "the baseline knows the tenants of its rows, and this policy does not say whose they are";
            difference.gap = Some(why.to_owned());
            return difference;
        }
    };
    let names: BTreeSet<&String> =
        was.keys().chain(is.keys()).filter(|name| whose.covers(Some(name))).collect();
    let nothing = Count::default();
    let mut changed: Vec<(Option<&String>, (Count, Count))> = Vec::new();
    let pairs = names.into_iter().map(|name| {
        let counts = [was, is].map(|of| of.get(name).copied().unwrap_or(nothing));
        (Some(name), counts)
    });
    let nobody = whose.covers(None).then_some((None, [before.unowned, now.unowned]));
    for (name, [was, is]) in pairs.chain(nobody) {
        difference.examined = difference.examined.saturating_add(was.rows.max(is.rows));
        if was != is || !untouched {
            changed.push((name, (was, is)));
        }
    }
    if !changed.is_empty() {
        let (named, updated) = named(before, now);
        difference.updated =
            updated.count(|item| changed.iter().any(|(name, _)| is_of(item, name.map(String::as_str))));
        for (name, counts) in changed {
            let tenant = Some(name.map(String::as_str));
            rest(tenant, counts, (&named, &updated), key, sides, &mut difference);
        }
    }
    difference
}

/// What changed in the rows of a tenant beside those that others changed.
fn rest(
    tenant: Option<Option<&str>>,
    (was, is): (Count, Count),
    (named, updated): (&Named, &Updated),
    key: &[String],
    sides: Sides<'_>,
    difference: &mut Difference,
) {
    let (was, new) = match updated.rest(tenant, was, is, [&named.0, &named.1]) {
        Rest::Known(was, new) => (was, new),
        Rest::Unknown => {
            let why =
                "more rows were changed since than can be told apart, so what else changed is not known";
            difference.unsure = Some(why.to_owned());
            return;
        }
    };
    for name in new {
        let text = name.key().map(|(text, _)| text).unwrap_or_default();
        let owner = owner(tenant);
        difference.rows = difference.rows.saturating_add(1);
        difference.changes.push(Change {
            kind: "row_added",
            tenant: tenant.flatten().map(str::to_owned),
            key: values(text.as_bytes(), false, key),
            message: format!("{owner}{}, and changed", sides.added()),
        });
    }
    if was != is {
        part(tenant, (was, is), named, key, sides, difference);
    }
}

/// Whose rows a sentence is about.
fn owner(tenant: Option<Option<&str>>) -> String {
    match tenant {
        None => String::new(),
        Some(None) => "of no tenant: ".to_owned(),
        Some(Some(name)) => format!("tenant `{name}`: "),
    }
}

impl Whose {
    fn covers(&self, tenant: Option<&String>) -> bool {
        match (self, tenant) {
            (Self::AllBut(except), Some(name)) => !except.contains(name),
            (Self::AllBut(_), None) => true,
            (Self::Only(tenant), name) => name == Some(tenant),
        }
    }
}

/// Rows that are there now and were not, and those that were and are not.
type Named = (Vec<Item>, Vec<Item>);

/// Rows that only one of the two has, without those that others changed, and these.
fn named(before: &Seal, now: &Seal) -> (Named, Updated) {
    let (more, mut less) = now.sketch.minus(&before.sketch).map(|d| (d.more, d.less)).unwrap_or_default();
    let updated = Updated::of(&now.aside, &mut less);
    ((more, less), updated)
}

/// What changed in the rows of one tenant, of nobody, or of a relation without tenants.
fn part(
    tenant: Option<Option<&str>>,
    (was, is): (Count, Count),
    (more, less): &Named,
    columns: &[String],
    sides: Sides<'_>,
    difference: &mut Difference,
) {
    let mine = |items: &[Item]| -> Vec<Item> {
        items.iter().filter(|item| tenant.is_none_or(|tenant| is_of(item, tenant))).copied().collect()
    };
    let (added, removed) = (mine(more), mine(less));
    let sum = |items: &[Item]| items.iter().fold(0u128, |sum, item| sum.wrapping_add(item.row));
    let (n_added, n_removed) = (added.len() as u64, removed.len() as u64);
    let explained = was.sum.wrapping_add(sum(&added)) == is.sum.wrapping_add(sum(&removed))
        && u128::from(was.rows) + u128::from(n_added) == u128::from(is.rows) + u128::from(n_removed);
    let owner = owner(tenant);
    let whose = tenant.flatten().map(str::to_owned);
    let mut push = |kind: &'static str, item: Option<&Item>, what: String| {
        let key = item.map(|item| key_of(item, columns)).unwrap_or_default();
        let message = format!("{owner}{what}");
        difference.changes.push(Change { kind, tenant: whose.clone(), key, message });
    };
    // Rows of one key on both sides are one row that was altered; without a key nobody can say so.
    let by_key = |items: &[Item]| -> BTreeMap<Vec<u8>, usize> {
        items.iter().enumerate().map(|(n, item)| (item.key.to_vec(), n)).collect()
    };
    let sure = |item: &Item| !columns.is_empty() && unpack(&item.key).is_some_and(|(_, cut)| !cut);
    let (were, elsewhere) = (by_key(&removed), by_key(more));
    let elsewhere_before = by_key(less);
    let mut altered: BTreeSet<Vec<u8>> = BTreeSet::new();
    for item in &added {
        if sure(item) && were.contains_key(item.key.as_slice()) {
            altered.insert(item.key.to_vec());
            push("row_altered", Some(item), sides.altered());
        } else {
            let from =
                elsewhere_before.get(item.key.as_slice()).and_then(|n| less.get(*n)).filter(|_| sure(item));
            push(
                "row_added",
                Some(item),
                format!("{}{}", sides.added(), other_side(from, sides.verb(), tenant)),
            );
        }
    }
    for item in removed.iter().filter(|item| !altered.contains(item.key.as_slice())) {
        let to = elsewhere.get(item.key.as_slice()).and_then(|n| more.get(*n)).filter(|_| sure(item));
        let whose = other_side(to, "is", tenant);
        push("row_removed", Some(item), format!("{}{whose}", sides.removed()));
    }
    let mut rows = n_added + n_removed - altered.len() as u64;
    if !explained {
        let rest = if n_added + n_removed > 0 {
            "not all of which can be named"
        } else {
            "none of which can be named"
        };
        push("contents_changed", None, sides.more(rest, was.rows, is.rows));
        rows = (rows + 1).max(is.rows.abs_diff(was.rows));
    }
    difference.rows = difference.rows.saturating_add(rows);
}

/// Whose the same key is on the other side.
fn other_side(item: Option<&Item>, verb: &str, tenant: Option<Option<&str>>) -> String {
    if tenant.is_none() {
        return String::new();
    }
    match item.map(|item| unpack(&item.tenant)) {
        None => String::new(),
        Some(None) => format!("; its key {verb} nobody's"),
        Some(Some((text, _))) => format!("; its key {verb} tenant `{}`'s", String::from_utf8_lossy(text)),
    }
}

/// A key's columns with their values. What was cut ends with an ellipsis.
fn key_of(item: &Item, columns: &[String]) -> Vec<(String, Option<String>)> {
    let Some((text, cut)) = unpack(&item.key) else { return Vec::new() };
    values(text, cut, columns)
}

fn values(text: &[u8], cut: bool, columns: &[String]) -> Vec<(String, Option<String>)> {
    let parts: Vec<&[u8]> = text.split(|byte| *byte == 0x1f).collect();
    let last = parts.len().saturating_sub(1);
    let value = |(n, part): (usize, &&[u8])| match *part {
        [0] => None,
        part => {
            let text = String::from_utf8_lossy(part);
            Some(if cut && n == last { format!("{text}…") } else { text.into_owned() })
        }
    };
    // A separator inside a value would shift the columns.
    if parts.len() > columns.len() {
        return vec![(columns.join(", "), Some(String::from_utf8_lossy(text).into_owned()))];
    }
    columns.iter().cloned().zip(parts.iter().enumerate().map(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::canon::Canon;
    use super::super::hash::RowHasher;
    use super::super::sketch::{Sketch, group_of, pack};
    use super::*;

    /// Tenant, key, value.
    type Row<'a> = (Option<&'a str>, &'a str, &'a str);

    fn seal(rows: &[Row<'_>]) -> Seal {
        let mut seal = Seal {
            whole: Count::default(),
            tenants: Some(BTreeMap::new()),
            unowned: Count::default(),
            sketch: Sketch::new(true),
            greatest: BTreeMap::new(),
            aside: super::super::seal::Aside::default(),
        };
        for (tenant, key, value) in rows {
            let mut hasher = RowHasher::default();
            hasher.begin();
            for cell in [*tenant, Some(*key), Some(*value)] {
                hasher.cell(Canon::AsIs, cell.map(str::as_bytes)).unwrap();
            }
            let row = hasher.finish();
            seal.whole.add(row);
            match tenant {
                Some(tenant) => {
                    seal.tenants.as_mut().unwrap().entry((*tenant).to_owned()).or_default().add(row)
                }
                None => seal.unowned.add(row),
            }
            let name = tenant.map(str::as_bytes);
            seal.sketch.add(
                name.map_or(0, group_of),
                &Item { row, key: pack(Some(key.as_bytes())), tenant: pack(name) },
            );
        }
        assert!(seal.adds_up());
        seal
    }

    fn found(before: &[Row<'_>], now: &[Row<'_>], except: &[&str]) -> Vec<String> {
        let except: Vec<String> = except.iter().map(|t| (*t).to_owned()).collect();
        let key = ["id".to_owned()];
        let difference =
            contents((&seal(before), "t"), (&seal(now), "t"), &key, &Whose::AllBut(except), Sides::Times);
        assert_eq!(difference.gap, None);
        assert!(difference.rows >= difference.changes.len() as u64);
        let shown =
            |c: &Change| format!("{} {} {:?}", c.kind, c.message, c.key.first().and_then(|k| k.1.clone()));
        difference.changes.iter().map(shown).collect()
    }

    const BEFORE: [Row<'static>; 4] =
        [(Some("a"), "1", "x"), (Some("a"), "2", "x"), (Some("b"), "3", "x"), (None, "4", "x")];

    #[test]
    fn each_kind_of_change_is_named_with_its_tenant_and_key() {
        let with = |rows: &[Row<'static>]| [&BEFORE[1..], rows].concat();
        assert!(found(&BEFORE, &with(&[BEFORE[0]]), &[]).is_empty());
        for (now, said) in [
            (
                with(&[(Some("a"), "1", "y")]),
                vec!["row_altered tenant `a`: a row was altered since Some(\"1\")"],
            ),
            (with(&[]), vec!["row_removed tenant `a`: a row was removed since Some(\"1\")"]),
            (
                with(&[BEFORE[0], (Some("c"), "9", "")]),
                vec!["row_added tenant `c`: a row was added since Some(\"9\")"],
            ),
            (
                with(&[(Some("b"), "1", "x")]),
                vec![
                    "row_removed tenant `a`: a row was removed since; its key is tenant `b`'s Some(\"1\")",
                    "row_added tenant `b`: a row was added since; its key was tenant `a`'s Some(\"1\")",
                ],
            ),
        ] {
            assert_eq!(found(&BEFORE, &now, &[]), said);
        }
        let nobody = [BEFORE[0], BEFORE[1], BEFORE[2]];
        assert_eq!(
            found(&BEFORE, &nobody, &["a"]),
            ["row_removed of no tenant: a row was removed since Some(\"4\")"]
        );
    }

    #[test]
    fn excepted_tenants_are_left_out_and_hide_nothing() {
        let many: Vec<String> = (0..3000).map(|n| n.to_string()).collect();
        let restored = many.iter().map(|n| (Some("a"), n.as_str(), "restored"));
        let now: Vec<Row<'_>> = restored.chain([BEFORE[2], BEFORE[3]]).collect();
        assert!(found(&BEFORE, &now, &["a"]).is_empty());
        let mut altered = now.clone();
        altered[3000].2 = "y";
        assert_eq!(
            found(&BEFORE, &altered, &["a"]),
            ["row_altered tenant `b`: a row was altered since Some(\"3\")"]
        );
        let all = found(&BEFORE, &now, &[]);
        assert_eq!(all.len(), 1, "{all:?}");
        assert!(all[0].contains("there were 2 and are 3000"), "{all:?}");
    }

    #[test]
    fn other_tenants_of_another_time_are_not_compared() {
        let (before, now) = (seal(&BEFORE), seal(&BEFORE[1..]));
        assert!(
            contents((&before, "t"), (&now, "u"), &[], &Whose::AllBut(Vec::new()), Sides::Times)
                .gap
                .is_some()
        );
        let without = Seal { tenants: None, unowned: Count::default(), ..seal(&[]) };
        assert!(
            contents((&without, ""), (&now, "t"), &[], &Whose::AllBut(Vec::new()), Sides::Times)
                .gap
                .is_some()
        );
        assert!(
            contents((&now, "t"), (&without, ""), &[], &Whose::AllBut(Vec::new()), Sides::Times)
                .gap
                .is_some()
        );
    }
}
