//! What a connection knows of its number. Sealed for the client before it is stored.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{Actor, InstanceId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::standing::{Asked, Disconnection, Standing, is_payment};
use crate::ports::graph::HealthProblem;
use crate::values::{AppId, BusinessId, PartnerId, PhoneNumberId, Secret, WabaId};

/// How long before its end a token is made to live on: two weeks leave room for outages and people.
const TEND_BEFORE: Duration = Duration::from_hours(14 * 24);

/// A token without an end is seen to this often: a client may have taken it back and nobody said so.
const TEND_EVERY: Duration = Duration::from_hours(30 * 24);

/// A token that could not be made to live on is seen to again after this; so is one that nobody could ask of.
pub(super) const TEND_AGAIN: Duration = Duration::from_hours(12);

/// A number that can send is looked at this often.
const LOOK_LIVE: Duration = Duration::from_hours(24);

/// A number that cannot is looked at this often at last, and one whose account is banned always.
const LOOK_SLOWLY: Duration = Duration::from_hours(6);

/// A look that came to nothing, not even to a failure, is made again after this.
pub(super) const LOOK_AGAIN: Duration = LOOK_SLOWLY;

/// No number is looked at more often: Meta counts looks by account, and words come in flocks.
pub(super) const LOOK_PAUSE: Duration = Duration::from_mins(1);

/// Pauses of one, two, four … minutes before those of an hour.
const DOUBLINGS: u32 = 6;

/// Looks before the slow ones: a day of them.
const LOOKS_SOON: u32 = 30;

/// Everything a connection knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Its own id, `con_…`.
    pub id: String,
    /// The onboarding that made the number live.
    pub onboarding: InstanceId,
    /// Whose client it is.
    pub partner: PartnerId,
    /// Through which Meta app.
    pub app: AppId,
    /// Made with a live key.
    pub livemode: bool,
    /// The portfolio that owns the account, if Meta says.
    pub business: Option<BusinessId>,
    /// The account.
    pub waba: WabaId,
    /// The number.
    pub phone: PhoneNumberId,
    /// The number as people write it.
    pub display_phone_number: Option<String>,
    /// Whether the number stays in the WhatsApp Business app.
    pub coexistence: bool,
    /// The multi-partner solution through which the client signed up.
    pub solution: Option<String>,
    /// The provider's credit line pays, so that the client need not.
    pub paid_by_provider: bool,
    /// When the number was handed over.
    pub handed_over_at: Timestamp,
    /// When older connections of the number were seen to have ended.
    pub took_over_at: Option<Timestamp>,
    /// The client's business token.
    pub token: Secret,
    /// When the token ends, if it does.
    pub token_expires_at: Option<Timestamp>,
    /// When the token was last seen to work.
    pub token_seen_at: Option<Timestamp>,
    /// When the token is next seen to.
    pub next_tending: Timestamp,
    /// Whether messages can be sent, once known.
    pub can_send: Option<bool>,
    /// Meta's verdict on the display name.
    pub name_status: Option<String>,
    /// What stands in the way of sending, or will.
    pub problems: Vec<HealthProblem>,
    /// When the number was last looked at.
    pub looked_at: Option<Timestamp>,
    /// When it is next looked at.
    pub next_look: Timestamp,
    /// Looks since it last could or could not send.
    pub looks: u32,
    /// Since when and why Meta bans the account.
    pub banned: Option<Disconnection>,
    /// Why we cannot work for the number.
    pub disconnected: Option<Disconnection>,
    /// When the number was connected again after it had been gone.
    pub restored_at: Option<Timestamp>,
    /// Which connection has the number now.
    pub superseded_by: Option<InstanceId>,
    /// What operators should know of, by kind.
    pub warnings: BTreeMap<String, Warning>,
    /// The newest word of each kind that was heard, so that an older one undoes nothing.
    pub heard: BTreeMap<String, Timestamp>,
    /// What Meta last said of things that are shown and move nothing.
    pub noticed: BTreeMap<String, String>,
    /// What the onboarding was told last.
    pub told: Option<Standing>,
}

/// Something that operators should know of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What it is.
    pub text: String,
    /// Since when.
    pub at: Timestamp,
}

/// A live number on its way from its onboarding.
#[derive(Clone, Debug)]
pub(crate) struct Handover {
    pub(crate) id: String,
    pub(crate) onboarding: InstanceId,
    pub(crate) partner: PartnerId,
    pub(crate) app: AppId,
    pub(crate) livemode: bool,
    pub(crate) business: Option<BusinessId>,
    pub(crate) waba: WabaId,
    pub(crate) phone: PhoneNumberId,
    pub(crate) display_phone_number: Option<String>,
    pub(crate) coexistence: bool,
    pub(crate) solution: Option<String>,
    pub(crate) paid_by_provider: bool,
    pub(crate) token: Secret,
    pub(crate) token_expires_at: Option<Timestamp>,
    pub(crate) can_send: Option<bool>,
    pub(crate) name_status: Option<String>,
}

impl Facts {
    /// What a connection knows when a number is handed over to it.
    pub(crate) fn of(number: Handover, now: Timestamp) -> Self {
        let mut facts = Self {
            id: number.id,
            onboarding: number.onboarding,
            partner: number.partner,
            app: number.app,
            livemode: number.livemode,
            business: number.business,
            waba: number.waba,
            phone: number.phone,
            display_phone_number: number.display_phone_number,
            coexistence: number.coexistence,
            solution: number.solution,
            paid_by_provider: number.paid_by_provider,
            handed_over_at: now,
            took_over_at: None,
            token: number.token,
            token_expires_at: number.token_expires_at,
            token_seen_at: None,
            next_tending: now,
            can_send: number.can_send,
            name_status: number.name_status,
            problems: Vec::new(),
            looked_at: None,
            next_look: now + LOOK_PAUSE,
            looks: 0,
            banned: None,
            disconnected: None,
            restored_at: None,
            superseded_by: None,
            warnings: BTreeMap::new(),
            heard: BTreeMap::new(),
            noticed: BTreeMap::new(),
            told: None,
        };
        facts.next_tending = facts.tending_after(now);
        facts.told = Some(facts.standing());
        facts
    }

    /// How the number stands.
    pub(super) fn standing(&self) -> Standing {
        if self.superseded_by.is_some() {
            return Standing {
                name_status: self.name_status.clone(),
                moved: true,
                ..Standing::default()
            };
        }
        let gone = self.disconnected.as_ref().or(self.banned.as_ref());
        Standing {
            can_send: match gone {
                Some(_) => Some(false),
                None => self.can_send,
            },
            name_status: self.name_status.clone(),
            problems: self.problems.clone(),
            asks: self.asks(),
            disconnected: gone.cloned(),
            restored_at: self.restored_at,
            moved: false,
        }
    }

    /// Whom it takes to go on, and what for.
    pub(super) fn asks(&self) -> Option<Asked> {
        let asked = |mover, code: &str, text: String| {
            Some(Asked {
                mover,
                code: code.to_owned(),
                text,
            })
        };
        if let Some(gone) = &self.disconnected {
            let text = format!(
                "{} A new link in reconnect mode connects the number again.",
                gone.text
            );
            return asked(Actor::Partner, "reconnect", text);
        }
        if let Some(ban) = &self.banned {
            return asked(Actor::Client, "appeal", ban.text.clone());
        }
        if self.noticed.get("account_review").map(String::as_str) == Some("rejected") {
            let text = "Meta rejected the account in its review; the client can appeal in Business Support Home.";
            return asked(Actor::Client, "appeal", text.to_owned());
        }
        if self.problems.iter().any(is_payment) {
            if self.paid_by_provider {
                let text = "Meta says that nothing pays for the account; see to the credit line.";
                return asked(Actor::Operator, "share_credit", text.to_owned());
            }
            let text = "Add a payment method to the WhatsApp account in WhatsApp Manager.";
            return asked(Actor::Client, "add_payment_method", text.to_owned());
        }
        let first = self
            .problems
            .first()
            .filter(|_| self.can_send == Some(false))?;
        asked(Actor::Client, "resolve_block", first.text.clone())
    }

    /// When the token is next seen to.
    pub(super) fn tending_after(&self, now: Timestamp) -> Timestamp {
        let Some(end) = self.token_expires_at else {
            return now + TEND_EVERY + self.spread(TEND_EVERY / 10);
        };
        let wanted = end - TEND_BEFORE - self.spread(TEND_BEFORE / 10);
        if wanted > now {
            return wanted;
        }
        // What is left is short, be it because the token was born so or could not be made to live on.
        let left = end.since(now);
        now + (left / 4).min(TEND_AGAIN).max(LOOK_PAUSE)
    }

    /// When the number is next looked at, as it stands.
    pub(super) fn look_after(&self, now: Timestamp) -> Timestamp {
        let pause = if self.banned.is_some() {
            LOOK_SLOWLY
        } else if self.can_send == Some(true) {
            LOOK_LIVE
        } else if self.looks < DOUBLINGS {
            LOOK_PAUSE * 2_u32.pow(self.looks)
        } else if self.looks < LOOKS_SOON {
            Duration::from_hours(1)
        } else {
            LOOK_SLOWLY
        };
        now + pause + self.spread(pause / 10)
    }

    /// A span of its own below `most`, so that numbers that went live together are not seen to together.
    pub(super) fn spread(&self, most: Duration) -> Duration {
        let digest = Sha256::digest(self.id.as_bytes());
        let share = f64::from(u16::from_be_bytes([digest[0], digest[1]])) / f64::from(u16::MAX);
        most.mul_f64(share)
    }
}

/// Whether a token that ends then should be made to live on by now.
pub(super) fn ends_soon(end: Option<Timestamp>, now: Timestamp) -> bool {
    end.is_some_and(|end| end <= now + TEND_BEFORE + TEND_BEFORE / 10)
}
