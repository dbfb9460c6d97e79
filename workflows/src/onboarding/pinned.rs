//! What an order names beforehand, as keys by which it is found when Meta tells of a grant. They match nothing by
//! themselves.

use sha2::{Digest, Sha256};

use super::facts::{Facts, Order};
use super::machine::State;
use crate::values::{BusinessId, WabaId};

/// The name of the label that holds a key.
pub(crate) const PINNED: &str = "pinned";

/// The name of the label that holds the account a browser named.
pub(crate) const CLAIMED: &str = "claimed";

/// What an order can name beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pin<'a> {
    /// The number, digits only.
    Number(&'a str),
    Account(&'a WabaId),
    Portfolio(&'a BusinessId),
}

impl Pin<'_> {
    /// The key to find orders by. A digest, because numbers of people shall not stand in an index.
    pub(crate) fn key(self) -> String {
        let (kind, value) = match self {
            Self::Number(digits) => ("number", digits),
            Self::Account(waba) => ("account", waba.as_str()),
            Self::Portfolio(business) => ("portfolio", business.as_str()),
        };
        let digest = hex::encode(Sha256::digest(format!("pinned/{kind}/{value}")));
        format!("{kind}:{}", &digest[..24])
    }
}

impl Order {
    /// What it names.
    pub(crate) fn pins(&self) -> impl Iterator<Item = Pin<'_>> {
        let number = self.expected_phone_number.as_deref().map(Pin::Number);
        let account = self.expected_waba.as_ref().map(Pin::Account);
        let portfolio = self.expected_business.as_ref().map(Pin::Portfolio);
        [number, account, portfolio].into_iter().flatten()
    }
}

/// Where Meta's word of a grant can be what an onboarding waits for.
pub(crate) fn waits_for_grant(state: State) -> bool {
    matches!(
        state,
        State::LinkIssued | State::NeedsSignup | State::NeedsAsset
    )
}

/// The labels by which an onboarding is found that waits for a grant.
pub(super) fn labels(state: State, facts: &Facts) -> Vec<(&'static str, String)> {
    if !waits_for_grant(state) {
        return Vec::new();
    }
    let claimed = facts.claim.as_ref().and_then(|claim| claim.waba.as_ref());
    let pins = facts.order.pins().map(|pin| (PINNED, pin.key()));
    pins.chain(claimed.map(|waba| (CLAIMED, waba.to_string())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_different_kinds_never_meet_and_tell_no_number() {
        let (waba, business) = (WabaId::new("34600000123"), BusinessId::new("34600000123"));
        let keys = [
            Pin::Number("34600000123").key(),
            Pin::Account(&waba).key(),
            Pin::Portfolio(&business).key(),
        ];
        assert!(keys[0] != keys[1] && keys[1] != keys[2]);
        assert!(keys.iter().all(|key| !key.contains("34600000123")));
    }
}
