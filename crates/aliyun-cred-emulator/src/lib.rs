//! Alibaba Cloud's credential services on loopback, for tests and demonstrations.
//!
//! Invariant: this crate verifies signatures with its own implementation of the published protocols. It shares no code
//! with the library under test, so that the same mistake cannot hide on both sides.
//!
//! [`Emulator::start`] runs everything on background threads; dropping the [`Emulator`] stops it. The program of the
//! same name does the same for as long as its standard input is open.
//!
//! Each service is one file in `services/`, with its settings and state: its actions, who may call them, and what it
//! replies. `services.rs` routes requests to services, `dispatch.rs` handles each of them, and `state.rs` holds what
//! the services share. Imports run one way, from the listeners to the services and from those to the state; `http` and
//! `state` know no service.

#![forbid(unsafe_code)]

mod authority;
mod clock;
mod control;
mod dispatch;
mod emulator;
mod fault;
mod hold;
mod http;
mod identity;
mod proxy;
mod random;
mod record;
mod refusal;
mod remembered;
mod rsa;
mod service;
mod services;
mod settings;
mod shared;
mod signature;
mod state;
mod visitor;
mod world;

pub use emulator::{Addresses, Emulator};
pub use settings::{DEFAULT_ACCESS_KEYS, DefaultAccessKey};
#[doc(hidden)]
pub use signature::signed_parameters;
