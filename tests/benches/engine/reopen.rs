//! One opening of a folder full of sleepers, measured in a process of its own.
//!
//! It ends without closing anything, as a killed process does.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use adapters::sled::{SledOptions, SledStore};
use engine::{
    ClaimOrder, Clock as _, Definitions, Owner, Store as _, SystemClock, Timestamp, Workflow as _,
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::machine;
use crate::six::Six;
use crate::stage::Stage;

/// The argument that makes this program measure an opening.
pub(crate) const WORD: &str = "reopen";

/// Looks at the due index whose mean is taken.
const POLLS: u32 = 2_000;

/// What one opening came to.
#[derive(Serialize, Deserialize)]
pub(crate) struct Reopened {
    pub(crate) open: Duration,
    pub(crate) memory: u64,
    /// A look at the due index that finds nothing due.
    pub(crate) idle_poll: Duration,
    /// A look that takes eight tasks in hand, bodies and all.
    pub(crate) busy_poll: Duration,
    /// From the runner's start to the first step that is performed.
    pub(crate) first_step: Duration,
}

/// Opens the folder in a new process whose clock stands at `at`.
pub(crate) fn elsewhere(folder: &Path, at: Timestamp) -> Reopened {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.arg(WORD).arg(folder).arg(at.millis().to_string());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What that process does, and says on its standard output.
pub(crate) async fn here(folder: &Path, at: Timestamp) -> String {
    let before = machine::resident();
    let began = Instant::now();
    let store = SledStore::open(folder, SledOptions::default())
        .await
        .unwrap();
    let open = began.elapsed();
    let memory = machine::resident().saturating_sub(before);
    let idle_poll = poll(&store, SystemClock::default().now()).await;
    let busy_poll = poll(&store, at).await;
    let began = Instant::now();
    let stage = Stage::over(store, at);
    stage.world.woken().await;
    let reopened = Reopened {
        open,
        memory,
        idle_poll,
        busy_poll,
        first_step: began.elapsed(),
    };
    serde_json::to_string(&reopened).unwrap()
}

async fn poll(store: &SledStore, now: Timestamp) -> Duration {
    let order = ClaimOrder {
        owner: Owner::new("bench"),
        now,
        lease: Duration::from_mins(1),
        limit: 8,
        allowance: engine::Allowance::default(),
        definitions: Arc::new(Definitions::default().with(Six::NAME, Six::VERSION)),
    };
    let mut spent = Duration::ZERO;
    for _ in 0..POLLS {
        let began = Instant::now();
        let claimed = store.claim(order.clone()).await.unwrap();
        spent += began.elapsed();
        let held: Vec<_> = claimed
            .iter()
            .map(|claimed| engine::Settled {
                task: claimed.task.id(),
                fence: claimed.fence,
            })
            .collect();
        store.release(&held).await.unwrap();
    }
    spent / POLLS
}
