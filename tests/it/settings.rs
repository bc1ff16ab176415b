//! Settings and profiles, as far as they need a database.

use crate::support::{Run, Scratch, formats, program};

const SETUP: &str = "create table person (email text primary key, age int);
    insert into person values ('eve@example.org', -1), ('o''hara@example.org', -2), ('adam@example.org', 3)";

#[test]
fn a_redacted_column_is_in_no_format() {
    let s = Scratch::new("settings_redact", SETUP);
    s.policy(
        "",
        "check ages { on person; require age >= 0 }\ncheck unique_ages { on person; require unique email }",
    );
    let outputs: Vec<String> = formats().iter().map(|f| format!("\"{f}={f}.out\"")).collect();
    let settings = format!(
        "[profiles.ci]\nredact = [\"email\", \"phone\"]\n\n[profiles.ci.output]\nformat = \"json\"\noutputs = [{}]\n",
        outputs.join(", ")
    );
    std::fs::write(s.folder().join("holdtrue.toml"), settings).unwrap();
    let run = s.command(&["--profile", "ci"]).output().unwrap();
    assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
    let mut texts = vec![String::from_utf8(run.stdout).unwrap()];
    texts.extend(
        formats().iter().map(|f| std::fs::read_to_string(s.folder().join(format!("{f}.out"))).unwrap()),
    );
    for text in &texts {
        assert!(!text.contains("example.org"), "{text}");
        assert!(text.contains("redacted"), "{text}");
    }
    assert!(
        texts[0].contains("\"[redacted]\"") && texts[0].contains("has a column `phone` to redact"),
        "{}",
        texts[0]
    );
}

#[test]
fn a_profile_leads_to_a_database_and_shows_no_password() {
    let s = Scratch::new("settings_source", "create table person (id int); insert into person values (1)");
    s.policy("", "check there { on person; require rows = 1 }");
    let settings = "default_profile = \"a\"\n[profiles.a.sources]\ndb = \"env:ELSEWHERE\"\n\
                    [profiles.b.sources]\ndb = \"file:address\"\n";
    std::fs::write(s.folder().join("holdtrue.toml"), settings).unwrap();
    std::fs::write(s.folder().join("address"), format!("{}\n", s.url())).unwrap();
    let verify = |more: &[&str], address: &str| {
        let mut command = program();
        Run::of(
            command.current_dir(s.folder()).env("ELSEWHERE", address).args(["verify", "p.hold"]).args(more),
        )
    };
    verify(&[], &s.url()).ends_with(0).says("from env ELSEWHERE");
    verify(&["--profile", "b"], "").ends_with(0).says("from file \"address\"");
    verify(&["--config", "/dev/null"], &s.url()).ends_with(3).says("`DATABASE_URL` is not set");
    let run = verify(&["-v"], "postgres://reader:hunter2@localhost:1/none").ends_with(3);
    assert!(!run.said().contains("hunter2"), "{}", run.said());
    // In a folder below, only as part of one repository.
    std::fs::create_dir(s.folder().join("below")).unwrap();
    let below = || {
        let mut command = program();
        command.current_dir(s.folder().join("below")).env("ELSEWHERE", s.url());
        Run::of(command.args(["verify", "../p.hold"]))
    };
    below().ends_with(3);
    std::fs::create_dir(s.folder().join(".git")).unwrap();
    below().ends_with(0).says("../holdtrue.toml");
}
