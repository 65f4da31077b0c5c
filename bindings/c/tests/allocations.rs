//! A cached read allocates nothing. It is tested here because an allocator that counts is unsafe code.

#![allow(unsafe_code, reason = "an allocator is unsafe to implement")]
#![allow(clippy::expect_used, reason = "a test may panic")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use aliyun_cred_core::{Client, Config};
use aliyun_cred_emulator::{DEFAULT_ACCESS_KEYS, Emulator};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps what `alloc` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `alloc` above, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

fn assert_reads_allocate_nothing(config: &Config) {
    let client = Client::new(config).expect("a complete configuration");
    let read = || {
        for _ in 0..1_000 {
            let credentials = client.credentials_blocking().expect("it is cached");
            assert!(credentials.access_key_id().is_some() && credentials.security_token().is_some());
            assert!(client.cached().is_some());
        }
    };
    // The first read fetches, and the first of a thread makes its slot for lock-free reading.
    read();
    assert_eq!(allocations(read), 0);
}

#[test]
fn a_cached_read_allocates_nothing() {
    assert!(allocations(|| drop(Box::new(1))) > 0, "the allocator does not count");
    assert_reads_allocate_nothing(
        &Config::new("sts").access_key_id("id").access_key_secret("secret").security_token("token"),
    );
    let emulator = Emulator::start(None).expect("free ports on loopback");
    let key = DEFAULT_ACCESS_KEYS.first().expect("a key to try it with");
    assert_reads_allocate_nothing(
        &Config::new("ram_role_arn")
            .access_key_id(key.id)
            .access_key_secret(key.secret)
            .role_arn("acs:ram::1000000000000001:role/reader")
            .sts_endpoint(emulator.addresses().sts_http.as_str()),
    );
}
