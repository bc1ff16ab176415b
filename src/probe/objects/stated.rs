//! What a store says of an object beside its content: how it is encrypted, and until when nobody can remove it.
//!
//! The library that reads objects hands out no such headers, so they are asked for with a request that it signed. Its address
//! is as good as a password for some seconds, and is never shown.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;

use super::address::Service;
use super::store::{Store, encrypt};
use super::{Trouble, trouble};
use crate::failure::FailureKind;

/// How long the signed address is good for, and how long is waited for the answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a store says of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::probe) struct Stated {
    /// How it is encrypted at rest, in the store's own word.
    pub(in crate::probe) encryption: Option<String>,
    /// `GOVERNANCE` or `COMPLIANCE`.
    pub(in crate::probe) lock: Option<String>,
    /// Until when it is locked.
    pub(in crate::probe) until: Option<jiff::Timestamp>,
}

/// Asks what a store says of an object.
///
/// # Errors
/// It could not be asked, or speaks another protocol than S3.
pub(super) fn stated(store: &Store, key: &str) -> Result<Stated, Trouble> {
    let name = store.named(key);
    let Some(signer) = store.signer.clone().filter(|_| store.service() == Service::S3) else {
        let message =
            format!("`{name}`: only stores that speak the protocol of S3 are asked how objects are kept");
        return Err(Trouble { kind: FailureKind::Other, message });
    };
    let path = trouble::path(store, key)?;
    encrypt();
    store.bridge.wait(async move {
        let wrong = |kind, why: &str| Trouble {
            kind,
            message: format!("`{name}` cannot be asked how it is kept: {why}"),
        };
        let url = signer
            .signed_url(reqwest::Method::HEAD, &path, PATIENCE)
            .await
            .map_err(|_| wrong(FailureKind::Refused, "no request can be signed with these credentials"))?;
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .build()
            .map_err(|_| wrong(FailureKind::Other, "no request can be made"))?;
        let answer = client.head(url).send().await;
        let answer = answer.map_err(|_| wrong(FailureKind::Unreachable, "there is no answer"))?;
        match answer.status().as_u16() {
            200 => Ok(read(answer.headers())),
            404 => Err(wrong(FailureKind::MissingObject, "it is gone")),
            status => Err(wrong(FailureKind::Refused, &format!("the store answers with status {status}"))),
        }
    })
}

fn read(headers: &HeaderMap) -> Stated {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    Stated {
        encryption: text("x-amz-server-side-encryption"),
        lock: text("x-amz-object-lock-mode"),
        until: text("x-amz-object-lock-retain-until-date").and_then(|at| at.parse().ok()),
    }
}
