//! The caller of a service.

use serde_json::{Map, Value};

use crate::http::Call;
use crate::identity::Identity;
use crate::refusal::Refusal;
use crate::signature::Scheme;

/// The caller.
pub(crate) struct Visitor {
    /// As claimed.
    pub(crate) access_key_id: Option<String>,
    /// The kind of signature, as logged.
    pub(crate) signature: &'static str,
    /// As verified; `None` where no signature is needed.
    pub(crate) caller: Result<Option<Identity>, Refusal>,
    /// Additional log entries of this service.
    pub(crate) details: Map<String, Value>,
}

impl Visitor {
    /// An unauthenticated caller, accepted unless there is a `refusal`.
    pub(crate) fn anybody(call: &Call, refusal: Option<Refusal>) -> Self {
        Self {
            access_key_id: None,
            signature: Scheme::of(call).name(),
            caller: refusal.map_or(Ok(None), Err),
            details: Map::new(),
        }
    }

    /// Adds a log entry.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}
