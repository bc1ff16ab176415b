//! A server whose archiver stops, and whose sessions and standbys not everybody may see.

use std::time::{Duration, Instant};

use super::Place;
use crate::support::{Cluster, Options, Run};

const CHECKS: &str = "
  check archived { require db.archived_age <= 5min }
  check failing { require db.archive_failing = false }
  check none_failed { require db.archive_failures = 0 }
  check lag { require db.replication_lag <= 1min }
  check standbys { require db.replicas >= 1 }
  check replay { require db.replay_age <= 1h }
  check paused { require db.replay_paused = false }
  check short { require db.long_transaction <= 500ms }
  check prepared { require db.prepared_transactions = 0 }
  check pages { require db.checksum_failures = 0 }
  check up { require db.uptime > 0s }";

fn verdict(run: &Run, check: &str) -> String {
    run.check(check)["verdict"].as_str().unwrap().to_owned()
}

/// Runs until a check has a verdict; statistics arrive late.
#[track_caller]
fn until(place: &Place, check: &str, wanted: &str) -> Run {
    let started = Instant::now();
    loop {
        let run = place.run(&["--allow-privileged-role"]);
        if verdict(&run, check) == wanted || started.elapsed() > Duration::from_secs(30) {
            return run.judges(check, wanted, "");
        }
        std::thread::sleep(Duration::from_millis(300));
    }
}

#[test]
fn a_stopped_archiver_closes_the_gate() {
    let settings = [("archive_mode", "on"), ("archive_command", "true"), ("wal_level", "replica")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let cluster = Cluster::start(&Options { tcp: false, settings });
    let place = Place::new("source postgres db from env DB", CHECKS).with("DB", &cluster.url("postgres"));
    // Nothing was archived yet, and nothing failed: that is not known to work.
    let run = place.run(&["--allow-privileged-role"]);
    for check in ["archived", "failing", "lag", "replay", "paused"] {
        assert_ne!(verdict(&run, check), "holds", "{check}\n{}", run.said());
    }
    cluster.psql("postgres", "select pg_switch_wal()");
    let run = until(&place, "archived", "holds");
    let run = run.judges("failing", "holds", "").judges("none_failed", "holds", "").judges("up", "holds", "");
    let run = run.judges("prepared", "holds", "").judges("standbys", "broken", "is 0");
    let run = run.judges("lag", "unproven", "NULL").judges("replay", "unproven", "NULL");
    run.judges("short", "holds", "");
    cluster.psql("postgres", "alter system set archive_command = 'false'");
    cluster.psql("postgres", "select pg_reload_conf()");
    cluster.psql("postgres", "create table x (i int); select pg_switch_wal()");
    until(&place, "failing", "broken").judges("none_failed", "broken", "");
    // Without archiving nothing fails, and that proves nothing.
    let quiet = Cluster::start(&Options { tcp: false, settings: Vec::new() });
    let place = place.with("DB", &quiet.url("postgres"));
    let run = place.run(&["--allow-privileged-role"]);
    for check in ["archived", "failing", "none_failed"] {
        assert_eq!(verdict(&run, check), "unproven", "{check}");
    }
}

#[test]
fn what_a_role_may_not_see_is_not_silence() {
    let cluster = Cluster::start(&Options { tcp: false, settings: Vec::new() });
    cluster.psql("postgres", "create role onlooker login");
    let place =
        Place::new("source postgres db from env DB", "check short { require db.long_transaction <= 1h }")
            .with("DB", &cluster.url_as("onlooker", "postgres"));
    let mut busy = cluster.background("postgres", "begin; select pg_sleep(600)");
    let started = Instant::now();
    loop {
        let run = place.run(&[]);
        if verdict(&run, "short") == "unproven" || started.elapsed() > Duration::from_secs(30) {
            run.ends_with(3).judges("short", "unproven", "needs pg_read_all_stats");
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    cluster.psql("postgres", "grant pg_read_all_stats to onlooker");
    place.run(&[]).ends_with(0);
    let _ = busy.kill();
    let _ = busy.wait();
}
