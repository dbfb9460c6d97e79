//! Who may go through which door: the list that tests walk to see strangers turned away. It opens
//! nothing by itself; the guards do.

use workflows::app::Scope;

use Authority::{Client, Console, Link, Operator, Partner, Public, Signature};

/// What a route asks of whoever calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Nothing.
    Public,
    /// Meta's proof: the verify token, or the signature over the body.
    Signature,
    /// The token of a link, in the path.
    Link,
    /// A client's session.
    Client,
    /// A partner's key with this scope; nothing means any key.
    Partner(Option<Scope>),
    /// An operator's bearer token.
    Operator,
    /// An operator's session on the console's pages.
    Console,
}

/// One route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    /// The method, in capitals.
    pub method: &'static str,
    /// The pattern, as it is mounted.
    pub path: &'static str,
    /// What it asks.
    pub authority: Authority,
}

/// Every door of the public listener. A route that is not here fails a test.
pub fn authorities() -> &'static [Door] {
    DOORS
}

const READ: Authority = Partner(Some(Scope::OnboardingsRead));
const WRITE: Authority = Partner(Some(Scope::OnboardingsWrite));
const WEBHOOKS: Authority = Partner(Some(Scope::WebhooksWrite));

const DOORS: &[Door] = &[
    door("GET", "/healthz", Public),
    door("GET", "/readyz", Public),
    door("GET", "/openapi.json", Public),
    door("POST", "/v1/onboardings", WRITE),
    door("GET", "/v1/onboardings", READ),
    door("GET", "/v1/onboardings/<id>", READ),
    door("GET", "/v1/onboardings/<id>/events", READ),
    door("POST", "/v1/onboardings/<id>/links", WRITE),
    door("POST", "/v1/onboardings/<id>/cancel", WRITE),
    door("POST", "/v1/onboardings/<id>/retry", WRITE),
    door("POST", "/v1/links/<id>/revoke", WRITE),
    door("POST", "/v1/webhook_endpoints", WEBHOOKS),
    door("GET", "/v1/webhook_endpoints", WEBHOOKS),
    door("GET", "/v1/webhook_endpoints/<id>", WEBHOOKS),
    door("DELETE", "/v1/webhook_endpoints/<id>", WEBHOOKS),
    door("POST", "/v1/webhook_endpoints/<id>/test", WEBHOOKS),
    door("POST", "/v1/webhook_endpoints/<id>/rotate", WEBHOOKS),
    door("GET", "/v1/webhook_deliveries", WEBHOOKS),
    door("POST", "/v1/webhook_deliveries/<id>/redeliver", WEBHOOKS),
    door("GET", "/v1/errors", Partner(None)),
    door(
        "POST",
        "/v1/channel-manager/whatsapp/tp-registration/url",
        WRITE,
    ),
    door(
        "PATCH",
        "/v1/channel-manager/whatsapp/tp-registration/url",
        WRITE,
    ),
    door("GET", "/webhooks/meta/<app_id>", Signature),
    door("POST", "/webhooks/meta/<app_id>", Signature),
    door("POST", "/console/api/apps", Operator),
    door("GET", "/console/api/apps", Operator),
    door("POST", "/console/api/apps/<id>/preflight", Operator),
    door("GET", "/console/api/apps/<id>/preflight", Operator),
    door("POST", "/console/api/partners", Operator),
    door("GET", "/console/api/partners", Operator),
    door("POST", "/console/api/partners/<id>/keys", Operator),
    door("POST", "/console/api/onboardings", Operator),
    door("POST", "/console/api/connections/<id>/reconnect", Operator),
    door("GET", "/console/api/instances", Operator),
    door("GET", "/console/api/instances/<id>", Operator),
    door("POST", "/console/api/instances/<id>/acts/<act>", Operator),
    door("POST", "/console/api/bulk", Operator),
    door("GET", "/console/api/bulk", Operator),
    door("GET", "/console/api/bulk/<id>", Operator),
    door("GET", "/console/api/bulk/<id>/items", Operator),
    door("POST", "/console/api/bulk/<id>/<act>", Operator),
    door("GET", "/console/api/attention", Operator),
    door("GET", "/console/api/unclaimed", Operator),
    door("POST", "/console/api/unclaimed/<id>/assign", Operator),
    door("GET", "/console/api/schedules", Operator),
    door("POST", "/console/api/schedules/<name>/<act>", Operator),
    door("GET", "/console/api/audit", Operator),
    door("POST", "/console/api/journal/verify", Operator),
    door("GET", "/console/api/journal/verify", Operator),
    door("GET", "/console/api/journal/verify/<id>", Operator),
    door("GET", "/console/api/backup", Operator),
    door("GET", "/console/api/webhooks", Operator),
    door("GET", "/console/api/webhooks/<id>", Operator),
    door("POST", "/console/api/webhooks/<id>/replay", Operator),
    door("GET", "/console/api/instances/<id>/diagram.svg", Operator),
    door("GET", "/o/<token>", Link),
    door("POST", "/o/<token>/open", Link),
    door("GET", "/o", Client),
    door("POST", "/o/journey", Client),
    door("POST", "/o/signup", Client),
    door("POST", "/o/pin", Client),
    door("POST", "/o/otp", Client),
    door("GET", "/o/status", Client),
    door("GET", "/o/events", Client),
    door("GET", "/assets/<file>", Public),
    door("GET", "/assets/accent/<file>", Public),
    door("GET", "/console/assets/<file>", Public),
    door("GET", "/console/login", Public),
    door("POST", "/console/login", Public),
    door("POST", "/console/logout", Console),
    door("GET", "/console", Console),
    door("GET", "/console/find", Console),
    door("GET", "/console/instances", Console),
    door("GET", "/console/instances/<id>", Console),
    door("POST", "/console/instances/<id>/acts/<act>", Console),
    door("POST", "/console/instances/<id>/erase", Console),
    door("GET", "/console/bulk", Console),
    door("POST", "/console/bulk", Console),
    door("GET", "/console/bulk/new", Console),
    door("GET", "/console/bulk/<id>", Console),
    door("POST", "/console/bulk/<id>/<act>", Console),
    door("GET", "/console/apps", Console),
    door("POST", "/console/apps/<id>/preflight", Console),
    door("GET", "/console/partners", Console),
    door("POST", "/console/partners/links", Console),
    door("GET", "/console/unclaimed", Console),
    door("POST", "/console/unclaimed/<id>/assign", Console),
    door("GET", "/console/schedules", Console),
    door("POST", "/console/schedules/<name>/<act>", Console),
    door("GET", "/console/audit", Console),
    door("GET", "/console/journal", Console),
    door("POST", "/console/journal/verify", Console),
    door("GET", "/console/webhooks", Console),
    door("GET", "/console/webhooks/<webhook>", Console),
    door("POST", "/console/webhooks/<webhook>/replay", Console),
];

const fn door(method: &'static str, path: &'static str, authority: Authority) -> Door {
    Door {
        method,
        path,
        authority,
    }
}
