//! Services that cut a reply short, never end it, or answer a request that nobody made.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "a test is not the core")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use aliyun_cred::{Client, Config, ErrorKind, Result};

/// More than may lie in the buffers of a connection on loopback.
const BUFFERS: usize = 32 << 20;

/// A service that passes every connection to `serve`, each on a thread of its own, and its address.
fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = serve.clone();
            std::thread::spawn(move || serve(stream.unwrap()));
        }
    });
    address
}

/// Reads a request; `false` if the client has gone.
fn read_request(stream: &mut TcpStream) -> bool {
    let (mut read, mut byte) = (Vec::new(), [0]);
    while !read.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read(&mut byte), Ok(1)) {
            return false;
        }
        read.push(byte[0]);
    }
    true
}

/// Waits for a request and leaves it unread, so that closing the connection resets it.
fn see_request(stream: &TcpStream) {
    let mut seen = [0; 4096];
    loop {
        match stream.peek(&mut seen) {
            Ok(length) if length > 0 && !seen[..length].ends_with(b"\r\n\r\n") => std::thread::yield_now(),
            _ => return,
        }
    }
}

fn credential(id: &str) -> String {
    format!(
        r#"{{"Code":"Success","AccessKeyId":"{id}","AccessKeySecret":"s","SecurityToken":"t","Expiration":"2999-01-01T00:00:00Z"}}"#
    )
}

fn with_length(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// What a new client gets from the service: the AccessKey ID.
fn ask(address: &str, timeout: i64) -> Result<String> {
    let uri = format!("http://{address}/");
    let config = Config::new("credentials_uri").credentials_uri(uri).timeout(timeout).connect_timeout(1000);
    let credentials = Client::new(&config).unwrap().credentials_blocking()?;
    Ok(credentials.access_key_id().unwrap().to_owned())
}

const LONG: i64 = 60_000;

#[test]
fn a_reply_that_is_cut_at_any_byte_is_no_credential() {
    let body = credential("id");
    let (first, second) = body.split_at(50);
    let replies = [
        with_length(&body),
        format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
            first.len(),
            second.len()
        ),
        // It has no length: its connection ends it.
        format!("HTTP/1.0 200 OK\r\n\r\n{body}"),
    ];
    let sent = Arc::new(Mutex::new((String::new(), false)));
    let address = listen({
        let sent = sent.clone();
        move |mut stream| {
            let (part, resets) = sent.lock().unwrap().clone();
            if resets {
                see_request(&stream);
            } else if !read_request(&mut stream) {
                return;
            }
            let _ = stream.write_all(part.as_bytes());
        }
    });
    for reply in replies {
        for resets in [false, true] {
            for length in 0..=reply.len() {
                *sent.lock().unwrap() = (reply[..length].to_owned(), resets);
                match ask(&address, LONG) {
                    // A reset may overtake what was sent before it.
                    Err(error) if length < reply.len() || resets => {
                        let kinds = [ErrorKind::Unavailable, ErrorKind::MalformedReply];
                        assert!(kinds.contains(&error.kind()), "{length} bytes, {resets}: {error}");
                    }
                    outcome => {
                        assert_eq!(length, reply.len(), "a credential from a part");
                        assert_eq!(outcome.unwrap(), "id");
                    }
                }
            }
        }
    }
}

/// The second request is given up; its reply comes when the third is made.
#[test]
fn a_late_reply_is_not_taken_for_that_to_the_next_request() {
    let (release, released) = mpsc::channel::<()>();
    let (sent, was_sent) = mpsc::channel();
    let (count, waiting) = (AtomicUsize::new(0), Mutex::new(Some((released, sent))));
    let address = listen(move |mut stream| {
        while read_request(&mut stream) {
            let id = match count.fetch_add(1, Ordering::SeqCst) {
                1 => {
                    let (released, sent) = waiting.lock().unwrap().take().unwrap();
                    released.recv().unwrap();
                    let _ = stream.write_all(with_length(&credential("late")).as_bytes());
                    sent.send(()).unwrap();
                    continue;
                }
                number => number.to_string(),
            };
            stream.write_all(with_length(&credential(&id)).as_bytes()).unwrap();
        }
    });
    assert_eq!(ask(&address, LONG).unwrap(), "0");
    assert_eq!(ask(&address, 300).unwrap_err().kind(), ErrorKind::Timeout);
    release.send(()).unwrap();
    was_sent.recv().unwrap();
    assert_eq!(ask(&address, LONG).unwrap(), "2");
}

/// Each reply is followed by another, which nobody asked for.
#[test]
fn a_second_reply_is_not_taken_for_that_to_the_next_request() {
    let count = AtomicUsize::new(0);
    let address = listen(move |mut stream| {
        while read_request(&mut stream) {
            let id = count.fetch_add(1, Ordering::SeqCst).to_string();
            let both = with_length(&credential(&id)) + &with_length(&credential("second"));
            if stream.write_all(both.as_bytes()).is_err() {
                return;
            }
        }
    });
    for _ in 0..20 {
        assert_ne!(ask(&address, LONG).unwrap(), "second");
    }
}

/// Counts what a service can send before the connection is closed.
#[test]
fn a_reply_without_end_is_not_read_on() {
    for (begin, forever, kind) in [
        ("HTTP/1.0 200 OK\r\n\r\n", " ", ErrorKind::MalformedReply),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", " ", ErrorKind::MalformedReply),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "10\r\n                \r\n",
            ErrorKind::MalformedReply,
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x", ErrorKind::Unavailable),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n", ErrorKind::Unavailable),
        ("HTTP/1.1 200 OK\r\n", "X: y\r\n", ErrorKind::Unavailable),
        ("HTTP/1.1 200 OK\r\nX: ", "y", ErrorKind::Unavailable),
        ("HTTP/1.1 200 ", "O", ErrorKind::Unavailable),
    ] {
        let (tell, told) = mpsc::channel();
        let address = listen(move |mut stream| {
            if !read_request(&mut stream) {
                return;
            }
            let more = forever.repeat((1 << 16) / forever.len());
            let mut count = 0;
            let mut sent = stream.write_all(begin.as_bytes());
            while sent.is_ok() && count < 4 * BUFFERS {
                sent = stream.write_all(more.as_bytes());
                count += more.len();
            }
            tell.send(count).unwrap();
        });
        let error = ask(&address, LONG).unwrap_err();
        assert_eq!(error.kind(), kind, "{begin:?}: {error}");
        let count = told.recv().unwrap();
        assert!(count < BUFFERS, "{begin:?}: {count} bytes were read");
    }
}
