//! Instances as an operator may meet them, for tests of the pages.

use engine::Timestamp;
use serde_json::{Value, json};
use workflows::app::{
    AttemptView, AttentionGroup, DeliveryView, DiagramEdge, DiagramNode, DiagramView, EventView,
    HoldView, InstanceRow, InstanceView, ListView, NeedView, OfferView, TaskView, TryView,
};

use super::frame::Frame;

/// Noon of a day.
pub(super) fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-23T12:00:00Z").expect("a moment")
}

/// A header over a healthy product with work for an operator.
pub(super) fn frame() -> Frame {
    Frame {
        now: now(),
        token: "t0ken".to_owned(),
        sandbox: true,
        attention: Some(12),
        health: Ok("0.2 s".to_owned()),
        warnings: Vec::new(),
        flash: None,
    }
}

/// A list of these, with more to come.
pub(super) fn list<T>(data: Vec<T>) -> ListView<T> {
    ListView {
        object: "list",
        data,
        has_more: true,
        next_cursor: Some("c1".to_owned()),
    }
}

/// What a registration limit looks like from the console.
pub(super) fn hold(kind: &str) -> HoldView {
    HoldView {
        kind: kind.to_owned(),
        code: "register_rate_limited".to_owned(),
        advice: None,
        text: "Meta limits how often this number may be registered".to_owned(),
        since: "2026-11-23T09:00:00.000Z".to_owned(),
        until: Some("2026-11-26T08:00:00.000Z".to_owned()),
        mover: "time".to_owned(),
        attempt: 4,
        fingerprint: "onboarding:waba_subscribed:register_number:register_rate_limited".to_owned(),
    }
}

/// A row of the list.
pub(super) fn row(number: u32, kind: Option<&str>) -> InstanceRow {
    InstanceRow {
        id: format!("onb_7f3a1111222233332{number:03}"),
        workflow: "onboarding".to_owned(),
        state: "waba_subscribed".to_owned(),
        tenant: "prt_acme00001111".to_owned(),
        external_id: Some(format!("cust-{number}")),
        headline:
            "Waiting for Meta to lift the registration limit on +34 ··· 123, next try in 2 d 20 h"
                .to_owned(),
        hold: kind.map(hold),
        created_at: "2026-11-23T08:00:00.000Z".to_owned(),
        updated_at: "2026-11-23T11:48:00.000Z".to_owned(),
    }
}

/// Groups of the first page.
pub(super) fn groups() -> Vec<AttentionGroup> {
    [
        ("two_step_pin_wrong", "needs_pin", 9),
        ("app_token_refused", "es_completed", 38),
    ]
    .map(|(code, state, count)| AttentionGroup {
        code: code.to_owned(),
        state: state.to_owned(),
        workflow: "onboarding".to_owned(),
        count,
        fingerprint: format!("onboarding:{state}:-:{code}"),
        command: None,
        kind: "awaiting".to_owned(),
        mover: "client".to_owned(),
        oldest_since: Some("2026-11-21T08:00:00.000Z".to_owned()),
        oldest_age_s: Some(187_200),
        next_due: None,
        since_yesterday: 1,
        looked_at: count,
        sample_ids: Vec::new(),
    })
    .to_vec()
}

fn line(what: &str, from: Option<&str>, to: Option<&str>, at: &str) -> EventView {
    EventView {
        object: "onboarding.event",
        id: "evt_1".to_owned(),
        what: what.to_owned(),
        actor: "client".to_owned(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        code: None,
        message: Some("The window was closed at the step for the phone number.".to_owned()),
        at: at.to_owned(),
    }
}

/// An instance that waits for a limit to end.
pub(super) fn instance() -> InstanceView {
    InstanceView {
        id: "onb_7f3a111122223333221c".to_owned(),
        workflow: "onboarding".to_owned(),
        version: 14,
        state: "waba_subscribed".to_owned(),
        entered_at: "2026-11-23T09:00:00.000Z".to_owned(),
        headline: "Waiting for Meta to lift the registration limit on +34 ··· 123 since 3 h; next try in 2 d 20 h (4 of 10 used). Moved by time, or by an operator.".to_owned(),
        hold: Some(hold("waiting")),
        facts: facts(),
        journal: vec![
            line("link.opened", None, None, "2026-11-23T08:01:00.000Z"),
            line("code.received", Some("link_issued"), Some("es_completed"), "2026-11-23T08:20:00.000Z"),
            line("code.exchanged", Some("es_completed"), Some("token_exchanged"), "2026-11-23T08:20:02.000Z"),
            line("account.subscribed", Some("token_exchanged"), Some("waba_subscribed"), "2026-11-23T08:20:04.000Z"),
        ],
        tasks: vec![TaskView {
            key: "command:register".to_owned(),
            due_at: "2026-11-26T08:00:00.000Z".to_owned(),
            attempt: 4,
        }],
        erased_at: None,
        archived_at: None,
        tried: 1,
        attempts: vec![TryView {
            number: 1,
            command: "register_number".to_owned(),
            at: "2026-11-23T08:00:00Z".to_owned(),
            duration_ms: 120,
            outcome: "waits".to_owned(),
            code: Some("graph_133016".to_owned()),
            message: Some("too many registrations of this number".to_owned()),
        }],
        deliveries: vec![delivery()],
        acts: vec!["retry_now", "pause", "cancel"],
        offers: ["retry_now", "pause", "cancel"].map(offer).to_vec(),
        created_at: "2026-11-23T08:00:00.000Z".to_owned(),
        updated_at: "2026-11-23T11:48:00.000Z".to_owned(),
    }
}

/// An act that may be done, with nothing to fill in.
pub(super) fn offer(act: &'static str) -> OfferView {
    OfferView {
        act,
        event: None,
        means: "It does what it says.",
        needs: Vec::new(),
        refused: Vec::new(),
    }
}

/// A field of an act.
pub(super) fn need(name: &'static str, kind: &'static str, value: Option<Value>) -> NeedView {
    NeedView {
        name,
        label: name,
        kind,
        choices: Vec::new(),
        chars_max: None,
        required: false,
        value,
    }
}

fn facts() -> Value {
    json!({
        "client": {"name": "Panadería Sol", "number": "+34 ··· 123"},
        "result": {"waba_id": "102290129340398", "phone_number_id": "106540352242922"},
        "token": "sealed",
        "link": {"expires_at": "2026-11-30T08:00:00.000Z"},
        "flow": ["cloud_api"],
    })
}

fn delivery() -> DeliveryView {
    DeliveryView {
        object: "webhook_delivery",
        id: "whd_00112233445566778899".to_owned(),
        kind: "onboarding.authorized".to_owned(),
        endpoint_id: "whe_1".to_owned(),
        url: "https://hooks.acme.example/gangway".to_owned(),
        status: "pending".to_owned(),
        onboarding_id: None,
        attempts: vec![AttemptView {
            at: "2026-11-23T08:20:05.000Z".to_owned(),
            status: Some(503),
            duration_ms: 210,
            answer: "upstream <unavailable>".to_owned(),
        }],
        next_attempt_at: Some("2026-11-23T12:20:00.000Z".to_owned()),
        created_at: "2026-11-23T08:20:04.000Z".to_owned(),
    }
}

/// The onboarding's table with its side states.
pub(super) fn diagram() -> DiagramView {
    let milestones = [
        ("link_issued", "LinkIssued", "visited"),
        ("es_completed", "EsCompleted", "visited"),
        ("token_exchanged", "TokenExchanged", "visited"),
        ("waba_subscribed", "WabaSubscribed", "held"),
        ("number_registered", "NumberRegistered", "ahead"),
        ("partner_notified", "PartnerNotified", "ahead"),
    ];
    let sides = [
        ("needs_signup", "NeedsSignup", "visited"),
        ("needs_asset", "NeedsAsset", "ahead"),
        ("needs_otp", "NeedsOtp", "ahead"),
        ("needs_pin", "NeedsPin", "ahead"),
        ("credit_shared", "CreditShared", "ahead"),
        ("sync_requested", "SyncRequested", "ahead"),
        ("expired", "Expired", "ahead"),
        ("canceled", "Canceled", "ahead"),
        ("failed", "Failed", "ahead"),
    ];
    let node = |(state, label, mark): (&str, &str, &str), milestone| DiagramNode {
        state: state.to_owned(),
        label: label.to_owned(),
        milestone,
        mark: mark.to_owned(),
    };
    let nodes = milestones.map(|one| node(one, true)).into_iter();
    DiagramView {
        nodes: nodes.chain(sides.map(|one| node(one, false))).collect(),
        edges: edges(),
    }
}

fn edges() -> Vec<DiagramEdge> {
    let ways = "link_issued es_completed CodeGiven,es_completed token_exchanged TokenGranted,\
        es_completed needs_signup CodeRefused,needs_signup es_completed CodeGiven,\
        token_exchanged waba_subscribed Subscribed,token_exchanged needs_asset AssetMissing,\
        needs_asset es_completed CodeGiven,waba_subscribed number_registered Registered,\
        waba_subscribed needs_pin PinWrong,needs_pin waba_subscribed PinGiven,\
        waba_subscribed needs_otp CodeWanted,needs_otp waba_subscribed OtpGiven,\
        waba_subscribed credit_shared CreditShared,credit_shared number_registered Registered,\
        credit_shared needs_pin PinWrong,waba_subscribed sync_requested SyncAsked,\
        sync_requested number_registered SyncDone,number_registered partner_notified Told,\
        link_issued expired Expired,expired link_issued LinkRenewed,needs_signup expired Expired,\
        link_issued canceled Canceled,es_completed canceled Canceled,token_exchanged canceled Canceled,\
        needs_pin canceled Canceled,es_completed failed Failed,waba_subscribed failed Failed,\
        token_exchanged failed Failed,waba_subscribed es_completed Resigned,\
        link_issued link_issued Opened";
    ways.split(',')
        .map(|way| {
            let words: Vec<&str> = way.split_whitespace().collect();
            DiagramEdge {
                from: words[0].to_owned(),
                to: words[1].to_owned(),
                input: words[2].to_owned(),
            }
        })
        .collect()
}
