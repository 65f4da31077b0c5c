//! Which credential a program would use, from where, and why not another one: `cargo run --example explain`.

use aliyun_cred::Client;

#[allow(clippy::print_stdout, reason = "this is a program")]
fn main() -> aliyun_cred::Result<()> {
    let all = std::env::args().any(|argument| argument == "--all");
    let explain = Client::from_default_chain()?.explain();
    print!("{}", if all { explain.all() } else { explain }.blocking()?);
    Ok(())
}
