//! Asks the default chain: `cargo run --example default_chain`.

use aliyun_cred::Client;

#[tokio::main]
#[allow(clippy::print_stdout, reason = "an example")]
async fn main() -> aliyun_cred::Result<()> {
    // One client for the whole program: it caches the credential, and refreshes it before it expires.
    let client = Client::from_default_chain()?;
    let credentials = client.credentials().await?;
    println!("{:?} from {:?}", credentials.access_key_id(), credentials.provider_name());
    println!("valid until {:?}", credentials.expiration());
    Ok(())
}
