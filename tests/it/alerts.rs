//! Alerts over a network: what arrives where, what happens when it does not, and what is never in it.

mod place;

use serde_json::{Value, json};

use self::place::{Listener, Place};
use crate::support::{Scratch, program};

const TOKEN: &str = "hunter2-in-a-header";

/// A path that only who may write there knows.
const PATH: &str = "/services/hunter2-in-a-path";

fn route(name: &str, to: &str, more: &str) -> String {
    format!("[profiles.ops.routes.{name}]\nto = \"{to}\"\nurl = \"env:HOOK\"\nwait = \"1ms\"\n{more}\n")
}

fn notes(report: &Value) -> String {
    report["notes"].to_string()
}

#[test]
fn each_form_arrives_once_as_its_reader_expects_it() {
    let all = |listener: &Listener, form: &str| {
        let place = Place::new(&route("r", form, "")).with("HOOK", &listener.url(PATH));
        let run = place.broken(&["--alert"]).ends_with(1).says("1 alerted by route `r`");
        let requests = listener.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        assert_eq!(requests[0].path, PATH);
        assert!(
            requests[0].head.contains("post /services/") && requests[0].head.contains("application/json")
        );
        (run.json(), requests[0].json())
    };
    let (report, sent) = all(&Listener::start(&[200]), "json");
    assert_eq!((sent["format"].as_str(), sent["route"].as_str()), (Some("holdtrue.alert/1"), Some("r")));
    for (name, value) in [
        ("policy", &report["policy"]["name"]),
        ("policy_digest", &report["policy"]["digest"]),
        ("run", &report["run"]["id"]),
        ("verdict", &json!("broken")),
        ("exit_code", &json!(1)),
        ("owner", &json!("@t")),
        ("tenant", &Value::Null),
    ] {
        assert_eq!(&sent[name], value, "{name}: {sent:#}");
    }
    let mut alert = sent["alerts"][0].clone();
    assert!(alert["since"].as_str().is_some_and(|since| since.ends_with('Z')), "{alert}");
    alert["since"] = Value::Null;
    let expected = json!({
        "status": "firing", "severity": "critical", "gate": "g", "check": "kept", "title": "Dumps are kept",
        "level": "require", "verdict": "broken", "since": null, "findings": alert["findings"], "keys": [], "runbook": null
    });
    assert_eq!((alert, sent["alerts"].as_array().map(Vec::len)), (expected, Some(1)));

    let (_, sent) = all(&Listener::start(&[200]), "slack");
    let text = sent["text"].as_str().unwrap_or_default();
    assert_eq!(sent.as_object().map(serde_json::Map::len), Some(1), "{sent}");
    assert!(text.starts_with("holdtrue `t`: broken, exit status 1\n"), "{text}");
    assert!(
        text.contains("firing [critical] check `kept` of gate `g` is broken, not holding since 2"),
        "{text}"
    );

    let (report, sent) = all(&Listener::start(&[200]), "alertmanager");
    assert_eq!(sent.as_array().map(Vec::len), Some(1), "{sent}");
    assert_eq!(
        sent[0]["labels"],
        json!({"alertname": "HoldtrueCheck", "policy": "t", "gate": "g", "check": "kept", "severity": "critical"})
    );
    assert_eq!(sent[0]["annotations"]["verdict"], "broken");
    assert_eq!(sent[0]["annotations"]["run"], report["run"]["id"]);
    let time = |name: &str| -> jiff::Timestamp { sent[0][name].as_str().unwrap().parse().unwrap() };
    assert!(time("startsAt") < time("endsAt"), "{sent}");
}

#[test]
fn what_does_not_arrive_changes_no_verdict_and_is_said() {
    // The default is more attempts than this service needs.
    let listener = Listener::start(&[500, 503, 200]);
    let place = Place::new(&route("r", "json", "")).with("HOOK", &listener.url(PATH));
    place.broken(&["--alert"]).ends_with(1).says("1 alerted by route `r`");
    assert_eq!(listener.requests().len(), 3);

    for (status, attempts, piece) in [
        (500, 3, "it answered with status 500, after 3 attempts"),
        (404, 1, "it answered with status 404, after 1 attempt"),
        (302, 1, "status 302, which leads elsewhere and is not followed"),
    ] {
        let listener = Listener::start(&[status]);
        let state = "[profiles.ops]\nalert_state = \"told.json\"\n";
        let place = Place::new(&format!("{state}{}", route("r", "json", "attempts = 3")));
        let place = place.with("HOOK", &listener.url(PATH));
        assert_eq!(place.broken(&[]).ends_with(1).json()["verdict"], "broken");
        let run = place.broken(&["--alert"]).ends_with(1);
        let report = run.json();
        assert_eq!(report["verdict"], "broken");
        for said in [&notes(&report), &run.stderr] {
            assert!(said.contains("1 NOT alerted: route `r`") && said.contains(piece), "{}", run.said());
        }
        assert_eq!(listener.requests().len(), attempts, "{status}");
        // A run that finds nothing has nobody to tell, and ends as such a run does.
        place.holding(&["--alert"]).ends_with(0);
        assert_eq!(listener.requests().len(), attempts, "{status}");
        // Of what was told, the end is told; that this fails closes nothing either.
        listener.answers(&[200]);
        place.broken(&["--alert"]).ends_with(1).says("1 alerted");
        listener.answers(&[status]);
        let run = place.holding(&["--alert"]).ends_with(0).says("1 NOT alerted");
        assert_eq!(run.json()["verdict"], "holds");
    }
    // Nobody listens there.
    let gone = Listener::closed();
    let place = Place::new(&route("r", "json", "attempts = 2")).with("HOOK", &gone);
    place.broken(&["--alert"]).ends_with(1).says("it cannot be reached").says("after 2 attempts");
}

#[test]
fn a_service_that_asks_for_a_long_wait_holds_up_nothing() {
    let listener = Listener::start(&[429]).asking("Retry-After: 86400");
    let place = Place::new(&route("r", "json", "")).with("HOOK", &listener.url(PATH));
    place.broken(&["--alert"]).ends_with(1).says("no time for another in this run");
    let place = Place::new(&route("r", "json", "").replace("1ms", "9h")).with("HOOK", &listener.url(PATH));
    place.broken(&["--alert"]).ends_with(1).says("no time for another in this run");
    assert_eq!(listener.requests().len(), 2);
}

#[test]
fn alerts_go_inside_only_where_that_is_meant() {
    for (address, piece) in [
        ("http://alerts.example/hunter2", "by `https://` only"),
        ("http://169.254.169.254/hunter2", "`allow_private = true` in the route"),
        ("https://[::ffff:169.254.169.254]/hunter2", "`allow_private = true` in the route"),
        ("https://ann:hunter2@127.0.0.1/", "credentials go into a `header`"),
        ("file:///hunter2", "the address is none"),
        ("hunter2", "the address is none"),
        ("", "the address is none"),
    ] {
        let place = Place::new(&route("r", "json", "")).with("HOOK", address);
        let run =
            place.broken(&["--alert"]).ends_with(1).says("1 NOT alerted").says(piece).says("after 1 attempt");
        assert!(!run.said().contains("hunter2"), "{}", run.said());
    }
    // An address of nobody is not looked for.
    let place = Place::new(&route("r", "json", ""));
    place.broken(&["--alert"]).ends_with(1).says("1 NOT alerted").says("`HOOK` is not set");
}

#[test]
fn what_is_secret_is_said_nowhere() {
    for status in [200, 500] {
        let listener = Listener::start(&[status]);
        let more = "attempts = 2\nheaders = { Authorization = \"env:TOKEN\", X-More = \"file:more\" }";
        let place =
            Place::new(&route("r", "json", more)).with("HOOK", &listener.url(&format!("{PATH}?k=hunter2")));
        let place = place.with("TOKEN", &format!("Bearer {TOKEN}")).with("HOLDTRUE_LOG", "trace");
        place.file("more", "hunter2-in-a-file\n");
        let run = place.broken(&["--alert", "--record", "rec", "-vv"]).ends_with(1);
        let requests = listener.requests();
        assert!(requests[0].head.contains(&format!("authorization: bearer {TOKEN}")), "{requests:?}");
        assert!(requests[0].head.contains("x-more: hunter2-in-a-file\r\n"), "{requests:?}");
        assert!(!requests[0].body.contains("hunter2"), "{requests:?}");
        let show = place.broken(&["--alert=show", "--record", "rec"]).ends_with(1);
        for text in [run.said(), show.said()].into_iter().chain(place.written("rec")) {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
    let place = Place::new(&route("r", "json", "headers = { A = \"env:TOKEN\" }"));
    let place = place.with("HOOK", "https://127.0.0.1:1/").with("TOKEN", "hunter2\nX: y");
    let run = place.broken(&["--alert"]).ends_with(1).says("characters that no header may have");
    assert!(!run.said().contains("hunter2"), "{}", run.said());
}

#[test]
fn nothing_is_told_twice_and_its_end_is_told() {
    for kept in ["[profiles.ops]\nalert_state = \"told.json\"\n", ""] {
        let listener = Listener::start(&[200]);
        let place =
            Place::new(&format!("{kept}{}", route("r", "json", ""))).with("HOOK", &listener.url(PATH));
        let arguments: &[&str] = if kept.is_empty() { &["--alert", "--record", "rec"] } else { &["--alert"] };
        place.broken(arguments).ends_with(1);
        place.broken(arguments).ends_with(1);
        assert_eq!(listener.requests().len(), 1);
        place.holding(arguments).ends_with(0);
        place.holding(arguments).ends_with(0);
        let requests = listener.requests();
        assert_eq!(requests.len(), 2);
        let (fired, over) = (requests[0].json(), requests[1].json());
        assert_eq!(
            (&over["alerts"][0]["status"], &over["alerts"][0]["verdict"]),
            (&json!("resolved"), &json!("holds"))
        );
        assert_eq!(over["alerts"][0]["since"], fired["alerts"][0]["since"]);
        // Nothing to look at is not the end of it.
        place.broken(arguments).ends_with(1);
        place.empty(arguments).ends_with(3);
        let last = listener.requests().pop().unwrap().json();
        assert_eq!(
            (&last["alerts"][0]["status"], &last["alerts"][0]["verdict"]),
            (&json!("firing"), &json!("unproven"))
        );
        assert_eq!(listener.requests().len(), 4);
    }
}

#[test]
fn a_state_that_is_damaged_keeps_nobody_from_being_told() {
    let listener = Listener::start(&[200]);
    let settings = format!("[profiles.ops]\nalert_state = \"told.json\"\n{}", route("r", "json", ""));
    let place = Place::new(&settings).with("HOOK", &listener.url(PATH));
    place.broken(&["--alert"]).ends_with(1);
    place.file("told.json", "{\"format\": \"holdtrue.alerts/1\"");
    place.broken(&["--alert"]).ends_with(1).says("so it is alerted again");
    place.broken(&["--alert"]).ends_with(1);
    assert_eq!(listener.requests().len(), 2);
}

#[test]
fn showing_sends_nothing_and_keeps_nothing() {
    let listener = Listener::start(&[200]);
    let settings = format!("[profiles.ops]\nalert_state = \"told.json\"\n{}", route("r", "json", ""));
    let place = Place::new(&settings).with("HOOK", &listener.url(PATH));
    let run = place.broken(&["--alert=show"]).ends_with(1);
    assert!(run.stderr.contains("would be sent to `r`: {"), "{}", run.said());
    assert!(run.stderr.contains("\"check\": \"kept\""), "{}", run.said());
    assert!(notes(&run.json()).contains("alerts were only shown"), "{}", run.said());
    let run = place.broken(&[]).ends_with(1);
    assert!(notes(&run.json()).contains("`--alert` was not given"), "{}", run.said());
    assert!(listener.requests().is_empty());
    place.broken(&["--alert"]).ends_with(1);
    assert_eq!(listener.requests().len(), 1);
}

#[test]
fn a_redacted_key_is_sent_to_nobody() {
    let s = Scratch::new(
        "alerts_redact",
        "create table person (email text primary key, age int); insert into person values ('eve@example.org', -1)",
    );
    s.policy("", "check ages { on person; require age >= 0 }");
    for (redact, is_there) in [("", true), ("redact = [\"email\"]\n", false)] {
        let listener = Listener::start(&[200]);
        let forms = ["json", "slack", "alertmanager"].map(|form| route(form, form, ""));
        let settings = format!("[profiles.ops]\n{redact}{}", forms.concat());
        std::fs::write(s.folder().join("holdtrue.toml"), settings).unwrap();
        let run =
            s.command(&["--profile", "ops", "--alert"]).env("HOOK", listener.url(PATH)).output().unwrap();
        assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
        let requests = listener.requests();
        assert_eq!(requests.len(), 3, "{requests:?}");
        for request in requests {
            assert_eq!(request.body.contains("eve@example.org"), is_there, "{}", request.body);
        }
    }
}

#[test]
fn a_command_gets_the_alert_and_its_failure_changes_nothing() {
    let route = |script: &str| {
        format!(
            "[profiles.ops.routes.r]\nto = \"command\"\nattempts = 2\nwait = \"1ms\"\ncommand = [\"sh\", \"-c\", \"{script}\"]\n"
        )
    };
    let place = Place::new(&route("cat > got.json"));
    place.broken(&["--alert"]).ends_with(1).says("1 alerted by route `r`");
    let got: Value =
        serde_json::from_str(&std::fs::read_to_string(place.path().join("got.json")).unwrap()).unwrap();
    assert_eq!(got["alerts"][0]["check"], "kept");
    let run = Place::new(&route("echo hunter2; exit 3")).broken(&["--alert"]).ends_with(1);
    assert!(run.stderr.contains("after 2 attempts") && !run.said().contains("hunter2\n"), "{}", run.said());
    let none = "[profiles.ops.routes.r]\nto = \"command\"\ncommand = [\"./nothing\"]\nattempts = 1\n";
    Place::new(none).broken(&["--alert"]).ends_with(1).says("cannot be run");
}

#[test]
fn alerts_without_routes_are_an_error() {
    let place = Place::new("[profiles.ops]\n");
    place.broken(&["--alert"]).ends_with(2).says("has no routes");
    let mut command = program();
    let run = command.current_dir(place.path()).args(["verify", "p.hold", "--alert"]).output().unwrap();
    assert_eq!(run.status.code(), Some(2));
}
