//! A process may die at any commit of a life, before or after it is applied: the end is the same.

use std::time::Duration;

use engine::testing::Fault;
use engine::{Engine, EngineError, InstanceId};

use super::errand::{Errand, Event, Facts, State};
use super::stage::{Stage, history, new, read};

/// Long enough for the longest pause and for a dead process's lease.
const STEP: Duration = Duration::from_secs(61);

/// A client makes an errand, starts it, and waits for its end; asks again where nobody answered.
async fn live(stage: &Stage, engine: &Engine, id: &InstanceId) -> Result<(), EngineError> {
    let facts = Facts {
        sends: true,
        ..Facts::default()
    };
    match engine.create(new(id.as_str(), facts), Vec::new()).await {
        Ok(_) | Err(EngineError::Exists(_)) => {}
        Err(other) => return Err(other),
    }
    match engine.submit::<Errand>(id, Event::Start).await {
        Ok(_) | Err(EngineError::Refused(_)) => {}
        Err(other) => return Err(other),
    }
    for _ in 0..100 {
        engine.work_off().await?;
        if engine.read::<Errand>(id).await?.record.ended {
            return Ok(());
        }
        stage.clock.advance(STEP);
    }
    panic!("it comes to no end");
}

/// A whole life with one death in it; what it came to, in words.
async fn life_with_a_death(death: Option<(usize, Fault)>) -> (Stage, Vec<String>) {
    let stage = Stage::new();
    let id = InstanceId::new("a");
    if let Some((nth, fault)) = death {
        stage.store.fall_at(nth, fault);
    }
    let mut engine = stage.process();
    loop {
        let ended = async {
            if live(&stage, &engine, &id).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = stage.store.fallen() => {}
            () = ended => break,
        }
        stage.store.rise();
        engine = stage.process();
        stage.clock.advance(STEP);
    }
    let child = InstanceId::new("a-child");
    let mut came_to = Vec::new();
    for id in [&id, &child] {
        let end = read(&engine, id).await;
        assert_eq!(end.state, State::Done, "{death:?}");
        assert_eq!(
            stage.world.times_made(id),
            1,
            "{death:?}: {id} was not made once"
        );
        assert!(engine.tasks(id).await.unwrap().is_empty(), "{death:?}");
        came_to.extend(history(&engine, id).await);
    }
    let tally = engine.tally().await.unwrap();
    let counts: Vec<u64> = tally
        .into_iter()
        .map(|(_, count)| count)
        .filter(|n| *n > 0)
        .collect();
    assert_eq!(counts, [2], "{death:?}");
    (stage, came_to)
}

#[tokio::test]
async fn a_death_at_any_commit_changes_nothing_about_the_end() {
    let (stage, undisturbed) = life_with_a_death(None).await;
    let commits = stage.store.commits();
    assert!(commits >= 9, "a life has {commits} commits");
    for nth in 1..=commits {
        for fault in [Fault::BeforeApplying, Fault::AfterApplying] {
            let (_, mut came_to) = life_with_a_death(Some((nth, fault))).await;
            // A try whose outcome was lost is looked for and may leave a line that says so.
            came_to.retain(|line| line != "try_failed");
            assert_eq!(came_to, undisturbed, "death at commit {nth}, {fault:?}");
        }
    }
}
