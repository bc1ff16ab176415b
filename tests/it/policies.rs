//! Every shipped policy: linted, in canonical layout, and run on sound and on damaged data.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::support::{AccuBooks, Run, Tala, accubooks, alike, pg_dump, program, same, shared, tala};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Shipped policy files, those that are only included among them.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["policies", "policies/tala", "policies/accubooks", "benches"] {
        let entries = std::fs::read_dir(root().join(folder)).into_iter().flatten().flatten();
        found.extend(entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "hold")));
    }
    found.sort();
    found
}

/// Runs a policy on a server, and demands the same judgement on its rows and of an archive.
fn verify(policy: &str, database: &str, arguments: &[&str]) -> Run {
    let run = run(policy, database, arguments);
    same(&run, &self::run(policy, database, &[arguments, &["--engine", "stream"]].concat()));
    let source = format!("{}=dump:{}", server(policy), archive(database, "-Fc").display());
    alike(&run, &self::run(policy, database, &[arguments, &["--source", &source]].concat()));
    run
}

fn run(policy: &str, database: &str, arguments: &[&str]) -> Run {
    let role = shared().reader_role(database);
    Run::of(
        program()
            .current_dir(root())
            .env("DATABASE_URL", shared().url_as(role, database))
            .args(["verify", policy, "--format", "json", "--samples", "50"])
            .args(arguments),
    )
}

/// The source of a shipped policy that is a server.
fn server(policy: &str) -> &'static str {
    if policy.contains("accubooks") { "platform" } else { "restored" }
}

/// An archive of a shared database, made once; the cluster's end removes it.
fn archive(database: &str, format: &str) -> PathBuf {
    static MADE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let path = shared().folder().join(format!("{database}{format}"));
    if MADE.lock().unwrap().insert(path.clone()) {
        pg_dump(&shared().url(database), Some(&path), &[format]);
    }
    path
}

/// Checks that did not hold, by verdict.
fn not_holding(run: &Run, verdict: &str) -> Vec<String> {
    let report = run.json();
    let checks = report.get("checks").and_then(|c| c.as_array()).cloned().unwrap_or_default();
    let text = |check: &serde_json::Value, key: &str| {
        check.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned()
    };
    checks
        .iter()
        .filter(|c| text(c, "verdict") == verdict && text(c, "level") == "require")
        .map(|c| text(c, "id"))
        .collect()
}

#[test]
fn all_are_in_canonical_layout_and_the_whole_ones_lint() {
    let files = files();
    assert!(files.len() >= 15, "{files:?}");
    let run = Run::of(program().arg("fmt").arg("--check").args(&files));
    assert_eq!(run.status, Some(0), "{}", run.said());
    let mut whole = 0;
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if text.lines().any(|line| line.starts_with("policy ")) {
            let run = Run::of(program().arg("lint").arg(file));
            assert_eq!(run.status, Some(0), "{}\n{}", file.display(), run.said());
            whole += 1;
        }
    }
    assert!(whole >= 8, "only {whole} whole policies");
}

#[test]
fn tala_opens_on_sound_data_and_closes_on_every_planted_fault() {
    let sound =
        verify("policies/tala/tala.hold", tala(Tala::Clean), &["--gate", "after_restore"]).ends_with(0);
    assert_eq!(not_holding(&sound, "broken"), Vec::<String>::new());
    let damaged =
        verify("policies/tala/tala.hold", tala(Tala::Faults), &["--gate", "after_restore"]).ends_with(1);
    let broken = not_holding(&damaged, "broken");
    assert!(broken.len() >= 5, "{broken:?}");
    // What an empty answer could also give: every broken check says what it found.
    for id in broken {
        assert!(!damaged.findings(&id).is_empty(), "{id} is broken and lists nothing");
    }
}

#[test]
fn the_applications_own_defects_are_named_and_not_called_tampering() {
    let audit = "policies/tala/app_clock.hold";
    verify(audit, tala(Tala::AppClock), &[]).ends_with(0).says("verified by the declared search");
    let strict =
        verify("policies/tala/tala.hold", tala(Tala::AppClock), &["--gate", "after_restore"]).ends_with(3);
    assert!(strict.said().contains("time_not_stored"), "{}", strict.said());
    assert_eq!(not_holding(&strict, "broken"), Vec::<String>::new());
    let split = verify("policies/tala/tenant_chain.hold", tala(Tala::Clean), &[]).ends_with(3);
    assert!(split.said().contains("wrong_split"), "{}", split.said());
    assert_eq!(not_holding(&split, "broken"), Vec::<String>::new());
}

#[test]
fn one_tala_tenant_alone_holds() {
    let database = tala(Tala::Clean);
    let id = shared().psql(database, "select id from \"Tenant\" order by id limit 1");
    let run =
        verify("policies/tala/tala.hold", database, &["--gate", "after_restore", "--tenant", id.trim()]);
    run.ends_with(0).says("narrowed to tenant");
    verify("policies/tala/tala.hold", database, &["--gate", "after_restore", "--tenant", "nobody"])
        .ends_with(1)
        .says("there is no tenant `nobody`");
}

#[test]
fn accubooks_restores_open_on_sound_data_and_close_on_damaged() {
    for name in ["full_tenant", "partial_tenant", "configuration", "service"] {
        let policy = format!("policies/accubooks/{name}.hold");
        assert!(Path::new(&root()).join(&policy).exists());
        let sound = verify(&policy, accubooks(AccuBooks::Clean), &[]);
        assert_eq!(sound.status, Some(0), "{name}\n{}", sound.said());
        let damaged = verify(&policy, accubooks(AccuBooks::Faults), &[]);
        assert_eq!(damaged.status, Some(1), "{name}\n{}", damaged.said());
        let lost = verify(&policy, accubooks(AccuBooks::Jsonb), &[]);
        assert_eq!(lost.status, Some(3), "{name}\n{}", lost.said());
        assert!(lost.said().contains("json_order_lost"), "{}", lost.said());
    }
}

#[test]
fn every_format_of_archive_is_judged_as_its_server() {
    let (policy, gates) =
        ("policies/tala/tala.hold", ["--gate", "after_restore", "--gate", "after_rollback"]);
    let database = tala(Tala::Faults);
    let live = run(policy, database, &gates);
    for format in ["-Fd", "-Ft", "-Fp"] {
        let source = format!("restored=dump:{}", archive(database, format).display());
        let archived = run(policy, database, &[&gates[..], &["--source", &source]].concat());
        // Recovery, version, sessions and raw SQL.
        assert_eq!(alike(&live, &archived), 4, "{format}: {}", archived.said());
    }
}

#[test]
fn accubooks_verifies_its_backup_in_place() {
    for (variant, status) in [(AccuBooks::Clean, 0), (AccuBooks::Faults, 1), (AccuBooks::Jsonb, 3)] {
        let source = format!("backup=dump:{}", archive(accubooks(variant), "-Fc").display());
        run("policies/accubooks/backup.hold", "postgres", &["--source", &source]).ends_with(status);
    }
}

/// Of the copy of a database one setting and one account of a tenant are changed; what was sealed before tells.
#[test]
fn a_restored_tenant_and_its_settings_are_those_that_were_sealed() {
    let sealed = "policies/accubooks/sealed.hold";
    let clean = accubooks(AccuBooks::Clean);
    let folder = tempfile::tempdir().unwrap();
    let before = folder.path().join("before.json");
    let role = shared().reader_role(clean);
    let mut record = program();
    record.current_dir(root()).env("DATABASE_URL", shared().url_as(role, clean));
    Run::of(record.args(["baseline", "record", sealed, "-o"]).arg(&before)).ends_with(0);
    let copy = "accubooks_restored_tenant";
    crate::support::accubooks_copy(AccuBooks::Clean, copy);
    let source = format!("before={}", before.display());
    let judged = |gate: &str| {
        let tenant = "restoring=tnt_northwind";
        run(sealed, copy, &["--gate", gate, "--source", &source, "--set", tenant])
    };
    judged("tenant_whole").ends_with(0).judges("tenant_equals", "holds", "");
    judged("values").ends_with(0).judges("values_kept", "holds", "");
    let change = "update configurations set value = value || '0' where tenant_id = 'tnt_northwind' and key = 'backup.schedule'";
    shared().psql(copy, change);
    judged("values").ends_with(1).judges("values_kept", "broken", "");
    judged("tenant_whole").ends_with(1).judges("tenant_equals", "broken", "");
    // Whoever forgets to say which tenant has looked at none.
    run(sealed, copy, &["--gate", "values", "--source", &source]).ends_with(3).judges(
        "values_kept",
        "unproven",
        "nothing to look at",
    );
}

#[test]
fn accubooks_finds_whoever_was_erased_and_is_there_again() {
    let database = accubooks(AccuBooks::Clean);
    let user = shared().psql(database, "select id from users order by id limit 1");
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("erased.txt");
    let source = format!("erased_users={}", list.display());
    for (named, status) in [(user.trim(), 1), ("usr_0000000000000000", 0)] {
        let digest = <sha2::Sha256 as sha2::Digest>::digest(named);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(&list, format!("# erased in January\nsha256:{hex}\n")).unwrap();
        let looked = verify("policies/accubooks/erasure.hold", database, &["--source", &source]);
        assert_eq!(looked.status, Some(status), "{}", looked.said());
    }
    verify("policies/accubooks/erasure.hold", database, &["--source", "erased_users=/no/list"]).ends_with(3);
}

/// A line of the table may promise no check that there is not.
#[test]
fn every_check_that_the_coverage_names_exists() {
    let text: String = files().iter().map(|f| std::fs::read_to_string(f).unwrap()).collect();
    let declared = |name: &str| {
        ["check", "gate", "objective", "procedure"]
            .iter()
            .any(|word| text.contains(&format!("{word} {name} ")))
    };
    let coverage = std::fs::read_to_string(root().join("policies/COVERAGE.md")).unwrap();
    let mut named = 0;
    for line in coverage.lines().filter(|l| l.starts_with("| ")) {
        let answer = line.rsplit(" | ").next().unwrap_or_default();
        for name in answer
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|n| n.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        {
            // Kinds of sources, words of a policy, facts, and the beginning of four names.
            let others =
                "baseline record files attestation owner runbook unwaivable evidence status duration_";
            if others.split_whitespace().any(|word| word == name) {
                continue;
            }
            assert!(declared(name), "`{name}` is named and not declared: {line}");
            named += 1;
        }
        assert!(!line.contains("| needs "), "{line}");
    }
    assert!(named > 300, "only {named} names were found");
}
