//! The C ABI of `aliyun-cred`. It only translates types.
//!
//! The doc comments of exported items are written for C: cbindgen copies them into `include/aliyun_cred.h`, whose first
//! comment (`cbindgen.toml`) holds the rules common to all functions.
//!
//! Signatures express ownership: `Option<&T>` borrows, `Option<Box<T>>` gives or takes, and `Option<&mut
//! MaybeUninit<*mut T>>` is an out-parameter, written only on success. Only C calls these functions, so the header's
//! rules hold for every argument.
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
pub mod event;
pub mod log;
pub mod provider;
pub mod report;
pub mod request;
mod resident;
pub mod status;
pub mod version;

/// Wipes all memory before it is freed: a reply passes through buffers of the HTTP, TLS and JSON libraries.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);
