//! What the client may meet inside Meta's window about numbers, accounts, names and limits.

use std::time::Duration;

use engine::Actor::{Client, Operator, Outside};

use super::entry::{Class, Family, Row, hours, minutes};

pub(super) const fn row(codes: &'static [i64], slug: &'static str, meaning: &'static str) -> Row {
    Row::new(Family::Signup, codes, slug, meaning).cites("M-ERR")
}

/// What the client can mend.
pub(super) const fn client(row: Row, partner: &'static str) -> Row {
    row.sorts(Class::Client, Client, partner)
}

/// What passes by itself.
pub(super) const fn wait(row: Row, wait: Duration, partner: &'static str) -> Row {
    row.sorts(Class::Wait, Outside, partner).waits(wait)
}

pub(super) static ROWS: &[Row] = &[
    client(row(&[3_441_030], "number_in_use", "the number is registered elsewhere"), "number_in_use").tells(
        "This number is already used with WhatsApp. It cannot be connected while it is. Delete its WhatsApp account in the app, wait 3 minutes, then continue; or use another number.",
        "The client frees the number in the app or at the former provider, or picks another.",
    ),
    wait(row(&[3_441_049, 2_655_094], "still_connected", "the number is still connected to a platform"), minutes(15), "number_in_use").tells(
        "This number is still connected to another platform. Disconnect it in the WhatsApp Business app: Settings, Account, Business Platform. Then wait 15 minutes and continue.",
        "The client disconnects in the app and waits 15 minutes.",
    ),
    client(row(&[2_655_093], "shared_with_other_partner", "the account is shared with another partner"), "number_in_use").tells(
        "This account is already connected to another provider. It cannot be switched in this window. Disconnect it there first, then continue.",
        "Switching between partners is not possible in this flow.",
    ),
    client(row(&[3_441_041], "number_of_other_business", "the number belongs to another business"), "number_ineligible").tells(
        "This number does not belong to the business you chose. Meta does not connect the two. Continue and choose the business that owns the number.",
        "The client picks the portfolio that owns the number.",
    ),
    row(&[3_441_042], "region_unavailable", "not available in this region").sorts(Class::Terminal, Client, "number_ineligible").tells(
        "Meta does not offer this for numbers of your country yet. The number can stay in the app. To connect now, use a number of another country.",
        "Coexistence is closed to this region for now.",
    ),
    row(&[3_441_045], "activity_needed", "the app account is too new or too quiet").sorts(Class::Terminal, Client, "number_ineligible").tells(
        "Meta wants to see this number in use for longer before it connects it. Keep using it in the WhatsApp Business app. Continue after a few weeks, or use another number.",
        "Meta asks for more activity in the app; nothing on our side changes it.",
    ),
    client(row(&[2_655_095, 2_655_048], "not_in_business_app", "the number is not in the WhatsApp Business app"), "number_ineligible").tells(
        "This number is not registered in the WhatsApp Business app. This way of connecting needs that. Register it in the app first, then continue.",
        "Coexistence needs a number that is in use in the WhatsApp Business app.",
    ),
    client(row(&[2_655_082], "linked_to_page", "the number is linked to a Page"), "number_ineligible").tells(
        "This number is linked to a Facebook Page. It cannot be connected while it is. Remove it from the Page's settings, then continue.",
        "The client unlinks the number from the Page.",
    ),
    row(&[3_441_047], "marketing_messages_used", "the account uses marketing messages").sorts(Class::Terminal, Client, "number_ineligible").tells(
        "This account uses marketing messages in the app. Meta does not connect such accounts yet. Use another number to connect now.",
        "Meta does not combine coexistence with marketing messages.",
    ),
    client(row(&[4_563_015], "app_outdated", "the WhatsApp Business app is too old"), "number_ineligible").tells(
        "Your WhatsApp Business app is too old for this. Nothing was changed. Update the app, then continue.",
        "The client updates the app (2.24.17 or newer).",
    ),
    client(row(&[2_655_049, 2_494_028], "account_shared", "the account is shared with another partner"), "number_in_use").tells(
        "This WhatsApp account is shared with another provider. It cannot be connected while it is. Choose another account, or end the sharing in Business settings.",
        "A WABA can be shared with two partners at most, some with one.",
    ),
    client(row(&[2_494_029, 2_494_120, 2_494_119, 2_593_072], "account_missing", "the account is missing or out of reach"), "input_invalid").tells(
        "Meta cannot open the WhatsApp account you chose. You may lack access to it. Continue and choose another, or ask its administrator for access.",
        "The client chose a WABA that is gone or that the person cannot reach.",
    ),
    row(&[2_494_091], "provider_unverified", "the provider must complete business verification").sorts(Class::Operator, Operator, "setup_fault").tells(
        "Meta has not finished checking our company for this step. You did nothing wrong. We have been told; your link keeps working.",
        "Complete the business verification of your own portfolio.",
    ),
    client(row(&[2_388_098, 2_494_067], "too_many_accounts", "the portfolio has too many WhatsApp accounts"), "asset_limit").tells(
        "Your business has as many WhatsApp accounts as Meta allows. No further one can be made. Choose an existing one, or have your business verified by Meta.",
        "The portfolio's limit of WABAs is met; verification raises it.",
    ),
    client(row(&[1_752_089, 1_690_114], "too_many_businesses", "the person has too many business portfolios"), "asset_limit").tells(
        "You have as many business portfolios as Meta allows. No further one can be made. Continue and choose an existing one.",
        "The person's limit of portfolios is met.",
    ),
    client(row(&[2_593_037, 2_593_039], "otp_failed", "the code could not be sent or did not match"), "number_unverified").tells(
        "The code could not be sent or did not match. Your number is not verified yet. Check that it can take texts or calls, then ask for a new code.",
        "The one-time password failed; the client asks for a new one.",
    ),
    wait(row(&[2_494_158], "otp_limit", "too many codes were asked for"), hours(12), "number_unverified").tells(
        "Too many codes were asked for. Meta sends no more to this number for a while. Continue in about 12 hours, or use another number.",
        "Meta's limit of one-time passwords is met; it lifts by itself.",
    ),
    wait(row(&[2_388_091, 2_388_093], "otp_refused", "the number cannot be verified right now"), hours(12), "number_unverified").tells(
        "Meta cannot verify this number right now. It is not connected yet. Continue in about 12 hours, or use another number.",
        "Read Meta's message: too many guesses (12 hours) or an invalid number (5 minutes).",
    ),
    wait(row(&[3_441_033, 3_441_046, 1_390_006, 1_675_004, 1_390_008], "signup_limit", "too many tries in a short time"), hours(1), "meta_limit").tells(
        "Meta asks you to slow down. Nothing is lost. Continue in about an hour; your link keeps working.",
        "Meta limits the person's tries; it lifts by itself.",
    ),
    client(row(&[1_690_089, 1_690_091, 1_690_062, 1_690_090, 2_593_010, 3_771_014], "name_invalid", "a name or a link is not accepted"), "input_invalid").tells(
        "Meta does not accept a name or link you entered. Nothing was saved. Continue and correct it: a name of at most 255 letters, a full link.",
        "The client corrects the business name, the display name or the website.",
    ),
    client(row(&[2_388_009, 2_388_010], "name_fixed", "the verified name cannot be changed here"), "input_invalid").tells(
        "The name of this number is already verified. It cannot be changed in this window. Continue and leave the name as it is.",
        "A verified display name is changed in WhatsApp Manager, not in the signup.",
    ),
    client(row(&[3_441_051, 2_655_011, 2_388_002], "number_invalid", "the number cannot be added"), "input_invalid").tells(
        "Meta cannot add this number. It may be mistyped or belong to another account. Continue and check it, with its country code.",
        "The number is invalid, not linked to a WABA, or cannot be added.",
    ),
];
