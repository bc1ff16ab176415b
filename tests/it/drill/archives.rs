//! Archives of pg_dump in every format, sound and not.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Bench, POLICY, programs_of};
use crate::support::{Run, Scratch, pg_dump, program, shared};

const SQL: &str = "
    create table parent (id int primary key);
    create table t (id int primary key, parent int references parent, name text);
    insert into parent values (1);
    insert into t select g, 1, 'row ' || g from generate_series(1, 3) g;
    do $$ begin create role drill_owner; exception when duplicate_object or unique_violation then null; end $$;
    do $$ begin create role drill_app; exception when duplicate_object or unique_violation then null; end $$;
    alter table t owner to drill_owner;
    grant select, insert on t to drill_app";

fn dump(bench: &Bench, database: &str, name: &str, arguments: &[&str]) -> PathBuf {
    let path = bench.file(name);
    pg_dump(&shared().url(database), Some(&path), arguments);
    path
}

#[test]
fn the_bundled_archive_is_proven_and_the_faulted_is_not() {
    let bench = Bench::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let policy = root.join("policies/tala/tala.hold");
    let run = |name: &str, format: &str| {
        let mut command = program();
        command.current_dir(bench.path()).arg("drill").arg(&policy).args([
            "--scratch",
            "scratch",
            "--record",
            "rec",
        ]);
        command.args(["--format", format, "--backup"]).arg(root.join("policies/tala/data").join(name));
        Run::of(&mut command)
    };
    let proven = run("tala_clean.dump", "json").ends_with(0).judges("drill.restored", "holds", "").judges(
        "audit_intact",
        "holds",
        "",
    );
    let report = proven.json();
    let names: Vec<&str> = report["drill"]["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| phase["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["check_backup", "prepare", "restore_data", "build", "first_query", "verify"]);
    // A drill looks at what was restored, not at the archive or at production.
    let sources = report["sources"].as_array().unwrap();
    assert!(sources.len() == 1 && sources[0]["name"] == "restored", "{sources:?}");
    run("tala_faults.dump", "text")
        .ends_with(1)
        .says("drill.restored (broken)")
        .says("violates foreign key")
        .says("restore_data");
    bench.is_clean();
    let recorded = bench.recorded();
    let verdicts: Vec<&str> = recorded.iter().map(|drill| drill["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["holds", "broken"]);
    assert_eq!(recorded[0]["identity"][6]["name"], "sha256");
    // What it is recorded for.
    let asked = root.join("policies/tala/record.hold");
    let mut command = program();
    command.current_dir(bench.path()).arg("verify").arg(asked).args([
        "--gate",
        "drills",
        "--source",
        "history=rec",
        "--format",
        "json",
    ]);
    Run::of(&mut command).ends_with(0).judges("drilled", "holds", "").judges("drills_proven", "broken", "");
}

#[test]
fn every_format_is_restored_with_the_roles_that_it_names() {
    let bench = Bench::new();
    let scratch = Scratch::new("drill_formats", SQL);
    for (name, arguments) in [
        ("t.dump", &["-Fc"][..]),
        ("t.dir", &["-Fd"]),
        ("t.tar", &["-Ft"]),
        ("t.sql", &["-Fp"]),
        ("t.sql.gz", &["-Fp", "-Z5"]),
        ("t.create.sql", &["-Fp", "--create"]),
    ] {
        let path = dump(&bench, &scratch.name, name, arguments);
        let run = bench.drill(&path, &[]).ends_with(0).judges("rows", "holds", "");
        run.says("`drill_app`, `drill_owner`").says("made in the scratch cluster");
    }
    // A gate that is broken is broken.
    let path = bench.file("t.dump");
    bench.drill(&path, &["--set", "n=4"]).ends_with(1).judges("rows", "broken", "3").judges(
        "drill.restored",
        "holds",
        "",
    );
    let verdicts: Vec<String> = bench.recorded().iter().map(|drill| drill["verdict"].to_string()).collect();
    assert_eq!((verdicts.len(), verdicts[6].as_str()), (7, "\"broken\""));
    // The newest of several, and one that stands for another server than the only one.
    bench.drill(Path::new("t.dum*"), &["--as", "restord"]).ends_with(2).says("did you mean `restored`?");
    bench.drill(Path::new("s3://u:secret@h/x.dump"), &[]).ends_with(3).says("carries a credential");
    assert!(!fs::read_to_string(bench.file("rec/record.jsonl")).unwrap().contains("secret"));
}

#[test]
fn a_damaged_archive_does_not_restore() {
    let bench = Bench::new();
    let scratch = Scratch::new("drill_damaged", SQL);
    scratch.sql("create table big as select g, md5(g::text) from generate_series(1, 20000) g");
    let sound = fs::read(dump(&bench, &scratch.name, "sound.dump", &["-Fc"])).unwrap();
    let path = bench.file("t.dump");
    let mut flipped = sound.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    for bytes in [&flipped[..], &sound[..sound.len() * 2 / 3], &sound[..400]] {
        fs::write(&path, bytes).unwrap();
        bench.drill(&path, &[]).ends_with(1).judges("drill.restored", "broken", "").judges(
            "rows",
            "unproven",
            "did not come to it",
        );
    }
    fs::write(&path, "no archive").unwrap();
    bench.drill(&path, &[]).ends_with(3).judges("drill.restored", "unproven", "");
    bench.drill(Path::new("nowhere.dump"), &[]).ends_with(3).judges(
        "drill.restored",
        "unproven",
        "nowhere.dump",
    );
    let text = dump(&bench, &scratch.name, "t.sql", &["-Fp"]);
    let whole = fs::read_to_string(&text).unwrap();
    fs::write(&text, whole.replacen("3\t1\trow 3", "3\t7\trow 3", 1)).unwrap();
    let run = bench.drill(&text, &[]).ends_with(1).judges(
        "drill.restored",
        "broken",
        "violates foreign key constraint",
    );
    assert!(!run.stdout.contains("parent)=(7)"), "a row is shown");
}

#[test]
fn errors_of_a_restore_count_unless_they_are_named() {
    let bench = Bench::new();
    let scratch = Scratch::new("drill_errors", SQL);
    let path = dump(&bench, &scratch.name, "t.dump", &["-Fc", "-t", "t"]);
    bench.drill(&path, &[]).ends_with(1).judges(
        "drill.restored",
        "broken",
        "\"public.parent\" does not exist",
    );
    let named = ["--ignore-error", "relation \"public.*\" does not exist"];
    bench.drill(&path, &named).ends_with(0).says("an error of the restore was ignored");
    let idle = [&named[..], &["--ignore-error", "no such thing"]].concat();
    bench.drill(&path, &idle).ends_with(3).judges("drill.restored", "unproven", "no such thing");
}

#[test]
fn what_this_machine_lacks_is_named_before_anything_is_restored() {
    let bench = Bench::new();
    let scratch = Scratch::new("drill_lacking", SQL);
    let path = dump(&bench, &scratch.name, "t.sql", &["-Fp"]);
    let text = fs::read_to_string(&path).unwrap();
    let extension = "--\n-- Name: nowhere; Type: EXTENSION; Schema: -; Owner: -\n--\n\n\
                     CREATE EXTENSION IF NOT EXISTS nowhere WITH SCHEMA public;\n\n\n--\n-- Name: parent; Type: TABLE";
    let changed = text.replacen("--\n-- Name: parent; Type: TABLE", extension, 1);
    assert_ne!(changed, text);
    fs::write(bench.file("e.sql"), changed).unwrap();
    let run =
        bench.drill(Path::new("e.sql"), &[]).ends_with(3).judges("drill.restored", "unproven", "`nowhere`");
    assert!(!run.stdout.contains("\"restore_data\","), "nothing was restored");
    let version = text.lines().find(|line| line.starts_with("-- Dumped from database version")).unwrap();
    fs::write(bench.file("v.sql"), text.replacen(version, "-- Dumped from database version 99.1", 1))
        .unwrap();
    bench.drill(Path::new("v.sql"), &[]).ends_with(3).judges("drill.restored", "unproven", "postgresql-99");
    let mut older = bench.command(&path, &[]);
    Run::of(older.env("PG_BINDIR", programs_of(&bench, "9.6.24")))
        .ends_with(3)
        .says("made from PostgreSQL")
        .says("9 in");
    let mut none = bench.command(&path, &[]);
    Run::of(none.env("PG_BINDIR", "/nonexistent")).ends_with(3).says("PG_BINDIR is `/nonexistent`");
    bench.is_clean();
}

#[test]
fn times_are_compared_and_the_objective_decides() {
    let bench = Bench::new();
    let scratch = Scratch::new("drill_times", SQL);
    let path = dump(&bench, &scratch.name, "t.dump", &["-Fc"]);
    let policy = |rto: &str, expected: &str| {
        let text = POLICY.replace("restore_data expect 1ms..1h", &format!("restore_data expect {expected}"));
        let more = format!(
            "source record history from \"rec\"\nobjective rto {rto} from history.started to history.ended\n\
             gate recorded {{ check in_time {{ require rto is met }} }}"
        );
        fs::write(bench.file("p.hold"), format!("{text}{more}")).unwrap();
    };
    policy("4h", "1h..2h");
    let run = bench.drill(&path, &[]).ends_with(0).judges("drill.in_time", "holds", "4h is allowed");
    run.judges("drill.in_range", "broken", "")
        .says("phase `restore_data` took")
        .says("shorter than the expected 1h");
    policy("1ms", "1ms..2ms");
    let run = bench.drill(&path, &[]).ends_with(1).judges("drill.in_time", "broken", "only 1ms is allowed");
    run.says("longer than the expected 2ms");
    assert_eq!(bench.recorded()[1]["verdict"], "broken");
    fs::write(bench.file("t.dump"), "x").unwrap();
    bench.drill(&path, &[]).ends_with(3).judges("drill.in_time", "unproven", "");
    // A drill whose gates look at something else would prove nothing.
    bench.drill(&path, &["--gate", "recorded"]).ends_with(2).says("no selected check looks at `restored`");
    bench.drill(&path, &["--source", "restored=postgres://h/d"]).ends_with(2);
    bench.drill(&path, &["--procedure", "ful"]).ends_with(2).says("did you mean `full`?");
    for (option, value) in [("--target", "immediate"), ("--wal", "."), ("--stanza", "x"), ("--database", "x")]
    {
        let path = dump(&bench, &scratch.name, "again.dump", &["-Fc"]);
        bench.drill(&path, &[option, value]).ends_with(3).says("does not take");
    }
}

#[test]
fn every_phase_and_failure_is_shown_to_machines() {
    let bench = Bench::new();
    let scratch = Scratch::new("drill_shown", SQL);
    let path = dump(&bench, &scratch.name, "t.dump", &["-Fc"]);
    let text = POLICY.replace(
        "restore_data expect 1ms..1h",
        "restore_data expect 1ms..2ms; phase announce expect 1min..2min",
    );
    fs::write(bench.file("p.hold"), text).unwrap();
    let outputs = ["--output", "junit=j.xml", "--output", "sarif=s.json"];
    let run = bench.drill(&path, &outputs).ends_with(0).judges("drill.in_range", "broken", "1 of 1 times");
    run.says("what `full` expects of `announce` was compared with nothing");
    let junit = fs::read_to_string(bench.file("j.xml")).unwrap();
    for piece in [
        "name=\"drill.phase.restore_data\"",
        "expected 1ms..2ms",
        "drill.in_range",
        "phase `restore_data` took",
    ] {
        assert!(junit.contains(piece), "{piece}: {junit}");
    }
    let sarif = || -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(bench.file("s.json")).unwrap()).unwrap()
    };
    let results = |sarif: &serde_json::Value, rule: &str| {
        let all = sarif["runs"][0]["results"].as_array().unwrap();
        all.iter()
            .filter(|result| result["ruleId"] == rule)
            .map(|result| result["level"].clone())
            .collect::<Vec<_>>()
    };
    let found = sarif();
    assert_eq!(results(&found, "drill.in_range"), ["warning"]);
    assert_eq!(found["runs"][0]["properties"]["drill"]["phases"][2]["name"], "restore_data");
    // The record shows it, too.
    let shown = Run::with(bench.path(), &["record", "show", "rec"]).ends_with(0);
    shown.says("restored in").says("  restore_data: ").says("! phase `restore_data` took");
    // What does not restore is a failure.
    let sound = fs::read(&path).unwrap();
    fs::write(&path, &sound[..sound.len() / 2]).unwrap();
    bench.drill(&path, &outputs).ends_with(1);
    let junit = fs::read_to_string(bench.file("j.xml")).unwrap();
    let (_, failed) = junit.split_once("drill.restored").unwrap();
    assert!(failed.contains("<failure"), "{junit}");
    assert_eq!(results(&sarif(), "drill.restored").first().unwrap(), "error");
}
