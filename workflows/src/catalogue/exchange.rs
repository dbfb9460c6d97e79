//! Refusals of the exchange of a code for a token: a code is spent by one use and lives 30 seconds.

use engine::Actor::{Client, Operator};

use super::entry::{Class, Family, Row};
use crate::ports::graph::Reaction;

/// The one call these belong to.
pub(super) const CALL: &str = "exchange_code";

const AGAIN: &str = "Meta's confirmation ran out before it reached us. Nothing is lost. Press \
                     \"Continue with Facebook\" once more and finish the window.";
const PAUSED: &str = "The connection to Meta is not set up correctly on our side. You did nothing \
                      wrong. We have been told; your link keeps working.";

const fn row(codes: &'static [i64], slug: &'static str, meaning: &'static str) -> Row {
    Row::new(Family::Exchange, codes, slug, meaning)
        .on(CALL)
        .cites("practice")
}

const fn spent(row: Row, operator: &'static str) -> Row {
    row.sorts(Class::Client, Client, "signup_again")
        .reacts(Reaction::CodeSpent)
        .tells(AGAIN, operator)
}

const fn misconfigured(row: Row, operator: &'static str) -> Row {
    row.sorts(Class::Operator, Operator, "setup_fault")
        .reacts(Reaction::Misconfigured)
        .tells(PAUSED, operator)
}

pub(super) static ROWS: &[Row] = &[
    spent(
        row(&[100], "code_expired", "the code is older than 30 seconds").subcode(36007),
        "The code reached Meta too late. If it happens often, look at this server's load and clock.",
    ),
    spent(
        row(&[100], "code_used", "the code was exchanged before").subcode(36009),
        "The code was sent twice, or an earlier exchange got through unseen. The client signs up again.",
    ),
    spent(
        row(&[100], "code_malformed", "what was sent is not a code").when("verification code"),
        "The browser sent something that Meta does not take for a code. The client signs up again.",
    ),
    misconfigured(
        row(&[100], "redirect_mismatch", "the redirect address differs from the one at signup")
            .subcode(36008),
        "Check that the login configuration is an Embedded Signup one, and the redirect address in the settings.",
    ),
    misconfigured(
        row(&[100], "redirect_mismatch", "the redirect address differs from the one at signup")
            .when("redirect_uri"),
        "Check that the login configuration is an Embedded Signup one, and the redirect address in the settings.",
    ),
    misconfigured(
        row(&[1, 100], "secret_wrong", "the app secret is wrong").when("client secret"),
        "Put the Meta app's current secret into the settings; every link fails until then.",
    ),
    misconfigured(
        row(&[101], "app_unknown", "Meta does not know the app id"),
        "Check the Meta app id in the settings; every link fails until then.",
    ),
    misconfigured(
        row(&[191], "domain_not_allowed", "the domain or redirect address is not allowed"),
        "Add the signup page's address to the app's allowed domains and valid redirect addresses.",
    ),
    row(&[1, 2], "exchange_failed", "Meta failed while it had the code")
        .sorts(Class::Client, Client, "signup_again")
        .reacts(Reaction::Unanswered)
        .tells(
            AGAIN,
            "Meta failed in the middle of an exchange; the code counts as spent. See Meta's status page if it repeats.",
        ),
];
