//! What each recorded webhook says, by the name of its file.

use super::super::{About, Alert, Ban, Decision, Digits, Said};
use crate::values::{AppId, BusinessId, PhoneNumberId, WabaId};

const ACCOUNT: &str = "102290129340398";

fn account(id: &str) -> About {
    About {
        waba: Some(WabaId::new(id)),
        ..About::default()
    }
}

fn owned(id: &str, owner: &str) -> About {
    About {
        business: Some(BusinessId::new(owner)),
        ..account(id)
    }
}

fn number(of: About) -> About {
    About {
        digits: Digits::of("15550783881"),
        ..of
    }
}

fn named(of: About) -> About {
    About {
        phone: Some(PhoneNumberId::new("106540352242922")),
        ..of
    }
}

fn solution(of: About, id: &str) -> About {
    About {
        solution: Some(id.into()),
        ..of
    }
}

fn app(of: About, id: &str) -> About {
    About {
        partner_app: Some(AppId::new(id)),
        ..of
    }
}

fn reviewed(decision: Decision, reason: Option<String>) -> Said {
    Said::NameReviewed {
        decision,
        name: Some("Lucky Shrub".into()),
        reason,
    }
}

fn certified(status: &str, reasons: &[&str]) -> Said {
    Said::Certified {
        status: status.to_owned(),
        reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
    }
}

fn quality(limit: Option<String>, daily: &str) -> Said {
    Said::QualityChanged {
        limit,
        daily: Some(daily.into()),
    }
}

fn alert(entity: &str, severity: &str, active: bool, kind: &str) -> Said {
    Said::Alert(Alert {
        entity: Some(entity.into()),
        severity: Some(severity.into()),
        active,
        kind: Some(kind.into()),
    })
}

/// What a fixture says, and about whom.
pub(super) type Row = (&'static str, About, Said);

fn rows(of: &About, said: Vec<(&'static str, Said)>) -> Vec<Row> {
    said.into_iter()
        .map(|(name, said)| (name, of.clone(), said))
        .collect()
}

pub(super) fn of_grants() -> Vec<Row> {
    let shared = owned("980198427658004", "2329417887457253");
    let installed = owned("1191624265890717", "2329417887457253");
    let installed = app(installed, "5731794616896507");
    let uninstalled = owned("184943124712545", "1284923862322270");
    let uninstalled = app(uninstalled, "869361281603019");
    let through = "1715120619246906";
    let added = owned("495709166956424", "942647313864044");
    let removed = Said::PartnerRemoved {
        reason: None,
        initiated_by: None,
    };
    let with_solution = solution(shared.clone(), through);
    let app_with_solution = solution(installed.clone(), through);
    [
        rows(&added, vec![("partner_added", Said::PartnerAdded)]),
        rows(
            &with_solution,
            vec![("partner_added_solution", Said::PartnerAdded)],
        ),
        rows(
            &app_with_solution,
            vec![("partner_app_installed", Said::AppInstalled)],
        ),
        rows(
            &installed,
            vec![("partner_app_installed_beside", Said::AppInstalled)],
        ),
        rows(
            &uninstalled,
            vec![("partner_app_uninstalled", Said::AppUninstalled)],
        ),
        rows(
            &About::default(),
            vec![("partner_app_uninstalled_nested", Said::AppUninstalled)],
        ),
        rows(
            &shared,
            vec![
                ("partner_removed", removed),
                ("ad_account_linked", Said::Other),
                ("mm_lite_terms", Said::Other),
            ],
        ),
    ]
    .concat()
}

pub(super) fn of_accounts() -> Vec<Row> {
    let banned = |state| Said::Banned {
        state,
        date: Some("April 17, 2025".into()),
    };
    let restrictions = [
        "RESTRICTED_BIZ_INITIATED_MESSAGING",
        "RESTRICTED_ADD_PHONE_NUMBER_ACTION",
    ];
    let restricted = Said::Restricted {
        kinds: restrictions.map(str::to_owned).to_vec(),
    };
    let violation = Said::Violation {
        kind: Some("ADULT".into()),
    };
    let country = Said::Country {
        country: Some("IN".into()),
    };
    let said = vec![
        ("account_offboarded", Said::Offboarded),
        ("account_reconnected", Said::Reconnected),
        ("account_deleted", Said::AccountDeleted),
        ("account_violation", violation),
        ("account_restriction", restricted),
        ("disabled_update", banned(Ban::Reinstated)),
        ("disabled_update_scheduled", banned(Ban::Scheduled)),
        ("country", country),
        ("auth_intl_price", Said::Other),
        ("volume_tier", Said::Other),
        ("unknown_event", Said::Other),
    ];
    rows(&account(ACCOUNT), said)
}

pub(super) fn of_reviews() -> Vec<Row> {
    let review = |decision| Said::AccountReviewed { decision };
    let nameless = &["LEGAL NAME NOT FOUND IN DOCUMENTS"];
    let certified = vec![
        ("certification", certified("FAILED", nameless)),
        ("certification_approved", certified("APPROVED", &[])),
    ];
    let capability = Said::CapabilityChanged {
        daily: Some("2000".into()),
        numbers: Some("25".into()),
    };
    let reviewed = vec![
        ("account_review", review(Decision::Approved)),
        ("account_review_rejected", review(Decision::Rejected)),
        ("account_review_deferred", review(Decision::Deferred)),
        ("capability", capability),
    ];
    let deferred = "INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED";
    let deferred = alert("BUSINESS", "WARNING", true, deferred);
    let active = Said::SolutionChanged {
        status: "ACTIVE".to_owned(),
    };
    let through = solution(About::default(), "774485461512159");
    [
        rows(&owned(ACCOUNT, "2729063490586005"), certified),
        rows(&account(ACCOUNT), reviewed),
        rows(
            &owned(ACCOUNT, "506914307656634"),
            vec![("alert", deferred)],
        ),
        rows(&through, vec![("partner_solution", active)]),
    ]
    .concat()
}

pub(super) fn of_numbers() -> Vec<Row> {
    let disconnected = Said::PartnerRemoved {
        reason: Some("PRIMARY_INACTIVITY".into()),
        initiated_by: Some("SYSTEM".into()),
    };
    let unacceptable = reviewed(Decision::Rejected, Some("NAME_FORMAT_UNACCEPTABLE".into()));
    let unlimited = quality(Some("TIER_UNLIMITED".into()), "TIER_UNLIMITED");
    let by_digits = vec![
        ("partner_removed_number", disconnected),
        ("name_approved", reviewed(Decision::Approved, None)),
        ("name_rejected", unacceptable),
        ("quality", unlimited),
        ("quality_without_limits", quality(None, "TIER_250")),
        ("pin_changed", Said::PinChanged),
        ("pin_reset_asked", Said::PinResetAsked),
        ("pin_off", Said::PinOff),
    ];
    let private = [
        "history",
        "app_state",
        "message_echo",
        "message",
        "message_status",
    ];
    let private = private.map(|name| (name, Said::Private)).to_vec();
    let lost = alert(
        "PHONE_NUMBER",
        "INFORMATIONAL",
        false,
        "PROFILE_PICTURE_LOST",
    );
    let here = number(account(ACCOUNT));
    [
        rows(&here, by_digits),
        rows(&named(account(ACCOUNT)), vec![("alert_number", lost)]),
        rows(
            &named(here.clone()),
            vec![("history_refused", Said::HistoryRefused)],
        ),
        rows(&named(here.clone()), private),
    ]
    .concat()
}

pub(super) fn in_odd_shapes() -> Vec<Row> {
    let added = owned("495709166956424", "942647313864044");
    let said = vec![
        ("value_as_text", Said::AccountDeleted),
        ("milliseconds", Said::Offboarded),
        ("without_time", Said::Offboarded),
        ("one_change", Said::Offboarded),
    ];
    [
        rows(&account(ACCOUNT), said),
        rows(&added, vec![("numbers_for_ids", Said::PartnerAdded)]),
    ]
    .concat()
}
