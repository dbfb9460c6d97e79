//! Meta as a simulated world knows it: every answer follows from what was done before, and a code or
//! a registration that comes twice is a broken promise.

use std::sync::Arc;

use async_trait::async_trait;
use engine::testing::simulation::World;
use workflows::ports::graph::{
    Access, AppCredentials, Callback, GrantedToken, GraphApi, GraphError, Health, NewNumber,
    PhoneNumber, Reaction, Subscription, SyncKind, TokenGrant,
};
use workflows::values::{AppId, BusinessId, PhoneNumberId, Secret, WabaId};

/// The app whose clients sign up.
pub(super) const APP: &str = "1";

/// The provider's system user.
pub(super) const USER: &str = "9";

/// The password that Meta sends to every number, and the PIN that only clients know.
pub(super) const PASSWORD: &str = "123456";
pub(super) const CLIENTS_PIN: &str = "424242";

/// What a number asks for before it is registered: the first digit of its id says.
const WANTS_PASSWORD: [char; 2] = ['2', '4'];
const HAS_PIN: char = '3';
const IN_APP: char = '5';
/// It is not on its account before it is added.
const MISSING: char = '8';

/// Meta over the world.
pub(super) struct Meta(pub(super) Arc<World>);

pub(super) fn refused(call: &'static str, reaction: Reaction) -> GraphError {
    GraphError {
        call,
        reaction,
        code: Some(100),
        subcode: None,
        message: "refused by the simulated Meta".to_owned(),
        trace: None,
    }
}

impl Meta {
    fn number(&self, phone: &PhoneNumberId) -> PhoneNumber {
        let in_app = phone.as_str().starts_with(IN_APP);
        let proves = !phone.as_str().starts_with(WANTS_PASSWORD);
        PhoneNumber {
            id: phone.clone(),
            display: Some(format!("+49 30 {phone}")),
            verified_name: None,
            live: in_app || self.0.times(&format!("register {phone}")) > 0,
            on_business_app: in_app,
            verified: proves || self.0.times(&format!("verify {phone}")) > 0,
            name_status: None,
        }
    }
}

/// A token names the number that it was granted for, and so do its account and its portfolio.
fn phone_of(token: &Secret) -> PhoneNumberId {
    PhoneNumberId::new(token.expose())
}

pub(super) fn waba_of(phone: &str) -> WabaId {
    WabaId::new(format!("7{phone}"))
}

pub(super) fn portfolio_of(phone: &str) -> BusinessId {
    BusinessId::new(format!("5{phone}"))
}

#[async_trait]
impl GraphApi for Meta {
    async fn exchange_code(
        &self,
        _app: &AppCredentials,
        code: &Secret,
    ) -> Result<GrantedToken, GraphError> {
        let code = code.expose();
        self.0.does_once(format!("exchange {code}"));
        let phone = code.split('-').next().unwrap_or_default();
        Ok(GrantedToken {
            token: Secret::new(phone),
            expires_in: None,
        })
    }

    async fn inspect_token(
        &self,
        app: &AppCredentials,
        token: &Secret,
    ) -> Result<TokenGrant, GraphError> {
        Ok(TokenGrant {
            valid: true,
            app_id: Some(app.app_id.clone()),
            expires_at: None,
            wabas: vec![waba_of(token.expose())],
            scopes: Vec::new(),
        })
    }

    async fn waba_owner(
        &self,
        waba: &WabaId,
        _access: &Access,
    ) -> Result<Option<BusinessId>, GraphError> {
        Ok(Some(portfolio_of(&waba.as_str()[1..])))
    }

    async fn phone_numbers(
        &self,
        _waba: &WabaId,
        access: &Access,
    ) -> Result<Vec<PhoneNumber>, GraphError> {
        let phone = phone_of(&access.token);
        let missing = phone.as_str().starts_with(MISSING);
        if missing && self.0.times(&format!("add {phone}")) == 0 {
            return Ok(Vec::new());
        }
        Ok(vec![self.number(&phone)])
    }

    async fn phone_number(
        &self,
        phone: &PhoneNumberId,
        _access: &Access,
    ) -> Result<PhoneNumber, GraphError> {
        Ok(self.number(phone))
    }

    async fn subscribe_app(&self, waba: &WabaId, _access: &Access) -> Result<(), GraphError> {
        self.0.does(format!("subscribe {waba}"));
        Ok(())
    }

    async fn unsubscribe_app(&self, waba: &WabaId, _access: &Access) -> Result<(), GraphError> {
        self.0.does(format!("unsubscribe {waba}"));
        Ok(())
    }

    async fn override_callback(
        &self,
        _waba: &WabaId,
        _callback: &Callback,
        _access: &Access,
    ) -> Result<(), GraphError> {
        Ok(())
    }

    async fn subscribed_apps(
        &self,
        waba: &WabaId,
        _access: &Access,
    ) -> Result<Vec<Subscription>, GraphError> {
        let subscribed = self.0.times(&format!("subscribe {waba}")) > 0;
        let ours = subscribed.then(|| Subscription {
            app: AppId::new(APP),
            callback: None,
        });
        Ok(ours.into_iter().collect())
    }

    async fn override_number(
        &self,
        phone: &PhoneNumberId,
        _callback: &Callback,
        _access: &Access,
    ) -> Result<(), GraphError> {
        self.0.does(format!("override {phone}"));
        Ok(())
    }

    async fn register_number(
        &self,
        phone: &PhoneNumberId,
        pin: &Secret,
        _access: &Access,
    ) -> Result<(), GraphError> {
        if !self.number(phone).verified {
            return Err(refused("register", Reaction::NumberUnverified));
        }
        if phone.as_str().starts_with(HAS_PIN) && pin.expose() != CLIENTS_PIN {
            return Err(refused("register", Reaction::PinMismatch));
        }
        self.0.does_once(format!("register {phone}"));
        Ok(())
    }

    async fn deregister_number(
        &self,
        _phone: &PhoneNumberId,
        _access: &Access,
    ) -> Result<(), GraphError> {
        Ok(())
    }

    async fn request_code(
        &self,
        phone: &PhoneNumberId,
        _access: &Access,
    ) -> Result<(), GraphError> {
        self.0.does(format!("send password to {phone}"));
        Ok(())
    }

    async fn verify_code(
        &self,
        phone: &PhoneNumberId,
        code: &Secret,
        _access: &Access,
    ) -> Result<(), GraphError> {
        if code.expose() != PASSWORD {
            return Err(refused("verify_code", Reaction::Refused));
        }
        self.0.does(format!("verify {phone}"));
        Ok(())
    }

    async fn add_number(
        &self,
        _waba: &WabaId,
        _number: &NewNumber,
        access: &Access,
    ) -> Result<(), GraphError> {
        self.0.does_once(format!("add {}", phone_of(&access.token)));
        Ok(())
    }

    async fn assigned_users(
        &self,
        waba: &WabaId,
        _business: &BusinessId,
        _access: &Access,
    ) -> Result<Vec<String>, GraphError> {
        let assigned = self.0.times(&format!("assign {waba}")) > 0;
        Ok(assigned.then(|| USER.to_owned()).into_iter().collect())
    }

    async fn assign_user(
        &self,
        waba: &WabaId,
        _user: &str,
        _access: &Access,
    ) -> Result<(), GraphError> {
        self.0.does(format!("assign {waba}"));
        Ok(())
    }

    async fn share_credit(
        &self,
        _line: &str,
        waba: &WabaId,
        _currency: &str,
        _access: &Access,
    ) -> Result<String, GraphError> {
        self.0.does_once(format!("share {waba}"));
        Ok(waba.to_string())
    }

    /// Who shares what with whom is in the share's own name, so all are looked through.
    async fn credit_shares(
        &self,
        _line: &str,
        _client: &BusinessId,
        _access: &Access,
    ) -> Result<Vec<String>, GraphError> {
        let done = self.0.all().into_keys();
        let shared = done.filter_map(|done| done.strip_prefix("share ").map(str::to_owned));
        Ok(shared.collect())
    }

    async fn share_credential(
        &self,
        share: &str,
        _access: &Access,
    ) -> Result<Option<String>, GraphError> {
        Ok(Some(format!("pays {share}")))
    }

    async fn waba_funding(
        &self,
        waba: &WabaId,
        _access: &Access,
    ) -> Result<Option<String>, GraphError> {
        let shared = self.0.times(&format!("share {waba}")) > 0;
        Ok(shared.then(|| format!("pays {waba}")))
    }

    async fn request_sync(
        &self,
        phone: &PhoneNumberId,
        kind: SyncKind,
        _access: &Access,
    ) -> Result<Option<String>, GraphError> {
        let sync = format!("sync {kind:?} of {phone}");
        if self.0.times(&sync) > 0 {
            return Err(refused("request_sync", Reaction::SyncUsedUp));
        }
        self.0.does_once(sync);
        Ok(Some("request".to_owned()))
    }

    async fn health(&self, _phone: &PhoneNumberId, _access: &Access) -> Result<Health, GraphError> {
        Ok(Health {
            can_send: Some(true),
            problems: Vec::new(),
            // The name has been looked at since the number was registered.
            name_status: Some("APPROVED".to_owned()),
        })
    }
}
