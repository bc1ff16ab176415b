//! A server of Redis or Valkey, asked for `PING` and `INFO` and nothing else.

use std::io::{BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::info::Info;
use super::resp::{self, Reply};
use crate::facts::Failure;
use crate::failure::FailureKind;
use crate::probe::http;

/// Longest that all of it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether an address is one of a server.
pub(in crate::probe) fn is_server(address: &str) -> bool {
    address.starts_with("redis://") || address.starts_with("rediss://")
}

/// What the server at an address says of itself.
///
/// # Errors
/// Why it could not be asked, without what its address keeps secret.
pub(in crate::probe) fn ask(address: &str, private: bool) -> Result<Info, Failure> {
    let login = Login::read(address)?;
    let until = Instant::now() + PATIENCE;
    let stream = login.connect(private, until)?;
    let lost = |message: String| Failure { kind: FailureKind::ConnectionLost, message: login.hide(&message) };
    let mut server = BufReader::new(Until { stream, until });
    if let Some(password) = &login.password {
        let user = login.user.as_deref();
        let words: Vec<&str> = ["AUTH"].into_iter().chain(user).chain([password.as_str()]).collect();
        match exchange(&mut server, &words).map_err(lost)? {
            Reply::Simple(said) if said == "OK" => {}
            other => return Err(login.refused("AUTH", &other)),
        }
    }
    match exchange(&mut server, &["PING"]).map_err(lost)? {
        Reply::Simple(said) if said == "PONG" => {}
        other => return Err(login.refused("PING", &other)),
    }
    match exchange(&mut server, &["INFO"]).map_err(lost)? {
        Reply::Bulk(bytes) => {
            let text =
                String::from_utf8(bytes).map_err(|_| lost("the server's INFO is no text".to_owned()))?;
            Info::read(&text).map_err(|why| lost(format!("the server {why}")))
        }
        other => Err(login.refused("INFO", &other)),
    }
}

/// Sends a command, and reads its reply.
fn exchange(server: &mut BufReader<Until>, words: &[&str]) -> Result<Reply, String> {
    let mut sent = format!("*{}\r\n", words.len());
    for word in words {
        sent.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    let stream = &mut server.get_mut().stream;
    stream.write_all(sent.as_bytes()).map_err(|error| format!("the server {}", resp::broke_off(&error)))?;
    resp::read(server).map_err(|why| format!("the server {why}"))
}

/// A connection that is read until an instant, however slowly bytes come.
#[derive(Debug)]
struct Until {
    stream: TcpStream,
    until: Instant,
}

impl Read for Until {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(std::io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(room)
    }
}

/// Where a server is, and as whom it is asked.
struct Login {
    host: String,
    port: u16,
    user: Option<String>,
    password: Option<String>,
}

impl Login {
    fn read(address: &str) -> Result<Self, Failure> {
        let wrong = |message: &str| Failure { kind: FailureKind::Other, message: message.to_owned() };
        let url = Url::parse(address)
            .map_err(|_| wrong("the address is none of a server; write `redis://HOST:PORT`"))?;
        if url.scheme() != "redis" {
            return Err(wrong(
                "`rediss://` cannot be asked yet: connections to Redis are not encrypted here",
            ));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("the address names no host; write `redis://HOST:PORT`"))?;
        if !["", "/"].contains(&url.path()) || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("the address has more than a host and a port; write `redis://HOST:PORT`"));
        }
        let decoded = |text: &str| {
            let decoded = percent_decode_str(text).decode_utf8();
            decoded.map(|text| text.into_owned()).map_err(|_| wrong("the address is no text"))
        };
        let password = url.password().map(decoded).transpose()?.filter(|password| !password.is_empty());
        let user = Some(decoded(url.username())?).filter(|user| !user.is_empty());
        if user.is_some() && password.is_none() {
            return Err(wrong("the address names a user without a password"));
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: url.port().unwrap_or(6379), user, password })
    }

    fn connect(&self, private: bool, until: Instant) -> Result<TcpStream, Failure> {
        let unreachable = |what: String| Failure { kind: FailureKind::Unreachable, message: what };
        let found: Vec<SocketAddr> = match self.host.parse::<IpAddr>() {
            Ok(ip) => vec![SocketAddr::new(ip, self.port)],
            Err(_) => (self.host.as_str(), self.port)
                .to_socket_addrs()
                .map_err(|error| unreachable(format!("the name `{}` has no address: {error}", self.host)))?
                .collect(),
        };
        if let Some(message) = http::astray(&self.host, &found, true, private) {
            return Err(Failure { kind: FailureKind::Refused, message });
        }
        let mut last = format!("the name `{}` has no address", self.host);
        for at in found {
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            match TcpStream::connect_timeout(&at, left) {
                Ok(stream) => {
                    let set = stream.set_write_timeout(Some(PATIENCE));
                    set.map_err(|error| unreachable(format!("the connection cannot be used: {error}")))?;
                    return Ok(stream);
                }
                Err(error) => last = format!("the server cannot be reached: {error}"),
            }
        }
        Err(unreachable(last))
    }

    /// A server may repeat what it was sent.
    fn hide(&self, text: &str) -> String {
        let secrets = self.password.iter().chain(&self.user);
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
    }

    fn refused(&self, command: &str, reply: &Reply) -> Failure {
        let said = match reply {
            Reply::Error(said) | Reply::Simple(said) => said.as_str(),
            Reply::Bulk(_) => "something else",
        };
        let said: String = self.hide(said).chars().take(200).collect();
        let closed = ["NOAUTH", "WRONGPASS", "NOPERM"].iter().any(|word| said.starts_with(word));
        let hint = match (closed, self.password.is_some()) {
            (true, false) => "; give the address `from env NAME`, with a password",
            _ => "",
        };
        let kind = if closed { FailureKind::PermissionDenied } else { FailureKind::Other };
        Failure {
            kind,
            message: format!("the server answers {command} with `{}`{hint}", said.escape_debug()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let read =
            |text: &str| Login::read(text).map(|login| (login.host, login.port, login.user, login.password));
        assert_eq!(read("redis://h").unwrap(), ("h".to_owned(), 6379, None, None));
        let all = read("redis://me:p%40ss@[::1]:7000/").unwrap();
        assert_eq!(all, ("::1".to_owned(), 7000, Some("me".to_owned()), Some("p@ss".to_owned())));
        for text in
            ["redis://", "redis://h/0?x=1", "rediss://h", "redis://me@h", "redis://h:99999", "redis://h/x"]
        {
            let why = read(text).map(|_| ()).unwrap_err().message;
            assert!(!why.contains("me@"), "{why}");
        }
    }
}
