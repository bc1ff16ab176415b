//! One run reads one content, to its last byte, or says that it does not.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{Fault, Stand, bundled};

/// Whichever request it is that goes wrong.
fn at_every_request(fault: &dyn Fn(&Stand, u64), because: &str) {
    let stand = Stand::with("tala/tala_1.dump");
    stand.verify(&["p.hold", "--jobs", "1"]).ends_with(0);
    let (requests, _) = stand.server.served();
    let mut seen = 0;
    // The first ones, one in the middle, the last one: every run takes its time.
    for nth in std::collections::BTreeSet::from([1, 2, requests / 2, requests - 1]) {
        let stand = Stand::with("tala/tala_1.dump");
        fault(&stand, nth);
        let run = stand.verify(&["p.hold", "--jobs", "1"]);
        // What is read in another order may be over before.
        if stand.server.served().0 > nth {
            let run = run.ends_with(3).says(because);
            assert!(run.json()["checks"].as_array().unwrap().iter().any(|c| c["verdict"] == "unproven"));
            assert!(!run.said().contains("\"broken\""), "{}", run.said());
            seen += 1;
        }
    }
    assert!(seen >= 2, "only {seen} of {requests} requests were failed");
}

#[test]
fn an_object_that_is_replaced_is_not_read_on() {
    at_every_request(&|stand, nth| stand.server.replaces_at(nth), "was replaced while it was being read");
}

#[test]
fn nor_is_it_where_the_server_minds_no_conditions() {
    let fault = |stand: &Stand, nth| {
        stand.server.ignores_conditions();
        stand.server.replaces_at(nth);
    };
    at_every_request(&fault, "was replaced while it was being read");
    let longer = |stand: &Stand, nth| stand.server.fails_once(nth, Fault::OtherLength);
    at_every_request(&longer, "was replaced while it was being read");
}

#[test]
fn an_answer_is_as_long_as_was_asked_for() {
    at_every_request(&|stand, nth| stand.server.fails_once(nth, Fault::Short), "were asked for, and");
    at_every_request(&|stand, nth| stand.server.fails_once(nth, Fault::Whole), "non-partial response");
}

#[test]
fn a_store_that_keeps_failing_is_given_up() {
    let stand = Stand::with("tala/tala_1.dump");
    stand.server.fails_from(2, Fault::HangUp);
    let run = stand.verify(&["p.hold"]).ends_with(3).says("broke off, even after several tries");
    assert!(!run.said().contains("\"broken\""));
    let stand = Stand::with("tala/tala_1.dump");
    stand.server.fails_from(2, Fault::Refuse(503, "SlowDown", "Please reduce your request rate."));
    stand
        .verify(&["p.hold"])
        .ends_with(3)
        .says("the store does not answer properly even after several tries (SlowDown");
}

#[test]
fn credentials_that_expire_on_the_way_are_said_to_have() {
    let stand = Stand::with("tala/tala_1.dump");
    stand.server.fails_from(2, Fault::Refuse(400, "ExpiredToken", "The provided token has expired."));
    let run = stand.verify(&["p.hold"]).ends_with(3).says("the credentials have expired");
    assert_eq!(run.check("young")["verdict"], "holds");
    assert_eq!(run.check("books")["verdict"], "unproven");
}

#[test]
fn an_archive_cut_before_it_was_copied_is_truncated() {
    let stand = Stand::new();
    stand.server.put("tala/tala_1.dump", bundled("tala_clean.dump")[..1_000_000].to_vec());
    stand.verify(&["p.hold"]).ends_with(3).judges("books", "unproven", "truncated at byte 1000000");
}

#[test]
fn an_interrupt_ends_a_read_that_hangs() {
    let stand = Stand::with("tala/tala_1.dump");
    for nth in [0, 2] {
        let before = stand.server.served().0;
        stand.server.fails_from(before + nth, Fault::Silence);
        let child = stand.command(&["p.hold"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let waited = Instant::now();
        while stand.server.served().0 <= before + nth {
            assert!(waited.elapsed() < Duration::from_secs(20), "the request never came");
            std::thread::sleep(Duration::from_millis(20));
        }
        let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        let interrupted = Instant::now();
        let answer = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&answer.stdout).into_owned();
        assert_eq!(answer.status.code(), Some(3), "{said}");
        assert!(said.contains("interrupted while an object was being read"), "{said}");
        assert!(interrupted.elapsed() < Duration::from_secs(5), "{:?}", interrupted.elapsed());
    }
}
