//! What outcomes and findings come to: heard, tried again, waited for, or asked of a person.

use std::time::Duration;

use crate::breaker::Word;
use crate::clock::Timestamp;
use crate::executor::{Care, Finding, Outcome};
use crate::instance::{Actor, Hold, HoldKind, Reason};
use crate::lanes::Held;
use crate::ledger::EngineError;
use crate::record::{Stay, UNDER_WAY, parked};
use crate::store::PutDocument;
use crate::task::Task;
use crate::turn::Turn;
use crate::workflow::{CommandOf, Workflow};

/// A try that failed: why, how soon to come back, whether the next turn starts with a check, and
/// what to hear when no try is left.
struct Failed<E> {
    why: Reason,
    after: Option<Duration>,
    unknown: bool,
    otherwise: Option<E>,
    /// A check came between the try and this: its pause is over, and deaths during the try count.
    checked: bool,
    /// The lane is held: the try counts for nothing.
    spared: Option<Held>,
}

impl<E> Failed<E> {
    fn because(why: Reason) -> Self {
        Self {
            why,
            after: None,
            unknown: false,
            otherwise: None,
            checked: false,
            spared: None,
        }
    }
}

impl<W: Workflow> Turn<'_, W> {
    /// Records what performing a command came to.
    pub(crate) async fn performed(
        &self,
        command: CommandOf<W>,
        outcome: Outcome<W::Event>,
    ) -> Result<(), EngineError> {
        let task = self.hand.task();
        let (outcome, word) = outcome.apart();
        let fails = matches!(word, Word::Fails(_));
        let held = self.engine.crossing().heard(&task, word);
        let spared = held.filter(|_| fails);
        match outcome {
            Outcome::Done(event) => self.done(command, event, spared).await,
            Outcome::DoneWith { event, documents } => {
                self.done_with(command, event, documents).await
            }
            Outcome::Quiet { why, mover } => {
                self.stay(Stay {
                    what: UNDER_WAY,
                    hold: waiting(why, mover, None, 0),
                    again: None,
                    unknown: false,
                })
                .await
            }
            Outcome::Wait { until, why, mover } => {
                self.stay(Stay {
                    what: "waits",
                    hold: waiting(why, mover, Some(until), task.attempt),
                    again: Some(Task {
                        due: until,
                        first_tried: None,
                        lost: 0,
                        ..task
                    }),
                    unknown: false,
                })
                .await
            }
            Outcome::Retry {
                why,
                after,
                otherwise,
            } => {
                let failed = Failed {
                    after,
                    otherwise,
                    spared,
                    ..Failed::because(why)
                };
                self.retry(command, failed).await
            }
            Outcome::Unknown { why } => {
                let failed = Failed {
                    unknown: true,
                    spared,
                    ..Failed::because(why)
                };
                self.retry(command, failed).await
            }
            Outcome::Ask { whom, why } => self.park(whom, why).await,
            Outcome::Down { .. } => unreachable!("it was taken apart"),
        }
    }

    /// Records a try that panicked.
    pub(crate) async fn broke_off(
        &self,
        command: CommandOf<W>,
        why: Reason,
    ) -> Result<(), EngineError> {
        let failed = Failed {
            unknown: true,
            ..Failed::because(why)
        };
        self.retry(command, failed).await
    }

    /// Hears what was done and writes what stands with it; documents that are not as expected make it
    /// a try that failed, or it would be done again for ever.
    async fn done_with(
        &self,
        command: CommandOf<W>,
        event: W::Event,
        documents: Vec<PutDocument>,
    ) -> Result<(), EngineError> {
        match self.hear_with(event, documents).await {
            Err(EngineError::DocumentMoved { space, .. }) => {
                let text = format!("somebody else wrote among the {space} first");
                let failed = Failed {
                    unknown: true,
                    ..Failed::because(Reason::new("document_moved", text))
                };
                self.retry(command, failed).await
            }
            heard => heard,
        }
    }

    /// Hears what was done, unless it only shows that the held dependency still fails.
    async fn done(
        &self,
        command: CommandOf<W>,
        event: W::Event,
        spared: Option<Held>,
    ) -> Result<(), EngineError> {
        let Some(held) = spared else {
            return self.hear(event).await;
        };
        let Some(instance) = self.load().await? else {
            return self.settle().await;
        };
        if W::conduct(command, &instance.facts).care == Care::Once {
            return self.hear(event).await;
        }
        let failed = Failed {
            spared: Some(held.clone()),
            ..Failed::because(held.why)
        };
        self.retry(command, failed).await
    }

    /// Records what a command's own check found.
    pub(crate) async fn found(
        &self,
        command: CommandOf<W>,
        finding: Finding<W::Event>,
    ) -> Result<(), EngineError> {
        let task = self.hand.task();
        match finding {
            Finding::Happened(event) => {
                self.engine.crossing().heard(&task, Word::Works);
                self.hear(event).await
            }
            Finding::Ask { whom, why } => self.park_in_doubt(whom, why).await,
            Finding::DidNotHappen(why) => {
                let failed = Failed {
                    checked: true,
                    spared: self.engine.crossing().heard(&task, Word::Silent),
                    ..Failed::because(why)
                };
                self.retry(command, failed).await
            }
            Finding::NotKnown { why, after } => self.look_again(command, why, after).await,
        }
    }

    /// Looks again later. Looking changes nothing, so it burns no tries; it ends with the span that
    /// they have together.
    async fn look_again(
        &self,
        command: CommandOf<W>,
        why: Reason,
        after: Option<Duration>,
    ) -> Result<(), EngineError> {
        let Some(instance) = self.load().await? else {
            return self.settle().await;
        };
        let task = self.hand.task();
        // Whoever says when to come back has answered.
        let word = match after {
            Some(_) => Word::Silent,
            None => Word::Fails(why.clone()),
        };
        let held = self.engine.crossing().heard(&task, word);
        let tries = W::conduct(command, &instance.facts).tries;
        let (now, first_tried) = (self.engine.now(), task.first_tried);
        let began = self.engine.crossing().began(&task);
        if held.is_none() && tries.are_over(began, now) {
            return self.exhausted(why, true, task.attempt).await;
        }
        let looked_for = first_tried.map_or(Duration::ZERO, |first| now.since(first));
        let until = now + after.unwrap_or_else(|| tries.pause_of_looks(looked_for));
        let probe = held.and_then(|held| held.next_probe);
        let shown = probe.map_or(until, |probe| probe.max(until));
        self.stay(Stay {
            what: "still_unknown",
            hold: waiting(why, Actor::Outside, Some(shown), task.attempt),
            again: Some(Task {
                due: until,
                first_tried: first_tried.or(Some(now)),
                lost: self.hand.lost(),
                ..task
            }),
            unknown: true,
        })
        .await
    }

    async fn retry(
        &self,
        command: CommandOf<W>,
        failed: Failed<W::Event>,
    ) -> Result<(), EngineError> {
        let Some(instance) = self.load().await? else {
            return self.settle().await;
        };
        let task = self.hand.task();
        let conduct = W::conduct(command, &instance.facts);
        // Only what was announced is checked; all else bears being done again.
        let unknown = failed.unknown && conduct.care == Care::Once;
        let made = task.attempt + 1;
        // A try of unknown outcome is counted once it was looked for, so that both are one try.
        let counted = !unknown && failed.spared.is_none();
        let attempt = if counted { made } else { task.attempt };
        let now = self.engine.now();
        let began = self.engine.crossing().began(&task);
        let over = attempt >= conduct.tries.attempts || conduct.tries.are_over(began, now);
        if over && failed.spared.is_none() {
            return match failed.otherwise {
                Some(event) => self.hear(event).await,
                None => self.exhausted(failed.why, unknown, attempt).await,
            };
        }
        let pause = if failed.checked {
            Duration::ZERO
        } else {
            conduct.tries.pause(task.attempt)
        };
        let pause = pause.max(failed.after.unwrap_or_default());
        let until = now + pause;
        let hold = match &failed.spared {
            Some(held) => {
                let probed = held.next_probe.map_or(until, |probe| probe.max(until));
                waiting(failed.why, Actor::Outside, Some(probed), attempt)
            }
            None => Hold {
                kind: HoldKind::Retrying,
                ..waiting(failed.why, Actor::System, Some(until), made)
            },
        };
        let again = Task {
            due: until,
            attempt,
            first_tried: task.first_tried.or(Some(now)),
            lost: if failed.checked { self.hand.lost() } else { 0 },
            ..task
        };
        self.stay(Stay {
            what: if failed.spared.is_some() {
                "lane_held"
            } else {
                "try_failed"
            },
            hold,
            again: Some(again),
            unknown,
        })
        .await
    }

    /// Tries ran out: an operator is asked, and what may have happened stays in doubt.
    async fn exhausted(&self, why: Reason, unknown: bool, attempt: u32) -> Result<(), EngineError> {
        self.stay(Stay {
            what: "tries_exhausted",
            hold: parked(why, Actor::Operator, attempt),
            again: None,
            unknown,
        })
        .await
    }
}

fn waiting(reason: Reason, mover: Actor, until: Option<Timestamp>, attempt: u32) -> Hold {
    Hold {
        kind: HoldKind::Waiting,
        until,
        ..parked(reason, mover, attempt)
    }
}
