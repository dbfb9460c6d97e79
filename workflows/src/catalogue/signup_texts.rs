//! What Meta's window says without a code, known by its words alone.

use engine::Actor::Outside;

use super::entry::{Class, Family, Row, hours, minutes};
use super::signup::{client, wait};

/// A line for a text that holds these words, in lower case.
const fn said(words: &'static str, slug: &'static str, meaning: &'static str) -> Row {
    Row::new(Family::Signup, &[], slug, meaning)
        .when(words)
        .cites("M-ERR")
}

pub(super) static ROWS: &[Row] = &[
    client(said("existing whatsapp account", "number_in_use", "the number is registered elsewhere"), "number_in_use")
        .waits(minutes(3))
        .tells(
            "This number is already used with WhatsApp. It cannot be connected while it is. Delete its WhatsApp account in the app, wait 3 minutes, then continue; or use another number.",
            "The client frees the number in the app or at the former provider, or picks another.",
        ),
    wait(said("guess", "otp_guessed_out", "the code was entered wrongly too often"), hours(12), "number_unverified").tells(
        "The code was entered wrongly too often. Meta takes no more for this number for a while. Continue in about 12 hours, or use another number.",
        "Too many wrong one-time passwords; the block lifts by itself after about 12 hours.",
    ),
    client(said("invalid phone number", "number_invalid", "the number is not valid"), "input_invalid")
        .waits(minutes(5))
        .tells(
            "Meta does not take this for a phone number. It may be mistyped. Check it with its country code and continue in about 5 minutes.",
            "The number is invalid; Meta takes the next one after some minutes.",
        ),
    client(said("admin", "admin_needed", "the person has no full control of the portfolio"), "login_blocked").tells(
        "Your Facebook account may not do this for the business you chose. Meta wants somebody with full control of it. Ask its administrator to open this link, or choose another business.",
        "The person is no administrator of the portfolio.",
    ),
    said("too new", "account_too_new", "the person's Facebook account is too new")
        .sorts(Class::Wait, Outside, "login_blocked")
        .waits(hours(1))
        .tells(
            "Your Facebook account is too new for this. Meta wants it to be older first. Continue in an hour or later today; your link keeps working.",
            "A young Facebook account; it passes with time.",
        ),
    client(said("cannot be verified", "business_unverifiable", "the portfolio cannot be verified"), "verification_pending").tells(
        "Meta cannot verify the business you chose. The signup stops at that. Continue and choose another business portfolio, or ask Meta's Business Support Home why.",
        "The portfolio is not eligible for verification; the client asks Meta or uses another.",
    ),
    client(said("guidelines", "name_against_guidelines", "the display name breaks Meta's rules"), "input_invalid").tells(
        "Meta does not accept this display name. Nothing was saved. Continue with the name that people know your business by, without extra words or signs.",
        "The display name violates the guidelines; the client enters another.",
    ),
    client(said("maximum", "number_limit", "the portfolio has as many numbers as it may"), "asset_limit").tells(
        "Your business has as many numbers as Meta allows. No further one can be added. Remove one you do not use, or have your business verified by Meta.",
        "A new portfolio may hold 2 numbers; a verified one 20.",
    ),
];
