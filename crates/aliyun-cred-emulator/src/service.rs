//! What a service is, and the one way in which a request is handled: find out who calls, let faults
//! strike, perform, write it down, and only then answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use hyper::body::Incoming;
use serde_json::{Map, Value};

use crate::cloud_sso::CloudSso;
use crate::credentials_uri::CredentialsUri;
use crate::fault::{Misfortune, strike};
use crate::http::{self, Answer, Call, Content, Defect, Reply, Via};
use crate::identity::Identity;
use crate::metadata::Metadata;
use crate::oauth::Oauth;
use crate::record::Record;
use crate::settings::Effect;
use crate::signature::Scheme;
use crate::state::{Shared, State};
use crate::sts::Sts;

/// All services.
pub(crate) const ALL: &[&dyn Service] = &[&Sts, &Metadata, &CredentialsUri, &CloudSso, &Oauth];

/// Whose a request is: the listener decides, then the host, then the path. Real names are taken at
/// their word (no other host than its own has OAuth, as in reality); a host of no meaning (loopback,
/// or whatever a test calls it) has everything by its path.
fn service_for(call: &Call) -> &'static dyn Service {
    let host = call.host.rsplit_once(':').map_or(call.host.as_str(), |(host, _)| host).to_ascii_lowercase();
    let is_real = ["aliyuncs.com", "aliyun.com", "alibabacloud.com", "alibabacloudsso.com"]
        .iter()
        .any(|domain| host.ends_with(domain));
    match (call.via, host.as_str(), call.path.as_str()) {
        (Via::Metadata, _, _) | (_, "100.100.100.200", _) => &Metadata,
        (_, "oauth.aliyun.com" | "oauth.alibabacloud.com", _) => &Oauth,
        (_, _, "/cloud-credentials") => &CloudSso,
        (_, _, path) if path == "/credentials-uri" || path.starts_with("/credentials-uri/") => &CredentialsUri,
        (_, _, "/v1/token" | "/v1/exchange") if !is_real => &Oauth,
        (_, _, path) if path.starts_with("/latest/") && !is_real => &Metadata,
        _ => &Sts,
    }
}

/// A credential service.
pub(crate) trait Service: Sync {
    /// The name in faults and in the request log.
    fn name(&self) -> &'static str;

    /// The operation that `call` asks for.
    fn action<'a>(&self, call: &'a Call) -> Option<&'a str>;

    /// Whether it answers a request with `defect` all the same.
    fn overlooks(&self, _defect: Defect) -> bool {
        false
    }

    /// Finds out who calls and refuses whom it has to. Runs whether or not a fault follows, so that
    /// the log says of every request whether its signature was right.
    fn admit(&self, state: &mut State, call: &Call) -> Visitor;

    /// Does what was asked. `caller` is whom [`Service::admit`] found.
    fn perform(&self, state: &mut State, call: &Call, caller: Option<&Identity>) -> Result<Content, Refusal>;

    /// What a refusal says.
    fn refuse(&self, call: &Call, refusal: &Refusal) -> Content;

    /// Where in a success the credentials are, as a JSON pointer; unless overridden, all of it.
    fn credentials(&self, _call: &Call) -> &'static str {
        ""
    }
}

/// Who calls.
pub(crate) struct Visitor {
    /// As claimed.
    pub(crate) access_key_id: Option<String>,
    /// The kind of signature, as the log names it.
    pub(crate) signature: &'static str,
    /// As proven; `None` where nothing has to be signed.
    pub(crate) caller: Result<Option<Identity>, Refusal>,
    /// What the log says of this service's requests alone.
    pub(crate) details: Map<String, Value>,
}

impl Visitor {
    /// Somebody who made `call`, let in unless `refusal` says otherwise.
    pub(crate) fn anybody(call: &Call, refusal: Option<Refusal>) -> Self {
        Self {
            access_key_id: None,
            signature: Scheme::of(call).name(),
            caller: refusal.map_or(Ok(None), Err),
            details: Map::new(),
        }
    }

    /// Adds to what the log says.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// An error of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP.
    pub(crate) status: u16,
    /// The service's own code.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
}

impl Refusal {
    /// Any error.
    pub(crate) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    /// A parameter that is not there.
    pub(crate) fn missing(name: &str) -> Self {
        Self::new(400, format!("Missing{name}"), format!("{name} is mandatory for this action."))
    }
}

/// Answers one request that came in by `via`.
pub(crate) async fn respond(request: Request<Incoming>, via: Via, shared: Arc<Shared>) -> io::Result<Reply> {
    http::respond(request, via, |call| async move {
        let outcome = handle(&shared, &call);
        if outcome.latency > Duration::ZERO {
            tokio::time::sleep(outcome.latency).await;
        }
        outcome.answer
    })
    .await
}

/// What is sent, and when.
struct Outcome {
    /// To wait before.
    latency: Duration,
    /// To send then.
    answer: Answer,
}

/// Handles one request. All of its consequences are in the state, and it is in the log, before the
/// first byte of an answer can be seen.
fn handle(shared: &Shared, call: &Call) -> Outcome {
    let service = service_for(call);
    let mut state = shared.state();
    let visitor = match call.defect.filter(|defect| !service.overlooks(*defect)) {
        Some(defect) => Visitor::anybody(call, Some(defect.into())),
        None => service.admit(&mut state, call),
    };
    let Misfortune { latency, effect } = strike(&mut state.faults, service.name(), service.action(call));
    let perform = |state: &mut State| match &visitor.caller {
        Ok(caller) => service.perform(state, call, caller.as_ref()),
        Err(refusal) => Err(refusal.clone()),
    };
    let (answer, code) = match effect {
        None | Some(Effect::Delay) => finish(service, call, perform(&mut state)),
        Some(Effect::Fields { drop, set }) => {
            let mut result = perform(&mut state);
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
        Some(Effect::Raw { status, content_type, body }) => {
            (Answer::Response { status, content_type, location: None, body: body.into() }, None)
        }
        Some(Effect::Close) => (Answer::Close, None),
        Some(Effect::Hang) => (Answer::Hang, None),
        Some(Effect::Redirect(url)) => (made_up(302, Some(url), Bytes::new()), None),
        Some(Effect::Oversize(size)) => (made_up(200, None, vec![b' '; size].into()), None),
    };
    let status = match &answer {
        Answer::Response { status, .. } => Some(*status),
        Answer::Close | Answer::Hang => None,
    };
    state.record(Record::new(service, call, &visitor, (status, code)));
    Outcome { latency, answer }
}

fn finish(service: &dyn Service, call: &Call, result: Result<Content, Refusal>) -> (Answer, Option<String>) {
    match result {
        Ok(content) => (Answer::new(200, content), None),
        Err(refusal) => (Answer::new(refusal.status, service.refuse(call, &refusal)), Some(refusal.code)),
    }
}

fn made_up(status: u16, location: Option<String>, body: Bytes) -> Answer {
    Answer::Response { status, content_type: "application/json".to_owned(), location, body }
}

impl From<Defect> for Refusal {
    fn from(defect: Defect) -> Self {
        match defect {
            Defect::TooLarge => Self::new(413, "RequestEntityTooLarge", "The request is larger than 1 MiB."),
            Defect::NotUtf8 => Self::new(400, "InvalidParameter", "A parameter or header is not valid UTF-8."),
            Defect::Repeated => Self::new(400, "InvalidParameter", "A parameter was given more than once."),
        }
    }
}
