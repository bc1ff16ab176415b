//! Anchors of chains, and `hash` clauses of one chain, through the program: on the server, on its rows, and on its archive.

use crate::support::{Run, Scratch};

const INTACT: &str = "require audit is intact";

/// Three chains of 40 rows each, in the order of writing; the last of them hashes otherwise from its 21st row on.
const LOGS: &str = "
    create function sha(x text) returns text language sql as $$ select encode(sha256(convert_to(x, 'UTF8')), 'hex') $$;
    create table log (id int generated always as identity primary key, tenant text not null, seq int not null,
                      action text not null, detail jsonb, version int, prev text, hash text);
    do $$
    declare head text; h text; t int; n int;
    begin
      for t in 1..3 loop
        head := null;
        for n in 1..40 loop
          h := case when t = 3 and n > 20
               then sha(coalesce(head, '') || '|' || n || '|a' || n || '|{\"n\":' || n || '}')
               else sha(coalesce(head, '') || '|' || n || '|a' || n) end;
          insert into log (tenant, seq, action, detail, version, prev, hash)
          values ('t' || t, n, 'a' || n, jsonb_build_object('n', n), case when t = 3 and n > 20 then 2 else 1 end, head, h);
          head := h;
        end loop;
      end loop;
    end $$;";

/// The chain with these further clauses.
fn chain(more: &str) -> String {
    format!(
        "chain audit on log {{
           split by tenant
           order by seq dense from 1
           link prev genesis null
           let old = join(\"|\", prev ?? \"\", int(seq), action)
           {more}
         }}"
    )
}

const BOTH: &str = "hash hash = hex(sha256(old)) when version = 1
                    hash hash = hex(sha256(join(\"|\", old, json(js, detail)))) when version = 2";

fn kinds(run: &Run) -> Vec<String> {
    let findings = run.check("c")["findings"].as_array().cloned().unwrap_or_default();
    findings.iter().map(|f| f["kind"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn rows_of_two_recipes_are_told_apart() {
    let s = Scratch::new("ways", LOGS);
    let run = s.holds(&chain(BOTH), INTACT);
    assert!(run.said().contains("clause 1: 100, clause 2: 20"), "{}", run.said());
    // In turn, without a mark.
    let in_turn = "hash hash = hex(sha256(old))\nhash hash = hex(sha256(join(\"|\", old, json(js, detail))))";
    s.holds(&chain(in_turn), INTACT);
    // Only linked, where the policy says so.
    let linked = "hash hash = hex(sha256(old)) when version = 1\n\
                  hash hash links only because \"the second program is lost\" when version = 2";
    let run = s.holds(&chain(linked), INTACT);
    assert!(run.said().contains("20 of 120 rows are linked and were not recomputed"), "{}", run.said());
    // One of them alone does not fit, which accuses nobody.
    let run = s.unproven(&chain("hash hash = hex(sha256(old))"), INTACT, "");
    assert!(kinds(&run).iter().all(|kind| kind == "recipe_misfit"), "{}", run.said());
    s.unproven(
        &chain("hash hash = hex(sha256(old)) when version = 1"),
        INTACT,
        "the condition of no `hash` clause",
    );
    // A row that claims the other recipe.
    s.sql("update log set version = 2 where tenant = 't1' and seq = 5");
    let run = s.broken(&chain(BOTH), INTACT, "altered_row");
    assert_eq!(run.findings("c").len(), 1, "{}", run.said());
    s.refused(
        &chain("hash hash = hex(sha256(old))\nhash prev = hex(sha256(old))"),
        INTACT,
        "one column of hashes",
    );
    s.refused(&chain(&format!("{BOTH}\nhash hash links only because \"x\"")), INTACT, "accepts every row");
    s.refused(&chain("hash hash = hex(hmac(sha256, nokey, old))"), INTACT, "unknown key `nokey`");
    s.refused(&chain("hash hash = hex(hmac(sha256, \"secret\", old))"), INTACT, "a key is not written out");
    s.refused(&chain("hash hash = hex(sha256(late))\nlet late = cat(late, action)"), INTACT, "late");
}

#[test]
fn a_missing_key_proves_nothing_and_a_key_is_never_shown() {
    let s = Scratch::new("keyed_chain", LOGS);
    let clause = "key audit from env HOLDTRUE_TEST_KEY\nhash hash = hex(hmac(sha256, audit, old))";
    s.unproven(&chain(clause), INTACT, "the environment variable `HOLDTRUE_TEST_KEY` is not set");
    s.policy(&chain(clause), &format!("check c {{ {INTACT} }}"));
    let run = Run::of(s.command(&["--save-facts", "facts.json"]).env("HOLDTRUE_TEST_KEY", "hunter2hunter2"))
        .ends_with(3);
    assert_eq!(kinds(&run).first().map(String::as_str), Some("wrong_key"), "{}", run.said());
    let kept = std::fs::read_to_string(s.folder().join("facts.json")).unwrap();
    assert!(!kept.contains("hunter2") && !run.said().contains("hunter2"));
    let file = s.file("key", "");
    let clause =
        format!("key audit from file \"{}\"\nhash hash = hex(hmac(sha256, audit, old))", file.display());
    s.unproven(&chain(&clause), INTACT, "it is empty");
}

#[test]
fn what_a_stored_digest_covers_is_bound() {
    let s = Scratch::new("bound", LOGS);
    s.sql("alter table log add content text; update log set content = sha(action)");
    let bind = format!("{BOTH}\nbind content = hex(sha256(action))");
    s.holds(&chain(&bind), INTACT);
    s.sql("update log set content = sha('forged') where tenant = 't2' and seq = 7");
    let run = s.broken(&chain(&bind), INTACT, "preimage_mismatch (1)");
    assert!(run.findings("c")[0].contains("47"), "{}", run.said());
    s.refused(&chain(&format!("{BOTH}\nbind content = hex(sha256(content))")), INTACT, "bound to itself");
}

#[test]
fn anchors_show_what_a_chain_cannot() {
    let s = Scratch::new("anchored", LOGS).server_only();
    let declared = |more: &str| chain(&format!("{BOTH}\nanchor from \"heads.jsonl\"\n{more}"));
    s.unproven(&declared(""), INTACT, "heads.jsonl` cannot be read");
    let noted = |expected: &str| {
        let run = Run::of(&mut s.command(&["--heads", "heads.jsonl"]));
        assert!(run.said().contains(expected), "{}", run.said());
        run
    };
    s.policy(&chain(BOTH), &format!("check c {{ {INTACT} }}"));
    noted("3 anchors were added").ends_with(0);
    noted("0 anchors were added").ends_with(0);
    // On the server, on its rows, and on its archive, with and without the anchors' file being what it should.
    let everywhere = |status: i32, kind: &str, said: &str| {
        s.policy(&declared(""), &format!("check c {{ {INTACT} }}"));
        for run in [
            Run::of(&mut s.command(&["--engine", "server"])),
            Run::of(&mut s.command(&["--engine", "stream"])),
            s.archived(&[]),
        ] {
            let run = run.ends_with(status);
            assert!(run.said().contains(said), "{}", run.said());
            assert!(kind.is_empty() || kinds(&run).contains(&kind.to_owned()), "{}", run.said());
        }
    };
    everywhere(0, "", "");
    // The last three events of one chain, and all of another.
    s.sql("create table kept as select * from log; delete from log where tenant = 't2' and seq > 37");
    everywhere(1, "truncated_tail", "3 rows are missing at the end of this chain");
    s.sql("delete from log where tenant = 't2'");
    everywhere(1, "truncated_tail", "40 rows are missing at the end of this chain");
    s.sql("truncate log; insert into log overriding system value select * from kept");
    everywhere(0, "", "");
    // Written anew from row 30 on, so that everything inside fits.
    s.sql(
        "do $$ declare head text; n int; begin
           select hash into head from log where tenant = 't1' and seq = 29;
           for n in 30..40 loop
             update log set prev = head, action = 'forged', hash = sha(head || '|' || n || '|forged')
             where tenant = 't1' and seq = n returning hash into head;
           end loop;
         end $$",
    );
    everywhere(1, "rewritten_suffix", "written anew");
    s.sql("truncate log; insert into log overriding system value select * from kept");
    // A longer chain keeps its anchors, and broken ones are not noted.
    s.policy(&chain(BOTH), &format!("check c {{ {INTACT} }}"));
    s.sql("update log set action = 'x' where tenant = 't1' and seq = 3");
    noted("none of 1 chains").ends_with(1);
    s.sql("truncate log; insert into log overriding system value select * from kept where seq > 40");
    s.on_server(|s| s.broken(&declared(""), INTACT, "truncated_tail (3)"));
    s.sql("insert into log overriding system value select * from kept");
    // Pruned up to an anchor, and beyond it.
    s.sql("truncate log; insert into log overriding system value select * from kept where seq <= 25");
    std::fs::remove_file(s.folder().join("heads.jsonl")).unwrap();
    s.policy(&chain(BOTH), &format!("check c {{ {INTACT} }}"));
    noted("3 anchors were added").ends_with(0);
    s.sql("truncate log; insert into log overriding system value select * from kept where seq > 25");
    s.broken(&declared(""), INTACT, "missing_genesis");
    s.holds(&declared("allow pruned first because \"kept for 15 events\""), INTACT);
    s.sql("delete from log where seq <= 26");
    s.broken(&declared("allow pruned first because \"kept for 15 events\""), INTACT, "missing_genesis");
    s.refused(&chain(&format!("{BOTH}\nallow pruned first because \"x\"")), INTACT, "without anchors");
    s.file("heads.jsonl", "{\"chain\":\"other\"");
    s.unproven(&declared(""), INTACT, "line 1 is not an anchor");
}
