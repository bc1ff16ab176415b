//! Golden cases: `tests/cases/<area>/<case>/` with `args`, a policy, and what the program must print.
//!
//! `args` is one line, split at blanks; the case's own folder is copied and worked in. With `setup.sql` a database of its
//! own is made and DATABASE_URL leads to it as the reader; with `facts.json` no server is needed. `stdout`, `stderr` and
//! `exit` are compared; absent ones mean "nothing" and 0. HOLDTRUE_BLESS=1 writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Run, Scratch, fail, program, shared};

#[test]
fn golden_cases_print_what_they_always_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<PathBuf> = folders(&root).iter().flat_map(|area| folders(area)).collect();
    cases.sort();
    assert!(!cases.is_empty(), "no case under {}", root.display());
    let wrong: Vec<String> = cases.iter().enumerate().filter_map(|(n, case)| judged(n, case).err()).collect();
    if !wrong.is_empty() {
        fail(&format!(
            "{} of {} cases differ; HOLDTRUE_BLESS=1 accepts the new output\n{}",
            wrong.len(),
            cases.len(),
            wrong.join("\n")
        ));
    }
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    all.filter(|path| path.is_dir()).collect()
}

/// Runs one case; an error is a readable difference.
fn judged(number: usize, case: &Path) -> Result<(), String> {
    let read = |name: &str| fs::read_to_string(case.join(name)).unwrap_or_default();
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    for file in fs::read_dir(case).map_err(|error| error.to_string())?.flatten() {
        fs::copy(file.path(), folder.path().join(file.file_name())).map_err(|error| error.to_string())?;
    }
    if case.join("facts.json").exists() {
        // Facts of another version bring a remark.
        let facts = read("facts.json").replace("VERSION", env!("CARGO_PKG_VERSION"));
        fs::write(folder.path().join("facts.json"), facts).map_err(|error| error.to_string())?;
    }
    let mut command = program();
    command.current_dir(folder.path()).env("COLUMNS", "100").env("LC_ALL", "C.UTF-8");
    command.args(read("args").split_whitespace());
    if case.join("setup.sql").exists() {
        let scratch = Scratch::new(&format!("case_{number}"), "");
        shared().psql_file(&scratch.name, &case.join("setup.sql"));
        shared().reader_role(&scratch.name);
        command.env("DATABASE_URL", scratch.url());
        if read("args").starts_with("verify ") {
            for file in fs::read_dir(case).map_err(|error| error.to_string())?.flatten() {
                fs::copy(file.path(), scratch.folder().join(file.file_name())).map_err(|e| e.to_string())?;
            }
            fs::copy(case.join("policy.hold"), scratch.folder().join("p.hold")).map_err(|e| e.to_string())?;
            // On the rows of the server and on an archive it must be judged alike.
            let _same = scratch.run(&[]);
        }
    }
    let run = Run::of(&mut command);
    let status = run.status.map_or_else(|| "a signal".to_owned(), |status| status.to_string());
    let found = [
        ("stdout", steady(&run.stdout)),
        ("stderr", steady(&run.stderr)),
        ("exit", if status == "0" { String::new() } else { format!("{status}\n") }),
    ];
    let mut differences = Vec::new();
    for (name, text) in found {
        if text == read(name) {
            continue;
        }
        if std::env::var_os("HOLDTRUE_BLESS").is_some() {
            let path = case.join(name);
            if text.is_empty() { fs::remove_file(path) } else { fs::write(path, text) }
                .map_err(|error| format!("{}: {name}: {error}", case.display()))?;
        } else {
            differences.push(format!(
                "{}: {name}\n--- expected\n{}\n--- found\n{text}",
                case.display(),
                read(name)
            ));
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

/// What differs between two runs of the same thing: instants, ids, digests, durations, versions, addresses.
fn steady(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let first = line.split_whitespace().next().unwrap_or_default().trim_matches(['"', ':', ',']);
        // The server describes itself over several lines, none of which is the case's concern.
        let volatile =
            ["id", "started", "finished", "now", "holdtrue"].contains(&first) && line.contains("  ");
        if volatile && !line.contains('{') && line.split_whitespace().count() == 2 {
            let indent = line.len() - line.trim_start().len();
            lines.push(format!("{}{first} ...", " ".repeat(indent)));
            continue;
        }
        // Metrics of the clock have their value behind the labels.
        match line.rsplit_once(' ') {
            Some((metric, _)) if metric.starts_with("holdtrue_run_") && !metric.contains("_info") => {
                lines.push(format!("{metric} N"));
            }
            _ => lines.push(words(line)),
        }
    }
    let mut text = lines.join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    without_source_facts(&text)
}

/// Each word that looks volatile becomes a placeholder.
fn words(line: &str) -> String {
    line.split_inclusive([' ', '<', '>'])
        .map(|piece| {
            let word = piece.trim_end_matches([' ', '<', '>']);
            let end = piece.strip_prefix(word).unwrap_or_default();
            let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            let digest = bare.strip_prefix("sha256:").unwrap_or(bare);
            let hex = digest.len() >= 24 && digest.chars().all(|c| c.is_ascii_hexdigit());
            let instant = bare.len() >= 20 && bare.contains('T') && bare.parse::<jiff::Timestamp>().is_ok();
            let steady = if hex {
                word.replace(bare, "DIGEST")
            } else if bare.len() == 18 && bare.starts_with("0x") {
                word.replace(bare, "SEED")
            } else if instant {
                word.replace(bare, "INSTANT")
            } else if word.starts_with("duration=") {
                "duration=N".to_owned()
            } else if word.contains("%2Fholdtrue-") || word.contains("/holdtrue-") {
                "ADDRESS".to_owned()
            } else {
                word.to_owned()
            };
            steady + end
        })
        .collect::<String>()
        .replace(env!("CARGO_PKG_VERSION"), "VERSION")
        .split(" in ")
        .map(|piece| match piece.split_once(" ms") {
            Some((number, rest)) if number.chars().all(|c| c.is_ascii_digit()) => format!("N ms{rest}"),
            _ => piece.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(" in ")
}

/// The text report's lines about a source, after its first, up to the next blank line.
fn without_source_facts(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for line in text.lines() {
        if line == "SOURCES" {
            inside = true;
        } else if line.is_empty() {
            inside = false;
        } else if inside && line.starts_with("                    ") {
            continue;
        } else if inside {
            // Name and kind; where the address is broken depends on how long the scratch folder's name is.
            out.push_str(&line.split_whitespace().take(2).collect::<Vec<_>>().join(" "));
            out.push('\n');
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}
