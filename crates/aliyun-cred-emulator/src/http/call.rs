//! Parses HTTP into a [`Call`].

use std::io;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{HeaderMap, Request};
use percent_encoding::percent_decode_str;

use super::body::read_body;

/// The largest request body that a service reads, in bytes.
const MAX_REQUEST: usize = 1 << 20;

/// How a request arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// Plain HTTP to the service's own port.
    Http,
    /// TLS to the service's own port.
    Https,
    /// Through the proxy, with TLS or without.
    Proxy,
    /// Plain HTTP to the metadata service's port.
    Metadata,
}

impl Via {
    /// The name in the request log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Proxy => "proxy",
            Self::Metadata => "metadata",
        }
    }
}

/// Names and values in their original order.
pub(crate) type Pairs = Vec<(String, String)>;

/// A complete, decoded request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// How it arrived.
    pub(crate) via: Via,
    /// In upper case, as sent.
    pub(crate) method: String,
    /// The `Host` header, else the host in the request's URL.
    pub(crate) host: String,
    /// Path and query, as sent.
    pub(crate) target: String,
    /// As sent, still encoded.
    pub(crate) path: String,
    /// The query's parameters, decoded.
    pub(crate) query: Pairs,
    /// The form's parameters, decoded; empty if the body is not a form.
    pub(crate) form: Pairs,
    /// Lower-case names; the values of a repeated header joined by commas.
    pub(crate) headers: Pairs,
    /// As sent.
    pub(crate) body: Bytes,
    /// Why no service can read it, if so.
    pub(crate) defect: Option<Defect>,
}

/// What makes a request unreadable for every service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// The body is larger than [`MAX_REQUEST`].
    TooLarge,
    /// A parameter or header is not UTF-8 after decoding.
    NotUtf8,
    /// A parameter is repeated, which the services do not define.
    Repeated,
}

impl Call {
    /// A POST without headers; `None` if it is not UTF-8.
    pub(crate) fn post(query: &str, form: &str) -> Option<Self> {
        Some(Self {
            via: Via::Http,
            method: "POST".to_owned(),
            host: String::new(),
            target: "/".to_owned(),
            path: "/".to_owned(),
            query: decode(query.as_bytes())?,
            form: decode(form.as_bytes())?,
            headers: Vec::new(),
            body: Bytes::new(),
            defect: None,
        })
    }

    /// A parameter by name, from the query or the form.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        find(&self.query, name).or_else(|| find(&self.form, name))
    }

    /// A header by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// A form parameter, for values that must not be in a URL.
    pub(crate) fn form_param(&self, name: &str) -> Option<&str> {
        find(&self.form, name)
    }

    /// The part of the `Authorization` header after `scheme`.
    pub(crate) fn authorization(&self, scheme: &str) -> Option<&str> {
        let (found, value) = self.header("authorization")?.split_once(' ')?;
        found.eq_ignore_ascii_case(scheme).then_some(value)
    }

    /// All parameters.
    pub(crate) fn params(&self) -> impl Iterator<Item = &(String, String)> {
        self.query.iter().chain(&self.form)
    }
}

fn find<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Reads a complete request.
pub(super) async fn read(request: Request<Incoming>, via: Via) -> io::Result<Call> {
    let (head, body) = request.into_parts();
    let body = read_body(body, MAX_REQUEST).await?;
    let mut defect = body.is_none().then_some(Defect::TooLarge);
    let body = body.unwrap_or_default();

    let headers = headers(&head.headers).unwrap_or_else(|| {
        defect = Some(Defect::NotUtf8);
        Vec::new()
    });
    let query = decode(head.uri.query().unwrap_or_default().as_bytes()).unwrap_or_else(|| {
        defect = Some(Defect::NotUtf8);
        Vec::new()
    });
    let is_form = find(&headers, CONTENT_TYPE.as_str()).is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    let form = if is_form { decode(&body) } else { Some(Vec::new()) }.unwrap_or_else(|| {
        defect = Some(Defect::NotUtf8);
        Vec::new()
    });
    let host = find(&headers, HOST.as_str())
        .map(str::to_owned)
        .or_else(|| head.uri.authority().map(ToString::to_string))
        .unwrap_or_default();
    let mut call = Call {
        via,
        method: head.method.as_str().to_owned(),
        host,
        target: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        path: head.uri.path().to_owned(),
        query,
        form,
        headers,
        body,
        defect,
    };
    if call.defect.is_none() && repeats(&call) {
        call.defect = Some(Defect::Repeated);
    }
    Ok(call)
}

fn repeats(call: &Call) -> bool {
    let mut names: Vec<&str> = call.params().map(|(name, _)| name.as_str()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    names.len() != count
}

fn headers(map: &HeaderMap) -> Option<Pairs> {
    let mut pairs = Vec::with_capacity(map.keys_len());
    for name in map.keys() {
        let values: Result<Vec<&str>, _> =
            map.get_all(name).iter().map(|value| std::str::from_utf8(value.as_bytes())).collect();
        pairs.push((name.as_str().to_owned(), values.ok()?.join(",")));
    }
    Some(pairs)
}

/// `application/x-www-form-urlencoded`, strictly UTF-8.
fn decode(text: &[u8]) -> Option<Pairs> {
    let plain = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8().map(std::borrow::Cow::into_owned).ok()
    };
    std::str::from_utf8(text)
        .ok()?
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((plain(name)?, plain(value)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Option<Vec<(String, String)>> {
        decode(text.as_bytes())
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn forms_are_decoded_once() {
        assert_eq!(pairs(""), Some(vec![]));
        assert_eq!(pairs("a=b+c&&d&e=%2B%25"), Some(vec![pair("a", "b c"), pair("d", ""), pair("e", "+%"),]));
        assert_eq!(pairs("a=b=c"), Some(vec![pair("a", "b=c")]));
        assert_eq!(pairs("a=%"), Some(vec![pair("a", "%")]));
        assert_eq!(pairs("a=%ff"), None);
    }
}
