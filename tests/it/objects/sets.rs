//! Sets of objects as `files`.

use super::{Fault, Stand};
use crate::support::Run;

fn stand(block: &str, checks: &str) -> Stand {
    let stand = Stand::new();
    let text = format!(
        "policy t {{ language 1; owner \"@t\" }}\nsource files dumps from \"s3://backups/db/*.dump\" {block}\ngate g {{ {checks} }}\n"
    );
    std::fs::write(stand.folder.path().join("p.hold"), text).unwrap();
    stand
}

fn ago(hours: i64) -> jiff::Timestamp {
    jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours)
}

fn fill(stand: &Stand) {
    for day in 0..5 {
        stand.server.put_at(&format!("db/{}.dump", 9 - day), b"xxxxxxxxxx".to_vec(), ago(day * 24 + 1));
    }
}

#[track_caller]
fn run(stand: &Stand) -> Run {
    stand.verify(&["p.hold"])
}

#[test]
fn objects_have_the_figures_of_files() {
    let checks = "check a { require dumps.age <= 2h }; check b { require dumps.count = 5 }; check c { require dumps.largest_gap <= 25h }
        check d { require dumps.size_vs_previous = 100% }; check e { require dumps.success_rate(4d) = 100% }
        check f { require dumps.name = \"9.dump\" and_no }";
    let stand = stand("{ every 1d }", &checks.replace(" and_no", ""));
    fill(&stand);
    stand.server.put("db/9.dump.part", Vec::new());
    stand.server.put("db/deeper/10.dump", Vec::new());
    run(&stand).ends_with(0);
    stand.server.put_at("db/9.dump", b"xx".to_vec(), ago(1));
    run(&stand).ends_with(1).judges("d", "broken", "s3://backups/db/9.dump");
    stand.server.denies_listing();
    run(&stand).ends_with(3).judges("b", "unproven", "s3://backups/db/");
}

#[test]
fn an_empty_prefix_is_no_set() {
    let stand = stand("", "check a { require dumps.age <= 2h }; check b { require dumps.count <= 5 }");
    run(&stand).ends_with(3).judges("a", "unproven", "no file matches").judges(
        "b",
        "unproven",
        "nothing to look at",
    );
    stand.server.put_at("db/1.dump", b"x".to_vec(), ago(-24));
    run(&stand).judges("a", "unproven", "in the future");
}

#[test]
fn checksums_are_those_of_the_bytes_in_the_store() {
    const X10: &str = "336311a016184326ddbdd61edd4eeb52";
    let stand = stand("{ checksums \"s3://backups/db/sums.md5\" }", "check v { require dumps is verified }");
    fill(&stand);
    let list: String = (5..10).map(|n| format!("{X10}  {n}.dump\n")).collect();
    stand.server.put("db/sums.md5", list.into_bytes());
    run(&stand).ends_with(0);
    stand.server.put_at("db/7.dump", b"xxxxxxxxxy".to_vec(), ago(50));
    run(&stand).ends_with(1).judges("v", "broken", "7.dump");
    stand.server.put("db/7.dump.md5", format!("{X10}\n").into_bytes());
    run(&stand).ends_with(1);
    stand.server.fails_from(0, Fault::Refuse(403, "AccessDenied", "no"));
    run(&stand).ends_with(3).judges("v", "unproven", "");
}

#[test]
fn how_objects_are_kept_is_what_the_store_states() {
    let checks = "check e { require dumps is encrypted }; check t { require dumps.encryption = \"AES256\" }
        check l { require dumps.locked_until >= now + 30d }; check m { require dumps.lock_mode = \"COMPLIANCE\" }";
    let stand = stand("", checks);
    fill(&stand);
    let silent = run(&stand).ends_with(3).judges("e", "unproven", "does not state that");
    silent.judges("t", "unproven", "does not state the encryption").judges("l", "unproven", "does not state");
    stand.server.says("x-amz-server-side-encryption", "AES256");
    stand.server.says("x-amz-object-lock-mode", "COMPLIANCE");
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 20);
    stand.server.says("x-amz-object-lock-retain-until-date", &until.to_string());
    let stated = run(&stand).ends_with(1).judges("e", "holds", "").judges("t", "holds", "");
    stated.judges("m", "holds", "").judges("l", "broken", "9.dump");
    stand.server.fails_from(0, Fault::Refuse(403, "AccessDenied", "no"));
    run(&stand).ends_with(3).judges("e", "unproven", "status 403");
}
