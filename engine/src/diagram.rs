//! A table as a picture: every state, every move, read off the table itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rust_fsm::StateMachineImpl;
use strum::VariantArray;

use crate::workflow::{CommandOf, InputOf, Letter, StateOf, Workflow};

/// All states and moves of one workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagram {
    /// The workflow.
    pub workflow: &'static str,
    /// The state an instance is born in.
    pub initial: &'static str,
    /// Every state, in the order of its declaration, with whether it ends.
    pub states: Vec<(&'static str, bool)>,
    /// Every move of the table.
    pub edges: Vec<Edge>,
}

/// One move of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The state before.
    pub from: &'static str,
    /// The input that moves it.
    pub input: &'static str,
    /// The state after.
    pub to: &'static str,
    /// The command it gives out.
    pub command: Option<&'static str>,
}

impl Diagram {
    /// Reads a workflow's table by asking it for every state and input.
    pub fn of<W: Workflow>() -> Self {
        let states = StateOf::<W>::VARIANTS;
        let inputs = InputOf::<W>::VARIANTS;
        let mut edges = Vec::new();
        for from in states {
            for input in inputs {
                if let Some(to) = W::Machine::transition(from, input) {
                    edges.push(Edge {
                        from: from.name(),
                        input: input.name(),
                        to: to.name(),
                        command: W::Machine::output(from, input).map(Letter::name),
                    });
                }
            }
        }
        Self {
            workflow: W::NAME,
            initial: W::Machine::INITIAL_STATE.name(),
            states: states
                .iter()
                .map(|state| (state.name(), W::ends(*state)))
                .collect(),
            edges,
        }
    }

    /// The picture in Mermaid's notation, for documents.
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("stateDiagram-v2\n");
        // Writing into a String cannot fail.
        let _ = writeln!(text, "    [*] --> {}", self.initial);
        for edge in &self.edges {
            let command = edge
                .command
                .map(|command| format!(" / {command}"))
                .unwrap_or_default();
            let Edge {
                from, input, to, ..
            } = edge;
            let _ = writeln!(text, "    {from} --> {to}: {input}{command}");
        }
        for (state, ends) in &self.states {
            if *ends {
                let _ = writeln!(text, "    {state} --> [*]");
            }
        }
        text
    }

    /// What is unsound about the table: each line is one defect; none means it is sound.
    pub fn defects<W: Workflow>(&self) -> Vec<String> {
        let mut defects = Vec::new();
        let mut reached = BTreeSet::from([self.initial]);
        loop {
            let more: Vec<_> = self
                .edges
                .iter()
                .filter(|edge| reached.contains(edge.from) && !reached.contains(edge.to))
                .map(|edge| edge.to)
                .collect();
            if more.is_empty() {
                break;
            }
            reached.extend(more);
        }
        for (state, ends) in &self.states {
            if !reached.contains(state) {
                defects.push(format!("{state} cannot be reached"));
            }
            if !ends && !self.edges.iter().any(|edge| edge.from == *state) {
                defects.push(format!("{state} does not end and leads nowhere"));
            }
        }
        for input in InputOf::<W>::VARIANTS {
            if !self.edges.iter().any(|edge| edge.input == input.name()) {
                defects.push(format!("no state takes {}", input.name()));
            }
        }
        for command in CommandOf::<W>::VARIANTS {
            let given = self
                .edges
                .iter()
                .any(|edge| edge.command == Some(command.name()));
            if !given {
                defects.push(format!("no move gives out {}", command.name()));
            }
        }
        defects
    }
}
