//! The lines of a picture: where each leaves and arrives, so that no two share an end.

use std::collections::BTreeMap;

use workflows::app::DiagramView;

use super::layout::{NODE_HEIGHT, NODE_WIDTH, Placed, Plan};

/// Between two lines at the same state.
const APART: i32 = 14;
/// Between an arrow's tip and the state.
const TIP: i32 = 3;
/// The free height between two rows.
const CHANNEL: i32 = 48;

/// A line with all the inputs that lead that way.
pub(super) struct Wire<'a> {
    from: &'a Placed<'a>,
    to: &'a Placed<'a>,
    pub(super) inputs: String,
    /// Where it leaves and where it arrives, from the left.
    ends: (i32, i32),
}

/// Where the line goes, which line, and whether it leaves here.
type End = (i32, usize, bool);

/// The lines that are worth drawing: not those from a state to itself, and not those to an end that
/// most states lead to, which would fan across the whole picture.
pub(super) fn wires<'a>(diagram: &'a DiagramView, plan: &'a Plan<'a>) -> Vec<Wire<'a>> {
    let mut ways: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for edge in &diagram.edges {
        let inputs = ways.entry((&edge.from, &edge.to)).or_default();
        inputs.push(&edge.input);
    }
    let mut wires: Vec<Wire<'_>> = ways
        .into_iter()
        .filter_map(|((from, to), inputs)| {
            let (from, to) = (plan.nodes.get(from)?, plan.nodes.get(to)?);
            let drawn = from.node.state != to.node.state && !to.is_end && !from.is_end;
            drawn.then(|| Wire {
                from,
                to,
                inputs: inputs.join(", "),
                ends: (middle(from), middle(to)),
            })
        })
        .collect();
    spread(&mut wires);
    wires
}

fn middle(placed: &Placed<'_>) -> i32 {
    placed.x + NODE_WIDTH / 2
}

/// Sorts the ends at each edge of each state by where their lines go, and sets them apart.
fn spread(wires: &mut [Wire<'_>]) {
    let mut meeting: BTreeMap<(&str, bool), Vec<End>> = BTreeMap::new();
    for (at, wire) in wires
        .iter()
        .enumerate()
        .filter(|(_, wire)| !wire.is_straight())
    {
        let (from, to) = (wire.from, wire.to);
        let (above_from, above_to) = wire.sides();
        let leaves = meeting.entry((&from.node.state, above_from)).or_default();
        leaves.push((middle(to), at, true));
        let arrives = meeting.entry((&to.node.state, above_to)).or_default();
        arrives.push((middle(from), at, false));
    }
    for ends in meeting.values_mut() {
        ends.sort_unstable();
        let count = i32::try_from(ends.len()).unwrap_or(1);
        for (place, (_, at, leaving)) in (0..).zip(ends.iter()) {
            let aside = (2 * place - (count - 1)) * APART / 2;
            let wire = &mut wires[*at];
            if *leaving {
                wire.ends.0 += aside;
            } else {
                wire.ends.1 += aside;
            }
        }
    }
}

impl Wire<'_> {
    /// Whether the instance may have come this way; a leap back along the line is no progress.
    pub(super) fn taken(&self) -> bool {
        let reached = |placed: &Placed<'_>| placed.node.mark != "ahead";
        reached(self.from) && reached(self.to) && (self.is_straight() || !self.is_leap())
    }

    /// Its path: straight on along the line, above it for leaps, below it to and from side states.
    pub(super) fn path(&self) -> String {
        let (from, to) = (self.from, self.to);
        let (a, b) = self.ends;
        if self.is_straight() {
            let y = from.y + NODE_HEIGHT / 2;
            return format!("M{} {y}H{}", from.x + NODE_WIDTH, to.x - TIP);
        }
        if self.is_leap() {
            let y = from.y - 14 - 7 * (i32::abs(to.column - from.column) / 2);
            return format!("M{a} {}C{a} {y} {b} {y} {b} {}", from.y, from.y - TIP);
        }
        if from.row == to.row {
            let start = from.y + NODE_HEIGHT;
            let dip = start + 26;
            return format!("M{a} {start}C{a} {dip} {b} {dip} {b} {}", start + TIP);
        }
        if from.row < to.row {
            let (start, end) = (from.y + NODE_HEIGHT, to.y - TIP);
            let bend = start + CHANNEL / 2;
            format!(
                "M{a} {start}C{a} {bend} {b} {bend} {b} {}V{end}",
                start + CHANNEL - 2 * TIP
            )
        } else {
            let (start, end) = (from.y, to.y + NODE_HEIGHT + TIP);
            let bend = end + CHANNEL / 2 - TIP;
            format!(
                "M{a} {start}V{}C{a} {bend} {b} {bend} {b} {end}",
                end + CHANNEL - TIP
            )
        }
    }

    fn is_straight(&self) -> bool {
        self.from.row == 0 && self.to.row == 0 && self.to.column == self.from.column + 2
    }

    fn is_leap(&self) -> bool {
        self.from.row == 0 && self.to.row == 0
    }

    /// Whether it leaves and arrives at the upper edge.
    fn sides(&self) -> (bool, bool) {
        match (self.from.row, self.to.row) {
            (0, 0) => (true, true),
            (from, to) => (from > to, to > from),
        }
    }
}
