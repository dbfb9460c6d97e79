//! What is told to Graph and what it tells, as plain values. No request, no answer and no rule lives here.

use std::time::Duration;

use engine::Timestamp;
use serde::{Deserialize, Serialize};

use crate::values::{AppId, PhoneNumberId, Secret, WabaId};

/// The Meta app on whose behalf a call is made.
#[derive(Clone, Debug)]
pub struct AppCredentials {
    /// The app.
    pub app_id: AppId,
    /// Its secret.
    pub app_secret: Secret,
}

/// What an exchanged code yields.
#[derive(Clone, Debug)]
pub struct GrantedToken {
    /// The client's business token.
    pub token: Secret,
    /// How long it lives, if Meta said so.
    pub expires_in: Option<Duration>,
}

/// What Meta says of a token.
#[derive(Clone, Debug)]
pub struct TokenGrant {
    /// Whether it can be used at all.
    pub valid: bool,
    /// The app it was granted to.
    pub app_id: Option<AppId>,
    /// When it ends; nothing means never.
    pub expires_at: Option<Timestamp>,
    /// The WABAs it may manage, newest first.
    pub wabas: Vec<WabaId>,
    /// The permissions it carries.
    pub scopes: Vec<String>,
}

/// A number as Graph describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumber {
    /// Its id.
    pub id: PhoneNumberId,
    /// As people write it.
    pub display: Option<String>,
    /// The name shown to recipients.
    pub verified_name: Option<String>,
    /// Registered for the Cloud API and connected: nothing is left to register.
    pub live: bool,
    /// Also in use in the WhatsApp Business app (coexistence).
    pub on_business_app: bool,
    /// Whether its owner has proved to hold it.
    pub verified: bool,
    /// Meta's verdict on the display name, in Meta's words.
    pub name_status: Option<String>,
}

/// Where a WABA's messages go instead of the app's own callback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// An https address of at most 200 characters.
    pub url: String,
    /// What Meta repeats when it verifies the address.
    pub verify_token: Secret,
}

/// An app that hears of a WABA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The app.
    pub app: AppId,
    /// Where the account's messages go instead of the app's own callback.
    pub callback: Option<String>,
}

/// What may be asked for of the WhatsApp Business app, each once for a signup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncKind {
    /// The app's contacts.
    Contacts,
    /// The history of its chats.
    History,
}

/// A number to be added to an account, as Meta wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNumber {
    /// The country's calling code.
    pub calling_code: String,
    /// The number without it.
    pub national: String,
    /// The name that recipients are to see.
    pub display_name: String,
}

/// Whether messages can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// `Some(true)` when available or limited, `Some(false)` when blocked, `None` when Meta does not say.
    pub can_send: Option<bool>,
    /// What stands in the way.
    pub problems: Vec<HealthProblem>,
    /// Meta's verdict on the display name, in Meta's words.
    pub name_status: Option<String>,
}

/// Something that Meta says stands in the way of sending, or will.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthProblem {
    /// What it lies with: `PHONE_NUMBER`, `WABA`, `BUSINESS` or `APP`.
    pub entity: String,
    /// Meta's code, where it gives one.
    pub code: Option<i64>,
    /// What it is and how it is mended, in Meta's words.
    pub text: String,
}
