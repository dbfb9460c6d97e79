//! A child is born with its cause and tells its parent of its end.

use std::time::Duration;

use engine::{Act, ArchiveEnded, Chore, EngineError, InstanceId};

use super::errand::{Errand, Event, Facts, State};
use super::stage::{Stage, born, hears, history, hold, operator, read, state};

fn sender() -> Facts {
    Facts {
        sends: true,
        ..Facts::default()
    }
}

#[tokio::test]
async fn a_child_tells_its_parent() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", sender()).await;
    hears(&engine, &id, Event::Start).await;
    engine.work_off().await.unwrap();
    let child = InstanceId::new("a-child");
    assert_eq!(state(&engine, &child).await, State::Done);
    assert_eq!(state(&engine, &id).await, State::Done);
    assert_eq!(history(&engine, &id).await.last().unwrap(), "child_ended");
    let child = read(&engine, &child).await.record;
    assert_eq!(child.parent, Some(id.clone()));
    assert_eq!(child.subject, read(&engine, &id).await.record.subject);
}

#[tokio::test]
async fn a_parent_that_waits_for_its_child_says_so() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", sender()).await;
    hears(&engine, &id, Event::Start).await;
    hears(&engine, &id, Event::Made("by hand".to_owned())).await;
    let child = InstanceId::new("a-child");
    operator(&engine, &child, Act::Pause).await;
    engine.work_off().await.unwrap();
    assert_eq!(hold(&engine, &id).await, "Waiting child_out Outside");
}

#[tokio::test]
async fn a_parent_that_has_ended_is_told_in_vain() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", sender()).await;
    hears(&engine, &id, Event::Start).await;
    hears(&engine, &id, Event::Made("by hand".to_owned())).await;
    hears(&engine, &id, Event::Canceled).await;
    engine.work_off().await.unwrap();
    assert_eq!(
        state(&engine, &InstanceId::new("a-child")).await,
        State::Done
    );
    assert_eq!(state(&engine, &id).await, State::Gone);
    assert!(engine.tasks(&id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_parent_that_goes_over_a_birth_again_has_one_child_and_hears_of_its_end_again() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", sender()).await;
    hears(&engine, &id, Event::Start).await;
    hears(&engine, &id, Event::Made("by hand".to_owned())).await;
    let child = InstanceId::new("a-child");
    engine.work_off().await.unwrap();
    assert_eq!(state(&engine, &id).await, State::Done);
    let before = read(&engine, &child).await.record;
    let to = "working".to_owned();
    operator(&engine, &id, Act::Rewind { to }).await;
    engine.work_off().await.unwrap();
    assert_eq!(read(&engine, &child).await.record, before);
    assert_eq!(state(&engine, &id).await, State::Done);
}

#[tokio::test]
async fn a_child_whose_id_is_anothers_parks_its_parent_instead_of_doing_the_work_for_ever() {
    let stage = Stage::new();
    let engine = stage.process();
    born(&engine, "a-child", Facts::default()).await;
    let id = born(&engine, "a", sender()).await;
    hears(&engine, &id, Event::Start).await;
    engine.work_off().await.unwrap();
    assert_eq!(hold(&engine, &id).await, "Parked child_exists Operator");
    assert_eq!(stage.world.times_made(&id), 1);
    let submitted = engine
        .submit::<Errand>(&id, Event::Made("by hand".to_owned()))
        .await;
    assert!(
        matches!(submitted, Err(EngineError::ChildExists(taken)) if taken.as_str() == "a-child")
    );
}

#[tokio::test]
async fn a_parent_stays_at_hand_as_long_as_a_child_may_tell_it_something() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", sender()).await;
    hears(&engine, &id, Event::Start).await;
    hears(&engine, &id, Event::Made("by hand".to_owned())).await;
    let child = InstanceId::new("a-child");
    operator(&engine, &child, Act::Pause).await;
    hears(&engine, &id, Event::Canceled).await;
    stage.after_secs(&engine, 3_600).await;
    let archive = ArchiveEnded {
        archive_after: Some(Duration::from_mins(1)),
        erase_after: None,
    };
    let told = archive.run(&engine).await.unwrap();
    assert_eq!(told, "0 instances archived, 0 clients erased");
    hears(&engine, &child, Event::Canceled).await;
    engine.work_off().await.unwrap();
    assert!(engine.tasks(&id).await.unwrap().is_empty());
    stage.after_secs(&engine, 120).await;
    let told = archive.run(&engine).await.unwrap();
    assert_eq!(told, "2 instances archived, 0 clients erased");
}
