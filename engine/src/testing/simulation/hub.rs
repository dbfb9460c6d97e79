//! Where everything in a life waits its turn: calls to the store, tries, and time itself.
//!
//! Whoever wants to go on takes a ticket; only the life's scheduler lets tickets pass. So one seed
//! decides the order of everything, and nothing in here ever sleeps.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use fastrand::Rng;

use super::faults::{Class, Faults, Side, Trouble};
use super::trace::Trace;
use crate::clock::Timestamp;

/// What a ticket waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Its turn.
    Turn,
    /// A moment by the clock of its process.
    Moment(Timestamp),
    /// Nothing that comes: an answer that is lost for good.
    Never,
}

struct Waiting {
    process: usize,
    wish: Wish,
    what: String,
    passed: bool,
    waker: Option<Waker>,
}

/// A ticket as the scheduler sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) number: u64,
    pub(super) process: usize,
    pub(super) wish: Wish,
}

/// The turnstile of one life.
pub(super) struct Hub {
    state: Mutex<State>,
}

struct State {
    now: Timestamp,
    skews: Vec<i64>,
    chance: Rng,
    faults: Faults,
    trouble: Trouble,
    struck: u32,
    strikes: BTreeMap<&'static str, u64>,
    commits: usize,
    fallen: Option<usize>,
    next_number: u64,
    waiting: BTreeMap<u64, Waiting>,
    trace: Trace,
    complaints: Vec<String>,
}

impl Hub {
    pub(super) fn new(now: Timestamp, chance: Rng, faults: Faults, kept: bool) -> Self {
        Self {
            state: Mutex::new(State {
                now,
                skews: Vec::new(),
                chance,
                faults,
                trouble: Trouble::None,
                struck: 0,
                strikes: BTreeMap::new(),
                commits: 0,
                fallen: None,
                next_number: 0,
                waiting: BTreeMap::new(),
                trace: Trace::new(kept),
                complaints: Vec::new(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics at the turnstile")
    }

    /// Waits for the scheduler.
    pub(super) fn take(self: &Arc<Self>, process: usize, wish: Wish, what: String) -> Ticket {
        let mut state = self.state();
        let number = state.next_number;
        state.next_number += 1;
        state.waiting.insert(
            number,
            Waiting {
                process,
                wish,
                what,
                passed: false,
                waker: None,
            },
        );
        Ticket {
            hub: Arc::clone(self),
            number,
        }
    }

    /// Everyone who waits, in the order of arrival.
    pub(super) fn waiting(&self) -> Vec<Seen> {
        let state = self.state();
        let waiting = state.waiting.iter().filter(|(_, waiting)| !waiting.passed);
        waiting
            .map(|(number, waiting)| Seen {
                number: *number,
                process: waiting.process,
                wish: waiting.wish,
            })
            .collect()
    }

    /// Lets one ticket pass.
    pub(super) fn pass(&self, number: u64) {
        let mut state = self.state();
        let now = state.now;
        let Some(waiting) = state.waiting.get_mut(&number) else {
            return;
        };
        waiting.passed = true;
        let waker = waiting.waker.take();
        if waiting.wish == Wish::Turn {
            let (process, what) = (waiting.process, std::mem::take(&mut waiting.what));
            state
                .trace
                .write(format_args!("{} p{process} {what}", now.millis()));
        }
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.state().now
    }

    /// What the clock of a process shows.
    pub(super) fn shown(&self, process: usize) -> Timestamp {
        let state = self.state();
        let skew = state.skews.get(process).copied().unwrap_or_default();
        Timestamp::from_millis(state.now.millis() + skew)
    }

    /// When a process's clock will show `moment`.
    pub(super) fn comes(&self, process: usize, moment: Timestamp) -> Timestamp {
        let state = self.state();
        let skew = state.skews.get(process).copied().unwrap_or_default();
        Timestamp::from_millis(moment.millis() - skew)
    }

    pub(super) fn set_now(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// Puts a process's clock off the true time by so many milliseconds.
    pub(super) fn set_skew(&self, process: usize, skew: i64) {
        let mut state = self.state();
        if state.skews.len() <= process {
            state.skews.resize(process + 1, 0);
        }
        state.skews[process] = skew;
    }

    pub(super) fn note(&self, line: fmt::Arguments<'_>) {
        let mut state = self.state();
        let now = state.now.millis();
        state.trace.write(format_args!("{now} {line}"));
    }

    pub(super) fn complain(&self, complaint: String) {
        let mut state = self.state();
        state.trace.write(format_args!("COMPLAINT {complaint}"));
        state.complaints.push(complaint);
    }

    pub(super) fn has_complaints(&self) -> bool {
        !self.state().complaints.is_empty()
    }

    /// What was complained of, and the trace; the hub is empty afterwards.
    pub(super) fn conclude(&self) -> (Vec<String>, Trace) {
        let mut state = self.state();
        let trace = std::mem::replace(&mut state.trace, Trace::new(false));
        (std::mem::take(&mut state.complaints), trace)
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// Draws with the life's one source of chance.
    pub(super) fn draw<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut self.state().chance)
    }

    /// Whether the fault of this name strikes that strikes so often in a thousand times.
    pub(super) fn strikes(&self, name: &'static str, pick: impl FnOnce(&Faults) -> u16) -> bool {
        let mut state = self.state();
        let rate = pick(&state.faults);
        let strikes = rate > 0 && state.chance.u16(..1000) < rate;
        if strikes {
            *state.strikes.entry(name).or_default() += 1;
            let now = state.now.millis();
            state.trace.write(format_args!("{now} FAULT {name}"));
        }
        strikes
    }

    /// How often each fault has struck.
    pub(super) fn all_strikes(&self) -> BTreeMap<&'static str, u64> {
        self.state().strikes.clone()
    }

    pub(super) fn set_trouble(&self, trouble: Trouble) {
        self.state().trouble = trouble;
    }

    /// The class in which this command fails now, if that is planned.
    pub(super) fn fails(&self, doing: (&str, &str)) -> Option<Class> {
        let mut state = self.state();
        let Trouble::Fails {
            workflow,
            command,
            class,
            times,
        } = &mut state.trouble
        else {
            return None;
        };
        if doing != (*workflow, *command) || *times == 0 {
            return None;
        }
        *times -= 1;
        let class = *class;
        state.struck += 1;
        Some(class)
    }

    /// Whether this command is performed twice now.
    pub(super) fn doubles(&self, doing: (&str, &str)) -> bool {
        let mut state = self.state();
        let planned = matches!(
            state.trouble,
            Trouble::Twice { workflow, command } if (workflow, command) == doing
        );
        if planned {
            state.trouble = Trouble::None;
            state.struck += 1;
        }
        planned
    }

    /// How often the planned trouble has struck.
    pub(super) fn struck(&self) -> u32 {
        self.state().struck
    }

    pub(super) fn commits(&self) -> usize {
        self.state().commits
    }

    /// Counts a commit; on which side of it the process dies, if that is planned.
    pub(super) fn commit_begins(&self) -> Option<Side> {
        let mut state = self.state();
        state.commits += 1;
        match state.trouble {
            Trouble::Death { commit, side } if commit == state.commits => {
                state.trouble = Trouble::None;
                state.struck += 1;
                Some(side)
            }
            _ => None,
        }
    }

    /// A process dies here and now: it never comes back from this call.
    pub(super) async fn die(self: &Arc<Self>, process: usize) {
        self.state().fallen = Some(process);
        self.take(process, Wish::Never, String::new()).await;
    }

    pub(super) fn take_fallen(&self) -> Option<usize> {
        self.state().fallen.take()
    }
}

/// A place in the queue; given up when it is dropped.
pub(super) struct Ticket {
    hub: Arc<Hub>,
    number: u64,
}

impl Future for Ticket {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.hub.state();
        match state.waiting.get_mut(&self.number) {
            Some(waiting) if !waiting.passed => {
                waiting.waker = Some(context.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.hub.state().waiting.remove(&self.number);
    }
}
