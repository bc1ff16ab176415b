//! A service that is well, one that is not, and one that leads astray.

use super::Place;
use super::service::Service;

const SECRET: &str = "hunter2-not-a-real-token";

fn place(service: &Service, block: &str, check: &str) -> Place {
    let declared = format!("source http api from env API {block}");
    Place::new(&declared, &format!("check c {{ require {check} }}"))
        .with("API", &service.url())
        .with("TOKEN", &format!("Bearer {SECRET}"))
}

#[test]
fn a_healthy_service_opens_the_gate() {
    let service = Service::start();
    for check in [
        "api GET \"/health\" returns 200",
        "api HEAD \"/health\" returns 200",
        "api GET \"/health\" returns 200 with json \"/status\" = \"healthy\", \"/database\" = \"connected\" within 5s",
        "api GET \"/health\" returns 200 with json \"/n\" >= 3, \"/n\" != 4",
        "api GET \"/nowhere\" returns 404",
        "api.status(\"/health\") = 200",
        "api.latency(\"/health\") < 10s",
    ] {
        place(&service, "", check).run(&[]).ends_with(0);
    }
}

#[test]
fn every_other_answer_closes_it() {
    let service = Service::start();
    let healthy = "returns 200 with json \"/status\" = \"healthy\"";
    for (path, more, why) in [
        ("/down", "", "status 500"),
        ("/sick", "", "\"degraded\""),
        ("/empty", "", "no JSON"),
        ("/slow", "within 500ms", "was not answered within 500ms"),
        ("/drip", "within 1s", "was not answered within 1s"),
        ("/moved", "", "status 302"),
        ("/nowhere", "", "status 404"),
    ] {
        let check = format!("api GET \"{path}\" {healthy} {more}");
        place(&service, "", &check).run(&[]).ends_with(1).judges("c", "broken", why);
    }
    for (path, why) in [("/short", "broke off"), ("/large", "more than 1048576 bytes")] {
        let check = format!("api GET \"{path}\" {healthy}");
        place(&service, "", &check).run(&[]).ends_with(3).judges("c", "unproven", why);
    }
    let check = format!("api GET \"/large\" {healthy}");
    place(&service, "{ max_body 4MiB }", &check).run(&[]).ends_with(1);
    // Nobody listens there any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = place(&service, "", &format!("api GET \"/health\" {healthy}"));
    let place = place.with("API", &format!("http://127.0.0.1:{gone}"));
    place.run(&[]).ends_with(3).judges("c", "unproven", "cannot be reached");
}

#[test]
fn what_comes_up_late_is_asked_again() {
    let service = Service::start();
    let check = "api GET \"/flaky\" returns 200; retry every 100ms for 20s";
    place(&service, "", check).run(&[]).ends_with(0).says("attempt 3");
    let check = "api GET \"/down\" returns 200; retry every 200ms for 500ms";
    place(&service, "", check).run(&[]).ends_with(1).judges("c", "broken", "attempts");
    let before = service.asked();
    place(&service, "", "api GET \"/down\" returns 200").run(&[]).ends_with(1);
    assert_eq!(service.asked(), before + 1);
}

#[test]
fn nothing_leads_elsewhere_unless_allowed() {
    let service = Service::start();
    let check = "api GET \"/moved\" returns 200";
    place(&service, "{ allow redirects }", check).run(&[]).ends_with(0);
    place(&service, "{ allow redirects }", "api GET \"/round\" returns 200").run(&[]).ends_with(3);
    let inside = place(&service, "{ allow redirects }", "api GET \"/inside\" returns 200");
    inside.run(&[]).ends_with(3).judges("c", "unproven", "169.254.169.254");
    // Another name is another service, which lies inside and is not told what is secret.
    let away = "api GET \"/away\" returns 200 with json \"/token\" = \"none\"";
    let block = "{ header \"Authorization\" from env TOKEN; allow redirects }";
    place(&service, block, away).run(&[]).ends_with(3).judges("c", "unproven", "a private address");
    let block = "{ header \"Authorization\" from env TOKEN; allow redirects; allow private }";
    place(&service, block, away).run(&[]).ends_with(0);
    let metadata = place(&service, "", "api GET \"/\" returns 200").with("API", "http://169.254.169.254");
    metadata.run(&[]).ends_with(3).judges("c", "unproven", "a private address");
}

#[test]
fn secrets_go_to_the_service_and_nowhere_else() {
    let service = Service::start();
    let block = "{ header \"Authorization\" from env TOKEN }";
    let echoed = "api GET \"/token\" returns 200 with json \"/token\" = \"x\"";
    let place = place(&service, block, echoed);
    let run = place.run(&["-vv"]).ends_with(1).judges("c", "broken", "***");
    let kept = std::fs::read_to_string(place.path().join("kept.json")).unwrap();
    assert!(!run.said().contains(SECRET) && !kept.contains(SECRET), "{}", run.said());
    let unset = Place::new(
        "source http api from env API { header \"Authorization\" from env ABSENT }",
        "check c { require api GET \"/token\" returns 200 }",
    );
    unset.with("API", &service.url()).run(&[]).ends_with(3).judges("c", "unproven", "`ABSENT` is not set");
    let broken = self::place(&service, block, echoed).with("TOKEN", &format!("{SECRET}\nX: y"));
    let run = broken.run(&[]).ends_with(3).judges("c", "unproven", "header `Authorization`");
    assert!(!run.said().contains(SECRET));
    let inside = self::place(&service, "", "api GET \"/token\" returns 200");
    let inside = inside.with("API", &format!("http://me:{SECRET}@127.0.0.1:{}", service.port));
    let run = inside.run(&[]).ends_with(3).judges("c", "unproven", "carries more");
    assert!(!run.said().contains(SECRET), "{}", run.said());
}
