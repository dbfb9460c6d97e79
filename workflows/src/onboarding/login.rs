//! What Meta's window is opened with. Meta's versions move: what a new one wants is a setting, or this file.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::facts::Facts;
use super::flow;

/// What tells Meta's window that the number stays in the WhatsApp Business app.
const COEXISTENCE_FEATURE: &str = "whatsapp_business_app_onboarding";

/// What the window is opened with for each way of signing up, where it differs from what is built in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoginSettings {
    /// Numbers that move to Cloud API.
    pub cloud_api: LoginOptions,
    /// Numbers that stay in the WhatsApp Business app.
    pub coexistence: LoginOptions,
}

/// The members of `extras` that Meta's versions have given meaning to, and any further ones.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoginOptions {
    /// `featureType`; an empty one is left out.
    pub feature_type: Option<String>,
    /// The names in `features`.
    pub features: Vec<String>,
    /// `sessionInfoVersion`.
    pub session_info_version: Option<String>,
    /// `version`.
    pub version: Option<String>,
    /// Further members, as they are.
    pub extras: Map<String, Value>,
}

impl LoginSettings {
    /// What one flow's window is opened with. Where the app's own setup says something, that counts.
    fn of(&self, flow: &str, app: &Value) -> Map<String, Value> {
        let (options, built_in) = match flow {
            "coexistence" => (&self.coexistence, Some(COEXISTENCE_FEATURE)),
            _ => (&self.cloud_api, None),
        };
        let mut extras = options.extras.clone();
        let feature = options.feature_type.as_deref().or(built_in);
        let texts = [
            ("featureType", feature),
            (
                "sessionInfoVersion",
                options.session_info_version.as_deref(),
            ),
            ("version", options.version.as_deref()),
        ];
        for (name, text) in texts {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                extras.insert(name.to_owned(), json!(text));
            }
        }
        if !options.features.is_empty() {
            let features = options.features.iter().map(|name| json!({ "name": name }));
            extras.insert("features".to_owned(), features.collect());
        }
        extras.extend(of_app(app, flow));
        extras
    }
}

/// What the app's setup says for this flow: members for all flows alike, or under the names of flows.
fn of_app(app: &Value, flow: &str) -> Map<String, Value> {
    let Value::Object(extras) = app else {
        return Map::new();
    };
    let is_flow = |name: &String| ["cloud_api", "coexistence"].contains(&name.as_str());
    if extras.is_empty() || !extras.keys().all(is_flow) {
        return extras.clone();
    }
    let own = extras.get(flow).and_then(Value::as_object);
    own.cloned().unwrap_or_default()
}

/// The `extras` for `FB.login`: prefill, and in the sandbox the outcome that was ordered.
pub fn extras(facts: &Facts, app: &Value, settings: &LoginSettings, sandbox: bool) -> Value {
    let flow = flow::only_flow(facts).unwrap_or("cloud_api");
    let mut extras = settings.of(flow, app);
    extras.insert("setup".to_owned(), Value::Object(setup(facts)));
    // An outcome is ordered once: whoever has met it and comes back gets through.
    let ordered = facts.order.external_id.as_deref().filter(|_| !met(facts));
    if let Some(outcome) = ordered.and_then(|id| id.strip_prefix("sim:"))
        && sandbox
        && !facts.order.livemode
    {
        // `sim:code_expired:42` orders `code_expired`; what follows keeps ids apart.
        let name = outcome.split(':').next().unwrap_or(outcome);
        extras.insert("sim".to_owned(), json!(name));
    }
    Value::Object(extras)
}

/// What Meta's window is filled with; people may change all of it there.
fn setup(facts: &Facts) -> Map<String, Value> {
    let order = &facts.order;
    let mut setup = match &order.prefill {
        Value::Object(prefill) => prefill.clone(),
        _ => Map::new(),
    };
    if let Some(profile) = setup.remove("phone_profile") {
        setup.insert("phone".to_owned(), profile);
    }
    if let Some(ids) = setup.remove("pre_verified_phone_ids") {
        setup.insert("preVerifiedPhone".to_owned(), json!({ "ids": ids }));
    }
    if let Some(business) = &order.expected_business {
        let known = setup.entry("business").or_insert_with(|| json!({}));
        if let Value::Object(known) = known {
            known.insert("id".to_owned(), json!(business));
        }
    }
    if let Some(waba) = &order.expected_waba {
        let chosen = json!({ "id": [waba] });
        setup.insert("whatsAppBusinessAccount".to_owned(), chosen);
    }
    if let Some(solution) = &order.solution_id {
        setup.insert("solutionID".to_owned(), json!(solution));
    }
    setup
}

/// Whether an earlier signup has already ended badly.
fn met(facts: &Facts) -> bool {
    let left = facts.journey.as_ref().map(|journey| journey.kind.as_str());
    facts.trouble.is_some() || matches!(left, Some("canceled" | "closed" | "error"))
}
