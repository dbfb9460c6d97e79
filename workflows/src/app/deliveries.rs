//! The log of deliveries, and sending one again.

use engine::{
    Actor, Birth, EngineError, Filter, Instance, InstanceId, NewInstance, Note, PageOrder, Record,
};

use super::App;
use super::keys::Caller;
use super::lists::{ListQuery, list, readable};
use super::problem::Problem;
use super::views::{DeliveryView, ListView};
use crate::delivery::{Delivery, Event, Facts, delivery_view};
use crate::directory::partner_subject;
use crate::values::PartnerId;

/// Deliveries shown beside an onboarding.
const BESIDE_MAX: usize = 50;

impl App {
    /// The caller's deliveries, newest first.
    pub async fn deliveries(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<ListView<DeliveryView>, Problem> {
        let (asked, page) = query.judge()?;
        self.know_cursor(&page, Some(&caller.partner)).await?;
        let filter = Filter {
            workflow: Some("delivery".to_owned()),
            labels: vec![("tenant".to_owned(), caller.partner.to_string())],
            ..Filter {
                created_after: asked.created_after,
                created_before: asked.created_before,
                ..Filter::default()
            }
        };
        let found = self.engine.find(&filter, &page).await?;
        let mut views = Vec::with_capacity(found.items.len());
        for record in found.items.into_iter().filter(is_readable) {
            let readable = readable::<Delivery>(&self.engine, record).await?;
            views.extend(readable.as_ref().map(view_of));
        }
        Ok(list(views, found.next))
    }

    /// Sends a delivery again, with all its tries.
    pub async fn redeliver(&self, caller: &Caller, id: &str) -> Result<DeliveryView, Problem> {
        let id = InstanceId::new(id);
        let instance = match self.engine.read::<Delivery>(&id).await {
            Ok(instance) if instance.facts.partner == caller.partner => instance,
            Ok(_) | Err(EngineError::NotFound(_)) => return Err(Problem::not_found("delivery")),
            Err(other) => return Err(other.into()),
        };
        let event = Event::Redelivered {
            actor: Actor::Partner,
        };
        let instance = self
            .engine
            .submit::<Delivery>(&instance.record.id, event)
            .await?;
        Ok(view_of(&instance))
    }

    /// The deliveries that tell of an onboarding, newest first.
    pub(super) async fn deliveries_of(
        &self,
        id: &InstanceId,
    ) -> Result<Vec<DeliveryView>, Problem> {
        let filter = Filter {
            workflow: Some("delivery".to_owned()),
            labels: vec![("parent".to_owned(), id.to_string())],
            ..Filter::default()
        };
        let page = PageOrder {
            limit: BESIDE_MAX,
            after: None,
        };
        let mut views = Vec::new();
        let found = self.engine.find(&filter, &page).await?.items;
        for record in found.into_iter().filter(is_readable) {
            let readable = readable::<Delivery>(&self.engine, record).await?;
            views.extend(readable.as_ref().map(view_of));
        }
        Ok(views)
    }

    /// Gives birth to a delivery that no instance caused.
    pub(super) async fn deliver(
        &self,
        partner: &PartnerId,
        birth: Birth,
    ) -> Result<DeliveryView, Problem> {
        let facts: Facts = serde_json::from_value(birth.facts).map_err(|_| Problem::fault())?;
        let new = NewInstance {
            id: birth.id,
            subject: partner_subject(partner),
            facts,
            parent: None,
            note: Note::plain("asked_for", Actor::Partner),
        };
        let instance = self.engine.create::<Delivery>(new, Vec::new()).await?;
        Ok(view_of(&instance))
    }
}

/// Whether there is still something to show: what was erased is told by its onboarding.
fn is_readable(record: &Record) -> bool {
    record.erased_at.is_none()
}

fn view_of(instance: &Instance<Delivery>) -> DeliveryView {
    delivery_view(instance.state, &instance.facts)
}
