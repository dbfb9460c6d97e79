//! What is asked of Graph on the provider's own account, as values.

use serde_json::json;
use workflows::ports::graph::{Access, AppCredentials, Callback};
use workflows::ports::provider::WabaPage;
use workflows::values::{BusinessId, Secret};

use super::{PAGE_SIZE, Param, Request, app_access};

/// Webhooks of accounts, the only ones that Gangway takes.
const ACCOUNTS: &str = "whatsapp_business_account";

/// Fetches what was granted; without that word Meta would make a new token.
pub(in crate::graph) fn client_token(client: &BusinessId, access: &Access) -> Request {
    let path = [client.as_str(), "system_user_access_tokens"];
    Request::post("client_token", &path).by_form(access, vec![("fetch_only", Param::plain("true"))])
}

pub(in crate::graph) fn solution_token(
    solution: &str,
    client: &BusinessId,
    access: &Access,
) -> Request {
    Request::get("solution_token", &[solution, "access_token"])
        .asking("business_id", Param::plain(client.as_str()))
        .by(access)
}

/// Meta documents GET; POST is taken too and keeps both secrets out of addresses.
pub(in crate::graph) fn extend_token(app: &AppCredentials, token: &Secret) -> Request {
    Request::post("extend_token", &["oauth", "access_token"])
        .form(vec![
            ("grant_type", Param::plain("fb_exchange_token")),
            ("client_id", Param::plain(app.app_id.as_str())),
            ("client_secret", Param::Hidden(app.app_secret.clone())),
            ("set_token_expires_in_60_days", Param::plain("true")),
            ("fb_exchange_token", Param::Hidden(token.clone())),
        ])
        .hiding(&app.app_secret)
        .hiding(token)
}

pub(in crate::graph) fn client_wabas(
    provider: &BusinessId,
    page: &WabaPage,
    access: &Access,
) -> Request {
    let path = [provider.as_str(), "client_whatsapp_business_accounts"];
    let mut request = Request::get("client_wabas", &path)
        .fields("id,name,owner_business_info")
        .asking("sort", Param::plain("creation_time_descending"))
        .asking("limit", Param::plain(PAGE_SIZE))
        .by(access);
    if let Some(after) = page.made_after {
        let seconds = (after.millis() / 1000).to_string();
        let newer =
            json!([{ "field": "creation_time", "operator": "GREATER_THAN", "value": seconds }]);
        request = request.asking("filtering", Param::plain(newer.to_string()));
    }
    match &page.after {
        Some(cursor) => request.asking("after", Param::plain(cursor)),
        None => request,
    }
}

pub(in crate::graph) fn app_name(app: &AppCredentials) -> Request {
    Request::get("app_name", &[app.app_id.as_str()])
        .fields("id,name")
        .by(&app_access(app))
        .hiding(&app.app_secret)
}

pub(in crate::graph) fn app_subscriptions(app: &AppCredentials) -> Request {
    Request::get("app_subscriptions", &[app.app_id.as_str(), "subscriptions"])
        .by(&app_access(app))
        .hiding(&app.app_secret)
}

pub(in crate::graph) fn subscribe_callback(
    app: &AppCredentials,
    callback: &Callback,
    fields: &[&str],
) -> Request {
    let path = [app.app_id.as_str(), "subscriptions"];
    Request::post("subscribe_callback", &path)
        .form(vec![
            ("object", Param::plain(ACCOUNTS)),
            ("callback_url", Param::plain(&callback.url)),
            ("verify_token", Param::Hidden(callback.verify_token.clone())),
            ("fields", Param::plain(fields.join(","))),
        ])
        .by(&app_access(app))
        .hiding(&app.app_secret)
        .hiding(&callback.verify_token)
}

pub(in crate::graph) fn token_user(access: &Access) -> Request {
    Request::get("token_user", &["me"]).fields("id").by(access)
}

pub(in crate::graph) fn credit_lines(provider: &BusinessId, access: &Access) -> Request {
    let path = [provider.as_str(), "extendedcredits"];
    Request::get("credit_lines", &path)
        .fields("id,legal_entity_name")
        .by(access)
}
