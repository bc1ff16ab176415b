//! All settings of an address, each with the place it was given in.

use std::collections::BTreeMap;

use super::address_error::AddressError;
use super::conninfo;
use super::environment::Environment;
use super::parameters::{self, LIBRARY_PARAMETERS, PARAMETERS, Support};
use super::service_file;

/// A value and where it was given, for messages.
pub(super) struct Setting {
    pub(super) value: String,
    pub(super) origin: String,
}

pub(super) type Settings = BTreeMap<&'static str, Setting>;

/// All settings by precedence: the text, the service, the environment.
pub(super) fn gather(
    text: &str,
    env: &dyn Environment,
    notes: &mut Vec<String>,
) -> Result<Settings, AddressError> {
    let split = conninfo::split(text)?;
    let mut settings = Settings::new();
    let mut after_secret = false;
    for (name, value) in split.settings {
        if split.is_url && LIBRARY_PARAMETERS.contains(&name.as_str()) {
            notes.push(format!(
                "`{name}` in the URL is a setting of an application's library and is not used"
            ));
            continue;
        }
        // In a URL too, an unescaped `&` in a password makes its tail look like a name.
        let shown =
            if after_secret && parameters::find(&name).is_none() { None } else { Some(name.as_str()) };
        let parameter = admit(&name, &value, shown, "the address", notes)?;
        after_secret = parameters::is_secret(&name);
        if let Some(name) = parameter {
            settings.insert(name, Setting { value, origin: "the address".to_owned() });
        }
    }

    let from_env = |name: &str| {
        let variable = parameters::find(name).map(|parameter| parameter.variable)?;
        env.var(variable)
    };
    let chosen = |settings: &Settings, name: &str| {
        settings
            .get(name)
            .map(|s| s.value.clone())
            .or_else(|| from_env(name))
            .filter(|value| !value.is_empty())
    };
    if let Some(service) = chosen(&settings, "service") {
        let found = service_file::find(&service, chosen(&settings, "servicefile").as_deref(), env)?;
        for (name, value, line) in found.settings {
            let origin = format!("{} line {line}", found.file.display());
            if let Some(name) = admit(&name, &value, Some(&name), &origin, notes)? {
                settings.entry(name).or_insert(Setting { value, origin });
            }
        }
    }
    for parameter in PARAMETERS.iter().filter(|parameter| !parameter.variable.is_empty()) {
        if settings.contains_key(parameter.name) {
            continue;
        }
        if let Some(value) = env.var(parameter.variable)
            && let Some(name) =
                admit(parameter.name, &value, Some(parameter.variable), "the environment", notes)?
        {
            settings.insert(name, Setting { value, origin: parameter.variable.to_owned() });
        }
    }
    Ok(settings)
}

/// Whether a parameter may be used: its name if so, `None` if it is left out harmlessly.
fn admit(
    name: &str,
    value: &str,
    shown: Option<&str>,
    origin: &str,
    notes: &mut Vec<String>,
) -> Result<Option<&'static str>, AddressError> {
    let Some(parameter) = parameters::find(name) else {
        let Some(shown) = shown else {
            return Err(AddressError::new(format!(
                "what follows the password in {origin} is not a connection parameter"
            ))
            .help("write `&` as %26 inside a password"));
        };
        let error = AddressError::new(format!("`{shown}` in {origin} is not a connection parameter"));
        return Err(match parameters::nearest(name) {
            Some(nearest) => error.help(format!("did you mean `{nearest}`?")),
            None => error.help("remove it"),
        });
    };
    match parameter.support {
        Support::Used => Ok(Some(parameter.name)),
        Support::Noted(_) if value.eq_ignore_ascii_case("utf8") || matches!(value, "auto" | "") => Ok(None),
        Support::Noted(why) => {
            notes.push(format!("`{}` in {origin} is not used: {why}", shown.unwrap_or(name)));
            Ok(None)
        }
        Support::Refused { harmless, .. } if value.is_empty() || harmless.contains(&value) => Ok(None),
        Support::Refused { why, .. } => {
            Err(AddressError::new(format!("`{}` in {origin} is not supported", shown.unwrap_or(name)))
                .help(why))
        }
    }
}

pub(super) fn bad_value(settings: &Settings, name: &str, wanted: &str) -> AddressError {
    let (value, origin) =
        settings.get(name).map_or(("", "the address"), |s| (s.value.as_str(), s.origin.as_str()));
    AddressError::new(format!("{name} is `{value}` in {origin}")).help(format!("write {wanted}"))
}

pub(super) fn number(settings: &Settings, name: &str) -> Result<Option<i32>, AddressError> {
    let Some(text) = settings.get(name).map(|s| s.value.trim()).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| bad_value(settings, name, "a whole number"))
}
