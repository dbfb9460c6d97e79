//! `gangway report`: what this version makes of every instance that is stored, before it is let loose
//! on them.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use engine::testing::MemoryStore;
use engine::{ExportReader, Store, Survey, import};

use super::arguments::Arguments;
use super::{Ending, FINE, FOUND, Failure, rest, told};
use crate::ground::vault_at_rest;

const HELP: &str = "\
gangway report [--of FILE]

Says what this version would make of every instance: read as it stands, migrated, left alone because
a newer version wrote it, or refused because its table no longer knows the state or the command. Run
the new version's report before a deploy: over the stopped store, or over a backup of the running one:

  gangway-old backup --to now.gangway && gangway-new report --of now.gangway

The vault key of the settings opens the facts. Exit code 1 when this version would refuse to start.
";

pub(super) async fn report(arguments: Arguments) -> Result<Ending, Failure> {
    let options = arguments.options(&["of"], HELP)?;
    let (settings, folder, _) = rest::settings().map_err(told)?;
    let vault = vault_at_rest(&settings, &folder).map_err(told)?;
    let survey = if let Some(file) = &options.of {
        let store = in_memory(file).await?;
        rest::engine(store, vault).survey().await.map_err(told)?
    } else {
        let Some(store) = rest::store(&folder).await? else {
            let text = "a process holds the store: make a backup and report --of that";
            return Err(Failure::Told(text.to_owned()));
        };
        let engine = rest::engine(Arc::clone(&store) as Arc<dyn Store>, vault);
        let survey = engine.survey().await;
        store.close().await.map_err(told)?;
        survey.map_err(told)?
    };
    let refused = survey.refused().next().is_some();
    let end = if refused { FOUND } else { FINE };
    Ok((written(&survey), ExitCode::from(end)))
}

/// A store in memory that holds what the file does.
async fn in_memory(file: &Path) -> Result<Arc<dyn Store>, Failure> {
    let opened = File::open(file).map_err(told)?;
    let export = ExportReader::open(BufReader::new(opened)).map_err(told)?;
    let store = Arc::new(MemoryStore::default());
    import(store.as_ref(), export, 0, |_| Ok(()))
        .await
        .map_err(told)?;
    Ok(store)
}

fn written(survey: &Survey) -> String {
    let mut lines: Vec<String> = survey.lines.iter().map(ToString::to_string).collect();
    let refused: u64 = survey.refused().map(|line| line.count).sum();
    let changed: u64 = survey.changed().map(|line| line.count).sum();
    let all: u64 = survey.lines.iter().map(|line| line.count).sum();
    lines.push(match (refused, changed) {
        (0, 0) => format!("{all} instances, all read as they stand.\n"),
        (0, changed) => format!("{all} instances, {changed} not read as they stand.\n"),
        (refused, _) => {
            format!("{refused} of {all} instances refused: this version would not start.\n")
        }
    });
    lines.join("\n")
}
