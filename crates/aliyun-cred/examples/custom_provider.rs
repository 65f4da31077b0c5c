//! Takes credentials from a place that the library does not know, and uses them as the base of a role:
//! `cargo run --example custom_provider`.

use std::time::{Duration, SystemTime};

use aliyun_cred::{Client, Config, Credentials, Error, ErrorKind};

/// Stands for your vault.
fn read_vault() -> std::io::Result<(String, String)> {
    Ok(("LTAI5tExampleOnly".to_owned(), "ExampleOnlyExampleOnlyExample0".to_owned()))
}

#[allow(clippy::print_stdout, clippy::disallowed_methods, reason = "an example")]
fn main() -> aliyun_cred::Result<()> {
    let vault = Client::from_blocking("vault", || {
        let read = read_vault().map_err(|error| Error::from_provider(ErrorKind::Unavailable, error.to_string()))?;
        // With an expiration, the credential is cached and fetched again in time; without one, the vault is asked each time.
        let expiration = SystemTime::now() + Duration::from_secs(3_600);
        Ok(Credentials::from_parts(read.0, read.1).with_expiration(expiration))
    });
    println!("{:?} from {:?}", vault.credentials_blocking()?.access_key_id(), vault.type_name());

    let role = Config::default().role_arn("acs:ram::1234567890123456:role/reader");
    let reader = vault.assume_role(&role)?;
    println!("a client of type {} on top of it", reader.type_name());
    Ok(())
}
