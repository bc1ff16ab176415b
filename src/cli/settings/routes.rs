//! `[profiles.NAME.routes.NAME]`: where alerts go.

use jiff::SignedDuration;
use toml::{Table, Value};

use super::profile::{Channel, Target};
use super::read::{address, inner, keys, word, words};
use crate::alert::{Route, Shape};
use crate::cli::attest::duration;
use crate::policy::SourceAddress;
use crate::verdict::{Level, Verdict};

const KEYS: [&str; 15] = [
    "after",
    "allow_private",
    "attempts",
    "checks",
    "command",
    "gates",
    "headers",
    "keep",
    "levels",
    "repeat",
    "severity",
    "to",
    "url",
    "verdicts",
    "wait",
];

/// Verdicts that may be told.
const VERDICTS: [(&str, Verdict); 2] = [("broken", Verdict::Broken), ("unproven", Verdict::Unproven)];

const LEVELS: [(&str, Level); 2] = [("require", Level::Require), ("recommend", Level::Recommend)];

pub(super) fn channel(place: &str, name: &str, table: &Table) -> Result<Channel, String> {
    keys(place, table, &KEYS)?;
    let to = table.get("to").map(|v| word(&format!("{place}.to"), v)).transpose()?;
    let shape = match to.as_deref() {
        Some("json" | "command") => Shape::Json,
        Some("slack") => Shape::Slack,
        Some("alertmanager") => Shape::Alertmanager,
        _ => return Err(format!("`{place}.to` is `json`, `slack`, `alertmanager` or `command`")),
    };
    let target =
        if to.as_deref() == Some("command") { run(place, table)? } else { webhook(place, table, shape)? };
    let time = |key: &str| {
        let read = |value: &Value| {
            duration(&word(&format!("{place}.{key}"), value)?)
                .map_err(|why| format!("`{place}.{key}`: {why}"))
        };
        table.get(key).map(read).transpose()
    };
    let list = |key: &str| match table.get(key) {
        Some(value) => match words(&format!("{place}.{key}"), value)? {
            // It would tell nobody of anything.
            none if none.is_empty() => {
                Err(format!("`{place}.{key}` names nothing; leave it out for all of them"))
            }
            some => Ok(some),
        },
        None => Ok(Vec::new()),
    };
    let attempts = match table.get("attempts").map(Value::as_integer) {
        None => 4,
        Some(number) => number
            .and_then(|n| u32::try_from(n).ok())
            .filter(|n| (1..=10).contains(n))
            .ok_or_else(|| format!("`{place}.attempts` is a whole number from 1 to 10"))?,
    };
    if shape != Shape::Alertmanager && table.contains_key("keep") {
        return Err(format!("`{place}.keep` says something to Alertmanager only"));
    }
    if shape == Shape::Alertmanager && table.contains_key("repeat") {
        return Err(format!(
            "`{place}.repeat`: Alertmanager is told by every run, and repeats by its own settings"
        ));
    }
    let route = Route {
        name: name.to_owned(),
        shape,
        verdicts: picked(&format!("{place}.verdicts"), &list("verdicts")?, &VERDICTS)?,
        levels: picked(&format!("{place}.levels"), &list("levels")?, &LEVELS)?,
        gates: list("gates")?,
        checks: list("checks")?,
        severity: table.get("severity").map(|v| word(&format!("{place}.severity"), v)).transpose()?,
        repeat: time("repeat")?,
        after: time("after")?,
        keep: time("keep")?.unwrap_or(SignedDuration::from_hours(25)),
    };
    Ok(Channel { route, target, attempts, wait: time("wait")?.unwrap_or(SignedDuration::from_secs(1)) })
}

/// Those that are named, and all where none is.
fn picked<T: Copy>(place: &str, names: &[String], all: &[(&str, T)]) -> Result<Vec<T>, String> {
    if names.is_empty() {
        return Ok(all.iter().map(|(_, value)| *value).collect());
    }
    let one = |name: &String| {
        let found = all.iter().find(|(word, _)| word == name).map(|(_, value)| *value);
        let legal: Vec<&str> = all.iter().map(|(word, _)| *word).collect();
        found.ok_or_else(|| format!("`{place}`: `{name}` is none of {}", legal.join(", ")))
    };
    names.iter().map(one).collect()
}

fn run(place: &str, table: &Table) -> Result<Target, String> {
    for key in ["url", "headers", "allow_private"] {
        if table.contains_key(key) {
            return Err(format!("`{place}.{key}` is for a webhook, and this goes to a command"));
        }
    }
    let value = table.get("command").ok_or_else(|| format!("`{place}` needs `command`, a list of words"))?;
    match words(&format!("{place}.command"), value)? {
        none if none.first().is_none_or(String::is_empty) => {
            Err(format!("`{place}.command` names no program"))
        }
        command => Ok(Target::Command(command)),
    }
}

fn webhook(place: &str, table: &Table, shape: Shape) -> Result<Target, String> {
    if table.contains_key("command") {
        return Err(format!("`{place}.command` needs `to = \"command\"`"));
    }
    let secret = |place: &str, value: &Value| {
        let from = address(place, &word(place, value)?)?;
        match from {
            SourceAddress::Env(_) | SourceAddress::File(_) => Ok(from),
            _ => Err(format!("`{place}` may be a secret; write `env:NAME` or `file:PATH`")),
        }
    };
    let at = format!("{place}.url");
    let url = table.get("url").ok_or_else(|| format!("`{place}` needs `url`"))?;
    // Whoever knows the address of an incoming webhook may write there. An Alertmanager's is no secret.
    let url = if shape == Shape::Alertmanager { address(&at, &word(&at, url)?)? } else { secret(&at, url)? };
    let mut headers = Vec::new();
    if let Some(value) = table.get("headers") {
        let place = format!("{place}.headers");
        for (name, value) in inner(&place, value)? {
            headers.push((name.clone(), secret(&format!("{place}.{name}"), value)?));
        }
    }
    let private = match table.get("allow_private") {
        None => false,
        Some(Value::Boolean(private)) => *private,
        Some(_) => return Err(format!("`{place}.allow_private` is `true`, or is left out")),
    };
    Ok(Target::Webhook { url, headers, private })
}

#[cfg(test)]
mod tests {
    use crate::cli::settings::read::settings;

    #[test]
    fn a_route_that_would_tell_nobody_is_refused() {
        for (text, piece) in [
            ("", "`json`, `slack`"),
            ("to = \"pager\"", "`json`, `slack`"),
            ("to = \"json\"", "needs `url`"),
            ("to = \"slack\"\nurl = \"https://hooks.example/hunter2\"", "write `env:NAME`"),
            ("to = \"json\"\nurl = \"env:U\"\nheaders = { Authorization = \"hunter2\" }", "write `env:NAME`"),
            ("to = \"json\"\nurl = \"env:U\"\ngates = []", "names nothing"),
            ("to = \"json\"\nurl = \"env:U\"\nverdicts = [\"holds\"]", "is none of broken, unproven"),
            ("to = \"json\"\nurl = \"env:U\"\nlevels = [\"all\"]", "is none of require, recommend"),
            ("to = \"json\"\nurl = \"env:U\"\nattempts = 0", "from 1 to 10"),
            ("to = \"json\"\nurl = \"env:U\"\nrepeat = \"0h\"", "above zero"),
            ("to = \"json\"\nurl = \"env:U\"\nkeep = \"1h\"", "Alertmanager only"),
            ("to = \"alertmanager\"\nurl = \"env:U\"\nrepeat = \"1h\"", "told by every run"),
            ("to = \"command\"", "needs `command`"),
            ("to = \"command\"\ncommand = []", "names no program"),
            ("to = \"command\"\ncommand = [\"x\"]\nurl = \"env:U\"", "goes to a command"),
            ("to = \"json\"\nurl = \"env:U\"\nverdict = [\"broken\"]", "did you mean `verdicts`"),
        ] {
            let why = settings(&format!("[profiles.a.routes.r]\n{text}")).err().unwrap_or_default();
            assert!(why.contains(piece) && !why.contains("hunter2"), "{text}: {why}");
        }
    }
}
