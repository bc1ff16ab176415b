//! A recipe checked against its columns, ready to be evaluated row by row.

use super::json_profile;
use super::keys::Keys;
use super::spec::{
    CellKind, ChainColumn, Frame, JsonField, JsonItem, JsonProfile, JsonValue, Members, Recipe, Search,
    Sought, Unit,
};

/// What an expression yields when it is not NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// UTF-8 text.
    Text,
    /// Raw bytes.
    Bytes,
}

/// A chain that cannot be verified as declared: the declaration contradicts itself or its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecIssue {
    /// What is wrong and what to write instead; lower case, without a final period.
    pub message: String,
}

impl std::fmt::Display for SpecIssue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SpecIssue {}

pub(crate) fn issue<T>(message: String) -> Result<T, SpecIssue> {
    Err(SpecIssue { message })
}

/// A checked recipe. JSON members already stand in the order in which their profile writes them.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) recipe: Recipe,
    pub(crate) kinds: Vec<CellKind>,
    /// Which cells hold rows, and what these are.
    pub(crate) rows: Vec<(usize, Members)>,
    pub(crate) keys: Keys,
    /// Time columns whose zone is searched: a shift of one means that clocks so far from UTC were spelt.
    pub(crate) zoned: Vec<usize>,
    form: Form,
}

impl Program {
    /// Checks `recipe` against the columns it reads; `link` is the form of the predecessor's hash.
    ///
    /// # Errors
    ///
    /// When a column is absent, or an operation cannot take what it is given.
    pub fn new(recipe: &Recipe, columns: &[ChainColumn], link: Form) -> Result<Self, SpecIssue> {
        let mut recipe = recipe.clone();
        let form = check(&mut recipe, columns, link)?;
        let kinds = columns.iter().map(|column| column.kind).collect();
        let rows =
            columns.iter().enumerate().filter_map(|(n, column)| Some((n, column.rows.clone()?))).collect();
        Ok(Self { recipe, kinds, rows, keys: Keys::default(), zoned: Vec::new(), form })
    }

    /// The same with the keys that it computes with.
    #[must_use]
    pub fn keyed(self, keys: &Keys) -> Self {
        Self { keys: keys.clone(), ..self }
    }

    /// The same for a chain with these searches.
    #[must_use]
    pub fn sought(self, searches: &[Search]) -> Self {
        let zoned = searches.iter().filter(|search| search.sought == Sought::Zones);
        Self { zoned: zoned.map(|search| search.column).collect(), ..self }
    }

    /// What the recipe yields.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }
}

/// The form of a cell's value.
pub(crate) fn cell_form(kind: CellKind) -> Form {
    if kind == CellKind::Bytea { Form::Bytes } else { Form::Text }
}

fn column(index: usize, columns: &[ChainColumn]) -> Result<&ChainColumn, SpecIssue> {
    columns.get(index).ok_or_else(|| SpecIssue {
        message: format!(
            "the recipe reads column number {index}, but only {} columns are read",
            columns.len()
        ),
    })
}

fn expect(
    index: usize,
    columns: &[ChainColumn],
    word: &str,
    needs: &str,
    fits: impl Fn(CellKind) -> bool,
) -> Result<Form, SpecIssue> {
    let column = column(index, columns)?;
    if fits(column.kind) {
        return Ok(Form::Text);
    }
    let name = &column.name;
    let instead = match (word, column.kind) {
        ("int" | "dec", kind) if is_time(kind) => {
            format!("write `ts({name}, epoch_s)` for seconds since 1970")
        }
        ("ts", CellKind::Integer) => format!("write `int({name})` if it holds the number that was hashed"),
        (_, CellKind::Rows) => return rows_alone(name),
        ("json", _) => format!("write `{name}` where its text was hashed, or make it a member of an object"),
        _ => "use the column itself".to_owned(),
    };
    issue(format!("`{word}` needs {needs}, but `{name}` is {}; {instead}", kind_word(column.kind)))
}

/// Rows are no value.
fn rows_alone<T>(name: &str) -> Result<T, SpecIssue> {
    issue(format!("`{name}` are rows, which have no value of their own; write `each({name}, \"|\", ...)`"))
}

/// A column that is a value.
fn single(index: usize, columns: &[ChainColumn]) -> Result<CellKind, SpecIssue> {
    let column = column(index, columns)?;
    if column.kind == CellKind::Rows { rows_alone(&column.name) } else { Ok(column.kind) }
}

/// Whether a column holds rows.
fn holds_rows(index: usize, columns: &[ChainColumn]) -> bool {
    columns.get(index).is_some_and(|column| column.kind == CellKind::Rows)
}

fn kind_word(kind: CellKind) -> &'static str {
    match kind {
        CellKind::Text => "text",
        CellKind::Integer => "an integer",
        CellKind::Numeric => "numeric",
        CellKind::Float => "floating point",
        CellKind::Bool => "boolean",
        CellKind::Timestamp => "a timestamp",
        CellKind::TimestampTz => "a timestamp with time zone",
        CellKind::Date => "a date",
        CellKind::Uuid => "a uuid",
        CellKind::Json => "json",
        CellKind::Jsonb => "jsonb",
        CellKind::Bytea => "bytea",
        CellKind::Inet => "inet",
        CellKind::Other => "of another type",
        CellKind::Rows => "rows of another table",
    }
}

fn all(parts: &mut [Recipe], columns: &[ChainColumn], link: Form) -> Result<Form, SpecIssue> {
    let mut form = Form::Text;
    for part in parts {
        let part = if let Recipe::Omit(inner) = part { inner } else { part };
        if check(part, columns, link)? == Form::Bytes {
            form = Form::Bytes;
        }
    }
    Ok(form)
}

fn text(word: &str, inner: &mut Recipe, columns: &[ChainColumn], link: Form) -> Result<(), SpecIssue> {
    match check(inner, columns, link)? {
        Form::Text => Ok(()),
        Form::Bytes => issue(format!("`{word}` needs text, but is given bytes; wrap them in `hex(...)`")),
    }
}

fn check(recipe: &mut Recipe, columns: &[ChainColumn], link: Form) -> Result<Form, SpecIssue> {
    match recipe {
        Recipe::Text(_) => Ok(Form::Text),
        Recipe::Column(index) => Ok(cell_form(single(*index, columns)?)),
        Recipe::Prev => Ok(link),
        Recipe::Cat(parts) | Recipe::Join(_, parts) => all(parts, columns, link),
        Recipe::Coalesce(inner, instead) => {
            let (form, instead) = (check(inner, columns, link)?, check(instead, columns, link)?);
            Ok(if instead == Form::Bytes { instead } else { form })
        }
        Recipe::Hmac(algorithm, _, inner) => {
            if !algorithm.has_hmac() {
                return issue(format!(
                    "there is no HMAC with {}; use a digest of the SHA families",
                    algorithm.word()
                ));
            }
            check(inner, columns, link).map(|_| Form::Bytes)
        }
        Recipe::Digest(_, inner) => check(inner, columns, link).map(|_| Form::Bytes),
        Recipe::Hex(inner) | Recipe::HexUpper(inner) | Recipe::Base64(inner) | Recipe::Base64As(_, inner) => {
            check(inner, columns, link).map(|_| Form::Text)
        }
        Recipe::Unbase64(inner) => text("unbase64", inner, columns, link).map(|()| Form::Bytes),
        Recipe::Unhex(inner) => text("unhex", inner, columns, link).map(|()| Form::Bytes),
        Recipe::Lower(inner) => text("lower", inner, columns, link).map(|()| Form::Text),
        Recipe::Upper(inner) => text("upper", inner, columns, link).map(|()| Form::Text),
        Recipe::Time(index, _) => expect(*index, columns, "ts", "a time", is_time),
        Recipe::TimeAs(index, form) if form.zone.is_some() => {
            expect(*index, columns, "ts", "a time of day", |kind| is_time(kind) && kind != CellKind::Date)
        }
        Recipe::TimeAs(index, _) => expect(*index, columns, "ts", "a time", is_time),
        Recipe::Decimal(index, _) => expect(*index, columns, "dec", "a number", is_number),
        Recipe::Integer(index) => expect(*index, columns, "int", "a number", is_number),
        Recipe::Bool(index, _, _) => {
            expect(*index, columns, "bool", "a boolean", |kind| kind == CellKind::Bool)
        }
        Recipe::Omit(_) => issue("`?? omit` stands only in a JSON object, `join` or `cat`".to_owned()),
        Recipe::UuidDigits(index) => {
            expect(*index, columns, "uuid", "a uuid, or text that holds one", |kind| {
                matches!(kind, CellKind::Uuid | CellKind::Text)
            })
        }
        Recipe::UuidBytes(index) => {
            expect(*index, columns, "uuid", "a uuid, or text that holds one", |kind| {
                matches!(kind, CellKind::Uuid | CellKind::Text)
            })
            .map(|_| Form::Bytes)
        }
        Recipe::Sized(frame, unit, inner) => {
            let form = check(inner, columns, link)?;
            if form == Form::Bytes && *unit != Unit::Bytes {
                return issue(
                    "only text has characters to count; leave out the third word of `sized`".to_owned(),
                );
            }
            Ok(if matches!(frame, Frame::Binary(_)) { Form::Bytes } else { form })
        }
        Recipe::Binary(_, inner) => text("a binary number", inner, columns, link).map(|()| Form::Bytes),
        Recipe::Each(index, _, inner) => {
            if !holds_rows(*index, columns) {
                is_json(*index, columns, "each")?;
            }
            check(inner, columns, link)
        }
        Recipe::Count(index) if holds_rows(*index, columns) => Ok(Form::Text),
        Recipe::Count(index) => is_json(*index, columns, "count"),
        Recipe::EachName | Recipe::EachValue => Ok(Form::Text),
        Recipe::JsonColumn(_, index) => {
            expect(*index, columns, "json", "a json, jsonb or number column", |kind| {
                matches!(kind, CellKind::Json | CellKind::Jsonb) || is_number(kind)
            })
        }
        Recipe::Json(profile, fields) => members(fields, columns, link, *profile).map(|()| Form::Text),
        Recipe::JsonArray(profile, list) => items(list, columns, link, *profile).map(|()| Form::Text),
        Recipe::Enum(index, _) => expect(*index, columns, "enum", "text, a number or a boolean", |kind| {
            matches!(kind, CellKind::Text | CellKind::Integer | CellKind::Bool | CellKind::Other)
        }),
        Recipe::NullIf(inner, _) => check(inner, columns, link),
        Recipe::Strip(_, inner) => text("strip", inner, columns, link).map(|()| Form::Text),
        Recipe::ByteaCast(inner) => text("bytea_cast", inner, columns, link).map(|()| Form::Bytes),
        Recipe::Host(index) => expect(*index, columns, "host", "an inet or cidr column", |kind| {
            matches!(kind, CellKind::Inet | CellKind::Other)
        }),
    }
}

fn is_json(index: usize, columns: &[ChainColumn], word: &str) -> Result<Form, SpecIssue> {
    expect(index, columns, word, "a json or jsonb column", |kind| {
        matches!(kind, CellKind::Json | CellKind::Jsonb)
    })
}

pub(crate) fn is_time(kind: CellKind) -> bool {
    matches!(kind, CellKind::Timestamp | CellKind::TimestampTz | CellKind::Date)
}

fn is_number(kind: CellKind) -> bool {
    matches!(kind, CellKind::Integer | CellKind::Numeric | CellKind::Float)
}

fn members(
    fields: &mut [JsonField],
    columns: &[ChainColumn],
    link: Form,
    profile: JsonProfile,
) -> Result<(), SpecIssue> {
    let mut names = std::collections::HashSet::new();
    for field in fields.iter_mut() {
        if !names.insert(field.key.clone()) {
            return issue(format!("the JSON object names `{}` twice; remove one", field.key));
        }
        value(&mut field.value, columns, link, profile)?;
    }
    if !profile.can_order(fields.iter().map(|field| field.key.as_str())) {
        return issue(
            "PHP's `ksort` of names that look like numbers cannot be followed; name the members in their order and leave \
             out `sorted`"
                .to_owned(),
        );
    }
    json_profile::arrange(profile, fields, |field| &field.key);
    Ok(())
}

fn items(
    items: &mut [JsonItem],
    columns: &[ChainColumn],
    link: Form,
    profile: JsonProfile,
) -> Result<(), SpecIssue> {
    items.iter_mut().try_for_each(|item| value(&mut item.value, columns, link, profile))
}

fn value(
    given: &mut JsonValue,
    columns: &[ChainColumn],
    link: Form,
    profile: JsonProfile,
) -> Result<(), SpecIssue> {
    match given {
        JsonValue::Column(index) => single(*index, columns).map(|_| ()),
        JsonValue::Each(_, item) => value(&mut item.value, columns, link, profile),
        JsonValue::String(inner) => text("a JSON string", inner, columns, link),
        JsonValue::Raw(inner) => text("raw", inner, columns, link),
        JsonValue::Object(inner) => members(inner, columns, link, profile),
        JsonValue::Array(inner) => items(inner, columns, link, profile),
        JsonValue::Number(_) | JsonValue::Bool(_) | JsonValue::Null => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::spec::{Digest, TimePreset};

    fn columns() -> Vec<ChainColumn> {
        [("a", CellKind::Text), ("b", CellKind::Bytea), ("t", CellKind::Timestamp)]
            .map(|(name, kind)| ChainColumn::own(name, kind))
            .to_vec()
    }

    #[test]
    fn forms_follow_the_operations() {
        let cat = Recipe::Cat(vec![Recipe::Column(0), Recipe::Column(1)]);
        assert_eq!(Program::new(&cat, &columns(), Form::Text).unwrap().form(), Form::Bytes);
        let digest = Recipe::Digest(Digest::Sha256, Box::new(Recipe::Prev));
        assert_eq!(Program::new(&digest, &columns(), Form::Text).unwrap().form(), Form::Bytes);
        let hex = Recipe::Hex(Box::new(digest));
        assert_eq!(Program::new(&hex, &columns(), Form::Text).unwrap().form(), Form::Text);
    }

    #[test]
    fn contradictions_are_named() {
        for (recipe, part) in [
            (Recipe::Column(9), "column number 9"),
            (Recipe::Time(0, TimePreset::Js), "`ts` needs a time, but `a` is text"),
            (Recipe::Lower(Box::new(Recipe::Column(1))), "`lower` needs text"),
            (Recipe::Bool(2, String::new(), String::new()), "`bool` needs a boolean"),
            (Recipe::Integer(2), "`t` is a timestamp; write `ts(t, epoch_s)`"),
            (Recipe::UuidDigits(2), "`uuid` needs a uuid"),
            (
                Recipe::JsonColumn(JsonProfile::Jcs, 0),
                "`json` needs a json, jsonb or number column, but `a` is text; write `a`",
            ),
            (Recipe::Omit(Box::new(Recipe::Column(0))), "`?? omit` stands only in"),
            (
                Recipe::Sized(
                    Frame::Text(":".to_owned()),
                    Unit::Bytes,
                    Box::new(Recipe::Omit(Box::new(Recipe::Prev))),
                ),
                "`?? omit` stands only in",
            ),
        ] {
            let message = Program::new(&recipe, &columns(), Form::Text).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
