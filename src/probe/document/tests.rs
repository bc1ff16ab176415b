//! Documents that try to pass.

use serde_json::Value as Json;

use super::{elements, read};
use crate::facts::Inspected;
use crate::policy::look::{Elements, Quantifier, Test};
use crate::policy::operand::Comparator;
use crate::value::Value;

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn is(path: &str, value: &str) -> Test {
    Test::Compare(path.split('|').map(str::to_owned).collect(), Comparator::Equal, text(value))
}

fn look(quantifier: Quantifier, document: &str, filter: Option<Test>, has: Option<Test>) -> Inspected {
    let found: Json = read::json(document).unwrap();
    let elements = Elements { quantifier, pointer: "/Statement".to_owned(), filter, has };
    elements::look(found.pointer("/Statement").unwrap(), &elements).unwrap()
}

/// Whether every statement that lets something be put asks for encryption: examined, broken, unknown.
fn encrypted(statement: &str) -> (u64, u64, u64) {
    let document = format!("{{\"Statement\": [{statement}]}}");
    let filter = Test::And(vec![is("Effect", "Allow"), is("Action", "s3:PutObject")]);
    let has = is("Condition|StringEquals|s3:x-amz-server-side-encryption", "AES256");
    let seen = look(Quantifier::Every, &document, Some(filter), Some(has));
    (seen.examined, seen.broken, seen.unknown)
}

#[test]
fn every_statement_that_could_put_is_asked() {
    let condition = r#""Condition": {"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}}"#;
    assert_eq!(
        encrypted(&format!(r#"{{"Effect": "Allow", "Action": "s3:PutObject", {condition}}}"#)),
        (1, 0, 0)
    );
    assert_eq!(
        encrypted(&format!(r#"{{"Effect": "Allow", "Action": ["s3:Get", "s3:PutObject"], {condition}}}"#)),
        (1, 0, 0)
    );
    for open in [
        r#"{"Effect": "Allow", "Action": "s3:PutObject"}"#,
        r#"{"Effect": "Allow", "Action": "s3:*"}"#,
        r#"{"Effect": "Allow", "Action": "*"}"#,
        r#"{"Effect": "Allow", "Action": "S3:putobject"}"#,
        r#"{"Effect": "Allow", "Action": ["s3:GetObject", "s3:Put*"]}"#,
        r#"{"Effect": "Allow", "Action": "s3:PutObject", "Condition": {"StringEquals": {"s3:x-amz-server-side-encryption": "*"}}}"#,
    ] {
        assert_eq!(encrypted(open), (1, 1, 0), "{open}");
    }
    // A list of what is not allowed may allow anything.
    assert_eq!(encrypted(r#"{"Effect": "Allow", "NotAction": "s3:GetObject"}"#), (1, 0, 1));
    // Nothing it is about is nothing looked at.
    assert_eq!(encrypted(r#"{"Effect": "Deny", "Action": "s3:PutObject"}"#), (0, 0, 0));
}

#[test]
fn only_these_are_all_of_them() {
    let among = |actions: &str| {
        let list = vec![text("s3:PutObject"), text("s3:PutObjectAcl")];
        let document = format!("{{\"Statement\": [{{\"Action\": {actions}}}]}}");
        look(Quantifier::Every, &document, None, Some(Test::In(vec!["Action".to_owned()], list))).broken
    };
    assert_eq!(among(r#"["s3:PutObject", "s3:PutObjectAcl"]"#), 0);
    assert_eq!(among(r#""s3:PutObject""#), 0);
    for more in [r#"["s3:PutObject", "s3:DeleteObject"]"#, r#""s3:*""#, "[]", "null", r#""s3:PutObject*""#] {
        assert_eq!(among(more), 1, "{more}");
    }
}

#[test]
fn some_and_no_are_told_apart() {
    let document = r#"{"Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
        {"Effect": "Allow", "Action": "iam:*"}]}"#;
    let mfa = Test::Compare(
        vec!["Condition".to_owned(), "Bool".to_owned(), "aws:MultiFactorAuthPresent".to_owned()],
        Comparator::Equal,
        Value::Bool(true),
    );
    assert_eq!(look(Quantifier::Some, document, None, Some(mfa.clone())).broken, 0);
    assert_eq!(look(Quantifier::Some, document, Some(is("Action", "s3:*")), Some(mfa)).broken, 1);
    assert_eq!(look(Quantifier::No, document, Some(is("Action", "iam:PassRole")), None).broken, 1);
    let no = look(Quantifier::No, document, Some(is("Action", "s3:DeleteObject")), None);
    assert_eq!((no.broken, no.examined), (0, 2));
    assert_eq!(look(Quantifier::No, r#"{"Statement": []}"#, Some(is("Action", "x")), None).examined, 0);
    // One statement may stand without its brackets; anything else has no elements.
    assert_eq!(
        look(Quantifier::No, r#"{"Statement": {"Action": "*"}}"#, Some(is("Action", "x")), None).broken,
        1
    );
    let all = Elements {
        quantifier: Quantifier::No,
        pointer: String::new(),
        filter: None,
        has: Some(is("a", "b")),
    };
    assert!(elements::look(&Json::Null, &all).is_err());
}

#[test]
fn a_key_stands_once_in_every_language() {
    assert!(read::json(r#"{"a": 1, "a": 2}"#).unwrap_err().contains("stands twice"));
    assert!(read::json("{} {}").is_err() && read::json("{\"a\": NaN}").is_err());
    assert!(read::yaml("a: 1\na: 2\n").is_err());
    assert!(read::toml("a = 1\na = 2\n").is_err());
    assert!(read::yaml("a: .nan\n").is_err() && read::toml("a = nan\n").is_err());
    let deep = format!("{}{}", "[".repeat(110), "]".repeat(110));
    assert!(read::json(&deep).is_err() && read::yaml(&deep).is_err());
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
                g: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
    let started = std::time::Instant::now();
    let _either = read::yaml(bomb);
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn three_languages_are_one_tree() {
    let json = read::json(r#"{"a": {"b": [1, "x", true, null]}}"#).unwrap();
    assert_eq!(read::yaml("a:\n  b:\n    - 1\n    - x\n    - true\n    - null\n").unwrap(), json);
    assert_eq!(read::toml("at = 2026-01-14T14:30:00Z\n").unwrap()["at"], "2026-01-14T14:30:00Z");
}
