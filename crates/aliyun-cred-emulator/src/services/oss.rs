//! Object Storage Service: four operations on objects in memory, enough for real clients to write, read and list.
//! <https://www.alibabacloud.com/help/en/oss/developer-reference/list-of-operations-by-function>
//!
//! Invariant: every object is only reached by a request whose signature was verified. All buckets exist; whoever has a
//! valid key may use all of them.

use std::collections::BTreeMap;

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::Map;
use sha2::{Digest as _, Sha256};

use crate::clock;
use crate::http::{Call, Content};
use crate::identity::Identity;
use crate::random;
use crate::refusal::Refusal;
use crate::service::Service;
use crate::state::State;
use crate::visitor::Visitor;

mod signature;

pub(crate) use signature::is_signed;

/// The name of the service.
pub(crate) const NAME: &str = "oss";
/// The most keys in one page of a list, and the default.
const MAX_KEYS: (usize, usize) = (1000, 100);

/// Whether `host` (in lower case, without a port) is a real endpoint of OSS, with or without a bucket.
pub(crate) fn is_host(host: &str) -> bool {
    let Some(name) = host.strip_suffix(".aliyuncs.com") else { return false };
    name.split('.').next_back().is_some_and(|label| label.starts_with("oss-"))
}

/// The bucket and the key that a request names, both decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    bucket: String,
    /// Empty: the bucket itself.
    key: String,
}

impl Place {
    /// In the host (`<bucket>.oss-cn-hangzhou.aliyuncs.com/<key>`), or in the path (`/<bucket>/<key>`) where the host is
    /// none of OSS or has no bucket.
    fn of(call: &Call) -> Self {
        let host = call.host.rsplit_once(':').map_or(call.host.as_str(), |(host, _)| host).to_ascii_lowercase();
        let path = percent_decode_str(&call.path).decode_utf8_lossy().into_owned();
        let path = path.strip_prefix('/').unwrap_or(&path);
        if is_host(&host)
            && let Some((bucket, _)) = host.split_once(".oss-")
        {
            return Self { bucket: bucket.to_owned(), key: path.to_owned() };
        }
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        Self { bucket: bucket.to_owned(), key: key.to_owned() }
    }

    /// `/<bucket>/<key>`, as it is signed.
    fn resource(&self) -> String {
        if self.bucket.is_empty() { "/".to_owned() } else { format!("/{}/{}", self.bucket, self.key) }
    }
}

/// An object.
struct Object {
    content_type: String,
    body: Bytes,
    etag: String,
    /// Seconds since 1970 by the services' clock.
    modified: i64,
}

/// The service: all objects, by bucket and key.
#[derive(Default)]
pub(crate) struct Oss(BTreeMap<(String, String), Object>);

impl Service for Oss {
    fn name(&self) -> &'static str {
        NAME
    }

    fn action<'a>(&self, call: &'a Call) -> Option<&'a str> {
        action(call)
    }

    fn admit(&self, state: &mut State, call: &Call) -> Visitor {
        let place = Place::of(call);
        let (scheme, access_key_id, caller) = signature::authenticate(state, call, &place);
        let visitor = Visitor { access_key_id, signature: scheme, caller: caller.map(Some), details: Map::new() };
        visitor.with("bucket", place.bucket).with("key", place.key)
    }

    fn perform(&mut self, state: &mut State, call: &Call, _: Option<&Identity>) -> Result<Content, Refusal> {
        let Self(objects) = self;
        let Place { bucket, key } = Place::of(call);
        match action(call) {
            Some("PutObject") => {
                let content_type = call.header("content-type").unwrap_or("application/octet-stream").to_owned();
                let etag = etag(&call.body);
                let headers = vec![("etag", etag.clone()), ("x-oss-request-id", random::request_id())];
                let object = Object { content_type, body: call.body.clone(), etag, modified: state.now() };
                objects.insert((bucket, key), object);
                Ok(Content::Stored { content_type: "application/xml".to_owned(), headers, body: Bytes::new() })
            }
            Some("GetObject" | "HeadObject") => {
                let Some(object) = objects.get(&(bucket, key)) else {
                    return Err(Refusal::new(404, "NoSuchKey", "The specified key does not exist."));
                };
                let headers = vec![
                    ("etag", object.etag.clone()),
                    ("last-modified", clock::to_date(object.modified)),
                    ("x-oss-object-type", "Normal".to_owned()),
                    ("x-oss-request-id", random::request_id()),
                ];
                let (content_type, body) = (object.content_type.clone(), object.body.clone());
                Ok(Content::Stored { content_type, headers, body })
            }
            Some("ListObjectsV2") => list(objects, &bucket, call).map(Content::Xml),
            _ => {
                Err(Refusal::new(405, "MethodNotAllowed", "The specified method is not allowed against this resource."))
            }
        }
    }

    fn refuse(&self, call: &Call, refusal: &Refusal) -> Content {
        Content::Xml(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>\
             <RequestId>{}</RequestId><HostId>{}</HostId></Error>",
            escaped(&refusal.code),
            escaped(&refusal.message),
            random::request_id(),
            escaped(&call.host),
        ))
    }
}

fn action(call: &Call) -> Option<&'static str> {
    match (call.method.as_str(), Place::of(call).key.is_empty()) {
        ("PUT", false) => Some("PutObject"),
        ("GET", false) => Some("GetObject"),
        ("HEAD", false) => Some("HeadObject"),
        ("GET", true) if call.param("list-type") == Some("2") => Some("ListObjectsV2"),
        _ => None,
    }
}

/// One page of the keys of `bucket`, as `ListObjectsV2` gives it.
fn list(objects: &BTreeMap<(String, String), Object>, bucket: &str, call: &Call) -> Result<String, Refusal> {
    let param = |name: &str| call.param(name).unwrap_or_default();
    let invalid = |what: &str| Refusal::new(400, "InvalidArgument", format!("The argument {what} is invalid."));
    let (prefix, delimiter) = (param("prefix"), param("delimiter"));
    let (most, usual) = MAX_KEYS;
    let page = match param("max-keys") {
        "" => usual,
        text => text.parse().ok().filter(|page| (1..=most).contains(page)).ok_or_else(|| invalid("max-keys"))?,
    };
    let encode: fn(&str) -> String = match param("encoding-type") {
        "" => escaped,
        "url" => signature::encode,
        _ => return Err(invalid("encoding-type")),
    };
    // A token is the last key (or common prefix) of the page before.
    let after = param("start-after").max(param("continuation-token"));
    let (mut contents, mut prefixes, mut last) = (String::new(), Vec::<&str>::new(), None);
    let mut count = 0;
    let keys = objects.iter().filter(|((of, key), _)| of == bucket && key.starts_with(prefix) && key.as_str() > after);
    for ((_, key), object) in keys {
        let rest = key.strip_prefix(prefix).unwrap_or(key);
        let cut = if delimiter.is_empty() { None } else { rest.find(delimiter) };
        let common = cut.and_then(|cut| key.get(..prefix.len() + cut + delimiter.len()));
        if common.is_some_and(|common| prefixes.contains(&common) || after.starts_with(common)) {
            continue;
        }
        if count == page {
            return Ok(document(bucket, call, (&contents, &prefixes, count), last, encode));
        }
        count += 1;
        last = Some(common.unwrap_or(key));
        match common {
            Some(common) => prefixes.push(common),
            None => contents.push_str(&format!(
                "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Type>Normal</Type>\
                 <Size>{}</Size><StorageClass>Standard</StorageClass></Contents>",
                encode(key),
                clock::to_wire(object.modified).replace('Z', ".000Z"),
                escaped(&object.etag),
                object.body.len(),
            )),
        }
    }
    Ok(document(bucket, call, (&contents, &prefixes, count), None, encode))
}

/// The document of a page; `next` is its token if there are more keys.
fn document(
    bucket: &str,
    call: &Call,
    (contents, prefixes, count): (&str, &[&str], usize),
    next: Option<&str>,
    encode: fn(&str) -> String,
) -> String {
    let common: String = prefixes
        .iter()
        .map(|prefix| format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", encode(prefix)))
        .collect();
    let field = |name: &str, from: &str| {
        call.param(from).map_or_else(String::new, |value| format!("<{name}>{}</{name}>", encode(value)))
    };
    let encoding = call.param("encoding-type").map_or("", |_| "<EncodingType>url</EncodingType>");
    let token = next
        .map_or_else(String::new, |next| format!("<NextContinuationToken>{}</NextContinuationToken>", escaped(next)));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult><Name>{}</Name>{}{}{encoding}\
         <MaxKeys>{}</MaxKeys><IsTruncated>{}</IsTruncated><KeyCount>{count}</KeyCount>{token}{contents}{common}\
         </ListBucketResult>",
        escaped(bucket),
        field("Prefix", "prefix"),
        field("Delimiter", "delimiter"),
        call.param("max-keys").map_or_else(|| MAX_KEYS.1.to_string(), escaped),
        next.is_some(),
    )
}

/// The tag of a content, quoted. The real service's is the content's MD5, which nothing here needs to compute.
fn etag(body: &[u8]) -> String {
    let digest: String = Sha256::digest(body).iter().take(16).map(|byte| format!("{byte:02X}")).collect();
    format!("\"{digest}\"")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
