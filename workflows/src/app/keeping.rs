//! Backups that operators ask a running process for.

use engine::{Engine, Exporter, Timestamp};

use super::App;
use super::audit::Deed;
use super::operators::Operator;
use super::problem::Problem;
use crate::backups::remember_backup;

/// A backup on its way to whoever asked for it.
pub struct Backup {
    engine: Engine,
    exporter: Exporter,
    at: Timestamp,
}

impl App {
    /// Begins a backup of everything stored as it stands now; work goes on meanwhile. What was
    /// sealed stays sealed.
    pub async fn backup(&self, operator: &Operator, made_by: &str) -> Result<Backup, Problem> {
        let deed = Deed {
            act: "backup",
            target: "store",
            reason: "",
            state_before: "",
        };
        self.write_audit(operator, deed).await?;
        let at = self.engine.now();
        let exporter = self.engine.export(made_by, "a running process").await?;
        Ok(Backup {
            engine: self.engine.clone(),
            exporter,
            at,
        })
    }
}

impl Backup {
    /// The next bytes; nothing once it is whole, which is then remembered.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let bytes = self.exporter.next().await.map_err(Problem::from)?;
        if bytes.is_none() {
            remember_backup(&self.engine.documents(), self.at).await?;
        }
        Ok(bytes)
    }
}
