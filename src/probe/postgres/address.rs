//! Where a server is and how to get in: one address, resolved by libpq's rules.
//!
//! Precedence: the text itself, then the service file, then environment variables, then defaults. An unknown name
//! is an error; a known one that is not supported is an error too, or a note where it cannot change what is read.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::conninfo;
use super::environment::Environment;
use super::parameters::{self, LIBRARY_PARAMETERS, PARAMETERS, Support};
use super::pass_file::PassFile;
use super::service_file;
use super::ssl_files::{SslSettings, SslTexts};

/// Directories a server's socket is looked for in when no host is given: Debian's and the source's default.
const SOCKET_DIRECTORIES: [&str; 2] = ["/var/run/postgresql", "/tmp"];
const DEFAULT_PORT: u16 = 5432;

/// Why an address was not understood. Shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    /// What is wrong and where.
    pub message: String,
    /// What to do; empty where the message says it all.
    pub help: String,
}

impl AddressError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: String::new() }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.help.is_empty() { Ok(()) } else { write!(f, "; {}", self.help) }
    }
}

impl std::error::Error for AddressError {}

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

/// `target_session_attrs`: which of several hosts will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// `keepalives*` and `tcp_user_timeout`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeepAlive {
    pub(super) off: bool,
    pub(super) idle: Option<Duration>,
    pub(super) interval: Option<Duration>,
    pub(super) count: Option<u32>,
    pub(super) user_timeout: Option<Duration>,
}

/// A server address, complete: nothing is looked up any more when it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub(super) targets: Vec<Target>,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) options: Option<String>,
    pub(super) application_name: Option<String>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) wanted: Wanted,
    pub(super) channel_binding: tokio_postgres::config::ChannelBinding,
    pub(super) keep_alive: KeepAlive,
    pub(super) ssl: SslSettings,
    notes: Vec<String>,
}

/// A value and where it was given, for messages.
struct Setting {
    value: String,
    origin: String,
}

type Settings = BTreeMap<&'static str, Setting>;

impl Address {
    /// Parses a `postgres://` URL, a keyword string, or the empty text, which means: all from the environment.
    ///
    /// # Errors
    /// The text is malformed, names an unknown or unsupported parameter, has a value that is not one, or needs a
    /// file that cannot be read.
    pub fn parse(text: &str, env: &dyn Environment) -> Result<Self, AddressError> {
        let mut notes = Vec::new();
        let settings = gather(text, env, &mut notes)?;
        let get = |name: &str| settings.get(name).map(|s| s.value.as_str()).filter(|value| !value.is_empty());

        let user = match get("user") {
            Some(user) => user.to_owned(),
            None => env.user_name().ok_or_else(|| {
                AddressError::new("no user is given, and the operating system does not name one")
                    .help("add user=")
            })?,
        };
        let database = get("dbname").unwrap_or(&user).to_owned();
        let mut targets = targets(&settings, env)?;
        let given_password = get("password").map(str::to_owned);
        if given_password.is_none() {
            let (file, note) = PassFile::read(get("passfile"), env);
            notes.extend(note);
            for target in &mut targets {
                target.password =
                    file.find(&pass_file_host(target), target.port, &database, &user).map(Secret);
            }
        } else {
            for target in &mut targets {
                target.password = given_password.clone().map(Secret);
            }
        }

        let over_network = targets.iter().any(|target| matches!(target.endpoint, Endpoint::Tcp { .. }));
        let texts = SslTexts {
            mode: get("sslmode"),
            root: get("sslrootcert"),
            cert: get("sslcert"),
            key: get("sslkey"),
            cert_mode: get("sslcertmode"),
            sni: get("sslsni"),
            negotiation: get("sslnegotiation"),
            min_version: get("ssl_min_protocol_version"),
            max_version: get("ssl_max_protocol_version"),
        };
        Ok(Self {
            targets,
            user,
            database,
            options: get("options").map(str::to_owned),
            application_name: get("application_name").or(get("fallback_application_name")).map(str::to_owned),
            connect_timeout: number(&settings, "connect_timeout")?
                .filter(|seconds| *seconds > 0)
                .and_then(|seconds| u64::try_from(seconds).ok())
                .map(Duration::from_secs),
            wanted: wanted(&settings)?,
            channel_binding: channel_binding(&settings)?,
            keep_alive: keep_alive(&settings)?,
            ssl: SslSettings::resolve(&texts, over_network, env)?,
            notes,
        })
    }

    /// What was set aside on the way, such as a password file others can read; one sentence each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The address as a URL for reports: without password, key or options, and valid as an address itself.
    #[must_use]
    pub fn redacted(&self) -> String {
        let hosts: Vec<String> = self
            .targets
            .iter()
            .map(|target| match &target.endpoint {
                Endpoint::Tcp { .. } => target.to_string(),
                Endpoint::Unix(directory) => {
                    format!("{}:{}", encode(&directory.display().to_string()), target.port)
                }
            })
            .collect();
        format!(
            "postgres://{}@{}/{}?sslmode={}",
            encode(&self.user),
            hosts.join(","),
            encode(&self.database),
            self.ssl.mode.word()
        )
    }

    /// The database that is asked for.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The role that logs in.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }
}

fn encode(text: &str) -> String {
    const KEEP: percent_encoding::AsciiSet =
        percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encoding::utf8_percent_encode(text, &KEEP).to_string()
}

/// All settings by precedence: the text, the service, the environment.
fn gather(text: &str, env: &dyn Environment, notes: &mut Vec<String>) -> Result<Settings, AddressError> {
    let split = conninfo::split(text)?;
    let mut settings = Settings::new();
    let mut after_secret = false;
    for (name, value) in split.settings {
        if split.is_url && LIBRARY_PARAMETERS.contains(&name.as_str()) {
            notes.push(format!(
                "`{name}` in the URL is a setting of an application's library and is not used"
            ));
            continue;
        }
        // In a URL too, an unescaped `&` in a password makes its tail look like a name.
        let shown =
            if after_secret && parameters::find(&name).is_none() { None } else { Some(name.as_str()) };
        let parameter = admit(&name, &value, shown, "the address", notes)?;
        after_secret = parameters::is_secret(&name);
        if let Some(name) = parameter {
            settings.insert(name, Setting { value, origin: "the address".to_owned() });
        }
    }

    let from_env = |name: &str| {
        let variable = parameters::find(name).map(|parameter| parameter.variable)?;
        env.var(variable)
    };
    let chosen = |settings: &Settings, name: &str| {
        settings
            .get(name)
            .map(|s| s.value.clone())
            .or_else(|| from_env(name))
            .filter(|value| !value.is_empty())
    };
    if let Some(service) = chosen(&settings, "service") {
        let found = service_file::find(&service, chosen(&settings, "servicefile").as_deref(), env)?;
        for (name, value, line) in found.settings {
            let origin = format!("{} line {line}", found.file.display());
            if let Some(name) = admit(&name, &value, Some(&name), &origin, notes)? {
                settings.entry(name).or_insert(Setting { value, origin });
            }
        }
    }
    for parameter in PARAMETERS.iter().filter(|parameter| !parameter.variable.is_empty()) {
        if settings.contains_key(parameter.name) {
            continue;
        }
        if let Some(value) = env.var(parameter.variable)
            && let Some(name) =
                admit(parameter.name, &value, Some(parameter.variable), "the environment", notes)?
        {
            settings.insert(name, Setting { value, origin: parameter.variable.to_owned() });
        }
    }
    Ok(settings)
}

/// Whether a parameter may be used: its name if so, `None` if it is left out harmlessly.
fn admit(
    name: &str,
    value: &str,
    shown: Option<&str>,
    origin: &str,
    notes: &mut Vec<String>,
) -> Result<Option<&'static str>, AddressError> {
    let Some(parameter) = parameters::find(name) else {
        let Some(shown) = shown else {
            return Err(AddressError::new(format!(
                "what follows the password in {origin} is not a connection parameter"
            ))
            .help("write `&` as %26 inside a password"));
        };
        let error = AddressError::new(format!("`{shown}` in {origin} is not a connection parameter"));
        return Err(match parameters::nearest(name) {
            Some(nearest) => error.help(format!("did you mean `{nearest}`?")),
            None => error.help("remove it"),
        });
    };
    match parameter.support {
        Support::Used => Ok(Some(parameter.name)),
        Support::Noted(_) if value.eq_ignore_ascii_case("utf8") || matches!(value, "auto" | "") => Ok(None),
        Support::Noted(why) => {
            notes.push(format!("`{}` in {origin} is not used: {why}", shown.unwrap_or(name)));
            Ok(None)
        }
        Support::Refused { harmless, .. } if value.is_empty() || harmless.contains(&value) => Ok(None),
        Support::Refused { why, .. } => {
            Err(AddressError::new(format!("`{}` in {origin} is not supported", shown.unwrap_or(name)))
                .help(why))
        }
    }
}

fn bad_value(settings: &Settings, name: &str, wanted: &str) -> AddressError {
    let (value, origin) =
        settings.get(name).map_or(("", "the address"), |s| (s.value.as_str(), s.origin.as_str()));
    AddressError::new(format!("{name} is `{value}` in {origin}")).help(format!("write {wanted}"))
}

fn number(settings: &Settings, name: &str) -> Result<Option<i32>, AddressError> {
    let Some(text) = settings.get(name).map(|s| s.value.trim()).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| bad_value(settings, name, "a whole number"))
}

/// Comma lists of hosts, addresses and ports, put together one by one.
fn targets(settings: &Settings, env: &dyn Environment) -> Result<Vec<Target>, AddressError> {
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
            let present = SOCKET_DIRECTORIES.iter().find(|dir| env.facts(std::path::Path::new(dir)).is_ok());
            Ok(Endpoint::Unix(PathBuf::from(present.unwrap_or(&"/tmp"))))
        }
    }
}

/// The host as the password file names it: a default socket directory is `localhost` there.
fn pass_file_host(target: &Target) -> String {
    match &target.endpoint {
        Endpoint::Tcp { name, .. } => name.clone(),
        Endpoint::Unix(directory) => {
            let text = directory.display().to_string();
            if SOCKET_DIRECTORIES.contains(&text.as_str()) { "localhost".to_owned() } else { text }
        }
    }
}

fn wanted(settings: &Settings) -> Result<Wanted, AddressError> {
    const NAME: &str = "target_session_attrs";
    Ok(match settings.get(NAME).map(|s| s.value.as_str()) {
        None | Some("" | "any") => Wanted::Any,
        Some("read-write") => Wanted::ReadWrite,
        Some("read-only") => Wanted::ReadOnly,
        Some("primary") => Wanted::Primary,
        Some("standby") => Wanted::Standby,
        Some("prefer-standby") => Wanted::PreferStandby,
        Some(_) => {
            let words = "any, read-write, read-only, primary, standby or prefer-standby";
            return Err(bad_value(settings, NAME, words));
        }
    })
}

fn channel_binding(settings: &Settings) -> Result<tokio_postgres::config::ChannelBinding, AddressError> {
    use tokio_postgres::config::ChannelBinding;
    Ok(match settings.get("channel_binding").map(|s| s.value.as_str()) {
        None | Some("" | "prefer") => ChannelBinding::Prefer,
        Some("disable") => ChannelBinding::Disable,
        Some("require") => ChannelBinding::Require,
        Some(_) => return Err(bad_value(settings, "channel_binding", "disable, prefer or require")),
    })
}

/// Zero and negative values mean the operating system's own setting, as in libpq.
fn keep_alive(settings: &Settings) -> Result<KeepAlive, AddressError> {
    let positive = |name: &str| -> Result<Option<u32>, AddressError> {
        Ok(number(settings, name)?.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0))
    };
    let seconds = |n: u32| Duration::from_secs(u64::from(n));
    Ok(KeepAlive {
        off: number(settings, "keepalives")? == Some(0),
        idle: positive("keepalives_idle")?.map(seconds),
        interval: positive("keepalives_interval")?.map(seconds),
        count: positive("keepalives_count")?,
        user_timeout: positive("tcp_user_timeout")?.map(|n| Duration::from_millis(u64::from(n))),
    })
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
