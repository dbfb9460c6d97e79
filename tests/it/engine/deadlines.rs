//! Moments that matter are heard once each, whatever happened to the instance meanwhile.

use engine::Act;

use super::errand::{Alarm, Event, Facts, State};
use super::stage::{Stage, born, hears, operator, read, state};

fn with(alarms: Vec<(engine::Timestamp, Alarm)>) -> Facts {
    Facts {
        alarms,
        ..Facts::default()
    }
}

#[tokio::test]
async fn a_moment_is_heard_when_it_comes_and_not_before() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", with(vec![(stage.in_secs(60), Alarm::Ends)])).await;
    stage.after_secs(&engine, 59).await;
    assert_eq!(state(&engine, &id).await, State::Waiting);
    stage.after_secs(&engine, 1).await;
    assert_eq!(state(&engine, &id).await, State::Gone);
    assert!(engine.tasks(&id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_moment_outlives_changes_of_state() {
    let stage = Stage::new();
    let engine = stage.process();
    let alarms = vec![(stage.in_secs(60), Alarm::Ends)];
    let id = born(&engine, "a", with(alarms)).await;
    hears(&engine, &id, Event::Start).await;
    operator(&engine, &id, Act::Pause).await;
    hears(&engine, &id, Event::Made("by hand".to_owned())).await;
    stage.after_secs(&engine, 59).await;
    assert_eq!(state(&engine, &id).await, State::Closing);
    stage.after_secs(&engine, 1).await;
    assert_eq!(
        state(&engine, &id).await,
        State::Gone,
        "a pause does not stop time"
    );
    assert!(engine.tasks(&id).await.unwrap().is_empty());
}

#[tokio::test]
async fn each_of_several_moments_is_heard_once() {
    let stage = Stage::new();
    let engine = stage.process();
    let alarms = vec![
        (stage.in_secs(10), Alarm::IsNoted),
        (stage.in_secs(20), Alarm::IsNoted),
        (stage.in_secs(30), Alarm::Ends),
    ];
    let id = born(&engine, "a", with(alarms)).await;
    // A moment that changes nothing must not be heard over and over.
    tokio::time::timeout(std::time::Duration::from_secs(10), async {
        stage.after_secs(&engine, 10).await;
        assert_eq!(read(&engine, &id).await.facts.heard.len(), 1);
        stage.after_secs(&engine, 10).await;
        assert_eq!(read(&engine, &id).await.facts.heard.len(), 2);
        stage.after_secs(&engine, 10).await;
    })
    .await
    .expect("the engine goes round in circles");
    assert_eq!(state(&engine, &id).await, State::Gone);
}

#[tokio::test]
async fn a_moment_that_means_nothing_hides_no_later_one() {
    let stage = Stage::new();
    let engine = stage.process();
    let alarms = vec![
        (stage.in_secs(10), Alarm::MeansNothing),
        (stage.in_secs(20), Alarm::Ends),
    ];
    let id = born(&engine, "a", with(alarms)).await;
    stage.after_secs(&engine, 10).await;
    stage.after_secs(&engine, 10).await;
    assert_eq!(state(&engine, &id).await, State::Gone);
}

#[tokio::test]
async fn moments_that_came_while_nobody_looked_are_all_heard() {
    let stage = Stage::new();
    let engine = stage.process();
    let alarms = vec![
        (stage.in_secs(10), Alarm::MeansNothing),
        (stage.in_secs(20), Alarm::Ends),
    ];
    let id = born(&engine, "a", with(alarms)).await;
    stage.after_secs(&engine, 3600).await;
    assert_eq!(state(&engine, &id).await, State::Gone);
}

#[tokio::test]
async fn what_begins_anew_has_its_moments_again() {
    let stage = Stage::new();
    let engine = stage.process();
    let alarms = vec![
        (stage.in_secs(10), Alarm::Ends),
        (stage.in_secs(1000), Alarm::Ends),
    ];
    let id = born(&engine, "a", with(alarms)).await;
    stage.after_secs(&engine, 10).await;
    assert_eq!(state(&engine, &id).await, State::Gone);
    hears(&engine, &id, Event::Start).await;
    let tasks = engine.tasks(&id).await.unwrap();
    assert!(tasks.iter().any(|task| task.work == engine::Work::Deadline));
}
