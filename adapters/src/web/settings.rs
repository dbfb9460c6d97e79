//! What the web rooms are told at the start. Reading and checking the settings happens elsewhere.

use std::num::NonZeroU32;
use std::time::Duration;

use rocket::figment::Figment;

/// Everything the public listener needs besides the use cases; managed state of the server.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// Rocket's own settings: address, port, workers, shutdown.
    pub figment: Figment,
    /// What links begin with, without a slash at the end; its origin is the only one that may post.
    pub public_url: String,
    /// The script the hosted page loads.
    pub meta_sdk_url: String,
    /// Exact origins whose messages the hosted page believes.
    pub signup_origins: Vec<String>,
    /// Origins that Meta's script may call and frame.
    pub meta_connect_origins: Vec<String>,
    /// Whether this is the sandbox, which the pages say aloud.
    pub sandbox: bool,
    /// The header in which a trusted proxy names the caller's address; nothing believes none.
    pub trusted_ip_header: Option<String>,
    /// How much and how long the server takes.
    pub bounds: Bounds,
}

/// How much of a request is read, how long an answer may take, how often a caller may ask.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Bytes of a JSON body.
    pub json_body: usize,
    /// Bytes of a webhook body from Meta.
    pub meta_body: usize,
    /// How long a body may take to arrive once a guard reads it. Rocket waits for its first 14 bytes
    /// before any guard runs, and without limit: only a proxy in front can bound those.
    pub body_arrival: Duration,
    /// How long a handler may take to answer.
    pub answer: Duration,
    /// Requests of one partner key.
    pub per_key: Rate,
    /// Wrong credentials from one address.
    pub refusals_per_address: Rate,
}

/// A token bucket.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// How many tokens return each second.
    pub per_second: NonZeroU32,
    /// How many it holds when full.
    pub burst: NonZeroU32,
}

impl Rate {
    /// A bucket of `burst`, refilled with `per_second`; zero counts as one.
    pub const fn new(per_second: u32, burst: u32) -> Self {
        Self {
            per_second: at_least_one(per_second),
            burst: at_least_one(burst),
        }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            json_body: 256 * 1024,
            // What Meta says a batch of events may weigh.
            meta_body: 3 * 1024 * 1024,
            body_arrival: Duration::from_secs(15),
            answer: Duration::from_secs(30),
            // A partner that moves 2,000 clients at once must pass without a pause.
            per_key: Rate::new(200, 2_000),
            refusals_per_address: Rate::new(1, 30),
        }
    }
}

impl WebSettings {
    /// Settings for this address, with Meta's real origins and the usual bounds.
    pub fn new(figment: Figment, public_url: impl Into<String>) -> Self {
        let origins = |names: &[&str]| names.iter().map(|name| format!("https://{name}")).collect();
        Self {
            figment,
            public_url: public_url.into().trim_end_matches('/').to_owned(),
            meta_sdk_url: "https://connect.facebook.net/en_US/sdk.js".to_owned(),
            signup_origins: origins(&[
                "www.facebook.com",
                "web.facebook.com",
                "business.facebook.com",
            ]),
            meta_connect_origins: origins(&[
                "www.facebook.com",
                "graph.facebook.com",
                "connect.facebook.net",
            ]),
            sandbox: false,
            trusted_ip_header: None,
            bounds: Bounds::default(),
        }
    }

    /// Whether browsers reach us over TLS: cookies, HSTS and their names follow from it.
    pub fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Scheme, host and port of `public_url`, as browsers write it in `Origin`.
    pub fn origin(&self) -> &str {
        let from = self.public_url.find("://").map_or(0, |at| at + 3);
        let end = self.public_url[from..]
            .find('/')
            .map_or(self.public_url.len(), |at| from + at);
        &self.public_url[..end]
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

#[cfg(test)]
mod tests {
    use super::{Figment, WebSettings};

    #[test]
    fn an_origin_is_the_public_address_without_its_path() {
        let of = |url: &str| WebSettings::new(Figment::new(), url).origin().to_owned();
        assert_eq!(of("https://a.example/signup/"), "https://a.example");
        assert_eq!(of("http://127.0.0.1:8000"), "http://127.0.0.1:8000");
    }
}
