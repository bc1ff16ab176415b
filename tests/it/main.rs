//! Integration tests: one binary, so that one scratch PostgreSQL cluster serves them all.

mod cases;
mod cli;
mod false_green;
mod faults;
mod formats;
mod gates;
mod includes;
mod raw_sql;
mod replay;
mod sources;
mod support;
mod tenants;
mod waivers;
