//! A partner's endpoint in a simulated world: it remembers what it was told, and may be slow to listen.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::testing::simulation::World;
use serde_json::Value;
use workflows::ports::notifier::{Answer, Notice, Notifier, Undelivered};

/// The endpoint over the world.
pub(super) struct Endpoint {
    pub(super) world: Arc<World>,
    /// Takes no notice at its first try.
    pub(super) hard_of_hearing: bool,
}

/// What the world remembers of a notice that was taken.
pub(super) fn told(onboarding: &str, kind: &str) -> String {
    format!("tell {onboarding} {kind}")
}

#[async_trait]
impl Notifier for Endpoint {
    async fn send(&self, notice: &Notice) -> Result<Answer, Undelivered> {
        let tried = self.world.does(format!("post {}", notice.id));
        let status = if self.hard_of_hearing && tried == 1 {
            503
        } else {
            let body: Value = serde_json::from_str(&notice.body).unwrap_or_default();
            let onboarding = body["data"]["onboarding"]["id"].as_str();
            let kind = body["type"].as_str();
            self.world.does(told(
                onboarding.unwrap_or_default(),
                kind.unwrap_or_default(),
            ));
            200
        };
        Ok(Answer {
            status,
            took: Duration::from_millis(5),
            head: String::new(),
            retry_after: None,
        })
    }

    fn admits(&self, _url: &str) -> Result<(), String> {
        Ok(())
    }
}
