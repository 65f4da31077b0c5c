//! What the library runs on: its background thread and helpers, and the worker threads for custom code.
//!
//! Invariant: nothing here knows about credentials, or about anything outside the process.

pub(crate) mod call_scope;
pub(crate) mod driver;
pub(crate) mod event_queue;
pub(crate) mod per_process;
pub(crate) mod signals;
pub(crate) mod user_code;
