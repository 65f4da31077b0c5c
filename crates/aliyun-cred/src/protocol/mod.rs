//! The services' protocols: signatures, requests, replies.
//!
//! Invariant: of a request or reply, messages contain only what the service says on purpose, with secrets removed.

pub(crate) mod endpoint;
pub(crate) mod json;
pub(crate) mod kms;
pub(crate) mod reply;
pub(crate) mod rsa;
pub(crate) mod sts;

use std::time::Duration;

use crate::config::Config;
use crate::host::{Limits, Route};

/// How requests to `url` are routed. Plain HTTP, where allowed at all, goes only to this machine, so it skips the
/// proxies of the environment.
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
