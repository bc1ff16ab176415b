//! Wrong recipes and orders over sound rows, in the database: nobody is accused, and what was done is still found.

use crate::support::{Run, Scratch};

/// A chain of 200 rows written by this expression over a row `r` and its predecessor `head`.
fn scratch(name: &str, preimage: &str) -> Scratch {
    Scratch::new(
        name,
        &format!(
            "create table log (id int primary key, seq text not null, at timestamp not null, who text, payload jsonb,
                               prev text, hash text not null);
             do $$
             declare head text; r record;
             begin
               for r in select i, i::text as seq, timestamp '2026-01-01' + i * interval '1.001 s' as at,
                               case when i % 10 in (3, 6, 9) then null else 'u' || i end as who,
                               case when i % 10 in (2, 5, 8) then jsonb_build_object('n', i) else '{{}}'::jsonb end as payload
                        from generate_series(1, 200) as i loop
                 insert into log values (r.i, r.seq, r.at, r.who, r.payload, head,
                                         encode(sha256(convert_to({preimage}, 'UTF8')), 'hex'));
                 select hash into head from log where id = r.i;
               end loop;
             end $$"
        ),
    )
}

fn chain(order: &str, link: &str, terms: &str) -> String {
    format!(
        "chain audit on log {{ order by {order}; link {link} genesis null; \
         hash hash = hex(sha256(join(\"|\", prev ?? \"\", {terms}))) }}"
    )
}

const INTACT: &str = "require audit is intact";

/// Kinds of the findings that accuse, with the row.
fn accused(run: &Run) -> Vec<String> {
    let findings = run.check("c")["findings"].as_array().cloned().unwrap_or_default();
    let broken = findings.iter().filter(|f| f["verdict"] == "broken");
    broken
        .map(|f| format!("{} {}", f["kind"].as_str().unwrap(), f["key"][0]["value"].as_str().unwrap()))
        .collect()
}

/// Plants faults one at a time and takes each back.
fn still_found(s: &Scratch, declarations: &str, faults: &[(&str, &[&str])]) {
    for (fault, expected) in faults {
        s.sql(&format!("create table kept as select * from log; {fault}"));
        let run = s.broken(declarations, INTACT, "Beyond that, unproven: ");
        assert_eq!(accused(&run), *expected, "{fault}\n{}", run.said());
        s.sql("truncate log; insert into log select * from kept; drop table kept");
    }
}

const FAULTS: &[(&str, &[&str])] = &[
    ("update log set who = 'mallory' where id = 101", &["altered_row 101"]),
    ("delete from log where id = 103", &["broken_link 104"]),
    ("update log set prev = null where id = 110", &["link_edited 110"]),
];

#[test]
fn a_null_that_the_recipe_treats_otherwise_is_not_an_edit() {
    let s = scratch("chain_null_left_out", "concat_ws('|', coalesce(head, ''), r.seq, r.who)");
    let declared = chain("id", "prev", "seq, who ?? \"\"");
    s.unproven(&declared, INTACT, "NULL left out of what is joined");
    still_found(&s, &declared, FAULTS);

    let s =
        scratch("chain_null_word", "concat_ws('|', coalesce(head, ''), r.seq, coalesce(r.who, 'nobody'))");
    s.unproven(&declared, INTACT, "none of the 60 rows where `who` is NULL recomputes");
    still_found(&s, &declared, FAULTS);
    s.holds(&chain("id", "prev", "seq, who ?? \"nobody\""), INTACT);
}

#[test]
fn a_jsonb_value_taken_for_the_text_that_was_hashed_is_not_an_edit() {
    let s = scratch(
        "chain_jsonb_text",
        "concat_ws('|', coalesce(head, ''), r.seq, replace(r.payload::text, ' ', ''))",
    );
    let declared = chain("id", "prev", "seq, payload");
    s.unproven(&declared, INTACT, "none of the 60 rows where `payload` is a JSON value with members");
    // Only what is hashed can be altered.
    still_found(&s, &declared, &FAULTS[1..]);
    still_found(&s, &declared, &[("update log set seq = '0' where id = 101", &["altered_row 101"])]);
}

#[test]
fn an_order_that_is_not_the_order_of_writing_accuses_nobody() {
    let s = scratch("chain_order_text", "concat_ws('|', coalesce(head, ''), r.seq)");
    for link in ["prev", "implicit"] {
        s.holds(&chain("id", link, "seq"), INTACT);
        let run = s.unproven(&chain("seq", link, "seq"), INTACT, "`seq` holds numbers as text");
        assert_eq!(accused(&run), [""; 0], "{}", run.said());
    }
    still_found(
        &s,
        &chain("seq", "prev", "seq"),
        &[
            ("update log set hash = md5('x') || md5('y') where id = 50", &["hash_edited 50"]),
            ("delete from log where id = 103", &["broken_link 104"]),
        ],
    );
    // Two rows of one instant, the later one with the smaller key.
    s.sql("update log set at = (select at from log where id = 20) where id = 21; update log set id = 1000 where id = 20");
    let run = s.unproven(&chain("at, id", "implicit", "seq"), INTACT, "");
    assert_eq!(accused(&run), [""; 0], "{}", run.said());
}
