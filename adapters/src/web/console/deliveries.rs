//! The notices of an instance, each with its tries.

use engine::Timestamp;
use maud::{Markup, html};
use workflows::app::{AttemptView, DeliveryView};

use super::words::{elided, mark, time, time_or_none};

/// The section.
pub(super) fn deliveries(deliveries: &[DeliveryView], now: Timestamp) -> Markup {
    html! {
        section aria-labelledby="notices" {
            h2 #notices { "Notices" }
            @if deliveries.is_empty() { p.soft { "No notice has been sent for this instance. They appear here with every try." } }
            @else {
                div.wide tabindex="0" role="group" aria-label="Table, scrolls sideways" { table {
                    caption.unseen { "Notices to the partner, with their tries" }
                    thead { tr {
                        th scope="col" { "Notice" } th scope="col" { "To" } th scope="col" { "Now" }
                        th scope="col" { "Tries" } th scope="col" { "Next try" } th scope="col" { "Made" }
                    } }
                    tbody {
                        @for delivery in deliveries {
                            tr {
                                td.tight { (delivery.kind) br; code.soft title=(delivery.id) { (elided(&delivery.id)) } }
                                td.reason { (delivery.url) }
                                td.tight { (mark(&delivery.status)) }
                                td { (tries(&delivery.attempts, now)) }
                                td { (time_or_none(delivery.next_attempt_at.as_deref(), now)) }
                                td { (time(&delivery.created_at, now)) }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn tries(attempts: &[AttemptView], now: Timestamp) -> Markup {
    html! {
        @if let Some(last) = attempts.last() {
            details {
                summary { (attempts.len()) ", last " (answered(last)) }
                ol.attempts {
                    @for attempt in attempts {
                        li.small {
                            (time(&attempt.at, now)) ": " (answered(attempt)) " after " (attempt.duration_ms) "\u{2009}ms"
                            @if !attempt.answer.is_empty() { br; code.reason { (attempt.answer) } }
                        }
                    }
                }
            }
        } @else { "0" }
    }
}

fn answered(attempt: &AttemptView) -> String {
    attempt
        .status
        .map_or_else(|| "no answer".to_owned(), |status| status.to_string())
}
