//! The way back: what is foreseen of it, what is not done twice, what cannot land any more, and
//! which ways back are refused.

use engine::{Act, ActError, InstanceId, Intervened, Intervention, Outcome, Outlook, Preview};

use super::errand::{Event, Facts, State};
use super::stage::{Stage, born, by_operator, hears, history, operator, read, started, state, why};

fn back_to(to: &str) -> Act {
    Act::Rewind { to: to.to_owned() }
}

fn outlooks(preview: &Preview) -> Vec<(&'static str, Outlook)> {
    let effects = preview.effects.iter();
    effects
        .map(|effect| (effect.command, effect.outlook))
        .collect()
}

async fn refusal(engine: &engine::Engine, id: &InstanceId, to: &str) -> String {
    match engine.intervene(id, &by_operator(back_to(to))).await {
        Err(ActError::NotPossible(reason)) => reason.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_made_once_is_not_made_again_on_the_way_back() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    assert_eq!(state(&engine, &id).await, State::Done);
    let seen = engine.preview(&id, &by_operator(back_to("working"))).await;
    let seen = seen.unwrap();
    assert_eq!(
        (seen.from, seen.to, seen.owes),
        ("done", "working", Some("make"))
    );
    assert_eq!(
        outlooks(&seen),
        [
            ("make", Outlook::Deduplicated),
            ("make", Outlook::CannotBeUndone),
            ("close", Outlook::Deduplicated),
        ]
    );
    assert_eq!(seen.facts[0].name, "made");
    let before = read(&engine, &id).await.record;
    assert_eq!(
        state(&engine, &id).await,
        State::Done,
        "a look changes nothing"
    );
    stage.world.asked();
    operator(&engine, &id, back_to("working")).await;
    let after = read(&engine, &id).await;
    assert_eq!((after.state, after.facts.made), (State::Working, None));
    assert!(after.record.visit > before.visit);
    engine.work_off().await.unwrap();
    assert_eq!(stage.world.asked(), ["check", "close"]);
    assert_eq!(stage.world.times_made(&id), 1);
    assert_eq!(state(&engine, &id).await, State::Done);
    assert!(history(&engine, &id).await.contains(&"rewound".to_owned()));
}

#[tokio::test]
async fn what_had_not_happened_is_made_after_the_look() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", Facts::default()).await;
    hears(&engine, &id, Event::Start).await;
    hears(&engine, &id, Event::Made("by hand".to_owned())).await;
    operator(&engine, &id, back_to("waiting")).await;
    hears(&engine, &id, Event::Start).await;
    stage.world.asked();
    stage.after_secs(&engine, 60).await;
    assert_eq!(stage.world.asked(), ["check", "make", "close"]);
    assert_eq!(stage.world.times_made(&id), 1);
}

#[tokio::test]
async fn an_outcome_from_before_a_rewind_cannot_land() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    operator(&engine, &id, back_to("closing")).await;
    let gate = stage.world.holds_next();
    tokio::join!(async { engine.work_off().await.unwrap() }, async {
        gate.entered().await;
        // The close is in flight; the work before it begins anew.
        operator(&engine, &id, back_to("working")).await;
        operator(&engine, &id, Act::Pause).await;
        gate.open();
    });
    assert_eq!(state(&engine, &id).await, State::Working);
    assert!(!history(&engine, &id).await[6..].contains(&"closed".to_owned()));
    operator(&engine, &id, Act::Resume).await;
    engine.work_off().await.unwrap();
    assert_eq!(state(&engine, &id).await, State::Done);
    assert_eq!(stage.world.times_made(&id), 1);
}

#[tokio::test]
async fn a_way_back_that_cannot_be_right_is_refused_with_its_reason() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", Facts::default()).await;
    assert_eq!(refusal(&engine, &id, "working").await, "never_visited");
    assert_eq!(refusal(&engine, &id, "nowhere").await, "no_milestone");
    assert_eq!(refusal(&engine, &id, "waiting").await, "not_earlier");
    hears(&engine, &id, Event::Start).await;
    operator(&engine, &id, back_to("waiting")).await;
    assert_eq!(refusal(&engine, &id, "working").await, "not_earlier");
    hears(&engine, &id, Event::Start).await;
    hears(&engine, &id, Event::Canceled).await;
    assert_eq!(refusal(&engine, &id, "waiting").await, "gone");
}

#[tokio::test]
async fn a_repeat_of_an_operation_is_answered_and_not_carried_out() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    let act = |act, operation: &str| Intervention {
        operation: Some(operation.to_owned()),
        ..by_operator(act)
    };
    let first = engine
        .intervene(&id, &act(back_to("waiting"), "op_1"))
        .await;
    assert!(matches!(first, Ok(Intervened::Done(_))), "{first:?}");
    hears(&engine, &id, Event::Start).await;
    let second = engine
        .intervene(&id, &act(back_to("waiting"), "op_1"))
        .await;
    assert_eq!(second.unwrap(), Intervened::Repeated);
    assert_eq!(state(&engine, &id).await, State::Working);
    let other = engine.intervene(&id, &act(Act::Pause, "op_1")).await;
    assert!(matches!(other, Err(ActError::OperationReused(name)) if name == "rewind"));
    // Two clicks at the same moment are one as well.
    let pause = act(Act::Pause, "op_2");
    let (one, two) = tokio::join!(engine.intervene(&id, &pause), engine.intervene(&id, &pause));
    let repeated = [one.unwrap(), two.unwrap()];
    assert_eq!(
        repeated
            .iter()
            .filter(|done| **done == Intervened::Repeated)
            .count(),
        1
    );
}

#[tokio::test]
async fn an_operation_is_known_by_its_instance_and_its_name_and_not_by_both_in_a_row() {
    let stage = Stage::new();
    let engine = stage.process();
    let names = [
        ("a", "b/c"),
        ("a/b", "c"),
        ("a%2Fb", "c"),
        ("a%", "c"),
        ("a%25", "c"),
    ];
    for (id, operation) in names {
        let id = started(&engine, id).await;
        let act = Intervention {
            operation: Some(operation.to_owned()),
            ..by_operator(Act::Pause)
        };
        let done = engine.intervene(&id, &act).await;
        assert!(matches!(done, Ok(Intervened::Done(_))), "{id}: {done:?}");
    }
}

#[tokio::test]
async fn an_act_that_names_an_old_look_is_refused() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = started(&engine, "a").await;
    let seen = engine.preview(&id, &by_operator(back_to("waiting"))).await;
    let act = Intervention {
        expected: Some(seen.unwrap().version),
        ..by_operator(back_to("waiting"))
    };
    hears(&engine, &id, Event::Remark("something happened")).await;
    let refused = engine.intervene(&id, &act).await;
    assert!(matches!(refused, Err(ActError::Moved(3))), "{refused:?}");
    assert_eq!(state(&engine, &id).await, State::Working);
}

#[tokio::test]
async fn a_rewound_instance_that_is_paused_stays_paused() {
    let stage = Stage::new();
    let engine = stage.process();
    stage.world.answers(Outcome::Unknown { why: why() });
    let id = started(&engine, "a").await;
    engine.work_off().await.unwrap();
    operator(&engine, &id, Act::Pause).await;
    operator(&engine, &id, back_to("waiting")).await;
    hears(&engine, &id, Event::Start).await;
    stage.world.asked();
    stage.after_secs(&engine, 3600).await;
    assert!(stage.world.asked().is_empty());
    operator(&engine, &id, Act::Resume).await;
    stage.after_secs(&engine, 60).await;
    assert_eq!(
        stage.world.asked()[0],
        "check",
        "the attempt before is looked for"
    );
}
