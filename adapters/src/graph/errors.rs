//! From an answer or a silence to the error that tells the caller what to do.

use workflows::catalogue::{self, Refusal};
use workflows::ports::graph::{GraphError, Reaction};

use super::envelope::{self, Envelope};
use super::reading::Unreadable;
use super::scrub::scrub;
use super::transport::{Answer, Silence};
use super::wire::Request;

/// Meta's code for an app that calls too often; a gateway's 429 means the same without saying so.
const APP_LIMIT: i64 = 4;

/// No answer came.
pub(super) fn of_silence(request: &Request, silence: &Silence) -> GraphError {
    let (reaction, text) = match silence {
        Silence::NotSent(text) => (Reaction::NotSent, text),
        Silence::Unanswered(text) => (Reaction::Unanswered, text),
        Silence::Unsendable(text) => (Reaction::Refused, text),
    };
    without_code(request, reaction, text)
}

/// The error in an answer; nothing if it is not a refusal.
pub(super) fn of_answer(request: &Request, answer: &Answer) -> Option<GraphError> {
    if let Some(envelope) = envelope::find(&answer.body) {
        return Some(of_envelope(request, answer, envelope));
    }
    if (200..300).contains(&answer.status) {
        return None;
    }
    // A gateway speaks here, not Graph: whether Graph acted behind it is not known.
    let reaction = match (answer.status, answer.wait) {
        (429, wait) => catalogue::reaction(&Refusal {
            call: request.call,
            status: 429,
            wait,
            code: APP_LIMIT,
            ..Refusal::default()
        }),
        (300..=499, _) => Reaction::Refused,
        _ => Reaction::Unanswered,
    };
    let text = format!("HTTP {} without Meta's error envelope", answer.status);
    Some(without_code(request, reaction, &text))
}

/// An answer that says neither yes nor no; Meta may have acted.
pub(super) fn of_unreadable(request: &Request, unreadable: &Unreadable) -> GraphError {
    match unreadable {
        Unreadable::Shape(expected) => {
            let text = format!("unreadable answer: {expected} is missing");
            without_code(request, Reaction::Unanswered, &text)
        }
        Unreadable::NotDone => without_code(request, Reaction::Refused, "success is not true"),
    }
}

fn of_envelope(request: &Request, answer: &Answer, envelope: Envelope) -> GraphError {
    let reaction = catalogue::reaction(&Refusal {
        call: request.call,
        status: answer.status,
        code: envelope.code,
        subcode: envelope.subcode,
        message: &envelope.message,
        transient: envelope.transient,
        wait: answer.wait,
    });
    GraphError {
        call: request.call,
        reaction,
        code: Some(envelope.code),
        subcode: envelope.subcode,
        message: scrub(&envelope.message, &request.secrets),
        trace: envelope.trace.map(|trace| scrub(&trace, &request.secrets)),
    }
}

fn without_code(request: &Request, reaction: Reaction, text: &str) -> GraphError {
    GraphError {
        call: request.call,
        reaction,
        code: None,
        subcode: None,
        message: scrub(text, &request.secrets),
        trace: None,
    }
}
