//! The table's own rules, and a row for every reaction that Meta's pages and practice name.

use std::collections::HashSet;

use super::*;
use crate::catalogue::Class;

/// Code, subcode, message, and what the caller does.
type Case = (i64, Option<i64>, &'static str, Reaction);

fn reaction_of(call: &str, code: i64, subcode: Option<i64>, message: &str) -> Reaction {
    reaction(&Refusal {
        call,
        status: 400,
        code,
        subcode,
        message,
        ..Refusal::default()
    })
}

#[test]
fn no_two_entries_claim_the_same_refusal() {
    let mut seen = HashSet::new();
    for entry in all() {
        let key = (
            entry.family,
            entry.code,
            entry.subcode,
            entry.when,
            entry.on,
        );
        assert!(seen.insert(key), "listed twice: {key:?}");
    }
}

#[test]
fn every_entry_says_what_happened_and_what_to_do_to_client_and_operator() {
    for entry in all() {
        let code = (entry.code, entry.when);
        assert!(
            entry.client_text.matches(". ").count() >= 1,
            "{code:?}: {}",
            entry.client_text
        );
        assert!(entry.client_text.ends_with('.'), "{code:?}");
        assert!(!entry.operator_text.is_empty(), "{code:?}");
        assert!(
            !entry.meaning.is_empty() && !entry.slug.is_empty(),
            "{code:?}"
        );
        assert!(!entry.partner_code.is_empty(), "{code:?}");
        assert!(!entry.client_text.contains("try again"), "{code:?}: when?");
        let in_window = entry.family == Family::Signup;
        assert_eq!(entry.reaction.is_none(), in_window, "{code:?}");
        if entry.reaction_class == Class::Wait {
            assert!(entry.wait.is_some(), "{code:?} waits, but how long?");
        }
    }
}

static OF_THE_EXCHANGE: &[Case] = &[
    (
        100,
        Some(36007),
        "This authorization code has expired.",
        Reaction::CodeSpent,
    ),
    (
        100,
        Some(36009),
        "This authorization code has been used.",
        Reaction::CodeSpent,
    ),
    (
        100,
        None,
        "Invalid verification code format.",
        Reaction::CodeSpent,
    ),
    (
        100,
        Some(36008),
        "Error validating verification code. Please make sure your redirect_uri is identical",
        Reaction::Misconfigured,
    ),
    (
        100,
        None,
        "Error validating verification code. Please make sure your redirect_uri is identical",
        Reaction::Misconfigured,
    ),
    (
        1,
        None,
        "Error validating client secret.",
        Reaction::Misconfigured,
    ),
    (
        100,
        None,
        "Error validating client secret.",
        Reaction::Misconfigured,
    ),
    (
        101,
        None,
        "Error validating application.",
        Reaction::Misconfigured,
    ),
    (191, None, "Can't load URL", Reaction::Misconfigured),
    (
        2,
        None,
        "Service temporarily unavailable",
        Reaction::Unanswered,
    ),
    (1, None, "An unknown error occurred", Reaction::Unanswered),
];

#[test]
fn each_refusal_of_the_exchange_leads_where_it_should() {
    for (code, subcode, message, expected) in OF_THE_EXCHANGE {
        let got = reaction_of("exchange_code", *code, *subcode, message);
        assert_eq!(got, *expected, "{code}/{subcode:?} {message}");
    }
}

static OF_A_CALL: &[Case] = &[
    (0, None, "", Reaction::TokenDead),
    (1, None, "An unknown error occurred", Reaction::Transient),
    (2, None, "", Reaction::Transient),
    (3, None, "", Reaction::Denied),
    (4, None, "", Reaction::Limited { wait: minutes(15) }),
    (10, None, "", Reaction::Denied),
    (17, None, "", Reaction::Limited { wait: minutes(15) }),
    (33, None, "", Reaction::Refused),
    (80008, None, "", Reaction::Limited { wait: hours(1) }),
    (100, None, "Invalid parameter", Reaction::Refused),
    (
        100,
        Some(33),
        "Unsupported get request.",
        Reaction::NotVisible,
    ),
    (
        100,
        None,
        "(#100) Before override the current callback uri",
        Reaction::SubscribeFirst,
    ),
    (
        100,
        None,
        "Register endpoint is not available for SMB businesses",
        Reaction::CoexistenceNumber,
    ),
    (102, None, "", Reaction::TokenDead),
    (190, Some(463), "", Reaction::TokenDead),
    (190, Some(9999), "", Reaction::TokenDead),
    (200, None, "", Reaction::Denied),
    (278, None, "", Reaction::Denied),
    (368, None, "", Reaction::Locked),
    (131_000, None, "", Reaction::Transient),
    (131_016, None, "", Reaction::Transient),
    (133_000, None, "", Reaction::DeregisterFirst),
    (133_004, None, "", Reaction::Transient),
    (133_005, None, "", Reaction::PinMismatch),
    (131_031, None, "", Reaction::PinMismatch),
    (133_006, None, "", Reaction::NumberUnverified),
    (133_008, None, "", Reaction::PinGuessing { wait: hours(12) }),
    (
        133_008,
        None,
        "Try again in 11 hours",
        Reaction::PinGuessing { wait: hours(11) },
    ),
    (
        133_009,
        None,
        "wait 90 seconds",
        Reaction::PinGuessing {
            wait: Duration::from_secs(90),
        },
    ),
    (133_015, None, "", Reaction::RecentlyDeleted),
    (133_016, None, "", Reaction::RegisterLimit),
    (131_045, None, "", Reaction::NameNotProcessed),
];

#[test]
fn each_refusal_of_a_call_leads_where_it_should() {
    for (code, subcode, message, expected) in OF_A_CALL {
        let got = reaction_of("register_number", *code, *subcode, message);
        assert_eq!(got, *expected, "{code}/{subcode:?} {message}");
    }
}

#[test]
fn the_call_tells_two_meanings_of_a_code_apart() {
    assert_eq!(reaction_of("health", 131_031, None, ""), Reaction::Locked);
    assert_eq!(
        reaction_of("inspect_token", 190, None, ""),
        Reaction::Misconfigured
    );
    assert_eq!(
        reaction_of("verify_code", 100, None, ""),
        Reaction::NumberUnverified
    );
    assert_eq!(
        reaction_of("verify_code", 100, Some(33), ""),
        Reaction::NotVisible
    );
    assert_eq!(reaction_of("health", 101, None, ""), Reaction::Refused);
}

#[test]
fn a_new_code_is_sorted_by_how_meta_answered() {
    let rows = [
        (429, false, Reaction::Limited { wait: LIMIT_WAIT }),
        (400, true, Reaction::Transient),
        (401, false, Reaction::TokenDead),
        (403, false, Reaction::Denied),
        (503, false, Reaction::Transient),
        (400, false, Reaction::Refused),
    ];
    for (status, transient, expected) in rows {
        let refusal = Refusal {
            call: "health",
            status,
            code: 987_654,
            transient,
            ..Refusal::default()
        };
        assert_eq!(reaction(&refusal), expected, "{status} {transient}");
    }
}

#[test]
fn a_wait_that_meta_names_is_kept_within_reason() {
    let limited = |wait_s| {
        reaction(&Refusal {
            code: 4,
            wait: Some(Duration::from_secs(wait_s)),
            ..Refusal::default()
        })
    };
    let wait = |wait_s| Reaction::Limited {
        wait: Duration::from_secs(wait_s),
    };
    assert_eq!(limited(300), wait(300));
    assert_eq!(limited(0), wait(1));
    assert_eq!(limited(u64::MAX), wait(72 * 3600));
}

#[test]
fn what_a_partner_asks_about_is_found_without_the_call() {
    assert_eq!(
        graph_error(100, Some(36007), "").unwrap().slug,
        "code_expired"
    );
    assert_eq!(
        graph_error(100, None, "").unwrap().slug,
        "invalid_parameter"
    );
    assert_eq!(
        graph_error(132_015, None, "").unwrap().slug,
        "template_refused"
    );
    assert_eq!(signup_error(Some(2_494_158), "").unwrap().slug, "otp_limit");
    assert!(signup_error(Some(1), "").is_none());
    assert!(graph_error(987_654, None, "").is_none());
}

#[test]
fn a_failing_meta_may_have_taken_the_code() {
    for code in [131_000, 987_654] {
        let refusal = Refusal {
            call: "exchange_code",
            status: 503,
            code,
            ..Refusal::default()
        };
        assert_eq!(reaction(&refusal), Reaction::Unanswered);
    }
}
