//! Headers that keep browsers strict. What a response sets itself stays; everything else gets the
//! strictest value.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rand::RngCore;
use rocket::Response;
use rocket::fairing::{Fairing, Info, Kind};
use rocket::request::{FromRequest, Outcome, Request};

/// The policy of everything that is not a page of ours.
const CSP: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/// Features no page of ours uses.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// This request's nonce for scripts and styles, the same however often it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Nonce(String);

impl Nonce {
    /// The nonce of this request.
    pub(crate) fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| {
            let mut bytes = [0_u8; 16];
            rand::rng().fill_bytes(&mut bytes);
            Self(STANDARD_NO_PAD.encode(bytes))
        })
    }

    /// The nonce as it stands in the markup.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for &'r Nonce {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Nonce::of(request))
    }
}

/// The content policy of the page being answered; a handler takes `&Csp` as a guard and sets it once.
#[derive(Debug, Default)]
pub(crate) struct Csp {
    policy: OnceLock<String>,
    popups: OnceLock<()>,
}

impl Csp {
    /// The policy holder of this request.
    pub(crate) fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(Self::default)
    }

    /// Replaces the default policy; the first call of a request counts.
    pub(crate) fn set(&self, policy: impl Into<String>) {
        let _ = self.policy.set(policy.into());
    }

    /// Lets this page keep hold of a popup it opens; under `same-origin` Meta's popup looks closed at once.
    pub(crate) fn allow_popups(&self) {
        let _ = self.popups.set(());
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for &'r Csp {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Csp::of(request))
    }
}

/// Writes the headers.
pub(crate) struct SecurityHeaders {
    /// Whether browsers reach us over TLS.
    pub(crate) secure: bool,
}

#[rocket::async_trait]
impl Fairing for SecurityHeaders {
    fn info(&self) -> Info {
        Info {
            name: "security headers",
            kind: Kind::Response,
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let csp = Csp::of(request);
        let opener = if csp.popups.get().is_some() {
            "same-origin-allow-popups"
        } else {
            "same-origin"
        };
        let policy = csp.policy.get().map_or(CSP, String::as_str);
        if csp.policy.get().is_none() {
            // A page with its own policy may be framed where its frame-ancestors say.
            keep_or_set(response, "X-Frame-Options", "DENY");
        }
        keep_or_set(response, "Content-Security-Policy", policy);
        keep_or_set(response, "Cross-Origin-Opener-Policy", opener);
        keep_or_set(response, "X-Content-Type-Options", "nosniff");
        keep_or_set(response, "Referrer-Policy", "no-referrer");
        keep_or_set(response, "Permissions-Policy", PERMISSIONS);
        keep_or_set(response, "Cache-Control", "no-store");
        if self.secure {
            keep_or_set(
                response,
                "Strict-Transport-Security",
                "max-age=63072000; includeSubDomains",
            );
        }
    }
}

fn keep_or_set(response: &mut Response<'_>, name: &'static str, value: &str) {
    if !response.headers().contains(name) {
        response.set_raw_header(name, value.to_owned());
    }
}
