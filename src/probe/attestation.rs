//! Statements of people, in a TOML file that is kept under version control.

use bigdecimal::BigDecimal;
use jiff::Timestamp;
use serde::Deserialize;

use super::document::{digest, text};
use super::tells::{SKEW, Tells, Told, age, other};
use crate::facts::{Failure, Observed};
use crate::failure::FailureKind;
use crate::plan::Inspection;
use crate::policy::facts::Fact;
use crate::value::Value;

/// A file of statements that was read.
#[derive(Debug)]
pub(super) struct Statements {
    path: String,
    digest: String,
    all: Vec<Statement>,
}

/// What somebody said.
#[derive(Clone, Debug)]
struct Statement {
    check: String,
    by: String,
    at: Timestamp,
    expires: Option<Timestamp>,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    statement: Vec<WrittenStatement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStatement {
    check: String,
    by: String,
    at: toml::value::Datetime,
    expires: Option<toml::value::Datetime>,
    #[serde(default)]
    text: String,
}

impl Statements {
    /// Reads a file of statements.
    ///
    /// # Errors
    /// It cannot be read, or one of its statements is none: then nothing in it counts.
    pub(super) fn open(path: &str) -> Result<Self, Failure> {
        let (text, _, _) = text(path)?;
        let all = read(&text, Timestamp::now())
            .map_err(|why| other(format!("`{}` cannot be read: {why}", path.escape_debug())))?;
        Ok(Self { path: path.to_owned(), digest: digest(&text), all })
    }

    /// The latest statement about a check that has not expired.
    fn latest(&self, check: &str) -> Result<&Statement, Failure> {
        let about = || self.all.iter().filter(|s| s.check == check);
        let now = Timestamp::now();
        let latest = about().filter(|s| s.expires.is_none_or(|at| at > now)).max_by_key(|s| s.at);
        latest.ok_or_else(|| {
            let why = match about().max_by_key(|s| s.at).and_then(|s| s.expires) {
                Some(expired) => format!("the statement about `{check}` expired at {expired}"),
                None => format!("`{}` has no statement about `{check}`", self.path),
            };
            Failure { kind: FailureKind::MissingObject, message: why }
        })
    }
}

fn read(text: &str, now: Timestamp) -> Result<Vec<Statement>, String> {
    let written: Written = toml::from_str(text).map_err(|e| e.message().to_owned())?;
    written
        .statement
        .into_iter()
        .enumerate()
        .map(|(n, s)| statement(s, now).map_err(|why| format!("statement {}: {why}", n + 1)))
        .collect()
}

fn statement(written: WrittenStatement, now: Timestamp) -> Result<Statement, String> {
    let instant = |what: &str, at: toml::value::Datetime| {
        let text = at.to_string();
        text.parse::<Timestamp>().map_err(|_| {
            format!("`{what} = {text}` needs a time with an offset, such as 2026-01-14T14:30:00Z")
        })
    };
    let (check, by) = (written.check.trim().to_owned(), written.by.trim().to_owned());
    if check.is_empty() || by.is_empty() {
        return Err("`check` and `by` must say something".to_owned());
    }
    let at = instant("at", written.at)?;
    let expires = written.expires.map(|at| instant("expires", at)).transpose()?;
    if at.as_microsecond().saturating_sub(now.as_microsecond()) > SKEW {
        return Err(format!("`at = {at}` is in the future, and nobody can have said it yet"));
    }
    if expires.is_some_and(|expires| expires <= at) {
        return Err("`expires` is not after `at`".to_owned());
    }
    Ok(Statement { check, by, at, expires, text: written.text })
}

impl Tells for Statements {
    fn fact(&self, fact: &Fact, argument: Option<&str>) -> Result<Told, Failure> {
        match (fact.name, argument) {
            ("statements", None) => Ok(Told::plain(Value::Number(BigDecimal::from(self.all.len() as u64)))),
            ("latest", Some(check)) => {
                let latest = self.latest(check)?;
                Ok(Told::of(Value::Time(latest.at), format!("by {}", latest.by)))
            }
            ("age", Some(check)) => {
                let latest = self.latest(check)?;
                let age = age(latest.at, &format!("the statement about `{check}`"))?;
                Ok(Told::of(Value::Duration(age), format!("by {}", latest.by)))
            }
            ("by", Some(check)) => Ok(Told::plain(Value::Text(self.latest(check)?.by.clone()))),
            (name, _) => Err(other(format!("`{name}` is no fact of statements"))),
        }
    }

    fn identity(&self) -> Vec<(String, String)> {
        vec![
            ("digest".to_owned(), self.digest.clone()),
            ("statements".to_owned(), self.all.len().to_string()),
        ]
    }

    fn inspect(&self, inspection: &Inspection) -> Result<Observed, Failure> {
        let Inspection::Statements(check) = inspection else {
            return Err(other("statements cannot be asked for this"));
        };
        let about = self.all.iter().filter(|s| s.check == *check);
        let rows = about
            .map(|s| {
                let expires = s.expires.map(|at| at.to_string());
                vec![Some(s.by.clone()), Some(s.at.to_string()), expires, Some(s.text.clone())]
            })
            .collect();
        let columns = ["by", "at", "expires", "text"].map(str::to_owned).to_vec();
        Ok(Observed::Table { rows, columns, more: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-14T15:00:00Z".parse().unwrap()
    }

    #[test]
    fn statements_say_who_when_and_until_when() {
        let text = "[[statement]]\ncheck = \"told\"\nby = \"@support\"\nat = 2026-01-14T14:30:00Z\n\
                    expires = 2026-01-15T00:00:00+08:00\ntext = \"mailed\"\n";
        let all = read(text, now()).unwrap();
        assert_eq!(all[0].expires.unwrap().to_string(), "2026-01-14T16:00:00Z");
        assert_eq!(
            (all[0].check.as_str(), all[0].by.as_str(), all[0].text.as_str()),
            ("told", "@support", "mailed")
        );
        assert!(read("", now()).unwrap().is_empty());
    }

    #[test]
    fn what_could_be_misread_is_refused() {
        let one = |fields: &str| read(&format!("[[statement]]\n{fields}\n"), now()).unwrap_err();
        let said = "check = \"told\"\nby = \"@support\"\n";
        assert!(one(&format!("{said}at = 2026-02-14T14:30:00Z")).contains("in the future"));
        assert!(one(&format!("{said}at = 2026-01-14T14:30:00")).contains("offset"));
        assert!(one(&format!("{said}at = 2026-01-14")).contains("offset"));
        assert!(
            one(&format!("{said}at = 2026-01-14T14:30:00Z\nexpires = 2026-01-14T14:30:00Z"))
                .contains("not after")
        );
        assert!(
            one(&format!("{said}at = 2026-01-14T14:30:00Z\nexpire = 2026-01-14T14:30:00Z"))
                .contains("expire")
        );
        assert!(one("check = \"told\"\nby = \" \"\nat = 2026-01-14T14:30:00Z").contains("must say"));
        assert!(one("check = \"told\"\nat = 2026-01-14T14:30:00Z").contains("by"));
        assert!(read("[[statements]]\n", now()).is_err());
    }
}
