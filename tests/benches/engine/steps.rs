//! Durable steps per second, and how long a step and a run take, with 1 to 512 clients at once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::load::{Figures, Kind, Numbers, drive};
use crate::machine;
use crate::raw;
use crate::six::STEPS;
use crate::stage::{Stage, id_of};
use crate::table::{Table, say};

const CLIENTS: [usize; 4] = [1, 8, 64, 512];

/// A file system in memory: the same code and the same calls, and a sync that does nothing.
const MEMORY: &str = "/dev/shm";

pub(crate) async fn measure(home: &Path, span: Duration) {
    for kind in [Kind::Bare, Kind::Labeled] {
        let off = match Path::new(MEMORY) {
            memory if memory.is_dir() => series(memory, kind, span).await,
            _ => {
                say("no /dev/shm here: the figures without durability are left out");
                Vec::new()
            }
        };
        let durable = series(home, kind, span).await;
        let bytes = bytes_of_a_step(home, kind).await;
        print(home, kind, bytes, &durable, &off);
    }
}

async fn series(home: &Path, kind: Kind, span: Duration) -> Vec<Figures> {
    let folder = TempDir::new_in(home).unwrap();
    let stage = Arc::new(Stage::open(folder.path()).await);
    let numbers = Numbers::from(0);
    let mut all = Vec::new();
    for clients in CLIENTS {
        all.push(drive(&stage, &numbers, kind, clients, span).await);
    }
    assert_eq!(stage.world.waiting(), 0, "every run ended");
    check_histories(&stage, numbers.next()).await;
    let stage = Arc::into_inner(stage).expect("no client is left");
    stage.close().await;
    all
}

/// Of some runs what the store says of them: ended, and one line for its birth and for each step.
async fn check_histories(stage: &Stage, born: u64) {
    for number in (0..born).step_by(997) {
        let id = id_of(number);
        let record = stage.engine.record(&id).await.unwrap().unwrap();
        let lines = stage.engine.journal(&id, 0, 100).await.unwrap();
        assert!(record.ended, "{id} has ended");
        assert_eq!(lines.len(), STEPS + 1, "{id} moved once a step");
    }
}

/// What one step hands to the disk: a record, a line of history, a task.
async fn bytes_of_a_step(home: &Path, kind: Kind) -> usize {
    let folder = TempDir::new_in(home).unwrap();
    let stage = Stage::open(folder.path()).await;
    let mut facts = kind.facts(0);
    facts.wakes = Some(stage.engine.now() + Duration::from_hours(1));
    let id = stage.create(0, facts).await;
    let record = stage.engine.record(&id).await.unwrap().unwrap();
    let lines = stage.engine.journal(&id, 0, 1).await.unwrap();
    let tasks = stage.engine.tasks(&id).await.unwrap();
    let bytes = engine::encode(&record).len()
        + engine::encode(&lines[0]).len()
        + engine::encode(&tasks[0]).len();
    stage.close().await;
    bytes
}

fn print(home: &Path, kind: Kind, bytes: usize, durable: &[Figures], off: &[Figures]) {
    let mut table = Table::new(&[
        "clients",
        "durable steps/s",
        "not durable",
        "raw append + fdatasync",
        "step p50 ms",
        "p99",
        "run p50 ms",
        "p99",
        "CPU ms a run",
        "commits a step",
        "fsyncs a step",
        "changes a group",
    ]);
    for (place, figures) in durable.iter().enumerate() {
        let raw = raw::changes_per_s(home, figures.group, bytes, Duration::from_secs(1));
        let off = off.get(place);
        table.row(vec![
            CLIENTS[place].to_string(),
            format!("{:.0}", figures.steps_per_s),
            off.map_or_else(String::new, |off| format!("{:.0}", off.steps_per_s)),
            format!("{raw:.0}"),
            millis(&figures.step_us, 0.50),
            millis(&figures.step_us, 0.99),
            millis(&figures.run_us, 0.50),
            millis(&figures.run_us, 0.99),
            format!("{:.2}", figures.cpu_ms_per_run),
            format!("{:.2}", figures.commits_per_step),
            format!("{:.3}", figures.syncs_per_step),
            format!("{:.1}", figures.group),
        ]);
    }
    table.print(&format!(
        "Six durable no-op steps, {} ({bytes} bytes a step; {})",
        kind.name(),
        machine::load()
    ));
}

fn millis(histogram: &hdrhistogram::Histogram<u64>, quantile: f64) -> String {
    let micros = crate::load::float(histogram.value_at_quantile(quantile));
    format!("{:.2}", micros / 1_000.0)
}
