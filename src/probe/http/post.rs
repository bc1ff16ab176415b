//! Telling a service something: one request with a body, and whether it was taken.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Url};

use super::fetch::{Trouble, client};
use super::place;

/// What is sent, and where to.
#[derive(Debug)]
pub struct Post<'a> {
    /// The address, which may be a secret as a whole.
    pub address: &'a str,
    /// Headers, whose values may be secrets.
    pub headers: &'a [(String, String)],
    /// JSON.
    pub body: &'a str,
    /// Whether the address may lie inside, by a name that leads there.
    pub private: bool,
    /// Longest it may take.
    pub limit: Duration,
}

/// Why it was not taken. Holds nothing secret.
#[derive(Debug)]
pub struct Untaken {
    /// One sentence.
    pub why: String,
    /// Whether another attempt may be worth it.
    pub again: bool,
    /// How long the service asks to wait before.
    pub wait: Option<Duration>,
}

/// Sends it once. Redirects are not followed: what is told to one place is told to no other.
///
/// # Errors
///
/// When it did not arrive, or any status but 2xx came back.
pub async fn post(ask: &Post<'_>) -> Result<(), Untaken> {
    crate::probe::objects::encrypt();
    let never = |why: String| Untaken { why, again: false, wait: None };
    let once = |why: String| Untaken { why, again: true, wait: None };
    let url = address(ask.address, ask.private).map_err(never)?;
    let mut headers = HeaderMap::new();
    for (name, value) in ask.headers {
        let wrong =
            |_| never(format!("header `{name}` cannot be sent: it has characters that no header may have"));
        let mut sent = HeaderValue::from_str(value).map_err(|_| wrong(()))?;
        sent.set_sensitive(true);
        headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(()))?, sent);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let sent = async {
        let client = client(&url, ask.private, true).await.map_err(|trouble| match trouble {
            Trouble::Slow => once("its name took too long to look up".to_owned()),
            Trouble::Failed(failure) => Untaken {
                again: failure.kind == crate::failure::FailureKind::Unreachable,
                why: failure
                    .message
                    .replace("`allow private` in the source's block", "`allow_private = true` in the route"),
                wait: None,
            },
        })?;
        let request = client.request(Method::POST, url.clone()).headers(headers).body(ask.body.to_owned());
        request.send().await.map_err(|error| {
            let what = if error.is_connect() { "it cannot be reached" } else { "no answer came" };
            once(format!("{what}: {}", super::fetch::innermost(&error.without_url())))
        })
    };
    let Ok(answer) = tokio::time::timeout(ask.limit, sent).await else {
        return Err(once(format!("no answer came within {} s", ask.limit.as_secs())));
    };
    let answer = answer?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let leads = if status.is_redirection() { ", which leads elsewhere and is not followed" } else { "" };
    Err(Untaken {
        why: format!("it answered with status {}{leads}", status.as_u16()),
        // What the request is at fault for, waiting does not mend.
        again: status.is_server_error() || [408, 425, 429].contains(&status.as_u16()),
        wait: asked.map(Duration::from_secs),
    })
}

/// The part of an address that may be shown: a path may be a secret.
#[must_use]
pub fn origin(address: &str) -> String {
    match Url::parse(address) {
        Ok(url) if url.host_str().is_some() => url.origin().ascii_serialization(),
        _ => "(no address)".to_owned(),
    }
}

fn address(text: &str, private: bool) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "the address is none; it is `https://HOST/PATH`".to_owned())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address carries a user or a password; credentials go into a `header`".to_owned());
    }
    let inside = private || url.host_str().is_some_and(place::is_inside);
    match url.scheme() {
        "https" => Ok(url),
        "http" if inside => Ok(url),
        "http" => {
            Err("the address is `http://`, and alerts leave this network by `https://` only".to_owned())
        }
        _ => Err("the address is none; it is `https://HOST/PATH`".to_owned()),
    }
}
