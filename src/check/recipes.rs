//! The `hash` expression of a chain. Its JSON objects are in `json_recipes`.

use super::Checker;
use crate::chain::spec::{Digest, Recipe};
use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Fallback, Name, Path};

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

pub(super) const FUNCTIONS: [&str; 24] = [
    "cat",
    "join",
    "sized",
    "sha256",
    "sha384",
    "sha512",
    "hex",
    "HEX",
    "base64",
    "unhex",
    "lower",
    "upper",
    "ts",
    "dec",
    "int",
    "bool",
    "uuid",
    "json",
    "raw",
    "enum",
    "nullif",
    "strip",
    "bytea_cast",
    "host",
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
                            Fallback::Null(span) | Fallback::Omit(span) | Fallback::OmitEmpty(span) => *span,
                            Fallback::Quantity(name) | Fallback::Timestamp(name) | Fallback::Text(name) => {
                                name.span
                            }
                        };
                        self.sink.push(
                            Diagnostic::error(Code::BadRecipe, "NULL becomes a text here")
                                .at(span, "not a text")
                                .help("write `?? \"...\"`; `null` stands only in a `json` object, `omit` there and directly in `cat` or `join`"),
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
            ("cat", [_, ..]) => Some(Recipe::Cat(self.parts(&values, columns, covered)?)),
            ("cat", _) => wrong(self, "cat(a, b, ...)"),
            ("join", [Expr { kind: ExprKind::Text(separator), .. }, rest @ ..]) if !rest.is_empty() => {
                Some(Recipe::Join(separator.clone(), self.parts(rest, columns, covered)?))
            }
            ("join", _) => wrong(self, "join(\"|\", a, b, ...)"),
            ("sized", [Expr { kind: ExprKind::Text(separator), .. }, one]) => {
                let inner = self.recipe(one, columns, covered)?;
                Some(Recipe::Sized(separator.clone(), Box::new(inner)))
            }
            ("sized", _) => wrong(self, "sized(\":\", x)"),
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
            ("ts", [column, format, rest @ ..]) if rest.len() < 2 => {
                let column = self.recipe_column(column, columns, covered)?;
                self.time(column, format, rest.first().copied())
            }
            ("ts", _) => wrong(self, "ts(column, format)"),
            ("enum", [column, Expr { kind: ExprKind::Object(words), span }]) => {
                let column = self.recipe_column(column, columns, covered)?;
                self.enumeration(column, words, *span)
            }
            ("enum", _) => wrong(self, "enum(column, { stored: \"hashed\", ... })"),
            ("nullif", [one, Expr { kind: ExprKind::Text(text), .. }]) => {
                Some(Recipe::NullIf(Box::new(self.recipe(one, columns, covered)?), text.clone()))
            }
            ("nullif", _) => wrong(self, "nullif(x, \"\")"),
            ("strip", [Expr { kind: ExprKind::Text(prefix), .. }, one]) => {
                Some(Recipe::Strip(prefix.clone(), Box::new(self.recipe(one, columns, covered)?)))
            }
            ("strip", _) => wrong(self, "strip(\"sha256:\", x)"),
            ("bytea_cast", [one]) => Some(Recipe::ByteaCast(Box::new(self.recipe(one, columns, covered)?))),
            ("bytea_cast", _) => wrong(self, "bytea_cast(x)"),
            ("host", [column]) => Some(Recipe::Host(self.recipe_column(column, columns, covered)?)),
            ("host", _) => wrong(self, "host(column)"),
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
            ("uuid", [column, form]) => {
                let column = self.recipe_column(column, columns, covered)?;
                self.choice(form, "form of a uuid", &[("nodash", ())])?;
                Some(Recipe::UuidDigits(column))
            }
            ("uuid", _) => wrong(self, "uuid(column, nodash)"),
            ("json", [profile, value]) => self.json(profile, value, columns, covered),
            ("json", _) => wrong(self, "json(js, { key: value, ... })"),
            ("raw", [_]) => {
                let help = "leave `raw` out; elsewhere a recipe is placed as it is anyway";
                self.error(
                    Code::BadRecipe,
                    "`raw` stands only as a member of a `json` object",
                    (span, "no member"),
                    help,
                );
                None
            }
            ("raw", _) => wrong(self, "raw(x)"),
            _ => {
                self.sink.push(
                    Diagnostic::error(Code::BadRecipe, format!("unknown function `{word}` in a recipe"))
                        .at(name.span, "not known")
                        .did_you_mean(&word, FUNCTIONS),
                );
                None
            }
        }
    }

    /// The parts of `cat` or `join`, of which `?? omit` leaves out those that are NULL.
    fn parts(
        &mut self,
        list: &[&Expr],
        columns: &mut Columns,
        covered: &mut Vec<usize>,
    ) -> Option<Vec<Recipe>> {
        let mut one = |expr: &Expr| match &expr.kind {
            ExprKind::Fallback { value, fallback: Fallback::Omit(_) } => {
                Some(Recipe::Omit(Box::new(self.recipe(value, columns, covered)?)))
            }
            _ => self.recipe(expr, columns, covered),
        };
        let read: Vec<_> = list.iter().map(|expr| one(expr)).collect();
        read.into_iter().collect()
    }

    pub(super) fn recipe_column(
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

    pub(super) fn choice<T: Copy>(
        &mut self,
        expr: &Expr,
        what: &str,
        legal: &[(&'static str, T)],
    ) -> Option<T> {
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
}
