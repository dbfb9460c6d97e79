//! The list of accounts that clients share with us, held against what is known here: it stands in for webhooks that
//! never came. It gives nobody an account; it only says that there is one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::{Actor, Chore, Engine, EngineError, Filter, PageOrder, SealError, Timestamp};

use super::facts::{Sighting, Source};
use super::hear::Event;
use super::known::{Known, Looked};
use super::matching::{Matching, Standing};
use super::sighting::{lose, see, standing};
use super::{Grant, State};
use crate::directory::{Directory, MetaApp};
use crate::minting::provider_access;
use crate::ports::graph::{Access, GraphError};
use crate::ports::provider::{ClientWaba, ProviderApi, WabaPage};
use crate::values::BusinessId;

/// An account that was made this long before an app was first looked through is old: whoever shared it is served
/// already, or was given up long ago.
const BASELINE: Duration = Duration::from_hours(24);

/// Every account is looked at this often; in between only those made since.
const WHOLE_LIST: Duration = Duration::from_hours(24);

/// Meta may list an account some time after it was made.
const OVERLAP: Duration = Duration::from_hours(1);

/// Meta tells the time in seconds, and by its own clock.
const EDGE: Duration = Duration::from_mins(1);

/// Pages of one list that are read at most: a hundred accounts each.
const PAGES_MAX: usize = 200;

/// Apps and grants read at once.
const PAGE: usize = 100;

/// Looks through what clients share with every app.
pub struct Reconcile {
    provider: Arc<dyn ProviderApi>,
}

/// What came of one run, or of one app's part in it.
#[derive(Default)]
struct Tally {
    apps: usize,
    listed: usize,
    new: usize,
    gone: usize,
    settled: usize,
    not_set_up: usize,
    failed: Vec<String>,
}

/// Why an app could not be looked through.
enum Broken {
    /// Meta did not answer as it should: the other apps' turn.
    Meta(GraphError),
    /// Nothing can be kept.
    Store(EngineError),
}

impl From<GraphError> for Broken {
    fn from(error: GraphError) -> Self {
        Self::Meta(error)
    }
}

impl From<EngineError> for Broken {
    fn from(error: EngineError) -> Self {
        Self::Store(error)
    }
}

impl Reconcile {
    /// A chore that asks Meta on the provider's account.
    pub fn new(provider: Arc<dyn ProviderApi>) -> Self {
        Self { provider }
    }
}

#[async_trait]
impl Chore for Reconcile {
    async fn run(&self, engine: &Engine) -> Result<String, EngineError> {
        let directory = Directory::new(engine.documents());
        let mut tally = Tally::default();
        let mut after = None;
        loop {
            let page = PageOrder { limit: PAGE, after };
            let (apps, next) = directory.meta_apps(&page).await?;
            for app in apps {
                tally.apps += 1;
                let (Ok(access), Some(business)) = (provider_access(&app), &app.business_id) else {
                    tally.not_set_up += 1;
                    continue;
                };
                let look = Look {
                    provider: self.provider.as_ref(),
                    engine,
                    known: Known::new(engine.documents()),
                    business: BusinessId::new(business.as_str()),
                    access,
                    app: &app,
                };
                match look.through(&mut tally).await {
                    Ok(()) => {}
                    Err(Broken::Meta(error)) => {
                        tracing::warn!(app = %app.app_id, %error, "an app's accounts could not be listed");
                        tally.failed.push(app.app_id.to_string());
                    }
                    Err(Broken::Store(error)) => return Err(error),
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        tally.settled = settle(engine).await?;
        Ok(tally.line())
    }
}

/// One app being looked through.
struct Look<'a> {
    provider: &'a dyn ProviderApi,
    engine: &'a Engine,
    known: Known,
    business: BusinessId,
    access: Access,
    app: &'a MetaApp,
}

impl Look<'_> {
    async fn through(&self, tally: &mut Tally) -> Result<(), Broken> {
        let now = self.engine.now();
        let last = self.known.looked(&self.app.app_id).await?;
        let made_after = match &last {
            Some(last) => last.at - OVERLAP,
            None => self.app.created_at.max(now - BASELINE) - EDGE,
        };
        let (fresh, _) = self.list(Some(made_after)).await?;
        tally.listed += fresh.len();
        for waba in fresh {
            self.meet(waba, tally).await?;
        }
        let whole = last.as_ref().map(|last| last.whole_at);
        let is_due = whole.is_none_or(|at| now.since(at) >= WHOLE_LIST);
        if is_due {
            self.whole_list(last.is_none(), tally).await?;
        }
        let looked = Looked {
            at: now,
            whole_at: whole.filter(|_| !is_due).unwrap_or(now),
        };
        Ok(self.known.put_looked(&self.app.app_id, &looked).await?)
    }

    async fn whole_list(&self, first: bool, tally: &mut Tally) -> Result<(), Broken> {
        let (all, complete) = self.list(None).await?;
        tally.listed = tally.listed.max(all.len());
        let listed: BTreeSet<_> = all.iter().map(|waba| waba.id.clone()).collect();
        for waba in all {
            if first {
                self.known.add(&self.app.app_id, &waba.id).await?;
            } else {
                self.meet(waba, tally).await?;
            }
        }
        if !complete {
            return Ok(());
        }
        for waba in self.known.all(&self.app.app_id).await? {
            if !listed.contains(&waba) {
                lose(self.engine, &self.app.app_id, &waba, self.engine.now()).await?;
                self.known.remove(&self.app.app_id, &waba).await?;
                tally.gone += 1;
            }
        }
        Ok(())
    }

    /// An account in the list: new unless it is known, or Meta's webhook told of it.
    async fn meet(&self, waba: ClientWaba, tally: &mut Tally) -> Result<(), EngineError> {
        let app = &self.app.app_id;
        if self.known.has(app, &waba.id).await? {
            return Ok(());
        }
        let heard = standing(self.engine, app, &waba.id).await?;
        let id = waba.id.clone();
        if heard.is_none_or(|(_, state)| state == State::Gone) {
            let sighting = Sighting {
                app: app.clone(),
                waba: waba.id,
                business: waba.owner,
                solution: None,
                name: waba.name,
                source: Source::List,
                at: self.engine.now(),
            };
            see(self.engine, sighting).await?;
            tally.new += 1;
        }
        // Only once it is told: a death in between tells it twice.
        self.known.add(app, &id).await
    }

    /// The accounts, and whether these are all.
    async fn list(
        &self,
        made_after: Option<Timestamp>,
    ) -> Result<(Vec<ClientWaba>, bool), GraphError> {
        let mut page = WabaPage {
            made_after,
            after: None,
        };
        let mut all = Vec::new();
        for _ in 0..PAGES_MAX {
            let found = self
                .provider
                .client_wabas(&self.business, &page, &self.access)
                .await?;
            all.extend(found.wabas);
            match found.next {
                Some(next) => page.after = Some(next),
                None => return Ok((all, true)),
            }
        }
        Ok((all, false))
    }
}

/// What nobody had claimed and a browser's code has bound meanwhile.
async fn settle(engine: &Engine) -> Result<usize, EngineError> {
    let filter = Filter {
        workflow: Some("grant".to_owned()),
        states: vec!["unclaimed".to_owned()],
        ..Filter::default()
    };
    let (mut after, mut settled) = (None, 0);
    loop {
        let page = PageOrder { limit: PAGE, after };
        let found = engine.find(&filter, &page).await?;
        for record in found.items {
            let grant = match engine.open::<Grant>(record).await {
                Ok(grant) => grant,
                Err(EngineError::Seal(SealError::Erased)) => continue,
                Err(other) => return Err(other),
            };
            let matching = Matching {
                engine,
                facts: &grant.facts,
            };
            if let Standing::Bound(_) = matching.standing().await? {
                let event = Event::LookAgain(Actor::System);
                match engine.submit::<Grant>(&grant.record.id, event).await {
                    Ok(_) => settled += 1,
                    // An operator was first.
                    Err(EngineError::Refused(_)) => {}
                    Err(other) => return Err(other),
                }
            }
        }
        match found.next {
            Some(next) => after = Some(next),
            None => return Ok(settled),
        }
    }
}

impl Tally {
    fn line(&self) -> String {
        let mut line = format!(
            "{} apps: {} accounts looked at, {} new, {} no longer shared, {} unclaimed ones settled",
            self.apps, self.listed, self.new, self.gone, self.settled
        );
        if self.not_set_up > 0 {
            let more = format!("; {} without system user or portfolio", self.not_set_up);
            line.push_str(&more);
        }
        if !self.failed.is_empty() {
            let more = format!("; Meta did not answer for {}", self.failed.join(", "));
            line.push_str(&more);
        }
        line
    }
}
