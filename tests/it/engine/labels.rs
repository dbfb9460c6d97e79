//! A unique label stands on one instance, and whoever wants it second is told.

use engine::{EngineError, Outcome};

use super::errand::{Errand, Event, Facts};
use super::stage::{Stage, born, hold, new, started};

fn at(place: &str) -> Facts {
    Facts {
        place: Some(place.to_owned()),
        ..Facts::default()
    }
}

#[tokio::test]
async fn the_second_birth_in_one_place_is_told_which_label_is_taken() {
    let stage = Stage::new();
    let engine = stage.process();
    born(&engine, "a", at("north")).await;
    let refused = engine
        .create::<Errand>(new("b", at("north")), Vec::new())
        .await;
    let Err(EngineError::LabelTaken(label)) = refused else {
        panic!("not told: {refused:?}");
    };
    assert_eq!(
        (label.name.as_str(), label.value.as_str()),
        ("place", "north")
    );
    let missing = engine.read::<Errand>(&engine::InstanceId::new("b")).await;
    assert!(matches!(missing, Err(EngineError::NotFound(_))));
}

#[tokio::test]
async fn an_outcome_that_wants_a_taken_place_asks_an_operator_and_is_not_made_again() {
    let stage = Stage::new();
    let engine = stage.process();
    born(&engine, "a", at("north")).await;
    stage
        .world
        .answers(Outcome::Done(Event::MadeAt("north".to_owned())));
    let id = started(&engine, "b").await;
    for _ in 0..5 {
        stage.after_secs(&engine, 61).await;
    }
    assert_eq!(stage.world.asked(), ["make"]);
    assert_eq!(hold(&engine, &id).await, "Parked label_taken Operator");
}

#[tokio::test]
async fn a_second_birth_of_one_id_is_told_that_it_exists() {
    let stage = Stage::new();
    let engine = stage.process();
    born(&engine, "a", Facts::default()).await;
    let again = engine
        .create::<Errand>(new("a", Facts::default()), Vec::new())
        .await;
    assert!(matches!(again, Err(EngineError::Exists(_))));
}
