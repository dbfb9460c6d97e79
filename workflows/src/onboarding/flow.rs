//! Which of Meta's flows a client finished, and whether that is what was asked for.
//!
//! What came decides; a difference is told and stops nothing by itself.

use engine::Reason;

use super::facts::Facts;

/// The name of a flow, as partners write it.
pub(super) fn name_of(coexistence: bool) -> &'static str {
    if coexistence {
        "coexistence"
    } else {
        "cloud_api"
    }
}

/// The one flow that is welcome, if only one is.
pub(super) fn only_flow(facts: &Facts) -> Option<&str> {
    match facts.order.allowed.as_slice() {
        [only] => Some(only.as_str()),
        _ => None,
    }
}

/// How the signup ended otherwise than it was asked for.
pub(super) fn mismatch(facts: &Facts) -> Option<Reason> {
    if let Some(trouble) = &facts.trouble
        && ["number_mismatch", "waba_mismatch", "business_mismatch"]
            .contains(&trouble.code.as_str())
    {
        return Some(trouble.reason());
    }
    let bound = facts.bound.as_ref()?;
    let order = &facts.order;
    let came = name_of(bound.coexistence);
    if !order.allowed.is_empty() && !order.allowed.iter().any(|flow| flow == came) {
        let asked = order.allowed.join(" or ");
        return Some(Reason::new(
            "flow_not_asked",
            format!("The flow {asked} was asked for, and the client finished {came}."),
        ));
    }
    if order.mode == "reconnect" && !bound.returning {
        return Some(Reason::new(
            "not_connected_before",
            "A reconnect was asked for, and this number was not connected through this partner before.",
        ));
    }
    None
}
