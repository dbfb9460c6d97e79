//! The settings: one figment over `Rocket.toml` and the environment, judged before anything starts.

mod limits;
mod retention;
mod schedules;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use figment::Figment;
use figment::providers::Env;
use serde::Deserialize;
use thiserror::Error;
use workflows::onboarding::LoginSettings;
use workflows::values::Secret;

pub use limits::LimitSettings;
pub use retention::Retention;
pub use schedules::{ChoreTimes, Schedules};

/// A setting that refuses the start: one line that names the key.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// A key is unknown or has a value of the wrong kind.
    #[error("settings: {0}")]
    Unreadable(String),
    /// A key that this mode cannot do without.
    #[error("settings: `{key}` is required in live mode: {remedy}")]
    Missing {
        /// The key.
        key: &'static str,
        /// What to put there.
        remedy: &'static str,
    },
    /// A value that is readable and wrong.
    #[error("settings: `{key}` {problem}")]
    Wrong {
        /// The key.
        key: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
}

/// What the process is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Embedded store, simulated Meta, a demo partner; needs no settings.
    #[default]
    Sandbox,
    /// Real Meta; refuses to start without its secrets.
    Live,
}

/// Everything that can be set, with the contract's defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Sandbox or live.
    pub mode: Mode,
    /// What links begin with; the listening address unless given.
    pub public_url: Option<String>,
    /// The inner listener.
    pub admin: Listener,
    /// The simulated Meta.
    pub simulator: SimulatorSettings,
    /// `sled:<folder>`.
    pub store: String,
    /// The master key: 32 bytes in base64.
    pub vault_key: Option<Secret>,
    /// Older master keys, newest first; they may go once every data key is wrapped anew.
    pub vault_keys_old: Vec<Secret>,
    /// The first operator's token.
    pub operator_token: Option<Secret>,
    /// Meta's addresses and versions.
    pub meta: MetaSettings,
    /// Notices to partners.
    pub webhooks: WebhookSettings,
    /// When the chores run.
    pub schedules: Schedules,
    /// How much runs at once and how fast.
    pub limits: LimitSettings,
    /// What becomes of instances that ended long ago.
    pub retention: Retention,
    /// The header in which a trusted proxy names the caller's address.
    pub trusted_ip_header: Option<String>,
}

/// Where a listener listens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listener {
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
}

/// Where the simulated Meta listens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimulatorSettings {
    /// The port; 8002 in the sandbox.
    pub port: Option<u16>,
    /// What browsers call it; a host name of its own keeps cookies apart.
    pub public_url: Option<String>,
}

/// Meta's addresses and versions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetaSettings {
    /// Where Graph is.
    pub graph_url: String,
    /// Which version of Graph is spoken.
    pub graph_version: String,
    /// The script that the hosted page loads.
    pub sdk_url: String,
    /// Origins whose messages the page believes.
    pub signup_origins: Vec<String>,
    /// What Meta's window is opened with, by flow.
    pub login: LoginSettings,
    /// The redirect address of the exchange; none, as Meta's script wants it, unless given.
    pub redirect_uri: Option<String>,
}

/// Notices to partners.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookSettings {
    /// Whether notices may go to loopback and private ranges; true in the sandbox.
    pub allow_private_addresses: Option<bool>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            public_url: None,
            admin: Listener::default(),
            simulator: SimulatorSettings::default(),
            store: "sled:gangway-data".to_owned(),
            vault_key: None,
            vault_keys_old: Vec::new(),
            operator_token: None,
            meta: MetaSettings::default(),
            webhooks: WebhookSettings::default(),
            schedules: Schedules::default(),
            limits: LimitSettings::default(),
            retention: Retention::default(),
            trusted_ip_header: None,
        }
    }
}

impl Default for Listener {
    fn default() -> Self {
        Self {
            address: IpAddr::from([127, 0, 0, 1]),
            port: 8001,
        }
    }
}

impl Default for MetaSettings {
    fn default() -> Self {
        let origins = ["www", "web", "business"];
        Self {
            graph_url: "https://graph.facebook.com".to_owned(),
            graph_version: "v25.0".to_owned(),
            sdk_url: "https://connect.facebook.net/en_US/sdk.js".to_owned(),
            signup_origins: origins
                .map(|name| format!("https://{name}.facebook.com"))
                .to_vec(),
            login: LoginSettings::default(),
            redirect_uri: None,
        }
    }
}

impl Settings {
    /// Reads and judges the settings; the figment also holds Rocket's own.
    pub fn read() -> Result<(Self, Figment), SettingsError> {
        let figment = Figment::from(rocket::Config::figment())
            .merge(
                Env::prefixed("GANGWAY_")
                    .filter(|key| !key.as_str().to_ascii_lowercase().ends_with("_file"))
                    .map(|key| format!("gangway.{}", key.as_str().replace("__", ".")).into())
                    .lowercase(true)
                    .global(),
            )
            .merge(figment::providers::Serialized::globals(from_files()?));
        let settings = Self::from_figment(&figment)?;
        if let Err(error) = figment.extract::<rocket::Config>() {
            return Err(SettingsError::Unreadable(one_line(&error)));
        }
        Ok((settings, figment))
    }

    /// The settings in a figment's `gangway` section, judged.
    pub fn from_figment(figment: &Figment) -> Result<Self, SettingsError> {
        let settings: Self = match figment.find_value("gangway") {
            Ok(_) => figment
                .extract_inner("gangway")
                .map_err(|error| SettingsError::Unreadable(one_line(&error)))?,
            Err(error) if error.missing() => Self::default(),
            // A file that cannot be read must never pass for one that says nothing.
            Err(error) => return Err(SettingsError::Unreadable(one_line(&error))),
        };
        settings.judge()?;
        Ok(settings)
    }

    /// The folder of the embedded store.
    pub fn folder(&self) -> Result<PathBuf, SettingsError> {
        match self.store.strip_prefix("sled:") {
            Some(folder) if !folder.is_empty() => Ok(PathBuf::from(folder)),
            _ => Err(SettingsError::Wrong {
                key: "store",
                problem: "must be `sled:<folder>`; other stores are not part of this build"
                    .to_owned(),
            }),
        }
    }

    fn judge(&self) -> Result<(), SettingsError> {
        self.folder()?;
        if let Some(key) = self.limits.first_zero() {
            let problem = "must be at least 1: nothing would run".to_owned();
            return Err(SettingsError::Wrong { key, problem });
        }
        if let Some(url) = &self.public_url {
            let sound = url.starts_with("https://") || url.starts_with("http://");
            if !sound || url.contains(char::is_whitespace) || url.contains(['?', '#']) {
                let problem = "must be an address such as https://signup.example.com".to_owned();
                return Err(SettingsError::Wrong {
                    key: "public_url",
                    problem,
                });
            }
        }
        if let Some(origin) = self.meta.signup_origins.iter().find(|url| !is_origin(url)) {
            return Err(SettingsError::Wrong {
                key: "meta.signup_origins",
                problem: format!(
                    "must be bare origins such as https://www.facebook.com, and `{origin}` is not"
                ),
            });
        }
        if self.mode == Mode::Live {
            self.judge_live()?;
        }
        Ok(())
    }

    fn judge_live(&self) -> Result<(), SettingsError> {
        if self.vault_key.is_none() {
            return Err(SettingsError::Missing {
                key: "vault_key",
                remedy: "32 random bytes in base64, e.g. from `openssl rand -base64 32`",
            });
        }
        if self
            .operator_token
            .as_ref()
            .is_none_or(|token| token.expose().len() < 16)
        {
            return Err(SettingsError::Missing {
                key: "operator_token",
                remedy: "at least 16 characters that nobody can guess, e.g. from `openssl rand -hex 24`",
            });
        }
        if self.public_url.is_none() {
            return Err(SettingsError::Missing {
                key: "public_url",
                remedy: "the https address that clients reach, which links begin with",
            });
        }
        if self.simulator.port.is_some() {
            return Err(SettingsError::Wrong {
                key: "simulator.port",
                problem: "is not offered in live mode; run a sandbox beside it for tests".into(),
            });
        }
        let addresses = [
            ("public_url", self.public_url.as_slice()),
            ("meta.graph_url", std::slice::from_ref(&self.meta.graph_url)),
            ("meta.sdk_url", std::slice::from_ref(&self.meta.sdk_url)),
            ("meta.signup_origins", self.meta.signup_origins.as_slice()),
        ];
        for (key, urls) in addresses {
            if let Some(url) = urls.iter().find(|url| !is_safe(url)) {
                return Err(SettingsError::Wrong {
                    key,
                    problem: format!("must be https in live mode, and `{url}` is not"),
                });
            }
        }
        Ok(())
    }

    /// The loopback addresses over plain http that live mode tolerates and warns of.
    pub fn unsafe_addresses(&self) -> Vec<&str> {
        let urls = [&self.meta.graph_url, &self.meta.sdk_url];
        self.public_url
            .iter()
            .chain(urls)
            .chain(&self.meta.signup_origins)
            .filter(|url| url.starts_with("http://"))
            .map(String::as_str)
            .collect()
    }
}

/// Scheme and host, perhaps a port, and nothing behind: what browsers write in a message's origin.
fn is_origin(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, host)| {
        matches!(scheme, "https" | "http")
            && !host.is_empty()
            && !host.contains(['/', '?', '#', '@'])
    })
}

/// https, or plain http that never leaves this machine.
fn is_safe(url: &str) -> bool {
    let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    url.starts_with("https://")
        || loopback.iter().any(|start| {
            url.strip_prefix(start)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        })
}

/// Keys given as files: `GANGWAY_VAULT_KEY_FILE=/run/secrets/vault` sets `vault_key`.
fn from_files() -> Result<BTreeMap<&'static str, figment::value::Value>, SettingsError> {
    let mut found = Figment::new();
    for (name, path) in std::env::vars() {
        let key = name
            .strip_prefix("GANGWAY_")
            .and_then(|name| name.strip_suffix("_FILE"));
        let Some(key) = key else { continue };
        let content = std::fs::read_to_string(&path).map_err(|error| {
            SettingsError::Unreadable(format!("{name}: {path} cannot be read: {error}"))
        })?;
        let key = key.to_ascii_lowercase().replace("__", ".");
        // Read as a variable would be: numbers, booleans and lists as such, all else as text.
        let value: figment::value::Value = content
            .trim_end()
            .parse()
            .unwrap_or_else(|never| match never {});
        found = found.merge((key.as_str(), value));
    }
    let value = found
        .extract::<figment::value::Value>()
        .map_err(|error| SettingsError::Unreadable(one_line(&error)))?;
    let empty = value.as_dict().is_none_or(BTreeMap::is_empty);
    Ok(if empty {
        BTreeMap::new()
    } else {
        BTreeMap::from([("gangway", value)])
    })
}

/// One line that names the key, whichever provider it came from.
fn one_line(error: &figment::Error) -> String {
    let mut path = error.path.clone();
    path.retain(|part| part != "gangway");
    match &error.kind {
        figment::error::Kind::UnknownField(found, known) => {
            path.pop_if(|last| last == found);
            path.push(found.clone());
            format!(
                "unknown key `{}`; known there: {}",
                path.join("."),
                known.join(", ")
            )
        }
        kind if path.is_empty() => one_spaced(&kind.to_string()),
        kind => one_spaced(&format!("`{}`: {kind}", path.join("."))),
    }
}

fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
