//! The expressions by which rows are hashed.

use serde::{Deserialize, Serialize};

use super::json_profile::JsonProfile;
use super::time_form::TimeForm;

/// An expression that yields NULL, text or bytes for one row and a predecessor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipe {
    /// Fixed text.
    Text(String),
    /// A column's text as stored (`t`/`f` for booleans, UTC ISO text for times); bytes for `bytea`.
    Column(usize),
    /// The predecessor's hash in its stored form (text, or bytes for `bytea`); NULL at a NULL genesis.
    Prev,
    /// `cat(a, b, ...)`: one after another.
    Cat(Vec<Recipe>),
    /// `join("|", a, b, ...)`.
    Join(String, Vec<Recipe>),
    /// `x ?? y`: y when `x` is NULL, or when a NULL in it is not provided for.
    Coalesce(Box<Recipe>, Box<Recipe>),
    /// `sha256(x)`, ...: raw digest bytes of the UTF-8 text or bytes of `x`.
    Digest(Digest, Box<Recipe>),
    /// `hmac(sha256, KEY, x)`: raw bytes of the HMAC (RFC 2104) under the key of that number.
    Hmac(Digest, usize, Box<Recipe>),
    /// `hex(x)`: lower-case hex of bytes.
    Hex(Box<Recipe>),
    /// `HEX(x)`: upper-case hex of bytes.
    HexUpper(Box<Recipe>),
    /// `base64(x)`: standard alphabet with padding.
    Base64(Box<Recipe>),
    /// `base64url(x)`, `base64_lines(x)`.
    Base64As(Base64Form, Box<Recipe>),
    /// `unbase64(x)`: bytes from base64 text of either alphabet, with or without padding and line ends.
    Unbase64(Box<Recipe>),
    /// `unhex(x)`: bytes from hex text, for a previous hash that enters the preimage raw.
    Unhex(Box<Recipe>),
    /// `lower(x)`.
    Lower(Box<Recipe>),
    /// `upper(x)`.
    Upper(Box<Recipe>),
    /// `ts(column, preset)`.
    Time(usize, TimePreset),
    /// `dec(column, scale)`: an exact decimal with that many digits after the point.
    Decimal(usize, u32),
    /// `int(column)`: digits without a point; a fraction other than zero is an evaluation issue.
    Integer(usize),
    /// `bool(column, "true", "false")`.
    Bool(usize, String, String),
    /// `json(profile, { key: value, ... })`.
    Json(JsonProfile, Vec<JsonField>),
    /// `json(profile, column)`: a `json` or `jsonb` value, serialised anew as text.
    JsonColumn(JsonProfile, usize),
    /// `x ?? omit`, only as a part of `cat` or `join`: a NULL is left out, with its separator.
    Omit(Box<Recipe>),
    /// `uuid(column, nodash)`: the 32 lower-case digits of a `uuid`, or of a text that is one.
    UuidDigits(usize),
    /// `sized(":", x)`: how long `x` is, then `x`.
    Sized(Frame, Unit, Box<Recipe>),
    /// `u32be(x)`, ...: a number in text as bytes.
    Binary(Width, Box<Recipe>),
    /// `uuid(column, bytes)`: the 16 bytes of a `uuid`, or of a text that is one.
    UuidBytes(usize),
    /// `each(column, "separator", x)`: x for each member of a JSON object, sorted by name, or item of a JSON array, or for each
    /// row of a cell that holds rows.
    Each(usize, String, Box<Recipe>),
    /// `name` inside `each`: the member's name, or the item's number from 0.
    EachName,
    /// `value` inside `each`: a string's text, a number or boolean as it stands in JSON, NULL for null.
    EachValue,
    /// `count(column)`: how many members or items a JSON value has, or a cell rows, in decimal.
    Count(usize),
    /// `ts(column, "pattern")`, and `ts(column, ..., "zone")`.
    TimeAs(usize, TimeForm),
    /// `json(profile, [a, b, ...])`.
    JsonArray(JsonProfile, Vec<JsonItem>),
    /// `enum(column, { stored: "hashed", ... })`; a value that is not listed is an evaluation issue.
    Enum(usize, Vec<(String, String)>),
    /// `nullif(x, "text")`: NULL where `x` is the text.
    NullIf(Box<Recipe>, String),
    /// `strip("prefix", x)`: `x` without the prefix, which must be there.
    Strip(String, Box<Recipe>),
    /// `bytea_cast(x)`: the bytes that PostgreSQL's `x::bytea` reads from a text.
    ByteaCast(Box<Recipe>),
    /// `host(column)`: an `inet` or `cidr` without its mask, as PostgreSQL's `host()` and most drivers have it.
    Host(usize),
}

/// Base64 that is not the plain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base64Form {
    /// `-` and `_` in place of `+` and `/`, without padding (RFC 4648, section 5).
    Url,
    /// The standard alphabet with padding and a line feed between each 76 characters, as PostgreSQL's `encode` has it.
    Lines,
}

/// How a length stands before what it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// In decimal, followed by this text.
    Text(String),
    /// In binary.
    Binary(Width),
}

/// What a length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Bytes of the UTF-8 text, or of the bytes.
    Bytes,
    /// UTF-16 code units of a text: `length` in Java, JavaScript and .NET.
    Utf16,
    /// Unicode scalar values of a text: `len` in Python, `length` in SQL.
    Chars,
}

/// Binary numbers: their size, sign and byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say all: kind, bits, byte order")]
pub enum Width {
    U8,
    U16be,
    U16le,
    U32be,
    U32le,
    U64be,
    U64le,
    I32be,
    I32le,
    I64be,
    I64le,
    F64be,
    F64le,
}

/// One member of a JSON object, in declared order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonField {
    /// Member name.
    pub key: String,
    /// What becomes of NULL.
    pub null: JsonNull,
    /// Value.
    pub value: JsonValue,
}

/// What a NULL value becomes in a JSON object. There is no default: an undeclared NULL is an evaluation issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonNull {
    /// Not declared: the row cannot be evaluated.
    Undeclared,
    /// `?? null`: the literal `null`.
    Null,
    /// `?? omit`: the member is left out.
    Omit,
    /// `?? omit_empty`: the member is left out when it is NULL, and when it is an empty text, zero, `false`, `null`, or an
    /// empty array or object of a stored value: `omitempty` of Go's `encoding/json`.
    OmitEmpty,
}

/// One item of a JSON array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonItem {
    /// What becomes of NULL.
    pub null: JsonNull,
    /// Value.
    pub value: JsonValue,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonValue {
    /// A column by its own type: text-like and times as strings of their stored text, numbers as numbers,
    /// booleans as booleans, `json`/`jsonb` as nested values, keys as stored unless the profile sorts.
    Column(usize),
    /// A string computed by a recipe (which may be NULL).
    String(Recipe),
    /// `raw(x)`: what a recipe yields, placed as it is: a number, or JSON that another serialiser wrote.
    Raw(Recipe),
    /// A fixed number, as written.
    Number(String),
    /// A fixed boolean.
    Bool(bool),
    /// Fixed `null`.
    Null,
    /// A nested object.
    Object(Vec<JsonField>),
    /// A nested array.
    Array(Vec<JsonItem>),
    /// `each(rows, x)`: an array with x for each row of a cell that holds rows.
    Each(usize, Box<JsonItem>),
}

/// Digest algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// RFC 1321 MD5, broken: whoever can write the table can make two rows with one hash.
    Md5,
    /// FIPS 180-4 SHA-1, broken like MD5.
    Sha1,
    /// FIPS 180-4 SHA-256.
    Sha256,
    /// FIPS 180-4 SHA-384.
    Sha384,
    /// FIPS 180-4 SHA-512.
    Sha512,
    /// FIPS 202 SHA3-256.
    Sha3_256,
    /// FIPS 202 SHA3-384.
    Sha3_384,
    /// FIPS 202 SHA3-512.
    Sha3_512,
    /// RFC 7693 BLAKE2b with 32 bytes.
    Blake2b256,
    /// RFC 7693 BLAKE2b with 64 bytes.
    Blake2b512,
    /// RFC 7693 BLAKE2s with 32 bytes.
    Blake2s256,
    /// BLAKE3 with 32 bytes.
    Blake3,
}

/// How an instant is spelt by the runtime that hashed it. All take the stored value as UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimePreset {
    /// `js`: ECMAScript `toISOString`, always 3 digits and `Z`.
    Js,
    /// `py`: CPython `datetime.isoformat` of an aware UTC value: 6 digits or none, `+00:00`.
    Py,
    /// `py_z`: the same with `Z` put for `+00:00`.
    PyZ,
    /// `py_naive`: the same without offset.
    PyNaive,
    /// `py_str`: CPython `str(datetime)` of a naive value: a blank instead of `T`.
    PyStr,
    /// `py_str_tz`: CPython `str(datetime)` of an aware value: as `py` with a blank instead of `T`.
    PyStrTz,
    /// `py_epoch`: CPython `str(datetime.timestamp())`, a float's `repr`.
    PyEpoch,
    /// `java`: `java.time.Instant.toString`: 0, 3, 6 or 9 digits and `Z`.
    Java,
    /// `java_local`: `java.time.LocalDateTime.toString`: seconds dropped when zero, 0/3/6/9 digits, no zone.
    JavaLocal,
    /// `java_offset`: `java.time.OffsetDateTime.toString` in UTC: as `java_local`, with `Z`.
    JavaOffset,
    /// `java_timestamp`: `java.sql.Timestamp.toString`: a blank, trailing zeros dropped but for one digit, no zone.
    JavaTimestamp,
    /// `chrono`: Rust's `chrono::DateTime::to_rfc3339` in UTC: 0, 3, 6 or 9 digits and `+00:00`.
    Chrono,
    /// `chrono_str`: `to_string` of the same: a blank, 0, 3, 6 or 9 digits and ` UTC`.
    ChronoStr,
    /// `chrono_naive`: `chrono::NaiveDateTime` in JSON or by `{:?}`: `T`, 0, 3, 6 or 9 digits, no zone.
    ChronoNaive,
    /// `go`: `time.RFC3339Nano` in UTC: trailing zeros of the fraction dropped, `Z`.
    Go,
    /// `go_str`: `time.Time.String` in UTC: a blank, trailing zeros of the fraction dropped, ` +0000 UTC`.
    GoStr,
    /// `dotnet`: round-trip format `O` of a UTC value: 7 digits and `Z`.
    Dotnet,
    /// `dotnet_offset`: the same of a `DateTimeOffset` in UTC: 7 digits and `+00:00`.
    DotnetOffset,
    /// `iso_s_z`: whole seconds and `Z`.
    IsoSeconds,
    /// `iso_ms_z`: exactly 3 digits, truncated, and `Z`.
    IsoMillis,
    /// `iso_us_z`: exactly 6 digits and `Z`.
    IsoMicros,
    /// `laravel`: whole seconds and `+00:00`.
    Laravel,
    /// `pg`: PostgreSQL `timestamp::text`: a blank, trailing zeros trimmed, no zone.
    Pg,
    /// `pgtz`: PostgreSQL `timestamptz::text` in UTC: as `pg` with `+00`.
    PgTz,
    /// `pg_json`: PostgreSQL `to_json(timestamptz)` in UTC: as `pg` with `T` between and `+00:00`.
    PgJson,
    /// `epoch_s`: whole seconds since 1970, truncated.
    EpochSeconds,
    /// `epoch_ms`: whole milliseconds since 1970, truncated.
    EpochMillis,
    /// `epoch_us`: microseconds since 1970.
    EpochMicros,
    /// `epoch_ns`: nanoseconds since 1970.
    EpochNanos,
    /// `epoch_s_round`: seconds since 1970, rounded, a half away from zero: `extract(epoch from x)::bigint` of PostgreSQL 14
    /// and later.
    EpochSecondsRound,
    /// `epoch_ticks`: `System.DateTime.Ticks`, tenths of a microsecond since the year 1.
    EpochTicks,
}
