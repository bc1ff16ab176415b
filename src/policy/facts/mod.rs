//! The facts each kind of source publishes: one table for the checker, the prober and `holdtrue facts`.

mod attestation;
mod backups;
mod baseline;
mod document;
mod dump;
mod files;
mod host;
mod http;
mod list;
mod postgres;
mod record;

use super::kind::SourceKind;
use crate::value::Type;

/// One published fact.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// Its name after the source's name and a dot.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// Its argument, for facts that take one: `sessions of "role"`, `setting("name")`, `load(5min)`.
    pub argument: Option<Argument>,
    /// One sentence, with the unit where the type does not say it.
    pub about: &'static str,
    /// For PostgreSQL: one SELECT of one text column; `$1` is the argument.
    pub sql: &'static str,
    /// The word that the block of its source must have for it to be known.
    pub needs: Option<&'static str>,
    /// Whether it counts the things that the source stands for, so that none is nothing to look at.
    pub counts: bool,
    /// The fact that counts what it is a figure of: none of nothing says nothing.
    pub among: Option<&'static str>,
}

/// What a fact is asked with.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// What it is, with its article.
    pub what: &'static str,
    /// Its type: `text`, `number` or `duration`.
    pub ty: Type,
    /// The values it may have, as the policy writes them; any, where there are none.
    pub one_of: &'static [&'static str],
    /// What it is where none is written.
    pub otherwise: Option<&'static str>,
}

impl Argument {
    /// Any text.
    #[must_use]
    pub const fn text(what: &'static str) -> Self {
        Self { what, ty: Type::Text, one_of: &[], otherwise: None }
    }

    /// Any value of a type.
    #[must_use]
    pub const fn of(what: &'static str, ty: Type) -> Self {
        Self { what, ty, one_of: &[], otherwise: None }
    }

    /// How it is written, for people.
    #[must_use]
    pub fn written(&self) -> String {
        match self.ty {
            Type::Text => format!("\"{}\"", self.what),
            _ if self.one_of.is_empty() => self.what.to_owned(),
            _ => self.one_of.join("|"),
        }
    }
}

impl Fact {
    /// A fact without an argument.
    #[must_use]
    pub const fn new(name: &'static str, ty: Type, about: &'static str) -> Self {
        Self { name, ty, argument: None, about, sql: "", needs: None, counts: false, among: None }
    }

    /// The same with an argument.
    #[must_use]
    pub const fn with(self, argument: Argument) -> Self {
        Self { argument: Some(argument), ..self }
    }

    /// The same, where the block of its source has a word.
    #[must_use]
    pub const fn needing(self, word: &'static str) -> Self {
        Self { needs: Some(word), ..self }
    }

    /// The same, as a figure of what another fact counts.
    #[must_use]
    pub const fn among(self, counted: &'static str) -> Self {
        Self { among: Some(counted), ..self }
    }

    /// The same, counting what the source stands for.
    #[must_use]
    pub const fn counting(self) -> Self {
        Self { counts: true, ..self }
    }
}

/// The facts a kind of source publishes. One that stands there in several types takes that of what it is compared with,
/// and the first by itself.
#[must_use]
pub fn published(kind: SourceKind) -> &'static [Fact] {
    match kind {
        SourceKind::Postgres => postgres::FACTS,
        SourceKind::Dump => dump::FACTS,
        SourceKind::Files => files::FACTS,
        SourceKind::Host => host::FACTS,
        SourceKind::Document => document::FACTS,
        SourceKind::Attestation => attestation::FACTS,
        SourceKind::Http => http::FACTS,
        SourceKind::Wal => backups::WAL,
        SourceKind::Basebackup => backups::BASEBACKUP,
        SourceKind::Pgbackrest => backups::PGBACKREST,
        SourceKind::Barman => backups::BARMAN,
        SourceKind::Redis => backups::REDIS,
        SourceKind::Record => record::FACTS,
        SourceKind::Baseline => baseline::FACTS,
        SourceKind::List => list::FACTS,
    }
}
