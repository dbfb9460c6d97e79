//! The reference store as one image, and filled from one.

use std::collections::VecDeque;

use async_trait::async_trait;

use super::memory_store::Shelves;
use crate::image::{Image, Item};
use crate::store::StoreError;

/// What was kept at one moment.
pub(super) struct Still(VecDeque<Item>);

#[async_trait]
impl Image for Still {
    async fn next(&mut self, limit: usize) -> Result<Vec<Item>, StoreError> {
        let count = limit.min(self.0.len());
        Ok(self.0.drain(..count).collect())
    }
}

impl Shelves {
    pub(super) fn still(&self) -> Still {
        let documents = self.documents.iter().map(|((space, _), document)| {
            let (space, document) = (space.clone(), document.clone());
            Item::Document { space, document }
        });
        let records = self.records.values().cloned().map(Item::Record);
        let entries = self.journal.iter().map(|((instance, _), entry)| {
            let (instance, entry) = (instance.clone(), entry.clone());
            Item::Entry { instance, entry }
        });
        let tasks = self.tasks.values();
        let tasks = tasks.map(|standing| Item::Task(standing.task.clone()));
        let items = documents.chain(records).chain(entries).chain(tasks);
        Still(items.collect())
    }

    pub(super) fn take_in(&mut self, item: Item) {
        match item {
            Item::Document { space, document } => {
                let place = (space, document.key.clone());
                self.documents.insert(place, document);
            }
            Item::Record(record) => self.put_record(record),
            Item::Entry { instance, entry } => {
                self.journal.insert((instance, entry.sequence), entry);
            }
            Item::Task(task) => self.arm(task),
        }
    }
}
