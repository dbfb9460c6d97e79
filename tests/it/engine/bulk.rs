//! Bulk acts: each item once whatever happens, at its rate, and nothing that came to match later.

use std::time::Duration;

use engine::testing::Fault;
use engine::{
    Act, Actor, Bulk, BulkCursor, BulkEvent, BulkFacts, BulkOrder, BulkResult, BulkState, Engine,
    Fields, Filter, InstanceId, NewInstance, Note, Outcome, Reason, SubjectId, bulk_items,
};

use super::errand::{Event, Facts, State};
use super::stage::{Stage, born, hears, history, operator, state, why};

fn waiting() -> Filter {
    Filter {
        workflow: Some("errand".to_owned()),
        states: vec!["waiting".to_owned()],
        ..Filter::default()
    }
}

fn order(rate_per_minute: u32) -> BulkOrder {
    BulkOrder {
        act: Act::Submit {
            event: "start".to_owned(),
            fields: Fields::new(),
        },
        filter: waiting(),
        reason: "all of them".to_owned(),
        by: "ops".to_owned(),
        rate_per_minute,
    }
}

async fn ordered(engine: &Engine, rate_per_minute: u32) -> InstanceId {
    given(engine, order(rate_per_minute)).await
}

async fn given(engine: &Engine, order: BulkOrder) -> InstanceId {
    let new = NewInstance::<Bulk> {
        id: InstanceId::new("blk_1"),
        subject: SubjectId::new("house"),
        facts: BulkFacts::ordered(order, engine.now()),
        parent: None,
        note: Note::plain("ordered", Actor::Operator),
    };
    let job = engine.create(new, Vec::new()).await.unwrap();
    job.record.id
}

async fn errands(engine: &Engine, count: usize) -> Vec<InstanceId> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(born(engine, &format!("e{number:03}"), Facts::default()).await);
    }
    ids
}

/// How often this happened to each.
async fn times(engine: &Engine, ids: &[InstanceId], what: &str) -> Vec<usize> {
    let mut counts = Vec::new();
    for id in ids {
        let told = history(engine, id).await;
        counts.push(told.iter().filter(|line| *line == what).count());
    }
    counts
}

async fn all_starts(engine: &Engine, ids: &[InstanceId]) -> Vec<usize> {
    times(engine, ids, "started").await
}

/// Where the job stands and its counts: done, skipped, failed, left.
async fn progress(engine: &Engine, job: &InstanceId) -> (BulkState, [u64; 4]) {
    let job = engine.read::<Bulk>(job).await.unwrap();
    let counts = job.facts.counts;
    (
        job.state,
        [counts.done, counts.skipped, counts.failed, counts.left()],
    )
}

/// The ids of items with this result and why.
async fn items(engine: &Engine, job: &InstanceId, result: BulkResult) -> Vec<(String, String)> {
    let documents = engine.documents();
    let found = bulk_items(&documents, job, Some(result), (100, BulkCursor::default()));
    let (items, next) = found.await.unwrap();
    assert_eq!(next, None);
    let told = |item: engine::BulkItem| {
        let why = item.why.map(|why| why.code);
        (item.id.to_string(), why.unwrap_or_default())
    };
    items.into_iter().map(told).collect()
}

#[tokio::test]
async fn every_item_is_acted_on_once_and_has_its_result() {
    let stage = Stage::new();
    let engine = stage.process();
    let ids = errands(&engine, 250).await;
    let job = ordered(&engine, 60_000).await;
    for _ in 0..3 {
        stage.after_secs(&engine, 1).await;
    }
    assert_eq!(
        progress(&engine, &job).await,
        (BulkState::Finished, [250, 0, 0, 0])
    );
    assert!(
        all_starts(&engine, &ids)
            .await
            .iter()
            .all(|&count| count == 1)
    );
    let documents = engine.documents();
    let mut seen = Vec::new();
    let mut after = BulkCursor::default();
    loop {
        let page = bulk_items(&documents, &job, None, (70, after));
        let (items, next) = page.await.unwrap();
        seen.extend(items.into_iter().map(|item| item.id));
        match next {
            Some(next) => after = next,
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, ids, "paged through without a gap or a repeat");
}

#[tokio::test]
async fn a_crash_at_any_commit_of_a_job_acts_on_nothing_twice_and_leaves_nothing_out() {
    let mut crashes = 0;
    for nth in 1.. {
        for fault in [Fault::BeforeApplying, Fault::AfterApplying] {
            let stage = Stage::new();
            let engine = stage.process();
            let ids = errands(&engine, 5).await;
            let job = ordered(&engine, 60).await;
            stage.store.fall_at(nth, fault);
            let before = stage.store.commits();
            let working = async {
                for _ in 0..10 {
                    stage.clock.advance(Duration::from_secs(2));
                    // What the fallen store answers is the crash.
                    let _ = engine.work_off().await;
                }
            };
            tokio::select! {
                () = working => {}
                () = stage.store.fallen() => crashes += 1,
            }
            if stage.store.commits() < before + nth {
                assert!(crashes > 20, "{crashes} crashes only");
                return;
            }
            stage.store.rise();
            let engine = stage.process();
            for _ in 0..10 {
                stage.after_secs(&engine, 61).await;
            }
            let case = format!("{fault:?} at commit {nth}");
            let told = progress(&engine, &job).await;
            assert_eq!(told, (BulkState::Finished, [5, 0, 0, 0]), "{case}");
            assert_eq!(all_starts(&engine, &ids).await, [1; 5], "{case}");
        }
    }
}

#[tokio::test]
async fn a_job_goes_no_faster_than_its_rate() {
    let stage = Stage::new();
    let engine = stage.process();
    errands(&engine, 20).await;
    let job = ordered(&engine, 60).await;
    engine.work_off().await.unwrap();
    let mut done = Vec::new();
    for _ in 0..10 {
        done.push(progress(&engine, &job).await.1[0]);
        stage.after_secs(&engine, 1).await;
    }
    // Two acts every two seconds.
    assert_eq!(done, [2, 2, 4, 4, 6, 6, 8, 8, 10, 10]);
    // What was missed is not caught up with: a rate spares whoever is acted upon.
    stage.after_secs(&engine, 3600).await;
    assert_eq!(progress(&engine, &job).await.1[0], 14);
}

#[tokio::test]
async fn what_comes_to_match_later_is_left_alone_and_what_no_longer_matches_is_skipped() {
    let stage = Stage::new();
    let engine = stage.process();
    let ids = errands(&engine, 4).await;
    let job = ordered(&engine, 60).await;
    engine.work_off().await.unwrap();
    // Newest first, two at a time: the two oldest have yet to come.
    hears(&engine, &ids[0], Event::Canceled).await;
    let newcomer = born(&engine, "newcomer", Facts::default()).await;
    for _ in 0..3 {
        stage.after_secs(&engine, 2).await;
    }
    assert_eq!(
        progress(&engine, &job).await,
        (BulkState::Finished, [3, 1, 0, 0])
    );
    let skipped = items(&engine, &job, BulkResult::Skipped).await;
    let expected = [("e000".to_owned(), "no_longer_matches".to_owned())];
    assert_eq!(skipped, expected);
    assert_eq!(state(&engine, &newcomer).await, State::Waiting);
}

#[tokio::test]
async fn what_changed_into_the_set_after_the_order_is_not_in_it() {
    let stage = Stage::new();
    let engine = stage.process();
    let ids = errands(&engine, 2).await;
    for _ in &ids {
        let whom = Actor::Outside;
        stage.world.answers(Outcome::Ask { whom, why: why() });
    }
    hears(&engine, &ids[0], Event::Start).await;
    let pause = BulkOrder {
        act: Act::Pause,
        filter: Filter {
            states: vec!["working".to_owned()],
            ..Filter::default()
        },
        ..order(600)
    };
    let job = given(&engine, pause).await;
    stage.clock.advance(Duration::from_millis(1));
    hears(&engine, &ids[1], Event::Start).await;
    engine.work_off().await.unwrap();
    let told = progress(&engine, &job).await;
    assert_eq!(told, (BulkState::Finished, [1, 0, 0, 0]));
    assert_eq!(times(&engine, &ids, "paused").await, [1, 0]);
}

#[tokio::test]
async fn what_failed_is_tried_again_and_nothing_else() {
    let stage = Stage::new();
    let engine = stage.process();
    let ids = errands(&engine, 5).await;
    for place in [0, 2, 4] {
        operator(&engine, &ids[place], Act::Pause).await;
    }
    let resume = BulkOrder {
        act: Act::Resume,
        ..order(600)
    };
    let preview = engine.preview_bulk(&resume, 2).await.unwrap();
    assert_eq!((preview.count, preview.exact), (5, true));
    let refused: u64 = preview.refused.values().map(|(_, count)| count).sum();
    assert_eq!(refused, 2);
    let would = preview.sample.iter().map(|(_, refusal)| refusal.is_none());
    assert_eq!(would.collect::<Vec<_>>(), [true, false]);
    let job = given(&engine, resume).await;
    stage.after_secs(&engine, 1).await;
    let told = progress(&engine, &job).await;
    assert_eq!(told, (BulkState::Finished, [3, 0, 2, 0]));
    let failed = items(&engine, &job, BulkResult::Failed).await;
    let failed: Vec<&str> = failed.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(failed, ["e003", "e001"]);
    operator(&engine, &ids[3], Act::Pause).await;
    let event = BulkEvent::FailedRetried {
        reason: Reason::new("operator", "one of them may go on"),
    };
    engine.submit::<Bulk>(&job, event).await.unwrap();
    stage.after_secs(&engine, 1).await;
    let told = progress(&engine, &job).await;
    assert_eq!(told, (BulkState::Finished, [4, 0, 1, 0]));
    assert_eq!(times(&engine, &ids, "resumed").await, [1, 0, 1, 1, 1]);
}

#[tokio::test]
async fn a_job_can_be_paused_and_called_off_between_two_turns() {
    let stage = Stage::new();
    let engine = stage.process();
    let ids = errands(&engine, 8).await;
    let job = ordered(&engine, 60).await;
    engine.work_off().await.unwrap();
    operator(&engine, &job, Act::Pause).await;
    stage.after_secs(&engine, 600).await;
    assert_eq!(progress(&engine, &job).await.1[0], 2, "paused");
    operator(&engine, &job, Act::Resume).await;
    engine.work_off().await.unwrap();
    assert_eq!(progress(&engine, &job).await.1[0], 4, "resumed");
    let event = BulkEvent::Canceled {
        reason: Reason::new("operator", "enough"),
    };
    engine.submit::<Bulk>(&job, event).await.unwrap();
    stage.after_secs(&engine, 600).await;
    assert_eq!(
        progress(&engine, &job).await,
        (BulkState::Canceled, [4, 0, 0, 4])
    );
    let started: usize = all_starts(&engine, &ids).await.into_iter().sum();
    assert_eq!(started, 4, "what was done stays done and nothing follows");
}

#[tokio::test]
async fn what_was_done_before_a_job_is_called_off_in_the_middle_of_a_turn_has_its_results() {
    let stage = Stage::new();
    let engine = stage.process();
    let ids = errands(&engine, 8).await;
    let job = ordered(&engine, 60).await;
    let gate = stage.world.holds_next_write("started");
    let turns = engine.work_off();
    let calls_off = async {
        gate.entered().await;
        let event = BulkEvent::Canceled {
            reason: Reason::new("operator", "enough"),
        };
        engine.submit::<Bulk>(&job, event).await.unwrap();
        gate.open();
    };
    tokio::join!(turns, calls_off).0.unwrap();
    assert_eq!(
        progress(&engine, &job).await,
        (BulkState::Canceled, [2, 0, 0, 6])
    );
    let done = items(&engine, &job, BulkResult::Done).await;
    let started = times(&engine, &ids, "started").await;
    let started = ids.iter().zip(started).filter(|(_, times)| *times == 1);
    let mut started: Vec<_> = started.map(|(id, _)| id.to_string()).collect();
    started.reverse();
    let done: Vec<_> = done.into_iter().map(|(id, _)| id).collect();
    assert_eq!(done, started, "whatever was acted on says so");
}

#[tokio::test]
async fn a_job_never_acts_on_jobs() {
    let stage = Stage::new();
    let engine = stage.process();
    errands(&engine, 1).await;
    let everything = BulkOrder {
        filter: Filter::default(),
        ..order(600)
    };
    let job = given(&engine, everything).await;
    engine.work_off().await.unwrap();
    assert_eq!(progress(&engine, &job).await.1, [1, 0, 0, 0]);
}
