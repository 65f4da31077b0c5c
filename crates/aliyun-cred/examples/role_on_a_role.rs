//! Assumes a role in another account, with the credential of a role in this one:
//! `cargo run --example role_on_a_role FIRST_ROLE_ARN SECOND_ROLE_ARN`.

use aliyun_cred::{Client, Config};

#[allow(clippy::print_stdout, reason = "an example")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arns = std::env::args().skip(1);
    let (first, second) = arns.next().zip(arns.next()).ok_or("usage: role_on_a_role FIRST_ROLE_ARN SECOND_ROLE_ARN")?;
    let reader = Client::from_default_chain()?.assume_role(&Config::default().role_arn(first))?;
    let auditor = reader.assume_role(
        &Config::default().role_arn(second).role_session_name("nightly-audit").role_session_expiration(900),
    )?;
    // Both sessions are refreshed in time; the key of the chain is used for the first one alone.
    let credentials = auditor.credentials_blocking()?;
    println!("{:?} from {:?}", credentials.access_key_id(), credentials.provider_name());
    Ok(())
}
