//! What an operator's hand does: retry, pause, resume, and that it never makes anyone forget.

use std::time::Duration;

use engine::{
    Act, ActError, Chore, DocumentDraft, Expected, ForgetExpired, Intervention, Outcome, SubjectId,
};

use super::errand::{Event, Facts, State};
use super::stage::{
    Stage, born, by_operator, hears, history, hold, operator, read, started, state, unknown, why,
};

#[tokio::test]
async fn a_retry_starts_again_with_all_its_tries() {
    let stage = Stage::new();
    let engine = stage.process();
    for _ in 0..5 {
        stage.world.answers(Outcome::Retry {
            why: why(),
            after: None,
            otherwise: None,
        });
    }
    let id = started(&engine, "a").await;
    for _ in 0..3 {
        stage.after_secs(&engine, 60).await;
    }
    assert_eq!(hold(&engine, &id).await, "Parked so_planned Operator");
    operator(&engine, &id, Act::RetryNow).await;
    for _ in 0..3 {
        stage.after_secs(&engine, 60).await;
    }
    assert_eq!(state(&engine, &id).await, State::Done);
    assert_eq!(stage.world.times_made(&id), 1);
}

#[tokio::test]
async fn a_retry_of_what_nobody_knows_begins_with_the_check() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(unknown());
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    assert_eq!(stage.world.asked(), ["make"]);
    operator(&engine, &id, Act::RetryNow).await;
    engine.work_off().await.unwrap();
    assert_eq!(stage.world.asked()[0], "check");
}

#[tokio::test]
async fn nothing_runs_while_it_is_paused_and_then_goes_on() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    operator(&engine, &id, Act::Pause).await;
    stage.after_secs(&engine, 86_400).await;
    assert!(stage.world.asked().is_empty());
    assert_eq!(hold(&engine, &id).await, "Paused operator Operator");
    operator(&engine, &id, Act::Resume).await;
    engine.work_off().await.unwrap();
    assert_eq!(state(&engine, &id).await, State::Done);
    let told = history(&engine, &id).await;
    assert_eq!(
        told,
        ["born", "started", "paused", "resumed", "made", "closed"]
    );
}

#[tokio::test]
async fn what_is_paused_stays_paused_whatever_is_heard() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", Facts::default()).await;
    operator(&engine, &id, Act::Pause).await;
    hears(&engine, &id, Event::Start).await;
    stage.after_secs(&engine, 60).await;
    assert_eq!(state(&engine, &id).await, State::Working);
    assert_eq!(hold(&engine, &id).await, "Paused operator Operator");
    assert!(stage.world.asked().is_empty());
    operator(&engine, &id, Act::Resume).await;
    engine.work_off().await.unwrap();
    assert_eq!(state(&engine, &id).await, State::Done);
}

#[tokio::test]
async fn what_is_paused_in_the_middle_of_a_try_stays_paused() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    let gate = stage.world.holds_next();
    stage.world.answers(unknown());
    tokio::join!(async { engine.work_off().await.unwrap() }, async {
        gate.entered().await;
        operator(&engine, &id, Act::Pause).await;
        gate.open();
    });
    assert_eq!(hold(&engine, &id).await, "Paused operator Operator");
    stage.after_secs(&engine, 3600).await;
    assert_eq!(stage.world.asked(), ["make"]);
    operator(&engine, &id, Act::Resume).await;
    engine.work_off().await.unwrap();
    assert_eq!(stage.world.asked()[0], "check", "still an unknown one");
}

#[tokio::test]
async fn a_pause_does_not_forget_that_an_outcome_is_unknown() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(unknown());
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    operator(&engine, &id, Act::Pause).await;
    // The check comes due while it is paused.
    stage.after_secs(&engine, 3600).await;
    stage.world.asked();
    operator(&engine, &id, Act::Resume).await;
    engine.work_off().await.unwrap();
    assert_eq!(stage.world.asked()[0], "check");
}

#[tokio::test]
async fn a_hand_that_does_not_fit_is_refused() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", Facts::default()).await;
    for act in [Act::RetryNow, Act::Resume] {
        let refused = engine.intervene(&id, &by_operator(act.clone())).await;
        assert!(matches!(refused, Err(ActError::NotPossible(_))), "{act:?}");
    }
    operator(&engine, &id, Act::Pause).await;
    let again = engine.intervene(&id, &by_operator(Act::Pause)).await;
    assert!(matches!(again, Err(ActError::NotPossible(_))));
}

fn edit(place: &serde_json::Value) -> Act {
    let fields = serde_json::json!({ "place": place });
    Act::Edit {
        fields: fields.as_object().unwrap().clone(),
    }
}

#[tokio::test]
async fn an_edit_is_an_event_with_who_and_why_and_shows_its_difference_first() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", Facts::default()).await;
    let act = by_operator(edit(&"here".into()));
    let seen = engine.preview(&id, &act).await.unwrap();
    let told = (seen.facts[0].name.as_str(), &seen.facts[0].after);
    assert_eq!(told, ("place", &"here".into()));
    assert_eq!(read(&engine, &id).await.facts.place, None);
    engine.intervene(&id, &act).await.unwrap();
    assert_eq!(
        read(&engine, &id).await.facts.place.as_deref(),
        Some("here")
    );
    let line = engine.journal(&id, 0, 10).await.unwrap().pop().unwrap();
    assert_eq!(
        (line.what.as_str(), line.actor),
        ("moved", engine::Actor::Operator)
    );
    assert_eq!(line.detail.unwrap().text, "the test wants it");
}

#[tokio::test]
async fn every_wrong_field_of_an_edit_is_named_and_nothing_changes() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", Facts::default()).await;
    for (value, code) in [
        (serde_json::json!(7), "wrong_type"),
        (serde_json::json!("much too long"), "too_long"),
        (serde_json::json!("nowhere"), "invalid"),
    ] {
        let refused = engine.intervene(&id, &by_operator(edit(&value))).await;
        let Err(ActError::WrongFields(wrong)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((wrong[0].field.as_str(), wrong[0].code), ("place", code));
    }
    let token = Act::Edit {
        fields: [("token".to_owned(), "x".into())].into_iter().collect(),
    };
    let refused = engine.intervene(&id, &by_operator(token)).await;
    assert!(
        matches!(refused, Err(ActError::WrongFields(wrong)) if wrong[0].code == "unknown_field")
    );
    assert_eq!(read(&engine, &id).await.record.version, 1);
}

#[tokio::test]
async fn an_event_is_submitted_only_where_the_workflow_takes_it() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", Facts::default()).await;
    let start = || Act::Submit {
        event: "start".to_owned(),
        fields: engine::Fields::new(),
    };
    operator(&engine, &id, start()).await;
    assert_eq!(state(&engine, &id).await, State::Working);
    let again = engine.intervene(&id, &by_operator(start())).await;
    assert!(matches!(again, Err(ActError::NotPossible(_))), "{again:?}");
}

#[tokio::test]
async fn calling_off_ends_even_what_is_paused() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    operator(&engine, &id, Act::Pause).await;
    let undoing = engine
        .intervene(&id, &by_operator(Act::Cancel { undo: true }))
        .await;
    assert!(
        matches!(undoing, Err(ActError::NotPossible(_))),
        "nothing to undo"
    );
    operator(&engine, &id, Act::Cancel { undo: false }).await;
    assert_eq!(state(&engine, &id).await, State::Gone);
    assert_eq!(hold(&engine, &id).await, "none");
}

#[tokio::test]
async fn what_is_offered_can_be_done() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", Facts::default()).await;
    let names = async |id: &engine::InstanceId| -> Vec<&'static str> {
        let record = read(&engine, id).await.record;
        let possible = engine.possible(record).await.unwrap();
        possible.into_iter().map(|possible| possible.act).collect()
    };
    assert_eq!(names(&id).await, ["pause", "submit", "edit"]);
    hears(&engine, &id, Event::Start).await;
    assert_eq!(names(&id).await, ["retry_now", "pause", "cancel", "rewind"]);
    operator(&engine, &id, Act::Pause).await;
    assert_eq!(names(&id).await, ["resume", "cancel", "rewind"]);
    operator(&engine, &id, Act::Cancel { undo: false }).await;
    assert_eq!(names(&id).await, [""; 0]);
}

#[tokio::test]
async fn what_is_remembered_for_a_while_is_forgotten_afterwards() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    let act = Intervention {
        operation: Some("op".to_owned()),
        ..by_operator(Act::Pause)
    };
    engine.intervene(&id, &act).await.unwrap();
    for (key, secs) in [("soon", 60), ("late", 60 * 60 * 24 * 30)] {
        let draft = DocumentDraft {
            space: "papers",
            key,
            subject: &SubjectId::house(),
            expected: Expected::Absent,
            body: &"paper",
            expires_at: Some(stage.in_secs(secs)),
        };
        let documents = engine.documents();
        let puts = documents.seal(draft).await.unwrap();
        documents.write(puts).await.unwrap();
    }
    let chore = ForgetExpired::also_in(&["papers"]);
    let early = chore.run(&engine).await.unwrap();
    assert_eq!(early, "0 expired documents forgotten");
    stage.clock.advance(Duration::from_hours(24 * 8));
    let told = chore.run(&engine).await.unwrap();
    assert_eq!(told, "2 expired documents forgotten");
    let kept = engine.documents().get::<String>("papers", "late").await;
    assert!(kept.unwrap().is_some());
}
