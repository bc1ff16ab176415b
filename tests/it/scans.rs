//! Checks on different rows of one table share a scan and are told what they would be told alone.

use crate::support::{Run, Scratch, program};

const CHECKS: &str = "
check all { on t; require a >= 0 }
check many { on t; require rows >= 5 }
check above { on t where n > 2; require a >= 0 }
check total { on t where n > 2; require sum(a) = 36 }
check divided { on t where n != 0; require sum(a / n) > 0 }
check not_null { on t where n is not null and n > 1; require not null b }
check groups { on t where n is not null; require sum(a) = sum(2 * n) per n }
check null_where { on t where b > 1; require a < 99 }
check oldest { on t where n = 1; require newest(at) > 2026-01-01T00:00:00Z }
check none { on t where n = 99; require a > 0 }
check failing { on t where n > 1; require a != 4 }";

#[test]
fn together_and_alone_they_say_the_same() {
    let s = Scratch::new(
        "scans",
        "create table t (id int primary key, n int, a numeric not null, b int, at timestamptz not null);
         insert into t select n, n, 2 * n, n, timestamptz '2026-01-01' + n * interval '1 day' from generate_series(0, 6) as n;
         insert into t values (7, null, 1, 3, '2026-01-09'), (8, 3, 0, 3, '2026-01-09');",
    );
    s.policy("", CHECKS);
    let ids: Vec<&str> = CHECKS.lines().filter_map(|l| l.strip_prefix("check ")?.split(' ').next()).collect();
    let same = |sql: &str| {
        s.sql(sql);
        let together = s.run(&[]);
        for id in &ids {
            let alone = s.run(&["--check", id]);
            let (one, other) = (together.check(id), alone.check(id));
            for key in ["verdict", "reason", "rows_examined", "findings_total", "findings", "notes"] {
                assert_eq!(one[key], other[key], "{sql} {id}: {key}\n{one:#}");
            }
        }
        together
    };
    let run = same("select 1");
    let run = run
        .judges("all", "holds", "")
        .judges("total", "unproven", "cannot be told for 1 row")
        .judges("failing", "broken", "1 case");
    let _ = run.judges("none", "unproven", "no rows");
    let run = same("update t set n = 7 where n is null");
    let _ = run.judges("above", "holds", "6 looked at").judges("divided", "holds", "8 looked at");
    same("update t set b = null where id = 4").judges("null_where", "unproven", "cannot be told for 1 row");
    same("update t set n = 0").judges("divided", "unproven", "").judges("all", "holds", "");

    let mut command = program();
    command.current_dir(s.folder()).env("DATABASE_URL", s.url());
    let plan = Run::of(command.args(["plan", "p.hold"]));
    let scans = plan
        .stdout
        .lines()
        .filter(|line| line.contains(": one scan for ") && !line.contains("only if"))
        .count();
    assert_eq!(scans, 1, "{}", plan.said());
}
