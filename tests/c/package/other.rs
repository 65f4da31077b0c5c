//! Another Rust archive, which contains its own standard library.

/// The sum of the numbers below `end`, computed with the allocator and an unwound panic.
#[unsafe(no_mangle)]
pub extern "C" fn other_sum(end: u32) -> u32 {
    std::panic::set_hook(Box::new(|_| ()));
    let numbers: Vec<u32> = (0..end).collect();
    match std::panic::catch_unwind(|| if end > 0 { panic!("canary") }) {
        Ok(()) => 0,
        Err(_) => numbers.iter().sum(),
    }
}
