//! The program `aliyun-cred`; the library beside it is all of it.
#![forbid(unsafe_code)]

use std::process::ExitCode;

/// Wipes all memory before it is freed: secrets pass through buffers of the HTTP, TLS and JSON libraries.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    aliyun_cred_cli::main()
}
