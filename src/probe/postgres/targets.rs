//! The hosts of an address: comma lists of names, numeric addresses and ports, put together one by one.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::address_error::AddressError;
use super::environment::Environment;
use super::settings::{Settings, bad_value};

/// Directories a server's socket is looked for in when no host is given: Debian's and the source's default.
const SOCKET_DIRECTORIES: [&str; 2] = ["/var/run/postgresql", "/tmp"];
const DEFAULT_PORT: u16 = 5432;

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}

/// How one host is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// By TCP. The name is what a certificate must say; the address, where given, is what is dialled.
    Tcp { name: String, address: Option<IpAddr> },
    /// By a Unix socket in this directory.
    Unix(PathBuf),
}

/// One host of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) endpoint: Endpoint,
    pub(super) port: u16,
    pub(super) password: Option<Secret>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Endpoint::Tcp { name, .. } if name.contains(':') => write!(f, "[{name}]:{}", self.port),
            Endpoint::Tcp { name, .. } => write!(f, "{name}:{}", self.port),
            Endpoint::Unix(directory) => write!(f, "{}:{}", directory.display(), self.port),
        }
    }
}

/// Comma lists of hosts, addresses and ports, put together one by one.
pub(super) fn targets(settings: &Settings, env: &dyn Environment) -> Result<Vec<Target>, AddressError> {
    let list = |name: &str| -> Vec<String> {
        settings
            .get(name)
            .filter(|s| !s.value.is_empty())
            .map_or_else(Vec::new, |s| s.value.split(',').map(|part| part.trim().to_owned()).collect())
    };
    let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    let count = hosts.len().max(addresses.len()).max(1);
    if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
        return Err(AddressError::new(format!(
            "host names {} servers and hostaddr {}",
            hosts.len(),
            addresses.len()
        ))
        .help("give one address for each host"));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(AddressError::new(format!("port lists {} ports for {count} servers", ports.len()))
            .help("give one port for all, or one for each"));
    }
    (0..count)
        .map(|at| {
            let part = |list: &[String]| list.get(at).filter(|part| !part.is_empty()).cloned();
            let port_text = if ports.len() == 1 { ports.first().cloned() } else { part(&ports) };
            let port = match port_text.filter(|text| !text.is_empty()) {
                None => DEFAULT_PORT,
                Some(text) => text
                    .parse::<u16>()
                    .ok()
                    .filter(|port| *port > 0)
                    .ok_or_else(|| bad_value(settings, "port", "a port between 1 and 65535"))?,
            };
            let endpoint = endpoint(settings, part(&hosts), part(&addresses), env)?;
            Ok(Target { endpoint, port, password: None })
        })
        .collect()
}

fn endpoint(
    settings: &Settings,
    host: Option<String>,
    address: Option<String>,
    env: &dyn Environment,
) -> Result<Endpoint, AddressError> {
    let address = address
        .map(|text| {
            text.parse::<IpAddr>().map_err(|_| bad_value(settings, "hostaddr", "a numeric IP address"))
        })
        .transpose()?;
    match (host, address) {
        (Some(host), _) if host.starts_with('@') => {
            Err(AddressError::new("host names an abstract Unix socket, which is not supported")
                .help("name the directory of the socket"))
        }
        (Some(host), None) if host.starts_with('/') => Ok(Endpoint::Unix(PathBuf::from(host))),
        (Some(host), _) if host.contains(['@', '/']) => {
            // Not shown: this is where the tail of an unescaped password lands.
            Err(AddressError::new("host holds a character no host name has")
                .help("write `@` as %40 and `/` as %2F inside a user name or password"))
        }
        (Some(name), address) => Ok(Endpoint::Tcp { name, address }),
        (None, Some(address)) => {
            let verify = settings.get("sslmode").is_some_and(|s| s.value == "verify-full");
            if verify {
                return Err(AddressError::new("sslmode=verify-full has no host name to compare")
                    .help("give `host` beside `hostaddr`"));
            }
            Ok(Endpoint::Tcp { name: address.to_string(), address: Some(address) })
        }
        (None, None) => {
            let present = SOCKET_DIRECTORIES.iter().find(|dir| env.facts(Path::new(dir)).is_ok());
            Ok(Endpoint::Unix(PathBuf::from(present.unwrap_or(&"/tmp"))))
        }
    }
}

/// The host as the password file names it: a default socket directory is `localhost` there.
pub(super) fn pass_file_host(target: &Target) -> String {
    match &target.endpoint {
        Endpoint::Tcp { name, .. } => name.clone(),
        Endpoint::Unix(directory) => {
            let text = directory.display().to_string();
            if SOCKET_DIRECTORIES.contains(&text.as_str()) { "localhost".to_owned() } else { text }
        }
    }
}
