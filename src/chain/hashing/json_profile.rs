//! How runtimes differ in the JSON they write: member order, white space, and which characters are escaped.

use serde::{Deserialize, Serialize};

use super::json_relaxed as relaxed;

/// How a JSON text is spelt by the runtime that hashed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonProfile {
    /// `JSON.stringify`: no white space, ECMAScript number spelling.
    Js {
        /// Of objects rebuilt with sorted keys at every level; otherwise members stand in this order.
        sorted: bool,
    },
    /// RFC 8785: keys sorted by UTF-16 code units at every level, ECMAScript numbers.
    Jcs,
    /// CPython `json.dumps`.
    Py(PyJson),
    /// PHP `json_encode`.
    Php(PhpJson),
    /// Go `encoding/json`: a struct's members in this order, the keys of maps, which is what a stored value was read
    /// into, sorted by bytes.
    Go {
        /// Of a map: declared members are sorted, too.
        sorted: bool,
        /// `SetEscapeHTML(false)`: `<`, `>` and `&` stand as they are.
        unescaped: bool,
    },
    /// `to_json` of ActiveSupport: members in this order, `<`, `>`, `&`, U+2028 and U+2029 escaped, decimals as strings.
    Rails {},
    /// Rust's `serde_json`: a struct's members in this order, those of a `Value` sorted by bytes.
    Serde {
        /// Of a `Value` or a `BTreeMap`: declared members are sorted, too.
        sorted: bool,
        /// With the feature `preserve_order`, and in pydantic's `model_dump_json`: nothing is sorted.
        insertion: bool,
    },
    /// `System.Text.Json` of .NET.
    Stj {
        /// `JavaScriptEncoder.UnsafeRelaxedJsonEscaping`.
        relaxed: bool,
    },
    /// `ObjectMapper` of Jackson, in Java.
    Jackson {
        /// `ORDER_MAP_ENTRIES_BY_KEYS`, of maps, or `SORT_PROPERTIES_ALPHABETICALLY` of objects: by UTF-16 code units.
        sorted: bool,
        /// On JDK 19 or later, whose `Double.toString` prints the shortest digits always.
        jdk19: bool,
    },
    /// PostgreSQL itself.
    Pg(PgJson),
}

/// Which of PostgreSQL's functions made a text of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PgJson {
    /// `jsonb_build_object(...)::text` and all other `jsonb`: names by length, then by bytes; `", "` and `": "`.
    Jsonb,
    /// `json_build_object`, `json_build_array`: `", "` and `" : "`.
    Build,
    /// `row_to_json`, `to_json` of a record: no white space.
    Row,
}

/// Flags of PHP's `json_encode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhpJson {
    /// Not a flag: of arrays that went through `ksort` at every level.
    pub sorted: bool,
    /// `JSON_UNESCAPED_SLASHES`: `/` instead of `\/`.
    pub slashes: bool,
    /// `JSON_UNESCAPED_UNICODE`: characters outside ASCII stand as they are, but for U+2028 and U+2029.
    pub utf8: bool,
    /// `JSON_PRESERVE_ZERO_FRACTION`: `1.0` instead of `1`.
    pub zeros: bool,
}

/// Arguments of CPython's `json.dumps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PyJson {
    /// `sort_keys=True`: by code points, at every level.
    pub sorted: bool,
    /// `separators=(",", ":")` instead of `", "` and `": "`.
    pub compact: bool,
    /// `ensure_ascii=False`: characters outside ASCII stand as they are.
    pub utf8: bool,
    /// Not an argument: floats without a fraction were made integers first, `1.0` is written `1`.
    pub ints: bool,
}

impl JsonProfile {
    /// `json.dumps(obj, sort_keys=True)`, the way Python chains are nearly always written.
    pub const PY: PyJson = PyJson { sorted: true, compact: false, utf8: false, ints: false };

    /// Between members and between items.
    pub(crate) fn comma(self) -> &'static [u8] {
        match self {
            Self::Py(PyJson { compact: false, .. }) | Self::Pg(PgJson::Jsonb | PgJson::Build) => b", ",
            _ => b",",
        }
    }

    /// Between a name and its value.
    pub(crate) fn colon(self) -> &'static [u8] {
        match self {
            Self::Py(PyJson { compact: false, .. }) | Self::Pg(PgJson::Jsonb) => b": ",
            Self::Pg(PgJson::Build) => b" : ",
            _ => b":",
        }
    }

    /// Whether the order of members in the hashed object is what was hashed.
    pub(crate) fn keeps_order(self) -> bool {
        matches!(
            self,
            Self::Js { sorted: false }
                | Self::Py(PyJson { sorted: false, .. })
                | Self::Php(PhpJson { sorted: false, .. })
                | Self::Rails {}
                | Self::Serde { insertion: true, .. }
                | Self::Stj { .. }
                | Self::Jackson { sorted: false, .. }
        )
    }

    /// Whether these names have an order that can be told. PHP's `ksort` compares names that look like numbers as
    /// numbers, with each other, and as text with the rest, which differs between its versions.
    pub(crate) fn can_order<'n>(self, mut names: impl ExactSizeIterator<Item = &'n str>) -> bool {
        !matches!(self, Self::Php(PhpJson { sorted: true, .. }))
            || names.len() < 2
            || !names.any(|name| {
                name.trim_start().starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
            })
    }

    fn only_ascii(self) -> bool {
        matches!(
            self,
            Self::Py(PyJson { utf8: false, .. })
                | Self::Php(PhpJson { utf8: false, .. })
                | Self::Stj { relaxed: false }
        )
    }

    /// Whether `<`, `>` and `&` are escaped.
    fn for_html(self) -> bool {
        matches!(self, Self::Go { unescaped: false, .. } | Self::Rails {} | Self::Stj { relaxed: false })
    }

    /// Whether U+2028 and U+2029, which end a line in old JavaScript, are escaped.
    fn for_scripts(self) -> bool {
        matches!(self, Self::Php(_) | Self::Go { .. } | Self::Rails {} | Self::Stj { .. })
    }

    /// Whether `/` is written as `\/`.
    pub(crate) fn escapes_slash(self) -> bool {
        matches!(self, Self::Php(PhpJson { slashes: false, .. }))
    }

    /// Whether numbers of escapes have capital digits.
    pub(crate) fn capital_digits(self) -> bool {
        matches!(self, Self::Stj { .. } | Self::Jackson { .. })
    }

    /// Whether a byte may belong to a character that is escaped, or has no certain spelling.
    pub(crate) fn escapes(self, byte: u8) -> bool {
        match byte {
            0..0x20 | b'"' | b'\\' => true,
            b'/' => self.escapes_slash(),
            0x7f => self.only_ascii() || matches!(self, Self::Stj { .. }),
            b'<' | b'>' | b'&' => self.for_html(),
            b'\'' | b'+' | b'`' => matches!(self, Self::Stj { relaxed: false }),
            // The first byte of U+2028.
            0xe2 => self.only_ascii() || self.for_scripts(),
            0x80.. => self.only_ascii() || matches!(self, Self::Stj { .. }),
            _ => false,
        }
    }

    /// Whether a character is written as `\uXXXX`.
    pub(crate) fn by_number(self, c: char) -> bool {
        match (c, self) {
            ('\0'..' ', _) => true,
            ('"' | '\'' | '+' | '`', Self::Stj { relaxed: false }) => true,
            // PHP counts DEL as ASCII, which CPython's regular expression does not.
            ('\u{7f}', _) => matches!(self, Self::Py(PyJson { utf8: false, .. }) | Self::Stj { .. }),
            ('\u{2028}' | '\u{2029}', _) => self.for_scripts() || self.only_ascii(),
            ('<' | '>' | '&', _) => self.for_html(),
            ('\u{80}'.., Self::Stj { relaxed: true }) => !relaxed::stands(c),
            ('\u{80}'.., _) => self.only_ascii(),
            _ => false,
        }
    }

    /// Whether it is certain how a character is written: .NET escapes what its own tables do not know yet, and Go 1.22 began
    /// to write `\b` and `\f` instead of numbers.
    pub(crate) fn certain(self, c: char) -> bool {
        match self {
            Self::Stj { relaxed: true } => relaxed::certain(c),
            Self::Go { .. } => !matches!(c, '\u{8}' | '\u{c}'),
            _ => true,
        }
    }

    /// How values inside a stored value are written: Go reads objects into maps, and sorts those.
    pub(crate) fn inside(self) -> Self {
        match self {
            Self::Go { unescaped, .. } => Self::Go { sorted: true, unescaped },
            Self::Serde { insertion, .. } => Self::Serde { sorted: !insertion, insertion },
            other => other,
        }
    }
}

/// Puts members into the order in which the profile's runtime writes them.
pub(crate) fn arrange<T>(profile: JsonProfile, members: &mut [T], name: impl Fn(&T) -> &str) {
    if matches!(
        profile,
        JsonProfile::Jcs | JsonProfile::Js { sorted: true } | JsonProfile::Jackson { sorted: true, .. }
    ) {
        members.sort_by(|a, b| name(a).encode_utf16().cmp(name(b).encode_utf16()));
    }
    match profile {
        // ECMAScript lists integer-like names first, in numeric order, whatever the order of insertion.
        JsonProfile::Js { .. } => {
            members.sort_by_key(|member| array_index(name(member)).map_or(u64::MAX, u64::from));
        }
        // CPython compares code points, which is the order of UTF-8 bytes, which Go and PHP compare.
        JsonProfile::Py(PyJson { sorted: true, .. })
        | JsonProfile::Php(PhpJson { sorted: true, .. })
        | JsonProfile::Go { sorted: true, .. }
        | JsonProfile::Serde { sorted: true, .. } => {
            members.sort_by(|a, b| name(a).cmp(name(b)));
        }
        JsonProfile::Pg(PgJson::Jsonb) => {
            members.sort_by(|a, b| (name(a).len(), name(a)).cmp(&(name(b).len(), name(b))));
        }
        JsonProfile::Py(_)
        | JsonProfile::Php(_)
        | JsonProfile::Go { .. }
        | JsonProfile::Jcs
        | JsonProfile::Rails {}
        | JsonProfile::Serde { .. }
        | JsonProfile::Stj { .. }
        | JsonProfile::Jackson { .. }
        | JsonProfile::Pg(_) => {}
    }
}

fn array_index(name: &str) -> Option<u32> {
    let canonical = name == "0" || !name.starts_with('0');
    let index: u32 =
        if canonical && name.bytes().all(|b| b.is_ascii_digit()) { name.parse().ok()? } else { return None };
    (index != u32::MAX).then_some(index)
}
