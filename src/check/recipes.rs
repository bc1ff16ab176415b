//! The `hash` expression of a chain. Its JSON objects are in `json_recipes`.

use std::collections::BTreeSet;

use super::Checker;
use crate::chain::spec::{Base64Form, Digest, Frame, KeyRef, Recipe, Unit, Width};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::chain::Join;
use crate::source_text::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Fallback, Name, Path};

/// Columns of a chain by number, in the order of first mention, and what else its recipes may name.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) list: Vec<(String, Span)>,
    pub(super) keys: Vec<(KeyRef, Span)>,
    /// Names for parts of recipes, in the order in which they were declared.
    pub(super) lets: Vec<(String, Expr)>,
    pub(super) let_spans: Vec<Span>,
    /// How many of them may be named at this place: a name means what stands before it.
    pub(super) visible: usize,
    pub(super) used: BTreeSet<String>,
    /// Rows of other relations.
    pub(super) joins: Vec<Join>,
    /// Whose rows are looked at one by one here.
    pub(super) within_rows: Option<usize>,
    /// Whether `name` and `value` are those of a JSON value's members.
    within_each: bool,
    /// Expressions so far; a name for a name for a name doubles them each time.
    size: usize,
}

/// Most expressions in the recipes of one chain, with all names replaced.
const MAX_SIZE: usize = 10_000;

impl Columns {
    /// The number of what a name stands for.
    pub(super) fn let_of(&self, name: &str) -> Option<usize> {
        self.lets.iter().take(self.visible).position(|(known, _)| known == name)
    }

    /// The number of a column; a new one for a new name.
    pub(super) fn index(&mut self, name: &Name) -> usize {
        let own = |(at, (known, _)): (usize, &(String, Span))| *known == name.node && !self.is_joined(at);
        match self.list.iter().enumerate().position(own) {
            Some(at) => at,
            None => {
                self.list.push((name.node.clone(), name.span));
                self.list.len() - 1
            }
        }
    }
}

/// Makes a recipe of its value's.
type Make = fn(Box<Recipe>) -> Recipe;

/// Functions of one value whose name alone says what they do.
const OF_ONE: [(&str, Make); 10] = [
    ("hex", Recipe::Hex),
    ("HEX", Recipe::HexUpper),
    ("base64", Recipe::Base64),
    ("base64url", |inner| Recipe::Base64As(Base64Form::Url, inner)),
    ("base64_lines", |inner| Recipe::Base64As(Base64Form::Lines, inner)),
    ("unbase64", Recipe::Unbase64),
    ("unhex", Recipe::Unhex),
    ("lower", Recipe::Lower),
    ("upper", Recipe::Upper),
    ("bytea_cast", Recipe::ByteaCast),
];

/// The other functions.
const FUNCTIONS: [&str; 17] = [
    "cat", "join", "sized", "hmac", "each", "count", "ts", "dec", "int", "bool", "uuid", "json", "raw",
    "enum", "nullif", "strip", "host",
];

/// Every function of a recipe.
pub(super) fn functions() -> impl Iterator<Item = &'static str> {
    let digests = Digest::ALL.iter().map(|(word, _)| *word);
    let widths = Width::ALL.iter().map(|(word, _)| *word);
    FUNCTIONS.into_iter().chain(digests).chain(widths).chain(OF_ONE.iter().map(|(word, _)| *word))
}

fn takes_one(word: &str) -> bool {
    !FUNCTIONS.contains(&word)
}

impl Checker<'_> {
    /// A recipe; every column it reads is added to `covered`.
    pub(super) fn recipe(
        &mut self,
        expr: &Expr,
        columns: &mut Columns,
        covered: &mut Vec<usize>,
    ) -> Option<Recipe> {
        columns.size += 1;
        if columns.size > MAX_SIZE {
            if columns.size == MAX_SIZE + 1 {
                let help = "name fewer parts within parts with `let`";
                self.error(
                    Code::BadRecipe,
                    "the recipes of this chain are too large",
                    (expr.span, "here"),
                    help,
                );
            }
            return None;
        }
        match &expr.kind {
            ExprKind::Text(text) => Some(Recipe::Text(text.clone())),
            ExprKind::Path(path) => {
                let Some(name) = path.single() else {
                    let index = self.chain_column(path, columns)?;
                    covered.push(index);
                    return Some(Recipe::Column(index));
                };
                if !self.texts.text(name.span).starts_with('`') {
                    match name.node.as_str() {
                        "prev" => return Some(Recipe::Prev),
                        "name" if columns.within_each => return Some(Recipe::EachName),
                        "value" if columns.within_each => return Some(Recipe::EachValue),
                        _ => {}
                    }
                    if let Some(at) = columns.let_of(&name.node) {
                        return self.named(at, columns, covered);
                    }
                }
                let index = columns.index(name);
                covered.push(index);
                Some(Recipe::Column(index))
            }
            ExprKind::Fallback { value, fallback } => {
                let inner = self.recipe(value, columns, covered)?;
                let instead = match fallback {
                    Fallback::Text(text) => Recipe::Text(text.node.clone()),
                    Fallback::Value(value) => self.recipe(value, columns, covered)?,
                    other => {
                        self.sink.push(
                            Diagnostic::error(Code::BadRecipe, "NULL becomes a text here")
                                .at(other.span(), "not a text")
                                .help("write `?? \"...\"` or `?? x`; `null` stands only in a `json` object, `omit` there and directly in `cat` or `join`"),
                        );
                        return None;
                    }
                };
                Some(Recipe::Coalesce(Box::new(inner), Box::new(instead)))
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

    /// What a `let` names, as it stands there.
    pub(super) fn named(
        &mut self,
        at: usize,
        columns: &mut Columns,
        covered: &mut Vec<usize>,
    ) -> Option<Recipe> {
        let (name, expr) = columns.lets.get(at)?.clone();
        columns.used.insert(name);
        let (visible, within) = (columns.visible, columns.within_each);
        (columns.visible, columns.within_each) = (at, false);
        let recipe = self.recipe(&expr, columns, covered);
        (columns.visible, columns.within_each) = (visible, within);
        recipe
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
            ("sized", [frame, rest @ ..]) if (1..=2).contains(&rest.len()) => {
                let frame = match &frame.kind {
                    ExprKind::Text(separator) => Frame::Text(separator.clone()),
                    _ => Frame::Binary(self.choice(frame, "width", &Width::ALL)?),
                };
                let [one, unit @ ..] = rest else { return None };
                let unit = match unit {
                    [unit] => {
                        let legal = [("bytes", Unit::Bytes), ("utf16", Unit::Utf16), ("chars", Unit::Chars)];
                        self.choice(unit, "unit of length", &legal)?
                    }
                    _ => Unit::Bytes,
                };
                Some(Recipe::Sized(frame, unit, Box::new(self.recipe(one, columns, covered)?)))
            }
            ("sized", _) => wrong(self, "sized(\":\", x)"),
            ("hmac", [algorithm, key, one]) => {
                let algorithm = self.choice(algorithm, "digest", &Digest::ALL)?;
                let key = self.key(key, columns)?;
                Some(Recipe::Hmac(algorithm, key, Box::new(self.recipe(one, columns, covered)?)))
            }
            ("hmac", _) => wrong(self, "hmac(sha256, KEY, x)"),
            ("each", [rows, Expr { kind: ExprKind::Text(separator), .. }, one])
                if columns.several(rows).is_some() =>
            {
                let (cell, inner) = self.each_row(rows, columns, covered, |this, columns, covered| {
                    this.recipe(one, columns, covered)
                })?;
                Some(Recipe::Each(cell, separator.clone(), Box::new(inner)))
            }
            ("count", [rows]) if columns.several(rows).is_some() => {
                let (_, cell) = columns.several(rows)?;
                covered.push(cell);
                Some(Recipe::Count(cell))
            }
            ("each", [column, Expr { kind: ExprKind::Text(separator), .. }, one]) if !columns.within_each => {
                let column = self.recipe_column(column, columns, covered)?;
                columns.within_each = true;
                let inner = self.recipe(one, columns, covered);
                columns.within_each = false;
                Some(Recipe::Each(column, separator.clone(), Box::new(inner?)))
            }
            ("each", _) => wrong(self, "each(column, \"separator\", x)"),
            ("count", [column]) => Some(Recipe::Count(self.recipe_column(column, columns, covered)?)),
            ("count", _) => wrong(self, "count(column)"),
            (word, [one]) if Digest::ALL.iter().any(|(known, _)| *known == word) => {
                let digest = Digest::ALL.iter().find(|(known, _)| *known == word)?.1;
                Some(Recipe::Digest(digest, Box::new(self.recipe(one, columns, covered)?)))
            }
            (word, [one]) if Width::ALL.iter().any(|(known, _)| *known == word) => {
                let width = Width::ALL.iter().find(|(known, _)| *known == word)?.1;
                Some(Recipe::Binary(width, Box::new(self.recipe(one, columns, covered)?)))
            }
            (word, [one]) if OF_ONE.iter().any(|(known, _)| *known == word) => {
                let make = OF_ONE.iter().find(|(known, _)| *known == word)?.1;
                Some(make(Box::new(self.recipe(one, columns, covered)?)))
            }
            (word, _) if functions().any(|known| known == word) && takes_one(word) => {
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
                Some(match self.choice(form, "form of a uuid", &[("nodash", false), ("bytes", true)])? {
                    true => Recipe::UuidBytes(column),
                    false => Recipe::UuidDigits(column),
                })
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
                        .did_you_mean(&word, functions()),
                );
                None
            }
        }
    }

    fn key(&mut self, expr: &Expr, columns: &Columns) -> Option<usize> {
        let word = match &expr.kind {
            ExprKind::Path(path) => path.dotted(),
            _ => self.texts.text(expr.span).to_owned(),
        };
        let found = columns.keys.iter().position(|(key, _)| key.name == word);
        if found.is_none() {
            // A key written out would be in every report and every copy of the policy.
            let written = matches!(expr.kind, ExprKind::Text(_));
            let what =
                if written { "a key is not written out".to_owned() } else { format!("unknown key `{word}`") };
            let declared = columns.keys.iter().map(|(key, _)| key.name.as_str());
            let diagnostic = Diagnostic::error(Code::BadRecipe, what).at(expr.span, "not declared");
            self.sink.push(if columns.keys.is_empty() || written {
                diagnostic
                    .help("declare it in this chain: `key audit from env AUDIT_KEY`, and write its name here")
            } else {
                diagnostic.did_you_mean(&word, declared)
            });
        }
        found
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
