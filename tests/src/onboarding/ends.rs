//! What must be true of each client's end: what was done at Meta for the number, and who was told.

use engine::Instance;
use engine::testing::simulation::Ending;
use workflows::onboarding::{Onboarding, State};

use super::endpoint::told;
use super::scenario::{self, PARTNER, Step};

/// What must have been done at Meta for a number that is complete, and how often.
fn owed_to(phone: &str) -> Vec<(String, u32)> {
    let stays = phone.starts_with('5');
    let mut owed = vec![(format!("register {phone}"), u32::from(!stays))];
    for kind in ["Contacts", "History"] {
        owed.push((format!("sync {kind} of {phone}"), u32::from(stays)));
    }
    let pays = phone.starts_with('6');
    owed.push((format!("share 7{phone}"), u32::from(pays)));
    owed
}

/// What is wrong with the end of one client.
pub(super) fn judge(
    ending: &Ending<'_, Step>,
    client: &Instance<Onboarding>,
) -> impl Iterator<Item = String> + use<> {
    let mut wrong = Vec::new();
    let id = &client.record.id;
    if client.state == State::PartnerNotified {
        let phone = client.facts.order.external_id.clone().unwrap_or_default();
        for (operation, expected) in owed_to(&phone) {
            let times = ending.world.times(&operation);
            if times != expected {
                wrong.push(format!("{id} is complete, and {operation}: {times} times"));
            }
        }
        let completed = told(id.as_str(), "onboarding.completed");
        // The Solution Partner has no endpoint to be told at.
        let listens = client.facts.order.partner.as_str() == PARTNER;
        if listens && ending.world.times(&completed) == 0 {
            wrong.push(format!("{id} is complete, and nobody was told"));
        }
    }
    for step in &ending.acknowledged {
        let canceled = matches!(step, Step::Cancel(number) if scenario::id(*number) == *id);
        if canceled && client.state != State::Canceled {
            wrong.push(format!("{step:?} was acknowledged and is forgotten"));
        }
    }
    wrong.into_iter()
}
