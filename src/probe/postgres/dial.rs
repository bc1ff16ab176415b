//! Opening the sockets of a server, and what is put around them: few messages instead of many, with TLS inside or without.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{CancelToken, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::KeepAlive;
use super::joined::Joined;

/// How a server was reached, and is reached again.
#[derive(Clone)]
pub(super) enum Way {
    /// By TCP, at the address that answered.
    Tcp { at: SocketAddr, tls: Option<Tls> },
    /// By this Unix socket.
    Unix(PathBuf),
}

/// How TLS is begun, and the name that a certificate must say.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) make: MakeRustlsConnect,
    pub(super) name: String,
}

impl Tls {
    fn connector(&self) -> io::Result<<MakeRustlsConnect as MakeTlsConnect<TcpStream>>::TlsConnect> {
        MakeTlsConnect::<TcpStream>::make_tls_connect(&mut self.make.clone(), &self.name)
            .map_err(io::Error::other)
    }

    /// What begins TLS on a socket and joins the messages that come out of it. Such a connection is never patient: what is
    /// decrypted comes in pieces of its own, however long one waits.
    pub(super) fn joined(&self) -> io::Result<JoinedTls> {
        self.connector().map(JoinedTls)
    }
}

impl Way {
    /// Carries a request to cancel to the server, as the session travels.
    pub(super) async fn cancel(&self, token: &CancelToken) -> Result<(), String> {
        let trouble = |error: io::Error| error.to_string();
        let delivered = match self {
            Self::Tcp { at, tls } => {
                let socket = TcpStream::connect(at).await.map_err(trouble)?;
                match tls {
                    Some(tls) => token.cancel_query_raw(socket, tls.connector().map_err(trouble)?).await,
                    None => token.cancel_query_raw(socket, NoTls).await,
                }
            }
            Self::Unix(path) => {
                let socket = UnixStream::connect(path).await.map_err(trouble)?;
                token.cancel_query_raw(socket, NoTls).await
            }
        };
        delivered.map_err(|error| error.to_string())
    }
}

/// Connects to the first address of a name that answers, or to the one that is given for it.
///
/// # Errors
///
/// Why none of them could be connected to: of the last one.
pub(super) async fn tcp(
    (name, address, port): (&str, Option<IpAddr>, u16),
    keep: &KeepAlive,
) -> io::Result<(TcpStream, SocketAddr)> {
    let addresses: Vec<SocketAddr> = match address {
        Some(ip) => vec![SocketAddr::new(ip, port)],
        None => lookup_host((name, port)).await?.collect(),
    };
    let mut trouble = io::Error::other("its name has no address");
    for at in addresses {
        match TcpStream::connect(at).await {
            Ok(socket) => return set(&socket, keep).map(|()| (socket, at)),
            Err(error) => trouble = error,
        }
    }
    Err(trouble)
}

fn set(socket: &TcpStream, keep: &KeepAlive) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let of_system = SockRef::from(socket);
    if !keep.off {
        // The operating system notices a dead peer after hours; a gate cannot wait that long.
        let alive = TcpKeepalive::new()
            .with_time(keep.idle.unwrap_or(Duration::from_secs(60)))
            .with_interval(keep.interval.unwrap_or(Duration::from_secs(15)))
            .with_retries(keep.count.unwrap_or(4));
        of_system.set_tcp_keepalive(&alive)?;
    }
    // As `libpq` has it, elsewhere the setting is ignored.
    #[cfg(target_os = "linux")]
    if let Some(limit) = keep.user_timeout {
        of_system.set_tcp_user_timeout(Some(limit))?;
    }
    Ok(())
}

/// Begins TLS, and joins what comes out of it.
pub(super) struct JoinedTls(<MakeRustlsConnect as MakeTlsConnect<TcpStream>>::TlsConnect);

impl TlsConnect<TcpStream> for JoinedTls {
    type Stream = Joined<<MakeRustlsConnect as MakeTlsConnect<TcpStream>>::Stream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Stream>> + Send>>;

    fn connect(self, socket: TcpStream) -> Self::Future {
        let begun = self.0.connect(socket);
        Box::pin(async { Ok(Joined::new(begun.await?, false)) })
    }
}
