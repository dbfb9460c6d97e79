//! `?wait=`: holds a reader until the onboarding has moved past the version it knows.

use std::time::Duration;

use engine::InstanceId;
use rocket::Shutdown;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use workflows::app::{App, Caller, OnboardingView, Problem};

use super::answer::{KnownTags, tag_of};
use crate::web::query::integer;

/// The longest a caller may be held; proxies are told to allow more than this.
pub(crate) const LONGEST: Duration = Duration::from_mins(1);

/// Another process that shares the store may have moved it, and its news do not reach us.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The wait that was asked for: whole seconds, 1 to 60.
pub(crate) fn asked(text: Option<&str>) -> Result<Duration, Problem> {
    let Some(text) = text else {
        return Ok(Duration::ZERO);
    };
    match u64::try_from(integer("wait", text)?) {
        Ok(seconds @ 1..=60) => Ok(Duration::from_secs(seconds)),
        _ => Err(Problem::field(
            "wait",
            "out_of_range",
            "must be 1 to 60 seconds",
        )),
    }
}

/// Reads until the view is one the caller does not know, the wait is over, or the server closes.
pub(crate) async fn read_past(
    app: &App,
    caller: &Caller,
    id: &str,
    known: &KnownTags,
    hold: (Duration, Shutdown),
) -> Result<OnboardingView, Problem> {
    let (wait, mut closing) = hold;
    // Before the first read, so that no change falls between the two.
    let mut changes = app.watch();
    let deadline = Instant::now() + wait;
    let mut last = false;
    loop {
        let view = app.onboarding(caller, id).await?;
        if last || Instant::now() >= deadline || !known.hold(&tag_of(&view)) {
            return Ok(view);
        }
        let look_again = deadline.min(Instant::now() + LOOK_AGAIN);
        tokio::select! {
            () = moved(&mut changes, id) => {}
            () = tokio::time::sleep_until(look_again) => {}
            () = &mut closing => last = true,
        }
    }
}

async fn moved(changes: &mut Receiver<InstanceId>, id: &str) {
    loop {
        match changes.recv().await {
            Ok(instance) if instance.as_str() == id => return,
            Ok(_) => {}
            // Some news were missed; ours may have been among them.
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::InstanceId;
    use futures_util::FutureExt;
    use tokio::sync::broadcast;

    use super::{asked, moved};

    #[test]
    fn a_wait_is_one_to_sixty_seconds() {
        assert_eq!(asked(None).unwrap(), Duration::ZERO);
        assert_eq!(asked(Some("30")).unwrap(), Duration::from_secs(30));
        for wrong in ["0", "61", "-1", "soon", ""] {
            assert_eq!(
                asked(Some(wrong)).unwrap_err().errors[0].param,
                "wait",
                "{wrong}"
            );
        }
    }

    #[test]
    fn only_news_of_this_onboarding_ends_the_wait() {
        let (sender, mut changes) = broadcast::channel(4);
        sender.send(InstanceId::new("onb_other")).unwrap();
        assert_eq!(moved(&mut changes, "onb_1").now_or_never(), None);
        sender.send(InstanceId::new("onb_1")).unwrap();
        assert_eq!(moved(&mut changes, "onb_1").now_or_never(), Some(()));
    }

    #[test]
    fn a_reader_that_missed_news_reads_again() {
        let (sender, mut changes) = broadcast::channel(1);
        for _ in 0..3 {
            sender.send(InstanceId::new("onb_other")).unwrap();
        }
        assert_eq!(moved(&mut changes, "onb_1").now_or_never(), Some(()));
    }
}
