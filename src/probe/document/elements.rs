//! Elements of a document: which of them a condition selects, and what they must be.
//!
//! Two habits of access policies are kept, since a check that did not know them would be passed by: a member may be one text
//! or an array of them, and a text in the document may hold `*` and `?`, which stand for anything. Where an element has
//! `NotAction` and no `Action`, nobody can tell from a list of actions what it allows.

use serde_json::Value as Json;

use crate::facts::{Failure, Inspected};
use crate::policy::look::{Elements, Quantifier, Test};
use crate::policy::operand::Comparator;
use crate::probe::tells::other;
use crate::value::Value;
use crate::verdict::Verdict;

/// Whether a condition is so; `None` where it cannot be told, and why.
type Answer = Result<bool, String>;

/// Looks at the elements that stand at a place.
///
/// # Errors
/// What stands there has no elements.
pub(super) fn look(found: &Json, elements: &Elements) -> Result<Inspected, Failure> {
    let all: Vec<&Json> = match found {
        Json::Array(list) => list.iter().collect(),
        // One statement may stand without its brackets.
        Json::Object(_) => vec![found],
        other_kind => {
            return Err(other(format!(
                "at `{}` stands {}, which has no elements",
                elements.pointer,
                super::kind(other_kind)
            )));
        }
    };
    let mut seen = Inspected::of("elements");
    let mut matching = 0;
    for (at, element) in all.iter().enumerate() {
        let name = format!("element {at} of `{}`{}", elements.pointer, label(element));
        // Which elements a check is about is read widely, what they must be narrowly.
        let selected = elements.filter.as_ref().map_or(Ok(true), |test| holds(element, test, Reading::Wide));
        let is = |reading| elements.has.as_ref().map_or(Ok(true), |test| holds(element, test, reading));
        match (elements.quantifier, selected) {
            (_, Err(why)) => {
                seen.examined += 1;
                seen.add(
                    Verdict::Unproven,
                    "element",
                    format!("whether it is about {name} cannot be told: {why}"),
                );
            }
            (Quantifier::Every, Ok(false)) => {}
            (Quantifier::Every, Ok(true)) => {
                seen.examined += 1;
                match is(Reading::Narrow) {
                    Ok(true) => {}
                    Ok(false) => {
                        seen.add(Verdict::Broken, "element", format!("{name} is not as it must be"));
                    }
                    Err(why) => seen.add(Verdict::Unproven, "element", format!("{name}: {why}")),
                }
            }
            (Quantifier::No, Ok(selected)) => {
                seen.examined += 1;
                match if selected { is(Reading::Wide) } else { Ok(false) } {
                    Ok(false) => {}
                    Ok(true) => seen.add(Verdict::Broken, "element", format!("{name} is what none may be")),
                    Err(why) => seen.add(Verdict::Unproven, "element", format!("{name}: {why}")),
                }
            }
            (Quantifier::Some, Ok(_)) => {
                seen.examined += 1;
                let narrow =
                    elements.filter.as_ref().map_or(Ok(true), |t| holds(element, t, Reading::Narrow));
                if narrow == Ok(true) && is(Reading::Narrow) == Ok(true) {
                    matching += 1;
                }
            }
        }
    }
    if elements.quantifier == Quantifier::Some && seen.examined > 0 {
        // One is enough, whatever cannot be told of others.
        let things = seen.things.clone();
        let examined = seen.examined;
        seen = Inspected { examined, things, ..Inspected::default() };
        if matching == 0 {
            let message = format!("none of {examined} elements of `{}` is as one must be", elements.pointer);
            seen.add(Verdict::Broken, "element", message);
        }
    }
    Ok(seen)
}

/// How a document's wildcards are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// `s3:*` is `s3:PutObject`, and anything else it covers.
    Wide,
    /// `s3:*` is `s3:*` and nothing else.
    Narrow,
}

impl Reading {
    fn opposite(self) -> Self {
        match self {
            Self::Wide => Self::Narrow,
            Self::Narrow => Self::Wide,
        }
    }
}

/// The name an element has, if any.
fn label(element: &Json) -> String {
    ["Sid", "Id", "ID", "name", "id"]
        .iter()
        .find_map(|key| element.get(*key)?.as_str())
        .map_or(String::new(), |name| format!(" (`{}`)", name.escape_debug()))
}

fn holds(element: &Json, test: &Test, reading: Reading) -> Answer {
    match test {
        Test::And(list) => {
            let mut doubt = None;
            for test in list {
                match holds(element, test, reading) {
                    Ok(false) => return Ok(false),
                    Ok(true) => {}
                    Err(why) => doubt = Some(why),
                }
            }
            doubt.map_or(Ok(true), Err)
        }
        Test::Or(list) => {
            let mut doubt = None;
            for test in list {
                match holds(element, test, reading) {
                    Ok(true) => return Ok(true),
                    Ok(false) => {}
                    Err(why) => doubt = Some(why),
                }
            }
            doubt.map_or(Ok(false), Err)
        }
        // What is read widely is excluded narrowly.
        Test::Not(inner) => holds(element, inner, reading.opposite()).map(|b| !b),
        Test::Null(path) => Ok(member(element, path)?.is_none_or(Json::is_null)),
        Test::In(path, values) => match member(element, path)? {
            None | Some(Json::Null) => Ok(false),
            Some(Json::Array(list)) if list.is_empty() => Ok(false),
            // Read widely, one element that is among them selects; read narrowly, all must be.
            Some(Json::Array(list)) => {
                let among = |one: &Json| values.iter().any(|value| equal(one, value, reading));
                Ok(if reading == Reading::Wide { list.iter().any(among) } else { list.iter().all(among) })
            }
            Some(one) => Ok(values.iter().any(|value| equal(one, value, reading))),
        },
        Test::Compare(path, op, value) => match member(element, path)? {
            None | Some(Json::Null) => Ok(false),
            Some(Json::Array(list)) => Ok(list.iter().any(|one| compares(one, *op, value, reading))),
            Some(one) => Ok(compares(one, *op, value, reading)),
        },
    }
}

/// The member at a path, if there is one.
fn member<'j>(element: &'j Json, path: &[String]) -> Result<Option<&'j Json>, String> {
    let mut at = element;
    for name in path {
        match at.get(name.as_str()) {
            Some(inner) => at = inner,
            None => {
                let opposite = format!("Not{name}");
                return match at.get(opposite.as_str()) {
                    Some(_) => Err(format!("it has `{opposite}` and no `{name}`")),
                    None => Ok(None),
                };
            }
        }
    }
    Ok(Some(at))
}

fn equal(found: &Json, value: &Value, reading: Reading) -> bool {
    match (found, value) {
        (Json::String(found), Value::Text(text)) => {
            found == text || (reading == Reading::Wide && covers(found, text))
        }
        (Json::Bool(found), Value::Bool(b)) => found == b,
        // Access policies write switches as texts.
        (Json::String(found), Value::Bool(b)) => found == if *b { "true" } else { "false" },
        (Json::Number(found), Value::Number(n)) => {
            found.to_string().parse::<bigdecimal::BigDecimal>().is_ok_and(|found| found == *n)
        }
        (Json::String(found), Value::Time(at)) => {
            found.parse::<jiff::Timestamp>().is_ok_and(|found| found == *at)
        }
        _ => false,
    }
}

fn compares(found: &Json, op: Comparator, value: &Value, reading: Reading) -> bool {
    match op {
        Comparator::Equal => return equal(found, value, reading),
        Comparator::NotEqual => return !equal(found, value, reading.opposite()),
        _ => {}
    }
    let ordering = match (found, value) {
        (Json::Number(found), Value::Number(n)) => {
            found.to_string().parse::<bigdecimal::BigDecimal>().ok().map(|found| found.cmp(n))
        }
        (Json::String(found), Value::Time(at)) => {
            found.parse::<jiff::Timestamp>().ok().map(|found| found.cmp(at))
        }
        _ => None,
    };
    ordering.is_some_and(|ordering| op.accepts(ordering))
}

/// Whether a document's text with `*` and `?` stands for a text. Case does not tell actions apart.
fn covers(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || text.get(t) == Some(c) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}
