//! What a look at an app comes to: one line for each thing, with its verdict and the place to mend it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalogue;
use crate::ports::graph::{GraphError, Reaction};

/// How a thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Clients will meet it as a failure.
    Wrong,
    /// Meta shows it to nobody, or did not answer: a person has to look.
    Unknown,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at, such as `webhook_fields`.
    pub check: String,
    /// How it was found.
    pub verdict: Verdict,
    /// What is the case.
    pub what: String,
    /// Where in Meta's dashboard it is seen and mended.
    pub place: String,
    /// The setting here that it belongs to.
    pub param: Option<String>,
}

/// The check without which nothing else can be asked.
pub(super) const APP: &str = "app";

/// Something to look at: its name, its place at Meta, its setting here.
#[derive(Clone, Copy)]
pub(super) struct Subject {
    pub(super) check: &'static str,
    pub(super) place: &'static str,
    pub(super) param: Option<&'static str>,
}

impl Subject {
    pub(super) fn ok(self, what: impl Into<String>) -> Finding {
        self.found(Verdict::Ok, what)
    }

    pub(super) fn wrong(self, what: impl Into<String>) -> Finding {
        self.found(Verdict::Wrong, what)
    }

    pub(super) fn unknown(self, what: impl Into<String>) -> Finding {
        self.found(Verdict::Unknown, what)
    }

    /// What a refused call says of it; a Meta that does not answer says nothing.
    pub(super) fn refused(self, error: &GraphError) -> Finding {
        if is_silence(error) {
            return self.unknown(format!("Meta did not answer: {error}"));
        }
        let advice = catalogue::explain(error).map_or("", |entry| entry.operator_text);
        self.wrong(format!("Meta refuses it: {} {advice}", error.message).trim())
    }

    fn found(self, verdict: Verdict, what: impl Into<String>) -> Finding {
        Finding {
            check: self.check.to_owned(),
            verdict,
            what: what.into(),
            place: self.place.to_owned(),
            param: self.param.map(str::to_owned),
        }
    }
}

/// Whether the call says nothing of what it asked about.
pub(super) fn is_silence(error: &GraphError) -> bool {
    matches!(
        error.reaction,
        Reaction::NotSent | Reaction::Unanswered | Reaction::Transient | Reaction::Limited { .. }
    )
}

/// What clients will meet as a failure.
pub(super) fn wrong(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    let is_wrong = |one: &&Finding| one.verdict == Verdict::Wrong;
    findings.iter().filter(is_wrong)
}

/// Whether nothing is wrong that can be seen. An app of which Meta says nothing is not ready.
pub(super) fn is_ready(findings: &[Finding]) -> bool {
    let knows_app = |one: &Finding| one.check == APP && one.verdict == Verdict::Ok;
    findings.iter().any(knows_app) && wrong(findings).next().is_none()
}

/// Findings for people and programs.
pub fn findings_view(findings: &[Finding]) -> Value {
    findings
        .iter()
        .map(|one| {
            json!({ "check": one.check, "verdict": one.verdict, "what": one.what,
                "place": one.place, "param": one.param })
        })
        .collect()
}
