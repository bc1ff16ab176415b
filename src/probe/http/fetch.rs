//! One request and its answer.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, Url};

use super::place;
use crate::facts::Failure;
use crate::failure::FailureKind;
use crate::probe::tells::other;

/// Places that are followed at most.
const MOST_REDIRECTS: usize = 5;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// A request.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) url: Url,
    pub(super) head: bool,
    pub(super) headers: &'a HeaderMap,
    pub(super) redirects: bool,
    pub(super) private: bool,
    /// Most bytes of the body.
    pub(super) body: u64,
    /// Longest it may take, to the last byte.
    pub(super) limit: Duration,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// From the beginning of the request to the last byte.
    pub(super) micros: i64,
    /// Where it leads, if it leads elsewhere: the origin only.
    pub(super) leads: Option<String>,
}

/// Why nothing came back.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The time was over.
    Slow,
    /// Something else.
    Failed(Failure),
}

/// Asks, and reads the whole answer.
///
/// # Errors
/// The time is over, the service cannot be reached, or the answer is too large or breaks off.
pub(super) async fn fetch(ask: &Ask<'_>) -> Result<Answer, Trouble> {
    let started = Instant::now();
    let mut answer = match tokio::time::timeout(ask.limit, follow(ask)).await {
        Ok(answer) => answer?,
        Err(_) => return Err(Trouble::Slow),
    };
    answer.micros = i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX);
    Ok(answer)
}

async fn follow(ask: &Ask<'_>) -> Result<Answer, Trouble> {
    let mut url = ask.url.clone();
    for _ in 0..=MOST_REDIRECTS {
        let own = url.origin() == ask.url.origin();
        let client = client(&url, ask.private, own).await?;
        let method = if ask.head { Method::HEAD } else { Method::GET };
        let mut request = client.request(method, url.clone());
        // What is secret goes nowhere else.
        if own {
            request = request.headers(ask.headers.clone());
        }
        let response = request.send().await.map_err(failed)?;
        let leads = if response.status().is_redirection() { target(&response, &url) } else { None };
        match leads {
            Some(next) if ask.redirects => {
                if next.scheme() != "https" && url.scheme() == "https" {
                    return Err(Trouble::Failed(other(
                        "the answer leads from `https` to what is not, and is not followed",
                    )));
                }
                url = next;
            }
            leads => {
                let leads = leads.map(|next| place::shown(next.origin().ascii_serialization().as_str()));
                return read(response, ask.body, leads).await;
            }
        }
    }
    Err(Trouble::Failed(other(format!("the answers lead further than {MOST_REDIRECTS} times"))))
}

/// Where an answer leads.
fn target(response: &Response, from: &Url) -> Option<Url> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let next = from.join(location).ok()?;
    ["http", "https"].contains(&next.scheme()).then_some(next)
}

/// A client that goes to the addresses its host has now and to no other.
pub(super) async fn client(url: &Url, private: bool, own: bool) -> Result<Client, Trouble> {
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err(Trouble::Failed(other("the answer leads to no host")));
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let builder = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .user_agent(concat!("holdtrue/", env!("CARGO_PKG_VERSION")));
    let literal = bare.parse::<IpAddr>().ok();
    let found: Vec<SocketAddr> = match literal {
        Some(ip) => vec![SocketAddr::new(ip, port)],
        None => tokio::net::lookup_host((bare.as_str(), port))
            .await
            .map_err(|error| unreachable(format!("the name `{bare}` has no address: {error}")))?
            .collect(),
    };
    if found.is_empty() {
        return Err(unreachable(format!("the name `{bare}` has no address")));
    }
    if let Some(message) = place::astray(&bare, &found, own, private) {
        return Err(Trouble::Failed(Failure { kind: FailureKind::Refused, message }));
    }
    let builder = if literal.is_none() { builder.resolve_to_addrs(&bare, &found) } else { builder };
    builder
        .build()
        .map_err(|error| Trouble::Failed(other(format!("no request can be made: {}", innermost(&error)))))
}

/// Reads an answer up to its last byte.
async fn read(mut response: Response, most: u64, leads: Option<String>) -> Result<Answer, Trouble> {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&piece);
        if body.len() as u64 > most {
            let message = format!(
                "the answer has more than {most} bytes; `max_body` in the source's block allows more"
            );
            return Err(Trouble::Failed(Failure { kind: FailureKind::OutOfResources, message }));
        }
    }
    Ok(Answer { status, body, micros: 0, leads })
}

fn unreachable(message: String) -> Trouble {
    Trouble::Failed(Failure { kind: FailureKind::Unreachable, message })
}

/// What went wrong, without the address, which may hold what is not to be shown.
fn failed(error: reqwest::Error) -> Trouble {
    let kind = if error.is_connect() { FailureKind::Unreachable } else { FailureKind::ConnectionLost };
    let what = if error.is_connect() { "the service cannot be reached" } else { "the answer broke off" };
    Trouble::Failed(Failure { kind, message: format!("{what}: {}", innermost(&error.without_url())) })
}

pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut at = error;
    while let Some(inner) = at.source() {
        at = inner;
    }
    at.to_string()
}
