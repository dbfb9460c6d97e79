//! What Meta's answers mean to the steps that only some flows have: a credit line, an app's chats, a
//! number added for the client.

use engine::{Actor, Heard, Note, Reason, Timestamp};

use super::event::Event;
use super::facts::{Adding, Facts, Sync};
use super::hear::{HeardHere, moved};
use super::machine::Input;
use crate::ports::graph::SyncKind;

/// Hears what concerns these steps; gives any other event back.
pub(super) fn heard(facts: &Facts, event: Event, now: Timestamp) -> Result<HeardHere, Box<Event>> {
    let plain = |input: Input, what: &str| {
        let note = Note::plain(what, Actor::System);
        moved(facts, input, note, |_| {})
    };
    Ok(match event {
        Event::NumberWanted { waba } => {
            let note = Note::plain("number_wanted", Actor::System);
            moved(facts, Input::NumberWanted, note, |facts| {
                facts.adding = Some(Adding {
                    waba,
                    added_at: None,
                });
            })
        }
        Event::NumberAdded => {
            let note = Note::plain("number_added", Actor::System);
            moved(facts, Input::NumberAdded, note, |facts| {
                if let Some(adding) = &mut facts.adding {
                    adding.added_at = Some(now);
                }
            })
        }
        Event::CreditWanted => plain(Input::CreditWanted, "credit_wanted"),
        Event::UserAssigned { moves_at } => {
            let note = Note::plain("user_assigned", Actor::System);
            moved(facts, Input::UserAssigned, note, |facts| {
                facts.credit_moves_at = moves_at;
            })
        }
        Event::CreditAttached(credit) => {
            let note = Note::plain("credit_attached", Actor::System);
            moved(facts, Input::CreditAttached, note, |facts| {
                facts.credit = Some(credit);
            })
        }
        Event::CreditShared(credit) => {
            let note = Note::plain("credit_shared", Actor::System);
            moved(facts, Input::CreditShared, note, |facts| {
                facts.credit = Some(credit);
                facts.trouble = None;
            })
        }
        Event::SyncWanted => plain(Input::SyncWanted, "sync_wanted"),
        Event::SyncRequested { kind, request_id } => requested(facts, kind, request_id, now),
        Event::HistoryRefused => refused(facts, now),
        Event::CoexistenceSeen => {
            let note = Note::plain("coexistence_seen", Actor::System);
            moved(facts, Input::CoexistenceSeen, note, |facts| {
                if let Some(bound) = &mut facts.bound {
                    bound.coexistence = true;
                }
            })
        }
        other => return Err(Box::new(other)),
    })
}

fn requested(
    facts: &Facts,
    kind: SyncKind,
    request_id: Option<String>,
    now: Timestamp,
) -> HeardHere {
    let (input, what) = match kind {
        SyncKind::Contacts => (Input::ContactsRequested, "contacts_requested"),
        SyncKind::History => (Input::HistoryRequested, "history_requested"),
    };
    let used_up = "Meta had been asked for it before, and gives it once";
    let reason = match &request_id {
        Some(id) => Reason::new("request_id", id.clone()),
        None => Reason::new("sync_used_up", used_up),
    };
    let note = Note::because(what, Actor::System, reason);
    moved(facts, input, note, |facts| {
        let sync = Some(Sync {
            at: now,
            request_id,
        });
        let syncs = &mut facts.syncs;
        let kept = match kind {
            SyncKind::Contacts => &mut syncs.contacts,
            SyncKind::History => &mut syncs.history,
        };
        // Gone over again, it is the one of before.
        *kept = kept.take().or(sync);
    })
}

/// It may come before the answer to our request, or long after the end.
fn refused(facts: &Facts, now: Timestamp) -> HeardHere {
    if !facts.is_coexistence() || facts.syncs.history_refused_at.is_some() {
        return Heard::ignored();
    }
    let text = "the client does not share the chats of before; nothing is left to do";
    let reason = Reason::new("history_refused", text);
    let mut next = facts.clone();
    next.syncs.history_refused_at = Some(now);
    Heard::noted(
        Some(next),
        Note::because("history_refused", Actor::Client, reason),
    )
}
