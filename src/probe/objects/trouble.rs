//! What the errors of stores mean, in words that say what to do.

use std::error::Error;

use object_store::client::{HttpError, HttpErrorKind};
use object_store::path::Path;

use super::Trouble;
use super::address::{Address, Service};
use super::object::replaced;
use super::store::Store;
use crate::failure::FailureKind;

/// What an error is about.
pub(super) struct About<'a> {
    pub(super) address: &'a Address,
    pub(super) endpoint: Option<&'a str>,
    pub(super) hint: Option<&'static str>,
}

/// What an error means.
pub(super) fn of(error: &object_store::Error, about: &About<'_>) -> Trouble {
    let (kind, said) = match (answer(error), transport(error)) {
        // Of an object, the client has kinds of its own for these: this is about whoever hands out credentials.
        (Some(answer), _)
            if matches!(error, object_store::Error::Generic { .. })
                && !error.to_string().contains("list request")
                && [401, 403, 404].contains(&answer.status) =>
        {
            (FailureKind::Refused, no_credentials(&answer, about))
        }
        (Some(answer), _) => refused(&answer, about),
        (None, Some(kind)) => broken(kind, error, about),
        (None, None) => other(error, about),
    };
    Trouble { kind, message: said }
}

/// An answer that is none: its status, and the code and message of its body.
struct Answer {
    status: u16,
    code: Option<String>,
    message: Option<String>,
}

impl Answer {
    /// The store's own words.
    fn words(&self) -> String {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => format!("{code}: {}", message.trim().trim_end_matches('.')),
            (Some(code), None) => code.clone(),
            _ => format!("status {}", self.status),
        }
    }
}

/// The status of the answer behind an error.
pub(super) fn status(error: &object_store::Error) -> Option<u16> {
    answer(error).map(|answer| answer.status)
}

/// The answer behind an error. Its words stand in the error's text alone, since their type is not public: `Server returned
/// non-2xx status code: 404 Not Found: BODY`.
fn answer(error: &object_store::Error) -> Option<Answer> {
    use object_store::Error::{NotFound, PermissionDenied, Precondition, Unauthenticated};
    let known = match error {
        NotFound { .. } => Some(404),
        Precondition { .. } => Some(412),
        PermissionDenied { .. } => Some(403),
        Unauthenticated { .. } => Some(401),
        _ => None,
    };
    let text = causes(error).map(ToString::to_string).find(|text| text.starts_with("Server returned "));
    let text = text.unwrap_or_default();
    let said = text.split_once("status code: ").and_then(|(_, rest)| rest.get(..3)?.parse().ok());
    // An answer of success that holds an error all the same (`Server returned error response: BODY`).
    let odd = (!text.is_empty()).then_some(200);
    let status = known.or(said).or(odd)?;
    Some(Answer { status, code: element(&text, "Code"), message: element(&text, "Message") })
}

/// The text of the first element of this name: error bodies of all three services have `Code` and `Message`.
fn element(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let line = text.lines().next().unwrap_or_default().trim();
    let short: String = line.chars().filter(|c| !c.is_control()).take(200).collect();
    (!short.is_empty()).then_some(short)
}

fn refused(answer: &Answer, about: &About<'_>) -> (FailureKind, String) {
    let address = about.address;
    let (words, container) = (answer.words(), address.service.container());
    let code = answer.code.as_deref().unwrap_or_default();
    let credentials = match address.service {
        Service::S3 => "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
        Service::Google => "GOOGLE_APPLICATION_CREDENTIALS",
        Service::Azure => {
            "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or AZURE_STORAGE_SAS_TOKEN"
        }
    };
    match (answer.status, code) {
        (_, "NoSuchBucket" | "ContainerNotFound") => (
            FailureKind::MissingObject,
            format!("there is no {container} `{}` ({words})", address.bucket),
        ),
        (404, _) => (
            FailureKind::MissingObject,
            format!(
                "there is no object `{address}` ({words}): the dump was not written, not copied, or lies under another key"
            ),
        ),
        (412, _) => {
            let Trouble { kind, message } = replaced(&address.to_string());
            (kind, message)
        }
        (_, "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "RequestExpired") => (
            FailureKind::Refused,
            format!(
                "`{address}`: the credentials have expired ({words}); get fresh ones, set {credentials}, and run again"
            ),
        ),
        (_, "RequestTimeTooSkewed") => (
            FailureKind::Refused,
            format!("`{address}`: this machine's clock is wrong ({words}); set it, and run again"),
        ),
        (301 | 307 | 308, _) | (_, "PermanentRedirect" | "AuthorizationHeaderMalformed") => {
            (FailureKind::Other, region(about, &words))
        }
        (401, _) | (_, "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "AuthenticationFailed") => (
            FailureKind::Refused,
            format!(
                "`{address}`: the credentials are not accepted ({words}); {}",
                about.hint.map_or_else(|| format!("check {credentials}"), str::to_owned)
            ),
        ),
        (403, _) => (
            FailureKind::PermissionDenied,
            format!(
                "`{address}`: access denied ({words}); {}",
                about.hint.unwrap_or(
                    "the credentials need permission to read the object and to list the keys beside it: without the latter, a \
                     key that is not there is denied as well"
                )
            ),
        ),
        (429 | 500..=599, _) => (
            FailureKind::Unreachable,
            format!("`{address}`: the store does not answer properly even after several tries ({words}); run again later"),
        ),
        _ => (FailureKind::Other, format!("`{address}`: the store refuses to hand it over ({words})")),
    }
}

fn no_credentials(answer: &Answer, about: &About<'_>) -> String {
    let todo = about.hint.unwrap_or("check where they are said to be in the environment");
    format!("`{}`: no credentials could be had ({}); {todo}", about.address, answer.words())
}

fn region(about: &About<'_>, words: &str) -> String {
    format!(
        "`{}`: the bucket is in another region ({words}); set AWS_REGION to the bucket's, or AWS_ENDPOINT_URL to its \
         server's address",
        about.address
    )
}

/// What went wrong on the way to an answer.
fn transport(error: &object_store::Error) -> Option<HttpErrorKind> {
    causes(error).find_map(|error| error.downcast_ref::<HttpError>()).map(HttpError::kind)
}

fn broken(kind: HttpErrorKind, error: &object_store::Error, about: &About<'_>) -> (FailureKind, String) {
    let (address, why) = (about.address, innermost(error));
    let place = about.endpoint.map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
    let hint = about.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    match kind {
        HttpErrorKind::Connect => {
            (FailureKind::Unreachable, format!("`{address}`: no connection to the store{place}: {why}{hint}"))
        }
        HttpErrorKind::Timeout => (
            FailureKind::Timeout,
            format!(
                "`{address}`: the store{place} did not answer in time, even after several tries: {why}{hint}"
            ),
        ),
        _ => (
            FailureKind::ConnectionLost,
            format!(
                "`{address}`: the connection to the store{place} broke off, even after several tries: {why}{hint}"
            ),
        ),
    }
}

fn other(error: &object_store::Error, about: &About<'_>) -> (FailureKind, String) {
    let why = innermost(error);
    if why.contains("redirect without LOCATION") {
        return (FailureKind::Other, region(about, "it redirects without saying where to"));
    }
    let hint = about.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    (FailureKind::Other, format!("`{}` cannot be read: {why}{hint}", about.address))
}

/// The cause of all causes, which is the plainest, and holds no addresses.
pub(super) fn innermost(error: &object_store::Error) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

fn causes(error: &object_store::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// A text without any of these.
pub(super) fn hide(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "(hidden)"))
}

/// A key as the client wants it.
pub(super) fn path(store: &Store, key: &str) -> Result<Path, Trouble> {
    Path::parse(key).map_err(|error| Trouble {
        kind: FailureKind::Other,
        message: format!("`{}` cannot be read: {error}", store.named(key)),
    })
}
