//! Which addresses a notice may go to: public ones, by https, on the ports that serve it.
//!
//! Whatever is not known to be public is refused, so that a new private range is not a new hole.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::LazyLock;

use ipnet::{Ipv4Net, Ipv6Net};
use reqwest::Url;

/// Ports on which https endpoints live; others are someone's internal service.
const PORTS: [u16; 2] = [443, 8443];

/// Longer addresses are refused by servers and break logs.
const URL_LEN_MAX: usize = 2048;

/// IPv4 ranges that are private, shared, reserved, for documentation or for many at once.
const CLOSED_V4: [&str; 15] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

/// The only IPv6 range that is handed out for the public Internet.
const OPEN_V6: &str = "2000::/3";

/// What is closed inside it: protocol assignments with Teredo, documentation, and 6to4, which
/// hides an IPv4 address that may be private.
const CLOSED_V6: [&str; 4] = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

static V4: LazyLock<Vec<Ipv4Net>> =
    LazyLock::new(|| CLOSED_V4.iter().map(|net| range(net)).collect());
static V6: LazyLock<Vec<Ipv6Net>> =
    LazyLock::new(|| CLOSED_V6.iter().map(|net| range(net)).collect());
static PUBLIC_V6: LazyLock<Ipv6Net> = LazyLock::new(|| range(OPEN_V6));

fn range<N: FromStr<Err: std::fmt::Debug>>(text: &str) -> N {
    text.parse().expect("the ranges above are well formed")
}

/// How strict the guard is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// Public https endpoints only.
    PublicOnly,
    /// Anything goes: a sandbox or a test, whose receivers live on this machine.
    Anywhere,
}

impl Guard {
    /// The address as one that may be called, or why it may not.
    ///
    /// Names are judged when they are resolved; addresses written as numbers never reach a
    /// resolver and are judged here, after the URL parser has folded their odd spellings.
    pub(super) fn admit(self, text: &str) -> Result<Url, String> {
        if text.len() > URL_LEN_MAX {
            return Err(format!(
                "the address is longer than {URL_LEN_MAX} characters"
            ));
        }
        let url = Url::parse(text).map_err(|error| format!("not an address: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the address must not hold a user name or password".to_owned());
        }
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return Err("the address names no host".to_owned());
        };
        match self {
            Self::Anywhere if matches!(url.scheme(), "http" | "https") => {}
            Self::Anywhere => return Err("the address must begin with http or https".to_owned()),
            Self::PublicOnly => judge(&url, host)?,
        }
        Ok(url)
    }

    /// Whether a connection may go to this address.
    pub(super) fn allows(self, address: IpAddr) -> bool {
        self == Self::Anywhere || is_public(address)
    }
}

fn judge(url: &Url, host: &str) -> Result<(), String> {
    if url.scheme() != "https" {
        return Err("the address must begin with https".to_owned());
    }
    if !url
        .port_or_known_default()
        .is_some_and(|port| PORTS.contains(&port))
    {
        return Err("the port must be 443 or 8443".to_owned());
    }
    let name = host.trim_end_matches('.');
    if name == "localhost" || name.ends_with(".localhost") {
        return Err("the address is this machine".to_owned());
    }
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    match literal.parse::<IpAddr>() {
        Ok(address) if !is_public(address) => {
            Err("the address is not on the public Internet".to_owned())
        }
        _ => Ok(()),
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !V4.iter().any(|closed| closed.contains(&address))
}

/// IPv4 addresses mapped into IPv6 lie outside the public range and are refused with it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    PUBLIC_V6.contains(&address) && !V6.iter().any(|closed| closed.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_refused_in_every_spelling() {
        let hosts = [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "0177.0.0.1",
            "0.0.0.0",
            "0",
            "10.0.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:8.8.8.8]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[fe80::1]",
            "[fc00::1]",
            "[ff02::1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[2001:db8::1]",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "hooks.localhost",
            "127.0.0.1.",
            "１２７.0.0.1",
        ];
        for host in hosts {
            let url = format!("https://{host}/hook");
            assert!(Guard::PublicOnly.admit(&url).is_err(), "{url}");
        }
    }

    #[test]
    fn public_https_endpoints_are_admitted() {
        for url in [
            "https://hooks.acme.example/wa?x=1",
            "https://hooks.acme.example:8443/",
            "https://8.8.8.8/",
            "https://192.0.1.1/",
            "https://172.32.0.1/",
            "https://[2606:4700::1111]/",
            "https://[2001:4860:4860::8888]/",
        ] {
            assert!(Guard::PublicOnly.admit(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn what_is_no_plain_https_endpoint_is_refused_with_the_reason() {
        let long = format!("https://a.example/{}", "x".repeat(URL_LEN_MAX));
        let rows = [
            ("http://hooks.acme.example/", "https"),
            ("ftp://hooks.acme.example/", "https"),
            ("https://hooks.acme.example:22/", "port"),
            ("https://user@hooks.acme.example/", "user name"),
            ("https://user:pw@hooks.acme.example/", "user name"),
            ("https://:pw@hooks.acme.example/", "user name"),
            ("hooks.acme.example", "not an address"),
            ("", "not an address"),
            ("data:text/plain,x", "host"),
            (long.as_str(), "longer"),
        ];
        for (url, reason) in rows {
            let error = Guard::PublicOnly.admit(url).unwrap_err();
            assert!(error.contains(reason), "{url}: {error}");
        }
    }

    #[test]
    fn a_sandbox_may_call_its_own_machine_but_nothing_that_is_not_http() {
        assert!(Guard::Anywhere.admit("http://127.0.0.1:9999/hook").is_ok());
        assert!(Guard::Anywhere.admit("http://localhost:9999/hook").is_ok());
        assert!(Guard::Anywhere.admit("file:///etc/passwd").is_err());
        assert!(Guard::Anywhere.admit("http://user@127.0.0.1/").is_err());
    }
}
