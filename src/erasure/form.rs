//! The one text form of a value, by the type of its column. Two values are the same subject if and only if their forms are
//! the same bytes.

use std::borrow::Cow;

use crate::catalogue::{Column, ColumnKind};

/// How values of a column are compared with those of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Byte by byte.
    Text,
    /// `char(n)`: without the blanks at its end.
    Padded,
    /// `citext`: in lower case, as Unicode has it.
    Folded,
    /// `uuid`: 32 digits in lower case with four hyphens.
    Uuid,
    /// A whole number from one limit to another, in decimal digits.
    Whole(i64, i64),
    /// `numeric`: without zeros that say nothing.
    Numeric,
}

impl Form {
    /// The form of a column's values.
    ///
    /// # Errors
    ///
    /// Why they cannot be compared with a list, to stand behind the column's name.
    pub fn of(column: &Column) -> Result<Self, String> {
        let own = |schema: &str| {
            format!("is compared by rules of its own (an extension or a collation of schema `{schema}`)")
        };
        match (column.kind, &column.operators) {
            (ColumnKind::Text, Some(_)) if is_citext(&column.type_name) => Ok(Self::Folded),
            (_, Some(schema)) => Err(own(schema)),
            (_, None) if column.folding => {
                Err("has a collation that calls different texts equal, and a list is compared byte by byte"
                    .to_owned())
            }
            (ColumnKind::Text, None) => Ok(Self::Text),
            (ColumnKind::PaddedText, None) => Ok(Self::Padded),
            (ColumnKind::Uuid, None) => Ok(Self::Uuid),
            (ColumnKind::Integer, None) => Ok(match column.type_name.as_str() {
                "smallint" => Self::Whole(i16::MIN.into(), i16::MAX.into()),
                "integer" => Self::Whole(i32::MIN.into(), i32::MAX.into()),
                "oid" => Self::Whole(0, u32::MAX.into()),
                _ => Self::Whole(i64::MIN, i64::MAX),
            }),
            (ColumnKind::Numeric, None) => Ok(Self::Numeric),
            _ => Err(format!("is `{}`, which identifies nobody", column.type_name)),
        }
    }

    /// What a value of the type is, for people.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Text | Self::Padded | Self::Folded => "text",
            Self::Uuid => "UUID",
            Self::Whole(..) => "whole number of this size",
            Self::Numeric => "decimal number",
        }
    }

    /// The form of a value as somebody wrote it in a list; `None` where no value of the column can be meant.
    #[must_use]
    pub fn listed(self, text: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Text => Some(Cow::Borrowed(text)),
            Self::Padded => Some(Cow::Borrowed(text.trim_end_matches(' '))),
            Self::Folded => Some(Cow::Owned(text.to_lowercase())),
            Self::Uuid => uuid(text).map(Cow::Owned),
            Self::Whole(least, most) => {
                let number: i64 = text.parse().ok()?;
                (least..=most).contains(&number).then(|| Cow::Owned(number.to_string()))
            }
            Self::Numeric => numeric(text).map(Cow::Owned),
        }
    }

    /// The form of a value as PostgreSQL writes it; `None` where it is nobody's, such as `NaN`.
    #[must_use]
    pub fn stored(self, text: &str) -> Option<Cow<'_, str>> {
        match self {
            // Written so already.
            Self::Uuid | Self::Whole(..) => Some(Cow::Borrowed(text)),
            _ => self.listed(text),
        }
    }

    /// Every spelling of a value whose digest counts as that of the value. What has one form in a database is written in
    /// several by those who make digests, and each of them with the line end that some tools add.
    pub fn spellings(self, stored: &str, mut each: impl FnMut(&[u8])) {
        let form = self.stored(stored);
        let mut both = |text: &str| {
            let mut line = Vec::with_capacity(text.len() + 1);
            line.extend_from_slice(text.as_bytes());
            each(&line);
            line.push(b'\n');
            each(&line);
        };
        both(stored);
        if let Some(form) = form.filter(|form| **form != *stored) {
            both(&form);
        }
        if self == Self::Uuid {
            let bare: String = stored.chars().filter(|c| *c != '-').collect();
            both(&stored.to_ascii_uppercase());
            both(&bare.to_ascii_uppercase());
            both(&bare);
        }
    }
}

fn is_citext(type_name: &str) -> bool {
    type_name.rsplit('.').next().is_some_and(|name| name == "citext")
}

/// A UUID as PostgreSQL writes it, from the spellings it reads: in any case, with or without braces and hyphens
/// (`uuid_in` in its `uuid.c`, which is stricter about where hyphens stand).
fn uuid(text: &str) -> Option<String> {
    let inner = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let digits: Vec<char> = inner.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    if digits.len() != 32 || !digits.iter().all(char::is_ascii_hexdigit) {
        return None;
    }
    let mut out = String::with_capacity(36);
    for (n, c) in digits.into_iter().enumerate() {
        if matches!(n, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(c);
    }
    Some(out)
}

/// A decimal number without sign of plus, zeros that say nothing, or a point behind which nothing stands.
fn numeric(text: &str) -> Option<String> {
    let (minus, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let only_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !only_digits(whole) || !only_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    if whole.is_empty() && fraction.is_empty() {
        return Some("0".to_owned());
    }
    let mut out = String::with_capacity(text.len() + 1);
    if minus {
        out.push('-');
    }
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    Some(out)
}
