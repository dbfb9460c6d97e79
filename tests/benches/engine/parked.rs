//! Many instances that sleep: what each takes up, what they cost the runs beside them, how long
//! they make an opening.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::{Clock as _, SystemClock, Timestamp};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::load::{Figures, Kind, Numbers, drive, float};
use crate::machine;
use crate::reopen::{self, Reopened};
use crate::six::Facts;
use crate::stage::Stage;
use crate::table::Table;

/// Who gives birth to sleepers at once.
const PARENTS: usize = 256;

/// Clients of the runs beside the sleepers.
const CLIENTS: usize = 64;

/// They sleep for two weeks, as links do, and then wake a second apart.
const SLEEP: Duration = Duration::from_hours(14 * 24);

/// So long after the first has woken the folder is opened: more are due than one claim takes.
const DUE: Duration = Duration::from_mins(1);

/// Numbers of runs that are awake begin here, so that their ids stand behind those of all sleepers.
const AWAKE: u64 = 1 << 40;

pub(crate) async fn measure(home: &Path, count: u64, span: Duration) {
    let folder = TempDir::new_in(home).unwrap();
    let wakes = SystemClock::default().now() + SLEEP;
    let stage = Arc::new(Stage::open(folder.path()).await);
    let (asleep, awake) = (Numbers::from(0), Numbers::from(AWAKE));
    let mut table = Table::new(&[
        "asleep",
        "durable steps/s",
        "CPU us a step",
        "of the first",
        "step p50 ms",
        "p99",
        "on disk, bytes each",
    ]);
    let mut first = None;
    for size in sizes(count) {
        fill(&stage, &asleep, size, wakes).await;
        let disk = machine::on_disk(folder.path()) / size;
        let figures = drive(&stage, &awake, Kind::Bare, CLIENTS, span).await;
        let base = *first.get_or_insert(figures.cpu_us_per_step());
        table.row(beside(size, &figures, base, disk));
    }
    table.print(&format!(
        "A step beside sleepers, {CLIENTS} clients, bare records ({})",
        machine::load()
    ));
    let stage = Arc::into_inner(stage).expect("no client is left");
    stage.close().await;
    openings(folder.path(), count, wakes);
}

fn sizes(count: u64) -> Vec<u64> {
    let steps = [1_000, 10_000, 100_000, 1_000_000].into_iter();
    let mut sizes: Vec<u64> = steps.filter(|size| *size < count).collect();
    sizes.push(count);
    sizes
}

/// Gives birth to sleepers until there are so many.
async fn fill(stage: &Arc<Stage>, numbers: &Arc<Numbers>, size: u64, wakes: Timestamp) {
    let mut parents = JoinSet::new();
    for _ in 0..PARENTS {
        let (stage, numbers) = (stage.clone(), numbers.clone());
        parents.spawn(async move {
            while let Some(number) = numbers.next_below(size) {
                let facts = Facts {
                    wakes: Some(wakes + Duration::from_secs(number)),
                    ..Facts::bare()
                };
                stage.create(number, facts).await;
            }
        });
    }
    while let Some(ended) = parents.join_next().await {
        ended.unwrap();
    }
}

fn beside(size: u64, figures: &Figures, base: f64, disk: u64) -> Vec<String> {
    let millis = |quantile| float(figures.step_us.value_at_quantile(quantile)) / 1_000.0;
    vec![
        size.to_string(),
        format!("{:.0}", figures.steps_per_s),
        format!("{:.0}", figures.cpu_us_per_step()),
        format!("{:.2}", figures.cpu_us_per_step() / base),
        format!("{:.2}", millis(0.50)),
        format!("{:.2}", millis(0.99)),
        disk.to_string(),
    ]
}

fn openings(folder: &Path, count: u64, wakes: Timestamp) {
    let mut table = Table::new(&[
        "opened",
        "ready after s",
        "first step s later",
        "in memory, bytes each",
        "idle poll us",
        "poll that takes eight us",
    ]);
    for (times, name) in (1..).zip(["after all were born", "again"]) {
        // Each time others are due: those before may have gone on.
        let reopened = reopen::elsewhere(folder, wakes + times * DUE);
        table.row(opening(name, &reopened, count));
    }
    table.print(&format!("{count} asleep, opened ({})", machine::load()));
}

fn opening(name: &str, reopened: &Reopened, count: u64) -> Vec<String> {
    let micros = |span: Duration| span.as_secs_f64() * 1e6;
    vec![
        name.to_owned(),
        format!("{:.2}", reopened.open.as_secs_f64()),
        format!("{:.3}", reopened.first_step.as_secs_f64()),
        (reopened.memory / count).to_string(),
        format!("{:.2}", micros(reopened.idle_poll)),
        format!("{:.2}", micros(reopened.busy_poll)),
    ]
}
