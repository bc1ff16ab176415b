//! A service that answers HTTP requests. Nothing is asked of it that could change something, nothing leads anywhere else, and
//! what comes back is bounded in time and size.

mod expect;
mod fetch;
mod place;
mod post;

use std::time::{Duration, Instant};

use bigdecimal::BigDecimal;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::Handle;

use self::fetch::{Answer, Ask, Trouble};
use super::postgres::Canceller;
use super::tells::{Means, Tells, Told, other};
use crate::facts::{Failure, Inspected, Observed};
use crate::failure::FailureKind;
use crate::plan::Inspection;
use crate::policy::SourceOptions;
use crate::policy::facts::Fact;
use crate::policy::look::Request;
use crate::value::{Value, duration_text};
use crate::verdict::Verdict;

pub(super) use place::{astray, shown};
pub use post::{Post, Untaken, origin, post};

/// Most bytes of an answer, where the policy does not say.
const BODY: u64 = 1 << 20;

/// Longest an answer may take, where the policy does not say.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long an interrupt may go unnoticed between attempts.
const LOOK_UP: Duration = Duration::from_millis(100);

/// A service.
#[derive(Debug)]
pub(super) struct Service {
    base: reqwest::Url,
    headers: HeaderMap,
    secrets: Vec<String>,
    redirects: bool,
    private: bool,
    body: u64,
    runtime: Handle,
    canceller: Canceller,
}

impl Service {
    /// Prepares to ask the service at an address. Asks nothing yet.
    ///
    /// # Errors
    /// The address is none of a service, or a header cannot be sent.
    pub(super) fn open(address: &str, options: &SourceOptions, means: Means) -> Result<Self, Failure> {
        super::objects::encrypt();
        let mut headers = HeaderMap::new();
        for (name, value) in &means.headers {
            let wrong = |_| {
                other(format!("header `{name}` cannot be sent: it has characters that no header may have"))
            };
            let mut sent = HeaderValue::from_str(value).map_err(|_| wrong(()))?;
            sent.set_sensitive(true);
            headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(()))?, sent);
        }
        Ok(Self {
            base: place::base(address).map_err(other)?,
            headers,
            secrets: means.headers.into_iter().map(|(_, value)| value).filter(|v| v.len() >= 4).collect(),
            redirects: options.redirects,
            private: options.private,
            body: options.max_body.unwrap_or(BODY),
            runtime: Handle::current(),
            canceller: means.canceller,
        })
    }

    fn ask(&self, method: &str, path: &str, within: Option<i64>) -> Result<Answer, Trouble> {
        let limit =
            within.and_then(|micros| u64::try_from(micros).ok()).map_or(PATIENCE, Duration::from_micros);
        let ask = Ask {
            url: place::join(&self.base, path).map_err(|why| Trouble::Failed(other(why)))?,
            head: method == "HEAD",
            headers: &self.headers,
            redirects: self.redirects,
            private: self.private,
            body: self.body,
            limit,
        };
        self.runtime.block_on(async {
            tokio::select! {
                answer = fetch::fetch(&ask) => answer,
                () = self.cancelled() => {
                    let message = "interrupted while an answer was awaited".to_owned();
                    Err(Trouble::Failed(Failure { kind: FailureKind::Cancelled, message }))
                }
            }
        })
    }

    async fn cancelled(&self) {
        while !self.canceller.is_cancelled() {
            tokio::time::sleep(LOOK_UP).await;
        }
    }

    /// Text that may have come from the service, which may repeat what it was sent.
    fn hide(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
    }

    /// One attempt: what is not as it must be, or why that is not known.
    fn attempt(&self, request: &Request) -> Result<Vec<String>, Failure> {
        let asked = format!("{} {}", request.method, request.path.split('?').next().unwrap_or_default());
        match self.ask(&request.method, &request.path, request.within) {
            Ok(answer) => {
                let wrong = expect::wrong(request, &answer);
                Ok(wrong.iter().map(|what| self.hide(&format!("{asked} {what}"))).collect())
            }
            // That it takes no longer is what the check requires.
            Err(Trouble::Slow) if request.within.is_some() => {
                let limit = duration_text(request.within.unwrap_or_default());
                Ok(vec![format!("{asked} was not answered within {limit}")])
            }
            Err(Trouble::Slow) => {
                let message = format!("{asked} was not answered within {}s", PATIENCE.as_secs());
                Err(Failure { kind: FailureKind::Timeout, message })
            }
            Err(Trouble::Failed(failure)) => {
                Err(Failure { message: self.hide(&format!("{asked}: {}", failure.message)), ..failure })
            }
        }
    }

    fn look(&self, request: &Request) -> Result<Inspected, Failure> {
        let started = Instant::now();
        let mut attempts = 0u32;
        let outcome = loop {
            let outcome = self.attempt(request);
            attempts += 1;
            let good = matches!(&outcome, Ok(wrong) if wrong.is_empty());
            let Some(retry) = request.retry.filter(|_| !good) else { break outcome };
            let micros = |micros: i64| Duration::from_micros(u64::try_from(micros).unwrap_or_default());
            if started.elapsed() + micros(retry.every) > micros(retry.limit)
                || !self.pause(micros(retry.every))
            {
                break outcome;
            }
        };
        let mut seen = Inspected::of("answers");
        let wrong = outcome.map_err(|failure| Failure {
            message: if attempts > 1 {
                format!("{} (tried {attempts} times)", failure.message)
            } else {
                failure.message
            },
            ..failure
        })?;
        seen.examined = 1;
        for what in wrong {
            let again =
                if attempts > 1 { format!(" (the last of {attempts} attempts)") } else { String::new() };
            seen.add(Verdict::Broken, "answer", format!("{what}{again}"));
        }
        if attempts > 1 && seen.broken == 0 {
            let after = i64::try_from(started.elapsed().as_millis()).unwrap_or_default() * 1000;
            seen.notes.push(format!("it was so at attempt {attempts}, after {}", duration_text(after)));
        }
        Ok(seen)
    }

    /// Waits; whether nobody interrupted.
    fn pause(&self, time: Duration) -> bool {
        let started = Instant::now();
        while started.elapsed() < time {
            if self.canceller.is_cancelled() {
                return false;
            }
            std::thread::sleep(LOOK_UP.min(time));
        }
        true
    }
}

impl Tells for Service {
    fn fact(&self, fact: &Fact, argument: Option<&str>) -> Result<Told, Failure> {
        let path = argument.unwrap_or("/");
        let answer = self.ask("GET", path, None).map_err(|trouble| match trouble {
            Trouble::Failed(failure) => Failure { message: self.hide(&failure.message), ..failure },
            Trouble::Slow => {
                let message = format!("GET {path} was not answered within {}s", PATIENCE.as_secs());
                Failure { kind: FailureKind::Timeout, message }
            }
        })?;
        match fact.name {
            "status" => Ok(Told::plain(Value::Number(BigDecimal::from(answer.status)))),
            "latency" => Ok(Told::of(Value::Duration(answer.micros), format!("status {}", answer.status))),
            name => Err(other(format!("`{name}` is no fact of a service"))),
        }
    }

    fn inspect(&self, inspection: &Inspection) -> Result<Observed, Failure> {
        match inspection {
            Inspection::Request(request) => self.look(request).map(Observed::Inspected),
            _ => Err(other("a service cannot be asked for this")),
        }
    }
}
