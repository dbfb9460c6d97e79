//! Which shared accounts are known already, so that a list tells what is new in it. Nothing is kept but ids.

use engine::{DocumentDraft, Documents, EngineError, Expected, PageOrder, Timestamp};
use serde::{Deserialize, Serialize};

use crate::directory::house_subject;
use crate::values::{AppId, WabaId};

const ACCOUNTS: &str = "known_wabas";
const APPS: &str = "reconciled_apps";

/// Accounts read at once.
const PAGE: usize = 500;

/// When an app's list was looked through.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Looked {
    /// For what is new.
    pub(super) at: Timestamp,
    /// From its beginning to its end.
    pub(super) whole_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Account {
    waba: WabaId,
}

/// What is known of the accounts that are shared with apps.
pub(super) struct Known {
    documents: Documents,
}

impl Known {
    pub(super) fn new(documents: Documents) -> Self {
        Self { documents }
    }

    pub(super) async fn looked(&self, app: &AppId) -> Result<Option<Looked>, EngineError> {
        let found = self.documents.get::<Looked>(APPS, app.as_str()).await?;
        Ok(found.map(|found| found.body))
    }

    pub(super) async fn put_looked(&self, app: &AppId, looked: &Looked) -> Result<(), EngineError> {
        self.put((APPS, app.as_str()), looked).await
    }

    pub(super) async fn has(&self, app: &AppId, waba: &WabaId) -> Result<bool, EngineError> {
        let key = key(app, waba);
        let found = self.documents.get::<Account>(ACCOUNTS, &key).await?;
        Ok(found.is_some())
    }

    pub(super) async fn add(&self, app: &AppId, waba: &WabaId) -> Result<(), EngineError> {
        let account = Account { waba: waba.clone() };
        self.put((ACCOUNTS, &key(app, waba)), &account).await
    }

    pub(super) async fn remove(&self, app: &AppId, waba: &WabaId) -> Result<(), EngineError> {
        let removal = Documents::removal(ACCOUNTS, &key(app, waba), Expected::Any);
        self.documents.write(vec![removal]).await
    }

    pub(super) async fn all(&self, app: &AppId) -> Result<Vec<WabaId>, EngineError> {
        let prefix = format!("{app}/");
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = PageOrder { limit: PAGE, after };
            let found = self.documents.scan::<Account>(ACCOUNTS, &prefix, &page);
            let (found, next) = found.await?;
            all.extend(found.into_iter().map(|opened| opened.body.waba));
            match next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    async fn put<T: Serialize>(
        &self,
        (space, key): (&str, &str),
        body: &T,
    ) -> Result<(), EngineError> {
        let puts = self
            .documents
            .seal(DocumentDraft {
                space,
                key,
                subject: &house_subject(),
                expected: Expected::Any,
                body,
                expires_at: None,
            })
            .await?;
        self.documents.write(puts).await
    }
}

fn key(app: &AppId, waba: &WabaId) -> String {
    format!("{app}/{waba}")
}
