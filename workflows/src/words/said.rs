//! What each of Meta's changes says, by its field and its event. A word that is not known says nothing that
//! anything here could act on; it is kept as it came by whoever called.

use serde_json::Value;

use super::envelope::text;
use super::{Alert, Ban, Decision, Said};

/// Meta's code for a client that does not share its chats (Meta: onboarding app users).
const HISTORY_REFUSED: i64 = 2_593_109;

/// Fields whose changes are about conversations.
const PRIVATE_FIELDS: [&str; 11] = [
    "messages",
    "message_echoes",
    "history",
    "smb_message_echoes",
    "smb_app_state_sync",
    "calls",
    "standby",
    "messaging_handovers",
    "user_preferences",
    "automatic_events",
    "tracking_events",
];

/// What a change says.
pub(super) fn said(field: &str, event: Option<&str>, value: &Value) -> Said {
    match field {
        "account_update" => event.map_or(Said::Other, |event| of_account(event, value)),
        "account_review_update" => Said::AccountReviewed {
            decision: decision(value),
        },
        "phone_number_name_update" => Said::NameReviewed {
            decision: decision(value),
            name: text(value, "requested_verified_name"),
            reason: text(value, "rejection_reason").filter(|reason| reason != "NONE"),
        },
        "phone_number_quality_update" => Said::QualityChanged {
            limit: text(value, "current_limit"),
            daily: text(value, "max_daily_conversations_per_business"),
        },
        "business_capability_update" => Said::CapabilityChanged {
            daily: text(value, "max_daily_conversations_per_business"),
            numbers: text(value, "max_phone_numbers_per_waba")
                .or_else(|| text(value, "max_phone_numbers_per_business")),
        },
        "security" => match event {
            Some("PIN_CHANGED") => Said::PinChanged,
            Some("PIN_RESET_REQUEST") => Said::PinResetAsked,
            Some("PIN_REQUEST_SUCCESS") => Said::PinOff,
            _ => Said::Other,
        },
        "account_alerts" => Said::Alert(alert(value)),
        "partner_solutions" => Said::SolutionChanged {
            status: text(value, "solution_status").unwrap_or_default(),
        },
        "history" if is_history_refused(value) => Said::HistoryRefused,
        private if is_private(private) => Said::Private,
        _ => Said::Other,
    }
}

/// Whether changes of a field carry conversations, or tell of people who have them.
pub(crate) fn is_private(field: &str) -> bool {
    PRIVATE_FIELDS.contains(&field)
}

fn of_account(event: &str, value: &Value) -> Said {
    let part = |name: &str| value.get(name).unwrap_or(&Value::Null);
    match event {
        "PARTNER_ADDED" => Said::PartnerAdded,
        "PARTNER_APP_INSTALLED" => Said::AppInstalled,
        "PARTNER_APP_UNINSTALLED" => Said::AppUninstalled,
        "PARTNER_REMOVED" => Said::PartnerRemoved {
            reason: text(part("disconnection_info"), "reason"),
            initiated_by: text(part("disconnection_info"), "initiated_by"),
        },
        "ACCOUNT_OFFBOARDED" => Said::Offboarded,
        "ACCOUNT_RECONNECTED" => Said::Reconnected,
        "ACCOUNT_DELETED" => Said::AccountDeleted,
        "ACCOUNT_VIOLATION" => Said::Violation {
            kind: text(part("violation_info"), "violation_type"),
        },
        "ACCOUNT_RESTRICTION" => Said::Restricted {
            kinds: each(part("restriction_info"), |one| {
                text(one, "restriction_type")
            }),
        },
        "DISABLED_UPDATE" => Said::Banned {
            state: ban(part("ban_info")),
            date: text(part("ban_info"), "waba_ban_date"),
        },
        "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE" => {
            let info = part("partner_client_certification_info");
            let reasons = info.get("rejection_reasons").unwrap_or(&Value::Null);
            let named = |one: &Value| one.as_str().filter(|one| *one != "NONE").map(str::to_owned);
            Said::Certified {
                status: text(info, "status").unwrap_or_default(),
                reasons: each(reasons, named),
            }
        }
        "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE" => Said::Country {
            country: text(value, "country"),
        },
        _ => Said::Other,
    }
}

fn decision(value: &Value) -> Decision {
    let word = text(value, "decision").unwrap_or_default();
    match word.to_ascii_uppercase().as_str() {
        "APPROVED" => Decision::Approved,
        "REJECTED" => Decision::Rejected,
        "PENDING" => Decision::Pending,
        "DEFERRED" => Decision::Deferred,
        _ => Decision::Other(word),
    }
}

fn ban(info: &Value) -> Ban {
    let word = text(info, "waba_ban_state");
    // One sample of Meta's gives the state in a list.
    let listed = || {
        each(info.get("waba_ban_state").unwrap_or(&Value::Null), |one| {
            one.as_str().map(str::to_owned)
        })
        .pop()
    };
    let word = word.or_else(listed).unwrap_or_default();
    match word.as_str() {
        "DISABLE" => Ban::Disabled,
        "SCHEDULE_FOR_DISABLE" => Ban::Scheduled,
        "REINSTATE" => Ban::Reinstated,
        _ => Ban::Other(word),
    }
}

fn alert(value: &Value) -> Alert {
    let info = value.get("alert_info").unwrap_or(value);
    Alert {
        entity: text(value, "entity_type"),
        severity: text(info, "alert_severity"),
        active: text(info, "alert_status").is_none_or(|status| status == "ACTIVE"),
        kind: text(info, "alert_type"),
    }
}

/// Whether a part of the history is the client's refusal to share it.
fn is_history_refused(value: &Value) -> bool {
    let parts = value.get("history").and_then(Value::as_array);
    let errors = parts
        .into_iter()
        .flatten()
        .filter_map(|part| part.get("errors").and_then(Value::as_array))
        .flatten();
    errors
        .into_iter()
        .any(|error| error.get("code").and_then(Value::as_i64) == Some(HISTORY_REFUSED))
}

fn each(list: &Value, named: impl Fn(&Value) -> Option<String>) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(named).collect()
}
