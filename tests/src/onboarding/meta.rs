//! Meta as a simulated world knows it: every answer follows from what was done before, and a code or
//! a registration that comes twice is a broken promise.

use std::sync::Arc;

use async_trait::async_trait;
use engine::testing::simulation::World;
use workflows::ports::graph::{
    AppCredentials, Callback, GrantedToken, GraphApi, GraphError, Health, PhoneNumber, Reaction,
    TokenGrant,
};
use workflows::values::{AppId, BusinessId, PhoneNumberId, Secret, WabaId};

/// The app whose clients sign up.
pub(super) const APP: &str = "1";

/// The password that Meta sends to every number, and the PIN that only clients know.
pub(super) const PASSWORD: &str = "123456";
pub(super) const CLIENTS_PIN: &str = "424242";

/// What a number asks for before it is registered: the first digit of its id says.
const WANTS_PASSWORD: [char; 2] = ['2', '4'];
const HAS_PIN: char = '3';

/// Meta over the world.
pub(super) struct Meta(pub(super) Arc<World>);

fn refused(call: &'static str, reaction: Reaction) -> GraphError {
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
        let proves = !phone.as_str().starts_with(WANTS_PASSWORD);
        PhoneNumber {
            id: phone.clone(),
            display: Some(format!("+49 30 {phone}")),
            verified_name: None,
            live: self.0.times(&format!("register {phone}")) > 0,
            on_business_app: false,
            verified: proves || self.0.times(&format!("verify {phone}")) > 0,
            name_status: None,
        }
    }
}

/// A token names the number that it was granted for, and so does its account.
fn phone_of(token: &Secret) -> PhoneNumberId {
    PhoneNumberId::new(token.expose())
}

fn waba_of(token: &Secret) -> WabaId {
    WabaId::new(format!("7{}", token.expose()))
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
            wabas: vec![waba_of(token)],
            scopes: Vec::new(),
        })
    }

    async fn waba_owner(
        &self,
        _waba: &WabaId,
        _token: &Secret,
    ) -> Result<Option<BusinessId>, GraphError> {
        Ok(Some(BusinessId::new("5")))
    }

    async fn phone_numbers(
        &self,
        _waba: &WabaId,
        token: &Secret,
    ) -> Result<Vec<PhoneNumber>, GraphError> {
        Ok(vec![self.number(&phone_of(token))])
    }

    async fn phone_number(
        &self,
        phone: &PhoneNumberId,
        _token: &Secret,
    ) -> Result<PhoneNumber, GraphError> {
        Ok(self.number(phone))
    }

    async fn subscribe_app(&self, waba: &WabaId, _token: &Secret) -> Result<(), GraphError> {
        self.0.does(format!("subscribe {waba}"));
        Ok(())
    }

    async fn unsubscribe_app(&self, waba: &WabaId, _token: &Secret) -> Result<(), GraphError> {
        self.0.does(format!("unsubscribe {waba}"));
        Ok(())
    }

    async fn override_callback(
        &self,
        _waba: &WabaId,
        _callback: &Callback,
        _token: &Secret,
    ) -> Result<(), GraphError> {
        Ok(())
    }

    async fn subscribed_apps(
        &self,
        waba: &WabaId,
        _token: &Secret,
    ) -> Result<Vec<AppId>, GraphError> {
        let subscribed = self.0.times(&format!("subscribe {waba}")) > 0;
        Ok(subscribed.then(|| AppId::new(APP)).into_iter().collect())
    }

    async fn register_number(
        &self,
        phone: &PhoneNumberId,
        pin: &Secret,
        _token: &Secret,
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
        _token: &Secret,
    ) -> Result<(), GraphError> {
        Ok(())
    }

    async fn request_code(&self, phone: &PhoneNumberId, _token: &Secret) -> Result<(), GraphError> {
        self.0.does(format!("send password to {phone}"));
        Ok(())
    }

    async fn verify_code(
        &self,
        phone: &PhoneNumberId,
        code: &Secret,
        _token: &Secret,
    ) -> Result<(), GraphError> {
        if code.expose() != PASSWORD {
            return Err(refused("verify_code", Reaction::Refused));
        }
        self.0.does(format!("verify {phone}"));
        Ok(())
    }

    async fn health(&self, _phone: &PhoneNumberId, _token: &Secret) -> Result<Health, GraphError> {
        Ok(Health {
            can_send: Some(true),
            problems: Vec::new(),
        })
    }
}
