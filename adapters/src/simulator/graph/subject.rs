//! Whom a call concerns: needed before it acts, to log it and to aim a scenario at it.

use super::super::calls::CallRecord;
use super::super::world::World;
use super::{Call, Endpoint};

/// The objects around a call, as far as it tells.
#[derive(Clone, Default)]
#[expect(
    clippy::struct_field_names,
    reason = "ids under the names they have on the wire"
)]
pub(crate) struct Subject {
    pub(crate) app_id: Option<String>,
    pub(crate) partner_id: Option<String>,
    pub(crate) business_id: Option<String>,
    pub(crate) waba_id: Option<String>,
    pub(crate) phone_number_id: Option<String>,
}

impl Subject {
    /// Whom `call` concerns.
    pub(crate) fn of(world: &World, call: &Call) -> Self {
        let mut subject = Self::default();
        if let Some(token) = &call.token {
            subject.learn_from_token(world, token);
        }
        match call.endpoint {
            Endpoint::Exchange => subject.learn_from_code(world, call),
            Endpoint::DebugToken => {
                if let Some(token) = call.params.get("input_token") {
                    subject.learn_from_token(world, token);
                }
            }
            // The path names the credit line; whom it is for stands beside it.
            Endpoint::ShareCredit => {
                let waba_id = call.params.get("waba_id").unwrap_or_default();
                subject.learn_from_node(world, waba_id);
            }
            _ => subject.learn_from_node(world, &call.node),
        }
        if subject.app_id.is_none() {
            let named = call
                .params
                .get("client_id")
                .filter(|id| world.apps.contains(id));
            subject.app_id = named.map(str::to_owned);
        }
        subject.partner_id = subject
            .business_id
            .as_ref()
            .and_then(|id| world.businesses.get(id))
            .and_then(|business| business.partner_id.clone());
        subject
    }

    /// Writes the ids into a call's record.
    pub(crate) fn note_on(&self, record: &mut CallRecord) {
        record.app_id.clone_from(&self.app_id);
        record.business_id.clone_from(&self.business_id);
        record.waba_id.clone_from(&self.waba_id);
        record.phone_number_id.clone_from(&self.phone_number_id);
    }

    fn learn_from_token(&mut self, world: &World, token: &str) {
        if let Some(known) = world.tokens.get(token) {
            self.app_id = Some(known.app_id.clone());
            self.business_id = Some(known.business_id.clone());
            return;
        }
        let app = world.apps.iter().find(|app| {
            app.system_user_token == token
                || token
                    .split_once('|')
                    .is_some_and(|(id, _)| id == app.app_id)
        });
        if let Some(app) = app {
            self.app_id = Some(app.app_id.clone());
        }
    }

    fn learn_from_code(&mut self, world: &World, call: &Call) {
        if let Some(code) = call
            .params
            .get("code")
            .and_then(|code| world.codes.get(code))
        {
            self.app_id = Some(code.app_id.clone());
            self.business_id = Some(code.business_id.clone());
            self.waba_id = Some(code.waba_id.clone());
        }
    }

    fn learn_from_node(&mut self, world: &World, node: &str) {
        let waba_id = match world.numbers.get(node) {
            Some(number) => {
                self.phone_number_id = Some(node.to_owned());
                Some(number.waba_id.as_str())
            }
            None if world.wabas.contains(node) => Some(node),
            None => None,
        };
        if let Some(waba) = waba_id.and_then(|id| world.wabas.get(id)) {
            self.waba_id = Some(waba.id.clone());
            self.business_id = Some(waba.business_id.clone());
        } else if world.businesses.contains(node) {
            self.business_id = Some(node.to_owned());
        }
    }
}
