//! Refusals around accounts and messages; most of them only a test message can meet.

use std::time::Duration;

use engine::Actor::{Client, Operator, Outside, System};

use super::entry::{Class, Family, Row, minutes};
use crate::ports::graph::Reaction;

const fn row(codes: &'static [i64], slug: &'static str, meaning: &'static str) -> Row {
    Row::new(Family::Graph, codes, slug, meaning)
}

/// What no step of an onboarding meets, or need not care about.
const fn aside(codes: &'static [i64], slug: &'static str, meaning: &'static str) -> Row {
    row(codes, slug, meaning)
        .sorts(Class::NotApplicable, System, "not_applicable")
        .reacts(Reaction::Refused)
        .tells(
            "A message could not be sent. Your connection itself is not affected. You need not do anything.",
            "Concerns a single message, not the connection.",
        )
}

pub(super) static ROWS: &[Row] = &[
    row(&[131_000], "something_wrong", "Meta failed without saying why")
        .sorts(Class::Retry, System, "meta_unavailable")
        .reacts(Reaction::Transient)
        .tells(
            "Meta did not answer as it should. Nothing is lost. We keep trying; you can close this page.",
            "Unknown at Meta. If it stays after five tries, open a ticket with the trace id.",
        ),
    row(&[131_016], "service_unavailable", "the service is unavailable")
        .sorts(Class::Retry, System, "meta_unavailable")
        .reacts(Reaction::Transient)
        .tells(
            "Meta did not answer as it should. Nothing is lost. We keep trying; you can close this page.",
            "Meta is unavailable. See Meta's status page.",
        ),
    row(&[131_005], "access_denied", "access denied")
        .sorts(Class::Operator, Operator, "permission_missing")
        .reacts(Reaction::Denied)
        .tells(
            "Meta says that a permission is missing. Your number is not connected yet. We have been told and will write to you if you need to act.",
            "Check the token's permissions and the app's Advanced Access.",
        ),
    row(&[131_008, 131_009], "parameter_wrong", "a parameter is missing or has a wrong value")
        .sorts(Class::Operator, Operator, "setup_fault")
        .reacts(Reaction::Refused)
        .tells(
            "Meta did not accept one of our steps. You did nothing wrong. We have been told; your link keeps working.",
            "Meta refuses a value. Read the details; this is a fault in the setup or in Gangway.",
        ),
    row(&[131_031], "account_locked", "the account is restricted or disabled")
        .sorts(Class::Terminal, Client, "account_restricted")
        .reacts(Reaction::Locked)
        .tells(
            "Meta has restricted your account. It cannot be connected while that lasts. Ask for a review in Meta's Business Support Home.",
            "Meta locked the client's account. See its health status; only the client's appeal changes that.",
        ),
    row(&[131_042], "payment_missing", "no valid payment method or credit line")
        .sorts(Class::Client, Client, "payment_missing")
        .reacts(Reaction::Refused)
        .tells(
            "Your account has no payment method. Messages cannot be sent without one. Add one in WhatsApp Manager.",
            "The client adds a payment method; a Solution Partner shares its credit line instead.",
        ),
    row(&[131_057], "account_maintenance", "the account is under maintenance")
        .sorts(Class::Wait, Outside, "meta_unavailable")
        .reacts(Reaction::Limited { wait: minutes(10) })
        .tells(
            "Meta is working on your account at the moment. Nothing is lost. We go on in about 10 minutes.",
            "Meta maintains the account; the call is repeated in some minutes.",
        ),
    row(&[130_429], "throughput_limit", "too many messages at once")
        .sorts(Class::Wait, Outside, "meta_limit")
        .reacts(Reaction::Limited { wait: minutes(1) })
        .tells(
            "Meta asks us to slow down. Nothing is lost. We go on in about a minute.",
            "The number's throughput is used up; calls resume by themselves.",
        ),
    row(&[131_048], "spam_limit", "too many earlier messages were blocked or flagged")
        .sorts(Class::Wait, Client, "meta_limit")
        .reacts(Reaction::Limited { wait: minutes(60) })
        .tells(
            "Meta limits your number because people reported its messages. It can send only little for now. Check its quality in WhatsApp Manager.",
            "The number's quality is low; look at it in WhatsApp Manager with the client.",
        ),
    row(&[131_056], "pair_limit", "too many messages to one person")
        .sorts(Class::Wait, System, "meta_limit")
        .reacts(Reaction::Limited { wait: Duration::from_secs(6) })
        .tells(
            "Too many messages went to one person. Nothing is lost. We go on in some seconds.",
            "One message in 6 seconds may go to one person.",
        ),
    row(&[130_497], "country_restricted", "the business may not write to this country")
        .sorts(Class::Terminal, Client, "account_restricted")
        .reacts(Reaction::Refused)
        .tells(
            "Meta does not let your business write to that country. Other countries are not affected. Meta's policy pages say which are open to you.",
            "A country rule of Meta's; nothing on our side changes it.",
        ),
    row(&[135_000], "generic_user_error", "Meta refuses without saying why")
        .sorts(Class::Operator, Operator, "setup_fault")
        .reacts(Reaction::Refused)
        .tells(
            "Meta did not accept one of our steps. You did nothing wrong. We have been told; your link keeps working.",
            "Meta does not say what is wrong. Open a ticket with the trace id.",
        ),
    aside(&[131_021], "recipient_is_sender", "recipient and sender are the same"),
    aside(
        &[131_026, 131_047, 131_049, 131_050, 131_051],
        "message_undeliverable",
        "this message cannot be delivered",
    ),
    aside(&[131_052, 131_053], "media_failed", "a media file could not be moved"),
    aside(&[131_055], "method_not_allowed", "the marketing interface does not take this call"),
    aside(&[131_060], "message_unavailable", "a message of the app is not available here"),
    // Stands for 132000 to 132999, which are all about templates.
    aside(
        &[132_000, 2_388_019, 2_388_040, 2_388_047, 2_388_072, 2_388_073, 2_388_293, 2_388_299],
        "template_refused",
        "a message template is refused",
    ),
    aside(&[134_011], "payments_terms", "the terms for payments are not accepted"),
    aside(&[1_752_041], "marketing_duplicate", "the same request was made before"),
];
