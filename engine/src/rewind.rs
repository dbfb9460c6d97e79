//! The way back: which milestones an instance may be rewound to, and what going over them again
//! does outside. Read off the table, the history and what the workflow says; nothing is written.

use std::collections::BTreeSet;

use rust_fsm::StateMachineImpl;
use strum::VariantArray;

use crate::clock::Timestamp;
use crate::draft::Instance;
use crate::executor::Care;
use crate::holding::under_way;
use crate::instance::Reason;
use crate::preview::{Again, Foreseen, Outlook, Undo};
use crate::workflow::{CommandOf, InputOf, Letter, StateOf, Workflow};

/// States by name that an instance has been in.
pub(crate) type Visited = BTreeSet<String>;

/// A rewind that can be right.
pub(crate) struct WayBack<W: Workflow> {
    pub(crate) to: StateOf<W>,
    /// The command that the milestone's work begins with.
    pub(crate) command: Option<CommandOf<W>>,
    pub(crate) facts: W::Facts,
}

/// How far along the line an instance is: the milestone it is at, or the last it was at.
fn reached<W: Workflow>(state: StateOf<W>, visited: &Visited) -> Option<usize> {
    let line = W::milestones();
    let at = line.iter().position(|milestone| *milestone == state);
    at.or_else(|| {
        line.iter()
            .rposition(|milestone| visited.contains(milestone.name()))
    })
}

/// The way back to that milestone, or why there is none.
pub(crate) fn way_back<W: Workflow>(
    instance: &Instance<W>,
    to: &str,
    visited: &Visited,
    now: Timestamp,
) -> Result<WayBack<W>, Reason> {
    if instance.record.is_under_way(now) {
        return Err(under_way());
    }
    let line = W::milestones();
    let Some(place) = line.iter().position(|milestone| milestone.name() == to) else {
        let names: Vec<&str> = line.iter().map(|milestone| milestone.name()).collect();
        let text = match names.as_slice() {
            [] => "this workflow has no milestones to rewind to".to_owned(),
            _ => format!("`{to}` is no milestone; these are: {}", names.join(", ")),
        };
        return Err(Reason::new("no_milestone", text));
    };
    let target = line[place];
    if !visited.contains(to) {
        let text = format!("it has never been in {to}");
        return Err(Reason::new("never_visited", text));
    }
    let at = reached::<W>(instance.state, visited);
    if target == instance.state || at.is_none_or(|at| place > at) {
        let text = format!("{to} is not earlier than {}", instance.state.name());
        return Err(Reason::new("not_earlier", text));
    }
    Ok(WayBack {
        to: target,
        command: entry_command::<W>(target, &instance.facts),
        facts: W::rewound(&instance.facts, instance.state, target, now)?,
    })
}

/// The command that a milestone's work begins with: what moves into it from elsewhere give out.
pub(crate) fn entry_command<W: Workflow>(
    state: StateOf<W>,
    facts: &W::Facts,
) -> Option<CommandOf<W>> {
    if state == W::Machine::INITIAL_STATE {
        return W::first(facts);
    }
    let before = StateOf::<W>::VARIANTS.iter().filter(|from| **from != state);
    let mut moves = before.flat_map(|from| {
        let inputs = InputOf::<W>::VARIANTS.iter();
        inputs
            .filter(move |input| W::Machine::transition(from, input) == Some(state))
            .filter_map(move |input| W::Machine::output(from, input))
    });
    moves.next()
}

/// The commands that the line gives out from one milestone to another, both included, in the order
/// of the table.
fn commands_between<W: Workflow>(from: usize, to: usize, facts: &W::Facts) -> Vec<CommandOf<W>> {
    let line = W::milestones();
    let mut found = Vec::new();
    for (place, state) in line.iter().enumerate().take(to + 1).skip(from) {
        found.extend(entry_command::<W>(*state, facts));
        for input in InputOf::<W>::VARIANTS {
            let stays = W::Machine::transition(state, input) == Some(line[place]);
            found.extend(W::Machine::output(state, input).filter(|_| stays));
        }
    }
    let mut seen = Vec::new();
    found.retain(|command| {
        let fresh = !seen.contains(command);
        seen.push(*command);
        fresh
    });
    found
}

/// What has been done along the line so far.
fn done_so_far<W: Workflow>(
    instance: &Instance<W>,
    from: usize,
    visited: &Visited,
) -> Vec<CommandOf<W>> {
    match reached::<W>(instance.state, visited) {
        Some(to) => commands_between::<W>(from, to, &instance.facts),
        None => CommandOf::<W>::VARIANTS.to_vec(),
    }
}

/// What going over the line again from that milestone does outside.
pub(crate) fn foreseen<W: Workflow>(
    instance: &Instance<W>,
    way: &WayBack<W>,
    visited: &Visited,
) -> Vec<Foreseen> {
    let place = W::milestones()
        .iter()
        .position(|milestone| *milestone == way.to);
    let mut found = Vec::new();
    for command in done_so_far(instance, place.unwrap_or_default(), visited) {
        let effect = W::effect(command, &instance.facts);
        let mut add = |outlook, why| {
            found.push(Foreseen {
                command: command.name(),
                does: effect.does,
                outlook,
                why,
            });
        };
        match effect.again {
            _ if !effect.happened => add(Outlook::Runs, "it has not happened yet"),
            Again::Looks => add(
                Outlook::RunsAgain,
                "it only looks, and changes nothing outside",
            ),
            Again::Repeats(what) => add(Outlook::RunsAgain, what),
            Again::Idempotent => add(
                Outlook::Deduplicated,
                "the far side takes a repeat for the same",
            ),
            Again::CheckedFirst => add(
                Outlook::Deduplicated,
                "it is looked for first, and not repeated if found",
            ),
        }
        if let (true, Undo::Impossible(what)) = (effect.happened, effect.undo) {
            add(Outlook::CannotBeUndone, what);
        }
    }
    found
}

/// What calling an instance off leaves behind outside, or takes back.
pub(crate) fn left_behind<W: Workflow>(
    instance: &Instance<W>,
    undone: bool,
    visited: &Visited,
) -> Vec<Foreseen> {
    let mut found = Vec::new();
    for command in done_so_far(instance, 0, visited) {
        let effect = W::effect(command, &instance.facts);
        let (outlook, why) = match effect.undo {
            _ if !effect.happened => continue,
            Undo::Nothing => continue,
            Undo::By(_) if undone => (Outlook::Undone, "it is taken back before the end"),
            Undo::By(_) => (
                Outlook::Stays,
                "it could be taken back, and is left as it is",
            ),
            Undo::Impossible(what) => (Outlook::CannotBeUndone, what),
        };
        found.push(Foreseen {
            command: command.name(),
            does: effect.does,
            outlook,
            why,
        });
    }
    found
}

/// The once-only commands of a way back that look before they act, because they have happened.
pub(crate) fn looked_for_again<W: Workflow>(
    instance: &Instance<W>,
    way: &WayBack<W>,
    visited: &Visited,
) -> Vec<CommandOf<W>> {
    let place = W::milestones()
        .iter()
        .position(|milestone| *milestone == way.to);
    let mut found = done_so_far(instance, place.unwrap_or_default(), visited);
    found.retain(|command| {
        let again = W::effect(*command, &instance.facts).again;
        let once = W::conduct(*command, &instance.facts).care == Care::Once;
        once && again == Again::CheckedFirst
    });
    found
}
