//! Resolves the default chain and prints what it found: id, secret, token, provider name, a line each.
//!
//! `make demo` runs it against the emulator. It prints secrets, as a program of yours never should.

use aliyun_cred::Client;

#[tokio::main(flavor = "current_thread")]
#[allow(clippy::print_stdout, reason = "a demonstration")]
async fn main() -> aliyun_cred::Result<()> {
    let credentials = Client::from_default_chain()?.credentials().await?;
    println!("{}", credentials.access_key_id().unwrap_or_default());
    println!("{}", credentials.access_key_secret().unwrap_or_default());
    println!("{}", credentials.security_token().unwrap_or_default());
    println!("{}", credentials.provider_name().unwrap_or_default());
    Ok(())
}
