//! Partner keys: `gw_<live|test>_<keyid>_<secret>`; only a digest of the secret is kept.

use engine::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::audit::Deed;
use super::operators::Operator;
use super::problem::{Kind, Problem};
use super::{App, body};
use crate::directory::ApiKey;
use crate::ids;
use crate::values::PartnerId;

/// An authenticated partner key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Whose key.
    pub partner: PartnerId,
    /// `<keyid>`.
    pub key: String,
    /// Live or test key.
    pub livemode: bool,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `onboardings:write`
    OnboardingsWrite,
    /// `onboardings:read`
    OnboardingsRead,
    /// `webhooks:write`
    WebhooksWrite,
    /// `credentials:read`
    CredentialsRead,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [
        Self::OnboardingsWrite,
        Self::OnboardingsRead,
        Self::WebhooksWrite,
        Self::CredentialsRead,
    ];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnboardingsWrite => "onboardings:write",
            Self::OnboardingsRead => "onboardings:read",
            Self::WebhooksWrite => "webhooks:write",
            Self::CredentialsRead => "credentials:read",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// What a partner presented.
#[derive(Clone)]
pub enum Credential {
    /// `Authorization: Bearer …`
    Bearer(String),
    /// `Authorization: Basic …`, decoded.
    Basic {
        /// Before the colon.
        user: String,
        /// After the colon.
        password: String,
    },
}

/// A key in its parts.
struct Presented<'a> {
    id: &'a str,
    secret: &'a str,
    livemode: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    #[serde(default)]
    livemode: bool,
    scopes: Option<Vec<String>>,
    #[serde(default)]
    name: String,
}

impl App {
    /// Whose key this is. The answer takes as long for an unknown key as for a wrong secret.
    pub async fn authenticate(&self, credential: &Credential) -> Result<Caller, Problem> {
        let presented = parts_of(credential).ok_or_else(unknown_key)?;
        let found = self.directory.key(presented.id).await?;
        let digest = digest_of(presented.secret);
        let expected = found.as_ref().map_or("", |key| key.digest.as_str());
        let right = bool::from(digest.as_bytes().ct_eq(expected.as_bytes()));
        match found {
            Some(key) if right && presented.livemode.is_none_or(|live| live == key.livemode) => {
                Ok(Caller {
                    partner: key.partner,
                    key: key.id,
                    livemode: key.livemode,
                    scopes: key
                        .scopes
                        .iter()
                        .filter_map(|scope| Scope::parse(scope))
                        .collect(),
                })
            }
            _ => Err(unknown_key()),
        }
    }

    /// Makes a key for a partner; its text is in this answer only.
    pub async fn create_key(
        &self,
        operator: &Operator,
        partner_id: &str,
        request: &Value,
    ) -> Result<Value, Problem> {
        let new: NewKey = body::read(request)?;
        if !new.livemode && !self.settings.sandbox {
            let message = "test keys need the simulated Meta, which runs in the sandbox only";
            return Err(Problem::field("livemode", "not_supported", message));
        }
        let partner = PartnerId::new(partner_id);
        if self.directory.partner(&partner).await?.is_none() {
            return Err(Problem::not_found("partner"));
        }
        let scopes = match new.scopes {
            Some(scopes) => scopes,
            None => Scope::ALL.map(|scope| scope.as_str().to_owned()).to_vec(),
        };
        if let Some(wrong) = scopes.iter().find(|scope| Scope::parse(scope).is_none()) {
            let known = Scope::ALL.map(Scope::as_str).join(", ");
            let message = format!("`{wrong}` is no scope; known are {known}");
            return Err(Problem::field("scopes", "unknown_scope", message));
        }
        let (key, text) = self.make_key(&partner, new.livemode, &scopes, &new.name);
        let deed = Deed {
            act: "create_key",
            target: partner.as_str(),
            reason: "",
            state_before: "",
        };
        self.write_audit(operator, deed).await?;
        let puts = self.directory.put_key(&key).await?;
        self.directory.write(puts).await?;
        Ok(json!({
            "object": "api_key", "id": key.id, "partner_id": partner, "livemode": key.livemode,
            "scopes": key.scopes, "name": key.name, "api_key": text,
            "created_at": key.created_at.to_rfc3339(),
        }))
    }

    /// A fresh key and its text.
    pub(super) fn make_key(
        &self,
        partner: &PartnerId,
        livemode: bool,
        scopes: &[String],
        name: &str,
    ) -> (ApiKey, String) {
        let id = hex::encode(ids::random::<8>());
        let secret = ids::key_secret();
        let mode = if livemode { "live" } else { "test" };
        let text = format!("gw_{mode}_{id}_{secret}");
        let key = ApiKey {
            id,
            partner: partner.clone(),
            name: name.to_owned(),
            digest: digest_of(&secret),
            livemode,
            scopes: scopes.to_vec(),
            created_at: self.engine.now(),
        };
        (key, text)
    }
}

impl ApiKey {
    /// A key with every scope whose text was made elsewhere; nothing if the text is no key.
    pub fn of_text(text: &str, partner: PartnerId, name: &str, now: Timestamp) -> Option<Self> {
        let parts = parts_of_text(text)?;
        Some(Self {
            id: parts.id.to_owned(),
            partner,
            name: name.to_owned(),
            digest: digest_of(parts.secret),
            livemode: parts.livemode?,
            scopes: Scope::ALL.map(|scope| scope.as_str().to_owned()).to_vec(),
            created_at: now,
        })
    }
}

fn parts_of(credential: &Credential) -> Option<Presented<'_>> {
    match credential {
        Credential::Bearer(text) => parts_of_text(text),
        Credential::Basic { user, password } if password.is_empty() => parts_of_text(user),
        Credential::Basic { user, password } => Some(Presented {
            id: user,
            secret: password,
            livemode: None,
        }),
    }
}

fn parts_of_text(text: &str) -> Option<Presented<'_>> {
    let mut parts = text.splitn(4, '_');
    let livemode = match (parts.next()?, parts.next()?) {
        ("gw", "live") => true,
        ("gw", "test") => false,
        _ => return None,
    };
    Some(Presented {
        id: parts.next()?,
        secret: parts.next()?,
        livemode: Some(livemode),
    })
}

fn digest_of(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

fn unknown_key() -> Problem {
    Problem::new(
        Kind::Unauthenticated,
        "unknown_key",
        "This needs a valid API key: `Authorization: Bearer gw_live_…` or `gw_test_…`.",
    )
}
