//! Request bodies.

use std::io;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

/// How much of an oversized body is read and discarded, so that the client sees the error reply instead of a broken
/// connection.
const MAX_DISCARDED: u64 = 64 << 20;

/// The body of a request; `None` if it is larger than `limit`.
pub(crate) async fn read_body(mut body: Incoming, limit: usize) -> io::Result<Option<Bytes>> {
    if body.size_hint().lower() > MAX_DISCARDED {
        return Ok(None);
    }
    let mut kept = BytesMut::new();
    let mut total = 0_u64;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(io::Error::other)?.into_data() else { continue };
        total = total.saturating_add(data.len() as u64);
        if total > MAX_DISCARDED {
            return Ok(None);
        }
        if total <= limit as u64 {
            kept.extend_from_slice(&data);
        }
    }
    Ok((total <= limit as u64).then(|| kept.freeze()))
}
