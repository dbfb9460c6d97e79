//! Numbers for Prometheus: what this process counted, and what the store says at the moment of asking.

use std::fmt::Write as _;
use std::sync::OnceLock;

use engine::LaneView;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use workflows::app::Gauges;

/// Bounds in seconds: from a cached answer to the longest `?wait=`.
const SECONDS: &[f64] = &[
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// The one recorder of this process.
#[derive(Clone, Debug)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Installs the recorder, or answers the one installed before; counting goes nowhere until then.
    pub fn install() -> Self {
        static INSTALLED: OnceLock<Metrics> = OnceLock::new();
        INSTALLED.get_or_init(Self::first).clone()
    }

    fn first() -> Self {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
            .expect("the bounds are not empty");
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if let Err(error) = metrics::set_global_recorder(recorder) {
            tracing::warn!(%error, "numbers of this process go to another recorder");
        }
        Self(handle)
    }

    /// Folds what was recorded; without it unread histograms grow for ever.
    pub(crate) fn fold(&self) {
        self.0.run_upkeep();
    }

    /// The page: counted numbers, then the gauges as they are now.
    pub(crate) fn page(&self, gauges: &Gauges) -> String {
        let mut page = self.0.render();
        page.push_str(&written(gauges));
        page
    }
}

/// Written by hand, because a set of labels that is gone must vanish instead of keeping its last value.
fn written(gauges: &Gauges) -> String {
    let mut page = String::from(
        "# HELP gangway_instances Instances by workflow, state and what holds them.\n\
         # TYPE gangway_instances gauge\n",
    );
    for (workflow, state, hold, count) in &gauges.instances {
        let (workflow, state, hold) = (escaped(workflow), escaped(state), escaped(hold));
        let labels = format!(r#"workflow="{workflow}",state="{state}",hold="{hold}""#);
        let _ = writeln!(page, "gangway_instances{{{labels}}} {count}");
    }
    let _ = write!(
        page,
        "# HELP gangway_due_lag_seconds How late the earliest due task is.\n\
         # TYPE gangway_due_lag_seconds gauge\ngangway_due_lag_seconds {}\n",
        gauges.lag.as_secs_f64()
    );
    lanes(&mut page, &gauges.lanes);
    let _ = write!(
        page,
        "# HELP gangway_clock_leaps_total Leaps of the machine's clock since the start.\n\
         # TYPE gangway_clock_leaps_total counter\n\
         gangway_clock_leaps_total{{direction=\"back\"}} {}\n\
         gangway_clock_leaps_total{{direction=\"forward\"}} {}\n\
         # HELP gangway_clock_ahead_seconds How far the time in use is ahead of the machine's.\n\
         # TYPE gangway_clock_ahead_seconds gauge\ngangway_clock_ahead_seconds {}\n",
        gauges.leaps.back,
        gauges.leaps.forward,
        gauges.leaps.ahead.as_secs_f64()
    );
    if let Some(age) = gauges.backup_age {
        let _ = write!(
            page,
            "# HELP gangway_last_backup_age_seconds How long ago the last backup was read to its end.\n\
             # TYPE gangway_last_backup_age_seconds gauge\ngangway_last_backup_age_seconds {}\n",
            age.as_secs()
        );
    }
    page
}

fn lanes(page: &mut String, lanes: &[LaneView]) {
    let mut gauge = |name: &str, help: &str, value: fn(&LaneView) -> u64| {
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} gauge");
        for lane in lanes {
            let label = escaped(&lane.lane);
            let _ = writeln!(page, "{name}{{lane=\"{label}\"}} {}", value(lane));
        }
    };
    gauge(
        "gangway_lane_in_flight",
        "Steps under way by dependency.",
        |lane| lane.in_flight as u64,
    );
    gauge(
        "gangway_lane_failures",
        "Failures of the dependency in a row.",
        |lane| u64::from(lane.failures),
    );
    gauge(
        "gangway_lane_held",
        "Whether the dependency is left alone because it fails.",
        |lane| u64::from(lane.held.is_some()),
    );
}

fn escaped(label: &str) -> String {
    label
        .replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::Jumps;
    use workflows::app::Gauges;

    use super::{Metrics, written};

    #[test]
    fn gauges_are_written_as_prometheus_reads_them() {
        let gauges = Gauges {
            instances: vec![("onboarding".into(), "link_issued".into(), "a\"b".into(), 3)],
            lag: Duration::from_millis(1500),
            lanes: Vec::new(),
            leaps: Jumps::default(),
            backup_age: Some(Duration::from_secs(90)),
        };
        let page = written(&gauges);
        let line = r#"gangway_instances{workflow="onboarding",state="link_issued",hold="a\"b"} 3"#;
        assert!(page.lines().any(|written| written == line), "{page}");
        for line in [
            "gangway_due_lag_seconds 1.5",
            "gangway_last_backup_age_seconds 90",
            "gangway_clock_leaps_total{direction=\"back\"} 0",
        ] {
            assert!(page.lines().any(|written| written == line), "{page}");
        }
    }

    #[test]
    fn installing_twice_is_one_recorder() {
        let (first, second) = (Metrics::install(), Metrics::install());
        metrics::counter!("gangway_test_total").increment(1);
        let gauges = Gauges {
            instances: Vec::new(),
            lag: Duration::ZERO,
            lanes: Vec::new(),
            leaps: Jumps::default(),
            backup_age: None,
        };
        assert!(first.page(&gauges).contains("gangway_test_total 1"));
        assert!(second.page(&gauges).contains("gangway_test_total 1"));
    }
}
