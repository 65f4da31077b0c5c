//! Alibaba Cloud's credential services on loopback, for tests and demonstrations.
//!
//! One invariant: every signature is verified by this crate's own reading of the published
//! protocol. It shares no code with the library that it is used to test, so that a mistake cannot
//! be made on both sides at once.
//!
//! [`Emulator::start`] runs everything on threads of its own; dropping the [`Emulator`] ends it.
//! The program of the same name does the same for as long as its standard input is open.
//!
//! A service is one file (`sts.rs`, `metadata.rs`, …): it says which actions it has, who may call,
//! and what it answers. `service.rs` says which requests are whose. Faults, the request log and the listeners are the same for all of them.

#![forbid(unsafe_code)]

mod authentication;
mod authority;
mod clock;
mod cloud_sso;
mod control;
mod credentials_uri;
mod emulator;
mod fault;
mod http;
mod identity;
mod jwt;
mod metadata;
mod oauth;
mod proxy;
mod random;
mod record;
mod remembered;
mod rsa;
mod service;
mod settings;
mod signature;
mod state;
mod sts;

pub use emulator::{Addresses, Emulator};
pub use settings::{DEFAULT_ACCESS_KEYS, DefaultAccessKey};
