//! Sets of files that try to look better than they are.

use std::fs;
use std::time::{Duration, SystemTime};

use super::Files;
use crate::facts::{Failure, Observed};
use crate::plan::Inspection;
use crate::policy::source::Named;
use crate::policy::{SourceKind, SourceOptions};
use crate::probe::objects::Finder;
use crate::probe::postgres::Canceller;
use crate::probe::tells::{Means, Tells, Told};

const DAY: u64 = 86_400;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A file of some bytes that was changed some seconds ago; less than 0 is the future.
    fn file(&self, name: &str, bytes: usize, ago: i64) -> &Self {
        let path = self.0.path().join(name);
        fs::write(&path, vec![b'x'; bytes]).unwrap();
        let (now, span) = (SystemTime::now(), Duration::from_secs(ago.unsigned_abs()));
        let at = if ago < 0 { now + span } else { now - span };
        fs::File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
        self
    }

    fn text(&self, name: &str, text: &str) -> &Self {
        fs::write(self.0.path().join(name), text).unwrap();
        self
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn open(&self, pattern: &str, options: &SourceOptions) -> Result<Files, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _inside = runtime.enter();
        let canceller = Canceller::new();
        let means = Means { finder: Finder::here(&canceller), canceller, headers: Vec::new(), pepper: None };
        Files::open(&self.path(pattern), options, means)
    }

    fn plain(&self, pattern: &str) -> Files {
        self.open(pattern, &SourceOptions::default()).unwrap()
    }

    fn listed(&self, list: &str) -> Files {
        let options = SourceOptions { checksums: vec![self.path(list)], ..SourceOptions::default() };
        self.open("*.dump", &options).unwrap()
    }
}

fn ask(files: &Files, name: &str) -> Result<Told, Failure> {
    let fact = SourceKind::Files.facts().iter().find(|f| f.name == name).unwrap();
    files.fact(fact, fact.argument.map(|_| "10d"))
}

fn value(files: &Files, name: &str) -> String {
    ask(files, name).unwrap().value.to_string()
}

fn why(files: &Files, name: &str) -> String {
    ask(files, name).unwrap_err().message
}

/// Examined, broken, unknown, and all messages.
fn verified(files: &Files) -> (u64, u64, u64, String) {
    match files.inspect(&Inspection::State("verified")).unwrap() {
        Observed::Inspected(seen) => {
            let messages: Vec<_> = seen.findings.iter().map(|f| f.message.clone()).collect();
            (seen.examined, seen.broken, seen.unknown, messages.join("; "))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn figures_are_those_of_the_files() {
    let folder = Folder::new();
    folder
        .file("a.dump", 100, 5 * DAY as i64)
        .file("b.dump", 100, 2 * DAY as i64)
        .file("c.dump", 90, DAY as i64);
    folder.file("d.dump", 2, 3600).file("other.txt", 5, 0);
    let files = folder.plain("*.dump");
    assert_eq!((value(&files, "count"), value(&files, "total_size")), ("4".to_owned(), "292B".to_owned()));
    assert!(["1h", "1h1s"].contains(&value(&files, "age").as_str()), "{}", value(&files, "age"));
    assert_eq!(
        (value(&files, "size"), value(&files, "size_vs_previous")),
        ("2B".to_owned(), "2%".to_owned())
    );
    assert!(value(&files, "largest_gap").starts_with("3d"), "{}", value(&files, "largest_gap"));
    assert!(value(&files, "oldest_age").starts_with("5d") && value(&files, "name") == "\"d.dump\"");
    assert!(why(&folder.plain("[ab].dump"), "size_vs_previous").contains("1 predecessors"));
    let newest = folder.open("*.dump", &SourceOptions { newest: true, ..SourceOptions::default() }).unwrap();
    assert_eq!((value(&newest, "count"), value(&newest, "name")), ("1".to_owned(), "\"d.dump\"".to_owned()));
}

#[test]
fn nothing_there_has_no_age_and_no_size() {
    let folder = Folder::new();
    folder.text("README", "");
    let files = folder.plain("*.dump");
    assert_eq!(value(&files, "count"), "0");
    for name in ["age", "size", "total_size", "largest_gap", "oldest_age", "empty_files", "runs"] {
        assert!(!why(&files, name).is_empty(), "{name}");
    }
    assert_eq!(verified(&files).0, 0);
    let failure = folder.open("none/*.dump", &SourceOptions::default()).unwrap_err();
    assert!(failure.message.contains("none"), "{}", failure.message);
    assert!(folder.open("***.dump", &SourceOptions::default()).is_err());
    fs::create_dir(folder.path("dir.dump")).unwrap();
    assert!(folder.open("*.dump", &SourceOptions::default()).unwrap_err().message.contains("folders only"));
}

#[test]
fn the_future_and_the_void_are_no_fresh_backup() {
    let folder = Folder::new();
    folder.file("a.dump", 10, DAY as i64).file("b.dump", 10, -3600);
    let files = folder.plain("*.dump");
    assert!(
        why(&files, "age").contains("in the future") && why(&files, "largest_gap").contains("in the future")
    );
    let folder = Folder::new();
    folder.file("a.dump", 10, DAY as i64).file("b.dump", 0, 60);
    let files = folder.plain("*.dump");
    assert!(why(&files, "age").contains("is empty"));
    assert_eq!((value(&files, "size"), value(&files, "empty_files")), ("0B".to_owned(), "1".to_owned()));
    assert!(value(&files, "largest_gap").starts_with("1d"));
    // Clocks differ a little.
    let folder = Folder::new();
    assert_eq!(value(&folder.file("a.dump", 10, -5).plain("*.dump"), "age"), "0s");
}

#[test]
fn names_tell_times_and_lies() {
    let named = |pattern: &str| SourceOptions {
        named: Some(Named { pattern: pattern.to_owned(), zone: None }),
        every: Some(DAY as i64 * 1_000_000),
        ..SourceOptions::default()
    };
    let folder = Folder::new();
    // A copy looks young, and its name does not.
    folder.file("db_20260101_000000.dump", 10, 0);
    let files = folder.open("db_*.dump", &named("db_%Y%m%d_%H%M%S.dump")).unwrap();
    assert_eq!(value(&files, "newest"), "2026-01-01T00:00:00Z");
    // A name of the future, or one made otherwise, tells nothing.
    folder.file("db_29990101_000000.dump", 10, 0);
    let files = folder.open("db_*.dump", &named("db_%Y%m%d_%H%M%S.dump")).unwrap();
    assert!(why(&files, "age").contains("in the future"));
    folder.file("db_latest.dump", 10, 0);
    let files = folder.open("db_*.dump", &named("db_%Y%m%d_%H%M%S.dump")).unwrap();
    assert!(why(&files, "age").contains("db_latest.dump") && why(&files, "runs").contains("db_latest.dump"));
    assert_eq!(value(&files, "misnamed"), "1");
    match files.inspect(&Inspection::State("named")).unwrap() {
        Observed::Inspected(seen) => assert_eq!((seen.examined, seen.broken), (3, 1)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn bytes_are_compared_with_lists_and_sidecars() {
    const X10: &str = "336311a016184326ddbdd61edd4eeb52";
    let folder = Folder::new();
    folder.file("a.dump", 10, 60).file("b.dump", 10, 30);
    folder.text("sums.md5", &format!("{X10}  /backups/a.dump\n{X10} *b.dump\n"));
    assert_eq!(verified(&folder.listed("sums.md5")), (2, 0, 0, String::new()));
    assert_eq!(value(&folder.listed("sums.md5"), "checksums_verified"), "2");
    // One byte, or one file, less.
    folder.file("b.dump", 9, 30);
    let (_, broken, unknown, what) = verified(&folder.listed("sums.md5"));
    assert!(
        (broken, unknown) == (1, 0) && what.contains("b.dump") && what.contains("are not those"),
        "{what}"
    );
    fs::remove_file(folder.path("b.dump")).unwrap();
    let (examined, broken, _, what) = verified(&folder.listed("sums.md5"));
    assert!((examined, broken) == (2, 1) && what.contains("`b.dump` is listed"), "{what}");
    // A file that no list has, and a list that was cut off.
    folder.file("b.dump", 10, 30).file("c.dump", 10, 10);
    let (_, broken, unknown, what) = verified(&folder.listed("sums.md5"));
    assert!((broken, unknown) == (0, 1) && what.contains("c.dump"), "{what}");
    folder.text("sums.md5", &format!("{X10}  a.dump\n{X10}  b.dump\n{}", X10.get(..20).unwrap()));
    let (_, _, unknown, what) = verified(&folder.listed("sums.md5"));
    assert!(unknown == 2 && what.contains("line 3"), "{what}");
    folder.text("sums.md5", "");
    let inspected = folder.listed("sums.md5").inspect(&Inspection::State("verified"));
    assert!(inspected.unwrap_err().message.contains("is empty"));
    let inspected = folder.listed("none.md5").inspect(&Inspection::State("verified"));
    assert!(inspected.unwrap_err().message.contains("is not there"));
}

#[test]
fn sidecars_are_found_and_wide_patterns_leave_them_out() {
    let folder = Folder::new();
    folder.file("a.dump", 3, 60);
    let sha256 = "cd2eb0837c9b4c962c22d2ff8b5441b7b45805887f051d39bf133b583baf6860";
    folder.text("a.dump.sha256", &format!("{sha256}  a.dump\n"));
    assert_eq!(verified(&folder.plain("*")), (1, 0, 0, String::new()));
    folder.text("a.dump.sha256", &format!("{sha256}  another.dump\n"));
    let (_, broken, unknown, what) = verified(&folder.plain("*"));
    assert!((broken, unknown) == (0, 2) && what.contains("another name"), "{what}");
    folder.text("a.dump.sha256", "d41d8cd98f00b204e9800998ecf8427e\n");
    assert!(verified(&folder.plain("*")).3.contains("another kind"));
    // A wrong strong digest is not saved by a right weak one.
    folder.text("a.dump.sha256", &sha256.replace('c', "d"));
    folder.text("a.dump.md5", "f561aaf6ef0bf14d4208bb46a4ccb3ad\n");
    assert_eq!(verified(&folder.plain("*")).1, 1);
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_no_further_files() {
    let folder = Folder::new();
    folder.file("a.dump", 10, 60);
    std::os::unix::fs::symlink(folder.path("a.dump"), folder.path("latest.dump")).unwrap();
    assert_eq!(value(&folder.plain("*.dump"), "count"), "1");
    std::os::unix::fs::symlink("/dev/zero", folder.path("endless.dump")).unwrap();
    let failure = folder.open("*.dump", &SourceOptions::default()).unwrap_err();
    assert!(failure.message.contains("endless.dump"), "{}", failure.message);
    fs::remove_file(folder.path("endless.dump")).unwrap();
    std::os::unix::fs::symlink("gone", folder.path("gone.dump")).unwrap();
    assert!(folder.open("*.dump", &SourceOptions::default()).unwrap_err().message.contains("gone.dump"));
    fs::remove_file(folder.path("gone.dump")).unwrap();
    folder.file("line\nbreak.dump", 0, 0);
    let message = why(&folder.plain("*.dump"), "age");
    assert!(message.contains("line\\nbreak.dump") && !message.contains('\n'), "{message}");
}
