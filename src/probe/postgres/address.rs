//! Where a server is and how to get in: one address, resolved by libpq's rules.
//!
//! Precedence: the text itself, then the service file, then environment variables, then defaults. An unknown name
//! is an error; a known one that is not supported is an error too, or a note where it cannot change what is read.

use std::time::Duration;

pub use super::address_error::AddressError;
use super::environment::Environment;
use super::pass_file::PassFile;
use super::settings::{Settings, bad_value, gather, number};
use super::ssl_files::{SslSettings, SslTexts};
use super::targets::{Endpoint, Secret, Target, pass_file_host, targets};

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
    pub(super) options: Option<Secret>,
    pub(super) application_name: Option<String>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) wanted: Wanted,
    pub(super) channel_binding: tokio_postgres::config::ChannelBinding,
    pub(super) keep_alive: KeepAlive,
    pub(super) ssl: SslSettings,
    notes: Vec<String>,
}

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
            options: get("options").map(|text| Secret(text.to_owned())),
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

/// Zero and negative values mean the default.
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
