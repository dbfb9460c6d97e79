//! Who is set up here: Meta apps, partners, their keys and their webhook endpoints.
//!
//! All of it is kept as sealed documents; this room knows their spaces and shapes, nothing else does.

mod solutions;

use engine::{
    DocumentDraft, Documents, EngineError, Expected, Opened, PageOrder, PutDocument, SubjectId,
    Timestamp,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::BrandingView;
use crate::values::{AppId, PartnerId, Secret};

pub use solutions::SolutionStatus;

const APPS: &str = "apps";
const PARTNERS: &str = "partners";
const KEYS: &str = "keys";
const ENDPOINTS: &str = "endpoints";

/// Endpoints a partner may register.
pub const ENDPOINTS_MAX: usize = 20;

/// A Meta app; partners may share one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MetaApp {
    /// The app.
    pub app_id: AppId,
    /// Its secret; signs Meta's webhooks.
    pub app_secret: Secret,
    /// The secret that follows it, while it is rotated: Meta's webhooks are believed under both.
    #[serde(default)]
    pub app_secret_next: Option<Secret>,
    /// The portfolio that owns it.
    pub business_id: Option<String>,
    /// The provider's own token.
    pub system_user_token: Option<Secret>,
    /// The provider's system user.
    pub system_user_id: Option<String>,
    /// What Meta repeats when it verifies our callback.
    pub verify_token: Option<Secret>,
    /// The login configuration.
    pub config_id: Option<String>,
    /// Login configurations by flow.
    #[serde(default)]
    pub config_ids: std::collections::BTreeMap<String, String>,
    /// The credit line of a Solution Partner.
    pub credit_line_id: Option<String>,
    /// The currency of accounts under that line.
    pub waba_currency: Option<String>,
    /// `extras` for `FB.login`, as Meta's versions move.
    #[serde(default)]
    pub login_extras: Value,
    /// When it was set up.
    pub created_at: Timestamp,
}

impl MetaApp {
    /// This setup over a former one: what is not said here stays as it was.
    #[must_use]
    pub fn over(self, former: Self) -> Self {
        let mut config_ids = former.config_ids;
        config_ids.extend(self.config_ids);
        // Once the next secret is the secret, the rotation is over.
        let next = former.app_secret_next;
        let next = next.filter(|next| *next != self.app_secret);
        Self {
            business_id: self.business_id.or(former.business_id),
            system_user_token: self.system_user_token.or(former.system_user_token),
            system_user_id: self.system_user_id.or(former.system_user_id),
            verify_token: self.verify_token.or(former.verify_token),
            config_id: self.config_id.or(former.config_id),
            config_ids,
            app_secret_next: self.app_secret_next.or(next),
            credit_line_id: self.credit_line_id.or(former.credit_line_id),
            waba_currency: self.waba_currency.or(former.waba_currency),
            login_extras: match self.login_extras {
                Value::Null => former.login_extras,
                told => told,
            },
            created_at: former.created_at,
            ..self
        }
    }
}

/// A partner: whoever onboards clients through us.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Partner {
    /// `prt_…`.
    pub id: PartnerId,
    /// What people call it.
    pub name: String,
    /// The Meta app its clients grant.
    pub app: AppId,
    /// `tech_provider`, `solution_partner` or `direct`.
    pub role: String,
    /// Its Multi-Partner Solution.
    pub solution_id: Option<String>,
    /// How Meta last said that the solution stands; only an active one takes clients.
    #[serde(default)]
    pub solution_status: Option<SolutionStatus>,
    /// Its face.
    pub branding: BrandingView,
    /// Its own domain for links.
    pub domain: Option<String>,
    /// Hosts that clients may be sent back to.
    #[serde(default)]
    pub redirect_hosts: Vec<String>,
    /// Signs notices to addresses given for one onboarding alone.
    pub notice_secret: Secret,
    /// When it was set up.
    pub created_at: Timestamp,
}

/// An API key; only the digest of its secret is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiKey {
    /// `<keyid>`.
    pub id: String,
    /// Whose it is.
    pub partner: PartnerId,
    /// What people call it.
    pub name: String,
    /// SHA-256 of its secret, in hex.
    pub digest: String,
    /// Live or test.
    pub livemode: bool,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Where a partner hears notices.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Endpoint {
    /// `whe_…`.
    pub id: String,
    /// Where to.
    pub url: String,
    /// Which types; none means all.
    pub events: Vec<String>,
    /// The newest secret first; an older one signs beside it until it ends.
    pub secrets: Vec<EndpointSecret>,
    /// Whether notices go there.
    pub enabled: bool,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// A signing secret `whsec_…`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndpointSecret {
    /// The secret.
    pub secret: Secret,
    /// Until when it signs; the newest has no end.
    pub until: Option<Timestamp>,
}

impl Endpoint {
    /// Whether a notice of this type goes here.
    pub fn wants(&self, kind: &str) -> bool {
        self.enabled && (self.events.is_empty() || self.events.iter().any(|event| event == kind))
    }

    /// The secrets that sign at this moment.
    pub fn signing(&self, now: Timestamp) -> Vec<Secret> {
        self.secrets
            .iter()
            .filter(|secret| secret.until.is_none_or(|until| now < until))
            .map(|secret| secret.secret.clone())
            .collect()
    }
}

/// The subject of what belongs to this installation rather than to a partner or client.
pub fn house_subject() -> SubjectId {
    SubjectId::house()
}

/// The subject of a partner's own data.
pub fn partner_subject(partner: &PartnerId) -> SubjectId {
    SubjectId::new(format!("partner:{partner}"))
}

/// Reads and drafts the directory's documents.
#[derive(Clone)]
pub struct Directory {
    documents: Documents,
}

impl Directory {
    /// A directory over sealed documents.
    pub fn new(documents: Documents) -> Self {
        Self { documents }
    }

    /// A Meta app.
    pub async fn meta_app(&self, id: &AppId) -> Result<Option<MetaApp>, EngineError> {
        self.body(APPS, id.as_str()).await
    }

    /// Meta apps in the order of their ids, with the cursor of the next page.
    pub async fn meta_apps(
        &self,
        page: &PageOrder,
    ) -> Result<(Vec<MetaApp>, Option<String>), EngineError> {
        let (found, next) = self.documents.scan(APPS, "", page).await?;
        Ok((found.into_iter().map(|opened| opened.body).collect(), next))
    }

    /// Drafts a Meta app.
    pub async fn put_meta_app(
        &self,
        app: &MetaApp,
        expected: Expected,
    ) -> Result<Vec<PutDocument>, EngineError> {
        self.draft((APPS, app.app_id.as_str()), &house_subject(), expected, app)
            .await
    }

    /// A partner.
    pub async fn partner(&self, id: &PartnerId) -> Result<Option<Partner>, EngineError> {
        self.body(PARTNERS, id.as_str()).await
    }

    /// Partners in the order of their ids, which is that of their births.
    pub async fn partners(&self, page: &PageOrder) -> Result<Vec<Partner>, EngineError> {
        let (found, _) = self.documents.scan(PARTNERS, "", page).await?;
        Ok(found.into_iter().map(|opened| opened.body).collect())
    }

    /// Drafts a partner.
    pub async fn put_partner(
        &self,
        partner: &Partner,
        expected: Expected,
    ) -> Result<Vec<PutDocument>, EngineError> {
        let subject = partner_subject(&partner.id);
        self.draft((PARTNERS, partner.id.as_str()), &subject, expected, partner)
            .await
    }

    /// An API key by its id.
    pub async fn key(&self, id: &str) -> Result<Option<ApiKey>, EngineError> {
        self.body(KEYS, id).await
    }

    /// Drafts an API key.
    pub async fn put_key(&self, key: &ApiKey) -> Result<Vec<PutDocument>, EngineError> {
        self.draft((KEYS, &key.id), &house_subject(), Expected::Absent, key)
            .await
    }

    /// A partner's endpoints in the order of their births.
    pub async fn endpoints(&self, partner: &PartnerId) -> Result<Vec<Endpoint>, EngineError> {
        let page = PageOrder {
            limit: ENDPOINTS_MAX,
            after: None,
        };
        let prefix = format!("{partner}/");
        let (found, _) = self.documents.scan(ENDPOINTS, &prefix, &page).await?;
        Ok(found.into_iter().map(|opened| opened.body).collect())
    }

    /// One endpoint of a partner, with the version to name when writing it again.
    pub async fn endpoint(
        &self,
        partner: &PartnerId,
        id: &str,
    ) -> Result<Option<Opened<Endpoint>>, EngineError> {
        self.documents
            .get(ENDPOINTS, &format!("{partner}/{id}"))
            .await
    }

    /// Drafts an endpoint.
    pub async fn put_endpoint(
        &self,
        partner: &PartnerId,
        endpoint: &Endpoint,
        expected: Expected,
    ) -> Result<Vec<PutDocument>, EngineError> {
        let key = format!("{partner}/{}", endpoint.id);
        let subject = partner_subject(partner);
        self.draft((ENDPOINTS, &key), &subject, expected, endpoint)
            .await
    }

    /// Drafts the removal of an endpoint.
    pub fn remove_endpoint(partner: &PartnerId, id: &str, version: u64) -> PutDocument {
        let key = format!("{partner}/{id}");
        Documents::removal(ENDPOINTS, &key, Expected::Version(version))
    }

    /// Writes drafts.
    pub async fn write(&self, puts: Vec<PutDocument>) -> Result<(), EngineError> {
        self.documents.write(puts).await
    }

    async fn body<T: DeserializeOwned>(
        &self,
        space: &str,
        key: &str,
    ) -> Result<Option<T>, EngineError> {
        let opened = self.documents.get::<T>(space, key).await?;
        Ok(opened.map(|opened| opened.body))
    }

    async fn draft<T: Serialize>(
        &self,
        (space, key): (&str, &str),
        subject: &SubjectId,
        expected: Expected,
        body: &T,
    ) -> Result<Vec<PutDocument>, EngineError> {
        self.documents
            .seal(DocumentDraft {
                space,
                key,
                subject,
                expected,
                body,
                expires_at: None,
            })
            .await
    }
}

impl Partner {
    /// Whether its clients' accounts are paid by its own credit line.
    pub fn shares_credit(&self) -> bool {
        self.role == "solution_partner"
    }

    /// The partner of a sandbox.
    pub fn demo(id: PartnerId, app: AppId, now: Timestamp) -> Self {
        Self {
            id,
            name: "Demo Messaging".to_owned(),
            app,
            role: "tech_provider".to_owned(),
            solution_id: None,
            solution_status: None,
            branding: BrandingView {
                display_name: "Demo Messaging".to_owned(),
                accent: Some("#0b6b4f".to_owned()),
                ..BrandingView::default()
            },
            domain: None,
            redirect_hosts: Vec::new(),
            notice_secret: crate::app::fresh_signing_secret(),
            created_at: now,
        }
    }
}
