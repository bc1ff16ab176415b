//! What a chain is: its columns, order and links. How its rows are hashed is a [`Recipe`]; what of it is searched, a [`Search`].

use serde::{Deserialize, Serialize};

pub use super::json_profile::{JsonProfile, PgJson, PhpJson, PyJson};
pub use super::recipe::{
    Base64Form, Digest, Frame, JsonField, JsonItem, JsonNull, JsonValue, Recipe, TimePreset, Unit, Width,
};
pub use super::sought::{Search, Sought};
pub use super::time_form::{TimeForm, TimeSpelling, takes_zone};
pub use super::time_pattern::TimePattern;
pub use super::zone::Zone;

/// How the text of a cell is to be understood. Cells arrive in PostgreSQL's text output format under
/// `DateStyle ISO`, `TimeZone UTC`, `bytea_output hex`, `extra_float_digits 1`, which is also what a dump holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellKind {
    /// `text`, `varchar`, `char(n)` (with its padding), enums, `citext`, domains over them.
    Text,
    /// `smallint`, `integer`, `bigint`.
    Integer,
    /// `numeric`, with the scale it is stored in.
    Numeric,
    /// `real` or `double precision`.
    Float,
    /// `boolean`, as `t` or `f`.
    Bool,
    /// `timestamp`, read as UTC.
    Timestamp,
    /// `timestamptz`, printed by the server in UTC.
    TimestampTz,
    /// `date`.
    Date,
    /// `uuid`.
    Uuid,
    /// `json`: the stored text, verbatim.
    Json,
    /// `jsonb`: key order, white space and number spelling of what was written are lost.
    Jsonb,
    /// `bytea`, as `\x` and hex digits.
    Bytea,
    /// `inet`. Its text has a mask only where that is not the whole address, while its cast to text always has one.
    Inet,
    /// Anything else; usable as text only.
    Other,
    /// Rows of another relation that belong to this one, as [`super::rows_cell`] spells them.
    Rows,
}

/// A column of the rows a chain reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainColumn {
    /// Column name, exact.
    pub name: String,
    /// How its text is understood.
    pub kind: CellKind,
    /// Whether the catalogue allows NULL in it.
    pub nullable: bool,
    /// Whether the deletion of the row it points to makes it NULL (`ON DELETE SET NULL`), or gives it its default.
    #[serde(default)]
    pub cleared: bool,
    /// Digits of the second that a time column holds; `None` when the catalogue is not known.
    #[serde(default)]
    pub digits: Option<u8>,
    /// Whether it is a column of a row that is joined to the chain's own.
    #[serde(default)]
    pub joined: bool,
    /// Of a cell that holds rows, what they are.
    #[serde(default)]
    pub rows: Option<Members>,
}

/// The rows that a cell of kind [`CellKind::Rows`] holds. Their columns have places of their own among those of the chain,
/// which are NULL but where one of the rows is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// The places of their columns, in the order in which the cell holds them.
    pub columns: Vec<usize>,
    /// Those of them that give the order of the rows.
    pub order: Vec<usize>,
}

impl ChainColumn {
    /// A column of the chain's own relation that may be NULL.
    #[must_use]
    pub fn own(name: &str, kind: CellKind) -> Self {
        let name = name.to_owned();
        Self { name, kind, nullable: true, cleared: false, digits: None, joined: false, rows: None }
    }
}

/// A chain ready to be verified. All `usize` are indexes into [`ChainSpec::columns`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainSpec {
    /// Name in the policy.
    pub name: String,
    /// Relation, as `schema.name`, for messages.
    pub relation: String,
    /// The columns that are read, in the order in which cells arrive.
    pub columns: Vec<ChainColumn>,
    /// Columns that identify a row to people (the primary key, or a stand-in).
    pub key: Vec<usize>,
    /// Columns that split the relation into independent chains; empty means one chain.
    /// NULL is a value of its own here: rows with NULL in a split column form their own chain.
    pub split: Vec<usize>,
    /// Columns that give the declared order, ascending; never empty.
    pub order: Vec<usize>,
    /// Those of them that hold a number as text and are ordered as numbers.
    pub numeric: Vec<usize>,
    /// `Some(n)` when the first (only) order column counts from `n` without gaps in every split.
    pub dense_from: Option<i64>,
    /// The stored hash.
    pub hash: usize,
    /// The stored hash of the predecessor; `None` when the link is implicit (the row before in the declared order).
    pub previous: Option<usize>,
    /// What stands for the predecessor of the first row.
    pub genesis: Genesis,
    /// How the stored hash was computed; never empty. Of those that apply to a row, one must yield its hash.
    pub hashings: Vec<Hashing>,
    /// How many cells follow those of [`ChainSpec::columns`] in every row: `t` where a condition of a `when` holds, else
    /// `f`. Whoever reads the rows evaluates them.
    #[serde(default)]
    pub conditions: usize,
    /// Keys that the recipes use, by number. Only where they are kept, never what they are.
    #[serde(default)]
    pub keys: Vec<KeyRef>,
    /// Columns that must agree with what is computed from others.
    #[serde(default)]
    pub binds: Vec<Bind>,
    /// Where what was seen of the chain earlier is kept.
    #[serde(default)]
    pub anchors: Option<AnchorRef>,
    /// The column and value of the split that alone is read; all of it when `None`.
    #[serde(default)]
    pub narrowed: Option<(String, String)>,
    /// Whether the rows before an anchor may be gone.
    #[serde(default)]
    pub pruned_first: bool,
    /// Whether rows without hash are expected before the first row of each split that has one.
    #[serde(default)]
    pub unhashed_first: bool,
    /// Declared bounded searches; their candidates multiply.
    pub searches: Vec<Search>,
    /// Columns of the relation that the recipe does not cover (for the report), by name.
    pub uncovered: Vec<String>,
}

impl ChainSpec {
    /// Every recipe for the stored hash, with its number among the hashings.
    pub fn recipes(&self) -> impl Iterator<Item = (usize, &Recipe)> {
        self.hashings.iter().enumerate().filter_map(|(n, hashing)| match &hashing.how {
            How::Recipe(recipe) => Some((n, recipe)),
            How::LinksOnly => None,
        })
    }

    /// Cells in a row: those of the columns, then those of the conditions.
    #[must_use]
    pub fn width(&self) -> usize {
        self.columns.len() + self.conditions
    }

    /// Whether the condition of that number holds for a row; one that is unknown does not.
    #[must_use]
    pub fn holds(&self, condition: usize, row: &[Option<&str>]) -> bool {
        row.get(self.columns.len() + condition).copied().flatten() == Some("t")
    }
}

/// One way in which rows of a chain were hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hashing {
    /// How.
    pub how: How,
    /// The condition under which it applies; every row when `None`.
    pub when: Option<usize>,
}

impl Hashing {
    /// A recipe for every row.
    #[must_use]
    pub fn always(recipe: Recipe) -> Self {
        Self { how: How::Recipe(recipe), when: None }
    }
}

/// How a hash was computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By a recipe, which yields text or bytes to be compared with the stored hash.
    Recipe(Recipe),
    /// In a way that cannot be recomputed; the policy accepts that such rows are only linked.
    LinksOnly,
}

/// Where a key is kept and how it is spelt there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyRef {
    /// Its name in the policy.
    pub name: String,
    /// Where it is.
    pub origin: KeyOrigin,
    /// How its bytes are spelt.
    pub encoding: KeyEncoding,
}

/// Where a key is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyOrigin {
    /// In this environment variable.
    Env(String),
    /// In this file; a line end at its end does not belong to the key.
    File(String),
}

/// Where anchors are kept: a file of lines as `holdtrue verify --heads` writes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnchorRef {
    /// At this path.
    Path(String),
    /// At the path that this environment variable holds.
    Env(String),
}

/// How a key's bytes are spelt where it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyEncoding {
    /// As they are.
    Text,
    /// In hex digits.
    Hex,
    /// In base64 with or without padding.
    Base64,
}

/// A column that must agree with what is computed from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// The column.
    pub column: usize,
    /// What it must be. Where this is JSON, both are compared as JSON values, so that the order of members, white space
    /// and the spelling of numbers do not count; else byte by byte.
    pub value: Recipe,
    /// The condition under which it must; every row when `None`.
    pub when: Option<usize>,
}

/// The predecessor of the first row of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Genesis {
    /// The link column is NULL (with an implicit link: `prev` is NULL).
    Null,
    /// A fixed text, such as `GENESIS`, the empty text, or 64 zeros.
    Text(String),
    /// Fixed raw bytes, such as 32 zero bytes.
    Bytes(Vec<u8>),
    /// A recipe over the row's split columns, evaluated with `prev` NULL.
    Derived(Box<Recipe>),
}
