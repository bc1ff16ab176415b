//! Every shipped policy: linted, in canonical layout, and run on sound and on damaged data.

use std::path::{Path, PathBuf};

use crate::support::{AccuBooks, Run, Tala, accubooks, program, shared, tala};

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

fn verify(policy: &str, database: &str, arguments: &[&str]) -> Run {
    let role = shared().reader_role(database);
    Run::of(
        program()
            .current_dir(root())
            .env("DATABASE_URL", shared().url_as(role, database))
            .args(["verify", policy, "--format", "json", "--samples", "50"])
            .args(arguments),
    )
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
