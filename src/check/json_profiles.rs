//! The profiles of `json(...)` in a chain's recipe, with their options.

use super::Checker;
use crate::chain::spec::{JsonProfile, PgJson, PhpJson, PyJson};
use crate::diagnostic::Code;
use crate::syntax::ast::{Argument, Expr, ExprKind};

const PHP: PhpJson = PhpJson { sorted: false, slashes: false, utf8: false, zeros: false };
const PY_COMPACT: PyJson = PyJson { compact: true, ..JsonProfile::PY };

/// Every profile by name, with the options it takes.
pub(super) const PROFILES: [(&str, (JsonProfile, &[&str])); 12] = [
    ("js", (JsonProfile::Js { sorted: false }, &["sorted"])),
    ("jcs", (JsonProfile::Jcs, &[])),
    ("py", (JsonProfile::Py(JsonProfile::PY), &["sorted", "unsorted", "compact", "utf8", "ints"])),
    ("py_compact", (JsonProfile::Py(PY_COMPACT), &["sorted", "unsorted", "utf8", "ints"])),
    ("go", (JsonProfile::Go { sorted: false, unescaped: false }, &["sorted", "unescaped"])),
    ("php", (JsonProfile::Php(PHP), &["sorted", "slashes", "utf8", "zeros"])),
    ("rails", (JsonProfile::Rails {}, &[])),
    ("serde", (JsonProfile::Serde { sorted: false, insertion: false }, &["sorted", "unsorted"])),
    ("pydantic", (JsonProfile::Serde { sorted: false, insertion: true }, &[])),
    ("stj", (JsonProfile::Stj { relaxed: false }, &["relaxed"])),
    ("jackson", (JsonProfile::Jackson { sorted: false, jdk19: false }, &["sorted", "jdk19"])),
    ("pg", (JsonProfile::Pg(PgJson::Jsonb), &["build", "row"])),
];

impl Checker<'_> {
    /// A profile's name, perhaps with options.
    pub(super) fn profile(&mut self, expr: &Expr) -> Option<JsonProfile> {
        let known = PROFILES.map(|(name, _)| (name, name));
        let (name, options): (_, &[Argument]) = match &expr.kind {
            ExprKind::Call { name, arguments } => {
                let word = Expr { kind: ExprKind::Path(name.clone()), span: name.span };
                (self.choice(&word, "JSON profile", &known)?, arguments)
            }
            _ => (self.choice(expr, "JSON profile", &known)?, &[]),
        };
        let (mut profile, legal) = PROFILES.iter().find(|(known, _)| *known == name)?.1;
        let mut seen: Vec<&str> = Vec::new();
        for option in options {
            let choices: Vec<(&'static str, &'static str)> =
                legal.iter().map(|word| (*word, *word)).collect();
            let word = if legal.is_empty() {
                let help = format!("write `{name}`");
                let message = format!("`{name}` has no options");
                self.error(Code::BadRecipe, message, (option.value.span, "one too many"), help);
                return None;
            } else {
                self.choice(&option.value, &format!("option of `{name}`"), &choices)?
            };
            if let Some(other) = seen.iter().find(|other| against(other, word)) {
                let message = format!("`{word}` after `{other}` says nothing clear");
                self.error(
                    Code::BadRecipe,
                    message,
                    (option.value.span, "contradicts or repeats"),
                    "remove one of them",
                );
                return None;
            }
            seen.push(word);
            profile = with_option(profile, word)?;
        }
        Some(profile)
    }
}

/// Whether two options cannot both be meant.
fn against(one: &str, other: &str) -> bool {
    let both = |end: &str| one.ends_with(end) && other.ends_with(end);
    one == other || both("sorted") || matches!((one, other), ("build", "row") | ("row", "build"))
}

fn with_option(mut profile: JsonProfile, word: &str) -> Option<JsonProfile> {
    match (&mut profile, word) {
        (JsonProfile::Serde { sorted, .. }, "sorted") => *sorted = true,
        // `preserve_order`.
        (JsonProfile::Serde { insertion, .. }, "unsorted") => *insertion = true,
        (
            JsonProfile::Js { sorted }
            | JsonProfile::Py(PyJson { sorted, .. })
            | JsonProfile::Php(PhpJson { sorted, .. })
            | JsonProfile::Jackson { sorted, .. }
            | JsonProfile::Go { sorted, .. },
            "sorted" | "unsorted",
        ) => *sorted = word == "sorted",
        (JsonProfile::Py(PyJson { utf8, .. }) | JsonProfile::Php(PhpJson { utf8, .. }), "utf8") => {
            *utf8 = true;
        }
        (JsonProfile::Go { unescaped, .. }, "unescaped") => *unescaped = true,
        (JsonProfile::Py(py), "compact") => py.compact = true,
        (JsonProfile::Py(py), "ints") => py.ints = true,
        (JsonProfile::Php(php), "slashes") => php.slashes = true,
        (JsonProfile::Php(php), "zeros") => php.zeros = true,
        (JsonProfile::Stj { relaxed }, "relaxed") => *relaxed = true,
        (JsonProfile::Jackson { jdk19, .. }, "jdk19") => *jdk19 = true,
        (JsonProfile::Pg(pg), "build") => *pg = PgJson::Build,
        (JsonProfile::Pg(pg), "row") => *pg = PgJson::Row,
        _ => return None,
    }
    Some(profile)
}
