//! Another archive of Rust, which has a standard library of its own in it.

/// The sum of the numbers below `end`, by way of the allocator and of an unwound panic.
#[unsafe(no_mangle)]
pub extern "C" fn other_sum(end: u32) -> u32 {
    std::panic::set_hook(Box::new(|_| ()));
    let numbers: Vec<u32> = (0..end).collect();
    match std::panic::catch_unwind(|| if end > 0 { panic!("canary") }) {
        Ok(()) => 0,
        Err(_) => numbers.iter().sum(),
    }
}
