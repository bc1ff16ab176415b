//! Facts kept by an earlier run, to be judged again without any source.

use std::path::Path;

use super::run::RunArgs;
use super::shared::{Ready, Selected};
use super::terminal::Talk;
use crate::facts::{self, Facts};
use crate::plan::Plan;
use crate::verdict::ExitStatus;

/// What every facts file has, whatever its schema.
#[derive(serde::Deserialize)]
struct Marked {
    schema: String,
}

/// Reads a facts file and plans against the catalogues in it; on failure everything has been said.
pub(super) fn replay(
    path: &Path,
    at: (&Ready, &Selected),
    run: &RunArgs,
    digest: &str,
    talk: &Talk,
) -> Result<(Plan, Facts), ExitStatus> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| talk.stop(&format!("facts file `{}` cannot be read: {error}", path.display())))?;
    let wrong = |error: serde_json::Error| talk.stop(&format!("facts file `{}`: {error}", path.display()));
    // What another schema lacks or calls otherwise must not be reported as a damaged file.
    let marked: Marked = serde_json::from_str(&text).map_err(wrong)?;
    if marked.schema != facts::SCHEMA {
        return Err(talk.stop(&format!(
            "facts file `{}` is of schema `{}`, and this version reads `{}`; take the facts again with `--save-facts`, or \
             judge them with the version that took them",
            path.display(),
            marked.schema,
            facts::SCHEMA
        )));
    }
    let facts: Facts = serde_json::from_str(&text).map_err(wrong)?;
    if facts.version != env!("CARGO_PKG_VERSION") {
        talk.say(&format!(
            "note: the facts were taken by version {}; what this version asks otherwise is unproven",
            facts.version
        ));
    }
    if facts.policy_digest != digest {
        talk.say("note: the facts were taken for another text or other parameters of the policy; what it asks now and was not looked at then is unproven");
    }
    let plan = run.plan(at, &facts.sources, facts.now, talk)?;
    Ok((plan, facts))
}
