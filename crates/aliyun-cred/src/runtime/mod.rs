//! What the library runs on: its background thread and helpers, and the threads that run custom code.
//!
//! Invariant: nothing here knows what a credential is good for, or what lies outside the process.

pub(crate) mod call_scope;
pub(crate) mod driver;
pub(crate) mod per_process;
pub(crate) mod signals;
pub(crate) mod user_code;
