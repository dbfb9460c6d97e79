//! A subject's data is destroyed with its key; that something happened stays provable.

use engine::testing::Fault;
use engine::{
    Actor, Chore, Document, Engine, EngineError, Erasure, Filter, InstanceId, Item, Label,
    NewInstance, Outcome, PageOrder, Reason, Record, SealError, SealJournals, Store, SubjectId,
    Verifier,
};

use super::errand::{Errand, Event, Facts};
use super::stage::{Stage, born, hears, history, read};

fn client() -> SubjectId {
    SubjectId::new("client_1")
}

async fn erase(engine: &Engine) -> Result<Erasure, EngineError> {
    let reason = Reason::new("operator", "the client asked for it");
    engine.erase(&client(), Actor::Operator, reason).await
}

/// An ended errand whose place and tries are known, and a child that is still under way.
async fn ended(stage: &Stage, engine: &Engine) -> InstanceId {
    let facts = Facts {
        sends: true,
        place: Some("window seat".to_owned()),
        ..Facts::default()
    };
    let id = born(engine, "a", facts).await;
    stage.world.answers(Outcome::Retry {
        why: Reason::new("refused", "it was refused"),
        after: None,
        otherwise: None,
    });
    stage
        .world
        .answers(Outcome::Done(Event::Made("made".to_owned())));
    stage.world.answers(Outcome::Quiet {
        why: Reason::new("child_out", "a child is on its way"),
        mover: Actor::Outside,
    });
    // The child waits long for its turn.
    stage.world.answers(Outcome::Wait {
        until: stage.in_secs(900),
        why: Reason::new("limit", "it is too early"),
        mover: Actor::Outside,
    });
    hears(engine, &id, Event::Start).await;
    engine.work_off().await.unwrap();
    stage.after_secs(engine, 30).await;
    hears(engine, &id, Event::Canceled).await;
    id
}

async fn every_document(store: &dyn Store, spaces: &[&str]) -> Vec<Document> {
    let page = PageOrder {
        limit: 1_000,
        after: None,
    };
    let mut found = Vec::new();
    for space in spaces {
        found.extend(store.scan(space, "", &page).await.unwrap().items);
    }
    found
}

#[tokio::test]
async fn once_erased_nothing_opens_the_facts_and_no_label_finds_them() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = ended(&stage, &engine).await;
    let before = read(&engine, &id).await.record;
    let wrapped = stage.store.document("subject_keys", "client_1").await;
    let wrapped = wrapped.unwrap().unwrap();
    erase(&engine).await.unwrap();
    // Another process, which never had the key at hand, with the master key in its vault.
    for engine in [engine, stage.process()] {
        let opened = engine.read::<Errand>(&id).await;
        assert!(matches!(opened, Err(EngineError::Seal(SealError::Erased))));
        let old = engine.open::<Errand>(before.clone()).await;
        assert!(matches!(old, Err(EngineError::Seal(SealError::Erased))));
    }
    let now = stage
        .store
        .document("subject_keys", "client_1")
        .await
        .unwrap();
    assert_ne!(now.unwrap().body, wrapped.body);
    assert_eq!(
        every_document(stage.store.as_ref(), &["attempts"]).await,
        []
    );
    let filter = Filter {
        labels: vec![("place".to_owned(), "window seat".to_owned())],
        ..Filter::default()
    };
    let page = PageOrder {
        limit: 9,
        after: None,
    };
    let found = stage.store.find(&filter, &page).await.unwrap();
    assert!(found.items.is_empty());
    let record = stage.store.load(&id).await.unwrap().unwrap();
    assert!(record.facts.is_empty() && record.erased_at.is_some());
}

#[tokio::test]
async fn an_erased_history_can_still_be_checked_and_says_that_it_was_erased() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = ended(&stage, &engine).await;
    SealJournals.run(&engine).await.unwrap();
    erase(&engine).await.unwrap();
    SealJournals.run(&engine).await.unwrap();
    assert_eq!(history(&engine, &id).await.last().unwrap(), "erased");
    let verifier = Verifier::new(stage.store.clone(), stage.vault.clone());
    let findings = verifier.verify(None).await.unwrap();
    assert_eq!(findings.told, []);
    let counted: u64 = engine.tally().await.unwrap().iter().map(|(_, n)| n).sum();
    assert_eq!(counted, 2, "counts hold");
}

#[tokio::test]
async fn what_is_under_way_is_refused_and_its_children_end_with_it() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = born(&engine, "a", Facts::default()).await;
    let refused = erase(&engine).await;
    assert!(matches!(refused, Err(EngineError::StillLive(live)) if live == id));
    let stage = Stage::new();
    let engine = stage.process();
    let id = ended(&stage, &engine).await;
    let child = InstanceId::new("a-child");
    let foreseen = engine.foresee_erasure(&client()).await.unwrap();
    let done = erase(&engine).await.unwrap();
    assert_eq!(foreseen.instances, done.instances);
    assert!(done.instances.contains(&id) && done.instances.contains(&child));
    for id in [&id, &child] {
        assert_eq!(engine.tasks(id).await.unwrap(), []);
        assert!(stage.store.load(id).await.unwrap().unwrap().ended);
    }
    // Whatever was in hand or still comes is disposed of.
    engine.work_off().await.unwrap();
}

#[tokio::test]
async fn an_erased_subject_never_gets_another_key() {
    let stage = Stage::new();
    let engine = stage.process();
    ended(&stage, &engine).await;
    erase(&engine).await.unwrap();
    for engine in [engine, stage.process()] {
        let made = engine.create(super::stage::new("b", Facts::default()), Vec::new());
        assert!(matches!(
            made.await,
            Err(EngineError::Seal(SealError::Erased))
        ));
    }
}

#[tokio::test]
async fn whoever_still_has_an_erased_clients_key_at_hand_gives_birth_to_nobody() {
    let stage = Stage::new();
    let (one, other) = (stage.process(), stage.process());
    let id = ended(&stage, &one).await;
    read(&other, &id).await;
    erase(&one).await.unwrap();
    let made = other.create(super::stage::new("b", Facts::default()), Vec::new());
    let made = made.await;
    assert!(
        matches!(made, Err(EngineError::Seal(SealError::Erased))),
        "{made:?}"
    );
    let missing = stage.store.load(&InstanceId::new("b")).await;
    assert_eq!(missing.unwrap(), None);
}

#[tokio::test]
async fn what_is_born_beside_an_erasure_ends_with_it() {
    let stage = Stage::new();
    let (one, other) = (stage.process(), stage.process());
    let id = ended(&stage, &one).await;
    read(&other, &id).await;
    stage.store.meanwhile_at(1, async move {
        born(&other, "late", Facts::default()).await;
    });
    let late = InstanceId::new("late");
    let erased = erase(&one).await.unwrap();
    assert!(erased.ended.contains(&late), "{erased:?}");
    let record = stage.store.load(&late).await.unwrap().unwrap();
    assert!(record.ended && record.erased_at.is_some() && record.facts.is_empty());
    assert!(erase(&one).await.unwrap().erased_at.is_some());
}

#[tokio::test]
async fn a_live_instance_without_a_key_does_not_keep_an_erasure_from_being_finished() {
    let stage = Stage::new();
    let engine = stage.process();
    let id = ended(&stage, &engine).await;
    let left = Record {
        id: InstanceId::new("left"),
        ended: false,
        labels: vec![Label::shared("subject", "client_1")],
        ..read(&engine, &id).await.record
    };
    erase(&engine).await.unwrap();
    let left = Item::Record(Box::new(left));
    stage.store.take_in(vec![left]).await.unwrap();
    let again = erase(&engine).await.unwrap();
    assert_eq!(again.ended, [InstanceId::new("left")]);
}

#[tokio::test]
async fn an_erasure_that_was_cut_off_is_finished_by_doing_it_again() {
    for fault in [Fault::BeforeApplying, Fault::AfterApplying] {
        let stage = Stage::new();
        let engine = stage.process();
        let id = ended(&stage, &engine).await;
        stage.store.fall_at(1, fault);
        assert!(erase(&engine).await.is_err());
        stage.store.rise();
        let again = stage.process();
        assert!(erase(&again).await.unwrap().erased_at.is_some());
        let opened = again.read::<Errand>(&id).await;
        assert!(matches!(opened, Err(EngineError::Seal(SealError::Erased))));
        let erased = history(&again, &id).await;
        let lines = erased.iter().filter(|line| *line == "erased").count();
        assert_eq!(lines, 1, "{erased:?}");
    }
}

#[tokio::test]
async fn what_belongs_to_the_installation_itself_is_never_erased() {
    let stage = Stage::new();
    let engine = stage.process();
    for own in ["journal", "house", "definitions"] {
        let subject = SubjectId::new(own);
        let reason = Reason::new("operator", "a slip of the hand");
        let foreseen = engine.foresee_erasure(&subject).await;
        assert!(matches!(foreseen, Err(EngineError::NotErasable(_))));
        let refused = engine.erase(&subject, Actor::Operator, reason).await;
        assert!(matches!(refused, Err(EngineError::NotErasable(_))));
        let born = NewInstance::<Errand>::new(own, Facts::default());
        let born = engine.create(born, Vec::new()).await;
        assert!(matches!(born, Err(EngineError::NotErasable(_))), "{own}");
    }
}

#[tokio::test]
async fn nobody_elses_instance_is_erased_because_of_a_label_it_carries() {
    let stage = Stage::new();
    let engine = stage.process();
    let facts = |name: &str| Facts {
        marks: vec![("subject".to_owned(), name.to_owned())],
        ..Facts::default()
    };
    let stranger = NewInstance {
        subject: SubjectId::new("client_2"),
        ..super::stage::new("stranger", facts("client_1"))
    };
    engine.create(stranger, Vec::new()).await.unwrap();
    let stranger = InstanceId::new("stranger");
    let own = born(&engine, "own", facts("a private matter")).await;
    hears(&engine, &own, Event::Canceled).await;
    let erased = erase(&engine).await.unwrap();
    assert_eq!(erased.instances, std::slice::from_ref(&own));
    assert!(!read(&engine, &stranger).await.record.ended);
    let record = stage.store.load(&own).await.unwrap().unwrap();
    assert_eq!(
        record.labels,
        [
            Label::shared("tenant", "t_1"),
            Label::shared("subject", "client_1")
        ],
        "a label of its own says nothing any more"
    );
}
