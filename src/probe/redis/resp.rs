//! Replies of a server of Redis (RESP2), read with limits on everything a reply may claim.
//! <https://redis.io/docs/latest/develop/reference/protocol-spec/>

use std::io::{self, BufRead, Read as _};

/// Longest line of a reply, in bytes.
const MOST_LINE: u64 = 4096;

/// Most bytes of a bulk. What `INFO` says takes a few thousand.
const MOST_BULK: u64 = 1 << 20;

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// `+OK`.
    Simple(String),
    /// `-ERR ...`.
    Error(String),
    /// `$5`, and so many bytes.
    Bulk(Vec<u8>),
}

/// Reads one reply.
///
/// # Errors
/// What is wrong with it, in words that go on from `the server`.
pub(super) fn read(from: &mut impl BufRead) -> Result<Reply, String> {
    let line = line(from)?;
    let (kind, rest) = line.split_at_checked(1).ok_or("sent an empty reply")?;
    match kind {
        "+" => Ok(Reply::Simple(rest.to_owned())),
        "-" => Ok(Reply::Error(rest.to_owned())),
        "$" => bulk(from, rest).map(Reply::Bulk),
        ":" | "*" => Err("sent a reply of another type than was asked for".to_owned()),
        _ => Err("does not speak the protocol of Redis".to_owned()),
    }
}

fn line(from: &mut impl BufRead) -> Result<String, String> {
    let mut line = Vec::new();
    from.take(MOST_LINE).read_until(b'\n', &mut line).map_err(|error| broke_off(&error))?;
    let Some(line) = line.strip_suffix(b"\r\n") else {
        return Err(match line.len() {
            0 => "closed the connection without a reply".to_owned(),
            n if n as u64 == MOST_LINE => format!("sent a line of more than {MOST_LINE} bytes"),
            _ => "sent a reply that ends in the middle of a line".to_owned(),
        });
    };
    String::from_utf8(line.to_vec()).map_err(|_| "sent a reply that is no text".to_owned())
}

fn bulk(from: &mut impl BufRead, length: &str) -> Result<Vec<u8>, String> {
    if length == "-1" {
        return Err("sent nothing where something was asked for".to_owned());
    }
    let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let length: u64 =
        length.parse().ok().filter(|length| digits && *length <= MOST_BULK).ok_or_else(|| {
            format!("announced a reply that is longer than {MOST_BULK} bytes, or of no length")
        })?;
    let mut bytes = Vec::new();
    from.take(length + 2).read_to_end(&mut bytes).map_err(|error| broke_off(&error))?;
    if bytes.len() as u64 != length + 2 {
        return Err(format!("sent {} of the {length} bytes that it announced", bytes.len()));
    }
    match bytes.strip_suffix(b"\r\n") {
        Some(bytes) => Ok(bytes.to_vec()),
        None => Err("sent more than it announced".to_owned()),
    }
}

pub(super) fn broke_off(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "did not answer in time".to_owned(),
        _ => format!("broke off: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(bytes: &[u8]) -> Result<Reply, String> {
        read(&mut &*bytes)
    }

    #[test]
    fn replies() {
        assert_eq!(of(b"+PONG\r\n"), Ok(Reply::Simple("PONG".to_owned())));
        assert_eq!(of(b"-NOAUTH x\r\n"), Ok(Reply::Error("NOAUTH x".to_owned())));
        assert_eq!(of(b"$3\r\na\r\n\r\n"), Ok(Reply::Bulk(b"a\r\n".to_vec())));
        for (bytes, why) in [
            (&b""[..], "without a reply"),
            (b"\r\n", "empty"),
            (b"+PON", "middle of a line"),
            (b"$5\r\nabc", "3 of the 5 bytes"),
            (b"$3\r\nabcde", "more than it announced"),
            (b"$-1\r\n", "nothing"),
            (b"$+3\r\nabc\r\n", "no length"),
            (b"$99999999999999999999\r\n", "no length"),
            (b"$1048577\r\n", "longer than"),
            (b":5\r\n", "another type"),
            (b"*1\r\n+a\r\n", "another type"),
            (b"HTTP/1.1 400 Bad Request\r\n", "protocol"),
            (b"+\xff\r\n", "no text"),
        ] {
            let said = of(bytes).unwrap_err();
            assert!(said.contains(why), "{bytes:?}: {said}");
        }
        assert!(of(&[b'+'; 5000]).unwrap_err().contains("more than 4096"));
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _any = of(&bytes);
        }
    }
}
