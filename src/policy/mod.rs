//! The checked model: plain data that cannot be wrong, made only by `check`.

pub mod value;
