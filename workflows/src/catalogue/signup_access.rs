//! What the client may meet inside Meta's window about logins, restrictions, verification and Meta's own failures.

use engine::Actor::{Client, Outside};

use super::entry::{Class, Row, hours, minutes};
use super::signup::{client, row, wait};

pub(super) static ROWS: &[Row] = &[
    wait(row(&[2_494_030], "verification_running", "the business is being verified"), hours(24), "verification_pending").tells(
        "Meta is still verifying your business. The signup can go on once that is done. Continue tomorrow; your link keeps working.",
        "Business verification is in progress at Meta.",
    ),
    client(row(&[2_494_143], "verification_elsewhere", "another partner verifies the business"), "verification_pending").tells(
        "Another provider has asked Meta to verify your business. Both cannot run at once. Wait for that one to end, or cancel it there, then continue.",
        "Partner-led verification by another partner is under way.",
    ),
    row(&[2_655_089, 3_441_040, 2_388_107, 2_859_015, 1_784_028, 1_404_163, 1_357_053], "restricted", "the person, business or account is restricted")
        .sorts(Class::Terminal, Client, "account_restricted")
        .tells(
            "Meta has restricted your account or business. It cannot be connected while that lasts. Ask for a review in Meta's Business Support Home.",
            "Only the client's appeal changes a restriction.",
        ),
    client(row(&[4_612_001, 2_859_009], "two_factor_needed", "two-factor login is required"), "login_blocked").tells(
        "Meta wants your Facebook login to be better protected. The signup stops until it is. Switch on two-factor login at facebook.com, then continue.",
        "The person switches on two-factor authentication.",
    ),
    client(row(&[2_859_043, 2_136_001], "login_challenge", "Meta asks a security question first"), "login_blocked").tells(
        "Meta wants to check that it is you. The signup stops until then. Open facebook.com, answer the question there, then continue.",
        "The person passes Meta's security check at facebook.com.",
    ),
    client(row(&[2_655_091], "captcha_failed", "the picture puzzle was not solved"), "login_blocked").tells(
        "The check that you are a person did not succeed. Nothing was changed. Continue and solve it again, without a VPN if you use one.",
        "The CAPTCHA was not solved.",
    ),
    row(
        &[
            1_675_030, 1_675_012, 2_593_030, 1_752_224, 1_752_206, 3_441_003, 2_593_035, 4_056_009,
            1_690_061, 1_349_246, 2_655_069, 2_494_102,
        ],
        "window_failed",
        "Meta's window failed",
    )
    .sorts(Class::Retry, Outside, "meta_unavailable")
    .waits(minutes(5))
    .tells(
        "Meta's window had a problem of its own. You did nothing wrong. Continue in about 5 minutes; your link keeps working.",
        "A fault at Meta. If it stays, open a ticket with the session id and time that were reported.",
    ),
    row(&[2_655_076, 2_655_005], "virtual_number_failed", "a virtual number could not be given")
        .sorts(Class::Retry, Outside, "meta_unavailable")
        .waits(minutes(5))
        .tells(
            "Meta could not give you a number. Nothing was changed. Continue in about 5 minutes, or use a number of your own.",
            "A virtual number could not be assigned; if it stays, open a ticket with Meta.",
        ),
    client(
        row(
            &[
                2_655_081, 2_655_055, 1_752_004, 1_752_140, 2_455_008, 2_494_149, 2_446_325,
                1_690_214, 1_690_181, 1_752_069,
            ],
            "ads_or_pages",
            "a Page or an ad account stands in the way",
        ),
        "input_invalid",
    )
    .tells(
        "Something about the Page or ad account you chose is not accepted. Nothing was changed. Continue and choose another, or leave that step out.",
        "Met only when the login configuration asks for ads or Pages; consider leaving those products out.",
    ),
];
