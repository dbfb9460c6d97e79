//! Ordered misbehavior: which calls it is aimed at, what it does, and how often.
//!
//! It never acts by itself; the router asks it before each call.

use std::time::Duration;

use engine::Timestamp;
use serde::{Deserialize, Serialize};

use super::graph::{Endpoint, Fault, Subject};
use super::world::{Entity, World};

/// What happens to a call.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    /// An error and nothing done.
    Fail,
    /// Silence until the client has gone (or two minutes), then done after all.
    HangThenAct,
    /// Done, then silence.
    ActThenHang,
    /// Done, then the connection drops.
    ActThenDrop,
    /// Done, then answered as if it had failed.
    ActThenFail,
    /// Nothing done, and answered as if it were.
    Pretend,
    /// The connection drops and nothing is done.
    Drop,
    /// Done and answered, late.
    Slow,
    /// Too many calls.
    RateLimit,
    /// Every connection drops for a time.
    Down,
}

impl Effect {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::HangThenAct => "hang_then_act",
            Self::ActThenHang => "act_then_hang",
            Self::ActThenDrop => "act_then_drop",
            Self::ActThenFail => "act_then_fail",
            Self::Pretend => "pretend",
            Self::Drop => "drop",
            Self::Slow => "slow",
            Self::RateLimit => "rate_limit",
            Self::Down => "down",
        }
    }
}

/// An error to answer with.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderedError {
    code: i64,
    #[serde(default)]
    subcode: Option<i64>,
    #[serde(default)]
    http: Option<u16>,
    #[serde(default)]
    message: Option<String>,
    /// Meta's explanation beside the message.
    #[serde(default)]
    details: Option<String>,
}

/// What somebody orders.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) endpoint: String,
    pub(crate) effect: Effect,
    #[serde(default)]
    pub(crate) times: Option<u32>,
    #[serde(default)]
    pub(crate) error: Option<OrderedError>,
    #[serde(default)]
    pub(crate) for_ms: Option<u64>,
    #[serde(default)]
    pub(crate) app_id: Option<String>,
    #[serde(default)]
    pub(crate) partner_id: Option<String>,
    #[serde(default)]
    pub(crate) waba_id: Option<String>,
    #[serde(default)]
    pub(crate) phone_number_id: Option<String>,
}

impl Order {
    /// An order for every customer, to be narrowed by its members.
    pub(crate) fn new(endpoint: &str, effect: Effect) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            effect,
            times: None,
            error: None,
            for_ms: None,
            app_id: None,
            partner_id: None,
            waba_id: None,
            phone_number_id: None,
        }
    }

    pub(crate) fn with_error(mut self, code: i64) -> Self {
        self.error = Some(OrderedError {
            code,
            subcode: None,
            http: None,
            message: None,
            details: None,
        });
        self
    }

    /// What is wrong with the order, as a sentence.
    pub(crate) fn complaint(&self) -> Option<String> {
        if self.endpoint != "*" && !Endpoint::NAMES.contains(&self.endpoint.as_str()) {
            return Some(format!(
                "endpoint `{}` is not known; known are `*`, {}",
                self.endpoint,
                Endpoint::NAMES.join(", ")
            ));
        }
        if self.times == Some(0) {
            return Some("times must be at least 1".to_owned());
        }
        if self.effect == Effect::Down && self.for_ms.is_none() {
            return Some("effect `down` needs for_ms: how long Graph is down".to_owned());
        }
        let http = self.error.as_ref().and_then(|error| error.http);
        if http.is_some_and(|http| !(400..=599).contains(&http)) {
            return Some("error.http must be a status between 400 and 599".to_owned());
        }
        None
    }

    /// The error this order answers with.
    pub(crate) fn fault(&self) -> Fault {
        let Some(error) = &self.error else {
            let message = "(#2) Service temporarily unavailable";
            return Fault::oauth(503, 2, message).transient();
        };
        let http = error
            .http
            .unwrap_or_else(|| Fault::usual_status(error.code));
        let message = error
            .message
            .clone()
            .unwrap_or_else(|| format!("(#{}) An error ordered by a scenario", error.code));
        Fault::ordered(error.code, error.subcode, http, message).with_details(error.details.clone())
    }

    fn is_aimed_at(&self, endpoint: Endpoint, subject: &Subject) -> bool {
        let admits =
            |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        (self.endpoint == "*" || self.endpoint == endpoint.name())
            && admits(&self.app_id, &subject.app_id)
            && admits(&self.partner_id, &subject.partner_id)
            && admits(&self.waba_id, &subject.waba_id)
            && admits(&self.phone_number_id, &subject.phone_number_id)
    }
}

/// An order that is in force.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Scenario {
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) order: Order,
    /// How often it still strikes; nothing when only time ends it.
    pub(crate) left: Option<u32>,
    pub(crate) until: Option<Timestamp>,
}

impl Entity for Scenario {
    const KIND: &'static str = "scenarios";

    fn key(&self) -> &str {
        &self.id
    }
}

impl World {
    /// Puts an order in force; earlier ones strike first.
    pub(crate) fn order(&mut self, order: Order, now: Timestamp) -> Scenario {
        let last = self
            .scenarios
            .iter()
            .next_back()
            .and_then(|last| last.id.parse().ok());
        let id = format!("{:010}", last.unwrap_or(0_u64) + 1);
        // For the other effects `for_ms` is the length of the silence, not of the scenario.
        let lasts = matches!(
            order.effect,
            Effect::Down | Effect::RateLimit | Effect::Fail
        );
        let until = order
            .for_ms
            .filter(|_| lasts)
            .map(|ms| now + Duration::from_millis(ms));
        let left = order.times.or(if until.is_some() { None } else { Some(1) });
        let scenario = Scenario {
            id,
            order,
            left,
            until,
        };
        self.scenarios.put(scenario.clone());
        scenario
    }

    /// What is ordered for this call, counted as done.
    pub(crate) fn take_order(
        &mut self,
        endpoint: Endpoint,
        subject: &Subject,
        now: Timestamp,
    ) -> Option<Order> {
        let is_over = |scenario: &&Scenario| scenario.until.is_some_and(|until| until <= now);
        let over: Vec<String> = self
            .scenarios
            .iter()
            .filter(is_over)
            .map(|scenario| scenario.id.clone())
            .collect();
        for id in over {
            self.scenarios.remove(&id);
        }
        let is_aimed = |scenario: &&Scenario| scenario.order.is_aimed_at(endpoint, subject);
        let found = self.scenarios.iter().find(is_aimed)?.clone();
        match found.left {
            Some(0 | 1) => {
                self.scenarios.remove(&found.id);
            }
            Some(left) => {
                self.scenarios
                    .change(&found.id, |scenario| scenario.left = Some(left - 1));
            }
            None => {}
        }
        Some(found.order)
    }
}
