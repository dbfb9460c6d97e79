//! Nothing is silently stuck: what owes a command that no task would run is found and moved on.

use engine::{Act, Change, Chore, InstanceId, RemindDeadlines, ResumeStalled, Store, TaskId};

use super::errand::{Alarm, Event, Facts, State};
use super::stage::{Stage, born, hears, operator, read, started, state};

async fn lose_task(stage: &Stage, id: &InstanceId, key: &str) {
    let task = TaskId {
        instance: id.clone(),
        key: key.to_owned(),
    };
    let change = Change {
        drop_tasks: vec![task],
        ..Change::default()
    };
    stage.store.commit(change).await.unwrap();
}

#[tokio::test]
async fn an_instance_whose_task_vanished_goes_on() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    lose_task(&stage, &id, "command").await;
    assert_eq!(engine.work_off().await.unwrap(), 0);
    let said = ResumeStalled.run(&engine).await.unwrap();
    assert_eq!(said, "1 live instances seen, 1 resumed");
    engine.work_off().await.unwrap();
    assert_eq!(state(&engine, &id).await, State::Done);
}

#[tokio::test]
async fn an_instance_whose_deadline_vanished_gets_it_back() {
    let stage = Stage::new();
    let engine = stage.process();
    let facts = Facts {
        alarms: vec![(stage.in_secs(60), Alarm::Ends)],
        ..Facts::default()
    };
    let id = born(&engine, "a", facts).await;
    lose_task(&stage, &id, "deadline").await;
    let said = RemindDeadlines.run(&engine).await.unwrap();
    assert_eq!(said, "1 live instances seen, 1 reminded");
    stage.after_secs(&engine, 60).await;
    assert_eq!(state(&engine, &id).await, State::Gone);
}

#[tokio::test]
async fn what_is_well_is_left_alone() {
    let stage = Stage::new();
    let engine = stage.process();
    let waiting = born(&engine, "a", Facts::default()).await;
    let due = started(&engine, "b").await;
    let paused = started(&engine, "c").await;
    operator(&engine, &paused, Act::Pause).await;
    lose_task(&stage, &paused, "command").await;
    let ended = started(&engine, "d").await;
    hears(&engine, &ended, Event::Canceled).await;
    let mut before = Vec::new();
    for id in [&waiting, &due, &paused, &ended] {
        before.push(read(&engine, id).await.record);
    }
    let said = ResumeStalled.run(&engine).await.unwrap();
    assert_eq!(said, "3 live instances seen, 0 resumed");
    for (id, before) in [&waiting, &due, &paused, &ended].into_iter().zip(before) {
        assert_eq!(read(&engine, id).await.record, before);
    }
}
