//! Meta's limit on management calls: per app and account, in a moving hour.

use std::collections::VecDeque;
use std::time::Duration;

use engine::Timestamp;
use serde_json::json;

use super::super::core::Core;
use super::super::http::Reply;
use super::super::world::Waba;
use super::{Call, Endpoint, Subject};

const HOUR: Duration = Duration::from_hours(1);
/// While no number of the account is registered.
const CALLS_NEW_MAX: usize = 200;
/// Once one is.
const CALLS_ACTIVE_MAX: usize = 5000;

/// Calls of one app to one account in the last hour.
#[derive(Default)]
pub(crate) struct UsageMeter(VecDeque<Timestamp>);

/// What the meter shows after a call.
pub(super) struct Usage {
    used: usize,
    allowed: usize,
    regain_minutes: u64,
}

impl UsageMeter {
    fn count(&mut self, now: Timestamp, allowed: usize) -> Usage {
        while self.0.front().is_some_and(|first| *first + HOUR <= now) {
            self.0.pop_front();
        }
        // Refused calls count too: calling on prolongs the block.
        self.0.push_back(now);
        if self.0.len() > allowed + 1 {
            self.0.pop_front();
        }
        let free_at = self.0.front().map_or(now, |first| *first + HOUR);
        Usage {
            used: self.0.len(),
            allowed,
            regain_minutes: free_at.since(now).as_secs().div_ceil(60),
        }
    }
}

impl Usage {
    pub(super) fn is_over(&self) -> bool {
        self.used > self.allowed
    }

    /// Puts the usage headers on an answer.
    pub(super) fn show_on(&self, reply: Reply, subject: &Subject) -> Reply {
        let share = (self.used * 100 / self.allowed).min(100);
        let regain = if self.is_over() {
            self.regain_minutes
        } else {
            0
        };
        let object = subject.waba_id.clone().unwrap_or_default();
        let usage = json!({ object: [{
            "type": "whatsapp_business_management",
            "call_count": share,
            "total_cputime": share / 2,
            "total_time": share / 2,
            "estimated_time_to_regain_access": regain,
        }] });
        let app =
            json!({ "call_count": share, "total_time": share / 2, "total_cputime": share / 2 });
        reply
            .with_header("x-business-use-case-usage", usage.to_string())
            .with_header("x-app-usage", app.to_string())
    }
}

/// Counts a management call; nothing for calls that have limits of their own.
pub(super) fn count(core: &Core, call: &Call, subject: &Subject) -> Option<Usage> {
    let counts = matches!(
        call.endpoint,
        Endpoint::Waba
            | Endpoint::PhoneNumbers
            | Endpoint::Subscribe
            | Endpoint::SubscribedApps
            | Endpoint::Unsubscribe
            | Endpoint::Phone
            | Endpoint::AssignUser
            | Endpoint::AssignedUsers
    );
    let (app_id, waba_id) = (subject.app_id.clone()?, subject.waba_id.clone()?);
    if !counts {
        return None;
    }
    let allowed = {
        let world = core.world();
        let is_active = |waba: &Waba| {
            let mut numbers = waba.numbers.iter().filter_map(|id| world.numbers.get(id));
            numbers.any(super::super::world::Number::is_on_cloud_api)
        };
        if world.wabas.get(&waba_id).is_some_and(is_active) {
            CALLS_ACTIVE_MAX
        } else {
            CALLS_NEW_MAX
        }
    };
    let mut meters = core.meters();
    Some(
        meters
            .entry((app_id, waba_id))
            .or_default()
            .count(call.at, allowed),
    )
}
