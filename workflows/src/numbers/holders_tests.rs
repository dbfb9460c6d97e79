//! The one instant that no call from outside can hold still: both have looked, and neither has written.

use engine::testing::{ManualClock, MemoryStore};
use engine::{Owner, PlainCipher};

use super::*;

#[tokio::test]
async fn of_two_who_both_found_nobody_only_one_can_write() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let clock = Arc::new(ManualClock::default());
    let cipher = Arc::new(PlainCipher);
    let builder = engine::Engine::builder(store.clone(), clock, cipher, Owner::new("test"));
    let holders = Holders::new(builder.documents(), store);
    let phone = PhoneNumberId::new("106");
    let partners = ["prt_1", "prt_2"].map(PartnerId::new);
    let ids = ["onb_1", "onb_2"].map(InstanceId::new);
    let subjects = ["onb_1", "onb_2"].map(SubjectId::new);
    let who = |one: usize| Claimant {
        phone: &phone,
        partner: &partners[one],
        onboarding: &ids[one],
        subject: &subjects[one],
        now: Timestamp::from_millis(0),
    };
    let key = crate::numbers::key(&phone);
    for _ in 0..2 {
        assert!(matches!(holders.found(&key).await, Ok(Found::Nothing)));
    }
    let wrote = holders.write(&key, Expected::Absent, &who(1), false).await;
    wrote.unwrap();
    let late = holders.write(&key, Expected::Absent, &who(0), false).await;
    assert!(matches!(late, Err(EngineError::DocumentMoved { .. })));
    let Ok(Found::Holder(_, kept)) = holders.found(&key).await else {
        panic!("nobody has it");
    };
    assert_eq!(kept.partner, partners[1]);
}
