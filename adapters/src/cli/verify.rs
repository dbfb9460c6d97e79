//! `gangway verify`: checks every history of a store at rest, by the keys in the settings. It
//! changes no history.

use std::process::ExitCode;
use std::sync::Arc;

use engine::{Anchor, Findings, Verifier};

use crate::ground::vault_at_rest;
use crate::process::{StartError, open_store};
use crate::settings::{Settings, SettingsError};

/// Everything is as it was written.
const SOUND: u8 = 0;
/// Something is not.
const BROKEN: u8 = 1;
/// It could not be checked: settings, arguments, or a store that does not open.
const UNCHECKED: u8 = 78;

/// Carries the command out; `--root 42:9f3c…` names a root that was written down elsewhere.
/// Answers what to print and how to end.
pub async fn verify(arguments: &[String]) -> (String, ExitCode) {
    let anchor = match arguments {
        [] => None,
        [flag, root] if flag == "--root" => match root.parse::<Anchor>() {
            Ok(anchor) => Some(anchor),
            Err(why) => return (format!("{why}\n"), ExitCode::from(UNCHECKED)),
        },
        _ => {
            let usage = "usage: gangway verify [--root <number>:<mark>]\n".to_owned();
            return (usage, ExitCode::from(UNCHECKED));
        }
    };
    match check(anchor.as_ref()).await {
        Ok(findings) => {
            let end = if findings.is_sound() { SOUND } else { BROKEN };
            (told(&findings), ExitCode::from(end))
        }
        Err(error) => {
            let text = format!("the journal could not be checked: {error}\n");
            (text, ExitCode::from(UNCHECKED))
        }
    }
}

async fn check(anchor: Option<&Anchor>) -> Result<Findings, StartError> {
    let (settings, _) = Settings::read()?;
    let folder = settings.folder()?;
    if !folder.is_dir() {
        let problem = format!("names {}, where nothing is stored", folder.display());
        return Err(SettingsError::Wrong {
            key: "store",
            problem,
        }
        .into());
    }
    let vault = vault_at_rest(&settings, &folder)?;
    let store = open_store(&folder).await?;
    let findings = Verifier::new(Arc::clone(&store) as _, vault)
        .verify(anchor)
        .await;
    if let Err(error) = store.close().await {
        tracing::warn!(%error, "the store did not close; nothing was written to it");
    }
    Ok(findings?)
}

fn told(findings: &Findings) -> String {
    let mut text = format!(
        "{} instances, {} lines, {} roots\n",
        findings.instances, findings.lines, findings.roots
    );
    if let Some(root) = &findings.newest {
        text += &format!(
            "newest root  {}:{} of {}\n",
            root.number, root.mark, root.at
        );
    }
    if findings.unrooted > 0 {
        text += &format!(
            "{} instances were born since, and no root lists them yet\n",
            findings.unrooted
        );
    }
    if findings.unlinked > 0 {
        text += &format!(
            "{} lines are from before there were links: nothing is proved of them\n",
            findings.unlinked
        );
    }
    for found in &findings.told {
        let whose = found
            .instance
            .as_ref()
            .map_or("the roots", |id| id.as_str());
        text += &format!("  {whose}: {}\n", found.text);
    }
    text += &match findings.broken {
        0 => "Everything is as it was written.\n".to_owned(),
        1 => "1 discrepancy.\n".to_owned(),
        many => format!("{many} discrepancies.\n"),
    };
    text
}
