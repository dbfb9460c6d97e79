//! How much runs at once and how fast: for the process, a lane, a tenant, Meta and partners.

use engine::{Limits, Rate};
use serde::Deserialize;
use workflows::delivery::ENDPOINT_LANE;
use workflows::onboarding::GRAPH_LANE;

/// Limits of one process.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Steps that run at the same time.
    pub concurrency: usize,
    /// Of these at most so many for one dependency: a Meta app, a partner's endpoint.
    pub per_lane: usize,
    /// Of these at most so many for one partner.
    pub per_partner: usize,
    /// Steps a second for one partner; zero where only their number is limited.
    pub partner_per_second: u32,
    /// Steps a second for one Meta app.
    pub graph_per_second: u32,
    /// Notices a second to one endpoint.
    pub endpoint_per_second: u32,
    /// Steps a second that came due while no process ran.
    pub overdue_per_second: u32,
}

impl Default for LimitSettings {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            concurrency: limits.concurrency,
            per_lane: limits.per_lane,
            per_partner: limits.per_tenant,
            partner_per_second: 0,
            graph_per_second: 50,
            endpoint_per_second: 20,
            overdue_per_second: limits.overdue.per_second,
        }
    }
}

impl LimitSettings {
    /// The engine's words for it: a second's worth may begin at once.
    pub fn limits(&self) -> Limits {
        let rate = |per_second| Rate {
            per_second,
            burst: per_second,
        };
        let rates = [
            (GRAPH_LANE, self.graph_per_second),
            (ENDPOINT_LANE, self.endpoint_per_second),
        ];
        let rates = rates.map(|(kind, per_second)| (kind.to_owned(), rate(per_second)));
        Limits {
            concurrency: self.concurrency,
            per_lane: self.per_lane,
            per_tenant: self.per_partner,
            rates: rates.into(),
            tenant_rate: (self.partner_per_second > 0).then(|| rate(self.partner_per_second)),
            overdue: rate(self.overdue_per_second),
        }
    }

    /// The first limit that would let nothing run.
    pub fn first_zero(&self) -> Option<&'static str> {
        let named = [
            ("limits.concurrency", self.concurrency == 0),
            ("limits.per_lane", self.per_lane == 0),
            ("limits.per_partner", self.per_partner == 0),
            ("limits.graph_per_second", self.graph_per_second == 0),
            ("limits.endpoint_per_second", self.endpoint_per_second == 0),
            ("limits.overdue_per_second", self.overdue_per_second == 0),
        ];
        named
            .into_iter()
            .find(|(_, is_zero)| *is_zero)
            .map(|(key, _)| key)
    }
}
