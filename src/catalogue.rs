//! What a source says it holds: relations, columns, keys and the objects around them. Plain data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::chain::spec::CellKind;
use crate::policy::RelationName;
use crate::value::Type;

/// Everything read from a source's catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Relations outside the system schemas.
    pub relations: Vec<Relation>,
    /// Foreign keys between them.
    pub foreign_keys: Vec<ForeignKey>,
    /// Indexes, constraints and triggers with their state.
    pub objects: Vec<Object>,
    /// Sequences that feed a column.
    pub sequences: Vec<Sequence>,
    /// Names of volatile functions that raw SQL in the policy mentions, and of operators over such.
    pub volatile: Vec<String>,
    /// Names of functions of users' schemas that raw SQL in the policy mentions and that read a clock.
    #[serde(default)]
    pub clocks: Vec<String>,
    /// Functions and operators of users' schemas that could answer instead of the system's own.
    #[serde(default)]
    pub shadows: Vec<Shadow>,
    /// Extensions that are installed in the database; `None` where the source does not say.
    #[serde(default)]
    pub extensions: Option<Vec<String>>,
    /// Of a baseline, the greatest values that cut-offs are by: relation, column, value if any row has one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub greatest: BTreeMap<String, BTreeMap<String, Option<String>>>,
}

/// A function or operator over system types that has the name of a system one and belongs to no extension. Where its
/// schema is searched, it wins whenever its argument types fit better.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shadow {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Whether it is an operator; otherwise a function.
    pub operator: bool,
}

/// A relation that holds or shows rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// Its name.
    pub name: RelationName,
    /// What it is.
    pub kind: RelationKind,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Columns of its primary key; empty without one.
    pub primary_key: Vec<String>,
    /// The server's estimate of its rows, negative when never analysed.
    pub estimated_rows: i64,
    /// Whether another server keeps some of its rows, and holds them to nothing that is declared here: no NOT NULL, no
    /// bounds of a partition.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
    /// Whether it is one table: no others inherit from it, and no column is generated. Such a table can be copied as it
    /// lies.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,
    /// The relations that its rows are in, each row in one, where some are of other servers and all may be read. Empty
    /// where it is best read as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<RelationName>,
}

/// Kinds of relations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// An ordinary table.
    Table,
    /// A partitioned table, standing for its partitions.
    Partitioned,
    /// A foreign table.
    Foreign,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A partition, whose rows its partitioned table stands for.
    Partition,
}

impl RelationKind {
    /// Whether it holds rows of its own, here or elsewhere. A partition's rows are its table's.
    #[must_use]
    pub fn stores(self) -> bool {
        matches!(self, Self::Table | Self::Partitioned | Self::Foreign)
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as PostgreSQL writes it.
    pub type_name: String,
    /// What kind of values it holds, domains resolved.
    pub kind: ColumnKind,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// Schema of its type's own comparison operators, for types of extensions such as `citext`. They are not on the
    /// search path, and the system's operators would compare such a value as if it were plain text.
    #[serde(default)]
    pub operators: Option<String>,
    /// Words of its enum; empty for other types.
    #[serde(default)]
    pub words: Vec<String>,
    /// Whether a server generates its values, and this source holds none: a generated column in an archive.
    #[serde(default)]
    pub generated: bool,
    /// Whether a server computes its values from those of others, so that they say nothing of their own. Of an archive that
    /// is what `generated` says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub computed: bool,
    /// Whether its collation calls different texts equal (a collation that is not deterministic), so that only a server can
    /// compare them. In an archive such a column has comparison operators of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub folding: bool,
}

/// Kinds of column types, as far as they are treated differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// `text`, `varchar`, `citext`, `name`.
    Text,
    /// `char(n)`.
    PaddedText,
    /// An enum.
    Enum,
    /// `smallint`, `integer`, `bigint`.
    Integer,
    /// `numeric`.
    Numeric,
    /// `real`, `double precision`.
    Float,
    /// `money`.
    Money,
    /// `boolean`.
    Bool,
    /// `timestamp`.
    Timestamp,
    /// `timestamptz`.
    TimestampTz,
    /// `date`.
    Date,
    /// `interval`.
    Interval,
    /// `uuid`.
    Uuid,
    /// `json`.
    Json,
    /// `jsonb`.
    Jsonb,
    /// `bytea`.
    Bytea,
    /// `inet`.
    Inet,
    /// Anything else.
    Other,
}

impl ColumnKind {
    /// The kind for a base type's name in `pg_type` and its `typtype` and `typcategory`.
    #[must_use]
    pub fn of(typname: &str, typtype: &str) -> Self {
        match (typname, typtype) {
            (_, "e") => Self::Enum,
            ("text" | "varchar" | "citext" | "name" | "char", _) => Self::Text,
            ("bpchar", _) => Self::PaddedText,
            ("int2" | "int4" | "int8" | "oid", _) => Self::Integer,
            ("numeric", _) => Self::Numeric,
            ("float4" | "float8", _) => Self::Float,
            ("money", _) => Self::Money,
            ("bool", _) => Self::Bool,
            ("timestamp", _) => Self::Timestamp,
            ("timestamptz", _) => Self::TimestampTz,
            ("date", _) => Self::Date,
            ("interval", _) => Self::Interval,
            ("uuid", _) => Self::Uuid,
            ("json", _) => Self::Json,
            ("jsonb", _) => Self::Jsonb,
            ("bytea", _) => Self::Bytea,
            ("inet", _) => Self::Inet,
            _ => Self::Other,
        }
    }

    /// The policy type of its values; `None` when the language has none for it.
    #[must_use]
    pub fn ty(self) -> Option<Type> {
        match self {
            Self::Text | Self::PaddedText | Self::Enum | Self::Uuid => Some(Type::Text),
            Self::Integer | Self::Numeric | Self::Float | Self::Money => Some(Type::Number),
            Self::Bool => Some(Type::Bool),
            Self::Timestamp | Self::TimestampTz | Self::Date => Some(Type::Time),
            Self::Interval => Some(Type::Duration),
            Self::Json | Self::Jsonb | Self::Bytea | Self::Inet | Self::Other => None,
        }
    }

    /// Whether the type has values beside those that can be compared with sense: `NaN` and infinities.
    #[must_use]
    pub fn may_be_infinite(self) -> bool {
        matches!(
            self,
            Self::Numeric | Self::Float | Self::Timestamp | Self::TimestampTz | Self::Date | Self::Interval
        )
    }

    /// How the chain engine reads its text.
    #[must_use]
    pub fn cell(self) -> CellKind {
        match self {
            Self::Text | Self::PaddedText | Self::Enum => CellKind::Text,
            Self::Integer => CellKind::Integer,
            Self::Numeric => CellKind::Numeric,
            Self::Float => CellKind::Float,
            Self::Bool => CellKind::Bool,
            Self::Timestamp => CellKind::Timestamp,
            Self::TimestampTz => CellKind::TimestampTz,
            Self::Date => CellKind::Date,
            Self::Uuid => CellKind::Uuid,
            Self::Json => CellKind::Json,
            Self::Jsonb => CellKind::Jsonb,
            Self::Bytea => CellKind::Bytea,
            Self::Inet => CellKind::Inet,
            Self::Money | Self::Interval | Self::Other => CellKind::Other,
        }
    }
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// Its name.
    pub name: String,
    /// The relation that points.
    pub child: RelationName,
    /// Its columns.
    pub child_columns: Vec<String>,
    /// The relation pointed to.
    pub parent: RelationName,
    /// Its columns.
    pub parent_columns: Vec<String>,
    /// Whether the catalogue calls it validated.
    pub validated: bool,
    /// `MATCH FULL`: a key that is NULL in part is a violation.
    pub match_full: bool,
    /// `ON DELETE SET NULL` or `SET DEFAULT`: deleting the row pointed to changes the one that points.
    #[serde(default)]
    pub clears: bool,
}

/// An index, constraint or trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// `index`, `constraint` or `trigger`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The relation it belongs to.
    pub relation: RelationName,
    /// What is wrong with it; empty when it is as it should be.
    pub problem: String,
}

/// A sequence and the column it feeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// Its name.
    pub name: RelationName,
    /// The relation it feeds.
    pub relation: RelationName,
    /// The column it feeds.
    pub column: String,
    /// The last value handed out; `None` before the first use or without permission to see it.
    pub last_value: Option<String>,
    /// Whether the role may see it.
    pub readable: bool,
    /// Its increment.
    pub increment: i64,
}

impl Catalogue {
    /// The columns of a parent that these columns of a child point to, in the same order: those of a foreign key over
    /// them, else the parent's primary key; empty when nothing says.
    #[must_use]
    pub fn key_for(&self, child: &RelationName, columns: &[String], parent: &Relation) -> Vec<String> {
        let foreign = self.foreign_keys.iter().find(|f| {
            f.child == *child
                && f.parent == parent.name
                && f.child_columns.len() == columns.len()
                && f.child_columns.iter().all(|c| columns.contains(c))
        });
        if let Some(foreign) = foreign {
            let pairs: Vec<_> = foreign.child_columns.iter().zip(&foreign.parent_columns).collect();
            return columns
                .iter()
                .filter_map(|c| pairs.iter().find(|(child, _)| *child == c).map(|(_, p)| (*p).clone()))
                .collect();
        }
        let key = &parent.primary_key;
        // A composite key written in another order is the same key when its columns bear the same names.
        if key.len() == columns.len() && columns.iter().all(|c| key.contains(c)) {
            return columns.to_vec();
        }
        key.clone()
    }

    /// A relation by its exact name.
    #[must_use]
    pub fn relation(&self, name: &RelationName) -> Option<&Relation> {
        self.relations.iter().find(|r| r.name == *name)
    }
}

impl Relation {
    /// A column by its exact name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// Columns that point a person at a row: the primary key, else the first three columns.
    #[must_use]
    pub fn key_columns(&self) -> Vec<String> {
        if self.primary_key.is_empty() {
            self.columns.iter().take(3).map(|c| c.name.clone()).collect()
        } else {
            self.primary_key.clone()
        }
    }
}
