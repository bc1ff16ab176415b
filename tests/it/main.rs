//! Integration tests: one binary, so that one scratch PostgreSQL cluster serves them all.

mod false_green;
mod support;
