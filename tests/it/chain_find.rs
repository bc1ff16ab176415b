//! `chain find` on tables that programs of others wrote: what it prints verifies, and where there is no chain it claims none.

use std::path::PathBuf;
use std::time::Instant;

use crate::recipes::KEYS;
use crate::support::{Run, Scratch, pg_dump, program, shared};

const TABLES: [&str; 6] = [
    include_str!("../data/chains/node.sql"),
    include_str!("../data/chains/python.sql"),
    include_str!("../data/chains/php.sql"),
    include_str!("../data/chains/go.sql"),
    include_str!("../data/chains/native.sql"),
    include_str!("../data/chains/ruby.sql"),
];

/// Runs a search to the end of the round in which it has tried so many candidates, however long that takes.
fn find(s: &Scratch, table: &str, candidates: &str) -> Run {
    let limits = ["--candidates", candidates, "--time-limit", "900", "--jobs", "2"];
    Run::of(program().env("DATABASE_URL", s.url()).args(["chain", "find", table]).args(limits))
}

/// The block of what was printed; empty where there is none.
fn block(run: &Run) -> String {
    let lines = run.stdout.lines().take_while(|line| !line.is_empty());
    let block: Vec<&str> = lines.collect();
    if run.stdout.starts_with("chain ") { block.join("\n") } else { String::new() }
}

#[test]
fn what_is_found_in_real_tables_verifies() {
    let s = Scratch::new("chain_find", &TABLES.concat()).server_only();
    for (table, pieces) in [
        ("policing", &["join(\"|\", event_id", "arn ?? \"\"", "actor_id ?? \"\"", "genesis \"GENESIS\""][..]),
        ("msez", &["json(jcs", "previous_hash: prev", "genesis zeros(64)"]),
        ("omadia", &["split by stream_id", "seq dense from 1", "sha256(cat(\"genesis:\", stream_id))"]),
        ("apgms_owa", &["split by ", "cat(prev ?? \"\", bank_receipt_hash ?? \"\", balance_after_cents)"]),
        ("chronicle", &["link implicit", "payload"]),
        (
            "checkmate_actions",
            &[
                "join checkmate_contracts as contract by contract to contract_id",
                "user_id: contract.owner_id",
            ],
        ),
        ("temple", &["where hash_input != \"\"", "hex(sha256(hash_input))"]),
    ] {
        let run = find(&s, table, "300000");
        let block = block(&run);
        let flat = block.split_whitespace().collect::<Vec<_>>().join(" ");
        // Of one of them, a row from before the preimage was kept is left out.
        assert_eq!(run.status, Some(if table == "temple" { 3 } else { 0 }), "{table}\n{}", run.said());
        for piece in pieces {
            assert!(flat.contains(piece), "{table}: `{piece}` should be in\n{}", run.said());
        }
        let verified = s.verify(&block, &format!("check c {{ require {table} is intact }}"));
        if table != "temple" {
            verified.ends_with(0).judges("c", "holds", "");
        }
    }
}

#[test]
fn an_archive_says_what_its_server_says() {
    let s = Scratch::new("chain_find_dump", TABLES[4]).server_only();
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    pg_dump(&shared().url(&s.name), Some(&archive), &["-Fc"]);
    let asked = find(&s, "policing", "300000").ends_with(0);
    let source = format!("dump:{}", archive.display());
    let limits = ["--candidates", "300000", "--time-limit", "900"];
    let read =
        Run::of(program().args(["chain", "find", "policing", "--source", &source]).args(limits)).ends_with(0);
    assert_eq!(block(&asked), block(&read));
}

/// Tables in which there is no chain to find.
const NONE: &str = "
    create function digest_of(x text) returns text language sql as $$ select encode(sha256(convert_to(x, 'UTF8')), 'hex') $$;
    create table plain (id int primary key, action text, hash text);
    insert into plain select n, 'a' || n, 'word ' || n from generate_series(1, 30) n;
    create table random (id int primary key, action text, created_at timestamptz, hash text);
    insert into random select n, 'a' || n, now() + n * interval '1s', digest_of(random()::text) from generate_series(1, 30) n;
    create table keyed (id int primary key, action text, prev_hash text, hash text);
    do $$ declare last text; next text; begin
      for n in 1..30 loop
        next := digest_of('a secret that is nowhere' || coalesce(last, '') || n);
        insert into keyed values (n, 'a' || n, last, next);
        last := next;
      end loop;
    end $$;
    create table empty (id int primary key, action text, prev_hash text, hash text);
    create table one (id int primary key, action text, prev_hash text, hash text);
    insert into one values (1, 'a', null, digest_of('1a'));
    create table shut (id int primary key, action text, prev_hash text, hash text);
    create table `odd name` (id int primary key, `prev` text, what text, hash text);
    do $$ declare last text; next text; begin
      for n in 1..30 loop
        next := digest_of(coalesce(last, '') || '|' || n || '|' || 'w' || n);
        insert into `odd name` values (n, last, 'w' || n, next);
        last := next;
      end loop;
    end $$;";

#[test]
fn where_there_is_no_chain_none_is_claimed() {
    let s = Scratch::new("chain_find_none", &NONE.replace('`', "\"")).server_only();
    s.sql("revoke select on shut from holdtrue_reader");
    for (table, piece) in [
        ("plain", "no column holds digests"),
        ("random", "random ones, have no recipe"),
        ("keyed", "the chain is alive"),
        ("empty", "two rows at least"),
        ("one", "two rows at least"),
        ("shut", "permission denied"),
    ] {
        let run = find(&s, table, "5000").ends_with(3).says(piece);
        assert!(block(&run).is_empty() && !run.stdout.contains("EVIDENCE"), "{table}\n{}", run.said());
    }
    let found = find(&s, "odd name", "60000").ends_with(0);
    assert!(block(&found).contains("on `odd name` {") && block(&found).contains("link `prev` genesis null"));
    s.verify(&block(&found), "check c { require odd_name is intact }").ends_with(0).judges("c", "holds", "");
}

#[test]
fn wrong_usage_is_said_and_no_secret_is() {
    let s =
        Scratch::new("chain_find_usage", "create table log (id int primary key, hash text)").server_only();
    find(&s, "lgo", "1").ends_with(2).says("did you mean `log`?");
    let asked = |arguments: &[&str]| Run::of(program().args(["chain", "find"]).args(arguments));
    asked(&["log", "--source", "dump:x", "--from-env", "X"]).ends_with(2);
    asked(&["log"]).ends_with(3).says("`DATABASE_URL` is not set");
    asked(&["log", "--from-env", "NO WAY"]).ends_with(2);
    let run = asked(&["log", "--source", "postgres://u:hunter2@127.0.0.1:1/d"]).ends_with(3);
    assert!(!run.said().contains("hunter2"), "{}", run.said());
    // Whoever could change the table is asked to come as somebody who cannot.
    let owner = shared().url(&s.name);
    let run = asked(&["log", "--source", &owner]).ends_with(2);
    run.says("--allow-privileged-role");
}

#[test]
fn a_search_goes_on_from_where_it_was_kept() {
    let s = Scratch::new("chain_find_state", TABLES[4]).server_only();
    let state = s.folder().join("state.json");
    let searched = |table: &str, candidates: &str| {
        let limits = ["--candidates", candidates, "--time-limit", "900"];
        let mut command = program();
        command.env("DATABASE_URL", s.url()).args(["chain", "find", table]).args(limits);
        Run::of(command.arg("--state").arg(&state))
    };
    searched("fedramp", "1").ends_with(3);
    let kept: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&state).unwrap()).unwrap();
    assert!(kept["schema"] == "holdtrue.find/3" && kept["tried"].as_u64() > Some(0), "{kept}");
    let found = searched("fedramp", "200000").ends_with(0);
    assert!(block(&found).contains("split by workspace_id"), "{}", found.said());
    searched("midaz", "1").ends_with(2).says("is of a search in other rows");
}

/// The chains that were written, the files of their tables, and whether all of these can be loaded into one database.
const SETS: [(&str, &str, &[&str]); 2] = [
    (
        "chains",
        include_str!("../data/chains/chains.hold"),
        &["node", "python", "php", "go", "ruby", "elixir", "java", "native"],
    ),
    (
        "more",
        include_str!("../data/chains/more.hold"),
        &[
            "more_node",
            "more_python",
            "more_java",
            "more_go",
            "more_php",
            "more_ruby",
            "more_elixir",
            "more_rust",
            "more_native",
        ],
    ),
];

/// How many recipes are found, and how soon. Run alone, on a release build, with two hundred rows of each recipe:
/// `tests/data/chains/many.sh FOLDER`, then
/// `HOLDTRUE_FIND_DATA=FOLDER cargo test --release --test it chain_find::recall -- --ignored --nocapture`.
/// Without the variable the tables are the small ones. Each must verify under the recipe that it was written by, or what
/// is measured is nothing.
#[test]
#[ignore = "a measurement that takes as long as it is given: HOLDTRUE_FIND_SECONDS, or a minute for each table"]
fn recall() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/chains");
    let folder = PathBuf::from(std::env::var_os("HOLDTRUE_FIND_DATA").unwrap_or_else(|| kept.into()));
    let seconds = std::env::var("HOLDTRUE_FIND_SECONDS").unwrap_or_else(|_| "60".to_owned());
    let mut sets = Vec::new();
    for (name, policies, files) in SETS {
        let (mut all, mut whole) = (0, 0);
        let database = format!("chain_find_recall_{name}");
        shared().create_database(&database, None);
        let s = Scratch::around(&database).server_only().with_environment(&KEYS);
        for file in files {
            s.sql(&std::fs::read_to_string(folder.join(file).with_extension("sql")).unwrap());
        }
        shared().reader_role(&database);
        let declared: Vec<(&str, &str)> = policies
            .lines()
            .filter_map(|line| line.strip_prefix("chain ")?.strip_suffix(" {")?.split_once(" on "))
            .collect();
        let checks: String =
            declared.iter().map(|(c, _)| format!("check {c} {{ require {c} is intact }}\n")).collect();
        s.verify(policies, &checks).ends_with(0);
        for (chain, table) in declared {
            let body = policies.split(&format!("chain {chain} on ")).nth(1).unwrap_or_default();
            let body = body.split("\n}\n").next().unwrap_or_default();
            // A key cannot be found out, so it is given.
            let keys: Vec<&str> = body
                .lines()
                .filter_map(|line| line.strip_prefix("  key ")?.split_once(" from env ")?.1.split(' ').next())
                .collect();
            let apart = if !keys.is_empty() {
                "key"
            } else if body.contains("\n  join ") {
                "join"
            } else {
                ""
            };
            let started = Instant::now();
            let mut command = program();
            command.env("DATABASE_URL", s.url()).envs(KEYS).args(["chain", "find", table]);
            command.args(["--time-limit", &seconds, "--jobs", "2"]);
            let run = Run::of(command.args(keys.iter().flat_map(|key| ["--key-env", key])));
            let took = started.elapsed();
            let found = run.status == Some(0);
            if found {
                let name = block(&run).split_whitespace().nth(1).unwrap_or_default().to_owned();
                s.verify(&block(&run), &format!("check c {{ require {name} is intact }}"))
                    .ends_with(0)
                    .judges("c", "holds", "");
            }
            let piece = |of: &str| run.stdout.lines().find_map(|line| line.strip_prefix(of)).unwrap_or("");
            let rows = piece("  rows       ");
            let about = format!("{}{}", piece("  recipe     "), piece("  tried      "));
            eprintln!(
                "{table:<20} {:<8} {apart:<5} {:>5.1} s  {rows:<24} {about}",
                if found {
                    "found"
                } else if rows.is_empty() {
                    "not"
                } else {
                    "in part"
                },
                took.as_secs_f32()
            );
            (all, whole) = (all + 1, whole + usize::from(found));
        }
        eprintln!("{name}: {whole} of {all} recipes found whole");
        sets.push((whole, all));
    }
    // Of the recipes that real applications have. Those of the second set were thought up to be unlike them.
    let (whole, all) = sets.first().copied().unwrap_or_default();
    assert!(all > 0 && whole * 3 >= all * 2, "only {whole} of {all} recipes were found");
}
