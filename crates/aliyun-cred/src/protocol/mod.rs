//! How the services are spoken to: signatures, requests, replies.
//!
//! Invariant: nothing of a request or of a reply reaches a text but what the service says on purpose, secrets cut out.

pub(crate) mod endpoint;
pub(crate) mod json;
pub(crate) mod reply;
pub(crate) mod rsa;
pub(crate) mod sts;

use std::time::Duration;

use crate::config::Config;
use crate::host::{Limits, Route};

/// The way that requests to `url` go. Plain HTTP is spoken to this machine alone where it is spoken at all, so no proxy
/// of the environment gets to see it.
pub(crate) fn route(config: &Config, url: &str) -> Route {
    match config.proxy.clone().filter(|proxy| !proxy.is_empty()) {
        Some(proxy) => Route::Through(proxy),
        None if url.starts_with("http:") => Route::Direct,
        None => Route::Environment,
    }
}

/// The time limits; `connect` and `exchange` are the source's defaults in milliseconds.
pub(crate) fn limits(config: &Config, connect: u64, exchange: u64) -> Limits {
    let pick = |option: Option<i64>, default: u64| {
        let given = option.and_then(|value| u64::try_from(value).ok()).filter(|value| *value > 0);
        Duration::from_millis(given.unwrap_or(default))
    };
    let (connect, exchange) = (pick(config.connect_timeout, connect), pick(config.timeout, exchange));
    Limits { connect, whole: connect.saturating_add(exchange) }
}
