//! What the documents show is what the program does.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Run, Scratch, Tala, fail, program, tala};

/// A fenced block: its tag and its text.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(tag) if !inside => {
                inside = true;
                found.push((tag.to_owned(), String::new()));
            }
            Some(_) => inside = false,
            None if inside => {
                if let Some((_, block)) = found.last_mut() {
                    block.push_str(line);
                    block.push('\n');
                }
            }
            None => {}
        }
    }
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<PathBuf> {
    let mut list = vec![root().join("README.md"), root().join("policies/README.md")];
    let entries = std::fs::read_dir(root().join("docs")).into_iter().flatten().flatten();
    list.extend(entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "md")));
    list.retain(|p| p.exists());
    list.sort();
    list
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap_or_else(|error| fail(&format!("no temporary folder: {error}")))
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())));
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn every_policy_in_the_documents_lints() {
    let folder = folder();
    let mut linted = 0;
    for path in documents() {
        for (tag, block) in blocks(&read(&path)) {
            let text = match tag.as_str() {
                "hold" => block,
                "hold,fragment" => {
                    format!(
                        "policy snippet {{ language 1 }}\nsource postgres db from env DATABASE_URL\n{block}"
                    )
                }
                _ => continue,
            };
            let file = folder.path().join("snippet.hold");
            write(&file, &text);
            let run = Run::of(program().arg("lint").arg(&file));
            assert_eq!(run.status, Some(0), "{}:\n{text}\n{}", path.display(), run.said());
            linted += 1;
        }
    }
    assert!(linted >= 10, "only {linted} policies were found in the documents");
}

#[test]
fn relative_links_lead_somewhere() {
    let mut followed = 0;
    for path in documents() {
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        for target in read(&path).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.starts_with('#') {
                continue;
            }
            let file = target.split('#').next().unwrap_or(target);
            assert!(folder.join(file).exists(), "{} links to {target}", path.display());
            followed += 1;
        }
    }
    assert!(followed > 5);
}

/// The output in the README is what its policy prints on the damaged archive, but for the time it took.
#[test]
fn the_readme_shows_real_output() {
    let readme = read(&root().join("README.md"));
    let list = blocks(&readme);
    let policy = list.iter().find(|(tag, _)| tag == "hold").map(|(_, text)| text.clone()).unwrap_or_default();
    let shown = list.iter().find(|(tag, _)| tag == "text").map(|(_, text)| text.clone()).unwrap_or_default();
    assert!(policy.lines().count() <= 22, "the README promises twenty lines");
    let folder = folder();
    write(&folder.path().join("shop.hold"), &policy);
    // Paths of archives are relative to where the program runs.
    std::os::unix::fs::symlink(root().join("policies"), folder.path().join("policies")).unwrap();
    let run = Run::of(program().current_dir(folder.path()).args(["verify", "shop.hold", "--samples", "2"]))
        .ends_with(1);
    let timeless = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| line.split(" in ").next().filter(|_| line.contains("examined  ")).unwrap_or(line))
            // Nor is the seed of a run that of another.
            .map(|line| match line.split_once("0x") {
                Some((before, after)) => {
                    format!("{before}0x{}", after.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
                }
                None => line.trim_end().to_owned(),
            })
            .collect()
    };
    let (shown, printed) = (timeless(&shown), timeless(&run.stdout));
    assert!(shown.len() > 15);
    for (n, line) in shown.iter().enumerate() {
        assert_eq!(printed.get(n), Some(line), "line {} of the README's output\n{}", n + 1, run.stdout);
    }
}

/// Copies of a bundled archive as the page on dumps names them.
fn backups(folder: &Path) {
    let held = |name: &str| std::fs::read(root().join("policies/tala/data").join(name)).unwrap();
    let backups = folder.join("backups");
    std::fs::create_dir(&backups).unwrap();
    let sound = held("tala_clean.dump");
    std::fs::write(backups.join("tala_2026-01-14.dump"), &sound).unwrap();
    std::fs::write(backups.join("faults.dump"), held("tala_faults.dump")).unwrap();
    std::fs::write(backups.join("cut.dump"), sound.get(..1_000_000).unwrap()).unwrap();
    std::fs::write(backups.join("short.dump"), sound.get(..20_000).unwrap()).unwrap();
    std::fs::write(backups.join("empty.dump"), []).unwrap();
    let mut flipped = sound;
    *flipped.get_mut(1_200_000).unwrap() ^= 0x55;
    std::fs::write(backups.join("flipped.dump"), flipped).unwrap();
}

/// Whether printed lines are as shown, where `...` stands for any lines, and a shown line for one that begins like it.
fn as_shown(shown: &[&str], printed: &[&str]) -> Result<(), String> {
    let mut rest = printed;
    let mut anywhere = false;
    for line in shown {
        if *line == "..." {
            anywhere = true;
            continue;
        }
        let at = rest.iter().position(|p| p.starts_with(line)).filter(|at| anywhere || *at == 0);
        let at = at.ok_or_else(|| format!("`{line}` is shown and not printed there"))?;
        rest = rest.get(at + 1..).unwrap_or_default();
        anywhere = false;
    }
    Ok(())
}

#[test]
fn the_page_on_dumps_shows_real_output() {
    let page = read(&root().join("docs/verify-a-dump.md"));
    let list = blocks(&page);
    let folder = folder();
    backups(folder.path());
    let policy = list.iter().find(|(tag, _)| tag == "hold").map(|(_, text)| text.clone()).unwrap_or_default();
    // However old the bundled archive has become.
    write(&folder.path().join("backup.hold"), &policy.replace("26h", "876000h"));
    assert_eq!(sessions(&list, |command| command.current_dir(folder.path())), 6);
}

#[test]
fn every_file_of_settings_in_the_documents_is_read() {
    let folder = folder();
    write(&folder.path().join("p.hold"), "policy p { language 1; owner \"@a\" }\n");
    let mut read_ones = 0;
    for path in documents() {
        for (_, text) in
            blocks(&read(&path)).iter().filter(|(tag, text)| tag == "toml" && text.contains("[profiles"))
        {
            write(&folder.path().join("holdtrue.toml"), text);
            // Every profile of a file is read, whichever is asked for.
            let run =
                Run::of(program().current_dir(folder.path()).args(["lint", "p.hold", "--profile", "nobody"]));
            run.says("have no profile `nobody`; there are");
            read_ones += 1;
        }
    }
    assert_eq!(read_ones, 3);
}

/// The strings of a document in YAML that a shell would run.
fn scripts(value: &serde_json::Value, run: bool, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) if run => found.push(text.clone()),
        serde_json::Value::Array(list) => list.iter().for_each(|one| scripts(one, run, found)),
        serde_json::Value::Object(map) => {
            for (key, one) in map {
                scripts(one, key == "run" || key == "script", found);
            }
        }
        _ => {}
    }
}

#[test]
fn the_jobs_of_the_page_on_ci_run() {
    let s = Scratch::around(tala(Tala::Clean)).server_only();
    let page = blocks(&read(&root().join("docs/ci.md")));
    let restore = blocks(&read(&root().join("docs/verify-a-restore.md")));
    let first = |list: &[(String, String)], tag: &str| {
        list.iter().find(|(t, _)| t == tag).map(|(_, text)| text.clone()).unwrap_or_default()
    };
    for (_, yaml) in page.iter().filter(|(tag, _)| tag == "yaml") {
        let folder = folder();
        std::fs::create_dir(folder.path().join("policies")).unwrap();
        write(&folder.path().join("policies/tala.hold"), &first(&restore, "hold"));
        write(&folder.path().join("policies/routine.hold"), &first(&page, "hold"));
        write(&folder.path().join("holdtrue.toml"), &first(&page, "toml"));
        let mut lines = Vec::new();
        scripts(&serde_saphyr::from_str(yaml).unwrap(), false, &mut lines);
        lines.retain(|line| line.trim_start().starts_with("holdtrue "));
        assert_eq!(lines.len(), 4, "{lines:?}");
        for line in lines {
            let mut shell = Command::new("sh");
            shell.args([
                "-c",
                &format!("holdtrue() {{ \"$0\" \"$@\"; }}\n{line}"),
                env!("CARGO_BIN_EXE_holdtrue"),
            ]);
            shell
                .current_dir(folder.path())
                .env("HOME", "/nonexistent")
                .env("GITHUB_STEP_SUMMARY", "summary.md");
            let run = Run::of(shell.env("DATABASE_URL", s.url()).env("LIVE_URL", s.url()));
            // The sample is older than a night, and nothing of it is archived.
            let expected: &[i32] = if line.contains("verify") { &[1, 3] } else { &[0] };
            assert!(run.status.is_some_and(|status| expected.contains(&status)), "{line}\n{}", run.said());
        }
        for kept in ["holdtrue.xml", "holdtrue.sarif", "facts.json", "routine.xml"] {
            assert!(folder.path().join(kept).exists(), "{kept}");
        }
        let report = read(&folder.path().join("routine.xml"));
        assert!(report.contains("profile `live` of `holdtrue.toml` was used"), "{report}");
    }
}

#[test]
fn the_page_on_finding_a_recipe_shows_real_output() {
    let s = Scratch::new("docs_find", include_str!("../data/find.sql"));
    let page = read(&root().join("docs/find-a-chain.md"));
    let key = "a3f1c2d4e5968778695a4b3c2d1e0f00a3f1c2d4e5968778695a4b3c2d1e0f00";
    let ran = sessions(&blocks(&page), |command| {
        command.env("DATABASE_URL", s.url()).env("COLUMNS", "100").env("AUDIT_KEY", key)
    });
    assert_eq!(ran, 3);
}

/// Runs the commands of a page, and counts them; each must print what is shown below it.
fn sessions(list: &[(String, String)], prepare: impl Fn(&mut Command) -> &mut Command) -> usize {
    let mut ran = 0;
    for (_, block) in list.iter().filter(|(tag, _)| tag == "console") {
        for session in format!("\n{block}").split("\n$ holdtrue ").skip(1) {
            let (command, shown) = session.split_once('\n').unwrap();
            let run = Run::of(prepare(program().args(command.split_whitespace())));
            let printed: Vec<&str> = run.stdout.lines().collect();
            if let Err(why) = as_shown(&shown.lines().collect::<Vec<_>>(), &printed) {
                fail(&format!("holdtrue {command}: {why}\n{}", run.said()));
            }
            ran += 1;
        }
    }
    ran
}
