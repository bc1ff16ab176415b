//! A found chain in the words of the language.

use super::family::Profiles;
use super::sheet::Sheet;
use crate::chain::spec::{
    Base64Form, Frame, Genesis, JsonField, JsonItem, JsonNull, JsonProfile, JsonValue, KeyEncoding,
    KeyOrigin, KeyRef, Recipe, Search, Sought, TimeForm, TimeSpelling, Unit,
};
use crate::chain::variants::PRESETS;

/// Words that mean something else where a column is expected.
const RESERVED: [&str; 14] = [
    "prev", "null", "true", "false", "omit", "now", "implicit", "int", "genesis", "where", "and", "or",
    "not", "dense",
];

/// A name as the language writes it.
#[must_use]
pub fn ident(name: &str) -> String {
    let mut letters = name.chars();
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    let plain = letters.next().is_some_and(begins) && letters.all(|c| begins(c) || c.is_ascii_digit());
    if plain && !RESERVED.contains(&name) { name.to_owned() } else { format!("`{name}`") }
}

/// A text as the language writes it.
#[must_use]
pub fn text(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// Columns that a line may take.
const WIDTH: usize = 100;

/// Goes on in the next line after a comma where a line grows too long. Inside parentheses a statement may do so.
pub(super) fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let (mut used, mut quoted, mut escaped, mut comma) = (0, false, false, false);
    // A word is what stands between two commas outside of quotes.
    let mut word = String::new();
    let place = |word: &mut String, out: &mut String, used: &mut usize| {
        let length = word.chars().count();
        if *used > 0 && *used + length > WIDTH && word.starts_with(' ') && !out.ends_with('\n') {
            out.push_str("\n   ");
            *used = 3;
        }
        *used += length;
        out.push_str(word);
        word.clear();
    };
    for c in text.chars() {
        if comma && c == ' ' {
            place(&mut word, &mut out, &mut used);
        }
        word.push(c);
        comma = c == ',' && !quoted;
        match c {
            '\n' => {
                place(&mut word, &mut out, &mut used);
                used = 0;
            }
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    place(&mut word, &mut out, &mut used);
    out
}

/// Writes recipes over the columns of a table.
pub(super) struct Printer<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) profiles: &'a Profiles,
    /// The keys of the recipes, by number, with their names in the block.
    pub(super) keys: Vec<(usize, KeyRef)>,
}

impl Printer<'_> {
    pub(super) fn column(&self, index: usize) -> String {
        match self.sheet.joined(index) {
            Some((join, name)) => format!("{}.{}", ident(&join.alias), ident(name)),
            None => ident(self.sheet.name(index)),
        }
    }

    fn profile(&self, profile: JsonProfile) -> &str {
        self.profiles.iter().find(|(_, known)| *known == profile).map_or("js", |(name, _)| name)
    }

    fn list(&self, parts: &[Recipe]) -> String {
        parts.iter().map(|part| self.recipe(part)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn recipe(&self, recipe: &Recipe) -> String {
        let call = |word: &str, inner: &Recipe| format!("{word}({})", self.recipe(inner));
        match recipe {
            Recipe::Text(value) => text(value),
            Recipe::Column(index) => self.column(*index),
            Recipe::Prev => "prev".to_owned(),
            Recipe::Cat(parts) => format!("cat({})", self.list(parts)),
            Recipe::Join(separator, parts) => format!("join({}, {})", text(separator), self.list(parts)),
            Recipe::Coalesce(inner, instead) => {
                format!("{} ?? {}", self.recipe(inner), self.recipe(instead))
            }
            Recipe::Omit(inner) => format!("{} ?? omit", self.recipe(inner)),
            Recipe::Digest(digest, inner) => call(digest.word(), inner),
            Recipe::Hex(inner) => call("hex", inner),
            Recipe::HexUpper(inner) => call("HEX", inner),
            Recipe::Base64(inner) => call("base64", inner),
            Recipe::Base64As(Base64Form::Url, inner) => call("base64url", inner),
            Recipe::Base64As(Base64Form::Lines, inner) => call("base64_lines", inner),
            Recipe::Unbase64(inner) => call("unbase64", inner),
            Recipe::Unhex(inner) => call("unhex", inner),
            Recipe::Lower(inner) => call("lower", inner),
            Recipe::Upper(inner) => call("upper", inner),
            Recipe::Time(index, preset) => {
                let word = PRESETS.iter().find(|(known, _)| known == preset).map_or("js", |(_, word)| word);
                format!("ts({}, {word})", self.column(*index))
            }
            Recipe::Decimal(index, scale) => format!("dec({}, {scale})", self.column(*index)),
            Recipe::Integer(index) => format!("int({})", self.column(*index)),
            Recipe::Bool(index, yes, no) => {
                format!("bool({}, {}, {})", self.column(*index), text(yes), text(no))
            }
            Recipe::UuidDigits(index) => format!("uuid({}, nodash)", self.column(*index)),
            Recipe::Sized(frame, unit, inner) => {
                let frame = match frame {
                    Frame::Text(separator) => text(separator),
                    Frame::Binary(width) => width.word().to_owned(),
                };
                let unit = match unit {
                    Unit::Bytes => "",
                    Unit::Utf16 => ", utf16",
                    Unit::Chars => ", chars",
                };
                format!("sized({frame}, {}{unit})", self.recipe(inner))
            }
            Recipe::Binary(width, inner) => call(width.word(), inner),
            Recipe::UuidBytes(index) => format!("uuid({}, bytes)", self.column(*index)),
            Recipe::Count(index) => format!("count({})", self.column(*index)),
            Recipe::Each(index, separator, inner) => {
                format!("each({}, {}, {})", self.column(*index), text(separator), self.recipe(inner))
            }
            Recipe::EachName => "name".to_owned(),
            Recipe::EachValue => "value".to_owned(),
            Recipe::NullIf(inner, value) => format!("nullif({}, {})", self.recipe(inner), text(value)),
            Recipe::Strip(prefix, inner) => format!("strip({}, {})", text(prefix), self.recipe(inner)),
            Recipe::ByteaCast(inner) => call("bytea_cast", inner),
            Recipe::Host(index) => format!("host({})", self.column(*index)),
            Recipe::Hmac(digest, key, inner) => {
                let name = self.keys.iter().find(|(known, _)| known == key);
                let name = name.map_or("", |(_, key)| &key.name);
                format!("hmac({}, {name}, {})", digest.word(), self.recipe(inner))
            }
            Recipe::TimeAs(index, TimeForm { spelling: TimeSpelling::Pattern(pattern), zone: None }) => {
                format!("ts({}, {})", self.column(*index), text(pattern.text()))
            }
            // What is looked for has no zones or lists; nothing of the like is ever found.
            Recipe::TimeAs(..) | Recipe::Enum(..) => String::new(),
            Recipe::JsonArray(profile, items) => {
                let items: Vec<String> = items.iter().map(|item| self.item(item)).collect();
                format!("json({}, [{}])", self.profile(*profile), items.join(", "))
            }
            Recipe::Json(profile, fields) => {
                format!("json({}, {})", self.profile(*profile), self.object(fields))
            }
            Recipe::JsonColumn(profile, index) => {
                format!("json({}, {})", self.profile(*profile), self.column(*index))
            }
        }
    }

    fn object(&self, fields: &[JsonField]) -> String {
        let members: Vec<String> = fields.iter().map(|field| self.member(field)).collect();
        format!("{{\n    {}\n  }}", members.join(",\n    "))
    }

    fn item(&self, item: &JsonItem) -> String {
        // A text would be the name of no column, so that it is printed with its value alone.
        let field = JsonField { key: String::new(), null: item.null, value: item.value.clone() };
        let text = self.member(&field);
        text.strip_prefix("``: ").or_else(|| text.strip_prefix("\"\": ")).unwrap_or(&text).to_owned()
    }

    fn member(&self, field: &JsonField) -> String {
        let key = match ident(&field.key) {
            quoted if quoted.starts_with('`') => text(&field.key),
            plain => plain,
        };
        let value = match &field.value {
            JsonValue::Column(index) if self.sheet.name(*index) == field.key && !key.starts_with('"') => {
                String::new()
            }
            JsonValue::Column(index) => self.column(*index),
            JsonValue::String(Recipe::Column(index)) => format!("cat({})", self.column(*index)),
            JsonValue::String(recipe) => self.recipe(recipe),
            JsonValue::Raw(recipe) => format!("raw({})", self.recipe(recipe)),
            JsonValue::Number(number) => number.clone(),
            JsonValue::Bool(value) => value.to_string(),
            JsonValue::Null => "null".to_owned(),
            JsonValue::Object(inner) => self.object(inner),
            // Arrays are not looked for.
            JsonValue::Array(_) | JsonValue::Each(..) => String::new(),
        };
        let null = match field.null {
            JsonNull::Undeclared => "",
            JsonNull::Null => " ?? null",
            JsonNull::Omit => " ?? omit",
            JsonNull::OmitEmpty => " ?? omit_empty",
        };
        if value.is_empty() { format!("{key}{null}") } else { format!("{key}: {value}{null}") }
    }

    /// Where a key is kept and how it is read there.
    pub(super) fn key(&self, key: &KeyRef) -> String {
        let origin = match &key.origin {
            KeyOrigin::Env(variable) => format!("env {variable}"),
            KeyOrigin::File(path) => format!("file {}", text(path)),
        };
        let read = match key.encoding {
            KeyEncoding::Text => "",
            KeyEncoding::Hex => " as hex",
            KeyEncoding::Base64 => " as base64",
        };
        format!("key {} from {origin}{read}", key.name)
    }

    pub(super) fn genesis(&self, genesis: &Genesis) -> String {
        match genesis {
            Genesis::Null => "null".to_owned(),
            Genesis::Text(value) if value.len() > 1 && value.bytes().all(|b| b == b'0') => {
                format!("zeros({})", value.len())
            }
            Genesis::Text(value) => text(value),
            Genesis::Bytes(bytes) => format!("zero_bytes({})", bytes.len()),
            Genesis::Derived(recipe) => self.recipe(recipe),
        }
    }

    pub(super) fn search(&self, search: &Search) -> String {
        let ms = |nanos: i64| format!("{}ms", nanos / 1_000_000);
        let column = self.column(search.column);
        match search.sought {
            Sought::Time { from_nanos, to_nanos, .. } => {
                format!("search {column} window {}..{}", ms(from_nanos), ms(to_nanos))
            }
            Sought::Digits { digits, rounded } => {
                format!("search {column} digits {digits}{}", if rounded { " rounded" } else { "" })
            }
            Sought::Zones => format!("search {column} zones"),
            Sought::Members => format!("search {column} members"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_go_on_after_a_comma_outside_of_quotes() {
        let columns = ["a_column"; 20].join(", ");
        let text = format!("  hash h = hex(sha256(join(\", \", {columns})))\n");
        let wrapped = wrapped(&text);
        assert!(wrapped.lines().all(|line| line.len() <= WIDTH), "{wrapped}");
        assert!(wrapped.contains("join(\", \", a_column") && wrapped.ends_with("a_column)))\n"));
        assert_eq!(wrapped.replace("\n   ", ""), text);
    }

    #[test]
    fn odd_names_stand_in_backticks() {
        assert_eq!(
            (ident("createdAt"), ident("prev"), ident("odd name")),
            ("createdAt".into(), "`prev`".into(), "`odd name`".into())
        );
        assert_eq!(text("a\"b\\\n"), r#""a\"b\\\n""#);
    }
}
