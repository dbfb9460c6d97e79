//! What a process cannot read is parked for an operator with the reason, whatever it does to the
//! code that reads it; and a version that reads next to nothing does not start.

use std::sync::Arc;

use adapters::vault::Vault;
use async_trait::async_trait;
use engine::{
    Act, BeginError, Engine, Executor, Filter, Heard, InstanceId, Job, Outcome, Owner, PageOrder,
    Record, RunnerOptions, Verifier, Workflow,
};
use rust_fsm::state_machine;
use serde::{Deserialize, Serialize};

use super::stage::{Stage, by_operator};

engine::letters! {
    pub enum State { Written, Sent }
    pub enum Input { Posted }
    pub enum Command { Post }
}

state_machine! {
    #[state_machine(state(super::State), input(super::Input), output(super::Command))]
    letter(Written)

    Written => { Posted => Sent },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Street {
    street: String,
}

/// As a later version has it that forgot what stands in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct StreetAndNumber {
    street: u32,
    number: u32,
}

/// As a version has it whose code falls over what stands in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Street")]
struct Fragile {
    street: String,
}

impl From<Street> for Fragile {
    fn from(known: Street) -> Self {
        panic!("{} is not foreseen", known.street.len())
    }
}

macro_rules! release {
    ($release:ident, $facts:ty) => {
        #[derive(Debug)]
        struct $release;

        impl Workflow for $release {
            const NAME: &'static str = "letter";
            type Machine = letter::Impl;
            type Facts = $facts;
            type Event = Input;

            fn first(_facts: &$facts) -> Option<Command> {
                Some(Command::Post)
            }

            fn hear(_: &$facts, _: State, event: Input, _: engine::Timestamp) -> Heard<Self> {
                Heard::letter(event)
            }
        }
    };
}

release!(Today, Street);
release!(Forgetful, StreetAndNumber);
release!(Falling, Fragile);

struct Post;

#[async_trait]
impl<W: Workflow<Event = Input>> Executor<W> for Post
where
    W::Machine: rust_fsm::StateMachineImpl<Output = Command>,
{
    async fn perform(&self, _command: Command, _job: &Job<W>) -> Outcome<Input> {
        Outcome::Done(Input::Posted)
    }
}

fn process<W: Workflow<Event = Input>>(stage: &Stage) -> Engine
where
    W::Machine: rust_fsm::StateMachineImpl<Output = Command>,
{
    let vault: Arc<Vault> = stage.vault.clone();
    let owner = Owner::new("post");
    Engine::builder(stage.store.clone(), stage.clock.clone(), vault, owner)
        .workflow::<W>(Arc::new(Post))
        .build()
}

async fn written(stage: &Stage, name: &str) -> InstanceId {
    let street = "Mill Lane".to_owned();
    let engine = process::<Today>(stage);
    let letter = engine.start::<Today>(name, Street { street }).await;
    letter.unwrap().record.id
}

/// What operators find under attention, by what it waits for.
async fn attention(engine: &Engine, code: &str) -> Vec<Record> {
    let filter = Filter {
        parked: true,
        waiting_for: Some(code.to_owned()),
        ..Filter::default()
    };
    let page = PageOrder {
        limit: 9,
        after: None,
    };
    engine.find(&filter, &page).await.unwrap().items
}

#[tokio::test]
async fn facts_that_do_not_fit_park_their_instance_until_a_version_reads_them() {
    let stage = Stage::new();
    let id = written(&stage, "a").await;
    let engine = process::<Forgetful>(&stage);
    assert_eq!(
        engine.work_off().await.unwrap(),
        1,
        "and not again and again"
    );
    let found = attention(&engine, "unreadable").await;
    assert_eq!(found.len(), 1);
    let told = &found[0].hold.as_ref().unwrap().reason.text;
    assert!(told.contains("facts"), "{told}");
    assert!(!told.contains("Mill"), "no word of what is sealed: {told}");
    let last = engine.journal(&id, 0, 9).await.unwrap().pop().unwrap();
    assert_eq!(last.what, "parked");
    let verifier = Verifier::new(stage.store.clone(), stage.vault.clone());
    assert_eq!(verifier.verify(None).await.unwrap().told, []);

    let engine = process::<Today>(&stage);
    engine
        .intervene(&id, &by_operator(Act::RetryNow))
        .await
        .unwrap();
    engine.work_off().await.unwrap();
    assert!(attention(&engine, "unreadable").await.is_empty());
    assert_eq!(engine.read::<Today>(&id).await.unwrap().state, State::Sent);
}

#[tokio::test]
async fn facts_over_which_the_code_falls_park_their_instance() {
    let stage = Stage::new();
    written(&stage, "a").await;
    let engine = process::<Falling>(&stage);
    let parked = async {
        while attention(&engine, "panicked").await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let run = engine.run(RunnerOptions::default(), parked);
    let limit = std::time::Duration::from_secs(10);
    tokio::time::timeout(limit, run).await.unwrap();
}

#[tokio::test]
async fn a_version_that_can_read_next_to_nothing_does_not_start() {
    let stage = Stage::new();
    written(&stage, "a").await;
    process::<Today>(&stage).begin().await.unwrap();
    let refused = process::<Forgetful>(&stage).begin().await;
    let Err(error @ BeginError::Refused(_)) = refused else {
        panic!("it began");
    };
    let told = error.to_string();
    assert!(
        told.contains("letter 1: 1 in written owing post, 1 live: refused: facts"),
        "{told}"
    );
}

#[tokio::test]
async fn one_instance_that_cannot_be_read_keeps_nobody_from_starting() {
    let stage = Stage::new();
    process::<Forgetful>(&stage).begin().await.unwrap();
    written(&stage, "a").await;
    let engine = process::<Forgetful>(&stage);
    for name in ["b", "c"] {
        let facts = StreetAndNumber {
            street: 1,
            number: 2,
        };
        engine.start::<Forgetful>(name, facts).await.unwrap();
    }
    engine.begin().await.unwrap();
}
