//! What changed among large objects, by number as far as the sketches name them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::super::sides::Sides;
use super::super::sketch::{Item, unpack};
use super::{Each, LargeObjects, LargeSeal};

/// What comparing large objects came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LargeDifference {
    /// Objects that were compared.
    pub examined: u64,
    /// What changed; empty where nothing did.
    pub changes: Vec<LargeChange>,
    /// Objects that changed, as far as that is known: at least one for each change.
    pub objects: u64,
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LargeChange {
    /// A stable word.
    pub kind: &'static str,
    /// The object's number; `None` where it is not known.
    pub oid: Option<u32>,
    /// A sentence.
    pub message: String,
}

/// An archive that lists none is no proof that there were none.
const UNLISTED: &str = "an archive that lists no large objects: there were none, or they were left out (--no-blobs, -n, -t, --schema-only), and it does not say which";

/// Compares the large objects of two states. Nothing at all is what an earlier version of a baseline sealed.
///
/// # Errors
///
/// Why they cannot be compared.
pub fn compare(
    before: Option<&LargeSeal>,
    now: Option<&LargeSeal>,
    sides: Sides<'_>,
) -> Result<LargeDifference, String> {
    let nothing = LargeObjects::default();
    let old = |which: &str| {
        format!("{which} baseline was taken by a version that sealed no large objects; take a new one")
    };
    match (before, now) {
        (None, _) => Err(old("the")),
        (_, None) => Err(old("the later")),
        (Some(LargeSeal::Unsealed(why)), _) => Err(match sides {
            Sides::Times => format!("they were not sealed when the baseline was taken: {why}"),
            Sides::Sources(other) => format!("in `{other}`: {why}"),
        }),
        (_, Some(LargeSeal::Unsealed(why))) => Err(why.clone()),
        (Some(LargeSeal::Unlisted), _) => Err(match sides {
            Sides::Times => format!("the baseline is that of {UNLISTED}"),
            Sides::Sources(other) => format!("`{other}` is {UNLISTED}"),
        }),
        // What was there is not there, whatever the reason.
        (Some(LargeSeal::Sealed(was)), Some(LargeSeal::Unlisted)) if was.objects > 0 => {
            Ok(sealed(was, &nothing, sides))
        }
        (_, Some(LargeSeal::Unlisted)) => Err(format!("this is {UNLISTED}")),
        (Some(LargeSeal::Sealed(was)), Some(LargeSeal::Sealed(is))) => Ok(sealed(was, is, sides)),
    }
}

fn sealed(was: &LargeObjects, is: &LargeObjects, sides: Sides<'_>) -> LargeDifference {
    let mut difference =
        LargeDifference { examined: was.objects.max(is.objects), ..LargeDifference::default() };
    let figures = |of: &LargeObjects| (of.objects, of.bytes, of.sum);
    if figures(was) == figures(is) {
        return difference;
    }
    let (more, mut less) = named(was, is);
    let sum = |of: &Named| of.values().fold(0u128, |sum, (_, hash)| sum.wrapping_add(*hash));
    let explained = was.sum.wrapping_add(sum(&more)) == is.sum.wrapping_add(sum(&less))
        && u128::from(was.objects) + more.len() as u128 == u128::from(is.objects) + less.len() as u128;
    let mut push = |kind: &'static str, oid: u32, what: String| {
        let message = format!("large object {oid} {what}");
        difference.changes.push(LargeChange { kind, oid: Some(oid), message });
    };
    for (oid, (bytes, _)) in &more {
        match less.remove(oid) {
            Some((had, _)) => push("large_object_altered", *oid, altered(sides, had, *bytes)),
            None => push("large_object_added", *oid, added(sides, *bytes)),
        }
    }
    for (oid, (bytes, _)) in less {
        push("large_object_missing", oid, missing(sides, bytes));
    }
    difference.objects = difference.changes.len() as u64;
    if !explained || difference.changes.is_empty() {
        let rest = if difference.changes.is_empty() { "none" } else { "not all" };
        let message = others(sides, rest, was, is);
        // First, for those that are named are not all.
        difference.changes.insert(0, LargeChange { kind: "large_objects_changed", oid: None, message });
        difference.objects = (difference.objects + 1).max(was.objects.abs_diff(is.objects));
    }
    difference
}

/// Objects by number, with their bytes and hashes.
type Named = BTreeMap<u32, (u64, u128)>;

/// Objects that are now and were not, and that were and are not, as they are: one by one where both are kept so, else as far as the
/// sketches tell.
fn named(was: &LargeObjects, is: &LargeObjects) -> (Named, Named) {
    if let (Some(was), Some(is)) = (&was.each, &is.each) {
        let only = |of: &BTreeMap<u32, Each>, not: &BTreeMap<u32, Each>| -> Named {
            let mine = of.iter().filter(|(oid, each)| not.get(oid) != Some(each));
            mine.map(|(oid, each)| (*oid, (each.bytes, each.hash))).collect()
        };
        return (only(is, was), only(was, is));
    }
    let decoded = is.sketch.minus(&was.sketch).unwrap_or_default();
    let by_oid = |items: &[Item]| -> Named { items.iter().filter_map(item).collect() };
    (by_oid(&decoded.more), by_oid(&decoded.less))
}

/// Number, size and hash of an object, as its key tells them.
fn item(item: &Item) -> Option<(u32, (u64, u128))> {
    let (text, _) = unpack(&item.key)?;
    let (oid, bytes) = std::str::from_utf8(text).ok()?.split_once('\u{1f}')?;
    Some((oid.parse().ok()?, (bytes.parse().ok()?, item.row)))
}

fn size(bytes: u64) -> String {
    if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") }
}

fn altered(sides: Sides<'_>, had: u64, has: u64) -> String {
    match sides {
        Sides::Times if had == has => format!("was altered since; it has {} as before", size(has)),
        Sides::Times => format!("was altered since; it had {} and has {}", size(had), size(has)),
        Sides::Sources(other) => format!("has {} and is not as in `{other}`, with {}", size(has), size(had)),
    }
}

fn added(sides: Sides<'_>, bytes: u64) -> String {
    match sides {
        Sides::Times => format!("was added since, with {}", size(bytes)),
        Sides::Sources(other) => format!("with {} is not in `{other}`", size(bytes)),
    }
}

fn missing(sides: Sides<'_>, bytes: u64) -> String {
    match sides {
        Sides::Times => format!("is missing; it had {}", size(bytes)),
        Sides::Sources(other) => format!("is missing; in `{other}` it has {}", size(bytes)),
    }
}

/// Objects that differ, of which not all can be named.
fn others(sides: Sides<'_>, rest: &str, was: &LargeObjects, is: &LargeObjects) -> String {
    let rest = format!("{rest} of which can be named");
    let (had, has) = (
        format!("{} with {} bytes", was.objects, was.bytes),
        format!("{} with {} bytes", is.objects, is.bytes),
    );
    match sides {
        Sides::Sources(other) => {
            format!(
                "large objects differ from those in `{other}`, {rest}: there are {has}, and {had} in `{other}`"
            )
        }
        Sides::Times => {
            let what = match is.objects.cmp(&was.objects) {
                Ordering::Equal => "altered",
                Ordering::Greater => "added or altered",
                Ordering::Less => "removed or altered",
            };
            format!("large objects were {what} since, {rest}: there were {had} and are {has}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ObjectHasher;
    use super::*;

    fn of<'a>(objects: impl IntoIterator<Item = (u32, &'a str)>) -> LargeSeal {
        let mut sealed = LargeObjects::default();
        for (oid, contents) in objects {
            let mut object = ObjectHasher::new(oid);
            object.feed(contents.as_bytes());
            sealed.add(&object);
        }
        LargeSeal::Sealed(sealed)
    }

    fn found(before: &LargeSeal, now: &LargeSeal) -> Vec<String> {
        let difference = compare(Some(before), Some(now), Sides::Times).unwrap();
        assert!(difference.objects >= difference.changes.len() as u64);
        difference.changes.into_iter().map(|c| format!("{} {}", c.kind, c.message)).collect()
    }

    #[test]
    fn each_kind_of_change_is_named_by_its_number() {
        let before = of([(1, "a"), (2, "b"), (4_000_000_000, "")]);
        assert!(found(&before, &of([(4_000_000_000, ""), (2, "b"), (1, "a")])).is_empty());
        for (now, said) in [
            (
                of([(1, "a"), (2, "c"), (4_000_000_000, "")]),
                "large_object_altered large object 2 was altered since; it has 1 byte as before",
            ),
            (
                of([(1, "a"), (2, "b"), (4_000_000_000, "xy")]),
                "large_object_altered large object 4000000000 was altered since; it had 0 bytes and has 2 bytes",
            ),
            (
                of([(1, "a"), (2, "b")]),
                "large_object_missing large object 4000000000 is missing; it had 0 bytes",
            ),
            (
                of([(1, "a"), (2, "b"), (3, ""), (4_000_000_000, "")]),
                "large_object_added large object 3 was added since, with 0 bytes",
            ),
        ] {
            assert_eq!(found(&before, &now), [said]);
        }
        // The contents of two objects changed places.
        assert_eq!(found(&before, &of([(1, "b"), (2, "a"), (4_000_000_000, "")])).len(), 2);
    }

    #[test]
    fn what_is_too_much_to_name_is_counted() {
        let many = |n: u32| of((1..=n).map(|oid| (oid, "x")));
        // Few are kept one by one.
        assert_eq!(found(&many(1000), &many(1)).len(), 999);
        assert!(found(&many(1001), &many(1000)).concat().contains("large object 1001 is missing"));
        let said = found(&many(5000), &many(1000));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("there were 5000 with 5000 bytes and are 1000 with 1000 bytes"), "{said:?}");
        let said = compare(Some(&many(5000)), Some(&many(1000)), Sides::Sources("backup")).unwrap();
        assert_eq!(said.objects, 4000);
    }

    #[test]
    fn what_is_not_known_is_not_compared() {
        let (none, some) = (of([]), of([(1, "a")]));
        let unsealed = LargeSeal::Unsealed("no right".to_owned());
        let said = |a: Option<&LargeSeal>, b: Option<&LargeSeal>| compare(a, b, Sides::Times);
        for seal in [&none, &some, &unsealed, &LargeSeal::Unlisted] {
            assert!(said(None, Some(seal)).unwrap_err().contains("take a new one"));
            assert!(said(Some(seal), None).is_err());
            assert!(said(Some(&unsealed), Some(seal)).unwrap_err().contains("no right"));
            assert!(said(Some(seal), Some(&unsealed)).is_err());
            assert!(said(Some(&LargeSeal::Unlisted), Some(seal)).is_err());
        }
        assert!(said(Some(&none), Some(&LargeSeal::Unlisted)).is_err());
        // Those that were there are gone all the same.
        assert_eq!(
            found(&some, &LargeSeal::Unlisted),
            ["large_object_missing large object 1 is missing; it had 1 byte"]
        );
        assert_eq!(said(Some(&none), Some(&none)).unwrap(), LargeDifference::default());
    }
}
