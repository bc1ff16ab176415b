//! What a baseline holds, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::baseline::Baseline;
use crate::baseline::large::LargeSeal;
use crate::cli::terminal::counted;

/// All of it but the sketches.
pub(super) fn text(baseline: &Baseline, digest: &str) -> String {
    let mut out = String::new();
    let source = &baseline.source;
    let _ = writeln!(out, "baseline of source `{}` ({}), taken {}", source.name, source.kind, baseline.taken);
    let _ = writeln!(out, "  policy `{}` {}", baseline.policy.name, baseline.policy.digest);
    let _ = writeln!(out, "  sha256 {digest}");
    for (name, value) in &source.identity {
        let _ = writeln!(out, "  {name}: {value}");
    }
    let _ = writeln!(out, "\n{}:", counted(baseline.relations.len(), "table"));
    for relation in &baseline.relations {
        match (&relation.seal, &relation.unsealed) {
            (Some(seal), _) => {
                let tenants = seal.tenants.as_ref().map_or(String::new(), |tenants| {
                    format!(", {} by {}", counted(tenants.len(), "tenant"), relation.tenant_by)
                });
                let unowned = match seal.unowned.rows {
                    0 => String::new(),
                    n => format!(", {n} of no tenant"),
                };
                let _ = writeln!(
                    out,
                    "  {}: {} rows {:032x}{tenants}{unowned}",
                    relation.name, seal.whole.rows, seal.whole.sum
                );
                for (column, value) in &seal.greatest {
                    let value = value.as_deref().unwrap_or("no row has one");
                    let _ = writeln!(out, "    up to {column}: {value}");
                }
            }
            (None, why) => {
                let _ =
                    writeln!(out, "  {}: not sealed: {}", relation.name, why.as_deref().unwrap_or_default());
            }
        }
    }
    let mut kinds: BTreeMap<&str, usize> =
        baseline.inventory.kinds.iter().map(|kind| (kind.as_str(), 0)).collect();
    for object in &baseline.inventory.objects {
        *kinds.entry(&object.kind).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.iter().map(|(kind, n)| format!("{kind} {n}")).collect();
    let _ = writeln!(out, "\n{}: {}", counted(baseline.inventory.objects.len(), "object"), kinds.join(", "));
    let _ = writeln!(out, "  {}", large(baseline.large_objects.as_ref()));
    for (name, value) in &baseline.sequences {
        let _ = writeln!(out, "  sequence {name}: {}", value.as_deref().unwrap_or("never used"));
    }
    for (name, value) in &baseline.sums {
        let _ = writeln!(out, "  sum of {name}: {value}");
    }
    let mut chains: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for head in &baseline.heads {
        let (splits, rows) = chains.entry(&head.chain).or_default();
        *splits += 1;
        *rows += head.rows;
    }
    for (chain, (splits, rows)) in chains {
        let _ = writeln!(out, "  chain {chain}: the last rows of {}, {rows} rows", counted(splits, "split"));
    }
    out
}

fn large(seal: Option<&LargeSeal>) -> String {
    match seal {
        Some(LargeSeal::Sealed(sealed)) => {
            let objects = counted(usize::try_from(sealed.objects).unwrap_or(usize::MAX), "large object");
            format!("{objects}, {} bytes {:032x}", sealed.bytes, sealed.sum)
        }
        Some(LargeSeal::Unlisted) => {
            "large objects: the archive lists none: there were none, or they were left out".to_owned()
        }
        Some(LargeSeal::Unsealed(why)) => format!("large objects: not sealed: {why}"),
        None => "large objects: not sealed: the baseline is of an earlier version; take a new one".to_owned(),
    }
}
