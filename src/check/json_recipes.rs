//! `json(...)` in a chain's recipe: objects, arrays and what stands in them.

use super::Checker;
use super::recipes::Columns;
use crate::chain::spec::{JsonField, JsonItem, JsonNull, JsonProfile, JsonValue, Recipe};
use crate::diagnostic::{Code, Diagnostic};
use crate::source_text::Span;
use crate::syntax::ast::{Argument, Expr, ExprKind, Fallback, Member};

impl Checker<'_> {
    /// `json(profile, { ... })`, `json(profile, [ ... ])` or `json(profile, column)`.
    pub(super) fn json(
        &mut self,
        profile: &Expr,
        value: &Expr,
        columns: &mut Columns,
        covered: &mut Vec<usize>,
    ) -> Option<Recipe> {
        let profile = self.profile(profile)?;
        match &value.kind {
            ExprKind::Object(members) => {
                return Some(Recipe::Json(profile, self.members(profile, members, columns, covered)?));
            }
            ExprKind::Array(items) => {
                return Some(Recipe::JsonArray(profile, self.items(profile, items, columns, covered)?));
            }
            _ => {}
        }
        match self.recipe(value, columns, covered)? {
            Recipe::Column(index) => Some(Recipe::JsonColumn(profile, index)),
            _ => {
                let help = "write `json(js, { key: value, ... })`, `json(js, [a, b, ...])`, or `json(js, column)` with a \
                            json, jsonb or number column";
                self.error(
                    Code::BadRecipe,
                    "an object, an array or a column is needed here",
                    (value.span, "none of them"),
                    help,
                );
                None
            }
        }
    }

    /// JSON in a string of JSON is what some applications hash, and more often a slip.
    fn twice_encoded(&mut self, recipe: &Recipe, span: Span) {
        let inner = if let Recipe::Coalesce(inner, _) = recipe { inner } else { recipe };
        if matches!(inner, Recipe::Json(..) | Recipe::JsonArray(..) | Recipe::JsonColumn(..)) {
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
        profile: JsonProfile,
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
                    (self.json_value(profile, value, columns, covered)?, Some(fallback))
                }
                Some(expr) => (self.json_value(profile, expr, columns, covered)?, None),
            };
            let (value, null) = match fallback {
                Some(Fallback::Text(text)) => match value {
                    JsonValue::Column(index) => {
                        let column = Box::new(Recipe::Column(index));
                        let text = Box::new(Recipe::Text(text.node.clone()));
                        (JsonValue::String(Recipe::Coalesce(column, text)), JsonNull::Undeclared)
                    }
                    other => (other, JsonNull::Undeclared),
                },
                other => (value, self.json_null(profile, other)?),
            };
            fields.push(JsonField { key: member.key.node.clone(), null, value });
        }
        Some(fields)
    }

    fn items(
        &mut self,
        profile: JsonProfile,
        list: &[Expr],
        columns: &mut Columns,
        covered: &mut Vec<usize>,
    ) -> Option<Vec<JsonItem>> {
        let mut one = |expr: &Expr| {
            let (expr, fallback) = match &expr.kind {
                ExprKind::Fallback { value, fallback }
                    if !matches!(fallback, Fallback::Text(_) | Fallback::Value(_)) =>
                {
                    (&**value, Some(fallback))
                }
                _ => (expr, None),
            };
            let value = self.json_value(profile, expr, columns, covered)?;
            Some(JsonItem { null: self.json_null(profile, fallback)?, value })
        };
        let read: Vec<_> = list.iter().map(&mut one).collect();
        read.into_iter().collect()
    }

    /// What becomes of a NULL that is no text.
    fn json_null(&mut self, profile: JsonProfile, fallback: Option<&Fallback>) -> Option<JsonNull> {
        let (message, span, help) = match fallback {
            None => return Some(JsonNull::Undeclared),
            Some(Fallback::Null(_)) => return Some(JsonNull::Null),
            Some(Fallback::Omit(_)) => return Some(JsonNull::Omit),
            Some(Fallback::OmitEmpty(_)) if matches!(profile, JsonProfile::Go { .. }) => {
                return Some(JsonNull::OmitEmpty);
            }
            Some(Fallback::OmitEmpty(span)) => {
                let help =
                    "write `?? omit`; of a text that is left out when it is empty, `nullif(x, \"\") ?? omit`";
                ("only Go leaves out what is empty", *span, help)
            }
            Some(other) => {
                let help = "write `?? null`, `?? omit` or `?? \"...\"`";
                ("NULL becomes a text, `null` or `omit`", other.span(), help)
            }
        };
        self.error(Code::BadRecipe, message, (span, "here"), help);
        None
    }

    fn json_value(
        &mut self,
        profile: JsonProfile,
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
            ExprKind::Object(members) => {
                Some(JsonValue::Object(self.members(profile, members, columns, covered)?))
            }
            ExprKind::Array(items) => Some(JsonValue::Array(self.items(profile, items, columns, covered)?)),
            ExprKind::Path(path) if path.single().is_some_and(|n| n.node == "true" || n.node == "false") => {
                Some(JsonValue::Bool(path.dotted() == "true"))
            }
            ExprKind::Path(path) if path.single().is_some_and(|n| n.node == "null") => Some(JsonValue::Null),
            ExprKind::Call { name, arguments }
                if name.dotted() == "each"
                    && arguments.len() == 2
                    && arguments.first().is_some_and(|rows| columns.several(&rows.value).is_some()) =>
            {
                let [rows, one] = arguments.as_slice() else { return None };
                let (cell, item) =
                    self.each_row(&rows.value, columns, covered, |this, columns, covered| {
                        let mut items =
                            this.items(profile, std::slice::from_ref(&one.value), columns, covered)?;
                        items.pop()
                    })?;
                if !matches!(item.null, JsonNull::Undeclared | JsonNull::Null) {
                    let help = "write `?? null`, or leave rows out by what the table holds";
                    let message = "an item of each row is not left out";
                    self.error(Code::BadRecipe, message, (one.value.span, "may be left out"), help);
                    return None;
                }
                Some(JsonValue::Each(cell, Box::new(item)))
            }
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
