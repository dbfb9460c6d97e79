//! Every workflow, mechanically: a death at every commit, every command twice, every command failing
//! in every class, one trouble a life. Whatever it was, the end is the same.

use std::collections::BTreeSet;

use strum::VariantArray;

use super::simulation::{Class, Lived, Scenario, Side, Simulation, Trouble};

/// As many tries as a command fails when its tries are to run out; some have more than anyone waits
/// for, and go on after these.
const TRIES: u32 = 50;

/// A life with its trouble, whatever the scenario.
type Live<'a> = Box<dyn Fn(Trouble) -> Lived + 'a>;

/// Lives without chance, each with one trouble.
#[derive(Default)]
pub struct Mechanics<'a> {
    lives: Vec<(&'static str, Live<'a>)>,
}

/// What came of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// What was not as it should be, each in a sentence.
    pub complaints: Vec<String>,
    /// Lives that were lived.
    pub lives: usize,
    /// Which trouble befell which command: `workflow/command: trouble`.
    pub met: BTreeSet<String>,
}

impl<'a> Mechanics<'a> {
    /// Adds a life. Together they must come by every command of every workflow.
    #[must_use]
    pub fn life<S: Scenario>(mut self, simulation: &'a Simulation<S>) -> Self {
        let live = |trouble| simulation.life_with(trouble);
        self.lives.push((simulation.name(), Box::new(live)));
        self
    }

    /// Lives every life with every trouble.
    pub fn all(&self) -> Tried {
        let mut tried = Tried::default();
        let mut known = BTreeSet::new();
        for (name, live) in &self.lives {
            let undisturbed = live(Trouble::None);
            tried.lives += 1;
            for complaint in &undisturbed.complaints {
                let text = format!("{name}, with no trouble at all: {complaint}");
                tried.complaints.push(text);
            }
            for trouble in troubles(&undisturbed) {
                tried.live(name, live, &trouble, &undisturbed);
            }
            for (workflow, commands) in &undisturbed.commands {
                for command in commands {
                    known.extend(kinds().map(|kind| met(workflow, command, &kind)));
                }
            }
        }
        let missed = known.difference(&tried.met);
        let missed = missed.map(|what| format!("no life comes by {what}"));
        tried.complaints.extend(missed);
        tried
    }
}

impl Tried {
    fn live(&mut self, name: &str, live: &Live<'_>, trouble: &Trouble, undisturbed: &Lived) {
        let lived = live(trouble.clone());
        self.lives += 1;
        if lived.struck == 0 {
            return;
        }
        match trouble {
            Trouble::Twice { workflow, command } => {
                self.met.insert(met(workflow, command, "twice"));
            }
            Trouble::Fails {
                workflow,
                command,
                class,
                ..
            } => {
                self.met.insert(met(workflow, command, &kind_of(*class)));
            }
            Trouble::None | Trouble::Death { .. } => {}
        }
        for complaint in &lived.complaints {
            self.complaints
                .push(format!("{name}, {trouble:?}: {complaint}"));
        }
        if lived.complaints.is_empty() && lived.told != undisturbed.told {
            self.complaints.push(format!(
                "{name}, {trouble:?}: it ends otherwise:\n{}instead of\n{}",
                lived.told, undisturbed.told
            ));
        }
    }
}

/// Every trouble that may befall this life.
fn troubles(undisturbed: &Lived) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    for commit in 1..=undisturbed.commits {
        for side in [Side::Before, Side::After] {
            troubles.push(Trouble::Death { commit, side });
        }
    }
    for (workflow, commands) in &undisturbed.commands {
        for command in commands {
            troubles.push(Trouble::Twice { workflow, command });
            for class in Class::VARIANTS {
                troubles.push(Trouble::Fails {
                    workflow,
                    command,
                    class: *class,
                    times: match class {
                        Class::Exhausted => TRIES,
                        _ => 1,
                    },
                });
            }
        }
    }
    troubles
}

fn kinds() -> impl Iterator<Item = String> {
    let classes = Class::VARIANTS.iter().map(|class| kind_of(*class));
    ["twice".to_owned()].into_iter().chain(classes)
}

fn kind_of(class: Class) -> String {
    format!("{class:?}").to_lowercase()
}

fn met(workflow: &str, command: &str, kind: &str) -> String {
    format!("{workflow}/{command}: {kind}")
}
