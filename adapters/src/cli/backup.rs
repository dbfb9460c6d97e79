//! `gangway backup` and `gangway export`: everything stored, as one file that is whole or not there.

use std::fs::File;
use std::io::{BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use engine::{Clock as _, ExportReader, Exporter, Header, Store, SystemClock, Trailer};
use workflows::values::Secret;

use super::arguments::{Arguments, required};
use super::{Ending, FINE, Failure, made_by, rest, told};
use crate::sandbox::SandboxFile;
use crate::settings::{Mode, Settings};

const BACKUP_HELP: &str = "\
gangway backup --to FILE [--server URL]

Writes everything that is stored as it stands at this moment. A running process is asked over HTTP,
with the operator token of the settings, at URL or at http://127.0.0.1 and the port of the settings;
it goes on working meanwhile. A store that no process holds is read directly.

What was sealed stays sealed: the file is of no use without the vault key, which is not inside. Keep
that key apart from the file, and keep it. The file appears under its name once it is whole and checked.
";

const EXPORT_HELP: &str = "\
gangway export --to FILE

Writes everything that is stored, from a store that no process holds. The file is the same as that of
`gangway backup`; any store of any version that knows its format takes it in with `gangway import`.
An export that broke off leaves FILE.unfinished. The same command goes on with it, unless the store
has changed since; then it begins anew and says so.
";

pub(super) async fn backup(arguments: Arguments) -> Result<Ending, Failure> {
    let options = arguments.options(&["to", "server"], BACKUP_HELP)?;
    let to = required(options.to, "to")?;
    let (settings, folder, port) = rest::settings().map_err(told)?;
    let trailer = if options.server.is_none()
        && let Some(store) = rest::store(&folder).await?
    {
        let written = write_store(store.as_ref(), &to).await;
        store.close().await.map_err(told)?;
        written?
    } else {
        let url = options.server;
        let url = url.unwrap_or_else(|| format!("http://127.0.0.1:{port}"));
        fetch(&url, &token(&settings, &folder)?, &to).await?
    };
    Ok(ending(&to, &trailer))
}

pub(super) async fn export(arguments: Arguments) -> Result<Ending, Failure> {
    let options = arguments.options(&["to"], EXPORT_HELP)?;
    let to = required(options.to, "to")?;
    let (_, folder, _) = rest::settings().map_err(told)?;
    let Some(store) = rest::store(&folder).await? else {
        let text = "a process holds the store: use `gangway backup`, or stop it";
        return Err(Failure::Told(text.to_owned()));
    };
    let written = resume_or_begin(store.as_ref(), &to).await;
    store.close().await.map_err(told)?;
    let (kept, trailer) = written?;
    let (text, code) = ending(&to, &trailer);
    Ok((format!("{kept}{text}"), code))
}

/// What came of the file that an earlier attempt left, in words, and the whole file.
async fn resume_or_begin(store: &dyn Store, to: &Path) -> Result<(String, Trailer), Failure> {
    let path = Unfinished::path(to);
    let Ok(left) = File::open(&path) else {
        return Ok((String::new(), write_store(store, to).await?));
    };
    let resumed = match ExportReader::open(BufReader::new(left)) {
        Ok(begun) => Exporter::resume(store, begun).await.map_err(told)?,
        Err(_) => None,
    };
    let name = path.display();
    let Some(mut resumed) = resumed else {
        let kept = format!("{name} is not of what the store holds now: begun anew\n");
        return Ok((kept, write_store(store, to).await?));
    };
    let kept = format!("went on with {name} after {} chunks\n", resumed.chunks);
    let mut file = Unfinished::after(to, resumed.whole)?;
    while let Some(bytes) = resumed.exporter.next().await.map_err(told)? {
        file.write(&bytes)?;
    }
    Ok((kept, file.finish()?))
}

fn ending(to: &Path, trailer: &Trailer) -> Ending {
    let counts = trailer.counts;
    let text = format!(
        "{}: {} instances, {} lines of history, {} tasks, {} documents\ndigest {}\n\
         The vault key is not inside; without it nothing in this file opens.\n",
        to.display(),
        counts.records,
        counts.entries,
        counts.tasks,
        counts.documents,
        trailer.digest
    );
    (text, ExitCode::from(FINE))
}

async fn write_store(store: &dyn Store, to: &Path) -> Result<Trailer, Failure> {
    let now = SystemClock::default().now();
    let header = Header::new(now, &made_by(), "sled");
    let mut exporter = Exporter::begin(store, header).await.map_err(told)?;
    let mut file = Unfinished::create(to)?;
    while let Some(bytes) = exporter.next().await.map_err(told)? {
        file.write(&bytes)?;
    }
    file.finish()
}

async fn fetch(url: &str, token: &Secret, to: &Path) -> Result<Trailer, Failure> {
    let url = format!("{}/console/api/backup", url.trim_end_matches('/'));
    let client = reqwest::Client::new();
    let asked = client.get(&url).bearer_auth(token.expose());
    let mut answer = asked.send().await.map_err(told)?;
    if !answer.status().is_success() {
        let status = answer.status();
        let why = answer.text().await.unwrap_or_default();
        return Err(Failure::Told(format!("{url} answered {status}: {why}")));
    }
    let mut file = Unfinished::create(to)?;
    while let Some(bytes) = answer.chunk().await.map_err(told)? {
        file.write(&bytes)?;
    }
    file.finish()
}

fn token(settings: &Settings, folder: &Path) -> Result<Secret, Failure> {
    if let Some(token) = &settings.operator_token {
        return Ok(token.clone());
    }
    if settings.mode == Mode::Sandbox {
        let invented = SandboxFile::in_folder(folder).read_or_invent();
        return Ok(invented.map_err(told)?.operator_token);
    }
    let text = "set `operator_token`: the process wants to know who asks";
    Err(Failure::Told(text.to_owned()))
}

/// A file on its way: under another name until it is whole, checked and on the disk.
struct Unfinished {
    file: File,
    path: PathBuf,
    to: PathBuf,
}

impl Unfinished {
    fn path(to: &Path) -> PathBuf {
        let mut name = to.as_os_str().to_owned();
        name.push(".unfinished");
        PathBuf::from(name)
    }

    /// What an earlier attempt left, cut off after so many bytes.
    fn after(to: &Path, whole: u64) -> Result<Self, Failure> {
        let path = Self::path(to);
        let mut file = File::options().write(true).open(&path).map_err(told)?;
        file.set_len(whole).map_err(told)?;
        file.seek(SeekFrom::End(0)).map_err(told)?;
        Ok(Self {
            file,
            path,
            to: to.to_owned(),
        })
    }

    fn create(to: &Path) -> Result<Self, Failure> {
        let path = Self::path(to);
        let file = private(&path).map_err(told)?;
        Ok(Self {
            file,
            path,
            to: to.to_owned(),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_all(bytes).map_err(told)
    }

    fn finish(self) -> Result<Trailer, Failure> {
        self.file.sync_all().map_err(told)?;
        let written = File::open(&self.path).map_err(told)?;
        let export = ExportReader::open(BufReader::new(written)).map_err(told)?;
        let trailer = export.check().map_err(told)?;
        std::fs::rename(&self.path, &self.to).map_err(told)?;
        let folder = self.to.parent().filter(|path| !path.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new("."))).map_err(told)?;
        folder.sync_all().map_err(told)?;
        Ok(trailer)
    }
}

/// Readable by its owner only: it holds everything, if sealed.
fn private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)
}
