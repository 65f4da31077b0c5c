//! Alibaba Cloud's credential services on loopback, for tests and demonstrations.
//!
//! One invariant: every signature is verified by this crate's own reading of the published
//! protocol. It shares no code with the library that it is used to test, so that a mistake cannot
//! be made on both sides at once.
//!
//! [`Emulator::start`] runs everything on threads of its own; dropping the [`Emulator`] ends it.
//! The program of the same name does the same for as long as its standard input is open.
//!
//! A service is one file of `services/`, with its settings and its state: it says which actions it has,
//! who may call, and what it answers. `services.rs` says which requests are whose, `dispatch.rs` how each
//! is handled. What services share is in `state.rs`. Imports run one way, from the listeners to the
//! services and from those to the state; `http` and `state` know no service.

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
