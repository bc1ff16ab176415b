//! Whether a source can be read from another address than the declared one.

use super::settings::Profile;
use super::terminal::Talk;
use crate::policy::kind::{LATER, Place};
use crate::policy::{Policy, SourceAddress, SourceKind};
use crate::verdict::ExitStatus;

/// Whether a declared source can be read from an address: one that holds tables from a server or an archive, any other
/// from a place of its own kind.
pub(super) fn rebinds(declared: SourceKind, (name, address): (&str, &str)) -> Result<(), String> {
    let Some((word, rest)) = address.split_once(':') else { return Ok(()) };
    if LATER.contains(&word) {
        return Err(format!("sources of kind `{word}` are not available in this version"));
    }
    if declared.describe().relations {
        let instead = match word {
            "http" | "https" => {
                "; for an archive in object storage, write `s3://BUCKET/KEY` and set AWS_ENDPOINT_URL to its \
                 server's address"
            }
            _ => "",
        };
        let without_tables = SourceKind::ALL.into_iter().any(|k| k.word() == word && !k.describe().relations);
        return if without_tables || word == "https" {
            Err(format!("`{name}` is of kind `{}`, and that is no place of tables{instead}", declared.word()))
        } else {
            Ok(())
        };
    }
    let other = SourceKind::ALL.into_iter().any(|k| k.word() == word && k != declared);
    if other && !(declared == SourceKind::Http && rest.starts_with("//")) {
        return Err(format!("`{name}` is declared as `{}`", declared.word()));
    }
    Ok(())
}

/// Puts the addresses of a profile in place of the declared ones.
pub(super) fn rebound_by(profile: &Profile, policy: &mut Policy, talk: &Talk) -> Result<(), ExitStatus> {
    let legal: Vec<String> = policy.sources.iter().map(|source| source.name.clone()).collect();
    let legal: Vec<&str> = legal.iter().map(String::as_str).collect();
    for (name, address) in &profile.sources {
        profile.knows(("source", name), &legal, talk)?;
        for source in policy.sources.iter_mut().filter(|source| source.name == *name) {
            if source.kind.describe().place == Place::Never {
                let what = format!("a source of kind `{}` is always this machine", source.kind.word());
                return Err(talk.stop(&format!("{}: source `{name}`: {what}", profile.place())));
            }
            if let SourceAddress::Literal(text) = address {
                rebinds(source.kind, (name, text))
                    .map_err(|why| talk.stop(&format!("{}: source `{name}`: {why}", profile.place())))?;
            }
            source.address = match address {
                SourceAddress::Literal(text) => SourceAddress::Literal(bare(text).to_owned()),
                other => other.clone(),
            };
        }
    }
    Ok(())
}

/// An address without the kind `postgres` that may stand before keywords.
pub(super) fn bare(address: &str) -> &str {
    address.strip_prefix("postgres:").filter(|rest| !rest.starts_with("//")).unwrap_or(address)
}
