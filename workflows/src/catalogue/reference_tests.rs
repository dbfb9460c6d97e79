//! The table against the reference: every code and text that Meta lists, and the class it must have.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;

use super::{Refusal, all, best, signup_error};
use crate::catalogue::{CatalogueEntry, Family};

/// The lists of the reference, copied from it by hand.
#[derive(Deserialize)]
struct Reference {
    signup: Vec<Group>,
    texts: Vec<Text>,
    exchange: Vec<Listed>,
    graph: Vec<Listed>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "group")]
    name: String,
    codes: Vec<i64>,
    class: Vec<String>,
    wait_s: Option<u64>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "text")]
    said: String,
    class: Vec<String>,
    wait_s: Option<u64>,
}

#[derive(Deserialize)]
struct Listed {
    code: i64,
    subcode: Option<i64>,
    #[serde(default)]
    message: String,
    /// The call on which it has this meaning.
    #[serde(default)]
    call: String,
    class: Vec<String>,
    /// The shortest and the longest wait; a third bound is none.
    wait_s: Option<Vec<u64>>,
}

fn reference() -> Reference {
    let text = include_str!("../../../fixtures/graph/reference_codes.json");
    serde_json::from_str(text).unwrap()
}

/// What is wrong with what was found for a listed error; nothing if it is right.
fn fault(
    found: Option<&CatalogueEntry>,
    family: Family,
    classes: &[String],
    wait: Option<(u64, u64)>,
) -> Option<String> {
    let Some(entry) = found else {
        return Some("is not in the catalogue".to_owned());
    };
    if entry.family != family {
        return Some(format!("is found as an error of {}", entry.family.as_str()));
    }
    let class = entry.reaction_class.as_str();
    if !classes.iter().any(|known| known == class) {
        return Some(format!(
            "is sorted as {class}, not as {}",
            classes.join(" or ")
        ));
    }
    let (shortest, longest) = wait?;
    let bounds = Duration::from_secs(shortest)..=Duration::from_secs(longest);
    match entry.wait {
        Some(wait) if bounds.contains(&wait) => None,
        other => Some(format!("waits {other:?}, not {shortest} to {longest} s")),
    }
}

#[test]
fn every_error_of_the_signup_window_is_known_by_its_code() {
    let mut faults = Vec::new();
    for group in reference().signup {
        let wait = group.wait_s.map(|exactly| (exactly, exactly));
        for code in group.codes {
            let found = signup_error(Some(code), "");
            let fault = fault(found, Family::Signup, &group.class, wait);
            faults.extend(fault.map(|fault| format!("{} ({}) {fault}", code, group.name)));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_text_of_the_signup_window_is_known_by_its_words() {
    let mut faults = Vec::new();
    for text in reference().texts {
        let wait = text.wait_s.map(|exactly| (exactly, exactly));
        let found = signup_error(None, &text.said);
        let fault = fault(found, Family::Signup, &text.class, wait);
        faults.extend(fault.map(|fault| format!("`{}` {fault}", text.said)));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_error_of_the_exchange_and_of_graph_is_known_and_sorted_as_the_reference_says() {
    let mut faults = Vec::new();
    let reference = reference();
    let of_exchange = reference
        .exchange
        .iter()
        .map(|listed| (Family::Exchange, listed));
    let of_graph = reference.graph.iter().map(|listed| (Family::Graph, listed));
    for (family, listed) in of_exchange.chain(of_graph) {
        let call = match family {
            Family::Exchange => "exchange_code",
            _ if listed.call.is_empty() => "some_call",
            _ => listed.call.as_str(),
        };
        let found = best(&Refusal {
            call,
            status: 400,
            code: listed.code,
            subcode: listed.subcode,
            message: &listed.message,
            ..Refusal::default()
        });
        let wait = listed
            .wait_s
            .as_deref()
            .map(|bounds| (bounds[0], bounds[1]));
        let fault = fault(found, family, &listed.class, wait);
        let Listed {
            code,
            subcode,
            message,
            ..
        } = listed;
        faults.extend(fault.map(|fault| format!("{code}/{subcode:?} {message} {fault}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_catalogue_cites_no_page_for_what_the_page_does_not_list() {
    let reference = reference();
    let of_signup = reference.signup.iter().flat_map(|group| &group.codes);
    let of_graph = reference.graph.iter().map(|listed| &listed.code);
    let known: BTreeSet<i64> = of_signup.chain(of_graph).copied().collect();
    let made_up: Vec<i64> = all()
        .iter()
        .filter(|entry| matches!(entry.source, "M-EC" | "M-ERR"))
        .filter_map(|entry| entry.code)
        .filter(|code| !known.contains(code))
        .collect();
    assert!(made_up.is_empty(), "{made_up:?}");
}
