//! The `hash` expression of a chain.

use super::Checker;
use crate::chain::spec::{Digest, JsonField, JsonNull, JsonProfile, JsonValue, Recipe, TimePreset};
use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Fallback, Member, Name, Path};

/// Columns of a chain by number, in the order of first mention.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) list: Vec<(String, Span)>,
}

impl Columns {
    /// The number of a column; a new one for a new name.
    pub(super) fn index(&mut self, name: &Name) -> usize {
        match self.list.iter().position(|(known, _)| *known == name.node) {
            Some(at) => at,
            None => {
                self.list.push((name.node.clone(), name.span));
                self.list.len() - 1
            }
        }
    }
}

pub(super) const FUNCTIONS: [&str; 15] = [
    "cat", "join", "sha256", "sha384", "sha512", "hex", "HEX", "base64", "unhex", "lower", "upper", "ts",
    "dec", "int", "bool",
];

pub(super) const TIMES: [(&str, TimePreset); 18] = [
    ("js", TimePreset::Js),
    ("py", TimePreset::Py),
    ("py_naive", TimePreset::PyNaive),
    ("py_str", TimePreset::PyStr),
    ("java", TimePreset::Java),
    ("java_local", TimePreset::JavaLocal),
    ("go", TimePreset::Go),
    ("dotnet", TimePreset::Dotnet),
    ("iso_s_z", TimePreset::IsoSeconds),
    ("iso_ms_z", TimePreset::IsoMillis),
    ("iso_us_z", TimePreset::IsoMicros),
    ("laravel", TimePreset::Laravel),
    ("pg", TimePreset::Pg),
    ("pgtz", TimePreset::PgTz),
    ("epoch_s", TimePreset::EpochSeconds),
    ("epoch_ms", TimePreset::EpochMillis),
    ("epoch_us", TimePreset::EpochMicros),
    ("epoch_ns", TimePreset::EpochNanos),
];

pub(super) const PROFILES: [(&str, JsonProfile); 4] = [
    ("js", JsonProfile::Js),
    ("jcs", JsonProfile::Jcs),
    ("py", JsonProfile::Py),
    ("py_compact", JsonProfile::PyCompact),
];

impl Checker<'_> {
    /// A recipe; every column it reads is added to `covered`.
    pub(super) fn recipe(
        &mut self,
        expr: &Expr,
        columns: &mut Columns,
        covered: &mut Vec<usize>,
    ) -> Option<Recipe> {
        match &expr.kind {
            ExprKind::Text(text) => Some(Recipe::Text(text.clone())),
            ExprKind::Path(path) => {
                let name = self.recipe_name(path)?;
                if name.node == "prev" && !self.texts.text(name.span).starts_with('`') {
                    return Some(Recipe::Prev);
                }
                let index = columns.index(&name);
                covered.push(index);
                Some(Recipe::Column(index))
            }
            ExprKind::Fallback { value, fallback } => {
                let inner = self.recipe(value, columns, covered)?;
                match fallback {
                    Fallback::Text(text) => Some(Recipe::Coalesce(Box::new(inner), text.node.clone())),
                    other => {
                        let span = match other {
                            Fallback::Null(span) | Fallback::Omit(span) => *span,
                            Fallback::Quantity(name) | Fallback::Timestamp(name) | Fallback::Text(name) => {
                                name.span
                            }
                        };
                        self.sink.push(
                            Diagnostic::error(Code::BadRecipe, "NULL becomes a text here")
                                .at(span, "not a text")
                                .help("write `?? \"...\"`; `null` and `omit` stand only in a `json` object"),
                        );
                        None
                    }
                }
            }
            ExprKind::Call { name, arguments } => {
                self.recipe_call(name, arguments, expr.span, columns, covered)
            }
            _ => {
                self.sink.push(
                    Diagnostic::error(Code::BadRecipe, "this cannot stand in a recipe")
                        .at(expr.span, "here")
                        .help("a recipe is made of columns, `prev`, texts and functions such as `cat`, `join`, `sha256`, `hex`, `ts`, `json`"),
                );
                None
            }
        }
    }

    fn recipe_name(&mut self, path: &Path) -> Option<Name> {
        match path.single() {
            Some(name) => Some(name.clone()),
            None => {
                let help =
                    path.parts.last().map_or_else(String::new, |name| format!("write `{}`", name.node));
                let message = format!("`{}` is not a column of the chain's table", path.dotted());
                self.error(Code::BadRecipe, message, (path.span, "bare column names only"), help);
                None
            }
        }
    }

    fn recipe_call(
        &mut self,
        name: &Path,
        arguments: &[Argument],
        span: Span,
        columns: &mut Columns,
        covered: &mut Vec<usize>,
    ) -> Option<Recipe> {
        let word = name.dotted();
        if let Some(filter) = arguments.iter().find(|a| a.filter.is_some()) {
            let help = "leave it out; `chain NAME on Table where ...` says which rows are chained";
            self.error(
                Code::BadRecipe,
                "`where` has no meaning in a recipe",
                (filter.value.span, "narrowed"),
                help,
            );
            return None;
        }
        let values: Vec<&Expr> = arguments.iter().map(|a| &a.value).collect();
        let wrong = |this: &mut Self, form: &str| -> Option<Recipe> {
            this.sink.push(
                Diagnostic::error(Code::BadArity, format!("`{word}` is written `{form}`"))
                    .at(span, "does not fit")
                    .help(format!("write `{form}`")),
            );
            None
        };
        match (word.as_str(), values.as_slice()) {
            ("cat", [_, ..]) => Some(Recipe::Cat(self.recipes(&values, columns, covered)?)),
            ("cat", _) => wrong(self, "cat(a, b, ...)"),
            ("join", [Expr { kind: ExprKind::Text(separator), .. }, rest @ ..]) if !rest.is_empty() => {
                Some(Recipe::Join(separator.clone(), self.recipes(rest, columns, covered)?))
            }
            ("join", _) => wrong(self, "join(\"|\", a, b, ...)"),
            (
                "sha256" | "sha384" | "sha512" | "hex" | "HEX" | "base64" | "unhex" | "lower" | "upper",
                [one],
            ) => {
                let inner = Box::new(self.recipe(one, columns, covered)?);
                Some(match word.as_str() {
                    "sha256" => Recipe::Digest(Digest::Sha256, inner),
                    "sha384" => Recipe::Digest(Digest::Sha384, inner),
                    "sha512" => Recipe::Digest(Digest::Sha512, inner),
                    "hex" => Recipe::Hex(inner),
                    "HEX" => Recipe::HexUpper(inner),
                    "base64" => Recipe::Base64(inner),
                    "unhex" => Recipe::Unhex(inner),
                    "lower" => Recipe::Lower(inner),
                    _ => Recipe::Upper(inner),
                })
            }
            ("sha256" | "sha384" | "sha512" | "hex" | "HEX" | "base64" | "unhex" | "lower" | "upper", _) => {
                wrong(self, &format!("{word}(x)"))
            }
            ("ts", [column, preset]) => {
                let column = self.recipe_column(column, columns, covered)?;
                let preset = self.choice(preset, "time format", &TIMES)?;
                Some(Recipe::Time(column, preset))
            }
            ("ts", _) => wrong(self, "ts(column, format)"),
            ("dec", [column, Expr { kind: ExprKind::Quantity(scale), span }]) => {
                let column = self.recipe_column(column, columns, covered)?;
                match scale.parse::<u32>() {
                    Ok(scale) if scale <= 100 => Some(Recipe::Decimal(column, scale)),
                    _ => {
                        let help = "write for example `dec(amount, 2)`";
                        self.error(Code::BadRecipe, "a scale from 0 to 100 is needed", (*span, "here"), help);
                        None
                    }
                }
            }
            ("dec", _) => wrong(self, "dec(column, 2)"),
            ("int", [column]) => Some(Recipe::Integer(self.recipe_column(column, columns, covered)?)),
            ("int", _) => wrong(self, "int(column)"),
            (
                "bool",
                [column, Expr { kind: ExprKind::Text(yes), .. }, Expr { kind: ExprKind::Text(no), .. }],
            ) => {
                let column = self.recipe_column(column, columns, covered)?;
                Some(Recipe::Bool(column, yes.clone(), no.clone()))
            }
            ("bool", _) => wrong(self, "bool(column, \"true\", \"false\")"),
            ("json", [profile, Expr { kind: ExprKind::Object(members), .. }]) => {
                let profile = self.choice(profile, "JSON profile", &PROFILES)?;
                Some(Recipe::Json(profile, self.members(members, columns, covered)?))
            }
            ("json", _) => wrong(self, "json(js, { key: value, ... })"),
            _ => {
                self.sink.push(
                    Diagnostic::error(Code::BadRecipe, format!("unknown function `{word}` in a recipe"))
                        .at(name.span, "not known")
                        .did_you_mean(&word, FUNCTIONS.into_iter().chain(["json"])),
                );
                None
            }
        }
    }

    fn recipes(
        &mut self,
        list: &[&Expr],
        columns: &mut Columns,
        covered: &mut Vec<usize>,
    ) -> Option<Vec<Recipe>> {
        let read: Vec<_> = list.iter().map(|e| self.recipe(e, columns, covered)).collect();
        read.into_iter().collect()
    }

    fn recipe_column(
        &mut self,
        expr: &Expr,
        columns: &mut Columns,
        covered: &mut Vec<usize>,
    ) -> Option<usize> {
        match self.recipe(expr, columns, covered)? {
            Recipe::Column(index) => Some(index),
            _ => {
                let help = "write a bare column name";
                self.error(Code::BadRecipe, "a column is needed here", (expr.span, "not a column"), help);
                None
            }
        }
    }

    fn choice<T: Copy>(&mut self, expr: &Expr, what: &str, legal: &[(&'static str, T)]) -> Option<T> {
        let word = match &expr.kind {
            ExprKind::Path(path) => path.dotted(),
            _ => self.texts.text(expr.span).to_owned(),
        };
        if let Some((_, value)) = legal.iter().find(|(name, _)| *name == word) {
            return Some(*value);
        }
        self.sink.push(
            Diagnostic::error(Code::BadRecipe, format!("unknown {what} `{word}`"))
                .at(expr.span, "not known")
                .did_you_mean(&word, legal.iter().map(|(name, _)| *name)),
        );
        None
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
                    let value = if name.node == "prev" {
                        JsonValue::String(Recipe::Prev)
                    } else {
                        let index = columns.index(&name);
                        covered.push(index);
                        JsonValue::Column(index)
                    };
                    (value, member.fallback.as_ref())
                }
                Some(Expr { kind: ExprKind::Fallback { value, fallback }, .. })
                    if !matches!(fallback, Fallback::Text(_)) =>
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
                            text.node.clone(),
                        )),
                        JsonNull::Undeclared,
                    ),
                    other => (other, JsonNull::Undeclared),
                },
                Some(Fallback::Quantity(name) | Fallback::Timestamp(name)) => {
                    let help = "write `?? null`, `?? omit` or `?? \"...\"`";
                    self.error(
                        Code::BadRecipe,
                        "NULL becomes a text, `null` or `omit`",
                        (name.span, "here"),
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
            _ => Some(match self.recipe(expr, columns, covered)? {
                Recipe::Column(index) => JsonValue::Column(index),
                recipe => JsonValue::String(recipe),
            }),
        }
    }
}
