//! One number and clients of several partners who all bring it: what they do, and who may have it in the end.

use std::collections::BTreeSet;

use engine::Instance;
use workflows::onboarding::{Facts, Onboarding, State};

use super::scenario::{Number, Step};

/// The number that all of them bring.
pub(super) const PHONE: &str = "700";

/// The other partner.
pub(super) const PARTNER: &str = "prt_3";

/// Two or three of them at once; some are called off again.
pub(super) fn script(chance: &mut fastrand::Rng) -> Vec<Step> {
    let mut steps = Vec::new();
    let many = chance.u8(2..=3);
    for number in 0..many {
        steps.push(Step::Make(number, Number::Contested));
        steps.push(Step::Open(number));
    }
    for number in 0..many {
        steps.push(Step::SignUp(number, Number::Contested));
    }
    if chance.u8(..4) == 0 {
        steps.push(Step::Cancel(chance.u8(..many)));
    }
    steps
}

pub(super) fn is_contested(facts: &Facts) -> bool {
    facts.order.external_id.as_deref() == Some(PHONE)
}

/// The number is bound for one partner at most: whoever was called off has let it go.
pub(super) fn judge(clients: &[Instance<Onboarding>]) -> Option<String> {
    let holders: BTreeSet<&str> = clients
        .iter()
        .filter(|client| !matches!(client.state, State::Canceled | State::Expired))
        .filter(|client| {
            let bound = client.facts.bound.as_ref();
            bound.is_some_and(|bound| bound.phone.as_str() == PHONE)
        })
        .map(|client| client.facts.order.partner.as_str())
        .collect();
    (holders.len() > 1).then(|| format!("{PHONE} belongs to {holders:?} at once"))
}
