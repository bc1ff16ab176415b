//! Baselines as files: JSON in the canonical form of RFC 8785 on one line, with its own SHA-256 over all but that member.
//!
//! A member `signature` is left out of the digest as well, so that a signature over the digest can stand in the file.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::large::LargeSeal;
use super::model::{Baseline, SCHEMA, Sealed};
use super::seal::Aside;

/// The members that say something about the rest.
const ABOUT: [&str; 2] = ["sha256", "signature"];

/// The largest whole number that every reader of JSON reads exactly.
const LARGEST: u64 = 1 << 53;

/// The text of a file, and its digest.
///
/// # Errors
///
/// A sentence, when it has no canonical form.
pub fn write(baseline: &Baseline) -> Result<(String, String), String> {
    let value = serde_json::to_value(baseline).map_err(|error| error.to_string())?;
    let Value::Object(mut members) = value else { return Err("a baseline is an object".to_owned()) };
    let digest = digest(&members)?;
    members.insert("sha256".to_owned(), Value::String(digest.clone()));
    let mut text = String::new();
    canonical(&Value::Object(members), &mut text)?;
    text.push('\n');
    Ok((text, digest))
}

/// A baseline and its digest from the text of its file.
///
/// # Errors
///
/// Why it is none, or not as it was written.
pub fn read(text: &str) -> Result<(Baseline, String), String> {
    let line = text.strip_suffix('\n').ok_or("it does not end as it was written: it is cut off or edited")?;
    let value: Value = serde_json::from_str(line)
        .map_err(|error| format!("it is not JSON ({error}): it is cut off or edited"))?;
    let Value::Object(mut members) = value else { return Err("it is no baseline".to_owned()) };
    match members.get("schema").and_then(Value::as_str) {
        Some(SCHEMA) => {}
        Some(other) => return Err(format!("it is `{other}`, and this version reads `{SCHEMA}`")),
        None => return Err("it is no baseline: it does not name its schema".to_owned()),
    }
    let mut again = String::new();
    canonical(&Value::Object(members.clone()), &mut again)?;
    if again != line {
        return Err("it is not in canonical form: it was edited".to_owned());
    }
    let stated = members.get("sha256").and_then(Value::as_str).map(str::to_owned);
    let found = digest(&members)?;
    if stated.as_deref() != Some(found.as_str()) {
        return Err("its SHA-256 is not that of its contents: it was edited".to_owned());
    }
    for about in ABOUT {
        members.remove(about);
    }
    let baseline: Baseline = serde_json::from_value(Value::Object(members))
        .map_err(|error| format!("it does not hold what a baseline does: {error}"))?;
    if let Some(odd) = baseline.relations.iter().find(|r| r.seal.is_some() == r.unsealed.is_some()) {
        return Err(format!("`{}` is neither sealed nor said not to be", odd.name));
    }
    if let Some(odd) = baseline.relations.iter().find(|r| r.seal.as_ref().is_some_and(|seal| !seal.adds_up()))
    {
        return Err(format!("the tenants of `{}` do not add up to its rows", odd.name));
    }
    let is_cut = |r: &&Sealed| r.seal.as_ref().is_some_and(|seal| seal.aside != Aside::default());
    if let Some(odd) = baseline.relations.iter().find(is_cut) {
        return Err(format!("the seal of `{}` is not of all rows", odd.name));
    }
    if let Some(LargeSeal::Sealed(large)) = &baseline.large_objects
        && !large.adds_up()
    {
        return Err("its large objects do not add up".to_owned());
    }
    if let Some(twice) = baseline.relations.windows(2).find(|pair| matches!(pair, [a, b] if a.name >= b.name))
    {
        let name = twice.first().map(|r| r.name.to_string()).unwrap_or_default();
        return Err(format!("its relations are not in order at `{name}`"));
    }
    Ok((baseline, found))
}

fn digest(members: &Map<String, Value>) -> Result<String, String> {
    let rest = members.iter().filter(|(name, _)| !ABOUT.contains(&name.as_str()));
    let rest: Map<String, Value> = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut text = String::new();
    canonical(&Value::Object(rest), &mut text)?;
    Ok(Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Members by the UTF-16 code units of their names, numbers whole, strings as ECMAScript escapes them.
fn canonical(value: &Value, out: &mut String) -> Result<(), String> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => match number.as_u64().filter(|n| *n <= LARGEST) {
            Some(n) => out.push_str(&n.to_string()),
            None => return Err(format!("{number} is not a whole number that JSON keeps exactly")),
        },
        Value::String(text) => string(text, out)?,
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                canonical(item, out)?;
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (n, (name, value)) in sorted.into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                string(name, out)?;
                out.push(':');
                canonical(value, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn string(text: &str, out: &mut String) -> Result<(), String> {
    out.push_str(&serde_json::to_string(text).map_err(|error| error.to_string())?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::model::{Inventory, PolicyRef, SealedColumn, SourceRef};
    use super::super::seal::Seal;
    use super::super::sketch::Sketch;
    use super::*;
    use crate::policy::RelationName;

    fn baseline() -> Baseline {
        let mut seal = Seal {
            whole: crate::baseline::Count::default(),
            tenants: None,
            unowned: crate::baseline::Count::default(),
            sketch: Sketch::new(false),
            greatest: [("at".to_owned(), Some("5".to_owned())), ("changed".to_owned(), None)].into(),
            aside: crate::baseline::Aside::default(),
        };
        seal.whole.add(7);
        let mut large = crate::baseline::large::LargeObjects::default();
        large.add(&crate::baseline::large::ObjectHasher::new(10));
        large.add(&crate::baseline::large::ObjectHasher::new(9));
        Baseline {
            schema: SCHEMA.to_owned(),
            version: "0.1.0".to_owned(),
            taken: "2026-01-02T03:04:05Z".parse().unwrap(),
            policy: PolicyRef { name: "p".to_owned(), digest: "d".to_owned() },
            source: SourceRef { name: "s".to_owned(), kind: "dump".to_owned(), identity: [].into() },
            relations: vec![Sealed {
                name: RelationName { schema: "public".to_owned(), name: "T\u{fb33}\u{1f600}\"".to_owned() },
                columns: vec![SealedColumn { name: "id".to_owned(), type_name: "integer".to_owned() }],
                key: Vec::new(),
                tenant_by: String::new(),
                seal: Some(seal),
                unsealed: None,
            }],
            inventory: Inventory::default(),
            sequences: [("public.s".to_owned(), None)].into(),
            large_objects: Some(LargeSeal::Sealed(large)),
            sums: [].into(),
            heads: Vec::new(),
        }
    }

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let (text, digest) = write(&baseline()).unwrap();
        assert_eq!(read(&text).unwrap(), (baseline(), digest));
        // Every byte counts, and every cut is seen.
        for at in 0..text.len() {
            if text.is_char_boundary(at) {
                assert!(read(text.get(..at).unwrap()).is_err(), "cut at {at}");
            }
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(edited) = String::from_utf8(bytes) {
                assert!(read(&edited).is_err(), "edited at {at}");
            }
        }
        assert!(read(&format!("{text}\n")).is_err() && read(&text.replacen(',', ", ", 1)).is_err());
        assert!(read("{\"schema\":\"holdtrue.baseline/2\"}\n").unwrap_err().contains("this version reads"));
    }

    #[test]
    fn members_are_sorted_by_utf16() {
        let value: Value =
            serde_json::from_str("{\"\u{fb33}\":1,\"\u{1f600}\":2,\"a\":[null,true,\"\\u000f\\n\"]}")
                .unwrap();
        let mut out = String::new();
        canonical(&value, &mut out).unwrap();
        assert_eq!(out, "{\"a\":[null,true,\"\\u000f\\n\"],\"\u{1f600}\":2,\"\u{fb33}\":1}");
        assert!(canonical(&serde_json::json!(1.5), &mut out).is_err());
        assert!(canonical(&serde_json::json!(u64::MAX), &mut out).is_err());
    }
}
