//! The questions of a preflight. It asks Meta and judges; it keeps nothing and changes nothing.

use std::sync::Arc;

use super::findings::{self, Finding, Subject, is_silence};
use crate::directory::MetaApp;
use crate::ports::graph::{Access, AppCredentials, GraphApi, TokenGrant};
use crate::ports::provider::{ProviderApi, WabaPage};
use crate::values::{BusinessId, is_meta_id};

const APP: Subject = Subject {
    check: findings::APP,
    place: "App settings > Basic",
    param: Some("app_secret"),
};
const CONFIGURATION: Subject = Subject {
    check: "login_configuration",
    place: "Facebook Login for Business > Configurations",
    param: Some("config_id"),
};
const SYSTEM_USER: Subject = Subject {
    check: "system_user",
    place: "Business settings > Users > System users",
    param: Some("system_user_token"),
};
const PERMISSIONS: Subject = Subject {
    check: "permissions",
    place: "App Review > Permissions and features; Business settings > System users",
    param: Some("system_user_token"),
};
const PORTFOLIO: Subject = Subject {
    check: "business",
    place: "Business settings > Business info",
    param: Some("business_id"),
};
const WEBHOOK: Subject = Subject {
    check: "webhook",
    place: "WhatsApp > Configuration > Webhook",
    param: Some("verify_token"),
};
const FIELDS: Subject = Subject {
    check: "webhook_fields",
    place: "WhatsApp > Configuration > Webhook fields",
    param: None,
};
const CREDIT: Subject = Subject {
    check: "credit_line",
    place: "Business settings > Billing and payments",
    param: Some("credit_line_id"),
};
const DOMAINS: Subject = Subject {
    check: "domains",
    place: "Facebook Login for Business > Settings",
    param: None,
};
const MODE: Subject = Subject {
    check: "app_mode",
    place: "App dashboard > App mode",
    param: None,
};

const OBJECT: &str = "whatsapp_business_account";

/// What Meta tells accounts by; the last three only where numbers stay in the app.
const FIELDS_NEEDED: [&str; 8] = [
    "account_alerts",
    "account_review_update",
    "account_update",
    "business_capability_update",
    "partner_solutions",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
];
const FIELDS_OF_COEXISTENCE: [&str; 3] = ["history", "smb_app_state_sync", "smb_message_echoes"];

/// Permissions without which no signup comes to its end.
const SCOPES: [&str; 2] = [
    "whatsapp_business_management",
    "whatsapp_business_messaging",
];

/// How a look went.
pub(super) enum Examined {
    /// Meta answered.
    Seen(Vec<Finding>),
    /// Meta did not answer the first question; the findings say only that.
    Silent(Vec<Finding>),
}

/// Asks Meta about apps.
pub(super) struct Examiner {
    pub(super) graph: Arc<dyn GraphApi>,
    pub(super) provider: Arc<dyn ProviderApi>,
    pub(super) public_url: String,
}

impl Examiner {
    /// Looks at everything that concerns the app.
    pub(super) async fn examine(&self, app: Option<&MetaApp>) -> Examined {
        let Some(app) = app else {
            return Examined::Seen(vec![APP.wrong("The app is not set up here.")]);
        };
        let credentials = AppCredentials {
            app_id: app.app_id.clone(),
            app_secret: app.app_secret.clone(),
        };
        let mut findings = Vec::new();
        match self.provider.app_name(&credentials).await {
            Ok(name) => findings.push(APP.ok(format!(
                "Meta knows the app as {}.",
                name.as_deref().unwrap_or("itself")
            ))),
            Err(error) if is_silence(&error) => {
                return Examined::Silent(vec![APP.refused(&error)]);
            }
            // Without the app's own secret every other question is refused as well.
            Err(error) => {
                findings.push(APP.refused(&error));
                findings.push(configuration(app));
                return Examined::Seen(findings);
            }
        }
        findings.push(configuration(app));
        findings.extend(self.system_user(app, &credentials).await);
        findings.extend(self.webhook(app, &credentials).await);
        findings.push(self.domains());
        findings.push(MODE.unknown(
            "Meta shows the mode to nobody. In development mode only people of the app can sign up, and some webhooks are not sent.",
        ));
        Examined::Seen(findings)
    }

    async fn system_user(&self, app: &MetaApp, credentials: &AppCredentials) -> Vec<Finding> {
        let Some(token) = &app.system_user_token else {
            return vec![SYSTEM_USER.unknown(
                "No system user's token is kept: a signup whose browser dies cannot be saved, and no credit line can be shared.",
            )];
        };
        let grant = match self.graph.inspect_token(credentials, token).await {
            Ok(grant) => grant,
            Err(error) => return vec![SYSTEM_USER.refused(&error)],
        };
        if !grant.valid {
            return vec![SYSTEM_USER.wrong("Meta says that the system user's token is dead.")];
        }
        let access = Access::of(credentials, token);
        let mut findings = vec![
            self.user_of(app, &access).await,
            permissions(app, &grant),
            self.portfolio(app, &access).await,
        ];
        findings.extend(self.credit(app, &access).await);
        findings
    }

    async fn user_of(&self, app: &MetaApp, access: &Access) -> Finding {
        match self.provider.token_user(access).await {
            Err(error) => SYSTEM_USER.refused(&error),
            Ok(found) => match &app.system_user_id {
                Some(known) if *known != found => SYSTEM_USER.wrong(format!(
                    "The token belongs to the user {found}; the setup says {known}."
                )),
                _ => SYSTEM_USER.ok(format!("The token of the user {found} works.")),
            },
        }
    }

    async fn portfolio(&self, app: &MetaApp, access: &Access) -> Finding {
        let Some(business) = &app.business_id else {
            return PORTFOLIO
                .unknown("No portfolio is set up: accounts that clients share cannot be listed.");
        };
        let business = BusinessId::new(business.clone());
        let page = WabaPage::default();
        match self.provider.client_wabas(&business, &page, access).await {
            Ok(_) => PORTFOLIO.ok("The accounts that clients share are visible."),
            Err(error) => PORTFOLIO.refused(&error),
        }
    }

    async fn credit(&self, app: &MetaApp, access: &Access) -> Option<Finding> {
        let line = app.credit_line_id.as_ref()?;
        let Some(business) = &app.business_id else {
            return Some(
                CREDIT.wrong("A credit line is set up without the portfolio it belongs to."),
            );
        };
        let business = BusinessId::new(business.clone());
        Some(match self.provider.credit_lines(&business, access).await {
            Err(error) => CREDIT.refused(&error),
            Ok(lines) if lines.contains(line) => {
                CREDIT.ok("The credit line belongs to the portfolio.")
            }
            Ok(_) => CREDIT.wrong(format!("The portfolio has no credit line {line}.")),
        })
    }

    async fn webhook(&self, app: &MetaApp, credentials: &AppCredentials) -> Vec<Finding> {
        let subscriptions = match self.provider.app_subscriptions(credentials).await {
            Ok(subscriptions) => subscriptions,
            Err(error) => return vec![WEBHOOK.refused(&error)],
        };
        let ours = subscriptions.iter().find(|one| one.object == OBJECT);
        let Some(ours) = ours else {
            return vec![
                WEBHOOK.wrong(format!("The app is subscribed to no webhooks of {OBJECT}.")),
            ];
        };
        let expected = format!("{}/webhooks/meta/{}", self.public_url, app.app_id);
        let address = match ours.callback.as_deref() {
            Some(address) if address == expected && ours.active => {
                WEBHOOK.ok("Meta sends this app's webhooks here.")
            }
            Some(address) if address == expected => {
                WEBHOOK.wrong("Meta has switched the subscription off.")
            }
            other => WEBHOOK.wrong(format!(
                "Webhooks go to {}; the callback must be {expected}.",
                other.unwrap_or("no address")
            )),
        };
        vec![address, fields(app, &ours.fields)]
    }

    fn domains(&self) -> Finding {
        let address = &self.public_url;
        if !address.starts_with("https://") && !is_local(address) {
            return DOMAINS.wrong(format!(
                "Meta's window opens from https pages only; links begin with {address}."
            ));
        }
        let host = address.split("://").nth(1).unwrap_or(address);
        DOMAINS.unknown(format!(
            "Meta shows these to nobody. Both “Allowed domains” and “Valid OAuth redirect URIs” must name {host}, and Client OAuth login, Web OAuth login, Enforce HTTPS, Embedded Browser OAuth login, Strict mode and Login with the JavaScript SDK must be on.",
        ))
    }
}

/// A page on this machine may be plain: browsers trust it.
fn is_local(address: &str) -> bool {
    let host = address.split("://").nth(1).unwrap_or_default();
    let host = host.split([':', '/']).next().unwrap_or_default();
    ["localhost", "127.0.0.1"].contains(&host)
}

fn configuration(app: &MetaApp) -> Finding {
    let named = app.config_ids.values().chain(&app.config_id);
    let known: Vec<&String> = named.collect();
    if known.is_empty() {
        return CONFIGURATION
            .wrong("No login configuration is set up; Meta's window opens for none.");
    }
    match known.iter().find(|id| !is_meta_id(id)) {
        Some(id) => CONFIGURATION.wrong(format!("`{id}` is no configuration id: those are digits.")),
        None => CONFIGURATION.ok(
            "The ids have the right shape. Graph shows configurations to nobody: a wrong one shows as an error page in Meta's window.",
        ),
    }
}

fn permissions(app: &MetaApp, grant: &TokenGrant) -> Finding {
    let credit = app
        .credit_line_id
        .is_some()
        .then_some("business_management");
    let needed = SCOPES.into_iter().chain(credit);
    let lacking: Vec<&str> = needed
        .filter(|scope| !grant.scopes.iter().any(|known| known == scope))
        .collect();
    if lacking.is_empty() {
        return PERMISSIONS.ok("The token carries every permission that is needed.");
    }
    PERMISSIONS.wrong(format!("The token lacks {}.", lacking.join(" and ")))
}

fn fields(app: &MetaApp, chosen: &[String]) -> Finding {
    let stays_in_app = app.config_ids.contains_key("coexistence") || app.config_id.is_some();
    let more = FIELDS_OF_COEXISTENCE.into_iter().filter(|_| stays_in_app);
    let needed = FIELDS_NEEDED.into_iter().chain(more);
    let lacking: Vec<&str> = needed
        .filter(|field| !chosen.iter().any(|known| known == field))
        .collect();
    if lacking.is_empty() {
        return FIELDS.ok("Every field is chosen.");
    }
    FIELDS.wrong(format!(
        "These fields are not chosen: {}.",
        lacking.join(", ")
    ))
}
