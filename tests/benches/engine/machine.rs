//! What the machine says of this process: processor time, memory, bytes on disk.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// Linux counts processor time in hundredths of a second, whatever the kernel's own ticks.
const TICKS_PER_SECOND: u64 = 100;

/// Processor time of all threads so far, user and system.
pub(crate) fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // The name in parentheses may hold anything; what follows it is fixed.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks: u64 = fields[11..=12]
        .iter()
        .map(|ticks| ticks.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}

/// Memory that this process holds, in bytes.
pub(crate) fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = status.lines();
    let line = lines.find(|line| line.starts_with("VmRSS:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1_024
}

/// Bytes that a folder takes up.
pub(crate) fn on_disk(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            let about = entry.metadata().unwrap();
            if about.is_dir() {
                on_disk(&entry.path())
            } else {
                std::os::unix::fs::MetadataExt::blocks(&about) * 512
            }
        })
        .sum()
}

/// The processor's own name and its count.
pub(crate) fn describe() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut lines = info.lines();
    let model = lines.find_map(|line| line.strip_prefix("model name"));
    let model = model
        .unwrap_or("unknown")
        .trim_start_matches([' ', '\t', ':']);
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{count} processors: {model}")
}

/// How busy the machine is, so that a figure taken beside other work shows it.
pub(crate) fn load() -> String {
    let averages = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let last = averages.split_whitespace().next().unwrap_or("unknown");
    format!("load of the last minute {last}")
}
