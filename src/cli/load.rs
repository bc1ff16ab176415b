//! Policy files and what they include, read and parsed.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::{FileId, SourceSet, Span};
use crate::syntax::ast::{Ast, Clause};
use crate::syntax::parse;

/// The files of one policy.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) texts: SourceSet,
    pub(super) files: Vec<Ast>,
    pub(super) found: Vec<Diagnostic>,
}

impl Loaded {
    /// Digest over all texts, in the order of reading, and the parameter values in force.
    pub(super) fn digest<'a>(&self, parameters: impl IntoIterator<Item = (&'a str, String)>) -> String {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        for file in self.texts.files() {
            part(file.text.as_bytes());
        }
        for (name, value) in parameters {
            part(name.as_bytes());
            part(value.as_bytes());
        }
        let hex: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        format!("sha256:{hex}")
    }
}

/// Reads the files named on the command line, together one policy, and everything they include.
pub(super) fn load(paths: &[PathBuf]) -> Loaded {
    let mut loader =
        Loader { loaded: Loaded::default(), root: PathBuf::new(), done: Vec::new(), open: Vec::new() };
    for (n, path) in paths.iter().enumerate() {
        if n == 0 {
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            loader.root = folder.canonicalize().unwrap_or_default();
        }
        loader.file(path, None);
    }
    loader.loaded
}

struct Loader {
    loaded: Loaded,
    root: PathBuf,
    done: Vec<PathBuf>,
    open: Vec<PathBuf>,
}

impl Loader {
    fn complain(&mut self, code: Code, message: String, at: Option<Span>, help: &str) {
        let mut diagnostic = Diagnostic::error(code, message).help(help);
        if let Some(span) = at {
            diagnostic = diagnostic.at(span, "included here");
        }
        self.loaded.found.push(diagnostic);
    }

    fn file(&mut self, path: &Path, at: Option<Span>) {
        let shown = path.display().to_string();
        let real = match path.canonicalize() {
            Ok(real) => real,
            Err(error) => {
                let message = format!("`{shown}` cannot be read: {error}");
                return self.complain(Code::Unreadable, message, at, "check the path and the permissions");
            }
        };
        if self.open.contains(&real) {
            let message = format!("`{shown}` includes itself");
            return self.complain(Code::Include, message, at, "remove one of the includes of the circle");
        }
        if self.done.contains(&real) {
            return;
        }
        if at.is_some() && !real.starts_with(&self.root) {
            let message = format!("`{shown}` lies outside of the policy's directory");
            let help = "move it beside the first policy file, or name it on the command line";
            return self.complain(Code::Include, message, at, help);
        }
        let text = match std::fs::read(&real).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => {
                return self.complain(
                    Code::Unreadable,
                    format!("`{shown}` is not UTF-8 text"),
                    at,
                    "is it a policy?",
                );
            }
            Err(error) => {
                let message = format!("`{shown}` cannot be read: {error}");
                return self.complain(Code::Unreadable, message, at, "check the path and the permissions");
            }
        };
        let id: FileId = self.loaded.texts.add(shown, &text);
        let (ast, found) = parse(id, &text);
        self.loaded.found.extend(found);
        let includes: Vec<(String, Span)> = ast
            .statements
            .iter()
            .filter_map(|s| match &s.clause {
                Clause::Include { path } => Some((path.node.clone(), path.span)),
                _ => None,
            })
            .collect();
        self.open.push(real.clone());
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        for (include, span) in includes {
            self.file(&folder.join(include), Some(span));
        }
        self.open.pop();
        self.done.push(real);
        // What a file includes comes before it, so that a gate can come after an included one.
        self.loaded.files.push(ast);
    }
}
