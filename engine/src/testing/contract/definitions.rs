//! A process is handed what it understands, and is not woken for the rest.

use std::sync::Arc;

use super::trial::{StoreUnderTest, Trial, arming, known, order, settling, task};
use crate::allowance::Allowance;
use crate::clock::Timestamp;
use crate::definitions::Definitions;
use crate::task::Task;

fn under(number: u32, workflow: &str, definition: u32, due: i64) -> Task {
    Task {
        workflow: workflow.to_owned(),
        definition,
        ..task(number, "call", due)
    }
}

async fn claim(trial: &mut Trial<'_>, definitions: Definitions) -> Vec<Task> {
    let mut order = order(100);
    order.definitions = Arc::new(definitions);
    let claimed = trial.step().await.claim(order).await;
    let claimed = claimed.expect("the store answers");
    let tasks = claimed.iter().map(|claimed| claimed.task.clone()).collect();
    if !claimed.is_empty() {
        let store = trial.running();
        let settled = store.commit(settling(&claimed)).await;
        settled.expect("a change without fault is accepted");
    }
    tasks
}

pub(super) async fn newer_definitions_are_left_to_newer_processes(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let backlog: Vec<_> = (10..40).map(|n| under(n, "errand", 3, 1)).collect();
    trial.write(arming(&backlog)).await;
    let older = under(1, "errand", 1, 20);
    let same = under(2, "errand", 2, 30);
    let newer = under(3, "errand", 3, 5);
    let foreign = under(4, "elsewhere", 1, 5);
    let nameless = under(5, "", 0, 40);
    let all = [older, same, newer.clone(), foreign.clone(), nameless];
    trial.write(arming(&all)).await;
    let next = trial
        .step()
        .await
        .next_due(&Allowance::default(), &known())
        .await;
    let next = next.expect("the store answers").map(Timestamp::millis);
    assert_eq!(next, Some(20), "what is not understood wakes nobody");
    let taken = claim(&mut trial, known()).await;
    assert_eq!(taken, [all[0].clone(), all[1].clone(), all[4].clone()]);
    let next = trial
        .step()
        .await
        .next_due(&Allowance::default(), &known())
        .await;
    assert_eq!(next.expect("the store answers"), None);
    let taken = claim(&mut trial, Definitions::default().with("elsewhere", 9)).await;
    assert_eq!(taken, [foreign]);
    let taken = claim(&mut trial, Definitions::default().with("errand", 3)).await;
    assert_eq!(taken.len(), backlog.len() + 1);
    assert!(taken.contains(&newer));
}
