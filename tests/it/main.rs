//! Integration tests: one binary, so that one scratch PostgreSQL cluster serves them all.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test's helper cannot read has failed the test, and a report's JSON is read by its keys"
)]

mod alerts;
mod anchors;
mod architecture;
mod backups;
mod baseline_cutoffs;
mod baseline_foreign;
mod baselines;
mod cases;
mod chain_find;
mod chain_find_joined;
mod chain_find_keyed;
mod cli;
mod dashboard;
mod docs;
mod drill;
mod dump;
mod equals;
mod erased;
mod false_green;
mod faults;
mod figures;
mod first_looks;
mod foreign;
mod formats;
mod gate;
mod gates;
mod goodbye;
mod includes;
mod joins;
mod keyed;
mod language;
mod large_objects;
mod objects;
mod policies;
mod raw_sql;
mod recipes;
mod record;
mod references;
mod replay;
mod scans;
mod settings;
mod sources;
mod spelled;
mod standard;
mod streamed;
mod support;
mod tenant_schemas;
mod tenants;
mod waivers;
mod whole_gate;
