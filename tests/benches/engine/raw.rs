//! What the disk itself can do: append as many bytes as a group of changes has, sync, repeat.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use crate::load::float;

/// Changes made durable per second, if a group were nothing but its bytes.
pub(crate) fn changes_per_s(folder: &Path, group: f64, bytes_each: usize, span: Duration) -> f64 {
    let path = folder.join("raw");
    let mut file = File::create(&path).unwrap();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small count"
    )]
    let group = group.round().max(1.0) as usize;
    let bytes = vec![7; group * bytes_each];
    let began = Instant::now();
    let mut groups = 0;
    while began.elapsed() < span {
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
        groups += 1;
    }
    let took = began.elapsed().as_secs_f64();
    std::fs::remove_file(path).unwrap();
    float(groups) * float(group as u64) / took
}
