//! The `holdtrue` program.

fn main() {}
