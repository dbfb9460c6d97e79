//! What ways back and taking back rest on: each milestone's work begins in one way, and what a
//! workflow says can be taken back is taken back by its own table.

use std::collections::BTreeSet;

use engine::testing::ManualClock;
use engine::{Clock, Diagram, Letter, Undo, Workflow};
use strum::VariantArray;
use workflows::onboarding::{Command, Onboarding, State};

use super::onboarding_facts;

#[test]
fn every_milestones_work_begins_with_one_command_wherever_it_is_entered_from() {
    let now = ManualClock::default().now();
    let diagram = Diagram::of::<Onboarding>();
    for milestone in Onboarding::milestones() {
        let name = milestone.name();
        let entries = diagram.edges.iter();
        let entries = entries.filter(|edge| edge.to == name && edge.from != name);
        let begins: BTreeSet<_> = entries.map(|edge| edge.command).collect();
        if *milestone == State::EsCompleted {
            // Two roads lead to the token, and no way leads back to where they part.
            let back = Onboarding::rewound(&onboarding_facts(), State::NeedsPin, *milestone, now);
            assert!(back.is_err());
            assert_eq!(
                begins,
                BTreeSet::from([Some("exchange_code"), Some("mint_token")])
            );
            continue;
        }
        assert!(begins.len() <= 1, "{name} begins with {begins:?}");
    }
}

#[test]
fn what_can_be_taken_back_is_taken_back_on_the_way_to_the_end() {
    let diagram = Diagram::of::<Onboarding>();
    let mut seen = 0;
    for command in Command::VARIANTS {
        let Undo::By(undoing) = Onboarding::effect(*command, &onboarding_facts()).undo else {
            continue;
        };
        seen += 1;
        let given: BTreeSet<_> = diagram
            .edges
            .iter()
            .filter(|edge| edge.command == Some(undoing))
            .map(|edge| edge.to)
            .collect();
        assert_eq!(
            given,
            BTreeSet::from([State::Canceling.name()]),
            "{undoing}"
        );
    }
    assert_eq!(seen, 1);
    assert!(!Onboarding::ends(State::Canceling));
}
