//! Where each state of a picture stands. Only places here; how they are drawn is the diagram's.

use std::collections::BTreeMap;

use workflows::app::{DiagramNode, DiagramView};

/// Wide enough for the longest milestone and its sign.
pub(super) const NODE_WIDTH: i32 = 156;
pub(super) const NODE_HEIGHT: i32 = 36;
/// Half the way from one state of the line to the next. Rows alternate, so that lines to the second
/// row pass between the states of the first.
const HALF_PITCH: i32 = 96;
const ROW: i32 = 84;
const MARGIN: i32 = 8;
/// An end with at least this many ways in is listed, not connected.
const FAN: usize = 3;

/// A state and its place.
pub(super) struct Placed<'a> {
    pub(super) node: &'a DiagramNode,
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) row: i32,
    /// In halves: the line stands on 0, 2, 4 …
    pub(super) column: i32,
    /// Reached from nearly everywhere and left for nowhere.
    pub(super) is_end: bool,
}

/// All places, and the room they need.
pub(super) struct Plan<'a> {
    pub(super) nodes: BTreeMap<&'a str, Placed<'a>>,
    pub(super) size: (i32, i32),
    /// Where the note above the ends stands, if there are ends.
    pub(super) ends_at: Option<(i32, i32)>,
}

/// Gives each state its place.
pub(super) fn place(diagram: &DiagramView) -> Plan<'_> {
    let any_milestone = diagram.nodes.iter().any(|node| node.milestone);
    let on_line = |node: &&DiagramNode| node.milestone || !any_milestone;
    let line: Vec<&DiagramNode> = diagram.nodes.iter().filter(on_line).collect();
    let top = MARGIN + headroom(diagram, &line);
    let mut plan = Plan {
        nodes: BTreeMap::new(),
        size: (0, 0),
        ends_at: None,
    };
    for (column, node) in (0..).step_by(2).zip(&line) {
        put(&mut plan, node, (0, column), top);
    }
    let sides = diagram.nodes.iter().filter(|node| !on_line(node));
    let (ends, sides): (Vec<_>, Vec<_>) = sides.partition(|node| is_end(diagram, node));
    for node in sides {
        let wished = wished_column(diagram, &plan, node);
        let spot = free_spot(&plan, wished, i32::try_from(line.len()).unwrap_or(1));
        put(&mut plan, node, spot, top);
    }
    let rows = plan.nodes.values().map(|placed| placed.row).max();
    let below = rows.unwrap_or(0) + 1;
    for (column, node) in (0..).step_by(2).zip(ends) {
        put(&mut plan, node, (below, column), top);
        if let Some(placed) = plan.nodes.get_mut(node.state.as_str()) {
            placed.is_end = true;
            plan.ends_at = Some((MARGIN, placed.y - 10));
        }
    }
    let right = plan
        .nodes
        .values()
        .map(|placed| placed.x + NODE_WIDTH)
        .max();
    let bottom = plan
        .nodes
        .values()
        .map(|placed| placed.y + NODE_HEIGHT)
        .max();
    plan.size = (
        right.unwrap_or(0) + MARGIN,
        // Lines dip below the last row of side states, never below the ends.
        bottom.unwrap_or(0) + MARGIN + if plan.ends_at.is_some() { 0 } else { 20 },
    );
    plan
}

/// Leaps along the line are drawn above it: room for the longest.
fn headroom(diagram: &DiagramView, line: &[&DiagramNode]) -> i32 {
    let column = |state: &str| line.iter().position(|node| node.state == state);
    let leaps = diagram.edges.iter().filter_map(|edge| {
        let (from, to) = (column(&edge.from)?, column(&edge.to)?);
        (to != from + 1 && to != from).then(|| i32::try_from(to.abs_diff(from)).unwrap_or(1))
    });
    leaps.max().map_or(0, |leap| 14 + 7 * leap)
}

fn put<'a>(plan: &mut Plan<'a>, node: &'a DiagramNode, (row, column): (i32, i32), top: i32) {
    let placed = Placed {
        node,
        x: MARGIN + column * HALF_PITCH,
        y: top + row * ROW,
        row,
        column,
        is_end: false,
    };
    plan.nodes.insert(&node.state, placed);
}

fn is_end(diagram: &DiagramView, node: &DiagramNode) -> bool {
    let ways_in = diagram.edges.iter().filter(|edge| edge.to == node.state);
    let mut from: Vec<&str> = ways_in.map(|edge| edge.from.as_str()).collect();
    from.sort_unstable();
    from.dedup();
    // Back to the very beginning is no way on.
    let start = diagram.nodes.first().map(|first| first.state.as_str());
    let goes_on = diagram.edges.iter().any(|edge| {
        edge.from == node.state && edge.to != node.state && Some(edge.to.as_str()) != start
    });
    from.len() >= FAN && !goes_on
}

/// Below the middle of those on the line that it is connected with.
fn wished_column(diagram: &DiagramView, plan: &Plan<'_>, node: &DiagramNode) -> i32 {
    let others = diagram.edges.iter().filter_map(|edge| {
        let other = if edge.from == node.state {
            &edge.to
        } else if edge.to == node.state {
            &edge.from
        } else {
            return None;
        };
        let placed = plan.nodes.get(other.as_str())?;
        (placed.row == 0).then_some(placed.column)
    });
    let columns: Vec<i32> = others.collect();
    let count = i32::try_from(columns.len()).unwrap_or(0);
    if count == 0 {
        0
    } else {
        columns.iter().sum::<i32>() / count
    }
}

/// The nearest free place; one row down costs as much as one state aside.
fn free_spot(plan: &Plan<'_>, wished: i32, columns: i32) -> (i32, i32) {
    let taken = |row, column| {
        let mut nodes = plan.nodes.values();
        nodes.any(|placed| (placed.row, placed.column) == (row, column))
    };
    let places = (1..=columns + 1).flat_map(|row| {
        let first = i32::from(row % 2 == 0);
        (0..columns).map(move |place| (row, first + 2 * place))
    });
    places
        .filter(|(row, column)| !taken(*row, *column))
        .min_by_key(|(row, column)| (2 * row + i32::abs(column - wished), *row))
        .unwrap_or((1, wished))
}
