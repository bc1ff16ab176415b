//! The connection parameters libpq knows, and what becomes of each one here.
//!
//! Source of names and variables: the "Parameter Key Words" and "Environment Variables" sections of the libpq
//! chapter, PostgreSQL 13 to 18.

/// What becomes of a parameter that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Support {
    /// It is used.
    Used,
    /// It cannot change what is read, so it is left out and a note says why.
    Noted(&'static str),
    /// It asks for something that is not provided. Only these values mean the same as leaving it out.
    Refused { harmless: &'static [&'static str], why: &'static str },
}

/// One connection parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    /// The environment variable behind it; empty where there is none.
    pub(super) variable: &'static str,
    pub(super) support: Support,
}

const fn used(name: &'static str, variable: &'static str) -> Parameter {
    Parameter { name, variable, support: Support::Used }
}

const fn noted(name: &'static str, variable: &'static str, why: &'static str) -> Parameter {
    Parameter { name, variable, support: Support::Noted(why) }
}

const fn refused(
    name: &'static str,
    variable: &'static str,
    harmless: &'static [&'static str],
    why: &'static str,
) -> Parameter {
    Parameter { name, variable, support: Support::Refused { harmless, why } }
}

const NO_GSS: &str = "GSSAPI is not supported; use a password, a client certificate or peer authentication";
const NO_CRL: &str = "revocation lists are not supported; leave it out, or verify the certificate elsewhere";
const NO_OAUTH: &str = "OAuth is not supported; use a password or a client certificate";
const NO_SCRAM_KEY: &str = "pre-computed SCRAM keys are not supported; give the password";
const PROTOCOL: &str = "only protocol version 3.0 is spoken";

/// Every parameter libpq knows.
pub(super) const PARAMETERS: &[Parameter] = &[
    used("host", "PGHOST"),
    used("hostaddr", "PGHOSTADDR"),
    used("port", "PGPORT"),
    used("dbname", "PGDATABASE"),
    used("user", "PGUSER"),
    used("password", "PGPASSWORD"),
    used("passfile", "PGPASSFILE"),
    used("service", "PGSERVICE"),
    used("servicefile", "PGSERVICEFILE"),
    used("sslmode", "PGSSLMODE"),
    used("sslrootcert", "PGSSLROOTCERT"),
    used("sslcert", "PGSSLCERT"),
    used("sslkey", "PGSSLKEY"),
    used("sslsni", "PGSSLSNI"),
    used("sslnegotiation", "PGSSLNEGOTIATION"),
    used("sslcertmode", "PGSSLCERTMODE"),
    used("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    used("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    used("channel_binding", "PGCHANNELBINDING"),
    used("connect_timeout", "PGCONNECT_TIMEOUT"),
    used("application_name", "PGAPPNAME"),
    used("fallback_application_name", ""),
    used("options", "PGOPTIONS"),
    used("target_session_attrs", "PGTARGETSESSIONATTRS"),
    used("keepalives", ""),
    used("keepalives_idle", ""),
    used("keepalives_interval", ""),
    used("keepalives_count", ""),
    used("tcp_user_timeout", ""),
    noted("client_encoding", "PGCLIENTENCODING", "every session reads as UTF8"),
    refused(
        "require_auth",
        "PGREQUIREAUTH",
        &[],
        "it cannot be enforced; use channel_binding=require or a certificate",
    ),
    refused("requirepeer", "PGREQUIREPEER", &[], "the owner of the socket cannot be checked; leave it out"),
    refused("sslcompression", "PGSSLCOMPRESSION", &["0"], "TLS compression is insecure and not supported"),
    refused(
        "sslpassword",
        "",
        &[],
        "encrypted client keys are not supported; decrypt the key to a file of mode 0600",
    ),
    refused("sslcrl", "PGSSLCRL", &[], NO_CRL),
    refused("sslcrldir", "PGSSLCRLDIR", &[], NO_CRL),
    refused("sslkeylogfile", "", &[], "session keys are never written out"),
    refused("requiressl", "PGREQUIRESSL", &["0"], "it was removed from libpq; use sslmode=require"),
    refused("gssencmode", "PGGSSENCMODE", &["disable", "prefer"], NO_GSS),
    refused("gssdelegation", "PGGSSDELEGATION", &["0"], NO_GSS),
    refused("gsslib", "PGGSSLIB", &[], NO_GSS),
    refused("krbsrvname", "PGKRBSRVNAME", &["postgres"], NO_GSS),
    refused("replication", "", &["false", "off", "no", "0"], "a replication connection cannot run queries"),
    refused(
        "load_balance_hosts",
        "PGLOADBALANCEHOSTS",
        &["disable"],
        "which server is read must not be random; list it first",
    ),
    refused("min_protocol_version", "PGMINPROTOCOLVERSION", &["3.0"], PROTOCOL),
    refused("max_protocol_version", "PGMAXPROTOCOLVERSION", &["3.0", "latest"], PROTOCOL),
    refused("scram_client_key", "", &[], NO_SCRAM_KEY),
    refused("scram_server_key", "", &[], NO_SCRAM_KEY),
    refused("oauth_issuer", "", &[], NO_OAUTH),
    refused("oauth_client_id", "", &[], NO_OAUTH),
    refused("oauth_client_secret", "", &[], NO_OAUTH),
    refused("oauth_scope", "", &[], NO_OAUTH),
];

/// Query parameters that application libraries (Prisma and its kin) put into a database URL. They tune that
/// library's pool and cannot change what is read here, so a shared `DATABASE_URL` works, with a note.
pub(super) const LIBRARY_PARAMETERS: &[&str] =
    &["schema", "connection_limit", "pool_timeout", "socket_timeout", "statement_cache_size", "pgbouncer"];

/// Words people write for a parameter that has another name.
const SYNONYMS: &[(&str, &str)] = &[
    ("database", "dbname"),
    ("db", "dbname"),
    ("username", "user"),
    ("pass", "password"),
    ("pwd", "password"),
    ("hostname", "host"),
    ("server", "host"),
    ("timeout", "connect_timeout"),
    ("sslca", "sslrootcert"),
];

/// The parameter of that exact name.
pub(super) fn find(name: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|parameter| parameter.name == name)
}

/// Whether the value must never be shown.
pub(super) fn is_secret(name: &str) -> bool {
    matches!(
        name,
        "password"
            | "sslpassword"
            | "oauth_client_secret"
            | "scram_client_key"
            | "scram_server_key"
            | "pass"
            | "pwd"
    )
}

/// The used parameter a misspelt word most likely means.
pub(super) fn nearest(word: &str) -> Option<&'static str> {
    let lower = word.to_ascii_lowercase();
    if let Some((_, name)) = SYNONYMS.iter().find(|(synonym, _)| *synonym == lower) {
        return Some(name);
    }
    PARAMETERS
        .iter()
        .filter(|parameter| parameter.support == Support::Used)
        .map(|parameter| (strsim::jaro_winkler(&lower, parameter.name), parameter.name))
        .filter(|(score, _)| *score >= 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::{PARAMETERS, find, nearest};

    #[test]
    fn names_are_unique() {
        for (at, parameter) in PARAMETERS.iter().enumerate() {
            assert!(
                PARAMETERS[at + 1..].iter().all(|other| other.name != parameter.name),
                "{}",
                parameter.name
            );
        }
    }

    #[test]
    fn misspelt_words_lead_to_the_nearest_name() {
        assert_eq!(nearest("sslmod"), Some("sslmode"));
        assert_eq!(nearest("Database"), Some("dbname"));
        assert_eq!(nearest("hots"), Some("host"));
        assert_eq!(nearest("zzz"), None);
        assert!(find("sslmod").is_none());
    }
}
