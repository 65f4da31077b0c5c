//! Forces refreshes of the default chain one after another: `refresh_storm <count> [clients]`, with that many clients
//! at once. Prints nothing; fails with the first error. The test of concurrent token rotation runs many of these on one
//! configuration file.

use aliyun_cred::{Client, Error};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let count = numbers.next().ok_or("usage: refresh_storm <count> [clients]")??;
    let clients = numbers.next().transpose()?.unwrap_or(1);
    let storm = || -> Result<(), Error> {
        let client = Client::from_default_chain()?;
        for _ in 0..count {
            client.invalidate();
            client.credentials_blocking()?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..clients).map(|_| scope.spawn(storm)).collect();
        running.into_iter().try_for_each(|client| client.join().map_err(|_| "a client panicked")?.map_err(Into::into))
    })
}
