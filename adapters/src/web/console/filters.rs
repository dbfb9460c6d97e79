//! The filters of the list, which live in its address: chips that can be removed, and page turning.

use std::collections::BTreeMap;

use maud::{Markup, html};
use rocket::http::RawStr;
use workflows::app::{BulkFilter, ListQuery, Problem};

use super::words::humane;
use crate::web::Query;

/// What may be filtered by.
const NAMES: &[&str] = &[
    "workflow",
    "state",
    "partner_id",
    "external_id",
    "waiting_for",
    "mover",
    "fingerprint",
];
/// The list that they narrow.
const LIST: &str = "/console/instances";
/// Where everything that they match is acted on.
const BULK: &str = "/console/bulk/new";
/// What a screen and a half holds.
const PAGE: i64 = 50;

/// The filters of one request.
pub(super) struct Filters {
    chosen: BTreeMap<String, String>,
    after: Option<String>,
}

impl Filters {
    /// Reads them; a field left empty in the form is no filter.
    pub(super) fn read(query: Query<'_>) -> Result<Self, Problem> {
        Ok(Self::read_with(query, &[])?.0)
    }

    /// Reads them beside other fields, which are answered by name.
    pub(super) fn read_with(
        query: Query<'_>,
        others: &[&str],
    ) -> Result<(Self, BTreeMap<String, String>), Problem> {
        let known: Vec<&str> = [NAMES, &["after"], others].concat();
        let mut chosen = query.fields(&known)?;
        chosen.retain(|_, value| !value.is_empty());
        let after = chosen.remove("after");
        let (fields, chosen) = chosen
            .into_iter()
            .partition(|(name, _)| others.contains(&name.as_str()));
        Ok((Self { chosen, after }, fields))
    }

    /// Everything, from the newest on.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self {
            chosen: BTreeMap::new(),
            after: None,
        }
    }

    /// As the use case takes them.
    pub(super) fn to_query(&self) -> ListQuery {
        let value = |name: &str| self.chosen.get(name).cloned();
        ListQuery {
            workflow: value("workflow"),
            state: value("state"),
            partner_id: value("partner_id"),
            external_id: value("external_id"),
            waiting_for: value("waiting_for"),
            mover: value("mover"),
            fingerprint: value("fingerprint"),
            limit: Some(PAGE),
            after: self.after.clone(),
            ..ListQuery::default()
        }
    }

    /// As a bulk job takes them.
    pub(super) fn to_bulk(&self) -> BulkFilter {
        let value = |name: &str| self.chosen.get(name).cloned();
        BulkFilter {
            workflow: value("workflow"),
            state: value("state"),
            partner_id: value("partner_id"),
            external_id: value("external_id"),
            waiting_for: value("waiting_for"),
            mover: value("mover"),
            fingerprint: value("fingerprint"),
            ..BulkFilter::default()
        }
    }

    /// Whether anything is left out.
    pub(super) fn any(&self) -> bool {
        !self.chosen.is_empty()
    }

    /// The filters in force; each leads to the list without it.
    pub(super) fn chips(&self) -> Markup {
        self.chips_of(LIST)
    }

    /// The same for another page that takes them.
    pub(super) fn chips_of(&self, page: &str) -> Markup {
        html! {
            @if self.any() {
                ul.chips aria-label="Filters in force" {
                    @for (name, value) in &self.chosen {
                        li {
                            a href=(self.address(page, Some(name), None)) aria-label=(format!("Remove the filter {} {value}", label(name))) {
                                span.soft { (label(name)) } " " (value) span aria-hidden="true" { "×" }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The form that sets them, without script.
    pub(super) fn form(&self) -> Markup {
        let value = |name: &str| self.chosen.get(name).map_or("", String::as_str);
        html! {
            form.filters action="/console/instances" method="get" {
                label {
                    "Workflow"
                    select name="workflow" {
                        option value="" { "All" }
                        @for workflow in ["onboarding", "connection", "delivery"] {
                            option value=(workflow) selected[value("workflow") == workflow] { (humane(workflow)) }
                        }
                    }
                }
                label { "State" input name="state" value=(value("state")) autocomplete="off" spellcheck="false"; }
                label { "Partner" input name="partner_id" value=(value("partner_id")) placeholder="prt_…" autocomplete="off" spellcheck="false"; }
                label { "Partner’s own id" input name="external_id" value=(value("external_id")) autocomplete="off" spellcheck="false"; }
                label {
                    "Moved by"
                    select name="mover" {
                        option value="" { "Anybody" }
                        @for mover in ["client", "partner", "operator", "outside", "system"] {
                            option value=(mover) selected[value("mover") == mover] { (humane(mover)) }
                        }
                    }
                }
                label { "Waiting for" input name="waiting_for" value=(value("waiting_for")) placeholder="a code" autocomplete="off" spellcheck="false"; }
                @if !value("fingerprint").is_empty() { input type="hidden" name="fingerprint" value=(value("fingerprint")); }
                button type="submit" { "Filter" }
            }
        }
    }

    /// To the first page and to the next.
    pub(super) fn pages(&self, next: Option<&str>) -> Markup {
        html! {
            @if self.after.is_some() || next.is_some() {
                nav.pages aria-label="Pages" {
                    @if self.after.is_some() { a href=(self.list()) { "Newest" } }
                    @if let Some(next) = next { a href=(self.address(LIST, None, Some(next))) rel="next" { "Older" } }
                }
            }
        }
    }

    /// The list of what they match, from the newest on.
    pub(super) fn list(&self) -> String {
        self.address(LIST, None, None)
    }

    /// The way to act on everything they match.
    pub(super) fn act_on_all(&self) -> String {
        self.address(BULK, None, None)
    }

    /// They as the part of an address after `?`.
    pub(super) fn query(&self) -> String {
        let address = self.address("", None, None);
        address.trim_start_matches('?').to_owned()
    }

    /// They as hidden fields of a form.
    pub(super) fn hidden(&self) -> Markup {
        html! { @for (name, value) in &self.chosen { input type="hidden" name=(name) value=(value); } }
    }

    fn address(&self, page: &str, without: Option<&str>, after: Option<&str>) -> String {
        let kept = self
            .chosen
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| Some(*name) != without);
        let pairs: Vec<_> = kept.chain(after.map(|after| ("after", after))).collect();
        path_with(page, &pairs)
    }
}

fn label(name: &str) -> &'static str {
    match name {
        "workflow" => "Workflow",
        "state" => "State",
        "partner_id" => "Partner",
        "waiting_for" => "Waiting for",
        "mover" => "Moved by",
        "fingerprint" => "Like waits",
        _ => "Partner’s own id",
    }
}

/// The list with these filters.
pub(super) fn list_path(filters: &[(&str, &str)]) -> String {
    path_with(LIST, filters)
}

/// The way to act on everything that these filters match.
pub(super) fn act_on_all(filters: &[(&str, &str)]) -> String {
    path_with(BULK, filters)
}

fn path_with(page: &str, filters: &[(&str, &str)]) -> String {
    let pairs = filters
        .iter()
        .map(|(name, value)| format!("{name}={}", RawStr::new(value).percent_encode()))
        .collect::<Vec<_>>();
    if pairs.is_empty() {
        return page.to_owned();
    }
    format!("{page}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::{Filters, list_path};

    #[test]
    fn a_chip_leads_to_the_list_without_its_filter() {
        let filters = Filters {
            chosen: [("state", "need pin"), ("workflow", "onboarding")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            after: Some("c1".to_owned()),
        };
        let html = filters.chips().into_string();
        assert!(
            html.contains(r#"href="/console/instances?workflow=onboarding""#),
            "{html}"
        );
        assert!(
            html.contains(r#"href="/console/instances?state=need%20pin""#),
            "{html}"
        );
    }

    #[test]
    fn what_an_address_carries_is_encoded() {
        assert_eq!(
            list_path(&[("state", "a&b=c")]),
            "/console/instances?state=a%26b%3Dc"
        );
        assert_eq!(list_path(&[]), "/console/instances");
    }
}
