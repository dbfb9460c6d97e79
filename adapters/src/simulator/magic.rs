//! Outcomes chosen by name at a signup, as payment test cards choose theirs.
//!
//! A name only sets facts and scenarios at the finish; from then on the ordinary rules apply.

use std::time::Duration;

use engine::Timestamp;

use super::scenario::{Effect, Order};
use super::world::{Arrived, MovingLimit, PinGuesses, Waba, World};

/// The PIN that a number brings along under `pin_mismatch`, so that a person can give it.
const OTHER_PIN: &str = "246810";
/// Meta's wait after a number was deleted elsewhere.
const DELETION: Duration = Duration::from_mins(5);
/// How long a display name stays under review.
const NAME_REVIEW: Duration = Duration::from_hours(24);
/// How long a share takes until everybody at Meta sees it.
const LAG: Duration = Duration::from_secs(20);
/// How long no PIN is looked at after too many wrong ones.
const GUESS_BLOCK: Duration = Duration::from_mins(30);
/// The length of the outage under `graph_down_60s`, in milliseconds.
const OUTAGE_MS: u64 = 60_000;

macro_rules! magic {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// An outcome asked for by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Magic { $($(#[$doc])* $name),+ }

        const NAMES: &[(&str, Magic)] = &[$(($text, Magic::$name)),+];
    };
}

magic! {
    /// The code is dead on arrival.
    CodeExpired = "code_expired",
    /// The number has another PIN.
    PinMismatch = "pin_mismatch",
    /// The number was registered too often lately.
    RegisterRateLimited = "register_rate_limited",
    /// After the finish no Graph call is answered for a minute.
    GraphDown = "graph_down_60s",
    /// The person gives up at the phone number.
    AbandonAtPhone = "abandon_at_phone",
    /// The number stays in the WhatsApp Business app.
    Coexistence = "coexistence",
    /// The number stays in the app, and its owner shares no history.
    HistoryRefused = "history_refused",
    /// The number stays in the app, and its syncs were asked for before.
    SyncUsedUp = "sync_used_up",
    /// The finish looks ordinary, and the number stays in the app all the same.
    CoexistenceUnsaid = "coexistence_unsaid",
    /// Coexistence was asked for, and the ordinary flow came.
    OrdinaryInstead = "ordinary_instead",
    /// The signup ends with an account and no number.
    OnlyWaba = "only_waba",
    /// The browser brings nothing; only the webhook tells.
    WebhookOnly = "webhook_only",
    /// The display name is under review for a day.
    NamePending = "name_pending",
    /// The number must still be verified.
    OtpNeeded = "otp_needed",
    /// Registration breaks twice.
    RegisterFailsTwice = "register_500_twice",
    /// The first registration works, but nobody hears of it.
    RegisterActsThenDrops = "register_acts_then_drops",
    /// The number was deleted elsewhere minutes ago.
    RecentlyDeleted = "recently_deleted",
    /// For some seconds Meta does not show what was shared.
    SharingLags = "sharing_lags",
    /// Somebody guessed at the number's PIN too often; it has another one.
    PinGuessedOut = "pin_guessed_out",
    /// A deregistration of before never ended.
    DeregistrationUnfinished = "deregistration_unfinished",
}

impl Magic {
    /// The outcome a text begins with, `sim:` in front or not.
    pub(crate) fn find(text: &str) -> Option<Self> {
        let text = text.strip_prefix("sim:").unwrap_or(text);
        let fits = NAMES.iter().filter(|(name, _)| text.starts_with(name));
        fits.max_by_key(|(name, _)| name.len())
            .map(|(_, magic)| *magic)
    }

    /// All names, for a sentence.
    pub(crate) fn names() -> String {
        NAMES
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Sets what must be true after the finish for this outcome to come about.
    pub(crate) fn prepare(self, world: &mut World, arrived: &Arrived, now: Timestamp) {
        match self {
            Self::GraphDown => {
                let mut outage = Order::new("*", Effect::Down);
                outage.for_ms = Some(OUTAGE_MS);
                world.order(outage, now);
            }
            Self::SharingLags => {
                let lag = |waba: &mut Waba| waba.hidden_until = Some(now + LAG);
                world.wabas.change(&arrived.waba_id, lag);
            }
            _ => {}
        }
        if let Some(id) = &arrived.phone_number_id {
            self.prepare_number(world, id, now);
        }
    }

    /// As `prepare`, as far as it concerns the number.
    pub(crate) fn prepare_number(self, world: &mut World, id: &str, now: Timestamp) {
        world.numbers.change(id, |number| match self {
            Self::PinMismatch => number.pin = Some(OTHER_PIN.to_owned()),
            Self::RegisterRateLimited => number.registers = MovingLimit::exceeded(now),
            Self::NamePending => number.name_pending_until = Some(now + NAME_REVIEW),
            Self::OtpNeeded => number.verified = false,
            Self::RecentlyDeleted => number.deleting_until = Some(now + DELETION),
            Self::HistoryRefused => number.history_refused = true,
            Self::SyncUsedUp => number.use_up_syncs(),
            Self::PinGuessedOut => {
                number.pin = Some(OTHER_PIN.to_owned());
                number.guesses = PinGuesses::used_up(now + GUESS_BLOCK);
            }
            Self::DeregistrationUnfinished => number.half_deregistered = true,
            _ => {}
        });
        let order = match self {
            Self::RegisterFailsTwice => {
                let mut order = Order::new("register", Effect::Fail).with_error(131_000);
                order.times = Some(2);
                order
            }
            Self::RegisterActsThenDrops => Order::new("register", Effect::ActThenDrop),
            _ => return,
        };
        world.order(
            Order {
                phone_number_id: Some(id.to_owned()),
                ..order
            },
            now,
        );
    }
}
