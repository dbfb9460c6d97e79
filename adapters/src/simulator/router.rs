//! Finds who answers a request, and carries out ordered misbehavior around Graph calls.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response};
use serde_json::json;
use tokio::sync::oneshot;

use super::calls::{CallNumber, CallRecord};
use super::core::Core;
use super::graph::{self, Call, Endpoint, Fault, Subject};
use super::http::{Dropped, Inbound, Reply};
use super::scenario::{Effect, Order};
use super::{control, popup};

/// The longest silence: by then every client has given up.
const SILENCE_MAX: Duration = Duration::from_mins(2);
/// What `slow` means when nobody says.
const SLOW_DEFAULT: Duration = Duration::from_secs(1);

/// Answers one request, or drops its connection.
pub(crate) async fn answer(
    core: Arc<Core>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let inbound = Inbound::read(request).await?;
    let reply = if let Some(name) = inbound.path.strip_prefix("/control/") {
        control::answer(&core, name, &inbound).await
    } else if let Some((version, rest)) = graph::split_version(&inbound.path) {
        if rest == "dialog/oauth" && inbound.method == Method::GET {
            popup::dialog(&core, version, &inbound)
        } else {
            graph_call(&core, rest, &inbound).await?
        }
    } else {
        match popup::answer(&core, &inbound).await {
            Some(reply) => reply,
            None => not_found(),
        }
    };
    reply.into_response()
}

fn not_found() -> Reply {
    Reply::json(
        404,
        &json!({ "error": "the simulator has nothing at this address" }),
    )
}

async fn graph_call(core: &Arc<Core>, rest: &str, inbound: &Inbound) -> Result<Reply, Dropped> {
    let params = inbound.params();
    let is_extension = params.get("grant_type") == Some("fb_exchange_token");
    let token = inbound
        .bearer
        .clone()
        .or_else(|| params.get("access_token").map(str::to_owned));
    let now = core.now();
    let (call, subject, order) = {
        let world = &mut *core.world();
        let (endpoint, node) = Endpoint::find(world, &inbound.method, rest, is_extension);
        let call = Call {
            method: inbound.method.to_string(),
            path: inbound.path.clone(),
            endpoint,
            node,
            params,
            token,
            at: now,
        };
        let subject = Subject::of(world, &call);
        let order = world.take_order(endpoint, &subject, now);
        (call, subject, order)
    };
    let mut record = CallRecord::new(now, &call.method, &call.path, call.endpoint.name());
    subject.note_on(&mut record);
    record.effect = order.as_ref().map(|order| order.effect.name());
    let number = core.calls().note(record);
    let act = Act {
        core: Arc::clone(core),
        call,
        subject,
        number,
    };
    match order {
        None => Ok(act.perform().await),
        Some(order) => misbehave(act, &order).await,
    }
}

async fn misbehave(act: Act, order: &Order) -> Result<Reply, Dropped> {
    let span = order.for_ms.map(Duration::from_millis);
    let silence = span.unwrap_or(SILENCE_MAX).min(SILENCE_MAX);
    match order.effect {
        Effect::Fail => Ok(act.refuse(order.fault()).await),
        Effect::RateLimit => {
            let fault = match order.error {
                Some(_) => order.fault(),
                None => Fault::too_many_calls(),
            };
            let minutes = span.map_or(5, |span| span.as_secs().div_ceil(60));
            Ok(act.refuse_until(fault, minutes).await)
        }
        Effect::Drop | Effect::Down => {
            act.core.flush().await;
            Err(Dropped)
        }
        Effect::ActThenDrop => {
            act.perform().await;
            act.forget_answer();
            Err(Dropped)
        }
        Effect::Pretend => {
            act.core.flush().await;
            let reply = Reply::json(200, &json!({ "success": true }));
            act.note(&reply, false);
            Ok(reply)
        }
        Effect::ActThenFail => {
            act.perform().await;
            let reply = order.fault().into_reply();
            act.note(&reply, true);
            Ok(reply)
        }
        Effect::ActThenHang => {
            act.perform().await;
            act.forget_answer();
            tokio::time::sleep(silence).await;
            Err(Dropped)
        }
        Effect::HangThenAct => late(act, silence, Patience::UntilClientLeaves).await,
        Effect::Slow => late(act, span.unwrap_or(SLOW_DEFAULT), Patience::WholeTime).await,
    }
}

/// How long a late act waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    WholeTime,
    UntilClientLeaves,
}

/// Acts after a wait, whether or not the client is still there.
async fn late(act: Act, wait: Duration, patience: Patience) -> Result<Reply, Dropped> {
    let (mut answer, waiting) = oneshot::channel();
    let core = Arc::clone(&act.core);
    core.spawn(async move {
        if patience == Patience::WholeTime {
            tokio::time::sleep(wait).await;
        } else {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = answer.closed() => {}
            }
        }
        let reply = act.perform().await;
        if answer.send(reply).is_err() {
            act.forget_answer();
        }
    });
    waiting.await.map_err(|_| Dropped)
}

/// A call on its way, and its place in the log.
struct Act {
    core: Arc<Core>,
    call: Call,
    subject: Subject,
    number: CallNumber,
}

impl Act {
    async fn perform(&self) -> Reply {
        let reply = graph::perform(&self.core, &self.call, &self.subject).await;
        self.note(&reply, true);
        reply
    }

    async fn refuse(&self, fault: Fault) -> Reply {
        self.core.flush().await;
        let reply = fault.into_reply();
        self.note(&reply, false);
        reply
    }

    async fn refuse_until(&self, fault: Fault, minutes: u64) -> Reply {
        let object = self.subject.waba_id.clone().unwrap_or_default();
        let usage = json!({ object: [{
            "type": "whatsapp_business_management",
            "call_count": 100,
            "total_cputime": 100,
            "total_time": 100,
            "estimated_time_to_regain_access": minutes,
        }] });
        self.refuse(fault)
            .await
            .with_header("x-business-use-case-usage", usage.to_string())
    }

    fn note(&self, reply: &Reply, acted: bool) {
        self.core.calls().amend(self.number, |record| {
            record.acted = acted;
            record.status = Some(reply.status);
            record.error_code = reply.error.map(|(code, _)| code);
            record.error_subcode = reply.error.and_then(|(_, subcode)| subcode);
        });
    }

    /// The call was done but its answer reaches nobody.
    fn forget_answer(&self) {
        self.core
            .calls()
            .amend(self.number, |record| record.status = None);
    }
}
