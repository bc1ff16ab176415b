//! References from the same rows to the same rows: the wider one speaks for the narrower one, and never wrongly.

use crate::support::{Run, Scratch};

const CHECKS: &str = "
check entry { require line.entry_id in entry.id }
check both { require (line.entry_id, line.tenant_id) in (entry.id, entry.tenant_id) }
check loose { require (line.entry_id, line.tenant_id) in (entry.id, entry.tenant_id) or null }";

fn scratch(name: &str, nullable: &str) -> Scratch {
    let s = Scratch::new(
        name,
        &format!(
            "create table entry (id int primary key, tenant_id text not null);
             insert into entry values (1, 'a'), (2, 'b');
             create table line (id int primary key, entry_id int not null, tenant_id text {nullable});
             insert into line values (1, 1, 'a'), (2, 2, 'b');"
        ),
    );
    s.policy("", CHECKS);
    s
}

/// Whether the narrow reference was settled by the wide one.
fn settled(s: &Scratch) -> (Run, bool) {
    let run = s.run(&["--save-facts", "facts.json"]);
    let facts = std::fs::read_to_string(s.folder().join("facts.json")).unwrap();
    (run, facts.contains("\"settled\""))
}

#[test]
fn where_the_wider_reference_holds_the_narrower_one_does() {
    let s = scratch("reference_wide", "not null");
    let (run, short) = settled(&s);
    assert!(short, "{}", run.said());
    run.ends_with(0).judges("entry", "holds", "2 looked at");
    // What was settled stays so when the facts are judged again, also of that check alone.
    let again = Run::of(s.command(&["--facts", "facts.json", "--check", "entry"]).env_remove("DATABASE_URL"));
    again.judges("entry", "holds", "2 looked at");
}

#[test]
fn where_it_does_not_each_is_looked_at() {
    let s = scratch("reference_broken", "not null");
    s.sql("update line set tenant_id = 'b' where id = 1");
    let (run, short) = settled(&s);
    assert!(!short);
    let run = run.ends_with(1).judges("entry", "holds", "").judges("both", "broken", "1 case");
    assert_eq!(run.findings("both"), ["orphan public.line id=1 entry_id=1 tenant_id=b"]);
    s.sql("update line set entry_id = 3 where id = 1");
    let (run, _) = settled(&s);
    let run = run.judges("entry", "broken", "1 case").judges("both", "broken", "1 case");
    assert_eq!(run.findings("entry"), ["orphan public.line id=1 entry_id=3"]);
}

#[test]
fn a_row_that_the_wider_reference_passes_over_is_looked_at() {
    let s = scratch("reference_null", "");
    let (run, short) = settled(&s);
    assert!(short, "{}", run.said());
    run.ends_with(0);
    s.sql("update line set entry_id = 3, tenant_id = null where id = 1");
    let (run, short) = settled(&s);
    assert!(!short);
    run.judges("entry", "broken", "1 case").judges("both", "broken", "NULL").judges("loose", "holds", "");
}
