//! What a gate needs to know before a restore, from sources that hold no rows. None of this needs a server.

mod attestations;
mod caches;
mod documents;
mod files;
mod hosts;
mod ready;
mod requests;
mod server;
pub(crate) mod service;

use std::path::{Path, PathBuf};

use crate::support::{Run, program};

/// A folder with a policy and whatever the test puts there.
pub(super) struct Place {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Place {
    /// With a policy of declarations and the checks of one gate.
    pub(super) fn new(declarations: &str, checks: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new() };
        place.policy(declarations, checks);
        place
    }

    pub(super) fn policy(&self, declarations: &str, checks: &str) {
        let text =
            format!("policy t {{ language 1; owner \"@t\" }}\n{declarations}\ngate g {{\n{checks}\n}}\n");
        self.file("p.hold", text);
    }

    pub(super) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `verify p.hold --format json`, and the same judged again from what it kept.
    #[track_caller]
    pub(super) fn run(&self, arguments: &[&str]) -> Run {
        let command = || {
            let mut command = program();
            command.current_dir(self.path()).args(["verify", "p.hold", "--format", "json"]);
            command.envs(self.environment.iter().map(|(n, v)| (n, v)));
            command
        };
        let run = Run::of(command().args(["--save-facts", "kept.json"]).args(arguments));
        if run.status != Some(2) && !arguments.contains(&"--source") {
            let again = Run::of(command().args(["--facts", "kept.json"]).args(arguments));
            let verdicts = |run: &Run| -> Vec<(String, String)> {
                let report = run.json();
                let checks = report["checks"].as_array().cloned().unwrap_or_default();
                checks.iter().map(|c| (c["id"].to_string(), c["verdict"].to_string())).collect()
            };
            assert_eq!((run.status, verdicts(&run)), (again.status, verdicts(&again)), "{}", again.said());
        }
        run
    }
}
