//! From the text of `holdtrue.toml` to profiles. What is not known is an error: a misspelt word must not look obeyed.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::profile::{Limits, Profile, Tighter};
use crate::check::secret_in;
use crate::cli::{parameters, size, verify};
use crate::diagnostic::suggest;
use crate::policy::SourceAddress;

/// A file of settings.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The profile that is used where none is named.
    pub(super) default: Option<String>,
    /// All of them.
    pub(super) profiles: BTreeMap<String, Profile>,
}

/// Words by which a profile would ask for less than the policy.
const LOOSER: [&str; 14] = [
    "allow_privileged_role",
    "check",
    "checks",
    "disable",
    "exclude",
    "gate",
    "gates",
    "ignore",
    "only",
    "out_of_order",
    "skip",
    "tenant",
    "waive",
    "waivers",
];

/// Reads a file of settings; an error is one sentence and shows no value.
pub(super) fn settings(text: &str) -> Result<Settings, String> {
    // The error's own rendering shows the line, which may be an address with a password.
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        format!("line {line} is not TOML: {}", error.message().lines().next().unwrap_or_default())
    })?;
    keys("", &table, &["default_profile", "profiles"])?;
    let default = table.get("default_profile").map(|v| word("default_profile", v)).transpose()?;
    let mut profiles = BTreeMap::new();
    if let Some(value) = table.get("profiles") {
        for (name, value) in inner("profiles", value)? {
            profiles.insert(name.clone(), profile(name, inner(&format!("profiles.{name}"), value)?)?);
        }
    }
    Ok(Settings { default, profiles })
}

fn profile(name: &str, table: &Table) -> Result<Profile, String> {
    let place = format!("profiles.{name}");
    let legal = [
        "sources",
        "parameters",
        "limits",
        "output",
        "strict",
        "exact",
        "no_raw_sql",
        "redact",
        "routes",
        "alert_state",
    ];
    keys(&place, table, &legal)?;
    let mut profile = Profile { name: name.to_owned(), ..Profile::default() };
    for (key, value) in table {
        let place = format!("{place}.{key}");
        match key.as_str() {
            "sources" => {
                for (source, value) in inner(&place, value)? {
                    let place = format!("{place}.{source}");
                    profile.sources.insert(source.clone(), address(&place, &word(&place, value)?)?);
                }
            }
            "parameters" => {
                for (parameter, value) in inner(&place, value)? {
                    let text = parameters::text(value).map_err(|what| {
                        format!("`{place}.{parameter}` is of type {what}; write it as a text")
                    })?;
                    profile.parameters.insert(parameter.clone(), text);
                }
            }
            "limits" => profile.limits = limits(&place, inner(&place, value)?)?,
            "output" => output(&place, inner(&place, value)?, &mut profile)?,
            "redact" => profile.redact = words(&place, value)?,
            "alert_state" => profile.alert_state = Some(word(&place, value)?.into()),
            "routes" => {
                for (route, value) in inner(&place, value)? {
                    let place = format!("{place}.{route}");
                    profile.routes.push(super::routes::channel(&place, route, inner(&place, value)?)?);
                }
            }
            switch => on(&place, switch, value, &mut profile.tighter)?,
        }
    }
    Ok(profile)
}

/// Where a source is: `env:NAME`, `file:PATH`, or the address itself.
pub(super) fn address(place: &str, text: &str) -> Result<SourceAddress, String> {
    if let Some(name) = text.strip_prefix("env:") {
        return if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            Ok(SourceAddress::Env(name.to_owned()))
        } else {
            // Not shown: it may be an address put where a name belongs.
            Err(format!("`{place}`: what follows `env:` is no name of an environment variable"))
        };
    }
    if let Some(what) = secret_in(text) {
        return Err(format!(
            "{what} is written in `{place}`; write `env:NAME` or `file:PATH`, or use a service file or a password file"
        ));
    }
    match text.strip_prefix("file:") {
        Some("") => Err(format!("`{place}`: a path follows `file:`")),
        Some(path) => Ok(SourceAddress::File(path.to_owned())),
        None if text.trim().is_empty() => Err(format!("`{place}` is empty")),
        None => Ok(SourceAddress::Literal(text.to_owned())),
    }
}

fn limits(place: &str, table: &Table) -> Result<Limits, String> {
    keys(place, table, &["jobs", "memory", "statement_timeout", "max_transfer"])?;
    let number = |key: &str, most: u64| {
        let read = |value: &Value| match value.as_integer().and_then(|n| u64::try_from(n).ok()) {
            Some(n) if (1..=most).contains(&n) => Ok(n),
            _ => Err(format!("`{place}.{key}` is a whole number from 1 to {most}")),
        };
        table.get(key).map(read).transpose()
    };
    let size = |key: &str| {
        let read = |value: &Value| {
            let place = format!("{place}.{key}");
            size::bytes(&word(&place, value)?).map_err(|why| format!("`{place}`: {why}"))
        };
        table.get(key).map(read).transpose()
    };
    Ok(Limits {
        jobs: number("jobs", 64)?,
        statement_timeout: number("statement_timeout", 86_400)?,
        memory: size("memory")?,
        max_transfer: size("max_transfer")?,
    })
}

fn output(place: &str, table: &Table, profile: &mut Profile) -> Result<(), String> {
    keys(place, table, &["format", "outputs"])?;
    if let Some(value) = table.get("format") {
        let place = format!("{place}.format");
        profile.format =
            Some(verify::format(&word(&place, value)?).map_err(|why| format!("`{place}`: {why}"))?);
    }
    if let Some(value) = table.get("outputs") {
        let place = format!("{place}.outputs");
        for text in words(&place, value)? {
            profile.outputs.push(verify::output(&text).map_err(|why| format!("`{place}`: {why}"))?);
        }
    }
    Ok(())
}

fn on(place: &str, switch: &str, value: &Value, tighter: &mut Tighter) -> Result<(), String> {
    match value {
        Value::Boolean(true) => {}
        Value::Boolean(false) => {
            return Err(format!(
                "`{place} = false` would ask for less; a profile can only tighten, so leave it out"
            ));
        }
        _ => return Err(format!("`{place}` is `true`, or is left out")),
    }
    match switch {
        "strict" => tighter.strict = true,
        "exact" => tighter.exact = true,
        _ => tighter.no_raw_sql = true,
    }
    Ok(())
}

pub(super) fn keys(place: &str, table: &Table, legal: &[&str]) -> Result<(), String> {
    let Some(wrong) = table.keys().find(|key| !legal.contains(&key.as_str())) else { return Ok(()) };
    let shown = if place.is_empty() { wrong.clone() } else { format!("{place}.{wrong}") };
    if LOOSER.contains(&wrong.as_str()) {
        return Err(format!(
            "`{shown}`: a profile adds or tightens; what is checked, and what may be waived, is said in the policy or on \
             the command line"
        ));
    }
    Err(match suggest::nearest(wrong, legal) {
        Some(near) => format!("unknown key `{shown}`; did you mean `{near}`?"),
        None => format!("unknown key `{shown}`; there are {}", suggest::listing(legal)),
    })
}

pub(super) fn inner<'t>(place: &str, value: &'t Value) -> Result<&'t Table, String> {
    value.as_table().ok_or_else(|| format!("`{place}` is of type {}; it has to be a table", value.type_str()))
}

pub(super) fn word(place: &str, value: &Value) -> Result<String, String> {
    let text = value
        .as_str()
        .ok_or_else(|| format!("`{place}` is of type {}; write it as a text", value.type_str()))?;
    Ok(text.to_owned())
}

pub(super) fn words(place: &str, value: &Value) -> Result<Vec<String>, String> {
    let list =
        value.as_array().ok_or_else(|| format!("`{place}` is a list of texts, such as `[\"email\"]`"))?;
    list.iter().map(|value| word(place, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::settings;

    fn refused(text: &str) -> String {
        settings(text).err().unwrap_or_default()
    }

    #[test]
    fn what_is_not_known_or_does_not_fit_is_refused() {
        for (text, piece) in [
            ("defaultprofile = \"a\"", "did you mean `default_profile`"),
            ("[profiles.a]\nlimit = 1", "`profiles.a.limit`; did you mean `limits`"),
            ("[profiles.a.limits]\njobs = 0", "from 1 to 64"),
            ("[profiles.a.limits]\njobs = \"2\"", "from 1 to 64"),
            ("[profiles.a.limits]\nmemory = 64", "write it as a text"),
            ("[profiles.a.limits]\nmemory = \"64\"", "profiles.a.limits.memory"),
            ("[profiles.a.output]\nformat = \"jsn\"", "is not a format"),
            ("[profiles.a.output]\noutputs = [\"json\"]", "FORMAT=PATH"),
            ("[profiles.a]\nstrict = false", "can only tighten"),
            ("[profiles.a]\nskip = [\"c\"]", "adds or tightens"),
            ("[profiles.a]\nwaivers = \"w.hold\"", "adds or tightens"),
            ("[profiles.a]\nredact = \"email\"", "list of texts"),
            ("[profiles.a.sources]\ndb = 5", "write it as a text"),
            ("[profiles.a.parameters]\nx = [1]", "is of type array"),
            ("profiles = 1", "has to be a table"),
        ] {
            let why = refused(text);
            assert!(why.contains(piece), "{text}: {why}");
        }
    }

    #[test]
    fn no_refusal_shows_a_secret() {
        for text in [
            "[profiles.a.sources]\ndb = \"postgres://u:hunter2@h/db\"",
            "[profiles.a.sources]\ndb = \"env:postgres://u:hunter2@h/db\"",
            "[profiles.a.sources]\ndb = \"file:postgres://u:hunter2@h/db\"",
            "[profiles.a.sources]\ndb = \"host=h password=hunter2\"",
            "[profiles.a.sources]\ndb = \"s3://hunter2@bucket/key\"",
            "[profiles.a.sources]\ndb = \"postgres://u:hunter2@h/db",
            "[profiles.a.sources]\ndb = postgres://u:hunter2@h/db",
        ] {
            let why = refused(text);
            assert!(!why.is_empty() && !why.contains("hunter2"), "{text}: {why}");
        }
    }
}
