//! The emulator from outside: every listener, every service, every refusal and every fault, over real
//! sockets.
//!
//! Nothing here sleeps: a request is in the log before its answer can be read.

// A test may fail by panicking, and sees the world directly: only the core has a `Host`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod cloud_sso;
mod credentials_uri;
mod faults;
mod key_pair;
mod kms;
mod metadata;
mod oauth;
mod oidc;
mod oss;
mod program;
mod sts;
mod support;
