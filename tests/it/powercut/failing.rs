//! Disks that fail or dawdle, made so by `strace`, which can tamper with system calls.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use adapters::sled::{Health, SledOptions, SledStore};
use engine::{
    Allowance, ClaimOrder, CommitError, Definitions, Owner, Store, StoreError, Timestamp,
};

use super::{trace, writer};

const FAILING: &str = "GANGWAY_FAILING_DISK";
const SLOW: &str = "GANGWAY_SLOW_DISK";

/// Runs the other half of a test with `tampering`, in a folder that it learns from `variable`.
fn tampered(tampering: &str, variable: &str, test: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-o", "/dev/null", "-e", "trace=fdatasync", "-e"])
        .arg(tampering)
        .env(variable, folder.path().join("store"));
    trace::run(strace, test);
}

fn folder(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

fn is_unavailable<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}

#[test]
fn a_failed_sync_stops_the_store_for_good() {
    // The third sync of a thread fails and no other: whoever tried again would succeed.
    tampered(
        "inject=fdatasync:error=EIO:when=3",
        FAILING,
        "powercut::failing::a_store_whose_disk_fails_says_so",
    );
}

/// The half that runs on the failing disk.
#[tokio::test]
async fn a_store_whose_disk_fails_says_so() {
    let Some(folder) = folder(FAILING) else {
        return;
    };
    let failures = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&failures);
    let options = SledOptions {
        on_fail: Arc::new(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
        }),
        ..SledOptions::default()
    };
    let store = SledStore::open(&folder, options).await.unwrap();
    for version in 1..=2 {
        store.commit(writer::change(1, version)).await.unwrap();
    }
    assert_eq!(store.health(), Health::Writable);
    for version in 3..=5 {
        let outcome = store.commit(writer::change(1, version)).await;
        assert!(matches!(
            outcome,
            Err(CommitError::Store(StoreError::Unavailable(_)))
        ));
    }
    assert!(matches!(store.health(), Health::Failed(_)));
    assert_eq!(failures.load(Ordering::SeqCst), 1);
    assert_eq!(store.stats().commits, 2);
    let order = ClaimOrder {
        owner: Owner::new("node"),
        now: Timestamp::from_millis(100),
        lease: Duration::from_mins(1),
        limit: 9,
        allowance: Allowance::default(),
        definitions: Arc::default(),
    };
    assert!(is_unavailable(&store.claim(order).await));
    let (everything, nobody) = (Allowance::default(), Definitions::default());
    assert!(is_unavailable(&store.next_due(&everything, &nobody).await));
    assert!(is_unavailable(&store.load(&writer::id(1)).await));
    assert!(is_unavailable(&store.tally().await));
    store.close().await.unwrap();
    expect_at_least(&folder, 2).await;
}

async fn expect_at_least(folder: &Path, version: u64) {
    let opened = SledStore::open(folder, SledOptions::default()).await;
    let kept = opened.unwrap().load(&writer::id(1)).await.unwrap();
    assert!(kept.is_some_and(|record| record.version >= version));
}

#[test]
fn what_is_not_yet_on_the_disk_is_not_shown() {
    tampered(
        "inject=fdatasync:delay_enter=200000",
        SLOW,
        "powercut::failing::a_store_whose_disk_is_slow_waits",
    );
}

/// The half that runs on the slow disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_whose_disk_is_slow_waits() {
    let Some(folder) = folder(SLOW) else {
        return;
    };
    let opened = SledStore::open(&folder, SledOptions::default()).await;
    let store = opened.unwrap();
    for version in 1..=3 {
        let writing = Arc::clone(&store);
        let commit = tokio::spawn(async move { writing.commit(writer::change(1, version)).await });
        loop {
            let record = store.load(&writer::id(1)).await.unwrap();
            if record.is_some_and(|record| record.version == version) {
                break;
            }
        }
        assert_eq!(
            store.stats().syncs,
            version,
            "version {version} was shown before it was synced"
        );
        commit.await.unwrap().unwrap();
    }
    store.close().await.unwrap();
}
