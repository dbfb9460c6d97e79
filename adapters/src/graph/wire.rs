//! What is asked of Graph, as values: paths, parameters and bodies, after Meta's pages.
//!
//! It sends nothing, so that a request can be looked at without a network.

use std::fmt;

use serde_json::{Value, json};
use workflows::ports::graph::{AppCredentials, Callback};
use workflows::values::{PhoneNumberId, Secret, WabaId};

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

#[cfg(test)]
mod tests {
    use workflows::values::AppId;

    use super::*;

    fn app() -> AppCredentials {
        AppCredentials {
            app_id: AppId::new("2291"),
            app_secret: Secret::new("app-secret-9c"),
        }
    }

    #[test]
    fn the_exchange_keeps_code_and_secret_out_of_the_address_and_of_debug() {
        let request = exchange_code(&app(), &Secret::new("AQD-code"), None);
        assert!(request.query.is_empty() && request.bearer.is_none() && request.once);
        assert_eq!(request.path, ["oauth", "access_token"]);
        let shown = format!("{request:?}");
        assert!(!shown.contains("AQD-code") && !shown.contains("app-secret-9c"));
        let Body::Form(form) = request.body else {
            panic!("not a form");
        };
        let names: Vec<&str> = form.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["client_id", "client_secret", "code"]);
    }

    #[test]
    fn a_redirect_address_is_sent_only_if_the_settings_name_one() {
        let request = exchange_code(&app(), &Secret::new("c"), Some("https://a.example/cb"));
        let Body::Form(form) = request.body else {
            panic!("not a form");
        };
        assert_eq!(form.last().map(|(name, _)| *name), Some("redirect_uri"));
        assert_eq!(
            form.last().map(|(_, value)| value.text()),
            Some("https://a.example/cb")
        );
    }

    #[test]
    fn a_token_is_inspected_with_the_apps_own_token() {
        let request = inspect_token(&app(), &Secret::new("EAAbusiness"));
        assert_eq!(request.bearer.unwrap().expose(), "2291|app-secret-9c");
    }

    #[test]
    fn registering_sends_the_pin_as_meta_asks() {
        let phone = PhoneNumberId::new("106");
        let request = register_number(&phone, &Secret::new("123456"), &Secret::new("EAA"));
        assert_eq!(request.path, ["106", "register"]);
        assert!(!format!("{request:?}").contains("123456"));
        let Body::Json(body) = request.body else {
            panic!("not JSON");
        };
        assert_eq!(
            body,
            json!({ "messaging_product": "whatsapp", "pin": "123456" })
        );
    }

    #[test]
    fn a_one_time_password_loses_its_hyphen() {
        let phone = PhoneNumberId::new("106");
        let request = verify_code(&phone, &Secret::new("123-830"), &Secret::new("EAA"));
        let Body::Form(form) = request.body else {
            panic!("not a form");
        };
        assert_eq!(form[0].1.text(), "123830");
    }
}
