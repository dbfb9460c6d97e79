//! What every request of the simulator shares: the clock, the world, the call log and the outbox.
//!
//! It decides nothing; it only hands out what others work on.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;

use super::calls::CallLog;
use super::graph::UsageMeter;
use super::time::SimulatedTime;
use super::world::{Flusher, PendingWebhook, World};

/// The simulator behind its listener.
pub(crate) struct Core {
    pub(crate) public_url: String,
    pub(crate) client: reqwest::Client,
    outbox: UnboundedSender<String>,
    clock: Arc<dyn SimulatedTime>,
    world: Mutex<World>,
    flusher: Flusher,
    calls: Mutex<CallLog>,
    meters: Mutex<HashMap<(String, String), UsageMeter>>,
    background: Mutex<JoinSet<()>>,
    shift_ms: AtomicU64,
}

impl Core {
    pub(crate) fn new(
        public_url: String,
        clock: Arc<dyn SimulatedTime>,
        world: World,
        (client, outbox): (reqwest::Client, UnboundedSender<String>),
    ) -> Self {
        Self {
            public_url,
            client,
            outbox,
            clock,
            flusher: world.flusher(),
            world: Mutex::new(world),
            calls: Mutex::default(),
            meters: Mutex::default(),
            background: Mutex::default(),
            shift_ms: AtomicU64::new(0),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) async fn sleep_until(&self, moment: Timestamp) {
        self.clock.sleep_until(moment).await;
    }

    /// Moves the shared clock; answers how far the control calls have moved it since the start.
    pub(crate) fn advance(&self, by: Duration) -> u64 {
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let shift = self.shift_ms.fetch_add(by_ms, Ordering::SeqCst) + by_ms;
        self.clock.advance(by);
        shift
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn calls(&self) -> MutexGuard<'_, CallLog> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn meters(&self) -> MutexGuard<'_, HashMap<(String, String), UsageMeter>> {
        self.meters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes what changed survive a kill; the answer that tells of a change waits for this.
    pub(crate) async fn flush(&self) {
        self.flusher.flush().await;
    }

    /// Takes a webhook up for delivery.
    pub(crate) fn put_on_way(&self, world: &mut World, webhook: PendingWebhook) {
        let id = webhook.id.clone();
        world.webhooks.put(webhook);
        // Nobody listens only while the simulator stops; the webhook goes out after the next start.
        let _ = self.outbox.send(id);
    }

    /// Takes up the webhooks that the last run did not get rid of.
    pub(crate) fn resume_webhooks(&self) {
        for pending in self.world().webhooks.iter() {
            let _ = self.outbox.send(pending.id.clone());
        }
    }

    /// Runs `work` until it ends or the simulator stops.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut background = self
            .background
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while background.try_join_next().is_some() {}
        background.spawn(work);
    }

    /// Ends everything that runs beside the listener.
    pub(crate) async fn stop_background(&self) {
        let mut running = std::mem::take(
            &mut *self
                .background
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        running.shutdown().await;
    }
}
