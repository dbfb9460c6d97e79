//! The simulated world: apps, portfolios, accounts, numbers, codes, tokens, and what is on its way.
//!
//! It keeps facts and survives a kill; who may see or change them is decided by the Graph rooms.

mod arrival;
mod cover;
mod entities;
mod guards;
mod ids;
mod kept;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use engine::{DataKey, Timestamp};

pub(crate) use arrival::{Arrived, Arriving, Credential};
pub(crate) use entities::{
    Allocation, App, Business, Code, Mail, Number, PendingWebhook, Standing, Token, TokenForm, Waba,
};
pub(crate) use guards::{MovingLimit, Passwords, PinGuesses};
pub(crate) use ids::{decimal_id, one_time_password, opaque};
pub(crate) use kept::{Entity, Flusher, Kept};

use self::cover::Cover;
use self::kept::Disk;
use super::ailments::Ailment;
use super::scenario::Scenario;

/// Where a world is kept from one start to the next.
#[derive(Clone, Debug)]
pub struct WorldStore {
    /// The folder.
    pub folder: PathBuf,
    /// Seals what lies there.
    pub key: Arc<DataKey>,
}

/// Everything that exists on the simulated side.
pub(crate) struct World {
    pub(crate) apps: Kept<App>,
    pub(crate) businesses: Kept<Business>,
    pub(crate) wabas: Kept<Waba>,
    pub(crate) numbers: Kept<Number>,
    pub(crate) codes: Kept<Code>,
    pub(crate) tokens: Kept<Token>,
    pub(crate) allocations: Kept<Allocation>,
    pub(crate) ailments: Kept<Ailment>,
    pub(crate) webhooks: Kept<PendingWebhook>,
    pub(crate) scenarios: Kept<Scenario>,
    number_by_digits: HashMap<String, String>,
    flusher: Flusher,
}

impl World {
    /// Opens a world that is kept, or one that is gone when the process ends.
    pub(crate) fn open(store: Option<&WorldStore>) -> Result<Self, sled::Error> {
        // The whole world is also in memory: a large page cache would hold it twice.
        let config = sled::Config::new()
            .cache_capacity(4 * 1024 * 1024)
            .flush_every_ms(None);
        let database = match store {
            Some(store) => config.path(store.folder.join("simulator")).open()?,
            None => config.temporary(true).open()?,
        };
        let disk = Disk {
            flusher: Flusher::new(database.clone(), store.is_some()),
            cover: store.map_or_else(Cover::passing, |store| Cover::new(Arc::clone(&store.key))),
            database,
        };
        let numbers: Kept<Number> = Kept::open(&disk)?;
        Ok(Self {
            apps: Kept::open(&disk)?,
            businesses: Kept::open(&disk)?,
            wabas: Kept::open(&disk)?,
            codes: Kept::open(&disk)?,
            tokens: Kept::open(&disk)?,
            allocations: Kept::open(&disk)?,
            ailments: Kept::open(&disk)?,
            webhooks: Kept::open(&disk)?,
            scenarios: Kept::open(&disk)?,
            number_by_digits: numbers
                .iter()
                .map(|number| (number.digits.clone(), number.id.clone()))
                .collect(),
            numbers,
            flusher: disk.flusher,
        })
    }

    pub(crate) fn flusher(&self) -> Flusher {
        self.flusher.clone()
    }

    /// The number that people dial as `digits`, if anybody has brought it here.
    pub(crate) fn number_dialed(&self, digits: &str) -> Option<&Number> {
        self.numbers.get(self.number_by_digits.get(digits)?)
    }

    /// Adds a number to its account.
    pub(crate) fn add_number(&mut self, number: Number) {
        self.number_by_digits
            .insert(number.digits.clone(), number.id.clone());
        self.wabas
            .change(&number.waba_id, |waba| waba.numbers.push(number.id.clone()));
        self.numbers.put(number);
    }

    /// The accounts of `business_id` shared with `app_id`, newest grant first.
    pub(crate) fn shared_wabas(&self, app_id: &str, business_id: &str) -> Vec<&Waba> {
        let mut shared: Vec<(Timestamp, &Waba)> = self
            .businesses
            .get(business_id)
            .into_iter()
            .flat_map(|business| &business.wabas)
            .filter_map(|id| self.wabas.get(id))
            .filter_map(|waba| Some((*waba.shared.get(app_id)?, waba)))
            .collect();
        // A stable sort over the reversed list: of two grants at one moment the later stays first.
        shared.reverse();
        shared.sort_by_key(|(granted, _)| std::cmp::Reverse(*granted));
        shared.into_iter().map(|(_, waba)| waba).collect()
    }
}
