//! Awaits a credential in an executor that is not tokio's: `cargo run --example without_tokio`.
//!
//! The library's own background thread makes the requests, so the futures that it gives run anywhere: in tokio, smol,
//! a GUI's loop, or the few lines below.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use aliyun_cred::Client;

/// Wakes the thread that polls.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[allow(clippy::print_stdout, reason = "an example")]
fn main() -> aliyun_cred::Result<()> {
    let client = Client::from_default_chain()?;
    let credentials = block_on(client.credentials())?;
    println!("{:?} from {:?}", credentials.access_key_id(), credentials.provider_name());
    Ok(())
}
