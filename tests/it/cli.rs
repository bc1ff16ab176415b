//! The command line itself.

use std::path::Path;

use crate::support::{Run, Scratch, Tala, tala};

const COMMANDS: [&str; 12] = [
    "verify",
    "plan",
    "lint",
    "fmt",
    "chain",
    "explain",
    "facts",
    "attest",
    "restore",
    "record",
    "completions",
    "man",
];

fn here(arguments: &[&str]) -> Run {
    Run::with(Path::new("/"), arguments)
}

#[test]
fn help_and_version_are_answers() {
    for arguments in [&["--help"][..], &["-h"], &["help"], &["--version"], &["-V"]] {
        let run = here(arguments).ends_with(0);
        assert!(run.stderr.is_empty() && !run.stdout.is_empty(), "{arguments:?}\n{}", run.said());
    }
    let long = here(&["--help"]);
    for command in COMMANDS {
        assert!(long.stdout.contains(command), "{command} is not in the help");
        let own = here(&[command, "--help"]).ends_with(0);
        assert!(own.stdout.contains("Usage: holdtrue"), "{command}");
    }
    long.says("Only 0 means proceed.");
}

/// The exit status of a shell command in which `"$0"` is the program, run beside a policy that holds.
fn in_a_shell(s: &Scratch, line: &str) -> i32 {
    s.policy("", "check c { on t; require rows = 1 }");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", line, env!("CARGO_BIN_EXE_holdtrue")]).current_dir(s.folder());
    let run = Run::of(shell.env("DATABASE_URL", s.url()).env("HOME", "/nonexistent"));
    run.status.unwrap()
}

#[test]
fn a_report_that_nobody_gets_opens_no_gate() {
    let s = Scratch::new("cli_undelivered", "create table t (id int); insert into t values (1)");
    for line in [
        "\"$0\" verify p.hold >&-",
        "\"$0\" verify p.hold >/dev/full",
        "\"$0\" verify p.hold --format json >&-",
        "\"$0\" verify p.hold --output json=/dev/full",
        "\"$0\" verify p.hold --output json=r.json >/dev/full",
        "\"$0\" plan p.hold >&-",
        "\"$0\" plan p.hold >/dev/full",
        "\"$0\" lint p.hold >&-",
        "\"$0\" lint p.hold >/dev/full",
        "\"$0\" fmt --stdout p.hold >&-",
        "\"$0\" fmt --stdout p.hold >/dev/full",
        "\"$0\" explain >/dev/full",
        "\"$0\" --help >&-",
        "\"$0\" --version >/dev/full",
    ] {
        assert!([2, 3].contains(&in_a_shell(&s, line)), "{line}");
    }
    for line in [
        "\"$0\" verify p.hold >/dev/null",
        "\"$0\" verify p.hold >/dev/null 2>&-",
        "\"$0\" verify p.hold <&- >/dev/null",
        "\"$0\" verify p.hold --output json=r.json >&- && test -s r.json",
        "\"$0\" verify p.hold | head -n 1",
    ] {
        assert_eq!(in_a_shell(&s, line), 0, "{line}");
    }
}

#[test]
fn what_is_not_known_is_a_usage_error_and_says_what_is() {
    for (arguments, piece) in [
        (&[][..], "Usage"),
        (&["verfy"], "verify"),
        (&["verify"], "POLICY"),
        (&["verify", "--frmat", "json", "p"], "--format"),
        (&["verify", "p", "--format", "jsn"], "json"),
        (&["verify", "p", "--jobs", "0"], "0"),
        (&["verify", "p", "--statement-timeout", "-1"], "-1"),
        (&["verify", "p", "--facts", "f", "--save-facts", "g"], "cannot be used with"),
        (&["facts", "oracle"], "postgres"),
        (&["completions", "cmd"], "bash"),
        (&["explain", "HT9999"], "HT9999"),
        (&["fmt"], "POLICY"),
        (&["lint", "absent.hold"], "absent.hold"),
        (&["plan", "absent.hold"], "absent.hold"),
    ] {
        let run = here(arguments).ends_with(2).says(piece);
        assert!(run.stdout.is_empty(), "{arguments:?}\n{}", run.said());
    }
}

#[test]
fn the_commands_without_a_server_answer() {
    here(&["explain", "HT0203"]).ends_with(0).says("HT0203");
    here(&["explain"]).ends_with(0).says("HT0216");
    here(&["facts", "postgres"]).ends_with(0).says("in_recovery");
    here(&["completions", "bash"]).ends_with(0).says("holdtrue");
    here(&["man"]).ends_with(0).says(".TH");
}

#[test]
fn lint_and_fmt_read_policies_alone() {
    let s = Scratch::around("postgres");
    s.policy("", "check c { on t; require rows > 0 }");
    Run::with(s.folder(), &["lint", "p.hold"]).ends_with(0);
    s.policy("", "check c { on t; requir rows > 0 }");
    Run::with(s.folder(), &["lint", "p.hold"]).ends_with(2).says("did you mean `require`");
    s.policy("", "check c { on t; require rows    > 0 }");
    Run::with(s.folder(), &["fmt", "--check", "p.hold"]).ends_with(1);
    Run::with(s.folder(), &["fmt", "p.hold"]).ends_with(0);
    Run::with(s.folder(), &["fmt", "--check", "p.hold"]).ends_with(0);
    Run::with(s.folder(), &["lint", "p.hold"]).ends_with(0);
}

#[test]
fn plan_shows_the_statements_and_what_cannot_be_proven() {
    let s = Scratch::around(tala(Tala::Clean));
    let plan = || {
        let mut command = crate::support::program();
        Run::of(command.current_dir(s.folder()).env("DATABASE_URL", s.url()).args(["plan", "p.hold"]))
    };
    s.policy(
        "",
        "check a { on JournalEntry; require rows > 0 }\ncheck b { on JournalEntry; require totalDebit >= 0 }",
    );
    let run = plan().ends_with(0);
    // Both ride in one scan; the others run only if something is amiss.
    assert_eq!(run.stdout.matches("one scan").count(), 1, "{}", run.said());
    s.policy("", "check a { on Gone; require rows > 0 }");
    plan().ends_with(3).says("cannot be proven here");
    let mut nowhere = crate::support::program();
    Run::of(nowhere.current_dir(s.folder()).args(["plan", "p.hold"]))
        .ends_with(3)
        .says("`DATABASE_URL` is not set");
}

#[test]
fn each_exit_status_has_its_run() {
    let s = Scratch::new("cli_exits", "create table t (id int primary key); insert into t values (1)");
    s.holds("", "on t; require id = 1");
    s.broken("", "on t; require id = 2", "");
    s.unproven("", "on gone; require id = 2", "");
    s.refused("", "on t; require idd = 2", "");
    // Broken beats unproven.
    s.verify("", "check a { on gone; require id = 1 }\ncheck b { on t; require id = 2 }").ends_with(1);
}

#[test]
fn a_reader_that_leaves_changes_no_verdict() {
    let s = Scratch::around(tala(Tala::Faults));
    s.policy("", "check c { on JournalEntry; require rows < 0 }");
    let mut child = s.command(&["--samples", "1000"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn arguments_that_are_no_text_are_answered() {
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"\xff.hold");
    let run = Run::of(crate::support::program().current_dir("/").arg("verify").arg(odd)).ends_with(2);
    assert!(run.stdout.is_empty());
}
