//! What the language promises beyond one statement, on a server.

use crate::support::Scratch;

#[test]
fn a_parameter_gives_a_quantity_its_value() {
    let s = Scratch::new(
        "lang_quantity",
        "create table t (id int primary key, at timestamptz not null); create table u (id int primary key);
         insert into t select n, '2026-01-01T10:00:00Z' from generate_series(1, 95) n;
         insert into u select n from generate_series(1, 100) n",
    );
    s.policy(
        "param slack: duration = 15min\nparam share: percent = 90%\nparam target: time = 2026-01-01T10:10:00Z",
        "check c { require newest(t.at) within $slack before $target; timeout $slack }
         check d { require rows(t) >= $share of rows(u) }",
    );
    s.run(&[]).ends_with(0);
    s.run(&["--set", "slack=5min"]).ends_with(1).judges("c", "broken", "").judges("d", "holds", "");
    s.run(&["--set", "share=96%"]).ends_with(1).judges("c", "holds", "").judges("d", "broken", "96");
    s.run(&["--set", "slack=0s"]).ends_with(2).says("a duration of zero");
    s.run(&["--set", "share=-5%"]).ends_with(2).says("less than nothing");
}

#[test]
fn a_word_without_quotes_beside_a_text_column_is_asked_about() {
    let s =
        Scratch::new("lang_quotes", "create table t (id int primary key, status text not null, paid text)");
    for (body, help) in [
        ("on t; require status = posted", "if the text is meant, write `\"posted\"`"),
        ("require rows(t where posted != status) > 0", "if the text is meant, write `\"posted\"`"),
        ("on t; require status = paied", "did you mean `paid`? if the text is meant, write `\"paied\"`"),
    ] {
        s.refused("", body, help);
    }
    let run = s.refused("", "on t; require id = posted", "has no column `posted`");
    assert!(!run.said().contains("the text is meant"), "{}", run.said());
}
