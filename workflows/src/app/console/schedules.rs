//! The schedules as operators see them, and what they do to them.

use engine::{Missed, Run, ScheduleAct, ScheduleState, Wish, change_schedule, schedule_states};
use serde_json::{Value, json};

use crate::app::App;
use crate::app::audit::Deed;
use crate::app::lists::list;
use crate::app::operators::Operator;
use crate::app::problem::Problem;
use crate::app::views::ListView;

impl App {
    /// The schedules with their last and next runs.
    pub async fn schedules(&self, _operator: &Operator) -> Result<ListView<Value>, Problem> {
        let states = schedule_states(&self.engine).await?;
        Ok(list(states.iter().map(view).collect(), None))
    }

    /// Runs, pauses or resumes a schedule: `run`, `pause`, `resume`. A run begins within moments.
    pub async fn change_schedule(
        &self,
        operator: &Operator,
        name: &str,
        act: &str,
        reason: &str,
    ) -> Result<Value, Problem> {
        let act = match act {
            "run" => ScheduleAct::Run,
            "pause" => ScheduleAct::Pause,
            "resume" => ScheduleAct::Resume,
            _ => return Err(Problem::not_found("act")),
        };
        let states = schedule_states(&self.engine).await?;
        let known = states.into_iter().find(|state| state.name == name);
        let known = known.ok_or_else(|| Problem::not_found("schedule"))?;
        self.write_audit(
            operator,
            Deed {
                act: match act {
                    ScheduleAct::Run => "run_schedule",
                    ScheduleAct::Pause => "pause_schedule",
                    ScheduleAct::Resume => "resume_schedule",
                },
                target: name,
                reason,
                state_before: if known.paused.is_some() {
                    "paused"
                } else {
                    "kept"
                },
            },
        )
        .await?;
        let wish = Wish {
            by: operator.name.clone(),
            reason: reason.to_owned(),
            at: self.engine.now(),
        };
        let changed = change_schedule(&self.engine, name, act, wish).await?;
        let changed = changed.ok_or_else(|| Problem::not_found("schedule"))?;
        Ok(view(&changed))
    }
}

fn view(state: &ScheduleState) -> Value {
    let last = state.history.first();
    let wish =
        |wish: &Wish| json!({ "by": wish.by, "reason": wish.reason, "at": wish.at.to_rfc3339() });
    json!({
        "object": "schedule",
        "name": state.name,
        "runs": in_words(&state.line, &state.zone),
        "line": state.line,
        "zone": state.zone,
        "missed": state.missed.as_str(),
        "missed_means": means(state.missed),
        "next_run": state.paused.is_none().then(|| state.next_run.to_rfc3339()),
        "paused": state.paused.as_ref().map(wish),
        "asked": state.asked.as_ref().map(wish),
        "running_since": state.running.as_ref().map(|run| run.began.to_rfc3339()),
        "last_run": last.map(|run| run.began.to_rfc3339()),
        "last_result": last.map(|run| run.result.clone()),
        "history": state.history.iter().map(run_view).collect::<Vec<_>>(),
    })
}

fn run_view(run: &Run) -> Value {
    json!({
        "planned": run.planned.to_rfc3339(),
        "began": run.began.to_rfc3339(),
        "took_ms": run.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
        "outcome": run.outcome.as_str(),
        "result": run.result,
        "process": run.process,
        "asked_by": run.asked_by,
    })
}

fn means(missed: Missed) -> &'static str {
    match missed {
        Missed::Skip => "A missed run is let go.",
        Missed::RunOnce => "After missed runs it runs once, late.",
        Missed::CatchUp => "Every missed run is made up for.",
    }
}

/// The usual lines of six fields in words; others speak for themselves.
fn in_words(line: &str, zone: &str) -> String {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let number = |text: &str| text.parse::<u8>().ok();
    match fields[..] {
        ["0", "*", "*", "*", "*", "*"] => "Every minute".to_owned(),
        ["0", every, "*", "*", "*", "*"] if every.starts_with("*/") => {
            format!("Every {} minutes", &every[2..])
        }
        ["0", minute, "*", "*", "*", "*"] if number(minute).is_some() => {
            format!("Every hour at minute {minute}")
        }
        ["0", minute, hour, "*", "*", day] => match (number(hour), number(minute), weekday(day)) {
            (Some(hour), Some(minute), Some(day)) => {
                format!("{day} at {hour:02}:{minute:02} ({zone})")
            }
            _ => format!("{line} ({zone})"),
        },
        _ => format!("{line} ({zone})"),
    }
}

fn weekday(field: &str) -> Option<&'static str> {
    let days = [
        ("*", "Every day"),
        ("MON", "Every Monday"),
        ("TUE", "Every Tuesday"),
        ("WED", "Every Wednesday"),
        ("THU", "Every Thursday"),
        ("FRI", "Every Friday"),
        ("SAT", "Every Saturday"),
        ("SUN", "Every Sunday"),
        ("MON-FRI", "Every working day"),
    ];
    let field = field.to_ascii_uppercase();
    days.into_iter()
        .find(|(short, _)| *short == field)
        .map(|(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn usual_schedules_are_said_in_words() {
        for (line, words) in [
            ("0 * * * * *", "Every minute"),
            ("0 */15 * * * *", "Every 15 minutes"),
            ("0 5 * * * *", "Every hour at minute 5"),
            ("0 17 3 * * *", "Every day at 03:17 (Europe/Berlin)"),
            ("0 0 9 * * Mon", "Every Monday at 09:00 (Europe/Berlin)"),
            ("0 0 9 1 * *", "0 0 9 1 * * (Europe/Berlin)"),
        ] {
            assert_eq!(in_words(line, "Europe/Berlin"), words);
        }
    }
}
