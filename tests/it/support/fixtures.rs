//! One cluster per test process, and the shipped data in it: each variant is built once and then copied.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::cluster::{Cluster, Options};

/// What `policies/tala/data` offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tala {
    /// Everything holds.
    Clean,
    /// One fault of each kind: `faults.sql`.
    Faults,
    /// The hashed time was read before the stored one: `app_clock.sql`.
    AppClock,
}

/// What `policies/accubooks/data` offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccuBooks {
    /// Everything holds.
    Clean,
    /// One fault of each kind: `faults.sql`.
    Faults,
    /// The audit metadata lost its key order: `jsonb.sql`.
    Jsonb,
}

/// A variant of an application's data: its database, and the file that makes it out of the clean one.
#[derive(Clone, Copy)]
struct Variant {
    policy: &'static str,
    database: &'static str,
    change: Option<&'static str>,
}

impl Tala {
    fn variant(self) -> Variant {
        let (database, change) = match self {
            Self::Clean => ("tala_clean", None),
            Self::Faults => ("tala_faults", Some("faults.sql")),
            Self::AppClock => ("tala_app_clock", Some("app_clock.sql")),
        };
        Variant { policy: "tala", database, change }
    }
}

impl AccuBooks {
    fn variant(self) -> Variant {
        let (database, change) = match self {
            Self::Clean => ("accubooks_clean", None),
            Self::Faults => ("accubooks_faults", Some("faults.sql")),
            Self::Jsonb => ("accubooks_jsonb", Some("jsonb.sql")),
        };
        Variant { policy: "accubooks", database, change }
    }
}

/// The cluster all tests of this process share; started by whoever asks first, stopped by its watchdog.
pub(crate) fn shared() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(|| Cluster::start(&Options::default()))
}

/// The database with this variant of TALA, for reading only: every test that asks gets the same one.
pub(crate) fn tala(variant: Tala) -> &'static str {
    ready(variant.variant())
}

/// The database with this variant of AccuBooks, for reading only: every test that asks gets the same one.
pub(crate) fn accubooks(variant: AccuBooks) -> &'static str {
    ready(variant.variant())
}

/// A database `name` of the caller's own with this variant of TALA, to be changed at will.
pub(crate) fn tala_copy(variant: Tala, name: &str) {
    ready(variant.variant());
    shared().create_database(name, Some(&variant.variant().template()));
}

/// A database `name` of the caller's own with this variant of AccuBooks, to be changed at will.
pub(crate) fn accubooks_copy(variant: AccuBooks, name: &str) {
    ready(variant.variant());
    shared().create_database(name, Some(&variant.variant().template()));
}

impl Variant {
    /// Copies are taken from here; nobody may connect to it, or copying would fail now and then.
    fn template(self) -> String {
        format!("{}_template", self.database)
    }

    fn clean(self) -> Self {
        if self.policy == "tala" { Tala::Clean.variant() } else { AccuBooks::Clean.variant() }
    }

    fn file(self, name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("policies").join(self.policy).join("data").join(name)
    }

    fn build(self, built: &mut BTreeSet<&'static str>) {
        if built.contains(self.database) {
            return;
        }
        let cluster = shared();
        let template = self.template();
        // Left over if an earlier test failed half way: it, not this one, should be the one to say so.
        cluster.psql("postgres", &format!("drop database if exists {template}"));
        if let Some(change) = self.change {
            self.clean().build(built);
            cluster.create_database(&template, Some(&self.clean().template()));
            cluster.psql_file(&template, &self.file(change));
        } else {
            cluster.create_database(&template, None);
            cluster.psql_file(&template, &self.file("schema.sql"));
            cluster.psql_file(&template, &self.file("generate.sql"));
            // Grants live in the database, so every copy inherits them.
            cluster.reader_role(&template);
            cluster.psql(&template, "analyze");
        }
        cluster.psql("postgres", &format!("alter database {template} allow_connections false"));
        cluster.create_database(self.database, Some(&template));
        built.insert(self.database);
    }
}

/// Builds what is missing, one thread at a time: two would create the same database.
fn ready(variant: Variant) -> &'static str {
    static BUILT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    // A test that failed while building has said why; what it finished is still good.
    variant.build(&mut BUILT.lock().unwrap_or_else(PoisonError::into_inner));
    variant.database
}
