//! The house stands as `docs/architecture.md` draws it: no arrow runs back.

use std::collections::BTreeMap;
use std::path::Path;

/// Rooms, each with the rooms it may use. A room not named here may not exist.
const ROOMS: [(&str, &[&str]); 25] = [
    ("source_text", &[]),
    ("verdict", &[]),
    ("value", &[]),
    ("failure", &[]),
    ("finding", &["verdict"]),
    ("diagnostic", &["source_text"]),
    ("syntax", &["source_text", "diagnostic"]),
    ("chain", &["finding", "value"]),
    ("find", &["chain"]),
    ("record", &["chain", "finding", "value"]),
    ("policy", &["source_text", "verdict", "value", "chain"]),
    ("catalogue", &["policy", "chain", "value"]),
    ("baseline", &["policy", "catalogue", "chain"]),
    ("erasure", &["catalogue"]),
    ("facts", &["baseline", "catalogue", "chain", "failure", "finding", "verdict"]),
    ("check", &["source_text", "verdict", "value", "diagnostic", "syntax", "chain", "policy"]),
    ("measure", &["source_text", "value", "policy", "catalogue"]),
    (
        "plan",
        &[
            "source_text",
            "verdict",
            "value",
            "diagnostic",
            "chain",
            "policy",
            "catalogue",
            "facts",
            "measure",
            "baseline",
            "erasure",
        ],
    ),
    (
        "stream",
        &[
            "baseline",
            "erasure",
            "source_text",
            "value",
            "failure",
            "chain",
            "policy",
            "catalogue",
            "facts",
            "measure",
            "plan",
        ],
    ),
    (
        "probe",
        &[
            "stream",
            "value",
            "verdict",
            "failure",
            "chain",
            "policy",
            "catalogue",
            "facts",
            "measure",
            "plan",
            "record",
            "baseline",
            "erasure",
        ],
    ),
    ("drill", &["verdict", "probe"]),
    ("report", &["source_text", "value", "verdict", "finding"]),
    ("alert", &["finding", "verdict", "report"]),
    (
        "judge",
        &[
            "baseline",
            "source_text",
            "verdict",
            "value",
            "finding",
            "chain",
            "policy",
            "facts",
            "plan",
            "report",
        ],
    ),
    ("cli", &["*"]),
];

#[test]
fn no_arrow_runs_back() {
    let rooms: BTreeMap<&str, &[&str]> = ROOMS.into_iter().collect();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut seen = 0;
    visit(&src, &mut |path, text| {
        let inside = path.strip_prefix(&src).unwrap_or(path);
        let first = inside.iter().next().and_then(|p| p.to_str()).unwrap_or_default();
        let room = first.strip_suffix(".rs").unwrap_or(first);
        if ["main", "lib"].contains(&room) {
            return;
        }
        seen += 1;
        let Some(allowed) = rooms.get(room) else {
            wrong.push(format!("{}: a room that is not in the plan", inside.display()));
            return;
        };
        for used in text.split("crate::").skip(1) {
            let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if used != room
                && rooms.contains_key(used.as_str())
                && !allowed.contains(&"*")
                && !allowed.contains(&used.as_str())
            {
                wrong.push(format!("{} uses {used}", inside.display()));
            }
        }
    });
    assert!(seen > 100, "only {seen} files were read");
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_command_line_prints() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    visit(&src, &mut |path, text| {
        let inside = path.strip_prefix(&src).unwrap_or(path);
        let cli = inside.starts_with("cli");
        for word in ["std::io::stdout", "std::io::stderr", "process::exit"] {
            assert!(cli || !text.contains(word), "{} uses {word}", inside.display());
        }
    });
}

fn visit(folder: &Path, each: &mut dyn FnMut(&Path, &str)) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() {
            visit(&path, each);
        } else if name.ends_with(".rs")
            && !name.contains("test")
            && !["scratch.rs", "fixture.rs"].contains(&name.as_str())
        {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            // Unit tests may reach anywhere.
            each(&path, text.split("#[cfg(test)]\nmod tests").next().unwrap_or(&text));
        }
    }
}
