//! Refusals about a number: registering it, its PIN, its one-time password, its other homes.

use engine::Actor::{Client, Operator, Outside, System};

use super::entry::{Class, Family, Row, hours, minutes};
use crate::ports::graph::Reaction;

const fn row(codes: &'static [i64], slug: &'static str, meaning: &'static str) -> Row {
    Row::new(Family::Graph, codes, slug, meaning)
}

const PIN: &str = "Your number has a two-step verification PIN that we do not know. It cannot be \
                   connected without it. Enter the six digits, or switch the PIN off in WhatsApp \
                   Manager.";
const OTP: &str = "Your number is not verified yet. Meta sends a code to it by text message. Enter \
                   the code on this page.";
const GUESSES: &str = "The PIN was wrong too often, and Meta closed the number to further tries \
                       for a while. Nothing is lost. We ask you again once Meta allows it.";

pub(super) static ROWS: &[Row] = &[
    row(&[133_000], "deregistration_incomplete", "an earlier deregistration is not finished")
        .sorts(Class::Retry, System, "meta_unavailable")
        .reacts(Reaction::DeregisterFirst)
        .tells(
            "Your number is still being released from an earlier setup. We finish that for you. You can close this page.",
            "The number is deregistered once more, then registered.",
        ),
    row(&[133_004], "server_unavailable", "the server is briefly unavailable")
        .sorts(Class::Retry, System, "meta_unavailable")
        .reacts(Reaction::Transient)
        .tells(
            "Meta did not answer as it should. Nothing is lost. We keep trying; you can close this page.",
            "Meta's registration service is unavailable. Each try counts towards 10 in 72 hours.",
        ),
    row(&[133_005], "pin_mismatch", "the two-step PIN is not the number's")
        .sorts(Class::Client, Client, "pin_needed")
        .reacts(Reaction::PinMismatch)
        .tells(PIN, "The number has a PIN from an earlier provider. The client enters it or switches it off."),
    row(&[131_031], "pin_mismatch_or_locked", "the account is locked, or the PIN is wrong")
        .on("register_number")
        .sorts(Class::Client, Client, "pin_needed")
        .reacts(Reaction::PinMismatch)
        .tells(PIN, "On registering this is often only a wrong PIN. If the right one fails too, the account is locked: see its health."),
    row(&[133_006], "number_unverified", "the number must be verified first")
        .sorts(Class::Client, Client, "number_unverified")
        .reacts(Reaction::NumberUnverified)
        .tells(OTP, "The client proves the number with a one-time password, then it is registered."),
    row(&[136_025], "otp_wrong", "the one-time password did not match")
        .cites("practice")
        .sorts(Class::Client, Client, "number_unverified")
        .reacts(Reaction::NumberUnverified)
        .tells(
            "The code did not match. Your number is not verified yet. Enter the newest code that Meta sent to it.",
            "The client entered a wrong or old one-time password.",
        ),
    row(&[100], "otp_wrong", "the one-time password did not match")
        .on("verify_code")
        .cites("practice")
        .sorts(Class::Client, Client, "number_unverified")
        .reacts(Reaction::NumberUnverified)
        .tells(
            "The code did not match. Your number is not verified yet. Enter the newest code that Meta sent to it.",
            "The client entered a wrong or old one-time password.",
        ),
    row(&[136_024], "otp_not_sent", "no further one-time password may be sent yet")
        .cites("practice")
        .sorts(Class::Wait, Outside, "number_unverified")
        .reacts(Reaction::Limited { wait: hours(1) })
        .tells(
            "Meta sends no further codes to your number right now. Your number is not verified yet. We ask for a new code in about an hour.",
            "Too many one-time passwords were asked for. The next is asked for once the wait is over.",
        ),
    row(&[136_024], "already_verified", "the number is verified already")
        .when("already been verified")
        .cites("practice")
        .sorts(Class::Retry, System, "not_applicable")
        .reacts(Reaction::Refused)
        .tells(
            "Your number is verified already. No code is needed. You can close this page.",
            "No one-time password is needed: register the number.",
        ),
    row(&[133_008], "pin_too_many_guesses", "too many PIN guesses")
        .sorts(Class::Wait, Outside, "pin_needed")
        .reacts(Reaction::PinGuessing { wait: hours(12) })
        .tells(GUESSES, "The PIN was guessed too often. Meta's details name the wait; nothing shortens it."),
    row(&[133_009], "pin_too_fast", "PINs were guessed too fast")
        .sorts(Class::Wait, Outside, "pin_needed")
        .reacts(Reaction::PinGuessing { wait: minutes(10) })
        .tells(GUESSES, "PINs were tried too fast. Meta's details name the wait."),
    row(&[133_010], "not_registered", "the number is not registered")
        .sorts(Class::Retry, System, "meta_unavailable")
        .reacts(Reaction::Refused)
        .tells(
            "Your number is not registered with Meta any more. Messages cannot be sent. We have been told.",
            "The number must be registered (again) before this call works.",
        ),
    row(&[133_015], "recently_deleted", "the number was deleted moments ago")
        .waits(minutes(5))
        .sorts(Class::Wait, Outside, "number_blocked")
        .reacts(Reaction::RecentlyDeleted)
        .tells(
            "Your number was deleted from WhatsApp a moment ago, and Meta is still at it. Nothing is lost. We go on in about 5 minutes.",
            "Meta finishes deleting the number first; registering is tried again after 5 minutes.",
        ),
    row(&[133_016], "register_limit", "too many registrations in 72 hours")
        .waits(hours(72))
        .sorts(Class::Wait, Outside, "number_blocked")
        .reacts(Reaction::RegisterLimit)
        .tells(
            "Your number was registered too often in the last days. Meta blocks it for 72 hours. We go on by ourselves after that.",
            "10 registrations in 72 hours were used up; Meta blocks the number for 72 hours. Do not retry by hand.",
        ),
    row(&[100], "coexistence_number", "the number lives in the WhatsApp Business app")
        .when("not available for smb")
        .cites("practice")
        .sorts(Class::NotApplicable, System, "not_applicable")
        .reacts(Reaction::CoexistenceNumber)
        .tells(
            "Your number stays in the WhatsApp Business app. It needs no registration. You need not do anything.",
            "A coexistence number: there is nothing to register.",
        ),
    row(&[100], "subscribe_first", "the app is not subscribed yet")
        .when("before override")
        .cites("practice")
        .sorts(Class::Retry, System, "meta_unavailable")
        .reacts(Reaction::SubscribeFirst)
        .tells(
            "One of our steps came too early for Meta. Nothing is lost. We repeat it by ourselves.",
            "The app is subscribed without an override first, then with it.",
        ),
    row(&[100], "name_not_processed", "the display name is not processed yet")
        .when("display name")
        .on("register_number")
        .cites("practice")
        .sorts(Class::Wait, Outside, "name_pending")
        .reacts(Reaction::NameNotProcessed)
        .waits(hours(1))
        .tells(
            "Meta is still reviewing your display name. Your number is registered once that is done. You can close this page.",
            "Registering works once Meta has processed the display name.",
        ),
    row(&[100], "name_not_processed", "the display name is not processed yet")
        .subcode(2_388_001)
        .on("register_number")
        .cites("practice")
        .sorts(Class::Wait, Outside, "name_pending")
        .reacts(Reaction::NameNotProcessed)
        .waits(hours(1))
        .tells(
            "Meta is still reviewing your display name. Your number is registered once that is done. You can close this page.",
            "Registering works once Meta has processed the display name; the number is looked at every hour.",
        ),
    row(&[131_037, 131_045], "name_not_approved", "the display name or its certificate is not ready")
        .sorts(Class::Wait, Outside, "name_pending")
        .reacts(Reaction::NameNotProcessed)
        .waits(hours(1))
        .tells(
            "Meta is still reviewing your display name. Your number can send once that is done. You can close this page.",
            "The display name or the number's certificate is not ready; register again once it is.",
        ),
    row(&[33], "number_deleted", "the number was deleted")
        .sorts(Class::Terminal, Client, "number_blocked")
        .reacts(Reaction::Refused)
        .tells(
            "Your number was deleted at Meta. It cannot be connected any more. Open your link and sign up with a number that exists.",
            "The number is gone at Meta; the client signs up again with another.",
        ),
    row(&[2_388_001, 2_388_012, 2_388_091, 2_388_093, 2_388_103], "migration_refused", "the number cannot be moved as it stands")
        .sorts(Class::Client, Client, "number_ineligible")
        .reacts(Reaction::Refused)
        .tells(
            "Your number is still tied to another provider. It cannot be moved as it stands. Switch off its two-step PIN there, then open your link.",
            "For moving a number: PIN off, name approved, same business, webhook and payment set up.",
        ),
    row(&[2_494_100], "number_maintenance", "the number is under maintenance")
        .sorts(Class::Wait, Outside, "meta_unavailable")
        .reacts(Reaction::Limited { wait: minutes(10) })
        .tells(
            "Meta is working on your number at the moment. Nothing is lost. We go on in about 10 minutes.",
            "Meta maintains the number; the call is repeated in some minutes.",
        ),
    row(&[2_593_079, 2_593_085], "obo_migration", "the account's older ownership is being migrated")
        .sorts(Class::Operator, Operator, "account_restricted")
        .reacts(Reaction::Refused)
        .tells(
            "Your account is still held in an older form at Meta. It cannot be connected yet. We take this up with Meta.",
            "On-behalf-of migration: open a ticket with Meta's support.",
        ),
    row(&[2_593_107], "sync_used_up", "this sync was asked for before")
        .sorts(Class::NotApplicable, System, "not_applicable")
        .reacts(Reaction::SyncUsedUp)
        .cites("M-COEX")
        .tells(
            "Your chats were asked for before. You need not do anything.",
            "Each sync may be asked for once per signup; treat it as done.",
        ),
    row(&[2_593_108], "sync_too_late", "the 24 hours for a sync are over")
        .sorts(Class::Client, Client, "signup_again")
        .reacts(Reaction::SyncTooLate)
        .cites("M-COEX")
        .tells(
            "The time to bring your chats over has passed. Meta wants a new signup for it. In the WhatsApp Business app open Settings, Account, Business Platform and disconnect; then continue with Facebook again.",
            "The 24 hours after the signup are over; the client disconnects in the app and signs up again.",
        ),
    row(&[2_593_109], "history_refused", "the client did not share the chat history")
        .sorts(Class::NotApplicable, System, "not_applicable")
        .reacts(Reaction::Refused)
        .cites("M-COEX")
        .tells(
            "You chose not to share earlier chats. Your number works without them. You need not do anything.",
            "The client refused to share the history; nothing is left to do.",
        ),
];
