//! `json(...)` in a chain's recipe: profiles, objects and their members.

use super::Checker;
use super::recipes::Columns;
use crate::chain::spec::{JsonField, JsonNull, JsonProfile, JsonValue, PhpJson, PyJson, Recipe};
use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Fallback, Member};

const PHP: PhpJson = PhpJson { sorted: false, slashes: false, utf8: false, zeros: false };
const PY_COMPACT: PyJson = PyJson { compact: true, ..JsonProfile::PY };

/// Every profile by name, with the options it takes.
pub(super) const PROFILES: [(&str, (JsonProfile, &[&str])); 6] = [
    ("js", (JsonProfile::Js { sorted: false }, &["sorted"])),
    ("jcs", (JsonProfile::Jcs, &[])),
    ("py", (JsonProfile::Py(JsonProfile::PY), &["sorted", "unsorted", "compact", "utf8", "ints"])),
    ("py_compact", (JsonProfile::Py(PY_COMPACT), &["sorted", "unsorted", "utf8", "ints"])),
    ("go", (JsonProfile::Go { sorted: false, unescaped: false }, &["sorted", "unescaped"])),
    ("php", (JsonProfile::Php(PHP), &["sorted", "slashes", "utf8", "zeros"])),
];

impl Checker<'_> {
    /// `json(profile, { ... })` or `json(profile, column)`.
    pub(super) fn json(
        &mut self,
        profile: &Expr,
        value: &Expr,
        columns: &mut Columns,
        covered: &mut Vec<usize>,
    ) -> Option<Recipe> {
        let profile = self.profile(profile)?;
        if let ExprKind::Object(members) = &value.kind {
            return Some(Recipe::Json(profile, self.members(members, columns, covered)?));
        }
        match self.recipe(value, columns, covered)? {
            Recipe::Column(index) => Some(Recipe::JsonColumn(profile, index)),
            _ => {
                let help = "write `json(js, { key: value, ... })`, or `json(js, column)` with a json or jsonb column";
                self.error(
                    Code::BadRecipe,
                    "an object or a column is needed here",
                    (value.span, "neither"),
                    help,
                );
                None
            }
        }
    }

    /// A profile's name, perhaps with options.
    fn profile(&mut self, expr: &Expr) -> Option<JsonProfile> {
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
            let against =
                |other: &&str| *other == word || (other.ends_with("sorted") && word.ends_with("sorted"));
            if let Some(other) = seen.iter().find(|other| against(other)) {
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
            match (&mut profile, word) {
                (
                    JsonProfile::Js { sorted }
                    | JsonProfile::Py(PyJson { sorted, .. })
                    | JsonProfile::Php(PhpJson { sorted, .. })
                    | JsonProfile::Go { sorted, .. },
                    "sorted" | "unsorted",
                ) => *sorted = word == "sorted",
                (JsonProfile::Py(PyJson { utf8, .. }) | JsonProfile::Php(PhpJson { utf8, .. }), "utf8") => {
                    *utf8 = true
                }
                (JsonProfile::Go { unescaped, .. }, "unescaped") => *unescaped = true,
                (JsonProfile::Py(py), "compact") => py.compact = true,
                (JsonProfile::Py(py), "ints") => py.ints = true,
                (JsonProfile::Php(php), "slashes") => php.slashes = true,
                (JsonProfile::Php(php), "zeros") => php.zeros = true,
                _ => return None,
            }
        }
        Some(profile)
    }

    /// JSON in a string of JSON is what some applications hash, and more often a slip.
    fn twice_encoded(&mut self, recipe: &Recipe, span: Span) {
        let inner = if let Recipe::Coalesce(inner, _) = recipe { inner } else { recipe };
        if matches!(inner, Recipe::Json(..) | Recipe::JsonColumn(..)) {
            self.sink.push(
                Diagnostic::warning(Code::Doubtful, "this JSON becomes a quoted string inside the object")
                    .at(span, "encoded twice")
                    .help(
                        "write `raw(json(...))` for a nested value; if the application did hash a string of JSON, write \
                         `cat(json(...))` to say so",
                    ),
            );
        }
    }

    fn members(
        &mut self,
        members: &[Member],
        columns: &mut Columns,
        covered: &mut Vec<usize>,
    ) -> Option<Vec<JsonField>> {
        let mut fields: Vec<JsonField> = Vec::new();
        for member in members {
            if fields.iter().any(|f| f.key == member.key.node) {
                let message = format!("key `{}` stands twice", member.key.node);
                self.error(Code::Duplicate, message, (member.key.span, "again"), "remove one of them");
                return None;
            }
            let (value, fallback) = match &member.value {
                None => {
                    let name = member.key.clone();
                    let plain = !self.texts.text(name.span).starts_with(['`', '"']);
                    let value = if name.node == "prev" && plain {
                        JsonValue::String(Recipe::Prev)
                    } else if let Some(at) = columns.let_of(&name.node).filter(|_| plain) {
                        JsonValue::String(self.named(at, columns, covered)?)
                    } else {
                        let index = columns.index(&name);
                        covered.push(index);
                        JsonValue::Column(index)
                    };
                    (value, member.fallback.as_ref())
                }
                Some(Expr { kind: ExprKind::Fallback { value, fallback }, .. })
                    if !matches!(fallback, Fallback::Text(_) | Fallback::Value(_)) =>
                {
                    (self.json_value(value, columns, covered)?, Some(fallback))
                }
                Some(expr) => (self.json_value(expr, columns, covered)?, None),
            };
            let (value, null) = match fallback {
                None => (value, JsonNull::Undeclared),
                Some(Fallback::Null(_)) => (value, JsonNull::Null),
                Some(Fallback::Omit(_)) => (value, JsonNull::Omit),
                Some(Fallback::Text(text)) => match value {
                    JsonValue::Column(index) => (
                        JsonValue::String(Recipe::Coalesce(
                            Box::new(Recipe::Column(index)),
                            Box::new(Recipe::Text(text.node.clone())),
                        )),
                        JsonNull::Undeclared,
                    ),
                    other => (other, JsonNull::Undeclared),
                },
                Some(other @ (Fallback::Quantity(_) | Fallback::Timestamp(_) | Fallback::Value(_))) => {
                    let help = "write `?? null`, `?? omit` or `?? \"...\"`";
                    self.error(
                        Code::BadRecipe,
                        "NULL becomes a text, `null` or `omit`",
                        (other.span(), "here"),
                        help,
                    );
                    return None;
                }
            };
            fields.push(JsonField { key: member.key.node.clone(), null, value });
        }
        Some(fields)
    }

    fn json_value(
        &mut self,
        expr: &Expr,
        columns: &mut Columns,
        covered: &mut Vec<usize>,
    ) -> Option<JsonValue> {
        match &expr.kind {
            ExprKind::Quantity(text) => Some(JsonValue::Number(text.clone())),
            ExprKind::Negate(inner) => match &inner.kind {
                ExprKind::Quantity(text) => Some(JsonValue::Number(format!("-{text}"))),
                _ => self.recipe(expr, columns, covered).map(JsonValue::String),
            },
            ExprKind::Object(members) => Some(JsonValue::Object(self.members(members, columns, covered)?)),
            ExprKind::Path(path) if path.single().is_some_and(|n| n.node == "true" || n.node == "false") => {
                Some(JsonValue::Bool(path.dotted() == "true"))
            }
            ExprKind::Path(path) if path.single().is_some_and(|n| n.node == "null") => Some(JsonValue::Null),
            ExprKind::Call { name, arguments } if name.dotted() == "raw" => match arguments.as_slice() {
                [Argument { value, filter: None }] => {
                    self.recipe(value, columns, covered).map(JsonValue::Raw)
                }
                _ => self.recipe(expr, columns, covered).map(JsonValue::String),
            },
            _ => Some(match self.recipe(expr, columns, covered)? {
                Recipe::Column(index) => JsonValue::Column(index),
                recipe => {
                    self.twice_encoded(&recipe, expr.span);
                    JsonValue::String(recipe)
                }
            }),
        }
    }
}
