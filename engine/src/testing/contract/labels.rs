//! Labels: found by what is carried now, and unique ones alone.

use std::slice::from_ref;

use super::trial::{StoreUnderTest, Trial, born, first, id, labeled, moved, next};
use crate::instance::Label;
use crate::store::{CommitError, Filter};

async fn found(trial: &mut Trial<'_>, name: &str, value: &str) -> Vec<String> {
    let filter = Filter {
        labels: vec![(name.to_owned(), value.to_owned())],
        ..Filter::default()
    };
    let page = trial.step().await.find(&filter, &first(10)).await;
    let items = page.expect("the store answers").items.into_iter();
    items.map(|record| record.id.to_string()).collect()
}

pub(super) async fn a_unique_label_stands_on_one_instance(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let number = Label::unique("number", "4711");
    trial.write(born(&labeled(1, from_ref(&number)))).await;
    let second = trial.commit(born(&labeled(2, from_ref(&number)))).await;
    assert!(matches!(second, Err(CommitError::LabelTaken(taken)) if taken == number));
    assert_eq!(trial.load(&id(2)).await, None);
    let mut both = born(&labeled(3, &[Label::unique("number", "1")]));
    both.records
        .extend(born(&labeled(4, &[Label::unique("number", "1")])).records);
    let outcome = trial.commit(both).await;
    assert!(matches!(outcome, Err(CommitError::LabelTaken(_))));
    let kept = next(&labeled(1, &[number]));
    trial.write(moved(&kept)).await;
    assert_eq!(found(&mut trial, "number", "4711").await, ["ins_0001"]);
}

pub(super) async fn a_unique_label_passes_from_one_to_another(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let number = Label::unique("number", "4711");
    trial.write(born(&labeled(1, from_ref(&number)))).await;
    let mut passing = born(&labeled(2, from_ref(&number)));
    passing
        .records
        .extend(moved(&next(&labeled(1, &[]))).records);
    trial.write(passing).await;
    assert_eq!(found(&mut trial, "number", "4711").await, ["ins_0002"]);
    let mut back = moved(&next(&labeled(2, &[])));
    let again = next(&next(&labeled(1, from_ref(&number))));
    back.records.extend(moved(&again).records);
    trial.write(back).await;
    assert_eq!(found(&mut trial, "number", "4711").await, ["ins_0001"]);
    let given_up = next(&next(&next(&labeled(1, &[]))));
    trial.write(moved(&given_up)).await;
    trial.write(born(&labeled(5, &[number]))).await;
}

pub(super) async fn instances_are_found_by_what_they_carry_now(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let acme = Label::shared("partner", "acme");
    let zeta = Label::shared("partner", "zeta");
    for number in 1..4 {
        trial.write(born(&labeled(number, from_ref(&acme)))).await;
    }
    trial.write(born(&labeled(4, from_ref(&zeta)))).await;
    let acmes = found(&mut trial, "partner", "acme").await;
    assert_eq!(acmes, ["ins_0003", "ins_0002", "ins_0001"]);
    trial.write(moved(&next(&labeled(2, &[zeta])))).await;
    let acmes = found(&mut trial, "partner", "acme").await;
    assert_eq!(acmes, ["ins_0003", "ins_0001"]);
    let zetas = found(&mut trial, "partner", "zeta").await;
    assert_eq!(zetas, ["ins_0004", "ins_0002"]);
    let alone = Label::unique("partner", "acme");
    trial.write(born(&labeled(0, &[alone]))).await;
    let acmes = found(&mut trial, "partner", "acme").await;
    assert_eq!(acmes, ["ins_0003", "ins_0001", "ins_0000"]);
}

pub(super) async fn names_and_values_are_never_run_together(subject: &dyn StoreUnderTest) {
    let mut trial = Trial::start(subject).await;
    let odd = [("a", "bc"), ("ab", "c"), ("a", "b\0c"), ("a\0b", "c")];
    for (number, (name, value)) in (0..).zip(odd) {
        let shared = Label::shared(name, value);
        trial.write(born(&labeled(number, &[shared]))).await;
        let unique = Label::unique(&format!("u{name}"), value);
        trial.write(born(&labeled(number + 10, &[unique]))).await;
    }
    for (number, (name, value)) in (0..4).zip(odd) {
        let expected = [format!("ins_{number:04}")];
        assert_eq!(found(&mut trial, name, value).await, expected);
        let expected = [format!("ins_{:04}", number + 10)];
        assert_eq!(
            found(&mut trial, &format!("u{name}"), value).await,
            expected
        );
    }
    assert!(found(&mut trial, "a", "b").await.is_empty());
}
