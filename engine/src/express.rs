//! The express lane: what cannot wait is claimed by the change that arms it and runs ahead of every
//! queue. A caller that goes away in the middle loses nothing: the runner carries on with what it left.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::mpsc::UnboundedSender;

use crate::draft::{Draft, Instance};
use crate::engine::{Engine, LEASE};
use crate::ledger::EngineError;
use crate::store::ClaimWithin;
use crate::task::{Claimed, Task, Work};
use crate::workflow::{CommandOf, Workflow};

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What the runner takes up before anything else.
pub(crate) enum Express {
    /// A task that its writer claimed.
    Claimed(Box<Claimed>),
    /// A write whose caller no longer waits for it.
    LeftBehind(Boxed<()>),
}

impl Engine {
    /// The claim on the command that a draft arms, if it cannot wait and is due.
    pub(crate) fn express_claim<W: Workflow>(&self, draft: &Draft<W>) -> Option<ClaimWithin> {
        let owed = draft.record.owes.as_deref()?.parse::<CommandOf<W>>().ok()?;
        if !W::conduct(owed, &draft.facts).express {
            return None;
        }
        let mut armed = draft.change.tasks.iter();
        let due = |task: &&Task| matches!(task.work, Work::Command(_)) && task.due <= draft.now();
        let task = armed.find(due)?;
        Some(ClaimWithin {
            owner: self.owner().clone(),
            task: task.id(),
            lease_until: draft.now() + LEASE,
        })
    }

    /// Writes a draft with such a claim, and sees to it that what was claimed is run.
    pub(crate) fn write_express<W: Workflow>(
        &self,
        draft: Draft<W>,
    ) -> Carried<Result<Instance<W>, EngineError>> {
        let parts = &self.parts;
        let (ledger, registry) = (Arc::clone(&parts.ledger), Arc::clone(&parts.registry));
        let queue = parts.express.clone();
        // It holds no engine, or one that was left to itself would hold itself for ever.
        let write = async move {
            let executor = registry.executor::<W>()?;
            let written = ledger.write(&registry, executor, draft).await?;
            for claimed in written.claimed {
                // Without an engine nobody is left to run it before its lease ends.
                queue.send(Express::Claimed(Box::new(claimed))).ok();
            }
            Ok(written.instance)
        };
        Carried {
            work: Some(Box::pin(write)),
            queue: parts.express.clone(),
        }
    }
}

/// Work that the runner takes over if whoever waits for it goes away.
pub(crate) struct Carried<T: Send + 'static> {
    work: Option<Boxed<T>>,
    queue: UnboundedSender<Express>,
}

impl<T: Send + 'static> Future for Carried<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let work = self.work.as_mut().expect("it is not polled past its end");
        let done = ready!(work.as_mut().poll(context));
        self.work = None;
        Poll::Ready(done)
    }
}

impl<T: Send + 'static> Drop for Carried<T> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            let left = Box::pin(async move { drop(work.await) });
            self.queue.send(Express::LeftBehind(left)).ok();
        }
    }
}
