//! The count of one number: what is one call, what is two, and when the window has room.

use std::sync::Arc;

use engine::testing::{ManualClock, MemoryStore};
use engine::{Owner, PlainCipher};

use super::*;

fn ledger() -> Ledger {
    let store = Arc::new(MemoryStore::default());
    let clock = Arc::new(ManualClock::default());
    let cipher = Arc::new(PlainCipher);
    Ledger::new(engine::Engine::builder(store, clock, cipher, Owner::new("test")).documents())
}

fn at(hours: u64) -> Timestamp {
    Timestamp::from_millis(0) + Duration::from_hours(hours)
}

struct Number {
    ledger: Ledger,
    phone: PhoneNumberId,
    by: InstanceId,
}

impl Number {
    fn new() -> Self {
        Self {
            ledger: ledger(),
            phone: PhoneNumberId::new("106"),
            by: InstanceId::new("onb_1"),
        }
    }

    fn call(&self, what: Counted, hours: u64) -> Announced<'_> {
        Announced {
            phone: &self.phone,
            by: &self.by,
            at: at(hours),
            what,
        }
    }

    async fn take(&self, what: Counted, hours: u64) -> Leave {
        let call = self.call(what, hours);
        self.ledger.take(&call, 2, at(hours)).await.unwrap()
    }

    async fn registrations(&self, known: &[Timestamp], hours: u64) -> Vec<Timestamp> {
        let place = (&self.phone, &self.by);
        let standing = self.ledger.standing(place, known, at(hours)).await;
        standing.unwrap().registrations
    }
}

#[tokio::test]
async fn a_call_that_is_announced_again_after_a_death_counts_once() {
    let number = Number::new();
    for _ in 0..3 {
        assert_eq!(number.take(Counted::Register, 1).await, Leave::Given);
    }
    assert_eq!(number.registrations(&[], 1).await, [at(1)]);
}

#[tokio::test]
async fn registrations_and_deregistrations_are_counted_apart_and_leave_the_window_alike() {
    let number = Number::new();
    for what in [Counted::Register, Counted::Deregister] {
        for hour in 1..=2 {
            assert_eq!(number.take(what, hour).await, Leave::Given);
        }
        let full = Leave::Full { frees_at: at(73) };
        assert_eq!(number.take(what, 3).await, full);
        assert_eq!(number.take(what, 72).await, full);
    }
    for what in [Counted::Register, Counted::Deregister] {
        assert_eq!(number.take(what, 73).await, Leave::Given);
    }
}

#[tokio::test]
async fn what_never_left_is_taken_back() {
    let number = Number::new();
    number.take(Counted::Register, 1).await;
    number.take(Counted::Register, 2).await;
    let unsent = number.call(Counted::Register, 2);
    number.ledger.give_back(&unsent, at(2)).await.unwrap();
    assert_eq!(number.registrations(&[], 2).await, [at(1)]);
}

#[tokio::test]
async fn a_block_holds_everything_back_and_ends_by_itself() {
    let number = Number::new();
    let until = number.ledger.block(&number.phone, at(0)).await.unwrap();
    for what in [Counted::Register, Counted::Deregister] {
        assert_eq!(number.take(what, 71).await, Leave::Blocked { until });
    }
    assert_eq!(number.take(Counted::Register, 72).await, Leave::Given);
}

#[tokio::test]
async fn what_an_onboarding_counted_by_itself_is_taken_over_once() {
    let number = Number::new();
    let known = [at(1), at(2)];
    assert_eq!(number.registrations(&known, 3).await, known);
    assert_eq!(number.registrations(&[at(1)], 3).await, known);
}

#[tokio::test]
async fn of_two_words_about_a_pin_the_later_counts_in_whatever_order_they_come() {
    let (changed, off) = ((true, at(3)), (false, at(5)));
    for words in [[changed, off], [off, changed]] {
        let number = Number::new();
        for word in words {
            let heard = number.ledger.hear_of_pin(&number.phone, word, at(9));
            heard.await.unwrap();
        }
        let stale = number.ledger.pin_is_stale(&number.phone).await.unwrap();
        assert!(!stale, "{words:?}");
        let anew = number
            .ledger
            .hear_of_pin(&number.phone, (true, at(6)), at(9));
        assert!(anew.await.unwrap(), "{words:?}");
        assert!(number.ledger.pin_is_stale(&number.phone).await.unwrap());
        let proved = number.ledger.pin_was_right(&number.phone, at(10));
        proved.await.unwrap();
        assert!(!number.ledger.pin_is_stale(&number.phone).await.unwrap());
    }
}
