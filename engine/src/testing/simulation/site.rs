//! Where one process stands: what a scenario builds its executors from, each of them watched.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::audit::Audit;
use super::faults::Class;
use super::hub::{Hub, Wish};
use super::world::World;
use crate::executor::{Birth, Care, Executor, Finding, Job, Moved, Outcome};
use crate::instance::{Actor, Reason};
use crate::ledger::EngineError;
use crate::workflow::{CommandOf, Letter, Workflow};
use strum::VariantArray;

/// One process of a life, as a scenario sees it.
pub struct Site {
    pub(super) hub: Arc<Hub>,
    pub(super) audit: Arc<Audit>,
    pub(super) world: Arc<World>,
    pub(super) process: usize,
}

impl Site {
    /// The world outside.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// The same executor with faults between it and the engine, and every try of it accounted for.
    pub fn watched<W: Workflow>(&self, executor: impl Executor<W>) -> Arc<dyn Executor<W>> {
        let commands = CommandOf::<W>::VARIANTS
            .iter()
            .map(|command| command.name());
        self.audit.knows(W::NAME, commands);
        Arc::new(Watched {
            inner: executor,
            hub: Arc::clone(&self.hub),
            audit: Arc::clone(&self.audit),
            process: self.process,
        })
    }
}

struct Watched<E> {
    inner: E,
    hub: Arc<Hub>,
    audit: Arc<Audit>,
    process: usize,
}

impl<E> Watched<E> {
    async fn turn(&self, what: String) {
        self.hub.take(self.process, Wish::Turn, what).await;
    }

    async fn hang(&self) -> ! {
        loop {
            let lost = String::from("an answer");
            self.hub.take(self.process, Wish::Never, lost).await;
        }
    }

    /// A class in which this try fails by chance.
    fn failure(&self) -> Option<Class> {
        if !self
            .hub
            .strikes("a failed try", |faults| faults.failed_tries)
        {
            return None;
        }
        let classes = [
            Class::Retry,
            Class::Retry,
            Class::Retry,
            Class::Wait,
            Class::Wait,
            Class::AskClient,
            Class::AskOperator,
        ];
        Some(
            self.hub
                .draw(|chance| classes[chance.usize(..classes.len())]),
        )
    }
}

#[async_trait]
impl<W: Workflow, E: Executor<W>> Executor<W> for Watched<E> {
    async fn perform(&self, command: CommandOf<W>, job: &Job<W>) -> Outcome<W::Event> {
        let name = command.name();
        let (id, doing) = (&job.id, (W::NAME, name));
        let once = W::conduct(command, &job.facts).care == Care::Once;
        self.audit.performs(&job.record, name, once);
        if once {
            // Between the engine's last look at its lease and the effect nothing comes in between:
            // what that instant holds only the outside could guard.
            self.hub.note(format_args!("perform {name} of {id}"));
        } else {
            self.turn(format!("perform {name} of {id}")).await;
        }
        if let Some(class) = self.hub.fails(doing).or_else(|| self.failure()) {
            return failed(class, job);
        }
        if self
            .hub
            .strikes("a lost request", |faults| faults.lost_requests)
        {
            return lost("the request was lost");
        }
        if self.hub.strikes("a try that hangs", |faults| faults.hangs) {
            if self.hub.draw(fastrand::Rng::bool) {
                self.inner.perform(command, job).await;
            }
            self.hang().await;
        }
        let doubled = self.hub.doubles(doing);
        let outcome = self.inner.perform(command, job).await;
        self.turn(format!("performed {name} of {id}")).await;
        match outcome {
            // What bears no repeat is announced: its second time begins with the check.
            _ if doubled && once => lost("the answer was lost"),
            _ if doubled => self.inner.perform(command, job).await,
            _ if self
                .hub
                .strikes("a lost answer", |faults| faults.lost_answers) =>
            {
                lost("the answer was lost")
            }
            outcome => outcome,
        }
    }

    async fn check(&self, command: CommandOf<W>, job: &Job<W>) -> Finding<W::Event> {
        let (id, name) = (&job.id, command.name());
        self.turn(format!("check {name} of {id}")).await;
        if self
            .hub
            .strikes("a lost request", |faults| faults.lost_requests)
        {
            return Finding::NotKnown {
                why: why("the look was lost"),
                after: None,
            };
        }
        if self.hub.strikes("a try that hangs", |faults| faults.hangs) {
            self.hang().await;
        }
        let finding = self.inner.check(command, job).await;
        self.turn(format!("checked {name} of {id}")).await;
        finding
    }

    async fn children(&self, moved: &Moved<'_, W>) -> Result<Vec<Birth>, EngineError> {
        self.inner.children(moved).await
    }
}

fn why(text: &str) -> Reason {
    Reason::new("simulated", text)
}

fn lost<E>(text: &str) -> Outcome<E> {
    Outcome::Unknown { why: why(text) }
}

fn failed<W: Workflow>(class: Class, job: &Job<W>) -> Outcome<W::Event> {
    let why = why("a fault of the simulation");
    match class {
        Class::Retry | Class::Exhausted => Outcome::Retry {
            why,
            after: None,
            otherwise: None,
        },
        Class::Wait => Outcome::Wait {
            until: job.now + Duration::from_secs(20),
            why,
            mover: Actor::Outside,
        },
        Class::Unknown => Outcome::Unknown { why },
        Class::AskClient => Outcome::Ask {
            whom: Actor::Client,
            why,
        },
        Class::AskOperator => Outcome::Ask {
            whom: Actor::Operator,
            why,
        },
    }
}
