//! Whose turn it is: no tenant's backlog stands before another's first task, and limits hold.

use std::collections::BTreeMap;

use super::trial::{StoreUnderTest, Trial, arming, known, order, settling, task};
use crate::allowance::Allowance;
use crate::clock::Timestamp;
use crate::store::ClaimOrder;
use crate::task::{Claimed, Task};

fn of(tenant: &str, number: u32, due: i64) -> Task {
    Task {
        tenant: tenant.to_owned(),
        ..task(number, "call", due)
    }
}

fn some(limit: usize, allowance: Allowance) -> ClaimOrder {
    ClaimOrder {
        limit,
        allowance,
        ..order(1_000)
    }
}

async fn claim(trial: &Trial<'_>, limit: usize, allowance: Allowance) -> Vec<Claimed> {
    let claimed = trial.running().claim(some(limit, allowance)).await;
    claimed.expect("the store answers")
}

pub(super) async fn tenants_take_turns(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    let mut tasks: Vec<Task> = (0..40).map(|n| of("large", n, 1)).collect();
    tasks.extend((40..60).map(|n| of("middle", n, 2)));
    tasks.push(of("small", 60, 900));
    trial.write(arming(&tasks)).await;
    let first = claim(&trial, 3, Allowance::default()).await;
    let mut tenants: Vec<&str> = first.iter().map(|c| c.task.tenant.as_str()).collect();
    tenants.sort_unstable();
    assert_eq!(tenants, ["large", "middle", "small"]);
    let mut served: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..10 {
        let claimed = claim(&trial, 1, Allowance::default()).await;
        *served.entry(claimed[0].task.tenant.clone()).or_default() += 1;
        trial.write(settling(&claimed)).await;
    }
    assert_eq!(served["large"], 5, "turns go on from one claim to the next");
    assert_eq!(served["middle"], 5);
    // One that comes again is neither behind a backlog nor before everyone for good.
    trial.write(arming(&[of("small", 61, 950)])).await;
    trial.write(arming(&[of("small", 62, 950)])).await;
    let claimed = claim(&trial, 6, Allowance::default()).await;
    let small = claimed.iter().filter(|c| c.task.tenant == "small");
    assert_eq!(small.count(), 2);
}

pub(super) async fn many_small_tenants_do_not_starve_a_large_one(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    let backlog: Vec<Task> = (0..20).map(|n| of("large", n, 900)).collect();
    trial.write(arming(&backlog)).await;
    let names = ["a", "b", "c", "d"];
    let mut large = 0;
    for round in 0..10_u32 {
        let fresh = names
            .iter()
            .zip(0..)
            .map(|(name, n)| of(name, 100 + round * 4 + n, 1));
        trial.write(arming(&fresh.collect::<Vec<_>>())).await;
        let claimed = claim(&trial, 4, Allowance::default()).await;
        large += claimed.iter().filter(|c| c.task.tenant == "large").count();
        trial.write(settling(&claimed)).await;
    }
    assert!(
        large >= 5,
        "a fifth of the turns are its own: {large} of 40"
    );
}

pub(super) async fn allowances_hold(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    let tasks: Vec<Task> = (0..30).map(|n| of("acme", n, 1)).collect();
    trial.write(arming(&tasks)).await;
    let webhooks = (30..40).map(|n| Task {
        lane: "webhook".to_owned(),
        ..of("other", n, 5)
    });
    trial.write(arming(&webhooks.collect::<Vec<_>>())).await;
    let lane = Allowance {
        lanes: [("graph".to_owned(), 2)].into(),
        each_lane: 3,
        ..Allowance::default()
    };
    assert_eq!(claim(&trial, 100, lane).await.len(), 5);
    let tenant = Allowance {
        tenants: [("other".to_owned(), 0)].into(),
        each_tenant: 4,
        ..Allowance::default()
    };
    let claimed = claim(&trial, 100, tenant.clone()).await;
    assert_eq!(claimed.len(), 4);
    assert!(claimed.iter().all(|c| c.task.tenant == "acme"));
    let next = trial.running().next_due(&tenant, &known()).await;
    assert_eq!(
        next.expect("the store answers"),
        Some(Timestamp::from_millis(1))
    );
    let nothing = Allowance {
        each_tenant: 0,
        ..Allowance::default()
    };
    assert!(claim(&trial, 100, nothing.clone()).await.is_empty());
    let next = trial.running().next_due(&nothing, &known()).await;
    assert_eq!(next.expect("the store answers"), None);
}

pub(super) async fn what_is_overdue_comes_last(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::without_restarts(subject).await;
    let mut tasks: Vec<Task> = (0..20).map(|n| of("acme", n, 10)).collect();
    tasks.extend((20..23).map(|n| of("acme", n, 800)));
    trial.write(arming(&tasks)).await;
    let spread = |overdue| Allowance {
        fresh_from: Timestamp::from_millis(500),
        overdue,
        ..Allowance::default()
    };
    let claimed = claim(&trial, 5, spread(10)).await;
    let dues: Vec<i64> = claimed.iter().map(|c| c.task.due.millis()).collect();
    assert_eq!(dues, [800, 800, 800, 10, 10]);
    trial
        .write(arming(&[of("acme", 40, 800), of("acme", 41, 800)]))
        .await;
    let some_first = Allowance {
        overdue_first: 1,
        ..spread(2)
    };
    let claimed = claim(&trial, 4, some_first.clone()).await;
    let dues: Vec<i64> = claimed.iter().map(|c| c.task.due.millis()).collect();
    assert_eq!(dues, [10, 800, 800, 10]);
    trial.write(arming(&[of("other", 42, 800)])).await;
    let claimed = claim(&trial, 1, some_first).await;
    assert_eq!(claimed[0].task.due.millis(), 10, "whoever's turn it is");
    assert_eq!(claim(&trial, 1, spread(4)).await[0].task.tenant, "other");
    assert_eq!(claim(&trial, 100, spread(4)).await.len(), 4);
    trial.write(arming(&[of("acme", 30, 700)])).await;
    let none = spread(0);
    let next = trial.running().next_due(&none, &known()).await;
    assert_eq!(
        next.expect("the store answers"),
        Some(Timestamp::from_millis(700))
    );
    assert_eq!(claim(&trial, 100, none).await.len(), 1);
    assert_eq!(claim(&trial, 100, spread(100)).await.len(), 11);
}
