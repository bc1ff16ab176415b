//! Values as COPY's text format writes them, in archives and on the wire.

use memchr::memchr;

/// A cell that is NULL. Whatever else begins like this has its backslash doubled.
pub(super) const NULL: &[u8] = b"\\N";

/// Undoes the escapes of COPY's text format (`CopyReadAttributesText` in `copyfromparse.c`; `CopyAttributeOutText` in
/// `copyto.c` writes only some of them).
pub(super) fn decode(mut rest: &[u8], to: &mut Vec<u8>) {
    while let Some(at) = memchr(b'\\', rest) {
        let (plain, escaped) = rest.split_at(at);
        to.extend_from_slice(plain);
        let Some((letter, after)) = escaped.get(1..).and_then(<[u8]>::split_first) else {
            // A lone backslash at the end stands for itself.
            to.push(b'\\');
            return;
        };
        rest = after;
        let byte = match *letter {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            digit @ b'0'..=b'7' => number(u32::from(digit - b'0'), 8, 2, &mut rest),
            b'x' if rest.first().is_some_and(u8::is_ascii_hexdigit) => number(0, 16, 2, &mut rest),
            other => other,
        };
        to.push(byte);
    }
    to.extend_from_slice(rest);
}

/// Takes up to `most` further digits.
fn number(first: u32, base: u32, most: usize, rest: &mut &[u8]) -> u8 {
    let mut value = first;
    for _ in 0..most {
        let Some((digit, after)) = rest.split_first() else { break };
        let Some(digit) = char::from(*digit).to_digit(base) else { break };
        value = value * base + digit;
        *rest = after;
    }
    // As PostgreSQL does: what is beyond a byte falls off.
    u8::try_from(value & 0xff).unwrap_or_default()
}
