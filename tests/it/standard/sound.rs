//! Nobody who is sound is accused, nobody who may not look says that all is well.

use super::{PACK, cluster, not_holding, verify};
use crate::support::{AccuBooks, Run, Tala, accubooks, pg_dump, program, shared, tala};

#[test]
fn a_database_of_many_odd_objects_has_no_faults() {
    let cluster = cluster();
    cluster.create_database("standard_odd", None);
    cluster.psql("standard_odd", include_str!("odd.sql"));
    let run = verify(&cluster.url("standard_odd"), PACK, &[]).ends_with(0);
    assert!(not_holding(&run).is_empty(), "{}", run.said());
    // All of it was looked at, btree and heap too, since amcheck is installed.
    let skipped =
        run.json()["checks"].as_array().unwrap().iter().filter(|c| c["verdict"] == "skipped").count();
    assert_eq!(skipped, 0, "{}", run.said());
}

#[test]
fn what_a_role_may_not_look_at_is_unproven_alone() {
    let cluster = cluster();
    cluster.create_database("standard_rights", None);
    cluster.psql("standard_rights", include_str!("sound.sql"));
    let reader = cluster.reader_role("standard_rights");
    cluster.psql("standard_rights", &format!("grant select on all sequences in schema public to {reader}"));
    let url = cluster.url_as(reader, "standard_rights");
    let run = verify(&url, PACK, &[]).ends_with(0);
    assert!(not_holding(&run).is_empty(), "{}", run.said());
    // A table that may not be read: those that read rows are unproven, each for itself.
    cluster.psql("standard_rights", &format!("revoke select on plain from {reader}"));
    let run = verify(&url, PACK, &[]).ends_with(3);
    assert_eq!(not_holding(&run), [unproven("unique_keys"), unproven("contents")]);
    cluster.psql(
        "standard_rights",
        &format!("grant select on plain to {reader}; revoke select on line_id_seq from {reader}"),
    );
    let run = verify(&url, PACK, &[]).ends_with(3);
    assert_eq!(not_holding(&run), [unproven("sequences")], "{}", run.said());
    // Row-level security that would hide rows is an error of the server's, and no silence.
    cluster.psql(
        "standard_rights",
        &format!("grant select on line_id_seq to {reader}; alter table entry enable row level security; create policy all_of_it on entry using (true)"),
    );
    let run = verify(&url, PACK, &[]).ends_with(3);
    let found = not_holding(&run);
    for member in ["unique_keys", "large_objects"] {
        assert!(found.contains(&unproven(member)), "{found:?}");
    }
}

fn unproven(member: &str) -> (String, String) {
    (member.to_owned(), "unproven".to_owned())
}

#[test]
fn an_empty_database_proves_nothing() {
    let cluster = cluster();
    cluster.create_database("standard_empty", None);
    let url = cluster.url("standard_empty");
    let run = verify(&url, PACK, &[]).ends_with(3).judges("c.indexes", "unproven", "holds no table");
    let report = run.json();
    let held: Vec<_> =
        report["checks"].as_array().unwrap().iter().filter(|c| c["verdict"] == "holds").collect();
    assert!(held.is_empty(), "{held:?}");
    // Tables without rows: what is proven on rows is not.
    cluster.psql("standard_empty", "create table t (id int primary key, v int check (v > 0)); analyze");
    let run = verify(&url, PACK, &[]).ends_with(3);
    for member in ["unique_keys", "check_constraints", "contents"] {
        assert!(not_holding(&run).contains(&unproven(member)), "{member} {}", run.said());
    }
    verify(&url, "check c { require standard is healthy; allow empty }", &[]).ends_with(0);
}

#[test]
fn the_applications_are_sound_on_a_server_and_an_archive_says_what_it_cannot_tell() {
    for (policy, source, database) in [
        ("policies/tala/catalog.hold", "restored", tala(Tala::Clean)),
        ("policies/accubooks/catalog.hold", "platform", accubooks(AccuBooks::Clean)),
    ] {
        let role = shared().reader_role(database);
        let run = |more: &[&str]| {
            let mut command = program();
            command
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .env("DATABASE_URL", shared().url_as(role, database));
            Run::of(command.args(["verify", policy, "--format", "json"]).args(more))
        };
        run(&[]).ends_with(0).judges("catalog.foreign_keys", "holds", "");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.dump");
        pg_dump(&shared().url(database), Some(&file), &["-Fc"]);
        let archive = format!("{source}=dump:{}", file.display());
        let run = run(&["--source", &archive]).ends_with(3).judges("catalog.foreign_keys", "holds", "");
        let run = run.judges("catalog.collations", "unproven", "restore it in a drill");
        run.judges("catalog.constraints", "holds", "").judges("catalog.btree", "unproven", "drill");
    }
}
