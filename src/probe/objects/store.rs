//! Stores, as the environment describes them: credentials, region and endpoint under the names the services' own tools
//! use. None of them ever comes from a policy or an address.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::azure::{MicrosoftAzure, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder};
use object_store::list::PaginatedListStore;
use object_store::signer::Signer;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use super::address::{Address, Service};
use super::bridge::Bridge;
use super::{Trouble, trouble};
use crate::failure::FailureKind;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Longest wait for one answer, up to its last byte. The largest is 4 MiB.
const ANSWER: Duration = Duration::from_secs(60);

/// Times a request is tried again that failed for no fault of its own.
const RETRIES: usize = 4;

/// How long after its beginning a request may still be tried again.
const PATIENCE: Duration = Duration::from_secs(90);

/// Variables of the environment.
pub(super) type Variables = Vec<(String, String)>;

/// A bucket, reached or not.
#[derive(Debug)]
pub(super) struct Store {
    address: Address,
    pub(super) objects: Box<dyn ObjectStore>,
    pub(super) listing: Box<dyn Listing>,
    /// Signs requests that the library does not make itself.
    pub(super) signer: Option<Arc<dyn Signer>>,
    pub(super) bridge: Bridge,
    /// Where it is, if not where its service usually is.
    endpoint: Option<String>,
    /// What to say where it lets nobody in: that there were no credentials.
    hint: Option<&'static str>,
    secrets: Vec<String>,
    /// Why it is not asked any more.
    pub(super) lost: OnceLock<Trouble>,
}

/// What lists keys.
pub(super) trait Listing: PaginatedListStore + std::fmt::Debug {}
impl Listing for AmazonS3 {}
impl Listing for GoogleCloudStorage {}
impl Listing for MicrosoftAzure {}

impl Store {
    /// Prepares to reach the bucket of an address. Asks nobody anything yet.
    ///
    /// # Errors
    /// What is wrong in the environment.
    pub(super) fn new(address: &Address, variables: &Variables, bridge: Bridge) -> Result<Self, Trouble> {
        encrypt();
        let settings = Settings(variables);
        let secrets = settings.secrets();
        let endpoint = settings.endpoint(address.service)?;
        let plain = endpoint.as_ref().is_some_and(|e| e.starts_with("http://"));
        let options =
            ClientOptions::new().with_allow_http(plain).with_connect_timeout(CONNECT).with_timeout(ANSWER);
        let backoff = BackoffConfig {
            init_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(10),
            base: 2.0,
        };
        let retry = RetryConfig { backoff, max_retries: RETRIES, retry_timeout: PATIENCE };
        let built = match address.service {
            Service::S3 => settings
                .each("AWS_", AmazonS3Builder::new(), |b, key, value| match key.parse() {
                    Ok(key) => b.with_config(key, value),
                    Err(_) => b,
                })
                .with_bucket_name(&address.bucket)
                .with_client_options(options)
                .with_retry(retry)
                .build()
                .map(both),
            Service::Google => settings
                .each("GOOGLE_", GoogleCloudStorageBuilder::new(), |b, key, value| match key.parse() {
                    Ok(key) => b.with_config(key, value),
                    Err(_) => b,
                })
                .with_bucket_name(&address.bucket)
                .with_client_options(options)
                .with_retry(retry)
                .build()
                .map(both),
            Service::Azure => settings
                .each("AZURE_", MicrosoftAzureBuilder::new(), |b, key, value| match key.parse() {
                    Ok(key) => b.with_config(key, value),
                    Err(_) => b,
                })
                .with_container_name(&address.bucket)
                .with_client_options(options)
                .with_retry(retry)
                .build()
                .map(both),
        };
        let (objects, listing, signer) = built.map_err(|error| Trouble {
            kind: FailureKind::Refused,
            message: format!(
                "`{address}` cannot be reached as the environment stands: {}",
                trouble::hide(&trouble::innermost(&error), &secrets)
            ),
        })?;
        let hint =
            (address.service == Service::S3 && settings.has_no_credentials()).then_some(NO_CREDENTIALS);
        if hint.is_some() && settings.is_true("AWS_EC2_METADATA_DISABLED") {
            return Err(Trouble {
                kind: FailureKind::Refused,
                message: format!("`{address}` cannot be reached: {NO_CREDENTIALS}"),
            });
        }
        let signer = Some(signer);
        Ok(Self { endpoint, hint, secrets, signer, ..Self::of(address, objects, listing, bridge) })
    }

    /// A store that is reached by other means than the environment's.
    pub(super) fn of(
        address: &Address,
        objects: Box<dyn ObjectStore>,
        listing: Box<dyn Listing>,
        bridge: Bridge,
    ) -> Self {
        let (address, lost) = (address.clone(), OnceLock::new());
        Self {
            address,
            objects,
            listing,
            signer: None,
            bridge,
            endpoint: None,
            hint: None,
            secrets: Vec::new(),
            lost,
        }
    }

    /// Keeps what will be no better for another object.
    pub(super) fn note(&self, trouble: &Trouble) {
        use FailureKind::{ConnectionLost, Refused, Timeout, Unreachable};
        if matches!(trouble.kind, ConnectionLost | Refused | Timeout | Unreachable) {
            let _first_stays = self.lost.set(trouble.clone());
        }
    }

    /// Which protocol it speaks.
    pub(super) fn service(&self) -> Service {
        self.address.service
    }

    /// The address of a key.
    pub(super) fn named(&self, key: &str) -> String {
        self.address.with_key(key).to_string()
    }

    /// What an error about a key means.
    pub(super) fn trouble(&self, error: &object_store::Error, key: &str) -> Trouble {
        let about = trouble::About {
            address: &self.address.with_key(key),
            endpoint: self.endpoint.as_deref(),
            hint: self.hint,
        };
        let mut trouble = trouble::of(error, &about);
        trouble.message = trouble::hide(&trouble.message, &self.secrets);
        trouble
    }
}

const NO_CREDENTIALS: &str = "the environment holds no credentials, and the machine grants none; set AWS_ACCESS_KEY_ID and \
    AWS_SECRET_ACCESS_KEY (`aws configure export-credentials --format env` prints those of a profile), or \
    AWS_SKIP_SIGNATURE=true for a public bucket";

/// One store for reading, listing and signing.
type Parts = (Box<dyn ObjectStore>, Box<dyn Listing>, Arc<dyn Signer>);

fn both<S: Listing + ObjectStore + Signer + Clone>(store: S) -> Parts {
    (Box::new(store.clone()), Box::new(store.clone()), Arc::new(store))
}

/// The environment, as far as it is about stores.
struct Settings<'a>(&'a Variables);

impl Settings<'_> {
    /// Hands every variable of a service to its builder, under a name the builder may know. Empty ones are not set.
    fn each<B>(&self, prefix: &str, builder: B, set: impl Fn(B, &str, &str) -> B) -> B {
        let mine = self.0.iter().filter(|(name, value)| name.starts_with(prefix) && !value.is_empty());
        mine.fold(builder, |builder, (name, value)| {
            let known = match name.as_str() {
                // As the services' own tools call them.
                "AZURE_STORAGE_ACCOUNT" => "azure_storage_account_name".to_owned(),
                "AZURE_STORAGE_KEY" => "azure_storage_account_key".to_owned(),
                other => other.to_ascii_lowercase(),
            };
            set(builder, &known, value)
        })
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, value)| value.as_str())
    }

    fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| v.eq_ignore_ascii_case("true") || v == "1")
    }

    /// Where the store is, if that is said.
    fn endpoint(&self, service: Service) -> Result<Option<String>, Trouble> {
        let names: &[&str] = match service {
            Service::S3 => &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"],
            Service::Google => &["GOOGLE_BASE_URL"],
            Service::Azure => &["AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"],
        };
        let said = names.iter().find_map(|name| self.get(name).map(|value| (name, value.to_owned())));
        let Some((name, endpoint)) = said else {
            let emulator = service == Service::Azure && self.is_true("AZURE_STORAGE_USE_EMULATOR");
            return Ok(emulator.then(|| "http://127.0.0.1:10000".to_owned()));
        };
        let wrong =
            |why: &str| Err(Trouble { kind: FailureKind::Unreachable, message: format!("{name} {why}") });
        let Some(rest) = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://"))
        else {
            return wrong("does not begin with `https://` or `http://`");
        };
        if rest.split('/').next().is_some_and(|host| host.contains('@')) || rest.contains('?') {
            return wrong("carries a credential; set credentials in variables of their own");
        }
        Ok(Some(endpoint))
    }

    fn has_no_credentials(&self) -> bool {
        let any = [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ];
        any.iter().all(|name| self.get(name).is_none()) && !self.is_true("AWS_SKIP_SIGNATURE")
    }

    /// Values that no message may repeat.
    fn secrets(&self) -> Vec<String> {
        let kept = |name: &str| {
            ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|prefix| name.starts_with(prefix))
                && ["SECRET", "TOKEN", "KEY", "SAS"].iter().any(|part| name.contains(part))
                && !name.ends_with("_FILE")
        };
        let mut secrets: Vec<String> =
            self.0.iter().filter(|(n, v)| kept(n) && v.len() >= 8).map(|(_, v)| v.clone()).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets
    }
}

/// Lets clients encrypt by what the rest of the program does it with. The first choice stays; there is only this one.
pub(in crate::probe) fn encrypt() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
}

/// The process's own environment; what is not Unicode is no setting of a store.
pub(super) fn variables() -> Variables {
    let both = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(both).collect()
}
