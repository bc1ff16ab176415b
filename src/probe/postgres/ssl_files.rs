//! What the address says about encryption: the mode, and the certificates and keys read for it.
//!
//! Source: "SSL Support" in the libpq chapter of the PostgreSQL documentation. Two deliberate differences, both
//! stricter: a root certificate file that was named but is missing is an error in every mode, and a host name must
//! be in the certificate's subjectAltName (libpq falls back to the common name).

use std::fmt;
use std::path::PathBuf;

use super::address_error::AddressError;
use super::environment::Environment;

/// `sslmode`, with libpq's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Plain first; encrypted if the server insists.
    Allow,
    /// Encrypted first; plain if that does not come about.
    Prefer,
    /// Encrypted. The server's certificate is only checked if a root certificate is present.
    Require,
    /// Encrypted, and the certificate chains to a root.
    VerifyCa,
    /// Encrypted, the certificate chains to a root, and it names the host.
    VerifyFull,
}

impl SslMode {
    const ALL: [Self; 6] =
        [Self::Disable, Self::Allow, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull];

    /// The word libpq uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Allow => "allow",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.word() == word)
    }

    pub(super) fn words() -> String {
        Self::ALL.map(Self::word).join(", ")
    }
}

/// The roots a server's certificate must chain to.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Roots {
    /// None: the certificate is not checked.
    Unchecked,
    /// The operating system's own store.
    System,
    /// The PEM text of a file.
    Pem { path: PathBuf, pem: Vec<u8> },
}

/// A client certificate and its key, both PEM.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ClientCertificate {
    pub(super) path: PathBuf,
    pub(super) chain: Vec<u8>,
    pub(super) key_path: PathBuf,
    pub(super) key: Vec<u8>,
}

/// Everything encryption needs, read and resolved.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SslSettings {
    pub(super) mode: SslMode,
    pub(super) roots: Roots,
    pub(super) client: Option<ClientCertificate>,
    pub(super) send_host_name: bool,
    /// TLS from the first byte, PostgreSQL 17 and later.
    pub(super) direct: bool,
    pub(super) tls12: bool,
    pub(super) tls13: bool,
}

/// The texts of the parameters, each `None` or empty where not given.
#[derive(Default)]
pub(super) struct SslTexts<'a> {
    pub(super) mode: Option<&'a str>,
    pub(super) root: Option<&'a str>,
    pub(super) cert: Option<&'a str>,
    pub(super) key: Option<&'a str>,
    pub(super) cert_mode: Option<&'a str>,
    pub(super) sni: Option<&'a str>,
    pub(super) negotiation: Option<&'a str>,
    pub(super) min_version: Option<&'a str>,
    pub(super) max_version: Option<&'a str>,
}

impl fmt::Debug for SslSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key's bytes are a secret, and certificates are only noise.
        f.debug_struct("SslSettings")
            .field("mode", &self.mode)
            .field("checked", &(self.roots != Roots::Unchecked))
            .field("client_certificate", &self.client.as_ref().map(|client| &client.path))
            .finish_non_exhaustive()
    }
}

impl SslSettings {
    /// Resolves the texts. Files are read only where a connection could use them: `over_network` is whether any
    /// host is reached by TCP, since TLS never runs over a Unix socket.
    pub(super) fn resolve(
        texts: &SslTexts<'_>,
        over_network: bool,
        env: &dyn Environment,
    ) -> Result<Self, AddressError> {
        let given = |text: Option<&'_ str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let root = given(texts.root);
        let system = root.as_deref() == Some("system");
        let mode = match given(texts.mode) {
            None if system => SslMode::VerifyFull,
            None => SslMode::Prefer,
            Some(word) => SslMode::parse(&word).ok_or_else(|| {
                AddressError::new(format!("`{word}` is not an sslmode"))
                    .help(format!("write one of {}", SslMode::words()))
            })?,
        };
        if system && mode != SslMode::VerifyFull {
            return Err(AddressError::new(format!(
                "sslmode={} is too weak for sslrootcert=system",
                mode.word()
            ))
            .help("use sslmode=verify-full: anybody can have a certificate of a public authority"));
        }
        let send_host_name = switch("sslsni", texts.sni)?;
        let direct = match given(texts.negotiation).as_deref() {
            None | Some("postgres") => false,
            Some("direct") if mode >= SslMode::Require => true,
            Some("direct") => {
                return Err(AddressError::new(format!(
                    "sslmode={} is too weak for sslnegotiation=direct",
                    mode.word()
                ))
                .help("use sslmode=require or stronger"));
            }
            Some(word) => {
                return Err(AddressError::new(format!("`{word}` is not an sslnegotiation"))
                    .help("write `postgres` or `direct`"));
            }
        };
        let (tls12, tls13) =
            versions(given(texts.min_version).as_deref(), given(texts.max_version).as_deref())?;
        let mut settings =
            Self { mode, roots: Roots::Unchecked, client: None, send_host_name, direct, tls12, tls13 };
        if mode == SslMode::Disable || !over_network {
            return Ok(settings);
        }
        settings.roots = if system { Roots::System } else { roots(mode, root.as_deref(), env)? };
        settings.client = match given(texts.cert_mode).as_deref() {
            Some("disable") => None,
            None | Some("allow") => client(given(texts.cert).as_deref(), given(texts.key).as_deref(), env)?,
            Some(word) => {
                return Err(AddressError::new(format!("sslcertmode=`{word}` is not supported"))
                    .help("write `allow` or `disable`"));
            }
        };
        Ok(settings)
    }
}

/// A libpq switch that is on unless it is `0`.
fn switch(name: &str, text: Option<&str>) -> Result<bool, AddressError> {
    match text {
        None | Some("" | "1") => Ok(true),
        Some("0") => Ok(false),
        Some(_) => Err(AddressError::new(format!("`{name}` is neither 0 nor 1")).help("write 0 or 1")),
    }
}

/// Whether TLS 1.2 and TLS 1.3 are allowed. Older versions are never spoken, so as a minimum they change nothing.
fn versions(min: Option<&str>, max: Option<&str>) -> Result<(bool, bool), AddressError> {
    let bad = |name: &str, word: &str| {
        AddressError::new(format!("{name}=`{word}` is not supported")).help("write TLSv1.2 or TLSv1.3")
    };
    let tls12 = match min {
        None | Some("TLSv1" | "TLSv1.1" | "TLSv1.2") => true,
        Some("TLSv1.3") => false,
        Some(word) => return Err(bad("ssl_min_protocol_version", word)),
    };
    let tls13 = match max {
        None | Some("TLSv1.3") => true,
        Some("TLSv1.2") => false,
        Some(word) => return Err(bad("ssl_max_protocol_version", word)),
    };
    if tls12 || tls13 {
        Ok((tls12, tls13))
    } else {
        Err(AddressError::new("ssl_min_protocol_version is above ssl_max_protocol_version")
            .help("exchange them"))
    }
}

/// A present root certificate is checked against in every mode, as libpq does.
fn roots(mode: SslMode, named: Option<&str>, env: &dyn Environment) -> Result<Roots, AddressError> {
    let default = env.home().map(|home| home.join(".postgresql/root.crt"));
    let Some(path) = named.map(PathBuf::from).or(default) else {
        return if mode >= SslMode::VerifyCa {
            Err(no_root(mode, "there is no home directory"))
        } else {
            Ok(Roots::Unchecked)
        };
    };
    match env.read(&path) {
        Ok(pem) => Ok(Roots::Pem { path, pem }),
        Err(_) if named.is_none() && mode < SslMode::VerifyCa => Ok(Roots::Unchecked),
        Err(error) => Err(no_root(mode, &format!("{} cannot be read: {error}", path.display()))),
    }
}

fn no_root(mode: SslMode, why: &str) -> AddressError {
    AddressError::new(format!("sslmode={} has no root certificate: {why}", mode.word()))
        .help("name the certificate of the authority in sslrootcert, or write sslrootcert=system")
}

fn client(
    cert: Option<&str>,
    key: Option<&str>,
    env: &dyn Environment,
) -> Result<Option<ClientCertificate>, AddressError> {
    if let Some(engine) = key.filter(|key| key.contains(':') && !key.contains('/')) {
        let engine = engine.split(':').next().unwrap_or_default();
        return Err(AddressError::new(format!(
            "sslkey names the OpenSSL engine `{engine}`, which is not supported"
        ))
        .help("name a key file"));
    }
    let home = env.home().map(|home| home.join(".postgresql"));
    let named = |file: &str| home.as_ref().map(|home| home.join(file));
    let Some(path) = cert.map(PathBuf::from).or_else(|| named("postgresql.crt")) else { return Ok(None) };
    let chain = match env.read(&path) {
        Ok(chain) => chain,
        Err(_) if cert.is_none() => return Ok(None),
        Err(error) => {
            return Err(AddressError::new(format!(
                "client certificate {} cannot be read: {error}",
                path.display()
            ))
            .help("correct sslcert, or write sslcertmode=disable"));
        }
    };
    let Some(key_path) = key.map(PathBuf::from).or_else(|| named("postgresql.key")) else {
        return Err(
            AddressError::new("there is a client certificate but no key").help("name the key in sslkey")
        );
    };
    let unreadable = |error: std::io::Error| {
        AddressError::new(format!("client key {} cannot be read: {error}", key_path.display()))
            .help("correct sslkey, or write sslcertmode=disable")
    };
    let facts = env.facts(&key_path).map_err(unreadable)?;
    // A key owned by root may be shared with a group, as packages do; any other must be private.
    let forbidden = if facts.owner == 0 { 0o037 } else { 0o077 };
    if facts.mode & forbidden != 0 {
        return Err(AddressError::new(format!(
            "client key {} is open to group or others",
            key_path.display()
        ))
        .help("run chmod 0600 on it"));
    }
    let key = env.read(&key_path).map_err(unreadable)?;
    Ok(Some(ClientCertificate { path, chain, key_path, key }))
}

#[cfg(test)]
mod tests {
    use super::super::environment::fake::FakeEnvironment;
    use super::{Roots, SslMode, SslSettings, SslTexts};

    fn resolve(texts: &SslTexts<'_>, env: &FakeEnvironment) -> Result<SslSettings, String> {
        SslSettings::resolve(texts, true, env).map_err(|error| error.to_string())
    }

    fn mode(word: &'static str) -> SslTexts<'static> {
        SslTexts { mode: Some(word), ..SslTexts::default() }
    }

    #[test]
    fn modes_and_roots_follow_libpq() {
        let env = FakeEnvironment::new();
        assert_eq!(resolve(&SslTexts::default(), &env).unwrap().mode, SslMode::Prefer);
        assert!(resolve(&mode("require"), &env).unwrap().roots == Roots::Unchecked);
        assert!(resolve(&mode("verify-ca"), &env).unwrap_err().contains("/home/ann/.postgresql/root.crt"));
        assert!(resolve(&mode("on"), &env).unwrap_err().contains("verify-full"));
        let system = SslTexts { root: Some("system"), ..SslTexts::default() };
        assert_eq!(resolve(&system, &env).unwrap().mode, SslMode::VerifyFull);
        let weak = SslTexts { root: Some("system"), mode: Some("require"), ..SslTexts::default() };
        assert!(resolve(&weak, &env).unwrap_err().contains("too weak"));
        // A root certificate that is there is used even where the mode does not ask for it.
        let env = env.file("/home/ann/.postgresql/root.crt", 0o644, "pem");
        assert!(matches!(resolve(&mode("require"), &env).unwrap().roots, Roots::Pem { .. }));
        assert!(resolve(&mode("disable"), &env).unwrap().roots == Roots::Unchecked);
        let missing = SslTexts { root: Some("/none"), ..SslTexts::default() };
        assert!(resolve(&missing, &env).unwrap_err().contains("/none cannot be read"));
    }

    #[test]
    fn a_client_key_must_be_private() {
        let texts = SslTexts { cert: Some("/c"), key: Some("/k"), ..SslTexts::default() };
        let env = FakeEnvironment::new().file("/c", 0o644, "cert").file("/k", 0o600, "key-bytes");
        let settings = resolve(&texts, &env).unwrap();
        assert_eq!(settings.client.as_ref().unwrap().key, b"key-bytes");
        assert!(!format!("{settings:?}").contains("107, 101"), "{settings:?}");
        let env = env.file("/k", 0o640, "key-bytes");
        assert!(resolve(&texts, &env).unwrap_err().contains("open to group or others"));
        let engine = SslTexts { key: Some("pkcs11:secret-id"), ..SslTexts::default() };
        let message = resolve(&engine, &env).unwrap_err();
        assert!(message.contains("`pkcs11`") && !message.contains("secret-id"));
    }

    #[test]
    fn versions_have_a_floor() {
        let env = FakeEnvironment::new();
        let only13 = SslTexts { min_version: Some("TLSv1.3"), ..SslTexts::default() };
        let settings = resolve(&only13, &env).unwrap();
        assert!(!settings.tls12 && settings.tls13);
        let old = SslTexts { max_version: Some("TLSv1.1"), ..SslTexts::default() };
        assert!(resolve(&old, &env).unwrap_err().contains("TLSv1.1"));
        let none =
            SslTexts { min_version: Some("TLSv1.3"), max_version: Some("TLSv1.2"), ..SslTexts::default() };
        assert!(resolve(&none, &env).unwrap_err().contains("above"));
    }
}
