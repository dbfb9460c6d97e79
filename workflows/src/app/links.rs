//! Links: made, made again, revoked.

use std::time::Duration;

use engine::{Actor, DocumentDraft, Expected, Filter, InstanceId, PageOrder, PutDocument};
use serde_json::Value;

use super::keys::Caller;
use super::onboardings::{not_now, view_of, with_url};
use super::order::LinkBody;
use super::problem::{Kind, Problem};
use super::rules::link_life;
use super::sessions::{LINKS, LinkDocument, digest};
use super::views::OnboardingView;
use super::{App, body};
use crate::directory::{Partner, partner_subject};
use crate::ids;
use crate::onboarding::{Event, Link, Onboarding, State};

/// A dead link says for this long why it is dead; afterwards it is merely unknown.
const DEAD_LINK_KNOWN: Duration = Duration::from_hours(30 * 24);

/// A link together with what must be written for it to work.
pub(super) struct FreshLink {
    pub(super) link: Link,
    pub(super) url: String,
    pub(super) documents: Vec<PutDocument>,
}

impl App {
    /// A new link; the old one is revoked. Revives an expired onboarding.
    pub async fn new_link(
        &self,
        caller: &Caller,
        id: &str,
        request: &Value,
    ) -> Result<OnboardingView, Problem> {
        let link: LinkBody = body::read(request)?;
        let life = link_life("expires_in", &link)?;
        let instance = self.own(caller, id).await?;
        if matches!(
            instance.state,
            State::PartnerNotified | State::Canceling | State::Canceled | State::NumberRegistered
        ) {
            return Err(not_now(
                instance.state,
                "A finished onboarding needs no link.",
            ));
        }
        let partner = self.partner_of(&caller.partner).await?;
        self.renew(&instance.record.id, &partner, life, Actor::Partner)
            .await
    }

    /// Revokes a link. Its onboarding stays and may get a new one.
    pub async fn revoke_link(
        &self,
        caller: &Caller,
        link_id: &str,
    ) -> Result<OnboardingView, Problem> {
        let filter = Filter {
            workflow: Some("onboarding".to_owned()),
            labels: vec![("link".to_owned(), link_id.to_owned())],
            ..Filter::default()
        };
        let page = PageOrder {
            limit: 1,
            after: None,
        };
        let found = self.engine.find(&filter, &page).await?.items.pop();
        let record = found.ok_or_else(|| Problem::not_found("link"))?;
        let own = self.own(caller, record.id.as_str()).await;
        let instance = own.map_err(|problem| match problem.kind {
            // Somebody else's link is not told from one that never was.
            Kind::NotFound => Problem::not_found("link"),
            _ => problem,
        })?;
        let event = Event::LinkRevoked {
            actor: Actor::Partner,
        };
        let instance = self
            .engine
            .submit::<Onboarding>(&instance.record.id, event)
            .await?;
        Ok(view_of(&instance))
    }

    pub(super) async fn renew(
        &self,
        id: &InstanceId,
        partner: &Partner,
        life: Duration,
        actor: Actor,
    ) -> Result<OnboardingView, Problem> {
        let fresh = self.fresh_link(id, partner, life).await?;
        let event = Event::LinkRenewed {
            link: fresh.link,
            actor,
        };
        let instance = self
            .engine
            .submit_with::<Onboarding>(id, event, fresh.documents)
            .await?;
        Ok(with_url(view_of(&instance), fresh.url))
    }

    pub(super) async fn fresh_link(
        &self,
        onboarding: &InstanceId,
        partner: &Partner,
        life: Duration,
    ) -> Result<FreshLink, Problem> {
        let now = self.engine.now();
        let token = ids::token();
        let link = Link {
            id: ids::fresh("olk", now),
            expires_at: now + life,
            revoked_at: None,
        };
        let document = LinkDocument {
            onboarding: onboarding.clone(),
            link: link.id.clone(),
        };
        // Sealed for the partner: it must say "expired" even when the client's own data is erased.
        let documents = self
            .engine
            .documents()
            .seal(DocumentDraft {
                space: LINKS,
                key: &digest(&token),
                subject: &partner_subject(&partner.id),
                expected: Expected::Absent,
                body: &document,
                expires_at: Some(now + life + DEAD_LINK_KNOWN),
            })
            .await?;
        let base = match &partner.domain {
            Some(domain) => format!("https://{domain}"),
            None => self.settings.public_url.clone(),
        };
        Ok(FreshLink {
            link,
            url: format!("{base}/o/{token}"),
            documents,
        })
    }
}
