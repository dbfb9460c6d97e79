//! What is asked of Graph, as values: paths, parameters and bodies, after Meta's pages.
//!
//! It sends nothing, so that a request can be looked at without a network.

pub(super) mod provider;
mod request;

use serde_json::json;
use workflows::ports::graph::{Access, AppCredentials, Callback, NewNumber, SyncKind};
use workflows::values::{BusinessId, PhoneNumberId, Secret, WabaId};

pub(super) use request::{Body, Method, Param, Request};

/// Every field of a number that onboarding reads; Meta's default set leaves most of them out.
const NUMBER_FIELDS: &str = "id,display_phone_number,verified_name,code_verification_status,\
                             name_status,platform_type,status,is_on_biz_app";

/// Numbers asked for at once; most accounts have fewer than ten.
const PAGE_SIZE: &str = "100";

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
    Request::get("inspect_token", &["debug_token"])
        .by(&app_access(app))
        .asking("input_token", Param::Hidden(token.clone()))
        .hiding(&app.app_secret)
        .hiding(token)
}

/// An app's own token, which Meta lets anybody write who knows the secret.
fn app_access(app: &AppCredentials) -> Access {
    let token = Secret::new(format!("{}|{}", app.app_id, app.app_secret.expose()));
    Access::of(app, &token)
}

pub(super) fn waba_owner(waba: &WabaId, access: &Access) -> Request {
    Request::get("waba_owner", &[waba.as_str()])
        .fields("owner_business_info")
        .by(access)
}

/// One page of a WABA's numbers, newest first, after the cursor of the page before.
pub(super) fn phone_numbers(waba: &WabaId, after: Option<&str>, access: &Access) -> Request {
    let page = Request::get("phone_numbers", &[waba.as_str(), "phone_numbers"])
        .fields(NUMBER_FIELDS)
        .asking("limit", Param::plain(PAGE_SIZE))
        .by(access);
    match after {
        Some(cursor) => page.asking("after", Param::plain(cursor)),
        None => page,
    }
}

pub(super) fn phone_number(phone: &PhoneNumberId, access: &Access) -> Request {
    Request::get("phone_number", &[phone.as_str()])
        .fields(NUMBER_FIELDS)
        .by(access)
}

pub(super) fn subscribe_app(waba: &WabaId, access: &Access) -> Request {
    Request::post("subscribe_app", &[waba.as_str(), "subscribed_apps"]).by(access)
}

pub(super) fn unsubscribe_app(waba: &WabaId, access: &Access) -> Request {
    Request::delete("unsubscribe_app", &[waba.as_str(), "subscribed_apps"]).by(access)
}

/// A second call to the same place: without a body it would take the override away again.
pub(super) fn override_callback(waba: &WabaId, callback: &Callback, access: &Access) -> Request {
    let verify_token = &callback.verify_token;
    Request::post("override_callback", &[waba.as_str(), "subscribed_apps"])
        .json(json!({
            "override_callback_uri": callback.url, "verify_token": verify_token.expose(),
        }))
        .hiding(verify_token)
        .by(access)
}

pub(super) fn override_number(
    phone: &PhoneNumberId,
    callback: &Callback,
    access: &Access,
) -> Request {
    let verify_token = &callback.verify_token;
    Request::post("override_number", &[phone.as_str()])
        .json(json!({ "webhook_configuration": {
            "override_callback_uri": callback.url, "verify_token": verify_token.expose(),
        } }))
        .hiding(verify_token)
        .by(access)
}

pub(super) fn subscribed_apps(waba: &WabaId, access: &Access) -> Request {
    Request::get("subscribed_apps", &[waba.as_str(), "subscribed_apps"]).by(access)
}

pub(super) fn register_number(phone: &PhoneNumberId, pin: &Secret, access: &Access) -> Request {
    Request::post("register_number", &[phone.as_str(), "register"])
        .json(json!({ "messaging_product": "whatsapp", "pin": pin.expose() }))
        .hiding(pin)
        .by(access)
        .counted()
}

pub(super) fn deregister_number(phone: &PhoneNumberId, access: &Access) -> Request {
    Request::post("deregister_number", &[phone.as_str(), "deregister"])
        .by(access)
        .counted()
}

pub(super) fn request_code(phone: &PhoneNumberId, access: &Access) -> Request {
    Request::post("request_code", &[phone.as_str(), "request_code"])
        .form(vec![
            ("code_method", Param::plain("SMS")),
            ("language", Param::plain("en_US")),
        ])
        .by(access)
        .counted()
}

/// The one-time password as Meta wants it, without the hyphen that its text message shows.
pub(super) fn verify_code(phone: &PhoneNumberId, code: &Secret, access: &Access) -> Request {
    let digits: String = code.expose().chars().filter(char::is_ascii_digit).collect();
    let digits = Secret::new(digits);
    Request::post("verify_code", &[phone.as_str(), "verify_code"])
        .form(vec![("code", Param::Hidden(digits.clone()))])
        .hiding(code)
        .hiding(&digits)
        .by(access)
        .counted()
}

pub(super) fn health(phone: &PhoneNumberId, access: &Access) -> Request {
    Request::get("health", &[phone.as_str()])
        .fields("health_status,name_status")
        .by(access)
}

pub(super) fn add_number(waba: &WabaId, number: &NewNumber, access: &Access) -> Request {
    Request::post("add_number", &[waba.as_str(), "phone_numbers"])
        .json(json!({
            "cc": number.calling_code, "phone_number": number.national,
            "verified_name": number.display_name,
        }))
        .by(access)
        .counted()
}

/// One of the two things that the WhatsApp Business app holds.
pub(super) fn request_sync(phone: &PhoneNumberId, kind: SyncKind, access: &Access) -> Request {
    let kind = match kind {
        SyncKind::Contacts => "smb_app_state_sync",
        SyncKind::History => "history",
    };
    Request::post("request_sync", &[phone.as_str(), "smb_app_data"])
        .json(json!({ "messaging_product": "whatsapp", "sync_type": kind }))
        .by(access)
        .counted()
}

pub(super) fn assigned_users(waba: &WabaId, business: &BusinessId, access: &Access) -> Request {
    Request::get("assigned_users", &[waba.as_str(), "assigned_users"])
        .asking("business", Param::plain(business.as_str()))
        .asking("limit", Param::plain(PAGE_SIZE))
        .by(access)
}

pub(super) fn assign_user(waba: &WabaId, user: &str, access: &Access) -> Request {
    Request::post("assign_user", &[waba.as_str(), "assigned_users"])
        .asking("user", Param::plain(user))
        .asking("tasks", Param::plain("['MANAGE']"))
        .by(access)
}

pub(super) fn share_credit(line: &str, waba: &WabaId, currency: &str, access: &Access) -> Request {
    Request::post(
        "share_credit",
        &[line, "whatsapp_credit_sharing_and_attach"],
    )
    .asking("waba_currency", Param::plain(currency))
    .asking("waba_id", Param::plain(waba.as_str()))
    .by(access)
    .counted()
}

pub(super) fn credit_shares(line: &str, client: &BusinessId, access: &Access) -> Request {
    Request::get("credit_shares", &[line, "owning_credit_allocation_configs"])
        .asking("receiving_business_id", Param::plain(client.as_str()))
        .fields("id,receiving_business")
        .by(access)
}

pub(super) fn share_credential(share: &str, access: &Access) -> Request {
    Request::get("share_credential", &[share])
        .fields("receiving_credential")
        .by(access)
}

pub(super) fn waba_funding(waba: &WabaId, access: &Access) -> Request {
    Request::get("waba_funding", &[waba.as_str()])
        .fields("primary_funding_id")
        .by(access)
}

#[cfg(test)]
mod tests;
