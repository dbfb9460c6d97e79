//! Rules for fields that end up on a page, in a redirect or in a call, and the wrong ones collected.

use std::time::Duration;

use serde_json::Value;

use super::AppSettings;
use super::body::at_most;
use super::order::{CallbackBody, LinkBody};
use super::problem::{FieldError, Problem};
use super::views::BrandingView;

/// How long a link lives where nobody says otherwise: clients open mail late.
const LINK_DEFAULT_S: i64 = 604_800;
/// The longest life of a link.
const LINK_MAX_S: i64 = 2_592_000;

/// Meta takes https addresses of at most 200 characters (Meta: webhook overrides).
pub(super) fn judge_callback(callback: &CallbackBody, settings: &AppSettings, wrong: &mut Wrong) {
    let url = &callback.url;
    if host_of(url, settings.sandbox).is_none() {
        wrong.add(
            "messages_callback.url",
            "invalid",
            "must be an https address",
        );
    }
    wrong.check(at_most("messages_callback.url", url, 200));
    if callback.verify_token.is_empty() {
        let message = "must be what your endpoint expects from Meta";
        wrong.add("messages_callback.verify_token", "missing", message);
    }
    wrong.check(at_most(
        "messages_callback.verify_token",
        &callback.verify_token,
        256,
    ));
}

/// Judges a partner's face: colors and addresses end up on a page.
pub(super) fn judge_branding(branding: &BrandingView, wrong: &mut Wrong) {
    if let Some(accent) = &branding.accent {
        let hex = accent.strip_prefix('#').unwrap_or_default();
        if hex.len() != 6 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            wrong.add(
                "branding.accent",
                "invalid",
                "must be a color such as #0a7c5a",
            );
        }
    }
    let urls = [
        ("branding.logo_url", &branding.logo_url),
        ("branding.support_url", &branding.support_url),
    ];
    for (param, url) in urls {
        if url
            .as_deref()
            .is_some_and(|url| host_of(url, false).is_none())
        {
            wrong.add(param, "invalid", "must be an https address");
        }
    }
    wrong.check(at_most(
        "branding.display_name",
        &branding.display_name,
        100,
    ));
}

/// The life of a link in the bounds that the contract sets.
pub(super) fn link_life(param: &str, link: &LinkBody) -> Result<Duration, Problem> {
    let seconds = link.expires_in.unwrap_or(LINK_DEFAULT_S);
    if (1..=LINK_MAX_S).contains(&seconds) {
        return Ok(Duration::from_secs(seconds.unsigned_abs()));
    }
    let message = format!("must be from 1 to {LINK_MAX_S} seconds");
    Err(Problem::field(param, "out_of_range", message))
}

/// Wrong fields, collected so that all are told at once.
#[derive(Default)]
pub(super) struct Wrong(Vec<FieldError>);

impl Wrong {
    pub(super) fn add(&mut self, param: &str, code: &str, message: impl Into<String>) {
        self.0.push(FieldError {
            param: param.to_owned(),
            code: code.to_owned(),
            message: message.into(),
        });
    }

    pub(super) fn check(&mut self, result: Result<(), Problem>) {
        if let Err(problem) = result {
            self.0.extend(problem.errors);
        }
    }

    pub(super) fn into_result(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.0))
        }
    }
}

/// The host of an https address, or of a loopback one where those are allowed.
pub(super) fn host_of(url: &str, loopback: bool) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.split(':').next()?;
    let plain = host.is_empty() || authority.contains('@') || url.contains(char::is_whitespace);
    let local = loopback && scheme == "http" && matches!(host, "localhost" | "127.0.0.1");
    (!plain && (scheme == "https" || local)).then_some(host)
}

pub(super) fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect(),
        ),
        other => other,
    }
}
