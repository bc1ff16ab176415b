//! How it is written, what is left out, waived and selected.

use super::{PACK, cluster, not_holding, verify};
use crate::support::{Run, program};

/// A database with an unlogged table and a foreign server.
fn database(name: &str) -> String {
    let cluster = cluster();
    cluster.create_database(name, None);
    cluster.psql(
        name,
        "create extension postgres_fdw; create server elsewhere foreign data wrapper postgres_fdw options (host 'x');
         create unlogged table cache (id int primary key); insert into cache values (1);
         create unlogged table other (id int primary key); insert into other values (1);
         create table t (id int primary key); insert into t values (1); analyze",
    );
    cluster.url(name)
}

#[test]
fn members_and_objects_are_left_out_with_their_reasons() {
    let url = database("standard_without");
    let run = verify(&url, PACK, &[]).ends_with(1);
    let broken = |member: &str| (member.to_owned(), "broken".to_owned());
    assert_eq!(not_holding(&run), [broken("unlogged_tables"), broken("foreign_servers")]);
    let run = verify(
        &url,
        "check c \"Health\" { require standard is healthy; without foreign_servers because \"a shard\"; without unlogged_tables \"public.cache\" because \"a cache\" }",
        &[],
    );
    let run = run.ends_with(1).judges("c.foreign_servers", "skipped", "not looked at: a shard");
    let run = run.judges("c.unlogged_tables", "broken", "`other` is unlogged");
    let check = run.check("c.unlogged_tables");
    assert!(check["notes"].to_string().contains("not looked at: public.cache, because a cache"), "{check:#}");
    assert_eq!(check["findings_total"], 1);
    let both = "check c { require standard.unlogged_tables is healthy; without unlogged_tables \"public.cache\" because \"a\"; without unlogged_tables \"public.other\" because \"b\"; without unlogged_tables \"public.gone\" because \"c\" }";
    let run = verify(&url, both, &[]).ends_with(0);
    assert!(
        run.check("c")["notes"].to_string().contains("`public.gone` is left out and is not there"),
        "{}",
        run.said()
    );
    // Constraints, keys and sequences are named the same way.
    cluster().psql("standard_without", "alter table t add constraint late check (id > 0) not valid");
    let one = |more: &str| {
        verify(&url, &format!("check c {{ require standard.constraints is healthy{more} }}"), &[])
    };
    one("").ends_with(1);
    one("; without constraints \"public.t.late\" because \"x\"").ends_with(0);
    one("; without constraints \"public.t.lat\" because \"x\"").ends_with(1);
}

#[test]
fn each_member_is_a_check_of_its_own() {
    let url = database("standard_forms");
    // Waived alone, selected alone or all together.
    let waive = "}\nwaive c.unlogged_tables { until 2026-12-31; owner \"@a\"; reason \"OPS-1: a cache\" }\nwaive c.foreign_servers { until 2026-12-31; owner \"@a\"; reason \"OPS-2: a shard\" }\ngate h { check other { recommend standard.foreign_servers is healthy }";
    let run = verify(&url, &format!("{PACK} {waive}"), &[]);
    let run = run.judges("c.unlogged_tables", "waived", "OPS-1").judges("other", "broken", "elsewhere");
    run.judges("c.rules", "holds", "");
    let run = verify(&url, PACK, &["--check", "c.rules"]);
    assert_eq!(run.json()["checks"].as_array().unwrap().len(), 1);
    let all = verify(&url, PACK, &["--check", "c"]).json()["checks"].as_array().unwrap().len();
    assert!(all > 30, "{all}");
    verify(&url, PACK, &["--check", "c.rule"]).ends_with(2).says("did you mean `c.rules`?");
    verify(&url, &format!("{PACK} }}\nwaive c {{ until 2026-12-31; owner \"@a\"; reason \"x\" "), &[])
        .ends_with(2)
        .says("each waived by itself");
    // Advice warns in the pack, and is required by name or where everything is.
    let run = verify(&url, "check c { recommend standard is healthy }", &[]).ends_with(0);
    run.judges("c.foreign_servers", "broken", "");
    verify(&url, "check c { require standard.data_checksums is healthy }", &[]).ends_with(1);
    // What was kept is judged again without a server.
    let folder = tempfile::tempdir().unwrap();
    let facts = folder.path().join("facts.json");
    let path = facts.display().to_string();
    verify(&url, PACK, &["--save-facts", &path]).ends_with(1);
    let again = verify("postgresql:///nowhere", PACK, &["--facts", &path]).ends_with(1);
    assert_eq!(not_holding(&again).len(), 2);
}

#[test]
fn every_member_has_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let list = Run::with(folder.path(), &["explain", "standard"]).ends_with(0);
    let docs = include_str!("../../../docs/standard-pack.md");
    let mut count = 0;
    for line in list.stdout.lines().filter(|line| line.starts_with("standard.")) {
        let name = line.split_whitespace().next().unwrap();
        let page = Run::with(folder.path(), &["explain", name]).ends_with(0);
        assert!(page.stdout.contains("Cost:") && page.stdout.contains("What to do:"), "{}", page.stdout);
        // The documentation has the same members with the same titles, and no others.
        let (_, title) = line.split_once("  ").unwrap();
        let row =
            format!("| `{}` | {} |", name.trim_start_matches("standard."), title.split(" (").next().unwrap());
        assert!(docs.contains(&row), "docs/standard-pack.md lacks\n{row}");
        count += 1;
    }
    assert_eq!(docs.lines().filter(|line| line.starts_with("| `")).count(), count);
    let mut command = program();
    Run::of(command.args(["explain", "standard.indxes"])).ends_with(2).says("did you mean `indexes`?");
}
