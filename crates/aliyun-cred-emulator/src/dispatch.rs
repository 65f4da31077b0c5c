//! How every request is handled: authenticate the caller, apply faults, perform the action, log the request, and only
//! then reply.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;

use crate::clock;
use crate::fault::{Effect, Misfortune, strike};
use crate::hold::Held;
use crate::http::{self, Answer, Call, Content, Reply, Via};
use crate::record::Record;
use crate::refusal::Refusal;
use crate::service::Service;
use crate::shared::Shared;
use crate::visitor::Visitor;
use crate::world::World;

/// Answers a request that arrived by `via`.
pub(crate) async fn respond(request: Request<Incoming>, via: Via, shared: Arc<Shared>) -> io::Result<Reply> {
    http::respond(request, via, |call| async move {
        let Outcome { latency, held, date_offset, answer } = handle(&shared, &call);
        if latency > Duration::ZERO {
            tokio::time::sleep(latency).await;
        }
        if let Some(held) = held {
            held.released().await;
        }
        (answer, clock::now() + date_offset)
    })
    .await
}

/// What to send, and when.
struct Outcome {
    /// The delay before the answer.
    latency: Duration,
    /// Waited for before the answer.
    held: Option<Held>,
    /// How far its `Date` is ahead of the machine's clock, in seconds.
    date_offset: i64,
    /// The answer.
    answer: Answer,
}

/// Handles one request. Its effects are in the state, and its record in the log, before the first byte of the answer is
/// sent.
fn handle(shared: &Shared, call: &Call) -> Outcome {
    let mut world = shared.world();
    let World { state, services } = &mut *world;
    let service = services.of(call);
    let visitor = match call.defect.filter(|defect| !service.overlooks(*defect)) {
        Some(defect) => Visitor::anybody(call, Some(defect.into())),
        None => service.admit(state, call),
    };
    let Misfortune { latency, date_offset, holds, effect } =
        strike(&mut state.faults, service.name(), service.action(call));
    let mut perform = |service: &mut dyn Service| match &visitor.caller {
        Ok(caller) => service.perform(state, call, caller.as_ref()),
        Err(refusal) => Err(refusal.clone()),
    };
    let (answer, code) = match effect {
        None | Some(Effect::Delay) => {
            let result = perform(service);
            finish(service, call, result)
        }
        Some(Effect::Fields { drop, set }) => {
            let mut result = perform(service);
            if let Ok(Content::Json(document)) = &mut result
                && let Some(fields) = document.pointer_mut(service.credentials(call))
                && let Some(fields) = fields.as_object_mut()
            {
                drop.iter().for_each(|name| {
                    fields.shift_remove(name);
                });
                fields.extend(set);
            }
            finish(service, call, result)
        }
        Some(Effect::Error { status, code, message }) => finish(service, call, Err(Refusal { status, code, message })),
        Some(effect) => (effect.answer().unwrap_or(Answer::Close), None),
    };
    let status = match &answer {
        Answer::Response { status, .. } => Some(*status),
        Answer::Close | Answer::Hang | Answer::Wire(_) => None,
    };
    state.record(Record::new((service.name(), service.action(call)), call, &visitor, (status, code)));
    // Still under the lock: a test that sees the request held finds it in the log, and no reset comes between.
    let held = if holds { shared.holds.hold() } else { None };
    Outcome { latency, held, date_offset: state.clock_offset + date_offset, answer }
}

fn finish(service: &dyn Service, call: &Call, result: Result<Content, Refusal>) -> (Answer, Option<String>) {
    match result {
        Ok(content) => (Answer::new(200, content), None),
        Err(refusal) => (Answer::new(refusal.status, service.refuse(call, &refusal)), Some(refusal.code)),
    }
}
