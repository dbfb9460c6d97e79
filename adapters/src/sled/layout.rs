//! Which layout a folder has, and how an older one becomes the present one.
//!
//! Everything here happens at opening, before the first sync of it.

use ::sled::{Batch, Db};
use engine::{Record, StoreError, Task};

use super::open::OpenError;
use super::view::broken;
use super::{keys, values, view};

/// The layout that `keys` describes; a folder of a later one is refused.
const LAYOUT: u64 = 3;

/// Index keys written at once.
const MARKED_AT_ONCE: usize = 500;

/// Whether a folder's layout is older, and can be brought up to the present one.
fn is_older(layout: u64) -> bool {
    (1..LAYOUT).contains(&layout)
}

/// Counts openings, so that a claim from before a restart can never settle anything; a folder of an
/// older layout is changed first.
pub(super) fn begin_epoch(db: &Db) -> Result<u64, OpenError> {
    let layout = read_number(db, &keys::meta("layout"))?;
    match layout {
        Some(older) if is_older(older) => {
            if older < 2 {
                give_commands_one_key(db)?;
            }
            mark_what_is_live(db)?;
        }
        Some(other) if other != LAYOUT => {
            let what = "its layout is of another version of gangway".to_owned();
            return Err(OpenError::Corrupt(what));
        }
        _ => {}
    }
    let epoch = read_number(db, &keys::meta("epoch"))?.unwrap_or(0) + 1;
    let mut batch = Batch::default();
    batch.insert(keys::meta("layout"), &LAYOUT.to_be_bytes());
    batch.insert(keys::meta("epoch"), &epoch.to_be_bytes());
    db.apply_batch(batch).map_err(|error| broken(&error))?;
    Ok(epoch)
}

/// In layout 1 a command's task stood under the command's name. Broken off, it is done again.
fn give_commands_one_key(db: &Db) -> Result<(), StoreError> {
    for found in db.scan_prefix([keys::TASK]) {
        let (key, head) = found.map_err(|error| broken(&error))?;
        let bytes = values::join(&key, &head, |key| view::get(db, key))?;
        let task: Task = view::decode(&key, &bytes)?;
        let place = keys::task(&task.id());
        if *key == *place {
            continue;
        }
        let mut batch = Batch::default();
        remove(&mut batch, &key, &head)?;
        let standing = view::get(db, &place)?;
        let later = match &standing {
            Some(head) => {
                let bytes = values::join(&place, head, |key| view::get(db, key))?;
                view::decode::<Task>(&place, &bytes)?.visit >= task.visit
            }
            None => false,
        };
        // Of two, the later visit's is the one that is owed.
        if !later {
            if let Some(head) = &standing {
                remove(&mut batch, &place, head)?;
            }
            for (key, part) in values::split(&place, &bytes) {
                batch.insert(key, part);
            }
        }
        db.apply_batch(batch).map_err(|error| broken(&error))?;
    }
    Ok(())
}

/// Before layout 3 live instances were told from ended ones by reading all. Broken off, it is done
/// again.
fn mark_what_is_live(db: &Db) -> Result<(), StoreError> {
    let (mut batch, mut marked) = (Batch::default(), 0_usize);
    for found in db.scan_prefix([keys::RECORD]) {
        let (key, head) = found.map_err(|error| broken(&error))?;
        let bytes = values::join(&key, &head, |key| view::get(db, key))?;
        let record: Record = view::decode(&key, &bytes)?;
        if record.ended {
            continue;
        }
        batch.insert(keys::live(&record.id), &[]);
        marked += 1;
        if marked.is_multiple_of(MARKED_AT_ONCE) {
            let full = std::mem::take(&mut batch);
            db.apply_batch(full).map_err(|error| broken(&error))?;
        }
    }
    tracing::info!(marked, "live instances were indexed");
    db.apply_batch(batch).map_err(|error| broken(&error))
}

fn remove(batch: &mut Batch, key: &[u8], head: &[u8]) -> Result<(), StoreError> {
    batch.remove(key);
    for chunk in values::overflow_keys(key, values::further_chunks(key, head)?) {
        batch.remove(chunk);
    }
    Ok(())
}

fn read_number(db: &Db, key: &[u8]) -> Result<Option<u64>, StoreError> {
    let value = view::get(db, key)?;
    value.map(|value| number(key, &value)).transpose()
}

pub(super) fn number(key: &[u8], value: &[u8]) -> Result<u64, StoreError> {
    let bytes: Option<[u8; 8]> = value.try_into().ok();
    let bytes = bytes.ok_or_else(|| {
        StoreError::Corrupt(format!("{}: not eight bytes long", keys::family(key)))
    })?;
    Ok(u64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use engine::{InstanceId, Task, Timestamp, Work};

    use super::super::{keys, values, view};
    use super::begin_epoch;

    fn task(command: &str, visit: u32) -> Task {
        Task {
            instance: InstanceId::new("i_1"),
            work: Work::Command(command.to_owned()),
            due: Timestamp::from_millis(1),
            visit,
            lane: "meta".to_owned(),
            tenant: "t".repeat(5_000),
            attempt: 0,
            first_tried: None,
            intent: false,
            lost: 0,
            workflow: "w".to_owned(),
            definition: 1,
        }
    }

    #[test]
    fn a_folder_of_the_first_layout_owes_what_it_owed() {
        let folder = tempfile::tempdir().unwrap();
        let db = ::sled::open(folder.path()).unwrap();
        db.insert(keys::meta("layout"), &1_u64.to_be_bytes())
            .unwrap();
        for task in [task("second", 2), task("first", 1)] {
            let mut id = task.id();
            let Work::Command(name) = &task.work else {
                unreachable!()
            };
            id.key = format!("command:{name}");
            for (key, part) in values::split(&keys::task(&id), &engine::encode(&task)) {
                db.insert(key, part).unwrap();
            }
        }
        for _ in 0..2 {
            begin_epoch(&db).unwrap();
            let mut found = db.scan_prefix([keys::TASK]);
            let (key, head) = found.next().unwrap().unwrap();
            assert!(found.next().is_none(), "one command is owed");
            let bytes = values::join(&key, &head, |key| view::get(&db, key)).unwrap();
            let owed: Task = view::decode(&key, &bytes).unwrap();
            assert_eq!(owed, task("second", 2));
            assert_eq!(*key, *keys::task(&owed.id()));
            assert_eq!(db.scan_prefix([keys::OVERFLOW]).count(), 1);
        }
    }

    #[test]
    fn a_folder_of_a_later_layout_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let db = ::sled::open(folder.path()).unwrap();
        db.insert(keys::meta("layout"), &99_u64.to_be_bytes())
            .unwrap();
        assert!(begin_epoch(&db).is_err());
    }
}
