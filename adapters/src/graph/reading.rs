//! What Graph answers, as our values. Lenient in form, strict where a guess would do harm.
//!
//! An unknown word never counts as success: unknown is "not live", "not verified", "cannot say".

use std::time::Duration;

use engine::Timestamp;
use serde_json::Value;
use workflows::ports::graph::{
    GrantedToken, Health, HealthProblem, PhoneNumber, Subscription, TokenGrant,
};
use workflows::values::{AppId, BusinessId, PhoneNumberId, Secret, WabaId};

/// The permission whose targets are the accounts that were shared.
const MANAGEMENT: &str = "whatsapp_business_management";

/// A bare text shorter than this is no token.
const TOKEN_LEN_MIN: usize = 16;

/// Why an answer has no meaning for us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Not JSON, or not of the documented shape; what was looked for.
    Shape(&'static str),
    /// Meta says in so many words that nothing was done.
    NotDone,
}

/// The answer as JSON.
pub(super) fn json(body: &[u8]) -> Result<Value, Unreadable> {
    serde_json::from_slice(body).map_err(|_| Unreadable::Shape("JSON"))
}

/// A token as JSON, as practice shows it, or bare, as Meta's page prints it.
pub(super) fn granted_token(body: &[u8]) -> Result<GrantedToken, Unreadable> {
    let missing = Unreadable::Shape("an access token");
    let (token, expires_in) = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(fields)) => (
            fields.get("access_token").and_then(text),
            fields.get("expires_in").and_then(number),
        ),
        Ok(Value::String(bare)) => (Some(bare), None),
        _ => (std::str::from_utf8(body).ok().map(str::to_owned), None),
    };
    let token = token.ok_or(missing.clone())?;
    let token = token.trim();
    let printable = token.bytes().all(|byte| byte.is_ascii_graphic());
    if token.len() < TOKEN_LEN_MIN || !printable || token.starts_with(['<', '{', '[']) {
        return Err(missing);
    }
    Ok(GrantedToken {
        token: Secret::new(token),
        expires_in: expires_in
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs),
    })
}

/// What `debug_token` says.
pub(super) fn token_grant(body: &Value) -> Result<TokenGrant, Unreadable> {
    let data = body
        .get("data")
        .filter(|data| data.is_object())
        .ok_or(Unreadable::Shape("the token's data"))?;
    let wabas = list(data, "granular_scopes")
        .filter(|scope| scope.get("scope").and_then(Value::as_str) == Some(MANAGEMENT))
        .flat_map(|scope| list(scope, "target_ids"))
        .filter_map(text)
        .map(WabaId::new)
        .collect();
    Ok(TokenGrant {
        valid: data.get("is_valid").is_some_and(is_true),
        app_id: data.get("app_id").and_then(text).map(AppId::new),
        expires_at: data
            .get("expires_at")
            .and_then(number)
            .filter(|seconds| *seconds > 0)
            .map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1000))),
        wabas,
        scopes: list(data, "scopes").filter_map(text).collect(),
    })
}

/// The portfolio behind a WABA, if the token may see it.
pub(super) fn waba_owner(body: &Value) -> Option<BusinessId> {
    let owner = body.get("owner_business_info")?;
    owner.get("id").and_then(text).map(BusinessId::new)
}

/// One page of numbers, and the cursor of the next if there is one.
pub(super) fn phone_numbers(
    body: &Value,
) -> Result<(Vec<PhoneNumber>, Option<String>), Unreadable> {
    if !body.get("data").is_some_and(Value::is_array) {
        return Err(Unreadable::Shape("a list of numbers"));
    }
    let numbers = list(body, "data")
        .map(phone_number)
        .collect::<Result<_, _>>()?;
    Ok((numbers, next_page(body)))
}

/// The cursor of the page after this one, if there is one.
pub(super) fn next_page(body: &Value) -> Option<String> {
    // `next` holds an address with the token in it, so only its presence is used.
    let paging = body.get("paging")?;
    paging.get("next")?;
    paging.pointer("/cursors/after").and_then(text)
}

/// One number.
pub(super) fn phone_number(body: &Value) -> Result<PhoneNumber, Unreadable> {
    let field = |name: &str| body.get(name).and_then(text);
    let says =
        |name: &str, word: &str| field(name).is_some_and(|value| value.eq_ignore_ascii_case(word));
    Ok(PhoneNumber {
        id: field("id")
            .map(PhoneNumberId::new)
            .ok_or(Unreadable::Shape("a number's id"))?,
        display: field("display_phone_number"),
        verified_name: field("verified_name"),
        live: says("platform_type", "CLOUD_API") && says("status", "CONNECTED"),
        on_business_app: body.get("is_on_biz_app").is_some_and(is_true),
        verified: says("code_verification_status", "VERIFIED"),
        name_status: field("name_status"),
    })
}

/// The apps that hear of a WABA.
pub(super) fn subscribed_apps(body: &Value) -> Result<Vec<Subscription>, Unreadable> {
    if !body.get("data").is_some_and(Value::is_array) {
        return Err(Unreadable::Shape("a list of apps"));
    }
    let subscription = |row: &Value| {
        let app = row
            .pointer("/whatsapp_business_api_data/id")
            .and_then(text)?;
        Some(Subscription {
            app: AppId::new(app),
            callback: row.get("override_callback_uri").and_then(text),
        })
    };
    Ok(list(body, "data").filter_map(subscription).collect())
}

/// `success: true`, which Meta documents for every call that changes something.
pub(super) fn success(body: &Value) -> Result<(), Unreadable> {
    match body.get("success") {
        Some(word) if is_true(word) => Ok(()),
        Some(_) => Err(Unreadable::NotDone),
        None => Err(Unreadable::Shape("success")),
    }
}

/// The id of what was made.
pub(super) fn made(body: &Value) -> Result<String, Unreadable> {
    body.get("id")
        .and_then(text)
        .ok_or(Unreadable::Shape("the id of what was made"))
}

/// The ids of a list's members.
pub(super) fn ids(body: &Value) -> Result<Vec<String>, Unreadable> {
    if !body.get("data").is_some_and(Value::is_array) {
        return Err(Unreadable::Shape("a list"));
    }
    let members = list(body, "data").filter_map(|member| member.get("id"));
    Ok(members.filter_map(text).collect())
}

/// The id of a share of a credit line.
pub(super) fn allocation(body: &Value) -> Result<String, Unreadable> {
    body.get("allocation_config_id")
        .and_then(text)
        .ok_or(Unreadable::Shape("an allocation_config_id"))
}

/// What a share pays with.
pub(super) fn receiving_credential(body: &Value) -> Option<String> {
    body.pointer("/receiving_credential/id").and_then(text)
}

/// What an account is paid by; Meta leaves it out, or says zero, where nothing pays.
pub(super) fn funding(body: &Value) -> Option<String> {
    let id = body.get("primary_funding_id").and_then(text)?;
    (!id.is_empty() && id != "0").then_some(id)
}

/// Meta's id of a request that it took.
pub(super) fn request_id(body: &Value) -> Option<String> {
    body.get("request_id").and_then(text)
}

/// Whether messages can be sent, and what stands in the way.
pub(super) fn health(body: &Value) -> Result<Health, Unreadable> {
    let status = body
        .get("health_status")
        .ok_or(Unreadable::Shape("a health status"))?;
    let can_send = match status.get("can_send_message").and_then(Value::as_str) {
        Some("AVAILABLE" | "LIMITED") => Some(true),
        Some("BLOCKED") => Some(false),
        _ => None,
    };
    let problems = list(status, "entities").flat_map(problems_of).collect();
    Ok(Health {
        can_send,
        problems,
        name_status: body.get("name_status").and_then(text),
    })
}

fn problems_of(entity: &Value) -> Vec<HealthProblem> {
    let kind = entity.get("entity_type").and_then(text);
    let kind = kind.unwrap_or_else(|| "ACCOUNT".to_owned());
    let problem = |code, text| HealthProblem {
        entity: kind.clone(),
        code,
        text,
    };
    let errors = list(entity, "errors").filter_map(|error| {
        let what = error.get("error_description").and_then(text)?;
        let cured = match error.get("possible_solution").and_then(text) {
            Some(cure) => format!("{what} {cure}"),
            None => what,
        };
        Some(problem(error.get("error_code").and_then(number), cured))
    });
    let notes = list(entity, "additional_info").filter_map(text);
    errors
        .chain(notes.map(|note| problem(None, note)))
        .collect()
}

/// The elements of a list field; none if it is missing or something else.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// A text, or an id that came as a number.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole number, or a text of one.
pub(super) fn number(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

pub(super) fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str() == Some("true")
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
