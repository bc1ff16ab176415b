//! Whether an answer is as it must be.

use bigdecimal::BigDecimal;
use serde_json::Value as Json;

use super::fetch::Answer;
use crate::policy::look::{MemberTest, Request};
use crate::policy::operand::Comparator;
use crate::probe::document::{json, kind, typed};
use crate::value::{Value, duration_text};

/// Characters of a member that are shown.
const SHOWN: usize = 80;

/// What is not as it must be, each as what follows on `GET /path`.
pub(super) fn wrong(request: &Request, answer: &Answer) -> Vec<String> {
    let mut wrong = Vec::new();
    if answer.status != request.status {
        let leads = match &answer.leads {
            Some(leads) => format!("; it leads to {leads}, which is not followed"),
            None => String::new(),
        };
        wrong.push(format!(
            "was answered with status {}, and it should be {}{leads}",
            answer.status, request.status
        ));
    }
    if let Some(limit) = request.within.filter(|limit| answer.micros > *limit) {
        let took = duration_text(answer.micros / 1000 * 1000);
        wrong.push(format!("took {took}, and it should take at most {}", duration_text(limit)));
    }
    if request.members.is_empty() {
        return wrong;
    }
    let text = String::from_utf8_lossy(&answer.body);
    match json(&text) {
        Ok(body) => wrong.extend(request.members.iter().filter_map(|test| member(&body, test))),
        // An error page is no JSON, and that it is one has been said.
        Err(_) if answer.status != request.status => {}
        Err(why) => wrong.push(format!("was answered with what is no JSON: {why}")),
    }
    wrong
}

fn member(body: &Json, test: &MemberTest) -> Option<String> {
    let pointer = &test.pointer;
    let expected = test.value.as_ref().map_or("null".to_owned(), ToString::to_string);
    let Some(found) = body.pointer(pointer) else {
        return Some(format!(
            "was answered without `{pointer}`, which should be {} {expected}",
            test.op.symbol()
        ));
    };
    let good = match (&test.value, found) {
        (None, found) => found.is_null() == (test.op == Comparator::Equal),
        (Some(value), found) => match typed(found, value.ty()) {
            Some(actual) => test.op.accepts(order(&actual, value)?),
            // Nothing of another type is in order, nor surely different.
            None => false,
        },
    };
    if good {
        return None;
    }
    let mut shown = match found {
        Json::Array(_) | Json::Object(_) => kind(found).to_owned(),
        scalar => scalar.to_string(),
    };
    if shown.chars().count() > SHOWN {
        shown = format!("{}...", shown.chars().take(SHOWN).collect::<String>());
    }
    Some(format!("was answered with `{pointer}` {shown}, and it should be {} {expected}", test.op.symbol()))
}

fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Some(BigDecimal::cmp(a, b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(members: Vec<MemberTest>) -> Request {
        Request {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            status: 200,
            members,
            within: Some(2_000_000),
            retry: None,
        }
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.as_bytes().to_vec(), micros: 5_000, leads: None }
    }

    fn is(pointer: &str, value: Option<Value>) -> MemberTest {
        MemberTest { pointer: pointer.to_owned(), op: Comparator::Equal, value }
    }

    fn text(text: &str) -> Option<Value> {
        Some(Value::Text(text.to_owned()))
    }

    #[test]
    fn everything_must_be_as_said() {
        let healthy = request(vec![is("/status", text("healthy")), is("/error", None)]);
        assert!(wrong(&healthy, &answer(200, r#"{"status": "healthy", "error": null}"#)).is_empty());
        for (status, body, what) in [
            (500, "<html>", "status 500"),
            (200, r#"{"status": "degraded", "error": null}"#, "\"degraded\""),
            (200, r#"{"status": "healthy"}"#, "without `/error`"),
            (200, r#"{"status": ["healthy"], "error": null}"#, "an array"),
            (200, r#"{"status": true, "error": null}"#, "true"),
            (200, r#"{"status": "healthy", "status": "degraded", "error": null}"#, "twice"),
            (200, "", "no JSON"),
            (200, r#"{"status": "healthy", "error": null} x"#, "no JSON"),
        ] {
            let found = wrong(&healthy, &answer(status, body)).join("; ");
            assert!(found.contains(what), "{body}: {found}");
        }
        let slow = Answer { micros: 2_000_001, ..answer(200, r#"{"status": "healthy", "error": null}"#) };
        assert!(wrong(&healthy, &slow).join("").contains("at most 2s"));
    }

    #[test]
    fn another_type_is_never_what_was_meant() {
        let test = |value| MemberTest { pointer: "/n".to_owned(), op: Comparator::NotEqual, value };
        assert_eq!(wrong(&request(vec![test(text("x"))]), &answer(200, r#"{"n": 1}"#)).len(), 1);
        assert_eq!(wrong(&request(vec![test(None)]), &answer(200, r#"{"n": 1}"#)).len(), 0);
        assert_eq!(wrong(&request(vec![test(None)]), &answer(200, r#"{"n": null}"#)).len(), 1);
    }
}
