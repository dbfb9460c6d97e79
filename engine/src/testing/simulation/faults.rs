//! What may go wrong in a life, how often, or at which single place.

/// How often each fault strikes, of a thousand times that it could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults {
    /// At any moment: a process dies; it may be between two halves of anything.
    pub deaths: u16,
    /// At any moment: a process stands still, perhaps for longer than its leases, and then goes on.
    pub suspensions: u16,
    /// At any moment: a process's clock jumps, forward or back.
    pub clock_jumps: u16,
    /// At any moment: an operator pauses, resumes or retries some instance.
    pub operators: u16,
    /// At any moment with something else to do: time passes first.
    pub slowness: u16,
    /// With each call to the store: it is not made, and the caller is told so.
    pub refusals: u16,
    /// With each call to the store that was carried out: the caller is not told.
    pub lost_acknowledgments: u16,
    /// With each try: it does not reach the outside, and nobody can tell.
    pub lost_requests: u16,
    /// With each try: it is carried out, and the answer is lost.
    pub lost_answers: u16,
    /// With each try: it hangs until its limit has passed, carried out or not.
    pub hangs: u16,
    /// With each try: it fails in a way that may pass, has to wait, or needs a person.
    pub failed_tries: u16,
    /// With each timer: it goes off before its moment.
    pub early_timers: u16,
    /// With each timer: it goes off long after its moment.
    pub late_timers: u16,
    /// With each step of an outsider: it is taken a second time.
    pub repeated_steps: u16,
    /// With each step of an outsider: a later one is taken first.
    pub reordered_steps: u16,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        deaths: 0,
        suspensions: 0,
        clock_jumps: 0,
        operators: 0,
        slowness: 0,
        refusals: 0,
        lost_acknowledgments: 0,
        lost_requests: 0,
        lost_answers: 0,
        hangs: 0,
        failed_tries: 0,
        early_timers: 0,
        late_timers: 0,
        repeated_steps: 0,
        reordered_steps: 0,
    };

    /// Everything goes wrong now and then.
    pub const ALL: Self = Self {
        deaths: 8,
        suspensions: 8,
        clock_jumps: 6,
        operators: 6,
        slowness: 60,
        refusals: 15,
        lost_acknowledgments: 25,
        lost_requests: 40,
        lost_answers: 60,
        hangs: 25,
        failed_tries: 60,
        early_timers: 20,
        late_timers: 50,
        repeated_steps: 250,
        reordered_steps: 150,
    };
}

/// On which side of a commit a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// The classes of outcome in which a command may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::VariantArray)]
pub(crate) enum Class {
    Retry,
    Wait,
    Unknown,
    AskClient,
    AskOperator,
    Exhausted,
}

/// One thing that goes wrong, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    Death {
        commit: usize,
        side: Side,
    },
    /// A command is performed, and once more before its outcome is known.
    Twice {
        workflow: &'static str,
        command: &'static str,
    },
    /// A command fails so many times before it is performed at all.
    Fails {
        workflow: &'static str,
        command: &'static str,
        class: Class,
        times: u32,
    },
}
