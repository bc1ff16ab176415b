//! Where requests go: addresses, and which of them lie inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;

/// The address of a service as it may be shown: nothing but scheme, host, port and path.
pub(in crate::probe) fn shown(address: &str) -> String {
    match Url::parse(address) {
        Ok(url) if url.host_str().is_some() => {
            let port = url.port().map_or(String::new(), |port| format!(":{port}"));
            format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
        }
        _ => "(no address)".to_owned(),
    }
}

/// The address of a service.
///
/// # Errors
/// It is none, or carries a credential.
pub(super) fn base(address: &str) -> Result<Url, String> {
    let url = Url::parse(address)
        .map_err(|_| "the address is none; write `https://HOST` or `http://HOST:PORT`".to_owned())?;
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(
            "the address carries more than scheme, host, port and path; credentials go into a `header`"
                .to_owned(),
        );
    }
    if !["http", "https"].contains(&url.scheme()) || url.host().is_none() {
        return Err(format!(
            "`{}://` is not asked; write `https://HOST` or `http://HOST:PORT`",
            url.scheme()
        ));
    }
    Ok(url)
}

/// The address of a path of a service.
///
/// # Errors
/// The path leads out of it.
pub(super) fn join(base: &Url, path: &str) -> Result<Url, String> {
    let wrong = || format!("`{path}` is no path of a request");
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    if !path.starts_with('/') || path.starts_with("//") || path.contains('\\') {
        return Err(wrong());
    }
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url.set_query(query);
    if url.origin() == base.origin() { Ok(url) } else { Err(wrong()) }
}

/// Whether a host that is written as an address, or as `localhost`, lies inside.
pub(super) fn is_inside(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse().is_ok_and(is_private)
}

/// Whether an address lies inside: this machine, its networks, or those that are nobody's.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_private_v4(ip),
        IpAddr::V6(ip) => is_private_v6(ip),
    }
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    let [first, second, .., g, h] = ip.segments();
    let inner = || {
        let [a, b] = g.to_be_bytes();
        let [c, d] = h.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    // Addresses that stand for one of the older kind.
    let translated = (first == 0x64 && second == 0xff9b) || ip.to_ipv4_mapped().is_some();
    ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || (first & 0xfe00) == 0xfc00
        || (first & 0xffc0) == 0xfe80
        || (translated && is_private_v4(inner()))
        || ip.to_ipv4().is_some_and(is_private_v4)
}

/// Why a host is not asked at the addresses that it has, if so: a name or an answer may lead inside unasked. `own` is
/// whether the policy itself names the host; who writes an address that lies inside means it.
pub(in crate::probe) fn astray(host: &str, found: &[SocketAddr], own: bool, private: bool) -> Option<String> {
    let literal = host.parse::<IpAddr>().ok();
    let local = host == "localhost";
    let meant = own && (literal.is_some_and(|ip| !is_link_local(ip)) || local);
    let inside = found.iter().find(|at| is_private(at.ip()))?;
    let elsewhere = local && found.iter().any(|at| !at.ip().is_loopback());
    (!private && (!meant || elsewhere)).then(|| {
        format!(
            "`{host}` leads to {}, which is a private address; write `allow private` in the source's block if it may",
            inside.ip()
        )
    })
}

/// Whether an address is one that machines in clouds ask for credentials, among others.
fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => {
            (ip.segments().first().copied().unwrap_or_default() & 0xffc0) == 0xfe80
                || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_no_credentials() {
        for text in [
            "http://u:p@h/",
            "https://h/?token=x",
            "https://h/#x",
            "ftp://h/",
            "file:///etc/passwd",
            "h:3001",
            "",
        ] {
            assert!(base(text).is_err(), "{text}");
        }
        assert_eq!(shown("http://u:hunter2@h:3001/a?token=hunter2"), "http://h:3001/a");
    }

    #[test]
    fn paths_stay_inside() {
        let root = base("http://localhost:3001/api/").unwrap();
        assert_eq!(
            join(&root, "/health?full=1").unwrap().as_str(),
            "http://localhost:3001/api/health?full=1"
        );
        for path in ["health", "//evil.example/x", "/\\evil.example", "http://evil.example/"] {
            assert!(join(&root, path).is_err(), "{path}");
        }
    }

    #[test]
    fn inside_is_told_from_outside() {
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a00:1",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(is_private(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["93.184.216.34", "2606:2800:220:1::1", "172.32.0.1", "100.128.0.1"] {
            assert!(!is_private(ip.parse().unwrap()), "{ip}");
        }
    }
}
