//! A child is born with its cause and tells its parent of its end.

use engine::{Act, InstanceId};

use super::errand::{Event, Facts, State};
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
