//! One moment of the tree, read in order while the committer goes on writing.
//!
//! What a group is about to overwrite ahead of the reader is spared first, so that the reader comes
//! to it as it was. Only one image is read at a time, and a reader that is too slow loses it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use ::sled::Db;
use async_trait::async_trait;
use engine::{Entry, Image, InstanceId, Item, StoreError};

use super::view::{Shared, Snapshot, Writes, broken, decode, get, panicked};
use super::{keys, values};

/// The families that hold what is kept, in the order in which they are read.
const FAMILIES: [u8; 4] = [keys::DOCUMENT, keys::RECORD, keys::ENTRY, keys::TASK];

/// Keys looked at before the committer is let in.
const KEYS_PER_LOOK: usize = 256;

/// What is kept aside may weigh so much, keys and values together; beyond, the image is broken off.
const SPARED_BYTES: usize = 64 * 1024 * 1024;

/// A place in the order of reading: the family's number, then the key.
type Place = (usize, Vec<u8>);

/// What is kept aside for the reader of an image.
pub(super) struct Spared {
    /// Everything up to here has been read; what happens there is of no interest.
    read: Place,
    /// Values as they were when the image began, by place; nothing where there was none.
    values: BTreeMap<Place, Option<Vec<u8>>>,
    /// What they weigh together.
    bytes: usize,
    /// Tells one image from the next.
    number: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Read,
    /// Somebody else asked for an image since its reader last came.
    AskedFor,
    /// It fell too far behind.
    BrokenOff,
}

impl Spared {
    fn begin(number: u64) -> Self {
        Self {
            read: (0, Vec::new()),
            values: BTreeMap::new(),
            bytes: 0,
            number,
            state: State::Read,
        }
    }

    fn keep(&mut self, place: Place, value: Option<Vec<u8>>) {
        self.bytes += weight(&place, value.as_ref());
        self.values.insert(place, value);
        if self.bytes > SPARED_BYTES {
            self.values = BTreeMap::new();
            self.state = State::BrokenOff;
        }
    }

    /// What was kept aside for the stretch that was read is not needed any more.
    fn forget_read(&mut self) {
        let ahead = self.values.split_off(&self.read);
        let behind = std::mem::replace(&mut self.values, ahead);
        let at = self.values.remove_entry(&self.read);
        let gone = behind.into_iter().chain(at);
        let gone = gone.map(|(place, value)| weight(&place, value.as_ref()));
        self.bytes -= gone.sum::<usize>();
    }
}

fn weight((_, key): &Place, value: Option<&Vec<u8>>) -> usize {
    key.len() + value.map_or(0, Vec::len)
}

/// Keeps aside what these writes are about to change ahead of an image's reader.
///
/// To be called while nobody reads, before the writes are applied.
pub(super) fn spare(shared: &Shared, db: &Db, writes: &Writes) -> Result<(), StoreError> {
    let mut image = shared.image.lock().map_err(|_| panicked())?;
    let Some(image) = image.as_mut() else {
        return Ok(());
    };
    for key in writes.keys() {
        if image.state == State::BrokenOff {
            break;
        }
        let family = FAMILIES
            .iter()
            .position(|family| key.first() == Some(family));
        let Some(family) = family else { continue };
        let place = (family, key.clone());
        if place <= image.read || image.values.contains_key(&place) {
            continue;
        }
        let head = get(db, key)?;
        let value = head.map(|head| values::join(key, &head, |key| get(db, key)));
        image.keep(place, value.transpose()?);
    }
    Ok(())
}

/// Reads an image; while it lives, nobody else can begin one.
pub(super) struct Reading {
    shared: Arc<Shared>,
    number: u64,
    family: usize,
    done: bool,
}

impl Reading {
    /// Fixes the moment between two groups; resolves once all of it is durable.
    pub(super) async fn begin(shared: &Arc<Shared>) -> Result<Self, StoreError> {
        shared.check_alive()?;
        let here = Arc::clone(shared);
        let fixing = tokio::task::spawn_blocking(move || fix_moment(here));
        let (reading, group) = fixing.await.map_err(|_| panicked())??;
        if let Some(group) = group {
            shared.wait_until_durable(group).await?;
        }
        Ok(reading)
    }
}

/// Begins to spare what is overwritten; answers the group that is not durable yet.
fn fix_moment(shared: Arc<Shared>) -> Result<(Reading, Option<u64>), StoreError> {
    // Nothing is being applied while this is held.
    let view = shared.view.write().map_err(|_| panicked())?;
    let mut image = shared.image.lock().map_err(|_| panicked())?;
    let mut number = 0;
    if let Some(other) = image.as_mut() {
        if other.state == State::Read {
            // Whoever asks again, and nothing was read meanwhile, has it in its place.
            other.state = State::AskedFor;
            let what = "another backup or export is being made";
            return Err(StoreError::Unavailable(what.to_owned()));
        }
        number = other.number + 1;
    }
    *image = Some(Spared::begin(number));
    let group = (!view.in_flight.is_empty()).then_some(view.group);
    drop((view, image));
    let reading = Reading {
        shared,
        number,
        family: 0,
        done: false,
    };
    Ok((reading, group))
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Ok(mut image) = self.shared.image.lock() {
            // Another may have taken its place.
            image.take_if(|image| image.number == self.number);
        }
    }
}

#[async_trait]
impl Image for Reading {
    async fn next(&mut self, limit: usize) -> Result<Vec<Item>, StoreError> {
        let limit = limit.clamp(1, KEYS_PER_LOOK);
        while !self.done {
            let shared = Arc::clone(&self.shared);
            let (number, family) = (self.number, self.family);
            let looking = tokio::task::spawn_blocking(move || {
                let look = |snapshot: &Snapshot<'_>| {
                    let mut image = shared.image.lock().map_err(|_| panicked())?;
                    let image = mine(image.as_mut(), number)?;
                    look(image, snapshot, family, limit)
                };
                shared.look(look).map(|(found, _)| found)
            });
            let (items, ended) = looking.await.map_err(|_| panicked())??;
            if ended {
                self.family += 1;
                self.done = self.family == FAMILIES.len();
            }
            if !items.is_empty() {
                return Ok(items);
            }
        }
        Ok(Vec::new())
    }
}

/// What was spared for this image, unless it was broken off.
fn mine(image: Option<&mut Spared>, number: u64) -> Result<&mut Spared, StoreError> {
    let image = image.filter(|image| image.number == number);
    let image = image.filter(|image| image.state != State::BrokenOff);
    let image = image.ok_or_else(|| {
        let what = "it was read too slowly and is broken off; begin again";
        StoreError::Unavailable(what.to_owned())
    })?;
    image.state = State::Read;
    Ok(image)
}

/// The next items of a family, and whether they were the last of it.
fn look(
    image: &mut Spared,
    snapshot: &Snapshot<'_>,
    family: usize,
    limit: usize,
) -> Result<(Vec<Item>, bool), StoreError> {
    let (at, behind) = &image.read;
    let start = match (*at == family, behind.is_empty()) {
        (true, false) => Bound::Excluded(behind.clone()),
        _ => Bound::Included(vec![FAMILIES[family]]),
    };
    let end = Bound::Excluded(keys::behind(&[FAMILIES[family]]));
    let stretch = (
        start.clone().map(|key| (family, key)),
        end.clone().map(|key| (family, key)),
    );
    let mut found: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
    let mut whole = true;
    let mut standing = 0;
    for entry in snapshot.db.range((start, end)).take(limit) {
        let (key, head) = entry.map_err(|error| broken(&error))?;
        let value = if image.values.contains_key(&(family, key.to_vec())) {
            None
        } else {
            Some(snapshot.join(&key, &head)?)
        };
        found.insert(key.to_vec(), value);
        standing += 1;
    }
    whole &= standing < limit;
    let aside = image.values.range(stretch).take(limit);
    let mut kept = 0;
    for ((_, key), value) in aside {
        found.insert(key.clone(), value.clone());
        kept += 1;
    }
    whole &= kept < limit;
    // Of each kind the first `limit` are known, so that nothing before the last of these is missed.
    whole &= found.len() <= limit;
    let taken: Vec<_> = found.into_iter().take(limit).collect();
    image.read = match taken.last() {
        Some((key, _)) if !whole => (family, key.clone()),
        _ => (family + 1, Vec::new()),
    };
    image.forget_read();
    let present = taken
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    let items = present.map(|(key, value)| item(FAMILIES[family], &key, &value));
    Ok((items.collect::<Result<_, _>>()?, whole))
}

fn item(family: u8, key: &[u8], value: &[u8]) -> Result<Item, StoreError> {
    let part = || {
        let parts = keys::parts(key, 1).map(|(parts, _)| parts[0].to_vec());
        let text = parts.and_then(|part| String::from_utf8(part).ok());
        text.ok_or_else(|| {
            StoreError::Corrupt(format!("{}: its key is damaged", keys::family(key)))
        })
    };
    Ok(match family {
        keys::DOCUMENT => Item::Document {
            space: part()?,
            document: decode(key, value)?,
        },
        keys::RECORD => Item::Record(decode(key, value)?),
        keys::ENTRY => Item::Entry {
            instance: InstanceId::new(part()?),
            entry: decode::<Entry>(key, value)?,
        },
        _ => Item::Task(decode(key, value)?),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::{Change, Expected, PutDocument, Store};

    use super::super::{SledOptions, SledStore};

    async fn put(store: &Arc<SledStore>, number: u32, body: Vec<u8>) {
        let document = PutDocument {
            space: "papers".to_owned(),
            key: format!("{number:06}"),
            expected: Expected::Any,
            body: Some(body),
            expires_at: None,
        };
        let documents = vec![document];
        let change = Change {
            documents,
            ..Change::default()
        };
        store.commit(change).await.unwrap();
    }

    #[tokio::test]
    async fn an_image_that_nobody_reads_makes_room_for_whoever_asks_twice() {
        let folder = tempfile::tempdir().unwrap();
        let options = SledOptions::default();
        let store = SledStore::open(folder.path(), options).await.unwrap();
        put(&store, 1, b"one".to_vec()).await;
        let mut left_lying = store.image().await.unwrap();
        assert!(store.image().await.is_err(), "one image at a time");
        assert_eq!(left_lying.next(1).await.unwrap().len(), 1);
        assert!(store.image().await.is_err(), "its reader came meanwhile");
        let mut second = store.image().await.unwrap();
        assert!(left_lying.next(1).await.is_err(), "its place is taken");
        drop(left_lying);
        assert_eq!(second.next(9).await.unwrap().len(), 1);
        assert!(store.image().await.is_err(), "the second still stands");
    }

    #[tokio::test]
    async fn an_image_that_falls_too_far_behind_is_broken_off() {
        let folder = tempfile::tempdir().unwrap();
        let options = SledOptions::default();
        let store = SledStore::open(folder.path(), options).await.unwrap();
        put(&store, 1, b"one".to_vec()).await;
        let mut image = store.image().await.unwrap();
        for number in 0..300 {
            put(&store, number, vec![7; 200_000]).await;
        }
        for number in 0..300 {
            put(&store, number, vec![8; 1]).await;
        }
        // What is born after the moment of the image weighs its key alone, and what was there its value.
        assert_eq!(image.next(9).await.unwrap().len(), 1);
        drop(image);
        let mut image = store.image().await.unwrap();
        for number in 0..400 {
            put(&store, number, vec![7; 200_000]).await;
        }
        assert!(image.next(9).await.is_ok(), "short values are overwritten");
        drop(image);
        let mut image = store.image().await.unwrap();
        for number in 0..400 {
            put(&store, number, vec![9; 1]).await;
        }
        assert!(image.next(9).await.is_err(), "80 MB would be kept aside");
    }
}
