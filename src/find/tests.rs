//! Searches over small tables that are made here.
