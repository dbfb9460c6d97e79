//! Erasing a client's data: foreseen or carried out, and what stays said plainly.

use engine::{Actor, Erasure, InstanceId, Reason, Timestamp};
use serde::Serialize;

use super::App;
use super::audit::Deed;
use super::operators::Operator;
use super::problem::{Kind, Problem};

/// What stays after a client's key is destroyed, and until when.
const REMAINS: [&str; 7] = [
    "Its history: what happened, when, by whom, with the reasons that were recorded. Links and roots over it still hold.",
    "The audit of operators' acts, and the counts.",
    "Answers kept for repeated requests of the partner: 48 hours at most.",
    "How often the number was registered, because Meta counts that too, under a digest of Meta's id of it: 72 hours.",
    "Meta's raw webhooks, which are stored as they came and are not sorted by client: 30 days. And which account each was about.",
    "Copies of the destroyed key in the store's files until it has written over them, and in backups until those expire. Whoever has such a copy and the master key can still open copies of the data of that age.",
    "What the partner, the client and Meta keep themselves.",
];

/// What erasing a client comes to, or came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErasureView {
    /// Always `erasure`.
    pub object: &'static str,
    /// The onboarding whose client it is.
    pub id: String,
    /// Whether this only says what would be done.
    pub dry_run: bool,
    /// RFC 3339; when it was done, if it was.
    pub erased_at: Option<String>,
    /// The instances that lose their facts and labels: the onboarding, its deliveries, and the
    /// connection of its number.
    pub instances: Vec<String>,
    /// Those among them that are still under way and end with it.
    pub ended: Vec<String>,
    /// What stays, in sentences.
    pub remains: Vec<&'static str>,
}

impl App {
    /// Destroys the key under which a client's data is sealed. A repeat finishes what is undone and
    /// answers the same; an onboarding that is under way is refused.
    pub async fn erase(
        &self,
        operator: &Operator,
        id: &str,
        reason: &str,
        dry_run: bool,
    ) -> Result<ErasureView, Problem> {
        if reason.trim().is_empty() {
            let message = "say why; it is kept in the history";
            return Err(Problem::field("reason", "missing", message));
        }
        let record = self.engine.record(&InstanceId::new(id)).await?;
        let record = record.ok_or_else(|| Problem::not_found("instance"))?;
        let subject = record.subject.clone();
        if subject.as_str() != record.id.as_str() {
            let detail = format!("It holds data of {subject}. Erase that one.");
            return Err(Problem::new(Kind::Conflict, "not_erasable", detail));
        }
        let foreseen = self.engine.foresee_erasure(&subject).await?;
        if dry_run || foreseen.erased_at.is_some() {
            return Ok(view(id, dry_run, &foreseen));
        }
        self.write_audit(
            operator,
            Deed {
                act: "erase",
                target: id,
                reason,
                state_before: &record.state,
            },
        )
        .await?;
        let why = Reason::new("operator", reason);
        let erased = self.engine.erase(&subject, Actor::Operator, why).await?;
        Ok(view(id, false, &erased))
    }
}

fn view(id: &str, dry_run: bool, erasure: &Erasure) -> ErasureView {
    let ids = |ids: &[InstanceId]| ids.iter().map(ToString::to_string).collect();
    ErasureView {
        object: "erasure",
        id: id.to_owned(),
        dry_run,
        erased_at: erasure.erased_at.map(Timestamp::to_rfc3339),
        instances: ids(&erasure.instances),
        ended: ids(&erasure.ended),
        remains: REMAINS.to_vec(),
    }
}
