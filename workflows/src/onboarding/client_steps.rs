//! The milestones on the client's page: those of the flow that the client is in.

use engine::Timestamp;

use super::facts::Facts;
use super::flow;
use super::machine::State;
use crate::app::{ClientPhase, StepView};

/// What the steps follow from.
pub(super) struct Way<'a> {
    pub(super) phase: ClientPhase,
    pub(super) entered_at: Timestamp,
    /// What the client knows the partner by.
    pub(super) partner: &'a str,
    /// The partner's credit line pays for its clients.
    pub(super) shares_credit: bool,
}

/// The milestones in order, with the one at work.
pub(super) fn steps(state: State, facts: &Facts, way: &Way<'_>) -> Vec<StepView> {
    let keys = keys(facts, way.shares_credit);
    let at_work = at_work(state, facts);
    let reached = match state {
        State::PartnerNotified => keys.len(),
        // Where the partner shares no credit, what comes after it is at work.
        _ => keys
            .iter()
            .position(|key| *key == at_work)
            .or_else(|| keys.iter().position(|key| *key == "number_registered"))
            .unwrap_or(0),
    };
    let trouble = matches!(way.phase, ClientPhase::Waiting | ClientPhase::Asking)
        || matches!(state, State::NeedsAsset);
    keys.iter()
        .enumerate()
        .map(|(place, key)| StepView {
            key,
            label: label(key, facts, way),
            mark: match place.cmp(&reached) {
                std::cmp::Ordering::Less => "done",
                std::cmp::Ordering::Equal if trouble => "trouble",
                std::cmp::Ordering::Equal => "now",
                std::cmp::Ordering::Greater => "todo",
            },
            since: (place == reached).then(|| way.entered_at.to_rfc3339()),
        })
        .collect()
}

/// Whether the page tells the way of a number that stays in the app, asked for or come about.
pub(super) fn tells_coexistence(facts: &Facts) -> bool {
    let asked = flow::only_flow(facts) == Some("coexistence");
    facts.is_coexistence() || (asked && facts.bound.is_none())
}

fn keys(facts: &Facts, shares_credit: bool) -> Vec<&'static str> {
    let coexistence = tells_coexistence(facts);
    let mut keys = vec!["es_completed", "token_exchanged", "waba_subscribed"];
    if coexistence {
        keys.push("sync_requested");
    }
    if shares_credit {
        keys.push("credit_shared");
    }
    keys.extend(["number_registered", "partner_notified"]);
    keys
}

fn at_work(state: State, facts: &Facts) -> &'static str {
    let has_credit = facts.credit.is_some();
    match state {
        State::LinkIssued
        | State::NeedsSignup
        | State::Expired
        | State::Canceling
        | State::Canceled => "es_completed",
        State::EsCompleted => "token_exchanged",
        State::TokenExchanged | State::NeedsAsset => "waba_subscribed",
        State::WabaSubscribed if facts.is_coexistence() => "sync_requested",
        State::SyncRequested if facts.syncs.history.is_none() => "sync_requested",
        State::WabaSubscribed | State::SyncRequested if !has_credit => "credit_shared",
        State::WabaSubscribed
        | State::SyncRequested
        | State::CreditShared
        | State::NeedsOtp
        | State::NeedsPin => "number_registered",
        State::NumberRegistered | State::PartnerNotified => "partner_notified",
    }
}

fn label(key: &str, facts: &Facts, way: &Way<'_>) -> String {
    let partner = if way.partner.is_empty() {
        "your provider"
    } else {
        way.partner
    };
    match key {
        "es_completed" => "Sign up with Meta".to_owned(),
        "token_exchanged" => "Confirm permission".to_owned(),
        "waba_subscribed" => "Connect the WhatsApp account".to_owned(),
        "sync_requested" => "Ask the app for contacts and chats".to_owned(),
        "credit_shared" => format!("Set up billing through {partner}"),
        "number_registered" if tells_coexistence(facts) => "Confirm app and number".to_owned(),
        "number_registered" => "Register the number".to_owned(),
        _ => format!("Tell {partner}"),
    }
}
