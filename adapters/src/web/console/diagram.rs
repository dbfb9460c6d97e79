//! A table as a picture: the milestones on one straight line, the side states below it.
//!
//! Colors are attributes, so that the file reads by itself, and classes, so that the console's style
//! sheet may theme them. The same picture is always told as a list as well.

use std::collections::BTreeMap;
use std::fmt::Write;

use maud::{Markup, PreEscaped, html};
use workflows::app::{DiagramNode, DiagramView};

use super::layout::{NODE_HEIGHT, NODE_WIDTH, Placed, place};

/// The picture as an SVG document that can stand alone or inside a page.
pub(super) fn svg(diagram: &DiagramView) -> String {
    let plan = place(diagram);
    let mut drawing = String::new();
    for (from, to, inputs) in merged(diagram) {
        draw_edge(&mut drawing, &plan.nodes, (from, to), &inputs);
    }
    for placed in plan.nodes.values() {
        draw_node(&mut drawing, placed);
    }
    if let Some((x, y)) = plan.ends_at {
        let _ = write!(
            drawing,
            r##"<text class="d-note" x="{x}" y="{y}" font-size="12" fill="#55606c">It can end here from most states:</text>"##
        );
    }
    let (width, height) = plan.size;
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="diagram" role="img" aria-labelledby="d-title d-desc" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="system-ui, sans-serif"><title id="d-title">Path of this instance</title><desc id="d-desc">{}</desc>{MARKERS}{drawing}</svg>"#,
        escaped(&sentence(diagram)),
    )
}

/// The same states as a list for those who do not see the picture.
pub(super) fn list(diagram: &DiagramView) -> Markup {
    html! {
        ul.states {
            @for node in &diagram.nodes {
                li {
                    code { (node.label) } " – " (word(&node.mark))
                    @let ways = ways_on(diagram, &node.state);
                    @if !ways.is_empty() { ": " (ways) }
                }
            }
        }
    }
}

/// The picture within a page.
pub(super) fn inline(diagram: &DiagramView) -> PreEscaped<String> {
    PreEscaped(svg(diagram))
}

fn ways_on(diagram: &DiagramView, state: &str) -> String {
    let label = |state: &str| {
        let node = diagram.nodes.iter().find(|node| node.state == state);
        node.map_or(state, |node| node.label.as_str()).to_owned()
    };
    let ways = diagram.edges.iter().filter(|edge| edge.from == state);
    ways.map(|edge| format!("{} → {}", edge.input, label(&edge.to)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn sentence(diagram: &DiagramView) -> String {
    let told = diagram.nodes.iter().filter(|node| node.mark != "ahead");
    told.map(|node| format!("{}: {}", node.label, word(&node.mark)))
        .collect::<Vec<_>>()
        .join(". ")
}

fn word(mark: &str) -> &'static str {
    match mark {
        "visited" => "done",
        "current" => "here now",
        "held" => "here, held up",
        _ => "not reached",
    }
}

/// One line for all inputs that lead the same way.
fn merged(diagram: &DiagramView) -> Vec<(&str, &str, String)> {
    let mut ways: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for edge in &diagram.edges {
        let inputs = ways.entry((&edge.from, &edge.to)).or_default();
        inputs.push(&edge.input);
    }
    ways.into_iter()
        .map(|((from, to), inputs)| (from, to, inputs.join(", ")))
        .collect()
}

fn draw_edge(
    drawing: &mut String,
    nodes: &BTreeMap<&str, Placed<'_>>,
    (from, to): (&str, &str),
    inputs: &str,
) {
    let (Some(from), Some(to)) = (nodes.get(from), nodes.get(to)) else {
        return;
    };
    // An end that most states lead to would draw a fan across the whole picture.
    if from.node.state == to.node.state || to.is_end {
        return;
    }
    let taken = from.node.mark != "ahead" && to.node.mark != "ahead";
    let (class, stroke, marker) = if taken {
        ("d-edge taken", "#17703a", "d-arrow-taken")
    } else {
        ("d-edge", "#8a95a1", "d-arrow")
    };
    let _ = write!(
        drawing,
        r#"<path class="{class}" d="{}" fill="none" stroke="{stroke}" stroke-width="1.5" marker-end="url(#{marker})"><title>{}</title></path>"#,
        curve(from, to),
        escaped(inputs),
    );
}

/// Along the line straight on, above it for leaps, below it to and from side states.
fn curve(from: &Placed<'_>, to: &Placed<'_>) -> String {
    let middle = |placed: &Placed<'_>| placed.x + NODE_WIDTH / 2;
    let (a, b) = (middle(from), middle(to));
    match (from.row, to.row) {
        (0, 0) if to.column == from.column + 1 => {
            let y = from.y + NODE_HEIGHT / 2;
            format!("M{} {y}H{}", from.x + NODE_WIDTH, to.x - 3)
        }
        (0, 0) => {
            let leap = i32::abs(to.column - from.column);
            let (top, rise) = (from.y, 14 + 7 * leap);
            let (a, b) = if a < b {
                (a + 16, b - 16)
            } else {
                (a - 16, b + 16)
            };
            let y = top - rise;
            format!("M{a} {top}C{a} {y} {b} {y} {b} {}", top - 3)
        }
        (above, below) if above < below => {
            let (start, end) = (from.y + NODE_HEIGHT, to.y - 3);
            let (a, b) = (a - 10, b - 10);
            format!("M{a} {start}C{a} {} {b} {} {b} {end}", start + 28, end - 28)
        }
        (below, above) if below > above => {
            let (start, end) = (from.y, to.y + NODE_HEIGHT + 3);
            let (a, b) = (a + 10, b + 10);
            format!("M{a} {start}C{a} {} {b} {} {b} {end}", start - 28, end + 28)
        }
        _ => {
            let (start, dip) = (from.y + NODE_HEIGHT, from.y + NODE_HEIGHT + 24);
            format!("M{a} {start}C{a} {dip} {b} {dip} {b} {}", start + 3)
        }
    }
}

fn draw_node(drawing: &mut String, placed: &Placed<'_>) {
    let (x, y) = (placed.x, placed.y);
    let DiagramNode {
        state, label, mark, ..
    } = placed.node;
    let (stroke, width, ink) = match mark.as_str() {
        "visited" => ("#17703a", "1.5", "#1b2128"),
        "current" => ("#0b5cad", "2.5", "#1b2128"),
        "held" => ("#855300", "2.5", "#1b2128"),
        _ => ("#8a95a1", "1.5", "#55606c"),
    };
    let shape = shape(mark);
    let _ = write!(
        drawing,
        r##"<g class="d-node {}" data-state="{}"><title>{}: {}</title><rect x="{x}" y="{y}" width="{NODE_WIDTH}" height="{NODE_HEIGHT}" rx="4" fill="#ffffff" stroke="{stroke}" stroke-width="{width}"/><g transform="translate({} {}) scale(0.667)" fill="none" stroke="{stroke}" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round">{shape}</g><text x="{}" y="{}" font-size="12" fill="{ink}">{}</text></g>"##,
        escaped(mark),
        escaped(state),
        escaped(label),
        word(mark),
        x + 9,
        y + NODE_HEIGHT / 2 - 8,
        x + 31,
        y + NODE_HEIGHT / 2 + 4,
        escaped(label),
    );
}

/// The same shapes as on the client's page.
fn shape(mark: &str) -> &'static str {
    match mark {
        "visited" => r#"<circle cx="12" cy="12" r="10"/><path d="m7.5 12.5 3 3 6-6.5"/>"#,
        "current" => {
            r#"<circle cx="12" cy="12" r="10"/><circle class="d-dot" cx="12" cy="12" r="4.5" fill="currentColor"/>"#
        }
        "held" => r#"<path d="M12 3 2 21h20z"/><path d="M12 10v4.5M12 17.8v.1"/>"#,
        _ => r#"<circle cx="12" cy="12" r="10"/>"#,
    }
}

const MARKERS: &str = r##"<defs><marker id="d-arrow" viewBox="0 0 8 8" refX="5" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path class="d-head" d="M0 0 8 4 0 8z" fill="#8a95a1"/></marker><marker id="d-arrow-taken" viewBox="0 0 8 8" refX="5" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path class="d-head taken" d="M0 0 8 4 0 8z" fill="#17703a"/></marker></defs>"##;

fn escaped(text: &str) -> String {
    html! { (text) }.into_string().replace('"', "&quot;")
}
