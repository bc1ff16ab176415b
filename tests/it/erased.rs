//! `T.c not in LIST`: whoever was erased after the backup was taken is there again after a restore, and must be found.
//!
//! Every policy here is run on a server that is asked, on its rows as they are fetched, and on an archive, which must agree.

use std::io::Write as _;

use sha2::Digest as _;

use crate::support::{Run, Scratch, program};

const SHOP: &str = "
    create extension if not exists citext;
    create type mood as enum ('a', 'b');
    create table customer (id uuid primary key, email text, nick citext, code char(6), number int, big bigint,
                           amount numeric, label varchar(20), seen timestamptz, gone text, ugly text, mood mood);
    insert into customer select ('00000000-0000-0000-0000-0000000000' || lpad(to_hex(g), 2, '0'))::uuid,
        'person' || g || '@example.org', 'Nick' || g, 'c' || g, g, 10000000000 + g, g + 0.50, 'label ' || g, now(), null,
        case g when 7 then 'say \"hi\\\" {a,b}' when 8 then 'Zo\u{eb}' when 9 then 'null' else 'u' || g end, 'a'
      from generate_series(1, 40) g;
    create table invoice (id int primary key, customer_id uuid, amount numeric, note text);
    insert into invoice select g, ('00000000-0000-0000-0000-0000000000' || lpad(to_hex(g % 40 + 1), 2, '0'))::uuid, g, 'n'
      from generate_series(1, 200) g;
    create table visit (email text, at timestamptz);
    insert into visit select 'person' || g || '@example.org', now() from generate_series(1, 40) g;
    create table nothing (id int primary key, email text);
    create table erasure_request (subject text, subject_id uuid, erased_at timestamptz, state text not null);";

fn id(n: u32) -> String {
    format!("00000000-0000-0000-0000-0000000000{n:02x}")
}

fn sha256(text: &str) -> String {
    sha2::Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac(key: &str, text: &str) -> String {
    // RFC 2104, for keys of at most a block.
    let padded = |with: u8| -> Vec<u8> {
        (0..64).map(|n| key.as_bytes().get(n).copied().unwrap_or(0) ^ with).collect()
    };
    let inner = sha2::Sha256::digest([padded(0x36), text.as_bytes().to_vec()].concat());
    let outer = sha2::Sha256::digest([padded(0x5c), inner.to_vec()].concat());
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

const LIST: &str = "source list erased from \"erased.txt\"";

/// What a list must hold for a check to be of a verdict.
fn listed(s: &Scratch, list: &str) {
    s.file("erased.txt", list);
}

#[test]
fn whoever_is_there_again_is_found_in_every_type_of_column() {
    let s = Scratch::new("erased_types", SHOP);
    for (column, there, absent) in [
        ("customer.id", id(3), id(200)),
        ("customer.id", id(31).to_uppercase(), id(201)),
        ("customer.id", format!("{{{}}}", id(3).replace('-', "")), id(200)),
        ("customer.email", "person3@example.org".to_owned(), "Person3@example.org".to_owned()),
        ("customer.nick", "NICK3".to_owned(), "nick".to_owned()),
        ("customer.code", "c3".to_owned(), "c".to_owned()),
        ("customer.number", "3".to_owned(), "41".to_owned()),
        ("customer.number", "+003".to_owned(), "-3".to_owned()),
        ("customer.big", "10000000003".to_owned(), "3".to_owned()),
        ("customer.amount", "3.5".to_owned(), "3".to_owned()),
        ("customer.amount", "03.5000".to_owned(), "-3.5".to_owned()),
        ("customer.label", "label 3".to_owned(), "label  3".to_owned()),
        ("customer.ugly", "say \"hi\\\" {a,b}".to_owned(), "say hi {a,b}".to_owned()),
        ("customer.ugly", "Zo\u{eb}".to_owned(), "Zoe\u{308}".to_owned()),
        ("customer.ugly", "null".to_owned(), "NULL".to_owned()),
    ] {
        let body = format!("require {column} not in erased");
        listed(&s, &format!("# erased in March\n\n{absent}\n{there}\r\n{there}\n"));
        let run = s.broken(LIST, &body, "erased subject is there again");
        let found = run.findings("c");
        assert_eq!(found.len(), 1, "{column} {there}: {found:?}");
        assert!(found[0].ends_with("erased=line 4"), "{found:?}");
        assert_eq!(run.check("c")["rows_examined"], 40);
        listed(&s, &format!("{absent}\n"));
        let run = s.holds(LIST, &body);
        assert!(run.check("c")["notes"].to_string().contains("1 subject of list `erased`"), "{}", run.said());
    }
}

#[test]
fn digests_are_found_however_their_value_was_spelled() {
    let s = Scratch::new("erased_digests", SHOP);
    for (column, digested) in [
        ("customer.id", id(30)),
        ("customer.id", id(30).to_uppercase()),
        ("customer.id", id(30).replace('-', "")),
        ("customer.id", id(30).replace('-', "").to_uppercase() + "\n"),
        ("customer.email", "person30@example.org".to_owned()),
        ("customer.email", "person30@example.org\n".to_owned()),
        ("customer.nick", "nick30".to_owned()),
        ("customer.nick", "Nick30".to_owned()),
        ("customer.code", "c30".to_owned()),
        ("customer.number", "30".to_owned()),
        ("customer.amount", "30.5".to_owned()),
        ("customer.amount", "30.50".to_owned()),
    ] {
        listed(&s, &format!("sha256:{}\nsha256:{}\n", sha256("nobody"), sha256(&digested).to_uppercase()));
        let run = s.broken(LIST, &format!("require {column} not in erased"), "is there again");
        assert!(run.findings("c")[0].ends_with("erased=line 2"), "{column} {digested}: {}", run.said());
    }
    // Plain values and digests may stand together.
    listed(&s, &format!("nobody@example.org\nsha256:{}\n", sha256("person2@example.org")));
    s.broken(LIST, "require customer.email not in erased", "1 case");
    listed(&s, &format!("person1@example.org\nsha256:{}\n", sha256("person2@example.org")));
    s.broken(LIST, "require customer.email not in erased", "2 cases");
    listed(&s, &format!("sha256:{}\n", sha256("nobody")));
    s.holds(LIST, "require customer.email not in erased");
}

#[test]
fn digests_under_a_pepper_need_the_one_they_were_made_with() {
    let words = "source list erased from \"erased.txt\" { pepper from env PEPPER }";
    let body = "require customer.email not in erased";
    let s = Scratch::new("erased_pepper", SHOP).with_environment(&[("PEPPER", "s3cret-pepper")]);
    let list = |pepper: &str, who: &str| {
        format!("hmac-sha256:{}\nhmac-sha256:{}\n", hmac(pepper, ""), hmac(pepper, who))
    };
    listed(&s, &list("s3cret-pepper", "person4@example.org"));
    let run = s.broken(words, body, "is there again");
    assert!(!run.said().contains("s3cret-pepper"), "{}", run.said());
    listed(&s, &list("s3cret-pepper", "nobody"));
    let run = s.holds(words, body);
    assert!(run.check("c")["notes"].to_string().contains("1 subject"), "{}", run.said());
    // Another pepper would find nobody, and so does none.
    listed(&s, &list("another", "person4@example.org"));
    s.unproven(words, body, "does not hold the digest of an empty text under the declared pepper");
    listed(&s, &format!("hmac-sha256:{}\n", hmac("s3cret-pepper", "person4@example.org")));
    s.unproven(words, body, "does not hold the digest of an empty text");
    listed(&s, &list("s3cret-pepper", "person4@example.org"));
    s.unproven(LIST, body, "line 1 is a digest under a pepper, and none is declared");
    s.unproven(
        "source list erased from \"erased.txt\" { pepper from env NO_PEPPER }",
        body,
        "`NO_PEPPER` is not set",
    );
    // A list of nothing but the proof of its pepper names nobody.
    listed(&s, &format!("hmac-sha256:{}\n", hmac("s3cret-pepper", "")));
    s.unproven(words, body, "names nobody");
}

#[test]
fn a_damaged_list_proves_nothing() {
    let s = Scratch::new("erased_damage", SHOP);
    let body = "require customer.email not in erased";
    let absent = format!("{}x", sha256("x"));
    for (list, why) in [
        ("", "list `erased` names nobody"),
        ("# only a remark\n\n", "list `erased` names nobody"),
        ("a@example.org", "line 1 does not end, so that the file may be cut off"),
        ("b@example.org\na@exam", "line 2 does not end"),
        (" a@example.org\n", "line 1 begins or ends with a blank"),
        ("a@example.org \r\n", "line 1 begins or ends with a blank"),
        ("b\na\u{a0}\n", "line 2 begins or ends with a blank"),
        ("a\tb\n", "line 1 holds a character that is not seen"),
        ("a\rb\n", "line 1 holds a character that is not seen"),
        ("a\u{200b}\n", "line 1 holds a character that is not seen"),
        ("\"a@example.org\"\n", "line 1 stands in quotes"),
        ("sha256:12\n", "line 1 is no SHA-256"),
        (&format!("sha256:{absent}\n"), "line 1 is no SHA-256"),
        (&format!("sha256:{}\n", sha256("")), "line 1 is the digest of an empty text"),
        (&format!("sha256:{}\n", sha256("\n")), "line 1 is the digest of an empty text"),
        (&format!("SHA256:{}\n", sha256("a")), "line 1 is a digest of another kind"),
        ("md5:0cc175b9c0f1b6a831c399e269772661\n", "line 1 is a digest of another kind"),
        (&format!("{}\n", sha256("a")), "line 1 looks like a digest"),
        ("a\n b\n c\n d\n e\n", "line 4 begins or ends with a blank, and 1 more line cannot be read"),
    ] {
        listed(&s, list);
        s.unproven(LIST, body, why);
    }
    std::fs::write(s.folder().join("erased.txt"), b"ok\nperson3\xff@example.org\n").unwrap();
    s.unproven(LIST, body, "line 2 is no text in UTF-8");
    std::fs::write(s.folder().join("erased.txt"), "p\0e\0r\0".as_bytes()).unwrap();
    s.unproven(LIST, body, "line 1 does not end");
    // The mark of byte order and line ends of another system belong to no value.
    listed(&s, "\u{feff}person3@example.org\r\n");
    s.broken(LIST, body, "is there again");
    std::fs::remove_file(s.folder().join("erased.txt")).unwrap();
    s.unproven(LIST, body, "`erased.txt` cannot be read");
    std::fs::create_dir(s.folder().join("erased.txt")).unwrap();
    s.unproven(LIST, body, "is not a file");
    let newest = "source list erased from \"lists/*.txt\" newest";
    s.unproven(newest, body, "no file matches");
    std::fs::create_dir(s.folder().join("lists")).unwrap();
    s.file("lists/a.txt", "person3@example.org\n");
    s.broken(newest, body, "is there again");
}

#[test]
fn a_list_of_something_else_is_not_taken_for_absence() {
    let s = Scratch::new("erased_misfits", SHOP);
    for (column, list, why) in [
        (
            "customer.number",
            "3\nabc\n",
            "list `erased` does not fit `public.customer.number`: line 2 is no whole number",
        ),
        ("customer.number", "10000000003\n", "line 1 is no whole number of this size"),
        ("customer.number", "3.0\n", "line 1 is no whole number"),
        ("customer.id", "3\n5\n6\n7\n", "lines 1, 2, 3 and 1 more are no UUID"),
        ("customer.amount", "1e3\n", "line 1 is no decimal number"),
        ("customer.amount", "NaN\n", "line 1 is no decimal number"),
    ] {
        listed(&s, list);
        s.unproven(LIST, &format!("require {column} not in erased"), why);
    }
    for (column, why) in [
        ("customer.seen", "is `timestamp with time zone`, which identifies nobody"),
        ("customer.mood", "is `public.mood`, which identifies nobody"),
        ("customer.emial", "has no column `emial`"),
    ] {
        listed(&s, "3\n");
        s.refused(LIST, &format!("require {column} not in erased"), why);
    }
    listed(&s, "person3@example.org\n");
    s.unproven(LIST, "require custmer.email not in erased", "has no table `public.custmer`");
}

#[test]
fn nothing_to_compare_with_is_not_absence() {
    let s = Scratch::new("erased_nothing", SHOP);
    listed(&s, "person3@example.org\n");
    s.unproven(LIST, "require nothing.email not in erased", "public.nothing holds no rows to look at");
    s.unproven(LIST, "require customer.gone not in erased", "`public.customer.gone` is NULL in every row");
    s.holds(LIST, "require customer.gone not in erased; allow empty");
    s.holds(LIST, "require nothing.email not in erased; allow empty");
    // What the check allows is not what the list allows.
    listed(&s, "# nobody\n");
    s.unproven(LIST, "require customer.email not in erased; allow empty", "names nobody");
    let may = "source list erased from \"erased.txt\" { allow empty }";
    let run = s.holds(may, "require customer.email not in erased");
    assert!(run.check("c")["notes"].to_string().contains("names nobody, which the policy allows"));
    s.unproven(may, "require nothing.email not in erased", "holds no rows");
    // One column that cannot be looked at does not hide what is found in another.
    listed(&s, "person3@example.org\n");
    let run = s.broken(LIST, "require customer.email, nothing.email not in erased", "is there again");
    assert!(run.said().contains("holds no rows"), "{}", run.said());
}

#[test]
fn several_columns_and_rows_of_on_are_looked_at() {
    let s = Scratch::new("erased_several", SHOP);
    listed(&s, &format!("{}\n{}\n", id(5), id(99)));
    let run = s.broken(LIST, "require customer.id, invoice.customer_id not in erased", "is there again");
    assert_eq!(run.check("c")["findings_total"], 6);
    assert_eq!(run.check("c")["rows_examined"], 240);
    assert_eq!(run.findings("c")[0], format!("erased_subject public.customer id={} erased=line 1", id(5)));
    assert_eq!(run.findings("c")[1], "erased_subject public.invoice id=124 erased=line 1");
    s.broken(LIST, "on invoice where amount > 100; require customer_id not in erased", "2 cases");
    s.holds(LIST, "on invoice where amount > 190; require customer_id not in erased");
    s.unproven(LIST, "on invoice where amount > 1000; require customer_id not in erased", "holds no rows");
    // Without a primary key, a row is named by the list alone: its columns may hold what was erased.
    listed(&s, "nobody\nperson3@example.org\n");
    let run = s.broken(LIST, "require visit.email not in erased", "is there again");
    assert_eq!(run.findings("c"), ["erased_subject public.visit erased=line 2"]);
    assert!(!run.said().contains("person3"), "{}", run.said());
    let templated = format!("{LIST}\ntemplate gone(who: column) {{ require $who not in erased }}");
    s.policy(&templated, "check c use gone(visit.email)");
    s.run(&[]).ends_with(1).judges("c", "broken", "is there again");
}

#[test]
fn a_table_or_a_query_names_them_too() {
    let s = Scratch::new("erased_tables", SHOP);
    let column = "require customer.id not in erasure_request.subject_id";
    let narrowed = "require customer.id not in erasure_request.subject_id where state = \"done\"";
    let text = "require customer.email not in erasure_request.subject where state = \"done\"";
    s.unproven("", column, "names nobody");
    s.holds("", &format!("{column}; allow empty"));
    s.sql(&format!(
        "insert into erasure_request values (null, '{}', now(), 'refused'), ('person6@example.org', '{}', now(), 'done')",
        id(4),
        id(6)
    ));
    let run = s.broken("", column, "2 cases");
    let called = format!("sha256:{}", sha256(&id(4)).get(..16).unwrap());
    assert_eq!(run.findings("c")[0], format!("erased_subject public.customer id={} erased={called}", id(4)));
    s.broken("", narrowed, "1 case");
    let run = s.broken("", text, "1 case");
    assert!(!run.said().contains("person6"), "{}", run.said());
    s.unproven("", "require customer.email not in erasure_request.subject", "a subject is NULL");
    s.unproven(
        "",
        "require customer.number not in erasure_request.subject where state = \"done\"",
        "1 of its values is no whole number",
    );
    // Digests in a table are digests.
    s.sql(&format!(
        "update erasure_request set subject = 'sha256:{}' where state = 'done'",
        sha256("person7@example.org")
    ));
    s.broken("", text, "1 case");
    s.sql("update erasure_request set subject = 'sha256:12' where state = 'done'");
    s.unproven("", text, "one of its values is no SHA-256");
    s.on_server(|s| {
        let query = |sql: &str| format!("require customer.id not in sql $$ {sql} $$");
        s.broken("", &query("select subject_id from erasure_request where state = 'done'"), "1 case");
        s.broken(
            "param state: text = \"done\"",
            &query("select subject_id from erasure_request where state = $state"),
            "1 case",
        );
        s.holds("", "require customer.number not in sql $$ select 1000 from erasure_request $$");
        s.unproven("", &query("select subject_id, state from erasure_request"), "answers 2 columns");
        s.unproven("", &query("select subject_id from erasure_request where state = 'x'"), "names nobody");
        s.refused("", &query("delete from erasure_request returning subject_id"), "must be a SELECT");
        s.refused("", &query("select 1"), "reads no table");
    });
}

#[test]
fn a_control_database_names_them() {
    let control = Scratch::new(
        "erased_control",
        "create schema privacy; create table privacy.request (id int primary key, who uuid, erased_at timestamptz not null);
         insert into privacy.request values (1, '00000000-0000-0000-0000-000000000003', '2026-03-01 00:00+00'), (2, '00000000-0000-0000-0000-0000000000ff', '2026-04-01 00:00+00')",
    );
    control.sql(
        "grant usage on schema privacy to public; grant select on all tables in schema privacy to public",
    );
    let s = Scratch::new("erased_restored", SHOP).with_environment(&[("CONTROL_URL", &control.url())]);
    let words = "source postgres control from env CONTROL_URL";
    let of = |rest: &str| format!("require customer.id not in {rest}");
    s.broken(words, &of("control.privacy.request.who"), "1 case");
    s.broken(words, &of("control.privacy.request.who where erased_at < 2026-03-15T00:00:00Z"), "1 case");
    s.holds(words, &of("control.privacy.request.who where erased_at > 2026-03-15T00:00:00Z"));
    s.broken(words, &of("sql of control $$ select who from privacy.request $$"), "1 case");
    s.unproven(words, &of("control.request.who"), "has no table `public.request`");
    control.sql("revoke select on privacy.request from public");
    s.unproven(words, &of("control.privacy.request.who"), "permission denied");
    let s = s.with_environment(&[("CONTROL_URL", "postgres://nobody@127.0.0.1:1/x")]);
    s.unproven(words, &of("control.privacy.request.who"), "source `control` could not be read");
}

#[test]
fn what_may_not_be_read_is_not_absence() {
    let s = Scratch::new("erased_denied", SHOP).server_only();
    listed(&s, "person3@example.org\n");
    s.sql("revoke select on customer from public; revoke select on customer from holdtrue_reader");
    s.unproven(LIST, "require customer.email not in erased", "permission denied");
}

#[test]
fn words_that_make_no_sense_are_refused() {
    let s = Scratch::new("erased_words", SHOP);
    listed(&s, "x\n");
    for (words, body, why) in [
        (LIST, "require customer.email not in erasd", "no source `erasd` of kind `list` is declared"),
        (
            LIST,
            "require customer.email not in erased.subject",
            "`erased` is of kind `list`, which holds no tables",
        ),
        (LIST, "require customer.email not in db", "`db` is of kind `postgres`"),
        (LIST, "require customer.email not in db.customer", "which column of which table names them?"),
        (LIST, "require email not in erased", "of which table is column `email`?"),
        (LIST, "require customer.email, customer.email not in erased", "this column stands twice"),
        (LIST, "require customer.email not in erased where state = \"done\"", "`where` is for rows"),
        ("", "require customer.email not in customer.email", "compares with itself"),
        ("", "require customer.email not in db.customer.email", "compares with itself"),
        (
            "source list erased from \"*.txt\"",
            "require customer.email not in erased",
            "write `newest` after it",
        ),
        (
            "source list erased from \"a\" { allow private }",
            "require customer.email not in erased",
            "not allowed of a source of kind `list`",
        ),
        (
            "source list erased from \"a\" { header \"A\" from env B }",
            "require customer.email not in erased",
            "`header` means nothing",
        ),
        ("source list erased", "require customer.email not in erased", "has no place"),
    ] {
        s.refused(words, body, why);
    }
}

#[test]
fn what_a_list_says_of_itself_can_be_required() {
    let s = Scratch::new("erased_facts", SHOP);
    listed(&s, &format!("a\nb\na\nsha256:{}\n", sha256("c")));
    s.holds(LIST, "require erased.count = 3");
    s.holds(LIST, "require erased.age < 1h");
    let digest = sha256(&format!("a\nb\na\nsha256:{}\n", sha256("c")));
    s.holds(LIST, &format!("require erased.digest = \"sha256:{digest}\""));
    listed(&s, "\n");
    s.unproven(LIST, "require erased.count = 0", "");
}

#[test]
fn nothing_that_is_kept_of_a_run_identifies_anybody() {
    let s = Scratch::new("erased_kept", SHOP);
    listed(&s, "person3@example.org\nperson999@example.org\n");
    s.policy(LIST, "check c { require visit.email, customer.email not in erased }");
    s.run(&["--save-facts", "facts.json"]).ends_with(1);
    let kept = std::fs::read_to_string(s.folder().join("facts.json")).unwrap();
    assert!(!kept.contains("person"), "{kept}");
    s.run(&["--facts", "facts.json"]).ends_with(1).judges("c", "broken", "is there again");
    let planned =
        Run::of(program().current_dir(s.folder()).env("DATABASE_URL", s.url()).args(["plan", "p.hold"]));
    assert!(planned.said().contains("the subjects that list `erased` names"), "{}", planned.said());
    assert!(!planned.said().contains("person"), "{}", planned.said());
}

#[test]
fn a_long_list_is_compared_row_by_row() {
    let s = Scratch::new("erased_long", SHOP);
    let mut file = std::fs::File::create(s.folder().join("erased.txt")).unwrap();
    for n in 0..60_000 {
        writeln!(file, "somebody{n}@example.org").unwrap();
    }
    writeln!(file, "person40@example.org").unwrap();
    drop(file);
    let run = s.broken(LIST, "require customer.email not in erased", "1 case");
    assert!(run.findings("c")[0].ends_with("erased=line 60001"), "{}", run.said());
    s.policy(LIST, "check c { require customer.email not in erased }");
    s.run(&["--memory", "1MiB"]).ends_with(3).judges("c", "unproven", "longer than fits into the memory");
}
