//! One report model, one file per format.

pub mod model;
