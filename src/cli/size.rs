//! Sizes on the command line, spelt as in policies.

use bigdecimal::ToPrimitive as _;

use crate::check::given;
use crate::value::{Type, Value};

/// Bytes of a size such as `64MiB`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let least = 1 << 20;
    match given(text, Type::Size)? {
        Value::Size(bytes) => match bytes.to_u64() {
            Some(bytes) if bytes >= least => Ok(bytes),
            Some(_) => Err("less than 1MiB is too little to work with".to_owned()),
            None => Err("that is more than there can be".to_owned()),
        },
        _ => Err("write a size with its unit, such as `64MiB`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("64MiB"), Ok(64 << 20));
        assert_eq!(bytes("1GB"), Ok(1_000_000_000));
        for wrong in ["64", "0MiB", "1kB", "64M", "10min", "99999999999TiB", ""] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
