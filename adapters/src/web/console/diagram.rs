//! A table as a picture: the milestones on one straight line, the side states below it.
//!
//! Colors are attributes, so that the file reads by itself, and classes, so that the console's style
//! sheet may theme them. The same picture is always told as a list as well.

use std::fmt::Write;

use maud::{Markup, PreEscaped, html};
use workflows::app::{DiagramNode, DiagramView};

use super::layout::{NODE_HEIGHT, NODE_WIDTH, Placed, place};
use super::wires::{Wire, wires};

/// The picture as an SVG document that can stand alone or inside a page.
pub(super) fn svg(diagram: &DiagramView) -> String {
    let plan = place(diagram);
    let mut drawing = String::new();
    for wire in wires(diagram, &plan) {
        draw_wire(&mut drawing, &wire);
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

fn draw_wire(drawing: &mut String, wire: &Wire<'_>) {
    let (class, stroke, marker) = if wire.taken() {
        ("d-edge taken", "#17703a", "d-arrow-taken")
    } else {
        ("d-edge", "#8a95a1", "d-arrow")
    };
    let _ = write!(
        drawing,
        r#"<path class="{class}" d="{}" fill="none" stroke="{stroke}" stroke-width="1.5" marker-end="url(#{marker})"><title>{}</title></path>"#,
        wire.path(),
        escaped(&wire.inputs),
    );
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
