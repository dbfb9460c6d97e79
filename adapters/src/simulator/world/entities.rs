//! What exists in the simulated world, as it is kept on disk.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::Timestamp;
use serde::{Deserialize, Serialize};

use super::guards::{MovingLimit, Passwords, PinGuesses};
use super::kept::Entity;

/// A Meta app and its provider's side of things.
#[derive(Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "a name says what Meta says")]
pub(crate) struct App {
    pub(crate) app_id: String,
    pub(crate) app_secret: String,
    pub(crate) config_id: String,
    pub(crate) business_id: String,
    pub(crate) system_user_token: String,
    pub(crate) system_user_id: String,
    pub(crate) credit_line_id: String,
    pub(crate) verify_token: Option<String>,
    pub(crate) webhook_url: Option<String>,
    /// The fields it hears of; all of them until it chose some.
    #[serde(default)]
    pub(crate) chosen_fields: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) mail: Mail,
    /// Permissions that its system user was never given.
    #[serde(default)]
    pub(crate) lacking_scopes: Vec<String>,
    #[serde(default)]
    pub(crate) system_token_dead: bool,
    /// Refuses every call without a proof, as the switch in Meta's dashboard does.
    #[serde(default)]
    pub(crate) requires_proof: bool,
}

impl App {
    /// Every field there is for an account.
    pub(crate) const FIELDS: [&str; 12] = [
        "account_alerts",
        "account_review_update",
        "account_update",
        "business_capability_update",
        "history",
        "messages",
        "partner_solutions",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
        "smb_app_state_sync",
        "smb_message_echoes",
    ];

    pub(crate) fn hears(&self, field: &str) -> bool {
        let chosen = self.chosen_fields.as_ref();
        chosen.is_none_or(|fields| fields.iter().any(|known| known == field))
    }

    /// The fields it hears of.
    pub(crate) fn fields(&self) -> Vec<String> {
        let all = || Self::FIELDS.map(str::to_owned).to_vec();
        self.chosen_fields.clone().unwrap_or_else(all)
    }
}

/// How webhooks reach one app's receiver, when not at once and each once.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Mail {
    pub(crate) delay_ms: u64,
    pub(crate) copies: u32,
    /// They never arrive.
    pub(crate) lost: bool,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            delay_ms: 0,
            copies: 1,
            lost: false,
        }
    }
}

/// A business portfolio.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Business {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The product's partner this customer came through, where the signup said so.
    pub(crate) partner_id: Option<String>,
    pub(crate) wabas: Vec<String>,
}

/// A WhatsApp business account.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Waba {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) business_id: String,
    pub(crate) currency: String,
    pub(crate) created_at: Timestamp,
    /// Apps that were granted it, and when last.
    pub(crate) shared: BTreeMap<String, Timestamp>,
    /// Apps subscribed to its webhooks, and where each redirects messages.
    pub(crate) subscribed: BTreeMap<String, Option<String>>,
    pub(crate) numbers: Vec<String>,
    pub(crate) assigned_users: Vec<String>,
    pub(crate) primary_funding_id: Option<String>,
    /// Another line takes over at that moment.
    #[serde(default)]
    pub(crate) next_funding: Option<(Timestamp, String)>,
    /// Grants of it are not seen everywhere before then.
    #[serde(default)]
    pub(crate) hidden_until: Option<Timestamp>,
    /// The multi-partner solution it was signed up through.
    #[serde(default)]
    pub(crate) solution_id: Option<String>,
}

impl Waba {
    /// Whether Meta's machines agree by now that it was shared.
    pub(crate) fn is_visible(&self, now: Timestamp) -> bool {
        self.hidden_until.is_none_or(|until| until <= now)
    }

    /// What pays for the account at `now`.
    pub(crate) fn funding(&self, now: Timestamp) -> Option<&str> {
        match &self.next_funding {
            Some((from, next)) if *from <= now => Some(next),
            _ => self.primary_funding_id.as_deref(),
        }
    }
}

/// Where a number is in use.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Standing {
    /// Not registered yet.
    New,
    /// Registered for Cloud API.
    CloudApi,
    /// Was registered and is not any more.
    Deregistered,
    /// On Cloud API and still in the WhatsApp Business app.
    Coexistence,
}

/// A business phone number.
#[derive(Clone, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch that some signup turns by itself"
)]
pub(crate) struct Number {
    pub(crate) id: String,
    pub(crate) waba_id: String,
    pub(crate) digits: String,
    pub(crate) verified_name: String,
    pub(crate) standing: Standing,
    pub(crate) verified: bool,
    pub(crate) pin: Option<String>,
    pub(crate) name_pending_until: Option<Timestamp>,
    pub(crate) deleting_until: Option<Timestamp>,
    pub(crate) onboarded_at: Timestamp,
    pub(crate) registers: MovingLimit,
    pub(crate) deregisters: MovingLimit,
    /// The last password sent by text message.
    pub(crate) sms: Option<String>,
    pub(crate) syncs: BTreeMap<String, String>,
    pub(crate) history_refused: bool,
    /// A name that is not approved shows as declined rather than as under review.
    #[serde(default)]
    pub(crate) name_declined: bool,
    /// Verified by the provider before the signup: it may be registered for longer.
    #[serde(default)]
    pub(crate) pre_verified: bool,
    /// Until then Meta does not show that the number is in use in the app.
    #[serde(default)]
    pub(crate) app_hidden_until: Option<Timestamp>,
    pub(crate) webhook_override: Option<String>,
    #[serde(default)]
    pub(crate) guesses: PinGuesses,
    /// A deregistration began and never ended; it must be asked for again.
    #[serde(default)]
    pub(crate) half_deregistered: bool,
    #[serde(default)]
    pub(crate) passwords: Passwords,
}

impl Number {
    /// The number as Meta shows it.
    pub(crate) fn display(&self) -> String {
        let digits = &self.digits;
        if digits.len() == 11 && digits.starts_with('1') {
            return format!("+1 {}-{}-{}", &digits[1..4], &digits[4..7], &digits[7..]);
        }
        let (country, rest) = digits.split_at(digits.len().min(2));
        let groups = rest.as_bytes().chunks(3).map(String::from_utf8_lossy);
        groups.fold(format!("+{country}"), |shown, group| {
            format!("{shown} {group}")
        })
    }

    pub(crate) fn is_on_cloud_api(&self) -> bool {
        matches!(self.standing, Standing::CloudApi | Standing::Coexistence)
    }
}

/// In which form a code is answered with its token.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenForm {
    #[default]
    Json,
    /// Nothing but the token, as Meta's own pages print it.
    Bare,
    /// As a form, as old versions of Graph did.
    Form,
}

/// A code that the popup gave out.
#[derive(Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "a name says what Meta says")]
pub(crate) struct Code {
    pub(crate) code: String,
    pub(crate) app_id: String,
    pub(crate) business_id: String,
    pub(crate) waba_id: String,
    /// Nothing while the popup still shows its last screen.
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) used_at: Option<Timestamp>,
    /// How long the token lives that it buys; nothing for one that never expires.
    pub(crate) token_life: Option<Duration>,
    #[serde(default)]
    pub(crate) token_form: TokenForm,
    /// The token it buys names no account it is good for.
    #[serde(default)]
    pub(crate) without_scope: bool,
}

/// A business token.
#[derive(Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "a name says what Meta says")]
pub(crate) struct Token {
    pub(crate) token: String,
    pub(crate) app_id: String,
    pub(crate) business_id: String,
    pub(crate) user_id: String,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) revoked: bool,
    /// It names no account it is good for.
    #[serde(default)]
    pub(crate) without_scope: bool,
}

/// A share of a credit line.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Allocation {
    pub(crate) id: String,
    pub(crate) waba_id: String,
    #[serde(default)]
    pub(crate) business_id: String,
    pub(crate) credit_line_id: String,
    pub(crate) receiving_credential_id: String,
    pub(crate) deleted: bool,
}

/// A webhook that its receiver has not yet answered with 200.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PendingWebhook {
    pub(crate) id: String,
    pub(crate) app_id: String,
    pub(crate) body: String,
    pub(crate) tries: usize,
    pub(crate) due_at: Timestamp,
    /// Another address than the app's own callback.
    #[serde(default)]
    pub(crate) url: Option<String>,
}

macro_rules! entities {
    ($($entity:ty: $kind:literal by $key:ident),+ $(,)?) => {
        $(impl Entity for $entity {
            const KIND: &'static str = $kind;
            fn key(&self) -> &str {
                &self.$key
            }
        })+
    };
}

entities! {
    App: "apps" by app_id,
    Business: "businesses" by id,
    Waba: "wabas" by id,
    Number: "numbers" by id,
    Code: "codes" by code,
    Token: "tokens" by token,
    Allocation: "allocations" by id,
    PendingWebhook: "webhooks" by id,
}
