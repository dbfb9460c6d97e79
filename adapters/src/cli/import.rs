//! `gangway import`, which is `gangway restore`: fills an empty store from an export, and goes on where
//! an earlier try was cut off.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use engine::{Counts, ExportReader, SealError, Store, Trailer, contents};
use workflows::directory::house_subject;

use super::arguments::{Arguments, required};
use super::{Ending, FINE, FOUND, Failure, rest, told};
use crate::ground::vault_at_rest;
use crate::process::open_store;
use crate::settings::Settings;
use crate::unfinished::Unfinished;

const HELP: &str = "\
gangway import --from FILE        (the same: gangway restore --from FILE)

Fills the empty store of the settings from an export or a backup. The whole file is checked first; a
damaged or torn one is refused with what is missing, and nothing is written. Cut off half-way, the same
command goes on behind the last chunk that was taken in, and until it ends no process starts over the
store. In the end the store is held against the digest in the file.

The vault key of the installation that made the file has to be in the settings: it is not inside. A
sandbox keeps its key in sandbox.json in its data folder; copy that file, too.
";

pub(super) async fn import(arguments: Arguments) -> Result<Ending, Failure> {
    let options = arguments.options(&["from"], HELP)?;
    let from = required(options.from, "from")?;
    let (settings, folder, _) = rest::settings().map_err(told)?;
    let expected = open(&from)?.check().map_err(told)?;
    let name = open(&from)?.name().to_owned();
    let store = open_store(&folder).await.map_err(told)?;
    let taken = take_in(store.as_ref(), &folder, &from, &name).await;
    let opens = match taken {
        Ok(_) => opens(&settings, &folder, Arc::clone(&store) as Arc<dyn Store>).await,
        Err(_) => Ok(()),
    };
    store.close().await.map_err(told)?;
    taken?;
    let counts = expected.counts;
    let text = format!(
        "{}: {} instances, {} lines of history, {} tasks, {} documents\ndigest {}, as in the file\n",
        folder.display(),
        counts.records,
        counts.entries,
        counts.tasks,
        counts.documents,
        expected.digest
    );
    Ok(match opens {
        Ok(()) => (text, ExitCode::from(FINE)),
        Err(why) => {
            let remedy =
                "put the vault key of the installation that made the file into the settings";
            (format!("{text}{why}: {remedy}\n"), ExitCode::from(FOUND))
        }
    })
}

fn open(from: &Path) -> Result<ExportReader<BufReader<File>>, Failure> {
    let file = File::open(from).map_err(told)?;
    ExportReader::open(BufReader::new(file)).map_err(told)
}

async fn take_in(
    store: &dyn Store,
    folder: &Path,
    from: &Path,
    name: &str,
) -> Result<Trailer, Failure> {
    let mark = |chunks| Unfinished {
        export: name.to_owned(),
        chunks,
    };
    let done = match Unfinished::read(folder).map_err(told)? {
        Some(unfinished) if unfinished.export == name => unfinished.chunks,
        Some(unfinished) => {
            let other = unfinished.export;
            let text = format!("the import of another file, {other}, has not ended in this folder");
            return Err(Failure::Told(text));
        }
        None => {
            if let Some(trailer) = already_there(store, from).await? {
                return Ok(trailer);
            }
            mark(0).write(folder).map_err(told)?;
            0
        }
    };
    let taken = |chunk| {
        tracing::info!(chunk, "taken in");
        mark(chunk).write(folder)
    };
    let trailer = engine::import(store, open(from)?, done, taken).await;
    let trailer = trailer.map_err(told)?;
    Unfinished::clear(folder).map_err(told)?;
    Ok(trailer)
}

/// Whether the store holds exactly this already. One that holds anything else is left as it is.
async fn already_there(store: &dyn Store, from: &Path) -> Result<Option<Trailer>, Failure> {
    let held = contents(store).await.map_err(told)?;
    if held.counts() == Counts::default() {
        return Ok(None);
    }
    let trailer = open(from)?.check().map_err(told)?;
    if trailer.digest == held.digest() {
        return Ok(Some(trailer));
    }
    let count = held.counts().total();
    let text = format!("the store holds {count} items already; import into an empty folder");
    Err(Failure::Told(text))
}

/// Whether the vault key of the settings opens what was taken in.
async fn opens(settings: &Settings, folder: &Path, store: Arc<dyn Store>) -> Result<(), String> {
    let vault = vault_at_rest(settings, folder).map_err(|error| error.to_string())?;
    let keyring = engine::Keyring::new(vault, store);
    match keyring.key(&house_subject()).await {
        // A store without any documents of its own has no such key.
        Ok(_) | Err(SealError::Erased) => Ok(()),
        Err(error) => Err(format!("what was taken in does not open: {error}")),
    }
}
