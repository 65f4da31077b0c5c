//! Forces one refresh after another of the default chain: `refresh_storm <count>`. Prints nothing; fails with the first
//! error. The test of concurrent token rotation runs many of these at once on one configuration file.

use aliyun_cred::Client;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: usize = std::env::args().nth(1).ok_or("usage: refresh_storm <count>")?.parse()?;
    let client = Client::from_default_chain()?;
    for _ in 0..count {
        client.invalidate();
        client.credentials_blocking()?;
    }
    Ok(())
}
