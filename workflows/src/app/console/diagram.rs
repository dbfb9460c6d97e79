//! An instance's table as a picture, with its path through it.

use engine::InstanceId;
use serde::Serialize;

use super::JOURNAL_MAX;
use super::words::camel;
use crate::app::App;
use crate::app::operators::Operator;
use crate::app::problem::Problem;

/// A table drawn as nodes and edges.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiagramView {
    /// Its states.
    pub nodes: Vec<DiagramNode>,
    /// Its moves.
    pub edges: Vec<DiagramEdge>,
}

/// One state of the picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiagramNode {
    /// `link_issued`
    pub state: String,
    /// `LinkIssued`
    pub label: String,
    /// On the straight line, or a side state.
    pub milestone: bool,
    /// `visited`, `current`, `held` (current and in trouble) or `ahead`.
    pub mark: String,
}

/// One arrow of the picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiagramEdge {
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// The input that moves it.
    pub input: String,
}

/// The milestones that the user named, in order.
const MILESTONES: [&str; 6] = [
    "link_issued",
    "es_completed",
    "token_exchanged",
    "waba_subscribed",
    "number_registered",
    "partner_notified",
];

impl App {
    /// The instance's table as a picture, with its path through it.
    pub async fn diagram(&self, _operator: &Operator, id: &str) -> Result<DiagramView, Problem> {
        let id = InstanceId::new(id);
        let record = self.found(&id).await?;
        let diagram = self
            .engine
            .diagram(&record.workflow)
            .ok_or_else(Problem::fault)?;
        let journal = self.engine.journal(&id, 0, JOURNAL_MAX).await?;
        let visited = |state: &str| {
            journal
                .iter()
                .any(|entry| entry.to.as_deref() == Some(state))
        };
        let troubled = record.hold.is_some() || record.state.starts_with("needs_");
        let mark = |state: &str| match state == record.state {
            true if troubled => "held",
            true => "current",
            false if visited(state) => "visited",
            false => "ahead",
        };
        let is_onboarding = record.workflow == "onboarding";
        let nodes = diagram
            .states
            .iter()
            .map(|(state, ends)| DiagramNode {
                state: (*state).to_owned(),
                label: camel(state),
                milestone: if is_onboarding {
                    MILESTONES.contains(state)
                } else {
                    !ends
                },
                mark: mark(state).to_owned(),
            })
            .collect();
        let edges = diagram
            .edges
            .iter()
            .map(|edge| DiagramEdge {
                from: edge.from.to_owned(),
                to: edge.to.to_owned(),
                input: edge.input.to_owned(),
            })
            .collect();
        Ok(DiagramView { nodes, edges })
    }
}
