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
    let mut lines = vec![format!(
        "{} instances, {} lines, {} roots",
        findings.instances, findings.lines, findings.roots
    )];
    if let Some(root) = &findings.newest {
        let (number, mark, at) = (root.number, root.mark, root.at);
        lines.push(format!("newest root  {number}:{mark} of {at}"));
    }
    if findings.unrooted > 0 {
        let count = findings.unrooted;
        lines.push(format!(
            "{count} instances were born since, and no root lists them yet"
        ));
    }
    if findings.unlinked > 0 {
        let count = findings.unlinked;
        lines.push(format!(
            "{count} lines are from before there were links: nothing is proved of them"
        ));
    }
    lines.extend(findings.told.iter().map(|found| {
        let whose = found.instance.as_ref();
        let whose = whose.map_or("the roots", |id| id.as_str());
        format!("  {whose}: {}", found.text)
    }));
    lines.push(match findings.broken {
        0 => "Everything is as it was written.".to_owned(),
        1 => "1 discrepancy.".to_owned(),
        many => format!("{many} discrepancies."),
    });
    lines.join("\n") + "\n"
}
