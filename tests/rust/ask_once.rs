//! Requests a credential once with `<folder>/config.json`, prints `asked`, and runs until standard input ends. The test
//! of timer renewal watches its requests meanwhile.

use std::io::Read;

use aliyun_cred::{Client, Config};

#[allow(clippy::print_stdout, clippy::disallowed_methods, reason = "this is a program")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: ask_once <folder>")?;
    let config = std::fs::read_to_string(std::path::Path::new(&folder).join("config.json"))?;
    let client = Client::new(&Config::from_json(&config)?)?;
    client.credentials_blocking()?;
    println!("asked");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    drop(client);
    Ok(())
}
