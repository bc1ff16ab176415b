//! Large objects in baselines: sealed alike on a server, in every format of archive and in a restore, and what changed is named.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::{Dump, Run, Scratch, postgres_program, program, shared};

/// Empty, small, with a hole, as long as a piece that is read at once, longer, with a number that is no positive `int`, and more
/// than are read in one statement.
const OBJECTS: &str = "
    create table t (id int primary key); insert into t values (1);
    select lo_create(1000), lo_from_bytea(1001, 'abc'), lo_from_bytea(1002, ''), lo_from_bytea(1003, 'x');
    select lo_put(1003, 3000000, 'y'), lo_from_bytea(1004, convert_to(repeat('z', 262144), 'UTF8'));
    select lo_from_bytea(4000000000, convert_to(repeat('0123456789', 100000), 'UTF8'));
    select lo_from_bytea(2000 + g::oid::int, convert_to('object ' || g, 'UTF8')) from generate_series(1, 300) g;
    select lo_create(1005), lo_put(1005, 2048 * 3, 'end')";

const GRANT: &str = "do $$ declare o oid; begin for o in select oid from pg_largeobject_metadata loop
    execute format('grant select on large object %s to holdtrue_reader', o); end loop; end $$";

const WORDS: &str = "source baseline before from \"before.json\"";
const SAME: &str = "require large_objects is unchanged since before";

fn command(s: &Scratch, arguments: &[&str]) -> Run {
    let mut command: Command = program();
    command.current_dir(s.folder()).env("DATABASE_URL", s.url()).arg("baseline").args(arguments);
    Run::of(&mut command)
}

/// Seals a source, and says what it sealed of large objects.
#[track_caller]
fn record(s: &Scratch, source: &str, name: &str, status: i32) -> Value {
    s.policy(WORDS, &format!("check c {{ {SAME} }}"));
    let _earlier = std::fs::remove_file(s.folder().join(name));
    let mut arguments = vec!["record", "p.hold", "-o", name];
    if !source.is_empty() {
        arguments.extend(["--source", source]);
    }
    command(s, &arguments).ends_with(status);
    let text = std::fs::read_to_string(s.folder().join(name)).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["large_objects"].clone()
}

fn archives(database: &str) -> Vec<(&'static str, Dump)> {
    let url = shared().url(database);
    [
        ("custom", vec!["-Fc"]),
        ("stored", vec!["-Fc", "-Z0"]),
        ("directory", vec!["-Fd"]),
        ("plain files", vec!["-Fd", "-Z0"]),
        ("tar", vec!["-Ft"]),
    ]
    .into_iter()
    .map(|(name, arguments)| (name, Dump::of(&url, &arguments)))
    .collect()
}

fn restore(dump: &Dump, database: &str) {
    shared().create_database(database, None);
    let mut restore = Command::new(postgres_program("pg_restore"));
    restore.args(["-d", &shared().url(database)]).arg(dump.path());
    Run::of(&mut restore).ends_with(0);
    shared().reader_role(database);
}

#[test]
fn server_archives_and_restore_seal_the_same() {
    let s = Scratch::new("large_same", OBJECTS);
    s.sql(GRANT);
    let server = record(&s, "", "before.json", 0);
    assert_eq!((&server["sealed"]["objects"], &server["sealed"]["bytes"]), (&307.into(), &4_271_187.into()));
    for (name, dump) in archives("large_same") {
        assert_eq!(record(&s, &dump.source("db"), "archive.json", 0), server, "{name}");
        command(&s, &["diff", "before.json", "archive.json"]).ends_with(0).says("the same");
    }
    let dump = Dump::of(&shared().url("large_same"), &["-Fc"]);
    restore(&dump, "large_same_copy");
    shared().psql("large_same_copy", GRANT);
    let copy = shared().url_as("holdtrue_reader", "large_same_copy");
    assert_eq!(record(&s, &format!("db={copy}"), "copy.json", 0), server);
    // From the pages, without a right to any object.
    s.sql(
        "do $$ declare o oid; begin for o in select oid from pg_largeobject_metadata loop
             execute format('revoke select on large object %s from holdtrue_reader', o); end loop; end $$;
           grant select on pg_largeobject to holdtrue_reader",
    );
    assert_eq!(record(&s, "", "pages.json", 0), server);
    s.sql("alter role holdtrue_reader in database large_same set enable_indexscan = off");
    assert_eq!(record(&s, "", "pages.json", 0), server);
    command(&s, &["show", "pages.json"]).ends_with(0).says("307 large objects, 4271187 bytes");
    s.holds(WORDS, SAME);
    let run = s.archived(&[]).ends_with(0);
    assert_eq!(run.check("c")["rows_examined"], 307);
    for (_, dump) in archives("large_same") {
        s.run(&["--source", &dump.source("db")]).ends_with(0);
        s.policy(
            &format!("{WORDS}; source dump backup from \"{}\"", dump.path().display()),
            "check c { require large_objects equals backup }",
        );
        s.run(&[]).ends_with(0);
        s.policy(WORDS, &format!("check c {{ {SAME} }}"));
    }
}

#[test]
fn what_changed_is_named_by_number() {
    let s = Scratch::new("large_changed", OBJECTS);
    s.sql("grant select on pg_largeobject to holdtrue_reader");
    record(&s, "", "before.json", 0);
    let backup = Dump::of(&shared().url("large_changed"), &["-Fc"]);
    for (sql, back, said) in [
        (
            "select lo_put(1001, 1, 'B')",
            "select lo_put(1001, 1, 'b')",
            "large object 1001 was altered since; it has 3 bytes as before",
        ),
        (
            "select lo_put(1001, 3, '\\000')",
            "select lo_unlink(1001), lo_from_bytea(1001, 'abc')",
            "large object 1001 was altered since; it had 3 bytes and has 4 bytes",
        ),
        ("select lo_unlink(1000)", "select lo_create(1000)", "large object 1000 is missing; it had 0 bytes"),
        ("select lo_create(7)", "select lo_unlink(7)", "large object 7 was added since, with 0 bytes"),
        (
            "select lo_put(4000000000, 999999, 'x')",
            "select lo_put(4000000000, 999999, '9')",
            "large object 4000000000 was altered since",
        ),
        // A page in the hole that is there and holds zeros is no change.
        (
            "select lo_put(1003, 1000000, 'x')",
            "select lo_put(1003, 1000000, '\\000')",
            "large object 1003 was altered since; it has 3000001 bytes as before",
        ),
        (
            "delete from pg_largeobject where loid = 4000000000 and pageno = 100",
            "select lo_put(4000000000, 2048 * 100, substr(convert_to(repeat('0123456789', 300), 'UTF8'), 1 + (2048 * 100) % 10, 2048))",
            "large object 4000000000 was altered since",
        ),
    ] {
        s.sql(sql);
        s.broken(WORDS, SAME, said);
        let run = s.run(&[]);
        let finding = &run.check("c")["findings"][0];
        assert_eq!(finding["relation"], "pg_catalog.pg_largeobject", "{}", run.said());
        // The same from the other side.
        let words = format!("source dump backup from \"{}\"", backup.path().display());
        s.verify(&words, "check c { require large_objects equals backup }").ends_with(1);
        s.sql(back);
        s.holds(WORDS, SAME);
    }
    // Every one of few is named.
    s.sql("select lo_unlink(oid) from pg_largeobject_metadata where oid between 2001 and 2200");
    s.broken(WORDS, SAME, "large object 2001 is missing; it had 8 bytes");
    assert_eq!(s.run(&[]).check("c")["findings_total"], 200);
    record(&s, "", "after.json", 0);
    command(&s, &["diff", "before.json", "after.json"])
        .ends_with(1)
        .says("large object 2200 is missing")
        .says("200 differences");
    command(&s, &["diff", "after.json", "before.json"])
        .ends_with(1)
        .says("large object 2200 was added since");
    // Of many, what is too much to name is counted, and never unseen.
    s.sql("select lo_create(5000 + g::oid::int) from generate_series(1, 1000) g");
    record(&s, "", "many.json", 0);
    command(&s, &["diff", "after.json", "many.json"])
        .ends_with(1)
        .says("large objects were added or altered since, none of which can be named: there were 107 with");
    std::fs::copy(s.folder().join("many.json"), s.folder().join("before.json")).unwrap();
    s.sql("select lo_put(1001, 1, 'B')");
    s.broken(WORDS, SAME, "large object 1001 was altered since");
}

/// Green is earned: each of these once looked as if nothing had changed.
#[test]
fn what_was_not_seen_is_not_called_unchanged() {
    let s = Scratch::new("large_unseen", OBJECTS).server_only();
    // No right to read any.
    let sealed = record(&s, "", "before.json", 3);
    assert!(
        sealed["unsealed"].as_str().unwrap().contains(
            "the role may not read 307 large objects: 1000, 1001, 1002, 1003, 1004, ...; grant SELECT"
        ),
        "{sealed}"
    );
    s.unproven(WORDS, SAME, "the role may not read 307 large objects");
    s.sql(GRANT);
    s.unproven(WORDS, SAME, "they were not sealed when the baseline was taken: the role may not read 307");
    record(&s, "", "before.json", 0);
    s.holds(WORDS, SAME);
    // Of one alone.
    s.sql("revoke select on large object 2300 from holdtrue_reader");
    s.unproven(WORDS, SAME, "the role may not read 1 large objects: 2300; grant SELECT");
    s.unproven(WORDS, &format!("{SAME}; allow empty"), "2300");
    s.sql("alter role holdtrue_reader in database large_unseen set lo_compat_privileges = on");
    s.holds(WORDS, SAME);
    s.sql("alter role holdtrue_reader in database large_unseen reset lo_compat_privileges");
    s.sql(GRANT);
    s.sql("revoke execute on function lo_get(oid, bigint, int) from public");
    s.unproven(WORDS, SAME, "permission denied for function lo_get");
    s.sql("grant execute on function lo_get(oid, bigint, int) to public");
    // No more may be fetched.
    s.policy(WORDS, &format!("check c {{ {SAME} }}"));
    s.run(&["--max-transfer", "1MiB"]).ends_with(3).judges("c", "unproven", "than `--max-transfer` allows");
    // Archives without.
    let url = shared().url("large_unseen");
    for arguments in [
        &["-Fc", "--no-blobs"][..],
        &["-Fc", "--schema-only"],
        &["-Fd", "-t", "t"],
        &["-Ft", "--no-blobs"],
        &["-Fp", "--no-blobs"],
    ] {
        let dump = Dump::of(&url, arguments);
        s.run(&["--source", &dump.source("db")]).ends_with(1).judges(
            "c",
            "broken",
            "large object 1000 is missing; it had 0 bytes",
        );
        let words = format!("source dump backup from \"{}\"", dump.path().display());
        for body in
            ["require large_objects equals backup", "require large_objects equals backup; allow empty"]
        {
            s.unproven(&words, body, "and it does not say which");
        }
        s.policy(WORDS, &format!("check c {{ {SAME} }}"));
    }
    let bare = Dump::of(&url, &["-Fc", "--section=pre-data"]);
    s.run(&["--source", &bare.source("db")]).ends_with(3).judges(
        "c",
        "unproven",
        "lists 307 large objects without their contents: 1000, 1001",
    );
    let plain = Dump::of(&url, &["-Fp"]);
    s.run(&["--source", &plain.source("db")]).ends_with(3).judges(
        "c",
        "unproven",
        "plain SQL holds large objects as statements",
    );
    // An archive that is cut, or lacks a file.
    let cut = Dump::of(&url, &["-Fc", "-Z0"]);
    let bytes = std::fs::read(cut.path()).unwrap();
    std::fs::write(cut.path(), &bytes[..bytes.len() - 100]).unwrap();
    s.run(&["--source", &cut.source("db")]).ends_with(3);
    let files = Dump::of(&url, &["-Fd"]);
    std::fs::remove_file(files.path().join("blob_1001.dat.gz")).unwrap();
    s.run(&["--source", &files.source("db")]).ends_with(3).judges(
        "c",
        "unproven",
        "is missing from the folder",
    );
    // A list that names fewer, or one twice.
    let files = Dump::of(&url, &["-Fd", "-Z0"]);
    let list: PathBuf = std::fs::read_dir(files.path())
        .unwrap()
        .map(|f| f.unwrap().path())
        .find(|f| f.file_name().unwrap().to_string_lossy().starts_with("blobs"))
        .unwrap();
    let text = std::fs::read_to_string(&list).unwrap();
    for (edited, said) in [
        (text.replace("1001 blob_1001.dat\n", ""), "without their contents: 1001"),
        (text.replace("1001 blob_1001.dat\n", "1002 blob_1002.dat\n"), "holds large object 1002 twice"),
        (format!("{text}5 blob_1001.dat\n"), "contents of large object 5, and does not list it"),
        (String::new(), "lists 307 large objects without their contents"),
    ] {
        std::fs::write(&list, edited).unwrap();
        s.run(&["--source", &files.source("db")]).ends_with(3).judges("c", "unproven", said);
    }
}

#[test]
fn none_at_all_is_no_evidence() {
    let s = Scratch::new("large_none", "create table t (id int primary key); insert into t values (1)")
        .server_only();
    record(&s, "", "before.json", 0);
    s.unproven(WORDS, SAME, "there was nothing to look at in large objects");
    s.holds(WORDS, &format!("{SAME}; allow empty"));
    // An archive of a database without any is sealed, and says that it lists none.
    let dump = Dump::of(&shared().url("large_none"), &["-Fc"]);
    assert_eq!(record(&s, &dump.source("db"), "archive.json", 0), "unlisted");
    command(&s, &["diff", "before.json", "archive.json"])
        .ends_with(0)
        .says("note: an archive lists no large objects");
    command(&s, &["show", "archive.json"]).ends_with(0).says("the archive lists none");
    std::fs::copy(s.folder().join("archive.json"), s.folder().join("before.json")).unwrap();
    s.unproven(
        WORDS,
        &format!("{SAME}; allow empty"),
        "the baseline is that of an archive that lists no large objects",
    );
    s.sql("select lo_create(5)");
    s.sql(GRANT);
    record(&s, "", "after.json", 0);
    command(&s, &["diff", "archive.json", "after.json"]).ends_with(1).says("large object 5 was added since");
    command(&s, &["diff", "after.json", "archive.json"]).ends_with(1).says("large object 5 is missing");
}

/// Who owns a large object and who may read it is told apart from what it holds.
#[test]
fn owners_and_grants_are_part_of_the_schema() {
    let s = Scratch::new("large_access", OBJECTS).server_only();
    s.sql(GRANT);
    record(&s, "", "before.json", 0);
    let schema = "require schema is unchanged since before";
    for (sql, back) in [
        ("grant select on large object 1001 to public", "revoke select on large object 1001 from public"),
        ("alter large object 1001 owner to pg_monitor", "alter large object 1001 owner to postgres"),
    ] {
        s.sql(sql);
        s.broken(WORDS, schema, "large object access `1001` is defined otherwise");
        s.holds(WORDS, SAME);
        s.sql(back);
        s.holds(WORDS, schema);
    }
    // That one comes or goes is a matter of the data.
    s.sql("select lo_unlink(1001), lo_create(9)");
    s.sql(GRANT);
    s.holds(WORDS, schema);
    s.broken(WORDS, SAME, "large object 1001 is missing");
}

/// A baseline of a version that sealed no large objects.
#[test]
fn an_earlier_baseline_says_nothing_of_them() {
    let s = Scratch::new("large_earlier", OBJECTS).server_only();
    s.sql(GRANT);
    record(&s, "", "now.json", 0);
    let text = std::fs::read_to_string(s.folder().join("now.json")).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    for member in ["large_objects", "sha256"] {
        value.as_object_mut().unwrap().remove(member);
    }
    let baseline: holdtrue::baseline::Baseline = serde_json::from_value(value).unwrap();
    s.file("before.json", &holdtrue::baseline::file::write(&baseline).unwrap().0);
    for body in [
        SAME,
        "require large_objects equals before",
        "require large_objects is unchanged since before; allow empty",
    ] {
        s.unproven(WORDS, body, "was taken by a version that sealed no large objects; take a new one");
    }
    s.holds(WORDS, "require t is unchanged since before");
    command(&s, &["diff", "before.json", "now.json"]).ends_with(3).says("cannot be told: large objects");
    command(&s, &["show", "before.json"]).ends_with(0).says("take a new one");
}

#[test]
fn wrong_words_are_refused() {
    let s = Scratch::new("large_words", "create table t (id int primary key, tenant text)").server_only();
    let words = format!("{WORDS}; tenancy t.id by tenant {{}}");
    for (body, because) in [
        ("require large_objects is unchanged", "unchanged since when?"),
        ("require large_objects is unchanged since before except \"a\"", "no tenant can be excepted here"),
        ("require large_objects is unchanged since before as of id", "large objects carry no column"),
        ("require large_objects of \"a\" equals before", "large objects belong to no tenant"),
        ("require large_objects is unchanged since db", "asks one of kind `baseline`"),
        ("require large_objects is healthy", "no ledger, chain, objective, source or tenancy"),
    ] {
        s.refused(&words, body, because);
    }
}
