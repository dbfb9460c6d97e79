//! The body of a create call, read and judged field by field.

use serde::Deserialize;
use serde_json::Value;

use super::AppSettings;
use super::body::{self, at_most};
use super::problem::Problem;
use super::rules::{
    Wrong, digits, host_of, judge_branding, judge_callback, link_life, without_nulls,
};
use super::views::BrandingView;
use crate::directory::Partner;
use crate::onboarding::{Order, metadata_fault};
use crate::ports::graph::Callback;
use crate::values::{BusinessId, Secret, WabaId, is_meta_id};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CreateBody {
    external_id: Option<String>,
    metadata: Option<Value>,
    solution_id: Option<String>,
    client_account: Option<String>,
    #[serde(deserialize_with = "body::or_default")]
    flow: FlowBody,
    #[serde(deserialize_with = "body::or_default")]
    prefill: PrefillBody,
    branding: Option<BrandingView>,
    locale: Option<String>,
    #[serde(deserialize_with = "body::or_default")]
    pub(super) link: LinkBody,
    #[serde(deserialize_with = "body::or_default")]
    redirect: RedirectBody,
    #[serde(deserialize_with = "body::or_default")]
    embed: EmbedBody,
    #[serde(deserialize_with = "body::or_default")]
    pub(super) notify: NotifyBody,
    messages_callback: Option<CallbackBody>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FlowBody {
    allowed: Option<Vec<String>>,
    expected_phone_number: Option<String>,
    expected_waba_id: Option<String>,
    expected_business_id: Option<String>,
    mode: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PrefillBody {
    business: Option<BusinessBody>,
    phone_profile: Option<ProfileBody>,
    pre_verified_phone_ids: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, default)]
struct BusinessBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, default)]
struct ProfileBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename(serialize = "displayName"))]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// How long the link lives.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LinkBody {
    /// Seconds.
    pub(super) expires_in: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RedirectBody {
    return_url: Option<String>,
    refresh_url: Option<String>,
    state: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct EmbedBody {
    allowed_origins: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct NotifyBody {
    pub(super) webhook_url: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallbackBody {
    pub(super) url: String,
    pub(super) verify_token: String,
}

impl CreateBody {
    pub(super) fn read(request: &Value) -> Result<Self, Problem> {
        body::read(request)
    }

    /// The order that this body asks for, for a partner's client.
    pub(super) fn judge(
        self,
        partner: &Partner,
        livemode: bool,
        settings: &AppSettings,
    ) -> Result<Order, Problem> {
        let mut wrong = Wrong::default();
        self.judge_sizes(&mut wrong);
        self.judge_prefill(&mut wrong);
        self.judge_flow(&mut wrong);
        self.judge_addresses(partner, settings, &mut wrong);
        if let Some(callback) = &self.messages_callback {
            judge_callback(callback, settings, &mut wrong);
        }
        wrong.into_result()?;
        let flow = self.flow;
        let prefill = serde_json::json!({
            "business": self.prefill.business, "phone_profile": self.prefill.phone_profile,
            "pre_verified_phone_ids": self.prefill.pre_verified_phone_ids,
        });
        Ok(Order {
            partner: partner.id.clone(),
            app: partner.app.clone(),
            livemode,
            external_id: self.external_id,
            metadata: self.metadata.unwrap_or_else(|| serde_json::json!({})),
            client_account: self.client_account,
            solution_id: self.solution_id.or_else(|| partner.solution_id.clone()),
            allowed: flow.allowed.unwrap_or_default(),
            expected_phone_number: flow.expected_phone_number.as_deref().map(digits),
            expected_waba: flow.expected_waba_id.map(WabaId::new),
            expected_business: flow.expected_business_id.map(BusinessId::new),
            mode: flow.mode.unwrap_or_else(|| "new".to_owned()),
            prefill: without_nulls(prefill),
            branding: self.branding,
            locale: self.locale,
            return_url: self.redirect.return_url,
            refresh_url: self.redirect.refresh_url,
            redirect_state: self.redirect.state,
            embed_origins: self.embed.allowed_origins,
            notify_url: self.notify.webhook_url,
            messages_callback: self.messages_callback.map(|callback| Callback {
                url: callback.url,
                verify_token: Secret::new(callback.verify_token),
            }),
        })
    }

    fn judge_sizes(&self, wrong: &mut Wrong) {
        let texts = [
            ("external_id", &self.external_id, 255),
            ("client_account", &self.client_account, 255),
            ("solution_id", &self.solution_id, 64),
            ("redirect.state", &self.redirect.state, 512),
            ("locale", &self.locale, 35),
        ];
        for (param, text, chars_max) in texts {
            if let Some(text) = text {
                wrong.check(at_most(param, text, chars_max));
            }
        }
        if let Some((code, message)) = self.metadata.as_ref().and_then(metadata_fault) {
            wrong.add("metadata", code, message);
        }
        wrong.check(link_life("link.expires_in", &self.link).map(drop));
    }

    fn judge_prefill(&self, wrong: &mut Wrong) {
        if let Some(business) = &self.prefill.business {
            let name = business.name.as_deref().unwrap_or_default();
            wrong.check(at_most("prefill.business.name", name, 100));
        }
        if let Some(profile) = &self.prefill.phone_profile {
            let description = profile.description.as_deref().unwrap_or_default();
            let param = "prefill.phone_profile.description";
            wrong.check(at_most(param, description, 512));
        }
        let offered = self.prefill.pre_verified_phone_ids.iter().flatten();
        if offered.into_iter().any(|id| !is_meta_id(id)) {
            let message = "must be ids of numbers that were verified before: decimal digits";
            wrong.add("prefill.pre_verified_phone_ids", "invalid", message);
        }
        if self.solution_id.as_deref() == Some("") {
            wrong.add(
                "solution_id",
                "invalid",
                "must be a solution's id, or left out",
            );
        }
    }

    fn judge_flow(&self, wrong: &mut Wrong) {
        let flow = &self.flow;
        if flow.allowed.as_ref().is_some_and(Vec::is_empty) {
            wrong.add(
                "flow.allowed",
                "invalid",
                "must name a flow, or be left out",
            );
        }
        for allowed in flow.allowed.iter().flatten() {
            if allowed != "cloud_api" && allowed != "coexistence" {
                wrong.add(
                    "flow.allowed",
                    "unknown_value",
                    "knows `cloud_api` and `coexistence`",
                );
            }
        }
        if let Some(number) = &flow.expected_phone_number
            && (!number.starts_with('+') || !(7..=15).contains(&digits(number).len()))
        {
            let message = "must be a number in international form, such as +34600000123";
            wrong.add("flow.expected_phone_number", "invalid", message);
        }
        let ids = [
            ("flow.expected_waba_id", &flow.expected_waba_id),
            ("flow.expected_business_id", &flow.expected_business_id),
        ];
        for (param, id) in ids {
            if id.as_deref().is_some_and(|id| !is_meta_id(id)) {
                wrong.add(param, "invalid", "must be an id of Meta's: decimal digits");
            }
        }
        match flow.mode.as_deref() {
            None | Some("new" | "reconnect") => {}
            Some(_) => wrong.add("flow.mode", "unknown_value", "knows `new` and `reconnect`"),
        }
    }

    fn judge_addresses(&self, partner: &Partner, settings: &AppSettings, wrong: &mut Wrong) {
        let returns = [
            ("redirect.return_url", &self.redirect.return_url),
            ("redirect.refresh_url", &self.redirect.refresh_url),
        ];
        for (param, url) in returns {
            let Some(url) = url else { continue };
            let host = host_of(url, settings.sandbox);
            match host {
                None => wrong.add(param, "invalid", "must be an https address"),
                Some(host) => {
                    let known = partner.redirect_hosts.iter().any(|known| known == host);
                    // An open redirect would lend our name to anybody's page.
                    let any = settings.sandbox && partner.redirect_hosts.is_empty();
                    if !known && !any {
                        let message = format!(
                            "`{host}` is not among the partner's redirect hosts; ask the operator to add it"
                        );
                        wrong.add(param, "host_not_registered", message);
                    }
                }
            }
        }
        for origin in &self.embed.allowed_origins {
            let bare = host_of(origin, settings.sandbox).is_some_and(|host| {
                origin.ends_with(host) || origin.ends_with(|c: char| c.is_ascii_digit())
            });
            if !bare {
                let message = "must be origins such as https://app.example.com, without a path";
                wrong.add("embed.allowed_origins", "invalid", message);
            }
        }
        if let Some(branding) = &self.branding {
            judge_branding(branding, wrong);
        }
    }
}
