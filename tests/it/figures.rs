//! The figures beside an objective: each is shown with its value or with why it is not known, and decides nothing.

use serde_json::Value;

use crate::backups::archived::{copy, story};
use crate::support::{Run, Scratch, program};

/// A chain of 40 rows, one a minute up to 14:00.
const LOG: &str = "
    create function sha(x text) returns text language sql as $$ select encode(sha256(convert_to(x, 'UTF8')), 'hex') $$;
    create table log (id int primary key, at timestamptz not null, action text not null, prev text, hash text);
    do $$
    declare head text; h text; n int;
    begin
      for n in 1..40 loop
        h := sha(coalesce(head, '') || '|' || n || '|a' || n);
        insert into log values (n, timestamptz '2026-01-14 14:00:00Z' - (40 - n) * interval '1 min', 'a' || n, head, h);
        head := h;
      end loop;
    end $$;";

const CHAIN: &str = "chain audit on log {
  order by id dense from 1
  link prev genesis null
  hash hash = hex(sha256(join(\"|\", prev ?? \"\", int(id), action)))
  anchor from \"heads.jsonl\"
}";

fn declared(wal: &str) -> String {
    format!(
        "{CHAIN}
source wal archive from \"{wal}\"
objective rpo 15min from newest(log.at) to 2026-01-14T14:05:00Z {{
  beside \"archive lag\" from archive.archived_at to now
  beside \"lost events\" from anchors of audit
  beside \"backwards\" from now to 2026-01-14T14:05:00Z
}}"
    )
}

fn figure<'r>(report: &'r Value, name: &str) -> &'r Value {
    let beside = report["objectives"][0]["beside"].as_array().unwrap();
    beside.iter().find(|figure| figure["name"] == name).unwrap()
}

#[track_caller]
fn shows(run: &Run, name: &str, verdict: &str, actual: &str, reason: &str) {
    let report = run.json();
    let figure = figure(&report, name);
    assert_eq!(figure["verdict"], verdict, "{figure:#}");
    assert!(figure["actual"].as_str().unwrap().contains(actual), "{figure:#}");
    assert_eq!(figure["actual"] == "", verdict == "unproven", "{figure:#}");
    assert!(figure["reason"].as_str().unwrap().contains(reason), "{figure:#}");
}

#[test]
fn three_figures_stand_side_by_side() {
    let story = story();
    let archive = copy(&story.archive);
    let s = Scratch::new("figures", LOG);
    let declared = declared(&archive.path().display().to_string());
    s.policy(&CHAIN.replace("anchor from \"heads.jsonl\"", ""), "check c { require audit is intact }");
    Run::of(&mut s.command(&["--heads", "heads.jsonl"])).ends_with(0);

    let body = "require rpo is met";
    let run = s.holds(&declared, body);
    let own = run.json()["objectives"][0].clone();
    assert_eq!(
        (own["actual"].as_str(), own["measures"].as_str()),
        (Some("5min"), Some("newest(log.at) to 2026-01-14T14:05:00Z"))
    );
    shows(&run, "archive lag", "holds", "", "is within 15min");
    shows(&run, "lost events", "holds", "0 rows", "no row is gone");
    shows(&run, "backwards", "broken", "-", "runs backwards");

    // Events are lost: the row that is newest now is old enough to decide, and the count stands beside it.
    s.sql("create table kept as select * from log; delete from log where id > 37");
    let run = s.holds(&declared, body);
    shows(&run, "lost events", "broken", "3 rows", "gone from the end");
    s.sql("delete from log where id > 20");
    let run = s.broken(&declared, body, "is more than 15min");
    shows(&run, "lost events", "broken", "20 rows", "gone from the end");
    s.sql("update log set action = 'x' where id = 5");
    let run = s.broken(&declared, body, "is more than 15min");
    shows(&run, "lost events", "broken", "at least 20 rows", "beyond that");
    s.sql("truncate log; insert into log select * from kept; update log set action = 'x' where id = 5");
    let run = s.holds(&declared, body);
    shows(&run, "lost events", "unproven", "", "cannot be counted");
    s.sql("truncate log; insert into log select * from kept");

    // What is not known says why, in every format, and decides nothing.
    std::fs::remove_file(s.folder().join("heads.jsonl")).unwrap();
    let gone = declared.replace(&archive.path().display().to_string(), "no/such/folder");
    let run = s.holds(&gone, body);
    shows(&run, "archive lag", "unproven", "", "no/such/folder");
    shows(&run, "lost events", "unproven", "", "heads.jsonl");
    for format in ["text", "json", "junit", "sarif", "markdown", "github"] {
        let mut command = program();
        command.current_dir(s.folder()).env("DATABASE_URL", s.url());
        let run = Run::of(command.args(["verify", "p.hold", "--format", format])).ends_with(0);
        for piece in ["archive lag", "lost events", "backwards", "no/such/folder", "anchors of audit"] {
            let flat = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ").replace("&#8203;", "");
            assert!(flat.contains(piece), "{format} drops {piece}\n{}", run.stdout);
        }
    }

    // A figure over rows that are not there is none; the objective's own is unproven then, and shown.
    let other = declared.replace("archive.archived_at", "newest(nothing.at)");
    let run = s.verify(&other, &format!("check c {{ {body} }}")).ends_with(0);
    shows(&run, "archive lag", "unproven", "", "nothing");
    s.sql("alter table log rename column at to made");
    let run = s.on_server(|s| s.verify(&declared, &format!("check c {{ {body} }}")));
    assert_ne!(run.status, Some(0), "{}", run.said());
    s.sql("alter table log rename column made to at; update log set at = '-infinity' where id = 1");
    let run = s.unproven(&declared, body, "");
    assert_eq!(run.json()["objectives"][0]["verdict"], "unproven", "{}", run.said());
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let s = Scratch::new("figures_refused", "create table log (id int, at timestamptz)").server_only();
    let objective = |beside: &str| format!("objective rpo 15min from newest(log.at) to now {{ {beside} }}");
    let body = "require rpo is met";
    let bare = CHAIN.replace("anchor from \"heads.jsonl\"", "");
    let counted = objective("beside \"lost\" from anchors of audit");
    s.refused(&format!("{bare}\n{counted}"), body, "has no anchors to count lost rows by");
    s.refused(&counted, body, "no chain `audit` is declared");
    s.refused(&objective("beside \"lag\" from 5 to now"), body, "an objective spans two instants");
    s.refused(&objective("beside \"\" from now to now"), body, "has no name");
    let twice = "beside \"a\" from now to now; beside \"a\" from now to now";
    s.refused(&objective(twice), body, "stands twice");
    s.refused(&objective("above \"a\" from now to now"), body, "above");
    let share = "source files dumps from \"*.dump\" { every 1d }\n\
                 objective rpo 99% of dumps.runs over 90d { beside \"a\" from now to now }";
    s.refused(share, body, "a share has nothing beside it");
}
