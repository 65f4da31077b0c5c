//! Who calls a service.

use serde_json::{Map, Value};

use crate::http::Call;
use crate::identity::Identity;
use crate::refusal::Refusal;
use crate::signature::Scheme;

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
