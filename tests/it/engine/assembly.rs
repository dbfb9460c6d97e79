//! An engine is put together before it runs: what does not fit together is said at once.

use std::sync::Arc;

use engine::testing::MemoryStore;
use engine::{
    Engine, EngineError, Executor, Heard, Job, NewInstance, Outcome, Owner, RunnerOptions,
    Timestamp, Workflow,
};

use super::errand::{Command, Errand, Event, Facts, State};
use super::stage::{Hands, Stage, started};

fn hands() -> Arc<Hands> {
    Arc::new(Hands(Arc::default()))
}

#[tokio::test]
async fn a_workflow_that_was_not_added_is_refused() {
    let engine = Engine::unsealed(Arc::new(MemoryStore::default())).build();
    let created = engine.start::<Errand>("a", Facts::default()).await;
    assert!(matches!(created, Err(EngineError::UnknownWorkflow(name)) if name == "errand"));
    let added = Stage::new();
    let id = started(&added.process(), "a").await;
    let elsewhere = Engine::builder(
        added.store.clone(),
        added.clock.clone(),
        added.vault.clone(),
        Owner::new("elsewhere"),
    );
    let elsewhere = elsewhere.build();
    let heard = elsewhere.submit::<Errand>(&id, Event::Start).await;
    assert!(matches!(
        heard,
        Err(EngineError::Refused(_) | EngineError::UnknownWorkflow(_))
    ));
}

#[test]
#[should_panic(expected = "two workflows are named errand")]
fn two_workflows_of_one_name_are_refused() {
    drop(
        Engine::unsealed(Arc::new(MemoryStore::default()))
            .workflow::<Errand>(hands())
            .workflow::<Errand>(hands()),
    );
}

/// Named as the engine's own.
#[derive(Debug)]
struct Impostor;

impl Workflow for Impostor {
    const NAME: &'static str = "bulk";
    type Machine = <Errand as Workflow>::Machine;
    type Facts = ();
    type Event = ();

    fn first((): &()) -> Option<Command> {
        None
    }

    fn hear((): &(), _state: State, (): (), _now: Timestamp) -> Heard<Self> {
        Heard::ignored()
    }
}

#[engine::async_trait]
impl Executor<Impostor> for Hands {
    async fn perform(&self, _command: Command, _job: &Job<Impostor>) -> Outcome<()> {
        Outcome::Done(())
    }
}

#[test]
#[should_panic(expected = "two workflows are named bulk")]
fn a_workflow_that_is_named_as_the_engines_own_is_refused() {
    let builder = Engine::unsealed(Arc::new(MemoryStore::default()));
    drop(builder.workflow::<Impostor>(hands()));
}

#[tokio::test]
async fn a_second_runner_stands_by_and_still_stops_when_it_is_told() {
    let stage = Stage::new();
    let engine = stage.process();
    let stop = tokio::sync::Notify::new();
    let first = engine.run(RunnerOptions::default(), stop.notified());
    let second = async {
        engine.run(RunnerOptions::default(), async {}).await;
        started(&engine, "a").await;
        engine.work_off().await.unwrap();
        stop.notify_one();
    };
    tokio::join!(first, second);
    let new = NewInstance::<Errand>::new("b", Facts::default());
    engine.create(new, Vec::new()).await.unwrap();
}
