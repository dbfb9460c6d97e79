//! What partners do with onboardings: make, read, list, renew, revoke, cancel, retry.

use std::time::Duration;

use engine::{
    Act, Actor, EngineError, Entry, HoldKind, Instance, InstanceId, Intervention, NewInstance,
    Note, PageOrder, Reason, SubjectId, Timestamp,
};
use serde_json::{Value, json};

use super::keys::Caller;
use super::lists::{ListQuery, list, readable};
use super::order::CreateBody;
use super::problem::{Kind, Problem};
use super::rules::link_life;
use super::views::{EventView, ListView, OnboardingView};
use super::{App, body};
use crate::directory::Partner;
use crate::ids;
use crate::onboarding::{Event, Facts, Onboarding, Order, State, onboarding_view, partner_words};
use crate::values::PartnerId;

impl App {
    /// Makes an onboarding and its first link. `id` is given where a repeat must find the same one.
    pub async fn create_onboarding(
        &self,
        caller: &Caller,
        request: &Value,
        id: Option<&InstanceId>,
    ) -> Result<OnboardingView, Problem> {
        let partner = self.partner_of(&caller.partner).await?;
        self.create_for(&partner, request, id, (Actor::Partner, caller.livemode))
            .await
    }

    /// Makes an onboarding for a partner's client, whoever asks.
    pub(super) async fn create_for(
        &self,
        partner: &Partner,
        request: &Value,
        id: Option<&InstanceId>,
        (actor, livemode): (Actor, bool),
    ) -> Result<OnboardingView, Problem> {
        let body = CreateBody::read(request)?;
        let life = link_life("link.expires_in", &body.link)?;
        if let Some(url) = &body.notify.webhook_url {
            self.admit_address("notify.webhook_url", url)?;
        }
        let order = body.judge(partner, livemode, &self.settings)?;
        self.make(partner, order, life, (id, actor)).await
    }

    /// Makes an onboarding with its first link.
    pub(super) async fn make(
        &self,
        partner: &Partner,
        order: Order,
        life: Duration,
        (id, actor): (Option<&InstanceId>, Actor),
    ) -> Result<OnboardingView, Problem> {
        self.admit_links(&partner.app).await?;
        let now = self.engine.now();
        let id = id.map_or_else(|| ids::fresh("onb", now), ToString::to_string);
        let instance_id = InstanceId::new(id.clone());
        let subject = SubjectId::new(id.clone());
        let fresh = self.fresh_link(&instance_id, partner, life).await?;
        let facts = Facts::new(id, order, fresh.link, now);
        let new = NewInstance {
            id: instance_id.clone(),
            subject,
            facts,
            parent: None,
            note: Note::plain("created", actor),
        };
        // Facts are large, and so would be every future around this one.
        let created = Box::pin(self.engine.create::<Onboarding>(new, fresh.documents));
        let instance = match created.await {
            Ok(instance) => instance,
            // The first try under this idempotency key got this far: its link was never told.
            Err(EngineError::Exists(_)) => {
                return self.renew(&instance_id, partner, life, actor).await;
            }
            Err(other) => return Err(other.into()),
        };
        Ok(with_url(view_of(&instance), fresh.url))
    }

    /// One onboarding of the caller's.
    pub async fn onboarding(&self, caller: &Caller, id: &str) -> Result<OnboardingView, Problem> {
        Ok(view_of(&self.own(caller, id).await?))
    }

    /// The caller's onboardings, newest first.
    pub async fn onboardings(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<ListView<OnboardingView>, Problem> {
        let (mut filter, page) = query.judge()?;
        self.know_cursor(&page, Some(&caller.partner)).await?;
        if let Some(state) = &query.state
            && state.parse::<State>().is_err()
        {
            let message = "is no state of an onboarding";
            return Err(Problem::field("state", "unknown_value", message));
        }
        filter.workflow = Some("onboarding".to_owned());
        filter.labels.retain(|(name, _)| name != "tenant");
        filter
            .labels
            .insert(0, ("tenant".to_owned(), caller.partner.to_string()));
        filter
            .labels
            .push(("mode".to_owned(), mode_of(caller).to_owned()));
        let found = self.engine.find(&filter, &page).await?;
        let mut views = Vec::with_capacity(found.items.len());
        for record in found.items {
            let readable = readable::<Onboarding>(&self.engine, record).await?;
            views.extend(readable.as_ref().map(view_of));
        }
        Ok(list(views, found.next))
    }

    /// What happened to an onboarding, oldest first.
    pub async fn onboarding_events(
        &self,
        caller: &Caller,
        id: &str,
        query: &ListQuery,
    ) -> Result<ListView<EventView>, Problem> {
        let instance = self.own(caller, id).await?;
        let (_, page) = query.judge()?;
        let after = match &page.after {
            None => 0,
            Some(cursor) => cursor
                .parse()
                .map_err(|_| Problem::field("after", "invalid", "is not a cursor of this list"))?,
        };
        let id = &instance.record.id;
        let entries = self.engine.journal(id, after, page.limit + 1).await?;
        let more = entries.len() > page.limit;
        let views: Vec<EventView> = entries
            .into_iter()
            .take(page.limit)
            .map(|entry| event_view(id, for_partners(entry)))
            .collect();
        let last = views.last().and_then(|view| view.id.rsplit('.').next());
        let next = last.filter(|_| more).map(ToOwned::to_owned);
        Ok(list(views, next))
    }

    /// Calls an onboarding off.
    pub async fn cancel_onboarding(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<OnboardingView, Problem> {
        let instance = self.own(caller, id).await?;
        let event = Event::Canceled {
            actor: Actor::Partner,
            reason: "called off by the partner".to_owned(),
            undo: false,
        };
        let instance = self
            .engine
            .submit::<Onboarding>(&instance.record.id, event)
            .await?;
        Ok(view_of(&instance))
    }

    /// Tries the step that is held up once more, now.
    pub async fn retry_onboarding(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<OnboardingView, Problem> {
        let instance = self.own(caller, id).await?;
        let held = instance.record.hold.as_ref();
        let retryable = held.is_some_and(|hold| hold.kind != HoldKind::Paused);
        if instance.state == State::NeedsAsset {
            let event = Event::AssetsRecheck {
                actor: Actor::Partner,
            };
            let moved = self
                .engine
                .submit::<Onboarding>(&instance.record.id, event)
                .await?;
            return Ok(view_of(&moved));
        }
        let now = self.engine.now();
        if let Some(until) = held.and_then(|hold| hold.until)
            && held.is_some_and(|hold| hold.kind == HoldKind::Waiting)
            && until > now
        {
            let why = format!("It waits until {until}; coming sooner would prolong the wait.");
            return Err(not_now(instance.state, &why));
        }
        if !retryable || instance.record.owes.is_none() {
            return Err(not_now(
                instance.state,
                "No step is held up, so there is nothing to retry.",
            ));
        }
        let why = Reason::new("retry", "asked for by the partner");
        let retry = Intervention::new(Act::RetryNow, Actor::Partner, why);
        self.engine.intervene(&instance.record.id, &retry).await?;
        self.onboarding(caller, id).await
    }

    /// The link of the Vonage-compatible call.
    pub async fn vonage_link(
        &self,
        caller: &Caller,
        request: &Value,
        id: Option<&InstanceId>,
    ) -> Result<Value, Problem> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct VonageBody {
            solution_id: String,
            api_key: Option<String>,
            ttl: Option<i64>,
        }
        let asked: VonageBody = body::read(request)?;
        let ttl = asked.ttl.unwrap_or(86_400);
        if !(1..=259_200).contains(&ttl) {
            let message = "must be from 1 to 259200 seconds";
            return Err(Problem::field("ttl", "out_of_range", message));
        }
        let request = json!({
            "solution_id": asked.solution_id, "client_account": asked.api_key,
            "link": { "expires_in": ttl },
        });
        let view = self.create_onboarding(caller, &request, id).await?;
        Ok(json!({ "url": view.link.url, "id": view.id, "expires_at": view.link.expires_at }))
    }

    /// A cursor must be of a list that the caller could have read: else the list would seem to end.
    pub(super) async fn know_cursor(
        &self,
        page: &PageOrder,
        partner: Option<&PartnerId>,
    ) -> Result<(), Problem> {
        let Some(after) = &page.after else {
            return Ok(());
        };
        let record = self.engine.record(&InstanceId::new(after)).await?;
        let own = record.is_some_and(|record| {
            partner.is_none_or(|partner| record.label("tenant") == Some(partner.as_str()))
        });
        if own {
            return Ok(());
        }
        let message = "is not a cursor of this list; use `next_cursor` as it was answered";
        Err(Problem::field("after", "invalid", message))
    }

    /// The caller's own onboarding; somebody else's is not told from none.
    pub(super) async fn own(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Instance<Onboarding>, Problem> {
        let found = self.engine.read::<Onboarding>(&InstanceId::new(id)).await;
        let instance = match found {
            Ok(instance) => instance,
            Err(EngineError::NotFound(_)) => return Err(Problem::not_found("onboarding")),
            // What cannot be read is told to its partner alone.
            Err(other) => {
                let record = self.engine.record(&InstanceId::new(id)).await?;
                let tenant = record.as_ref().and_then(|record| record.label("tenant"));
                if tenant == Some(caller.partner.as_str()) {
                    return Err(other.into());
                }
                return Err(Problem::not_found("onboarding"));
            }
        };
        let order = &instance.facts.order;
        if order.partner != caller.partner || order.livemode != caller.livemode {
            return Err(Problem::not_found("onboarding"));
        }
        Ok(instance)
    }

    pub(super) async fn partner_of(&self, id: &PartnerId) -> Result<Partner, Problem> {
        self.directory
            .partner(id)
            .await?
            .ok_or_else(|| Problem::not_found("partner"))
    }
}

/// The partner's object of an instance.
pub(super) fn view_of(instance: &Instance<Onboarding>) -> OnboardingView {
    onboarding_view(
        instance.state,
        &instance.facts,
        instance.record.hold.as_ref(),
    )
}

pub(super) fn with_url(mut view: OnboardingView, url: String) -> OnboardingView {
    view.link.url = Some(url);
    view
}

/// A line without what operators typed and without Meta's own words.
fn for_partners(entry: Entry) -> Entry {
    let detail = entry.detail.filter(|_| entry.actor != Actor::Operator);
    Entry {
        detail: detail.map(|reason| partner_words(HoldKind::Parked, &reason)),
        ..entry
    }
}

/// A line of history as partners and operators read it.
pub(super) fn event_view(id: &InstanceId, entry: Entry) -> EventView {
    EventView {
        object: "onboarding.event",
        id: format!("evt_{id}.{}", entry.sequence),
        what: entry.what,
        actor: entry.actor.as_str().to_owned(),
        from: entry.from,
        to: entry.to,
        code: entry.detail.as_ref().map(|detail| detail.code.clone()),
        message: entry.detail.map(|detail| detail.text),
        at: Timestamp::to_rfc3339(entry.at),
    }
}

fn mode_of(caller: &Caller) -> &'static str {
    if caller.livemode { "live" } else { "test" }
}

pub(super) fn not_now(state: State, why: &str) -> Problem {
    let name: &'static str = state.into();
    Problem::new(
        Kind::Conflict,
        "not_in_this_state",
        format!("{why} It is in {name}."),
    )
}
