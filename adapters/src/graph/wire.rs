//! What is asked of Graph, as values: paths, parameters and bodies, after Meta's pages.
//!
//! It sends nothing, so that a request can be looked at without a network.

use std::fmt;

use serde_json::{Value, json};
use workflows::ports::graph::{AppCredentials, Callback, NewNumber, SyncKind};
use workflows::values::{BusinessId, PhoneNumberId, Secret, WabaId};

/// Every field of a number that onboarding reads; Meta's default set leaves most of them out.
const NUMBER_FIELDS: &str = "id,display_phone_number,verified_name,code_verification_status,\
                             name_status,platform_type,status,is_on_biz_app";

/// Numbers asked for at once; most accounts have fewer than ten.
const PAGE_SIZE: &str = "100";

/// How a parameter is carried: a secret one stays wrapped until the request is written.
#[derive(Clone, Debug)]
pub(super) enum Param {
    Plain(String),
    Hidden(Secret),
}

impl Param {
    fn plain(text: impl Into<String>) -> Self {
        Self::Plain(text.into())
    }

    /// The value itself, for the transport.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Hidden(secret) => secret.expose(),
        }
    }
}

/// What a request carries below its head.
#[derive(Clone)]
pub(super) enum Body {
    Empty,
    Form(Vec<(&'static str, Param)>),
    Json(Value),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body([sealed])")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Delete,
}

/// One call of Graph.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Its name in logs, metrics and errors.
    pub(super) call: &'static str,
    pub(super) method: Method,
    /// The segments below the version.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(&'static str, Param)>,
    pub(super) bearer: Option<Secret>,
    pub(super) body: Body,
    /// Whether it counts even if its answer is lost: then it gets a connection of its own.
    pub(super) once: bool,
    /// What must not come back in an error, whatever Meta echoes.
    pub(super) secrets: Vec<Secret>,
}

impl Request {
    fn new(call: &'static str, method: Method, path: &[&str]) -> Self {
        Self {
            call,
            method,
            path: path.iter().map(|&part| part.to_owned()).collect(),
            query: Vec::new(),
            bearer: None,
            body: Body::Empty,
            once: false,
            secrets: Vec::new(),
        }
    }

    fn get(call: &'static str, path: &[&str]) -> Self {
        Self::new(call, Method::Get, path)
    }

    fn post(call: &'static str, path: &[&str]) -> Self {
        Self::new(call, Method::Post, path)
    }

    fn delete(call: &'static str, path: &[&str]) -> Self {
        Self::new(call, Method::Delete, path)
    }

    fn bearer(mut self, token: &Secret) -> Self {
        self.bearer = Some(token.clone());
        self.hiding(token)
    }

    fn asking(mut self, name: &'static str, value: Param) -> Self {
        self.query.push((name, value));
        self
    }

    fn fields(self, fields: &str) -> Self {
        self.asking("fields", Param::plain(fields))
    }

    fn form(mut self, form: Vec<(&'static str, Param)>) -> Self {
        self.body = Body::Form(form);
        self
    }

    fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    fn counted(mut self) -> Self {
        self.once = true;
        self
    }

    fn hiding(mut self, secret: &Secret) -> Self {
        self.secrets.push(secret.clone());
        self
    }
}

/// The exchange. Meta documents GET; POST is taken too and keeps code and secret out of addresses.
pub(super) fn exchange_code(
    app: &AppCredentials,
    code: &Secret,
    redirect_uri: Option<&str>,
) -> Request {
    let mut form = vec![
        ("client_id", Param::plain(app.app_id.as_str())),
        ("client_secret", Param::Hidden(app.app_secret.clone())),
        ("code", Param::Hidden(code.clone())),
    ];
    if let Some(address) = redirect_uri {
        form.push(("redirect_uri", Param::plain(address)));
    }
    Request::post("exchange_code", &["oauth", "access_token"])
        .form(form)
        .hiding(&app.app_secret)
        .hiding(code)
        .counted()
}

/// The only call that carries a token in its address: Meta offers no other way.
pub(super) fn inspect_token(app: &AppCredentials, token: &Secret) -> Request {
    let app_token = Secret::new(format!("{}|{}", app.app_id, app.app_secret.expose()));
    Request::get("inspect_token", &["debug_token"])
        .bearer(&app_token)
        .asking("input_token", Param::Hidden(token.clone()))
        .hiding(&app.app_secret)
        .hiding(token)
}

pub(super) fn waba_owner(waba: &WabaId, token: &Secret) -> Request {
    Request::get("waba_owner", &[waba.as_str()])
        .fields("owner_business_info")
        .bearer(token)
}

/// One page of a WABA's numbers, newest first, after the cursor of the page before.
pub(super) fn phone_numbers(waba: &WabaId, after: Option<&str>, token: &Secret) -> Request {
    let page = Request::get("phone_numbers", &[waba.as_str(), "phone_numbers"])
        .fields(NUMBER_FIELDS)
        .asking("limit", Param::plain(PAGE_SIZE))
        .bearer(token);
    match after {
        Some(cursor) => page.asking("after", Param::plain(cursor)),
        None => page,
    }
}

pub(super) fn phone_number(phone: &PhoneNumberId, token: &Secret) -> Request {
    Request::get("phone_number", &[phone.as_str()])
        .fields(NUMBER_FIELDS)
        .bearer(token)
}

pub(super) fn subscribe_app(waba: &WabaId, token: &Secret) -> Request {
    Request::post("subscribe_app", &[waba.as_str(), "subscribed_apps"]).bearer(token)
}

pub(super) fn unsubscribe_app(waba: &WabaId, token: &Secret) -> Request {
    Request::delete("unsubscribe_app", &[waba.as_str(), "subscribed_apps"]).bearer(token)
}

/// A second call to the same place: without a body it would take the override away again.
pub(super) fn override_callback(waba: &WabaId, callback: &Callback, token: &Secret) -> Request {
    let verify_token = &callback.verify_token;
    Request::post("override_callback", &[waba.as_str(), "subscribed_apps"])
        .json(json!({
            "override_callback_uri": callback.url, "verify_token": verify_token.expose(),
        }))
        .hiding(verify_token)
        .bearer(token)
}

pub(super) fn subscribed_apps(waba: &WabaId, token: &Secret) -> Request {
    Request::get("subscribed_apps", &[waba.as_str(), "subscribed_apps"]).bearer(token)
}

pub(super) fn register_number(phone: &PhoneNumberId, pin: &Secret, token: &Secret) -> Request {
    Request::post("register_number", &[phone.as_str(), "register"])
        .json(json!({ "messaging_product": "whatsapp", "pin": pin.expose() }))
        .hiding(pin)
        .bearer(token)
        .counted()
}

pub(super) fn deregister_number(phone: &PhoneNumberId, token: &Secret) -> Request {
    Request::post("deregister_number", &[phone.as_str(), "deregister"])
        .bearer(token)
        .counted()
}

pub(super) fn request_code(phone: &PhoneNumberId, token: &Secret) -> Request {
    Request::post("request_code", &[phone.as_str(), "request_code"])
        .form(vec![
            ("code_method", Param::plain("SMS")),
            ("language", Param::plain("en_US")),
        ])
        .bearer(token)
        .counted()
}

/// The one-time password as Meta wants it, without the hyphen that its text message shows.
pub(super) fn verify_code(phone: &PhoneNumberId, code: &Secret, token: &Secret) -> Request {
    let digits: String = code.expose().chars().filter(char::is_ascii_digit).collect();
    let digits = Secret::new(digits);
    Request::post("verify_code", &[phone.as_str(), "verify_code"])
        .form(vec![("code", Param::Hidden(digits.clone()))])
        .hiding(code)
        .hiding(&digits)
        .bearer(token)
        .counted()
}

pub(super) fn health(phone: &PhoneNumberId, token: &Secret) -> Request {
    Request::get("health", &[phone.as_str()])
        .fields("health_status")
        .bearer(token)
}

pub(super) fn add_number(waba: &WabaId, number: &NewNumber, token: &Secret) -> Request {
    Request::post("add_number", &[waba.as_str(), "phone_numbers"])
        .json(json!({
            "cc": number.calling_code, "phone_number": number.national,
            "verified_name": number.display_name,
        }))
        .bearer(token)
        .counted()
}

/// One of the two things that the WhatsApp Business app holds.
pub(super) fn request_sync(phone: &PhoneNumberId, kind: SyncKind, token: &Secret) -> Request {
    let kind = match kind {
        SyncKind::Contacts => "smb_app_state_sync",
        SyncKind::History => "history",
    };
    Request::post("request_sync", &[phone.as_str(), "smb_app_data"])
        .json(json!({ "messaging_product": "whatsapp", "sync_type": kind }))
        .bearer(token)
        .counted()
}

pub(super) fn assigned_users(waba: &WabaId, business: &BusinessId, token: &Secret) -> Request {
    Request::get("assigned_users", &[waba.as_str(), "assigned_users"])
        .asking("business", Param::plain(business.as_str()))
        .asking("limit", Param::plain(PAGE_SIZE))
        .bearer(token)
}

pub(super) fn assign_user(waba: &WabaId, user: &str, token: &Secret) -> Request {
    Request::post("assign_user", &[waba.as_str(), "assigned_users"])
        .asking("user", Param::plain(user))
        .asking("tasks", Param::plain("['MANAGE']"))
        .bearer(token)
}

pub(super) fn share_credit(line: &str, waba: &WabaId, currency: &str, token: &Secret) -> Request {
    Request::post(
        "share_credit",
        &[line, "whatsapp_credit_sharing_and_attach"],
    )
    .asking("waba_currency", Param::plain(currency))
    .asking("waba_id", Param::plain(waba.as_str()))
    .bearer(token)
    .counted()
}

pub(super) fn credit_shares(line: &str, client: &BusinessId, token: &Secret) -> Request {
    Request::get("credit_shares", &[line, "owning_credit_allocation_configs"])
        .asking("receiving_business_id", Param::plain(client.as_str()))
        .fields("id,receiving_business")
        .bearer(token)
}

pub(super) fn share_credential(share: &str, token: &Secret) -> Request {
    Request::get("share_credential", &[share])
        .fields("receiving_credential")
        .bearer(token)
}

pub(super) fn waba_funding(waba: &WabaId, token: &Secret) -> Request {
    Request::get("waba_funding", &[waba.as_str()])
        .fields("primary_funding_id")
        .bearer(token)
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
