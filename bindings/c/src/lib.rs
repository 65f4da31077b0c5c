//! The C ABI of `aliyun-cred`: it translates types and nothing else.
//!
//! The doc comments of everything exported are written for C: cbindgen copies them into `include/aliyun_cred.h`, whose
//! first comment (`cbindgen.toml`) holds the rules that all functions share.
//!
//! Ownership is in the signatures: `Option<&T>` borrows, `Option<Box<T>>` gives or takes, and
//! `Option<&mut MaybeUninit<*mut T>>` is an out-parameter, written only on success. Nobody calls these functions from
//! Rust, so that what C promises in the header holds for every argument.
//!
//! Invariant: every body runs inside [`border::guard`], so that no panic crosses into C.
#![allow(unsafe_code, reason = "the border to C; nothing else in the project has unsafe code")]
#![deny(unsafe_op_in_unsafe_fn)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic"))]

mod border;
pub mod client;
pub mod config;
pub mod credentials;
pub mod error;
pub mod log;
pub mod provider;
pub mod request;
mod resident;
pub mod version;

/// Everything that is freed is wiped first: a reply passes through buffers of the HTTP, TLS and JSON libraries.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);
