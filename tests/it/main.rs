//! Integration tests: one binary, so that one scratch PostgreSQL cluster serves them all.

mod architecture;
mod docs;
mod false_green;
mod policies;
mod support;
