//! Encryption by rustls with the ring provider: one connector for each meaning of `sslmode`.
//!
//! libpq accepts a server certificate that is itself the named root, even one marked as an authority, which is
//! what `openssl req -x509` makes and the PostgreSQL documentation shows. So does this.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use tokio_postgres_rustls::MakeRustlsConnect;

pub use super::ssl_files::SslMode;
use super::ssl_files::{ClientCertificate, Roots, SslSettings};

/// A connector for the address, or one line on why there cannot be one.
pub(super) fn connector(ssl: &SslSettings) -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut versions = Vec::new();
    if ssl.tls13 {
        versions.push(&rustls::version::TLS13);
    }
    if ssl.tls12 {
        versions.push(&rustls::version::TLS12);
    }
    let check = ServerCheck {
        trust: trust(&ssl.roots)?,
        compare_name: ssl.mode == SslMode::VerifyFull,
        provider: Arc::clone(&provider),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(check));
    let mut config = match &ssl.client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let (chain, key) = client_certificate(client)?;
            builder.with_client_auth_cert(chain, key).map_err(|error| {
                format!("client certificate {} is not usable: {error}", client.path.display())
            })?
        }
    };
    config.enable_sni = ssl.send_host_name;
    // Needed for a direct start of TLS, and harmless otherwise.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(MakeRustlsConnect::new(config))
}

/// What a chain may end in.
#[derive(Debug)]
struct Trust {
    roots: RootCertStore,
    /// The certificates of a root file themselves: a server may present one of them.
    exact: Vec<CertificateDer<'static>>,
}

fn trust(roots: &Roots) -> Result<Option<Trust>, String> {
    let (place, certificates) = match roots {
        Roots::Unchecked => return Ok(None),
        Roots::System => {
            let found = rustls_native_certs::load_native_certs();
            ("the system's certificate store".to_owned(), found.certs)
        }
        Roots::Pem { path, pem } => {
            let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            let place = format!("root certificate file {}", path.display());
            (place.clone(), certificates.map_err(|error| format!("{place} is not PEM: {error}"))?)
        }
    };
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(certificates.iter().cloned());
    if added == 0 {
        return Err(format!("{place} holds no usable certificate"));
    }
    let exact = if matches!(roots, Roots::Pem { .. }) { certificates } else { Vec::new() };
    Ok(Some(Trust { roots: store, exact }))
}

type ChainAndKey = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn client_certificate(client: &ClientCertificate) -> Result<ChainAndKey, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&client.chain).collect();
    let chain =
        chain.map_err(|error| format!("client certificate {} is not PEM: {error}", client.path.display()))?;
    if chain.is_empty() {
        return Err(format!("client certificate {} holds no certificate", client.path.display()));
    }
    let key = PrivateKeyDer::from_pem_slice(&client.key).map_err(|_| {
        format!("client key {} is not an unencrypted PEM key; decrypt it first", client.key_path.display())
    })?;
    Ok((chain, key))
}

/// The check of the server's certificate that the mode asks for. The handshake's signature, that is, that the
/// server owns its certificate's key, is checked in every mode.
#[derive(Debug)]
struct ServerCheck {
    /// `None` accepts every certificate: `require` without a root.
    trust: Option<Trust>,
    compare_name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ServerCheck {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(trust) = &self.trust else { return Ok(ServerCertVerified::assertion()) };
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        match verify_server_cert_signed_by_trust_anchor(&parsed, &trust.roots, intermediates, now, algorithms)
        {
            Ok(()) => {}
            // Dates are checked before the role of the certificate, so this refusal is about the role alone.
            Err(error) if is_authority(&error) && trust.exact.iter().any(|root| root == end_entity) => {}
            Err(error) => return Err(error),
        }
        if self.compare_name {
            verify_server_name(&parsed, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn is_authority(error: &Error) -> bool {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            inner.to_string().contains("CaUsedAsEndEntity")
        }
        _ => false,
    }
}
