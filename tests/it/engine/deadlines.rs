//! Moments that matter are heard once each, whatever happened to the instance meanwhile.

use engine::{Act, Chore, RemindDeadlines, RunnerOptions, Work};

use super::errand::{Alarm, Event, Facts, State};
use super::stage::{Stage, born, hears, hold, operator, read, state};

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

#[tokio::test]
async fn a_moment_that_is_learned_later_hides_no_other_and_is_not_hidden() {
    let stage = Stage::new();
    let engine = stage.process();
    for first in [Alarm::IsNoted, Alarm::MeansNothing] {
        let name = format!("{first:?}");
        let alarms = vec![
            (stage.in_secs(10), first),
            (stage.in_secs(30), Alarm::IsNoted),
        ];
        let id = born(&engine, &name, with(alarms)).await;
        stage.after_secs(&engine, 15).await;
        let before = read(&engine, &id).await.facts.heard.len();
        let at = stage.in_secs(5);
        hears(&engine, &id, Event::Wakes(at, Alarm::IsNoted)).await;
        stage.after_secs(&engine, 5).await;
        assert_eq!(
            read(&engine, &id).await.facts.heard.len(),
            before + 1,
            "{name}"
        );
        stage.after_secs(&engine, 10).await;
        assert_eq!(
            read(&engine, &id).await.facts.heard.len(),
            before + 2,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_moment_that_is_learned_when_it_is_over_is_heard_at_once() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(
        &engine,
        "a",
        with(vec![(stage.in_secs(10), Alarm::IsNoted)]),
    )
    .await;
    let at = stage.in_secs(5);
    stage.after_secs(&engine, 10).await;
    hears(&engine, &id, Event::Wakes(at, Alarm::Ends)).await;
    engine.work_off().await.unwrap();
    assert_eq!(state(&engine, &id).await, State::Gone);
}

#[tokio::test]
async fn a_moment_that_was_heard_matters_anew_after_a_move() {
    let stage = Stage::new();
    let engine = stage.process();
    let alarms = vec![(stage.in_secs(10), Alarm::EndsWork)];
    let id = born(&engine, "a", with(alarms)).await;
    stage.after_secs(&engine, 10).await;
    assert_eq!(state(&engine, &id).await, State::Waiting);
    operator(&engine, &id, Act::Pause).await;
    hears(&engine, &id, Event::Start).await;
    engine.work_off().await.unwrap();
    assert_eq!(state(&engine, &id).await, State::Gone);
}

#[tokio::test]
async fn moments_at_the_same_time_are_both_heard() {
    let stage = Stage::new();
    let engine = stage.process();
    let at = stage.in_secs(10);
    let alarms = vec![
        (at, Alarm::IsNoted),
        (at, Alarm::IsNoted),
        (at, Alarm::Ends),
    ];
    let id = born(&engine, "a", with(alarms)).await;
    stage.after_secs(&engine, 10).await;
    let now = read(&engine, &id).await;
    assert_eq!((now.facts.heard.len(), now.state), (2, State::Gone));
}

#[tokio::test]
async fn a_moment_that_was_put_by_comes_back_with_a_move_and_not_before() {
    let stage = Stage::new();
    let engine = stage.process();
    let alarms = vec![(stage.in_secs(10), Alarm::Panics)];
    let id = born(&engine, "a", with(alarms)).await;
    let parked = async {
        while !hold(&engine, &id).await.starts_with("Parked") {
            stage.clock.advance(std::time::Duration::from_secs(10));
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    };
    engine.run(RunnerOptions::default(), parked).await;
    hears(&engine, &id, Event::Remark("still here")).await;
    assert_eq!(
        engine.work_off().await.unwrap(),
        0,
        "a person has to look first"
    );
    hears(&engine, &id, Event::Start).await;
    let tasks = engine.tasks(&id).await.unwrap();
    let mut due = tasks.iter().filter(|task| task.work == Work::Deadline);
    assert!(due.any(|task| task.due <= engine.now()));
}

#[tokio::test]
async fn a_moment_that_was_heard_is_not_heard_again_for_a_sweep_s_sake() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(
        &engine,
        "a",
        with(vec![(stage.in_secs(10), Alarm::IsNoted)]),
    )
    .await;
    stage.after_secs(&engine, 10).await;
    for _ in 0..3 {
        RemindDeadlines.run(&engine).await.unwrap();
        stage.after_secs(&engine, 3600).await;
    }
    assert_eq!(read(&engine, &id).await.facts.heard.len(), 1);
}
