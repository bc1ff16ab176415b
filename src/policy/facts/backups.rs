//! Facts of backups, of the archives that WAL is kept in, and of snapshots of Redis.

use super::{Argument, Fact};
use crate::value::Type;

const WINDOW: Argument = Argument::of("DURATION", Type::Duration);

// What every tool that keeps several backups is asked of its schedule.
const RUNS: Fact = Fact::new(
    "runs",
    Type::Number,
    "runs in the time before now of which there is a finished backup, one each `every`",
)
.with(WINDOW)
.needing("every");
const EXPECTED_RUNS: Fact =
    Fact::new("expected_runs", Type::Number, "runs there should be in the time before now")
        .with(WINDOW)
        .needing("every");
const SUCCESS_RATE: Fact = Fact::new("success_rate", Type::Percent, "runs as a share of expected runs")
    .with(WINDOW)
    .needing("every");

pub(super) const WAL: &[Fact] = &[
    Fact::new("segments", Type::Number, "whole segments in the archive").counting(),
    Fact::new("missing", Type::Number, "segments that are missing between others of their timeline")
        .among("segments"),
    Fact::new("damaged", Type::Number, "files with a wrong name, size or header, as far as the headers tell")
        .among("segments"),
    Fact::new("timelines", Type::Number, "timelines that have segments or a history").among("segments"),
    Fact::new("size", Type::Size, "size of all WAL on disk, compressed as it is").among("segments"),
    Fact::new("segment_size", Type::Size, "size of a segment, as the segments state it"),
    Fact::new("newest", Type::Text, "name of the newest segment: the last of the highest timeline"),
    Fact::new("age", Type::Duration, "time since the last file of a segment was changed"),
    Fact::new("archived_at", Type::Time, "when the last file of a segment was changed"),
    Fact::new("system_identifier", Type::Text, "the cluster that wrote it, as most segments state it"),
    Fact::new("version", Type::Number, "major version of PostgreSQL that wrote it"),
    Fact::new(
        "reaches",
        Type::Time,
        "when the last transaction ended up to which the WAL can be followed without a hole; a restore gets to any \
         earlier time. Reads all of it",
    ),
];

pub(super) const BASEBACKUP: &[Fact] = &[
    Fact::new("age", Type::Duration, "time since the backup was begun"),
    Fact::new("size", Type::Size, "size on disk, compressed as it is"),
    Fact::new("restored_size", Type::Size, "size of its files once restored, without WAL"),
    Fact::new("files", Type::Number, "files that agree with its manifest").counting(),
    Fact::new("damages", Type::Number, "things that are wrong with it").among("files"),
    Fact::new("incremental", Type::Bool, "whether it has only what changed since another backup"),
    Fact::new("system_identifier", Type::Text, "the cluster that it is of, as its control file states it"),
    Fact::new("timeline", Type::Number, "timeline that it was begun on"),
    Fact::new("page_checksums", Type::Bool, "whether the cluster's pages have checksums"),
];

pub(super) const PGBACKREST: &[Fact] = &[
    Fact::new("backups", Type::Number, "finished backups").counting(),
    Fact::new("unfinished", Type::Number, "backups that were begun and not finished, or are being made")
        .among("backups"),
    Fact::new("age", Type::Duration, "time since the newest backup was begun"),
    Fact::new("full_age", Type::Duration, "time since the newest full backup was begun"),
    Fact::new("oldest_age", Type::Duration, "time since the oldest backup was begun"),
    Fact::new("type", Type::Text, "`full`, `diff` or `incr`: what the newest backup has itself"),
    Fact::new(
        "size",
        Type::Size,
        "size in the repository of the newest backup, with what earlier ones have of it",
    ),
    Fact::new("restored_size", Type::Size, "size of the cluster once the newest backup is restored"),
    Fact::new("error", Type::Bool, "whether pgBackRest noted wrong page checksums in the newest backup"),
    Fact::new("system_identifier", Type::Text, "the cluster that the newest backup is of"),
    RUNS,
    EXPECTED_RUNS,
    SUCCESS_RATE,
];

pub(super) const BARMAN: &[Fact] = &[
    Fact::new("backups", Type::Number, "finished backups").counting(),
    Fact::new("unfinished", Type::Number, "backups that failed, were not finished, or are being made")
        .among("backups"),
    Fact::new("age", Type::Duration, "time since the newest backup was begun"),
    Fact::new("restored_size", Type::Size, "size of the newest backup once restored"),
    Fact::new("incoming", Type::Number, "WAL files that have arrived and are not yet archived")
        .among("backups"),
    Fact::new("aside", Type::Number, "WAL files that Barman put aside: damaged, double or unknown to it")
        .among("backups"),
    Fact::new("system_identifier", Type::Text, "the cluster that the server is bound to"),
    RUNS,
    EXPECTED_RUNS,
    SUCCESS_RATE,
];

/// The first are of a snapshot's file, or of a server as well; the rest is what a server says of itself.
pub(super) const REDIS: &[Fact] = &[
    Fact::new(
        "age",
        Type::Duration,
        "time since the snapshot was saved, as it states, or since its file was changed; of a server, since its last save",
    ),
    Fact::new("size", Type::Size, "size of the snapshot's file"),
    Fact::new("format_version", Type::Number, "version of the file's format"),
    Fact::new("server_version", Type::Text, "version of the server, or of the one that saved the file"),
    Fact::new("role", Type::Text, "`master` or `slave`, as the server says it"),
    Fact::new(
        "save_ok",
        Type::Bool,
        "whether the server's last save of a snapshot went well; not known where it has saved none since it was started",
    ),
    Fact::new("changes", Type::Number, "changes since the server's last save"),
    Fact::new("loading", Type::Bool, "whether the server is still loading its data"),
    Fact::new("aof", Type::Bool, "whether the server writes an append-only file"),
    Fact::new(
        "aof_ok",
        Type::Bool,
        "whether its last write and its last rewriting of the append-only file went well",
    ),
    Fact::new("memory", Type::Size, "memory that the server's data takes"),
    Fact::new("memory_limit", Type::Size, "most memory that it may take, where there is a limit"),
    Fact::new("keys", Type::Number, "keys in all of the server's databases").counting(),
    Fact::new("replicas", Type::Number, "replicas that are connected to the server"),
    Fact::new("replication_linked", Type::Bool, "whether a replica is connected to its primary"),
    Fact::new("replication_lag", Type::Duration, "time since a replica last heard of its primary"),
    Fact::new("uptime", Type::Duration, "time since the server was started"),
];
