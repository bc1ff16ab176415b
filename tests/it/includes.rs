//! Files that include files.

use crate::support::{Run, Scratch, program};

const HEAD: &str =
    "policy t { language 1; owner \"@t\"; schema public }\nsource postgres db from env DATABASE_URL\n";

fn scratch(name: &str) -> Scratch {
    let s = Scratch::new(name, "create table t (id int primary key); insert into t values (1)");
    std::fs::create_dir(s.folder().join("parts")).unwrap();
    s
}

#[test]
fn paths_are_relative_to_the_file_that_includes() {
    let s = scratch("include_relative");
    s.file("p.hold", &format!("{HEAD}include \"parts/gate.hold\"\n"));
    s.file(
        "parts/gate.hold",
        "include \"deeper.hold\"\ngate g on db { check c { on t; require rows > 0 } }\n",
    );
    s.file("parts/deeper.hold", "gate h on db { check d { on t; require id < 0 } }\n");
    s.run(&[]).ends_with(1).judges("c", "holds", "").judges("d", "broken", "");
    // From elsewhere the same files are read, and the digest does not depend on the place.
    let digest = |run: &Run| run.json()["policy"]["digest"].clone();
    let mut command = program();
    command
        .current_dir("/")
        .env("DATABASE_URL", s.url())
        .arg("verify")
        .arg(s.folder().join("p.hold"))
        .args(["--format", "json"]);
    assert_eq!(digest(&Run::of(&mut command).ends_with(1)), digest(&s.run(&[])));
}

#[test]
fn circles_strangers_and_absent_files_are_refused() {
    let s = scratch("include_refused");
    let gate = "gate g on db { check c { on t; require rows > 0 } }\n";
    let refused = |piece: &str| {
        let run = s.run(&[]).ends_with(2).says(piece);
        assert!(run.stdout.is_empty(), "{}", run.said());
    };
    s.file("p.hold", &format!("{HEAD}include \"parts/a.hold\"\n{gate}"));
    s.file("parts/a.hold", "include \"b.hold\"\n");
    s.file("parts/b.hold", "include \"../p.hold\"\n");
    refused("includes itself");
    s.file("p.hold", &format!("{HEAD}include \"p.hold\"\n{gate}"));
    refused("includes itself");
    s.file("p.hold", &format!("{HEAD}include \"absent.hold\"\n{gate}"));
    refused("cannot be read");
    s.file("p.hold", &format!("{HEAD}include \"/etc/passwd\"\n{gate}"));
    refused("outside of the policy's directory");
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("o.hold"), "").unwrap();
    std::os::unix::fs::symlink(outside.path().join("o.hold"), s.folder().join("link.hold")).unwrap();
    s.file("p.hold", &format!("{HEAD}include \"link.hold\"\n{gate}"));
    refused("outside of the policy's directory");
    s.file("p.hold", &format!("{HEAD}include \"parts\"\n{gate}"));
    refused("cannot be read");
}

#[test]
fn a_file_included_twice_counts_once() {
    let s = scratch("include_twice");
    s.file("p.hold", &format!("{HEAD}include \"parts/g.hold\"\ninclude \"parts/../parts/g.hold\"\n"));
    s.file("parts/g.hold", "gate g on db { check c { on t; require rows > 0 } }\n");
    s.run(&[]).ends_with(0);
}
