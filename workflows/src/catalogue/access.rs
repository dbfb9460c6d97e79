//! Refusals about the caller: tokens, permissions, rate limits, Meta's own failures.

use std::time::Duration;

use engine::Actor::{Client, Operator, Outside, System};

use super::entry::{Class, Family, Row, hours, minutes};
use crate::ports::graph::Reaction;

const MOMENT: &str = "Meta did not answer as it should. Nothing is lost. We keep trying; you can \
                      close this page.";
const LIMIT: &str = "Meta asks us to slow down for a while. Nothing is lost. We go on by \
                     ourselves within the hour; you can close this page.";
const PERMISSION: &str = "Meta says that a permission is missing. Your number is not connected \
                          yet. We have been told and will write to you if you need to act.";
const SETUP: &str = "The connection to Meta is not set up correctly on our side. You did nothing \
                     wrong. We have been told; your link keeps working.";
const REVOKED: &str = "Meta ended the permission you gave. Messages cannot be sent any more. Open \
                       your link and continue with Facebook to give it again.";

const fn row(codes: &'static [i64], slug: &'static str, meaning: &'static str) -> Row {
    Row::new(Family::Graph, codes, slug, meaning)
}

const fn retried(row: Row, operator: &'static str) -> Row {
    row.sorts(Class::Retry, System, "meta_unavailable")
        .reacts(Reaction::Transient)
        .tells(MOMENT, operator)
}

const fn limited(row: Row, wait: Duration, operator: &'static str) -> Row {
    row.sorts(Class::Wait, Outside, "meta_limit")
        .reacts(Reaction::Limited { wait })
        .tells(LIMIT, operator)
}

const fn denied(row: Row, operator: &'static str) -> Row {
    row.sorts(Class::Operator, Operator, "permission_missing")
        .reacts(Reaction::Denied)
        .tells(PERMISSION, operator)
}

const fn misconfigured(row: Row, operator: &'static str) -> Row {
    row.sorts(Class::Operator, Operator, "setup_fault")
        .reacts(Reaction::Misconfigured)
        .tells(SETUP, operator)
}

const fn token(row: Row, operator: &'static str) -> Row {
    row.sorts(Class::Client, Client, "access_lost")
        .reacts(Reaction::TokenDead)
        .tells(REVOKED, operator)
        .cites("M-GEH")
}

pub(super) static ROWS: &[Row] = &[
    token(
        row(&[0, 102], "session_dead", "the token's session is over"),
        "The token is dead. It is minted again where possible; otherwise the client signs up again.",
    ),
    token(
        row(&[190], "token_invalid", "the token is expired or invalid"),
        "The token is dead. It is minted again where possible; otherwise the client signs up again.",
    ),
    token(
        row(&[190], "app_removed", "the client removed the app").subcode(458),
        "The client removed the app in Meta's settings. Only a new signup brings it back.",
    ),
    token(
        row(&[190], "account_checkpoint", "the person's Facebook account needs attention").subcode(459),
        "The person must log in at facebook.com and answer Meta's question there first.",
    ),
    token(
        row(&[190], "account_unconfirmed", "the person's Facebook account is not confirmed").subcode(464),
        "The person must confirm the account at facebook.com first.",
    ),
    token(
        row(&[190], "password_changed", "the person's Facebook password changed").subcode(460),
        "A changed password ended the token. The client signs up again.",
    ),
    token(
        row(&[190], "token_expired", "the token's time is over").subcode(463),
        "The login configuration grants tokens of limited life. Consider one that never expires.",
    ),
    token(
        row(&[190], "token_revoked", "the token was invalidated").subcode(467),
        "The token was invalidated at Meta. The client signs up again.",
    ),
    token(
        row(&[190], "session_invalid", "the session behind the token is invalid").subcode(492),
        "The person lost a role on the portfolio, or logged out everywhere. The client signs up again.",
    ),
    misconfigured(
        row(&[190], "app_token_refused", "Meta refuses the app's own token").on("inspect_token"),
        "Meta refuses the app id and secret in the settings; check both.",
    ),
    misconfigured(
        row(&[100], "token_of_other_app", "the token belongs to another app").when("did not match the viewing app"),
        "The token was granted to another Meta app. Check the app id on the signup page and in the settings.",
    ),
    misconfigured(
        row(&[100], "proof_missing", "the proof beside the token is not the one that Meta expects").when("appsecret_proof"),
        "Every call carries appsecret_proof, made with the app secret kept here. Put the Meta app's current secret into its setup; a token of another app shows the same.",
    ),
    misconfigured(
        row(&[1, 100], "secret_wrong", "the app secret is wrong").when("client secret"),
        "Put the Meta app's current secret into the settings; every link fails until then.",
    ),
    retried(
        row(&[1], "meta_unknown", "Meta cannot say what went wrong"),
        "Unknown at Meta: an outage, or a malformed call. If it stays, look at Meta's status page.",
    ),
    retried(
        row(&[2], "meta_down", "the service is down or overloaded"),
        "Meta is down or overloaded. See Meta's status page.",
    ),
    denied(
        row(&[3], "capability_missing", "the app lacks a capability"),
        "The Meta app lacks a capability or a permission. Check App Review; retrying does not help.",
    ),
    denied(
        row(&[10], "permission_missing", "the permission was not granted or was removed"),
        "Check that the app has Advanced Access for both WhatsApp permissions, then that the client granted them.",
    ),
    // Stands for 200 to 299, which Meta documents as one.
    denied(
        row(&[200], "permission_denied", "no permission for this object"),
        "The token has no access to this asset. Check the system user's assignment and App Review.",
    ),
    limited(
        row(&[4], "app_limit", "the app made too many calls"),
        minutes(15),
        "The Meta app met its call limit. All onboardings of this app slow down until it lifts.",
    ),
    limited(
        row(&[17, 32, 613, 341], "call_limit", "too many calls in a short time").cites("M-GRL"),
        minutes(15),
        "A call limit at Meta was met. Calls resume by themselves.",
    ),
    limited(
        row(&[80007, 80008], "waba_limit", "too many calls to this WhatsApp Business Account"),
        hours(1),
        "A new account allows 200 calls an hour. Calls resume by themselves; earlier ones would prolong the block.",
    ),
    row(&[368], "policy_block", "blocked for violating a policy")
        .sorts(Class::Terminal, Client, "account_restricted")
        .reacts(Reaction::Locked)
        .tells(
            "Meta has restricted your account. It cannot be connected while that lasts. Ask for a review in Meta's Business Support Home.",
            "Meta blocks the client's account for a policy reason. Only the client's appeal changes that.",
        ),
    row(&[100], "not_visible", "the object does not exist or is not visible to this token")
        .subcode(33)
        .sorts(Class::Wait, System, "permission_missing")
        .reacts(Reaction::NotVisible)
        .waits(Duration::from_secs(30))
        .tells(
            "Meta has not shared your account with us yet. This usually takes less than a minute. We keep looking; you can close this page.",
            "Normal for some seconds after a signup. If it stays: wrong id, an account that is no longer shared, or a missing permission.",
        ),
    row(&[100], "invalid_parameter", "a parameter is invalid")
        .sorts(Class::Operator, Operator, "setup_fault")
        .reacts(Reaction::Refused)
        .tells(
            "Meta did not accept one of our steps. You did nothing wrong. We have been told; your link keeps working.",
            "Meta refuses the call as it is. Read the details; this is a fault in the setup or in Gangway.",
        ),
];
