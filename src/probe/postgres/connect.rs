//! Trying the hosts of an address in order, encrypted or not as its mode says.
//!
//! Source: the descriptions of `host`, `sslmode` and `target_session_attrs` in the libpq chapter of the PostgreSQL
//! documentation. As there, a host that refuses the login ends the search, one that cannot be reached does not.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio_postgres::config::{ChannelBinding, SslMode as Negotiate, SslNegotiation};
use tokio_postgres::{Client, Config, Connection, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{Address, Wanted};
use super::dial::{self, Tls, Way};
use super::failure::{self, Moment, QueryError};
use super::goodbye::Goodbye;
use super::joined::Joined;
use super::session::SessionOptions;
use super::targets::{Endpoint, Target};
use super::tls::{self, SslMode};
use crate::failure::FailureKind;

/// Why the connection ended, once it has.
pub(super) type LastWords = Arc<Mutex<Option<QueryError>>>;

/// A connection as made: not yet pinned, nothing asked of it.
pub(super) struct Connected {
    pub(super) client: Client,
    // After the client, which has to be dropped for it to come.
    pub(super) goodbye: Goodbye,
    pub(super) last_words: LastWords,
    pub(super) way: Way,
    pub(super) encrypted: bool,
    /// Host and port as dialled.
    pub(super) place: String,
    pub(super) notes: Vec<String>,
}

/// Connects to the first host that will do.
pub(super) async fn connect(address: &Address, options: &SessionOptions) -> Result<Connected, QueryError> {
    let tls = tls::connector(&address.ssl).map_err(|why| QueryError::new(FailureKind::Unreachable, why))?;
    let rounds = match address.wanted {
        Wanted::PreferStandby => vec![Wanted::Standby, Wanted::Any],
        other => vec![other],
    };
    let mut failures = Vec::new();
    for wanted in rounds {
        failures.clear();
        for target in &address.targets {
            match reach(address, target, &tls, options).await {
                Ok(connected) => match suits(&connected, wanted).await? {
                    None => return Ok(connected),
                    Some(why) => failures.push(QueryError::new(
                        FailureKind::Unreachable,
                        format!("{} {why}, and target_session_attrs asks for another", connected.place),
                    )),
                },
                Err(error) if error.kind == FailureKind::Unreachable => failures.push(error),
                Err(error) => return Err(error),
            }
        }
    }
    Err(together(failures))
}

/// One failure out of one for each host.
fn together(mut failures: Vec<QueryError>) -> QueryError {
    let Some(mut last) = failures.pop() else {
        return QueryError::new(FailureKind::Unreachable, "the address names no host");
    };
    let earlier: Vec<_> = failures.into_iter().map(|failure| failure.message).collect();
    if !earlier.is_empty() {
        last.message = format!("{}; {}", earlier.join("; "), last.message);
    }
    last
}

/// Tries one host in the ways its mode allows, the preferred one first.
async fn reach(
    address: &Address,
    target: &Target,
    tls: &MakeRustlsConnect,
    options: &SessionOptions,
) -> Result<Connected, QueryError> {
    // TLS never runs over a Unix socket, whatever the mode says; it is as private as the mode could make it.
    let by_network = matches!(target.endpoint, Endpoint::Tcp { .. });
    let ways: &[bool] = match address.ssl.mode {
        _ if !by_network => &[false],
        // Binding to a channel needs one, so there is no falling back from it.
        SslMode::Allow | SslMode::Prefer if address.channel_binding == ChannelBinding::Require => &[true],
        SslMode::Disable => &[false],
        SslMode::Allow => &[false, true],
        SslMode::Prefer => &[true, false],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[true],
    };
    let mut before: Option<QueryError> = None;
    for (at, encrypted) in ways.iter().enumerate() {
        match attempt(address, target, tls, *encrypted, options).await {
            Ok(mut connected) => {
                if let Some(before) = before.filter(|_| !encrypted) {
                    connected.notes.push(format!(
                        "not encrypted, as sslmode={} allows: {before}",
                        address.ssl.mode.word()
                    ));
                }
                return Ok(connected);
            }
            Err(error) if at + 1 < ways.len() && is_about_encryption(&error) => before = Some(error),
            Err(mut error) => {
                if let Some(before) = before {
                    error.message = format!("{}; before that, {}", error.message, before.message);
                }
                return Err(error);
            }
        }
    }
    Err(QueryError::new(FailureKind::Unreachable, format!("cannot connect to {target}")))
}

/// Whether the other way could succeed: TLS did not come about, or `pg_hba.conf` has no line for this way. A wrong
/// password is not, so that no password is sent a second time in the clear.
fn is_about_encryption(error: &QueryError) -> bool {
    error.sqlstate.as_deref() == Some("28000") || error.message.contains("TLS handshake")
}

async fn attempt(
    address: &Address,
    target: &Target,
    tls: &MakeRustlsConnect,
    encrypted: bool,
    options: &SessionOptions,
) -> Result<Connected, QueryError> {
    let place = target.to_string();
    let config = config(address, target, encrypted, &options.application_name);
    let last_words = LastWords::default();
    let words = &last_words;
    let refused = |error: tokio_postgres::Error| failure::of_connect(&error, &place);
    let unreached = |error: std::io::Error| failure::of_dial(&error, &place);
    let dialled = async {
        Ok(match &target.endpoint {
            Endpoint::Tcp { name, address: given } => {
                let (socket, at) =
                    dial::tcp((name, *given, target.port), &address.keep_alive).await.map_err(unreached)?;
                if encrypted {
                    let tls = Tls { make: tls.clone(), name: name.clone() };
                    let made = config.connect_raw(socket, tls.joined().map_err(unreached)?).await;
                    let (client, connection) = made.map_err(refused)?;
                    (client, driven(connection, words), Way::Tcp { at, tls: Some(tls) })
                } else {
                    let made = config.connect_raw(Joined::new(socket, options.alone), NoTls).await;
                    let (client, connection) = made.map_err(refused)?;
                    (client, driven(connection, words), Way::Tcp { at, tls: None })
                }
            }
            Endpoint::Unix(directory) => {
                let path = directory.join(format!(".s.PGSQL.{}", target.port));
                let socket = UnixStream::connect(&path).await.map_err(unreached)?;
                let made = config.connect_raw(Joined::new(socket, options.alone), NoTls).await;
                let (client, connection) = made.map_err(refused)?;
                (client, driven(connection, words), Way::Unix(path))
            }
        })
    };
    let timeout = address.connect_timeout.unwrap_or(options.connect_timeout);
    let (client, goodbye, way) = if timeout.is_zero() {
        dialled.await?
    } else {
        tokio::time::timeout(timeout, dialled).await.map_err(|_| {
            let message = format!("cannot connect to {place}: no answer within {} s", timeout.as_secs_f64());
            QueryError::new(FailureKind::Unreachable, message).hint("raise connect_timeout")
        })??
    };
    Ok(Connected { client, goodbye, last_words, way, encrypted, place, notes: Vec::new() })
}

/// Lets a connection go on by itself until it ends, and notes why it did.
fn driven<S, T>(connection: Connection<S, T>, last_words: &LastWords) -> Goodbye
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let words = Arc::clone(last_words);
    Goodbye::of(tokio::spawn(async move {
        if let Err(error) = connection.await {
            let mut said = failure::of_query(&error, Moment::default());
            // Whatever else ended it, to us it is gone; but a standby's conflict says more than that.
            if said.kind != FailureKind::SnapshotConflict {
                said.kind = FailureKind::ConnectionLost;
            }
            *words.lock().unwrap_or_else(PoisonError::into_inner) = Some(said);
        }
    }))
}

fn config(address: &Address, target: &Target, encrypted: bool, application_name: &str) -> Config {
    let mut config = Config::new();
    config
        .user(&address.user)
        .dbname(&address.database)
        .application_name(address.application_name.as_deref().unwrap_or(application_name))
        .channel_binding(address.channel_binding)
        .ssl_mode(if encrypted { Negotiate::Require } else { Negotiate::Disable });
    if encrypted && address.ssl.direct {
        config.ssl_negotiation(SslNegotiation::Direct);
    }
    if let Some(password) = &target.password {
        config.password(&password.0);
    }
    if let Some(options) = &address.options {
        config.options(&options.0);
    }
    config
}

/// `None` where the server is what `target_session_attrs` asks for, else what it is. Asked before the session is
/// pinned to reading, which would answer for every server.
async fn suits(connected: &Connected, wanted: Wanted) -> Result<Option<&'static str>, QueryError> {
    if wanted == Wanted::Any {
        return Ok(None);
    }
    let sql = "select pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')";
    let answer = connected.client.simple_query(sql).await;
    let messages = answer.map_err(|error| failure::of_connect(&error, &connected.place))?;
    let (mut standby, mut read_only) = (false, false);
    for message in &messages {
        if let SimpleQueryMessage::Row(row) = message {
            standby = row.try_get(0).ok().flatten() == Some("t");
            read_only = standby || row.try_get(1).ok().flatten() == Some("on");
        }
    }
    Ok(match wanted {
        Wanted::ReadWrite if read_only => Some("is read-only"),
        Wanted::ReadOnly if !read_only => Some("accepts writes"),
        Wanted::Primary if standby => Some("is a standby"),
        Wanted::Standby if !standby => Some("is a primary"),
        _ => None,
    })
}
