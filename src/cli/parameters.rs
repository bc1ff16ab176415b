//! Values of parameters outside of the policy: from files and from options.

use std::collections::BTreeMap;
use std::path::Path;

use super::terminal::Talk;
use crate::verdict::ExitStatus;

/// A value as the command line would give it; an error is the name of a type that no parameter has.
pub(super) fn text(value: &toml::Value) -> Result<String, &'static str> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(n) => Ok(n.to_string()),
        toml::Value::Boolean(b) => Ok(b.to_string()),
        toml::Value::Datetime(at) => Ok(at.to_string()),
        other => Err(other.type_str()),
    }
}

/// The values of a parameter file and of `--set`, which goes first; on failure everything has been said.
pub(super) fn given(
    file: Option<&Path>,
    set: &[(String, String)],
    talk: &Talk,
) -> Result<BTreeMap<String, String>, ExitStatus> {
    let mut all = BTreeMap::new();
    if let Some(path) = file {
        let shown = path.display();
        let read = std::fs::read_to_string(path)
            .map_err(|error| talk.stop(&format!("parameter file `{shown}` cannot be read: {error}")))?;
        let table: toml::Table =
            read.parse().map_err(|error| talk.stop(&format!("parameter file `{shown}`: {error}")))?;
        for (name, value) in table {
            let value = text(&value).map_err(|what| {
                talk.stop(&format!("parameter file `{shown}`: `{name}` is a {what}; write it as a text"))
            })?;
            all.insert(name, value);
        }
    }
    let mut seen = Vec::new();
    for (name, value) in set {
        if seen.contains(name) {
            return Err(talk.stop(&format!("`--set {name}=...` is given twice")));
        }
        seen.push(name.clone());
        all.insert(name.clone(), value.clone());
    }
    Ok(all)
}
