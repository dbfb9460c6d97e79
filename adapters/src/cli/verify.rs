//! `gangway verify`: checks every history of a store at rest, by the keys in the settings. It
//! changes no history.

use std::process::ExitCode;
use std::sync::Arc;

use engine::{Anchor, Findings, Verifier};

use super::arguments::{Arguments, Usage};
use super::{Ending, FINE, FOUND, Failure, rest, told};
use crate::ground::vault_at_rest;

const HELP: &str = "\
gangway verify [--root NUMBER:MARK]

Follows the keyed chain of every history, holds each against its record and against the roots, and
names what is not as it was written. --root names a root that was written down elsewhere, from the log
or from an earlier check: it must still be there. No process may hold the store; a running one checks
itself by POST /console/api/journal/verify.

Exit code 1 when something is not as it was written.
";

pub(super) async fn verify(arguments: Arguments) -> Result<Ending, Failure> {
    let options = arguments.options(&["root"], HELP)?;
    let anchor = options.root.map(|root| root.parse::<Anchor>()).transpose();
    let anchor = anchor.map_err(Usage)?;
    let (settings, folder, _) = rest::settings().map_err(told)?;
    let vault = vault_at_rest(&settings, &folder).map_err(told)?;
    let Some(store) = rest::store(&folder).await? else {
        let text = "a process holds the store; ask it by POST /console/api/journal/verify";
        return Err(Failure::Told(text.to_owned()));
    };
    let verifier = Verifier::new(Arc::clone(&store) as _, vault);
    let findings = verifier.verify(anchor.as_ref()).await;
    if let Err(error) = store.close().await {
        tracing::warn!(%error, "the store did not close; nothing was written to it");
    }
    let findings = findings.map_err(told)?;
    let end = if findings.is_sound() { FINE } else { FOUND };
    Ok((in_words(&findings), ExitCode::from(end)))
}

fn in_words(findings: &Findings) -> String {
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
