//! What a server is asked for a member of the standard pack.

use super::postgres::{QueryError, Session};
use crate::facts::{Failure, Inspected, Place};
use crate::failure::FailureKind;
use crate::policy::standard::{Look, Member};
use crate::verdict::Verdict;

/// Nothing that is proven here may be taken from what is in doubt: no index is asked, and no constraint or bound spares
/// the server a look.
const DISTRUST: &str = "set local enable_indexscan = off; set local enable_indexonlyscan = off; \
                        set local enable_bitmapscan = off; set local constraint_exclusion = off; \
                        set local enable_partition_pruning = off";

/// What the server says when it comes upon what is not so: a damaged page (`data_corrupted`) or index
/// (`index_corrupted`), a NULL or a value that its domain does not allow.
const DAMAGE: [&str; 4] = ["XX001", "XX002", "23502", "23514"];

/// Looks at every object of a member, less those that the policy leaves out.
///
/// # Errors
/// The objects cannot be listed. One that cannot be looked at is a finding of its own.
pub(super) async fn inspect(
    session: &Session,
    member: &Member,
    without: &[String],
) -> Result<Inspected, Failure> {
    let sql = match &member.look {
        Look::Asked(asked) => asked.of(session.version()),
        _ => None,
    };
    let sql = sql.ok_or_else(|| other("servers of this version cannot be asked for this"))?;
    let mut seen = Inspected::of(member.things);
    let (mut met, mut empty): (Vec<&String>, Vec<String>) = (Vec::new(), Vec::new());
    for row in session.rows(sql, &[]).await.map_err(|error| Failure::from(&error))? {
        let [object, relation, state, message, more] = cells(row)?;
        let (object, relation) = (object.unwrap_or_default(), relation.unwrap_or_default());
        if let Some(left) = without.iter().find(|left| **left == object) {
            met.push(left);
            continue;
        }
        let message = message.unwrap_or_default();
        let state = state.unwrap_or_default();
        if state == "note" {
            seen.notes.push(message);
            continue;
        }
        seen.examined += 1;
        found(&mut seen, member, (&state, message, &relation), (None, ""))?;
        let Some(statement) = more else { continue };
        match session.rows_within(&statement, DISTRUST).await {
            Ok(rows) => {
                for row in rows {
                    let [name, state, message, key] = cells(row)?;
                    if name.is_some_and(|name| without.contains(&name)) {
                        continue;
                    }
                    let (state, message) = (state.unwrap_or_default(), message.unwrap_or_default());
                    if state == "empty" {
                        seen.examined = seen.examined.saturating_sub(1);
                        empty.push(object.clone());
                        continue;
                    }
                    found(&mut seen, member, (&state, message, &relation), (key, &statement))?;
                }
            }
            Err(error) if error.is_final() => return Err(Failure::from(&error)),
            Err(error) => {
                let message = format!("{object}: {error}");
                let state = if is_damage(&error) { "broken" } else { "unproven" };
                found(&mut seen, member, (state, message, &relation), (None, &statement))?;
            }
        }
    }
    // A list that is complete and empty is an answer; the catalogue itself was looked at.
    if seen.examined == 0 && empty.is_empty() {
        seen.examined = 1;
        seen.notes.push(format!("there are no {} here", member.things));
    }
    if seen.examined > 0 && !empty.is_empty() {
        let more = if empty.len() > 8 { format!(" and {} more", empty.len() - 8) } else { String::new() };
        empty.truncate(8);
        seen.notes.push(format!("without rows: {}{more}", empty.join(", ")));
    } else if !empty.is_empty() {
        seen.things = format!("{} with rows", member.things);
    }
    for left in without.iter().filter(|left| !met.contains(left)) {
        seen.notes.push(format!("`{left}` is left out and is not there"));
    }
    Ok(seen)
}

fn is_damage(error: &QueryError) -> bool {
    error.sqlstate.as_deref().is_some_and(|code| DAMAGE.contains(&code))
}

/// Keeps what is not as it should be. A state that nobody knows is no good news.
fn found(
    seen: &mut Inspected,
    member: &Member,
    (state, message, relation): (&str, String, &str),
    (key, sql): (Option<String>, &str),
) -> Result<(), Failure> {
    let verdict = match state {
        "" => return Ok(()),
        "broken" => Verdict::Broken,
        "unproven" => Verdict::Unproven,
        _ => return Err(unexpected()),
    };
    let key = key.map_or_else(|| Ok(Vec::new()), |key| parts(&key))?;
    let place = Place { relation: relation.to_owned(), key, sql: sql.to_owned() };
    seen.add_at(verdict, member.finding, message, place);
    Ok(())
}

/// A key that the server wrote as an object of texts.
fn parts(key: &str) -> Result<Vec<(String, Option<String>)>, Failure> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(key).map_err(|_| unexpected())?;
    let text = |value| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    Ok(object.into_iter().map(|(column, value)| (column, text(value))).collect())
}

fn cells<const N: usize>(row: Vec<Option<String>>) -> Result<[Option<String>; N], Failure> {
    row.try_into().map_err(|_| unexpected())
}

fn unexpected() -> Failure {
    other("the server's answer does not have the expected shape")
}

fn other(message: &str) -> Failure {
    Failure { kind: FailureKind::Other, message: message.to_owned() }
}
