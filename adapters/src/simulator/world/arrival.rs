//! How a customer comes into the world: portfolio, account, number, and the grant to an app.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::Timestamp;

use super::{
    Business, Code, MovingLimit, Number, Passwords, PinGuesses, Standing, Token, TokenForm, Waba,
    World, decimal_id, one_time_password, opaque,
};

/// Who goes through a signup and with what.
#[derive(Clone, Default)]
pub(crate) struct Arriving {
    pub(crate) app_id: String,
    pub(crate) partner_id: Option<String>,
    pub(crate) business_id: Option<String>,
    pub(crate) business_name: String,
    pub(crate) waba_id: Option<String>,
    pub(crate) waba_name: String,
    /// Digits only; nothing for a signup that ends without a number.
    pub(crate) digits: Option<String>,
    /// The id of a number that the provider had verified before.
    pub(crate) pre_verified_id: Option<String>,
    pub(crate) coexistence: bool,
}

/// What the signup left in the world.
#[derive(Clone)]
#[expect(
    clippy::struct_field_names,
    reason = "ids under the names they have on the wire"
)]
pub(crate) struct Arrived {
    pub(crate) business_id: String,
    pub(crate) waba_id: String,
    pub(crate) phone_number_id: Option<String>,
}

/// The life of what a signup hands out.
#[derive(Clone, Copy)]
pub(crate) struct Credential {
    /// When the code dies; nothing while the popup still holds it.
    pub(crate) code_expires_at: Option<Timestamp>,
    pub(crate) token_life: Option<Duration>,
    pub(crate) token_form: TokenForm,
    pub(crate) without_scope: bool,
}

impl World {
    /// Brings a customer in. A number that is known already keeps its account and portfolio.
    pub(crate) fn arrive(&mut self, who: &Arriving, now: Timestamp) -> Arrived {
        let known = who
            .digits
            .as_deref()
            .and_then(|digits| self.number_dialed(digits))
            .cloned();
        let waba_id = match &known {
            Some(number) => number.waba_id.clone(),
            None => self.find_or_open_waba(who, now),
        };
        self.wabas
            .change(&waba_id, |waba| waba.shared.insert(who.app_id.clone(), now));
        let business_id = self
            .wabas
            .get(&waba_id)
            .map(|waba| waba.business_id.clone())
            .unwrap_or_default();
        if who.partner_id.is_some() {
            self.businesses.change(&business_id, |business| {
                business.partner_id.clone_from(&who.partner_id);
            });
        }
        let phone_number_id = match (known, &who.digits) {
            (Some(number), _) => {
                self.numbers
                    .change(&number.id, |number| number.come_again(who.coexistence, now));
                Some(number.id)
            }
            (None, Some(digits)) => Some(self.connect_number(who, digits, &waba_id, now)),
            (None, None) => None,
        };
        Arrived {
            business_id,
            waba_id,
            phone_number_id,
        }
    }

    /// Gives out a code for what `arrived` granted.
    pub(crate) fn issue_code(
        &mut self,
        app_id: &str,
        arrived: &Arrived,
        credential: Credential,
    ) -> String {
        let code = opaque("AQ", 180);
        self.codes.put(Code {
            code: code.clone(),
            app_id: app_id.to_owned(),
            business_id: arrived.business_id.clone(),
            waba_id: arrived.waba_id.clone(),
            expires_at: credential.code_expires_at,
            used_at: None,
            token_life: credential.token_life,
            token_form: credential.token_form,
            without_scope: credential.without_scope,
        });
        code
    }

    /// Makes a business token for one customer of one app.
    pub(crate) fn mint_token(
        &mut self,
        app_id: &str,
        business_id: &str,
        life: Option<Duration>,
        now: Timestamp,
    ) -> String {
        let token = opaque("EAA", 190);
        self.tokens.put(Token {
            token: token.clone(),
            app_id: app_id.to_owned(),
            business_id: business_id.to_owned(),
            user_id: decimal_id(),
            issued_at: now,
            expires_at: life.map(|life| now + life),
            revoked: false,
            without_scope: false,
        });
        token
    }

    fn find_or_open_waba(&mut self, who: &Arriving, now: Timestamp) -> String {
        if let Some(id) = who.waba_id.as_ref().filter(|id| self.wabas.contains(id)) {
            return id.clone();
        }
        let business_id = match &who.business_id {
            Some(id) if self.businesses.contains(id) => id.clone(),
            _ => self.found_business(who),
        };
        let id = decimal_id();
        self.businesses
            .change(&business_id, |business| business.wabas.push(id.clone()));
        self.wabas.put(Waba {
            id: id.clone(),
            name: who.waba_name.clone(),
            business_id,
            currency: "USD".to_owned(),
            created_at: now,
            shared: BTreeMap::new(),
            subscribed: BTreeMap::new(),
            numbers: Vec::new(),
            assigned_users: Vec::new(),
            primary_funding_id: None,
            next_funding: None,
            hidden_until: None,
            solution_id: None,
        });
        id
    }

    fn found_business(&mut self, who: &Arriving) -> String {
        let id = decimal_id();
        self.businesses.put(Business {
            id: id.clone(),
            name: who.business_name.clone(),
            partner_id: who.partner_id.clone(),
            wabas: Vec::new(),
        });
        id
    }

    fn connect_number(
        &mut self,
        who: &Arriving,
        digits: &str,
        waba_id: &str,
        now: Timestamp,
    ) -> String {
        let mut number = Number::new(waba_id, digits, &who.waba_name, now);
        if who.coexistence {
            number.standing = Standing::Coexistence;
        }
        if let Some(id) = &who.pre_verified_id {
            number.id.clone_from(id);
            number.pre_verified = true;
        }
        let id = number.id.clone();
        self.add_number(number);
        id
    }
}

impl Number {
    /// A number as it is right after a signup: verified, not registered, no PIN.
    pub(crate) fn new(waba_id: &str, digits: &str, name: &str, now: Timestamp) -> Self {
        Self {
            id: decimal_id(),
            waba_id: waba_id.to_owned(),
            digits: digits.to_owned(),
            verified_name: name.to_owned(),
            standing: Standing::New,
            verified: true,
            pin: None,
            name_pending_until: None,
            deleting_until: None,
            onboarded_at: now,
            registers: MovingLimit::default(),
            deregisters: MovingLimit::default(),
            sms: None,
            syncs: BTreeMap::new(),
            history_refused: false,
            name_declined: false,
            pre_verified: false,
            app_hidden_until: None,
            webhook_override: None,
            guesses: PinGuesses::default(),
            half_deregistered: false,
            passwords: Passwords::default(),
        }
    }

    /// Sends a new one-time password to this number, written or spoken.
    pub(crate) fn send_password(&mut self, spoken: bool) {
        self.sms = Some(one_time_password());
        self.passwords.spoken = spoken;
    }

    /// Both syncs count as asked for, as if by somebody before.
    pub(crate) fn use_up_syncs(&mut self) {
        for kind in ["smb_app_state_sync", "history"] {
            self.syncs.insert(kind.to_owned(), opaque("", 24));
        }
    }

    fn come_again(&mut self, coexistence: bool, now: Timestamp) {
        self.onboarded_at = now;
        // Each signup opens the window for the app's syncs anew.
        self.syncs.clear();
        if coexistence {
            self.standing = Standing::Coexistence;
        }
    }
}
