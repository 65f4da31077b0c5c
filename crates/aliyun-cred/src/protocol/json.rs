//! JSON that may hold secrets.

use std::ops::Deref;

use serde_json::Value;
use zeroize::Zeroize;

use crate::text::decode_wiped;

/// Parses JSON in any encoding that [`decode_wiped`] supports; `None` if it is not JSON.
pub(crate) fn parse(bytes: &[u8]) -> Option<Wiped> {
    // In the common case, skip decoding, which would make a copy.
    let value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(_) => serde_json::from_str(&decode_wiped(bytes)?).ok()?,
    };
    Some(Wiped(value))
}

/// A JSON value whose strings are wiped when it is dropped.
#[derive(Default)]
pub(crate) struct Wiped(pub(crate) Value);

impl Deref for Wiped {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(entries) => entries.iter_mut().for_each(|(_, item)| wipe(item)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
