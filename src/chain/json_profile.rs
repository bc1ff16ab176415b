//! How runtimes differ in the JSON they write: member order, white space, and which characters are escaped.

use serde::{Deserialize, Serialize};

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
        if self.spaced() { b", " } else { b"," }
    }

    /// Between a name and its value.
    pub(crate) fn colon(self) -> &'static [u8] {
        if self.spaced() { b": " } else { b":" }
    }

    /// Whether the order of members in the hashed object is what was hashed.
    pub(crate) fn keeps_order(self) -> bool {
        matches!(
            self,
            Self::Js { sorted: false }
                | Self::Py(PyJson { sorted: false, .. })
                | Self::Php(PhpJson { sorted: false, .. })
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

    fn spaced(self) -> bool {
        matches!(self, Self::Py(PyJson { compact: false, .. }))
    }

    fn only_ascii(self) -> bool {
        matches!(self, Self::Py(PyJson { utf8: false, .. }) | Self::Php(PhpJson { utf8: false, .. }))
    }

    /// Whether `/` is written as `\/`.
    pub(crate) fn escapes_slash(self) -> bool {
        matches!(self, Self::Php(PhpJson { slashes: false, .. }))
    }

    /// Whether a byte may belong to a character that is escaped.
    pub(crate) fn escapes(self, byte: u8) -> bool {
        match byte {
            0..0x20 | b'"' | b'\\' => true,
            b'/' => self.escapes_slash(),
            0x7f => self.only_ascii(),
            b'<' | b'>' | b'&' => matches!(self, Self::Go { unescaped: false, .. }),
            // The first byte of U+2028, which PHP and Go escape always.
            0xe2 => self.only_ascii() || matches!(self, Self::Php(_) | Self::Go { .. }),
            0x80.. => self.only_ascii(),
            _ => false,
        }
    }

    /// Whether a character is written as `\uXXXX`.
    pub(crate) fn by_number(self, c: char) -> bool {
        match (c, self) {
            ('\0'..' ', _) => true,
            // PHP counts DEL as ASCII, which CPython's regular expression does not.
            ('\u{7f}', _) => matches!(self, Self::Py(PyJson { utf8: false, .. })),
            ('\u{2028}' | '\u{2029}', Self::Php(_) | Self::Go { .. })
            | ('<' | '>' | '&', Self::Go { unescaped: false, .. }) => true,
            ('\u{80}'.., _) => self.only_ascii(),
            _ => false,
        }
    }

    /// How values inside a stored value are written: Go reads objects into maps, and sorts those.
    pub(crate) fn inside(self) -> Self {
        match self {
            Self::Go { unescaped, .. } => Self::Go { sorted: true, unescaped },
            other => other,
        }
    }
}

/// Puts members into the order in which the profile's runtime writes them.
pub(crate) fn arrange<T>(profile: JsonProfile, members: &mut [T], name: impl Fn(&T) -> &str) {
    if matches!(profile, JsonProfile::Jcs | JsonProfile::Js { sorted: true }) {
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
        | JsonProfile::Go { sorted: true, .. } => {
            members.sort_by(|a, b| name(a).cmp(name(b)));
        }
        JsonProfile::Py(_) | JsonProfile::Php(_) | JsonProfile::Go { .. } | JsonProfile::Jcs => {}
    }
}

fn array_index(name: &str) -> Option<u32> {
    let canonical = name == "0" || !name.starts_with('0');
    let index: u32 =
        if canonical && name.bytes().all(|b| b.is_ascii_digit()) { name.parse().ok()? } else { return None };
    (index != u32::MAX).then_some(index)
}
