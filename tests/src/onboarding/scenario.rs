//! What clients do with their links, what helps, and what must be true of every onboarding's end.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::testing::simulation::{Ending, Scenario, Site};
use engine::{
    Actor, Engine, EngineBuilder, EngineError, Expected, InstanceId, NewInstance, Note, Record,
    SubjectId, Workflow as _,
};
use serde_json::{Value, json};
use workflows::connection::{Connection, ConnectionExecutor};
use workflows::delivery::DeliveryExecutor;
use workflows::directory::{Directory, Endpoint, EndpointSecret, MetaApp, Partner};
use workflows::grant::{Grant, GrantExecutor};
use workflows::intake::IntakeExecutor;
use workflows::onboarding::{Event, Facts, Link, Onboarding, OnboardingExecutor, Order, State};
use workflows::preflight::PreflightExecutor;
use workflows::values::{AppId, PartnerId, Secret};

use super::connected;
use super::endpoint::{self, told};
use super::meta::{self, APP, CLIENTS_PIN, Meta, PASSWORD, USER};
use super::{ends, examined};
use super::{missing, rivals, shares, words};

pub(super) const PARTNER: &str = "prt_1";
/// A Solution Partner: its credit line pays for its clients.
const PAYING: &str = "prt_2";

/// How long a link lives here: long enough for every fault, short enough to be lived through.
const LINK: Duration = Duration::from_hours(6);

/// A few clients with their links: of any kind, or as told.
#[derive(Clone, Debug, Default)]
pub struct Onboardings {
    steps: Option<Vec<Step>>,
    hard_of_hearing: bool,
    rivals: bool,
}

/// What Meta asks of a number before it is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// Nothing.
    Plain,
    /// A one-time password.
    Unproved,
    /// The PIN that its owner set.
    Locked,
    /// A one-time password; an operator calls it off instead, and takes back what was set up.
    Unwanted,
    /// Nothing but the chats of the app in which it stays.
    InApp,
    /// The credit line of a Solution Partner.
    Paid,
    /// Nothing, and every client who brings it brings the same one, each through another partner.
    Contested,
    /// The account has none, and the partner said everything that Meta wants to know of it.
    Missing,
}

/// What a client or its partner does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The partner makes a link.
    Make(u8, Number),
    /// The client opens it.
    Open(u8),
    /// The client finishes Meta's signup.
    SignUp(u8, Number),
    /// Meta shares the client's account, and its browser brings nothing.
    Share(u8, Number),
    /// Meta tells by webhook that the number's two-step verification is off.
    Tell(u8, Number),
    /// The partner calls it off.
    Cancel(u8),
    /// An operator has the app looked at.
    Examine,
}

impl Onboardings {
    /// Whatever clients may do.
    pub fn any() -> Self {
        Self::default()
    }

    /// Clients who do this and nothing else, told to an endpoint that takes nothing at the first try.
    pub fn told(steps: &[Step]) -> Self {
        Self {
            steps: Some(steps.to_vec()),
            hard_of_hearing: true,
            rivals: false,
        }
    }

    /// Clients of several partners who all bring one number.
    pub fn rivals() -> Self {
        Self {
            rivals: true,
            ..Self::default()
        }
    }
}

pub(super) fn id(number: u8) -> InstanceId {
    InstanceId::new(format!("onb_{number}"))
}

/// The id of a client's number: its first digit says what Meta asks for.
fn phone(number: u8, kind: Number) -> String {
    let first = match kind {
        Number::Plain => 1,
        Number::Unproved => 2,
        Number::Locked => 3,
        Number::Unwanted => 4,
        Number::InApp => 5,
        Number::Paid => 6,
        Number::Missing => 8,
        Number::Contested => return rivals::PHONE.to_owned(),
    };
    format!("{first}0{number}")
}

fn signed_up(phone: &str, id: &InstanceId, codes: usize) -> Event {
    let code = format!("{phone}-{id}-{codes}");
    Event::SignedUp {
        code: Some((Secret::new(code.as_str()), format!("digest of {code}"))),
        claim: None,
    }
}

#[async_trait]
impl Scenario for Onboardings {
    type Step = Step;

    fn name(&self) -> &'static str {
        if self.rivals { "rivals" } else { "onboarding" }
    }

    fn assemble(&self, builder: EngineBuilder, site: &Site) -> EngineBuilder {
        let meta = Arc::new(Meta(site.world().clone()));
        let endpoint = Arc::new(endpoint::Endpoint {
            world: site.world().clone(),
            hard_of_hearing: self.hard_of_hearing,
        });
        let connection = ConnectionExecutor::new(
            meta.clone(),
            meta.clone(),
            builder.documents(),
            builder.store(),
            builder.handle(),
        );
        let directory = Directory::new(builder.documents());
        let grant = GrantExecutor::new(meta.clone(), meta.clone(), directory, builder.handle());
        let onboarding = OnboardingExecutor::new(
            meta.clone(),
            meta.clone(),
            builder.documents(),
            builder.store(),
            builder.handle(),
        );
        let delivery = DeliveryExecutor::new(endpoint, builder.clock(), builder.documents());
        let intake = IntakeExecutor::new(builder.handle(), builder.documents());
        let address = "https://provider.example".to_owned();
        let documents = builder.documents();
        let preflight = PreflightExecutor::new(meta.clone(), meta, documents, address);
        builder
            .workflow(site.watched(preflight))
            .workflow(site.watched(intake))
            .workflow(site.watched(onboarding))
            .workflow(site.watched(grant))
            .workflow(site.watched(connection))
            .workflow(site.watched(delivery))
    }

    async fn furnish(&self, engine: &Engine) -> Result<(), EngineError> {
        let directory = Directory::new(engine.documents());
        let (partner, now) = (PartnerId::new(PARTNER), engine.now());
        let app: MetaApp = serde_json::from_value(json!({
            "app_id": APP, "app_secret": "secret", "created_at": now, "business_id": "8",
            "system_user_id": USER, "system_user_token": "system", "credit_line_id": "7",
            "waba_currency": "EUR",
        }))
        .expect("an app is plain data");
        let app = directory.put_meta_app(&app, Expected::Absent).await?;
        directory.write(app).await?;
        for known in [partner.clone(), PartnerId::new(rivals::PARTNER)] {
            let demo = Partner::demo(known, AppId::new(APP), now);
            let demo = directory.put_partner(&demo, Expected::Absent).await?;
            directory.write(demo).await?;
        }
        let mut paying = Partner::demo(PartnerId::new(PAYING), AppId::new(APP), now);
        "solution_partner".clone_into(&mut paying.role);
        let paying = directory.put_partner(&paying, Expected::Absent).await?;
        directory.write(paying).await?;
        let endpoint = Endpoint {
            id: "whe_1".to_owned(),
            url: "https://partner.example/hook".to_owned(),
            events: Vec::new(),
            secrets: vec![EndpointSecret {
                secret: Secret::new("whsec_c2VjcmV0"),
                until: None,
            }],
            enabled: true,
            created_at: now,
        };
        let put = directory
            .put_endpoint(&partner, &endpoint, Expected::Absent)
            .await?;
        directory.write(put).await
    }

    fn script(&self, chance: &mut fastrand::Rng) -> Vec<Step> {
        if let Some(steps) = &self.steps {
            return steps.clone();
        }
        if self.rivals {
            return rivals::script(chance);
        }
        let mut steps = Vec::new();
        for number in 0..chance.u8(1..=2) {
            let kinds = [
                Number::Plain,
                Number::Unproved,
                Number::Locked,
                Number::Unwanted,
                Number::InApp,
                Number::Paid,
            ];
            let kind = kinds[chance.usize(..kinds.len())];
            steps.push(Step::Make(number, kind));
            steps.push(Step::Open(number));
            steps.push(if chance.u8(..5) == 0 {
                Step::Share(number, kind)
            } else {
                Step::SignUp(number, kind)
            });
            if chance.u8(..6) == 0 {
                steps.push(Step::Cancel(number));
            }
        }
        steps
    }

    async fn take(&self, engine: &Engine, step: &Step) -> Result<(), EngineError> {
        let (number, event) = match step {
            Step::Examine => return examined::order(engine).await,
            Step::Make(number, kind) => return make(engine, *number, *kind).await,
            Step::Tell(number, kind) => return words::tell(engine, &phone(*number, *kind)).await,
            Step::Open(number) => {
                let browser = "a browser".to_owned();
                (*number, Event::Opened { browser })
            }
            Step::SignUp(number, kind) => {
                (*number, signed_up(&phone(*number, *kind), &id(*number), 0))
            }
            Step::Share(number, kind) => {
                return shares::share(engine, &id(*number), &phone(*number, *kind)).await;
            }
            Step::Cancel(number) => {
                let canceled = Event::Canceled {
                    actor: Actor::Partner,
                    reason: "not wanted".to_owned(),
                    // Every second one is taken back at Meta first, where there is anything to.
                    undo: number.is_multiple_of(2),
                };
                (*number, canceled)
            }
        };
        engine.submit::<Onboarding>(&id(number), event).await?;
        Ok(())
    }

    async fn help(&self, engine: &Engine, record: &Record) -> Result<(), EngineError> {
        if record.workflow == Grant::NAME {
            return shares::leave(engine, record).await;
        }
        if record.workflow == Connection::NAME {
            return connected::help(engine, record).await;
        }
        if record.workflow != Onboarding::NAME {
            return Ok(());
        }
        let client = engine.open::<Onboarding>(record.clone()).await?;
        let facts = &client.facts;
        let event = match client.state {
            _ if shares::is_looked_at(engine, facts).await? => return Ok(()),
            State::LinkIssued | State::NeedsSignup => {
                let phone = facts.order.external_id.as_deref().unwrap_or_default();
                signed_up(phone, &record.id, facts.codes_heard.len())
            }
            State::NeedsAsset if rivals::is_contested(facts) => Event::Canceled {
                actor: Actor::Operator,
                reason: "it is another partner's".to_owned(),
                undo: false,
            },
            State::NeedsAsset => Event::AssetsRecheck {
                actor: Actor::Client,
            },
            State::NeedsOtp if is_unwanted(facts) => Event::Canceled {
                actor: Actor::Operator,
                reason: "not wanted".to_owned(),
                undo: true,
            },
            State::NeedsOtp if facts.otp.is_none() => Event::OtpGiven(Secret::new(PASSWORD)),
            State::NeedsPin => Event::PinGiven(Secret::new(CLIENTS_PIN)),
            _ => return Ok(()),
        };
        engine.submit::<Onboarding>(&record.id, event).await?;
        Ok(())
    }

    fn may_rest(&self, record: &Record) -> bool {
        connected::may_rest(record)
    }

    async fn judge(&self, ending: &Ending<'_, Step>) -> Vec<String> {
        let (mut wrong, mut clients) = (Vec::new(), Vec::new());
        for record in &ending.records {
            if record.workflow != Onboarding::NAME {
                continue;
            }
            match ending.engine.open::<Onboarding>(record.clone()).await {
                Ok(client) => clients.push(client),
                Err(error) => wrong.push(format!("{}: {error}", record.id)),
            }
        }
        let of_each = clients
            .iter()
            .flat_map(|client| ends::judge(ending, client));
        wrong.extend(of_each);
        wrong.extend(rivals::judge(&clients));
        wrong
    }

    /// Notices have ids that tell when they were born, so that they are told by what they say.
    async fn tell(&self, ending: &Ending<'_, Step>) -> String {
        let connections = ending.records.iter().filter_map(connected::tell);
        let onboardings = ending.records.iter();
        let onboardings = onboardings.filter(|record| record.workflow == Onboarding::NAME);
        let told = onboardings.map(|record| {
            let completed = told(record.id.as_str(), "onboarding.completed");
            let told = ending.world.times(&completed) > 0;
            format!("{} {}, completion told: {told}\n", record.id, record.state)
        });
        let taken_back = ending.world.all().into_keys();
        let taken_back = taken_back.filter(|operation| operation.starts_with("unsubscribe"));
        told.chain(taken_back).chain(connections).collect()
    }
}

fn is_unwanted(facts: &Facts) -> bool {
    let phone = facts.order.external_id.as_deref();
    phone.is_some_and(|phone| phone.starts_with('4'))
}

async fn make(engine: &Engine, number: u8, kind: Number) -> Result<(), EngineError> {
    let now = engine.now();
    let partner = match kind {
        Number::Paid => PAYING,
        Number::Contested if number.is_multiple_of(2) => rivals::PARTNER,
        _ => PARTNER,
    };
    let (expected, prefill) = match kind {
        Number::Missing => missing::named_in_full(&phone(number, kind)),
        _ => (Value::Null, json!({})),
    };
    let order: Order = serde_json::from_value(json!({
        "expected_phone_number": expected, "partner": partner, "app": APP, "livemode": false, "metadata": {}, "allowed": [],
        "mode": "new", "prefill": prefill, "embed_origins": [], "external_id": phone(number, kind),
        "expected_waba": meta::waba_of(&phone(number, kind)),
    }))
    .expect("an order is plain data");
    let link = Link {
        id: format!("olk_{number}"),
        expires_at: now + LINK,
        revoked_at: None,
    };
    let new = NewInstance::<Onboarding> {
        id: id(number),
        subject: SubjectId::new(format!("client_{number}")),
        facts: Facts::new(id(number).to_string(), order, link, now),
        parent: None,
        note: Note::plain("created", Actor::Partner),
    };
    // Boxed, so that the steps stay small.
    match Box::pin(engine.create(new, Vec::new())).await {
        Ok(_) | Err(EngineError::Exists(_)) => Ok(()),
        Err(other) => Err(other),
    }
}
