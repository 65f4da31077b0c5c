//! The control interface: sets the state, releases held requests, and reports the requests that the services received.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use crate::http::{Reply, read_body};
use crate::shared::Shared;
use crate::world::{Changes, Settings, World};

/// The largest document, in bytes; it must hold a fault's body.
const MAX_DOCUMENT: usize = 4 << 20;

/// The longest wait of `GET /held`.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Answers one request to the control port.
pub(crate) async fn respond(request: Request<Incoming>, shared: Arc<Shared>) -> io::Result<Reply> {
    let (head, body) = request.into_parts();
    let Some(body) = read_body(body, MAX_DOCUMENT).await? else {
        return Ok(problem(StatusCode::PAYLOAD_TOO_LARGE, "the document is larger than 4 MiB"));
    };
    let reply = match (head.method, head.uri.path()) {
        (Method::GET, "/held") => match at_least(head.uri.query()) {
            Ok(count) => held(&shared, count).await,
            Err(error) => problem(StatusCode::BAD_REQUEST, &error),
        },
        (Method::POST, "/release") => match parse::<Release>(&body) {
            Ok(Release { count }) => {
                shared.holds.release(count);
                summary(&shared)
            }
            Err(error) => problem(StatusCode::BAD_REQUEST, &error),
        },
        (Method::POST, "/rotate") => match parse::<Rotate>(&body) {
            Ok(Rotate { secret }) => {
                let World { state, services } = &mut *shared.world();
                match services.kms.rotate(&secret, state) {
                    Some(()) => json_reply(StatusCode::OK, &json!({})),
                    None => problem(StatusCode::NOT_FOUND, "there is no such secret of type RAMCredentials"),
                }
            }
            Err(error) => problem(StatusCode::BAD_REQUEST, &error),
        },
        (Method::POST, "/reset") => match parse::<Settings>(&body).and_then(World::new) {
            Ok(world) => {
                shared.reset(world);
                summary(&shared)
            }
            Err(error) => problem(StatusCode::BAD_REQUEST, &error),
        },
        (Method::PATCH, "/state") => match parse::<Changes>(&body).and_then(|changes| shared.change(changes)) {
            Ok(()) => summary(&shared),
            Err(error) => problem(StatusCode::BAD_REQUEST, &error),
        },
        (Method::GET, "/state") => summary(&shared),
        (Method::GET, "/requests") => {
            let records = shared.world().state.records();
            let records: Vec<_> = records.iter().map(AsRef::as_ref).collect();
            match serde_json::to_value(records) {
                Ok(records) => json_reply(StatusCode::OK, &json!({ "requests": records })),
                Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
            }
        }
        (Method::DELETE, "/requests") => {
            shared.world().state.clear_records();
            summary(&shared)
        }
        (_, "/reset" | "/state" | "/requests" | "/release" | "/held" | "/rotate") => {
            problem(StatusCode::METHOD_NOT_ALLOWED, "this method does nothing here")
        }
        _ => problem(
            StatusCode::NOT_FOUND,
            "there are POST /reset, GET and PATCH /state, GET and DELETE /requests, POST /release, GET /held, POST /rotate",
        ),
    };
    Ok(reply)
}

/// How many held requests to release; absent: all.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Release {
    count: Option<usize>,
}

/// The secret of KMS to rotate.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotate {
    secret: String,
}

/// The number in `at_least=1`, which is also the default.
fn at_least(query: Option<&str>) -> Result<usize, String> {
    let Some(query) = query else { return Ok(1) };
    let count = query.strip_prefix("at_least=").and_then(|count| count.parse().ok());
    count.ok_or_else(|| format!("`at_least` and a number, not `{query}`"))
}

/// Replies once `count` requests are held.
async fn held(shared: &Shared, count: usize) -> Reply {
    let waiting = timeout(MAX_WAIT, shared.holds.at_least(count)).await;
    let held = shared.holds.count();
    match waiting {
        Ok(()) => json_reply(StatusCode::OK, &json!({ "held": held })),
        Err(_) => problem(StatusCode::GATEWAY_TIMEOUT, &format!("{held} requests are held, not {count}")),
    }
}

fn parse<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, String> {
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn summary(shared: &Shared) -> Reply {
    let connections: Map<String, Value> =
        shared.connections().map(|(port, count)| (port.name().to_owned(), Value::from(count))).collect();
    let world = shared.world();
    let state = &world.state;
    let (configured, issued) = state.key_counts();
    let faults: Vec<Value> = state
        .faults
        .iter()
        .map(|fault| {
            json!({
                "service": fault.service, "action": fault.action,
                "seen": fault.seen, "applied": fault.applied,
            })
        })
        .collect();
    let document = json!({
        "connections": connections,
        "requests": state.received(),
        "held": shared.holds.count(),
        "access_keys": configured,
        "issued": issued,
        "roles": world.services.sts.role_count(),
        "lifetime": state.lifetime,
        "clock_offset": state.clock_offset,
        "oauth": world.services.oauth.counts(),
        "faults": faults,
    });
    drop(world);
    json_reply(StatusCode::OK, &document)
}

fn problem(status: StatusCode, error: &str) -> Reply {
    json_reply(status, &json!({ "error": error }))
}

fn json_reply(status: StatusCode, document: &Value) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(document.to_string())));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}
