//! Decides when a fault occurs. Its effect is an [`Effect`], which the dispatcher carries out.
//!
//! Every fault counts every request that matches it, whether or not another fault answered it: `skip` is a position in
//! the traffic, regardless of earlier faults.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::HeaderValue;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::authority::Flaw;
use crate::http::{Answer, Wire};
use crate::settings::{MAX_SECONDS, seconds};

/// The name under which faults are meant for the proxy's CONNECT, and not for what is asked inside of the tunnel.
pub(crate) const PROXY: &str = "proxy";

/// The largest body that a fault can generate, in bytes.
const MAX_OVERSIZE: usize = 64 << 20;

/// The settings of one fault.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FaultSettings {
    service: Option<String>,
    action: Option<String>,
    times: Option<u64>,
    skip: u64,
    latency_ms: u64,
    date_offset: i64,
    hold: bool,
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
    body: Option<String>,
    content_type: Option<String>,
    close: bool,
    hang: bool,
    redirect: Option<String>,
    oversize: Option<usize>,
    drop_fields: Option<Vec<String>>,
    set_fields: Option<Map<String, Value>>,
    wire: Option<String>,
    forever: String,
    byte_every_ms: u64,
    tls: Option<Tls>,
}

/// What is wrong with the TLS in a tunnel.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tls {
    /// The certificate has ended.
    Expired,
    /// The certificate has not begun.
    NotYetValid,
    /// The certificate is another host's.
    OtherHost,
    /// The certificate is signed by its own key.
    SelfSigned,
    /// The newest version is TLS 1.1.
    Old,
}

impl Tls {
    /// The flaw of the certificate; `None` if it is not the certificate.
    pub(crate) fn flaw(self) -> Option<Flaw> {
        match self {
            Self::Expired => Some(Flaw::Expired),
            Self::NotYetValid => Some(Flaw::NotYetValid),
            Self::OtherHost => Some(Flaw::OtherHost),
            Self::SelfSigned => Some(Flaw::SelfSigned),
            Self::Old => None,
        }
    }
}

/// What a fault does to an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Nothing but a delay or another `Date`.
    Delay,
    /// An error document of the service.
    Error {
        /// The HTTP status.
        status: u16,
        /// The `Code` field.
        code: String,
        /// The `Message` field.
        message: String,
    },
    /// This text.
    Raw {
        /// The HTTP status.
        status: u16,
        /// The `Content-Type` header.
        content_type: String,
        /// Sent unchanged.
        body: String,
    },
    /// Closes the connection without an answer.
    Close,
    /// Never answers.
    Hang,
    /// 302 to this URL.
    Redirect(String),
    /// A body of this many bytes.
    Oversize(usize),
    /// Changes fields of the credentials in a successful answer.
    Fields {
        /// Removed.
        drop: Vec<String>,
        /// Replaced or added.
        set: Map<String, Value>,
    },
    /// These bytes, whatever HTTP says.
    Wire(Wire),
    /// A tunnel with this flaw.
    Tls(Tls),
}

impl Effect {
    /// The answer, if it is the same from every service.
    pub(crate) fn answer(self) -> Result<Answer, Self> {
        let made_up = |status, headers, body| Answer::Response {
            status,
            content_type: "application/json".to_owned(),
            headers,
            body,
        };
        Ok(match self {
            Self::Raw { status, content_type, body } => {
                Answer::Response { status, content_type, headers: Vec::new(), body: body.into() }
            }
            Self::Close => Answer::Close,
            Self::Hang => Answer::Hang,
            Self::Redirect(url) => made_up(302, vec![("location", url)], Bytes::new()),
            Self::Oversize(size) => made_up(200, Vec::new(), vec![b' '; size].into()),
            Self::Wire(wire) => Answer::Wire(wire),
            other @ (Self::Delay | Self::Error { .. } | Self::Fields { .. } | Self::Tls(_)) => return Err(other),
        })
    }
}

impl FaultSettings {
    /// The effect described by the settings; the error text names the wrong key.
    fn effect(&self) -> Result<Effect, String> {
        let fields = self.drop_fields.is_some() || self.set_fields.is_some();
        let chosen = [
            (self.status.is_some(), "status"),
            (self.close, "close"),
            (self.hang, "hang"),
            (self.redirect.is_some(), "redirect"),
            (self.oversize.is_some(), "oversize"),
            (fields, "drop_fields or set_fields"),
            (self.wire.is_some(), "wire"),
            (self.tls.is_some(), "tls"),
        ];
        let chosen: Vec<&str> = chosen.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name).collect();
        if chosen.len() > 1 {
            return Err(format!("a fault has one effect, not {}", chosen.join(" and ")));
        }
        for (is_set, name, needs, has) in [
            (self.code.is_some(), "code", "status", self.status.is_some()),
            (self.body.is_some(), "body", "status", self.status.is_some()),
            (self.message.is_some(), "message", "code", self.code.is_some()),
            (self.content_type.is_some(), "content_type", "body", self.body.is_some()),
            (!self.forever.is_empty(), "forever", "wire", self.wire.is_some()),
            (self.byte_every_ms > 0, "byte_every_ms", "wire", self.wire.is_some()),
            (self.tls.is_some(), "tls", "service: proxy", self.service.as_deref() == Some(PROXY)),
        ] {
            if is_set && !has {
                return Err(format!("`{name}` of a fault needs `{needs}`"));
            }
        }
        if let Some(url) = &self.redirect {
            header_value("redirect", url)?;
            return Ok(Effect::Redirect(url.clone()));
        }
        if let Some(wire) = &self.wire {
            let (first, forever) = (bytes_of("wire", wire)?, bytes_of("forever", &self.forever)?);
            return Ok(Effect::Wire(Wire { first, forever, byte_every: Duration::from_millis(self.byte_every_ms) }));
        }
        if let Some(tls) = self.tls {
            return Ok(Effect::Tls(tls));
        }
        if let Some(bytes) = self.oversize {
            if bytes > MAX_OVERSIZE {
                return Err(format!("`oversize` is at most {MAX_OVERSIZE}"));
            }
            return Ok(Effect::Oversize(bytes));
        }
        let Some(status) = self.status else {
            return Ok(if self.close {
                Effect::Close
            } else if self.hang {
                Effect::Hang
            } else if fields {
                Effect::Fields {
                    drop: self.drop_fields.clone().unwrap_or_default(),
                    set: self.set_fields.clone().unwrap_or_default(),
                }
            } else {
                Effect::Delay
            });
        };
        if !(200..=599).contains(&status) {
            return Err("`status` is 200 to 599".to_owned());
        }
        match (&self.code, &self.body) {
            (Some(code), None) => Ok(Effect::Error {
                status,
                code: code.clone(),
                message: self.message.clone().unwrap_or_else(|| "A fault of the emulator.".into()),
            }),
            (None, Some(body)) => {
                let content_type = self.content_type.clone().unwrap_or_else(|| "application/json".to_owned());
                header_value("content_type", &content_type)?;
                Ok(Effect::Raw { status, content_type, body: body.clone() })
            }
            _ => Err("`status` of a fault needs either `code` or `body`".to_owned()),
        }
    }
}

fn header_value(name: &str, value: &str) -> Result<(), String> {
    HeaderValue::from_str(value).map(|_| ()).map_err(|_| format!("`{name}` is not a header value"))
}

/// One byte for each character, so that JSON can say any.
fn bytes_of(name: &str, text: &str) -> Result<Bytes, String> {
    let bytes: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
    bytes.map(Bytes::from).map_err(|_| format!("`{name}` has a character above U+00FF, which is no byte"))
}

/// A fault and its counters.
pub(crate) struct Fault {
    /// The service that it matches; `None`: any, but not the proxy.
    pub(crate) service: Option<String>,
    /// The action that it matches; `None`: any.
    pub(crate) action: Option<String>,
    times: Option<u64>,
    skip: u64,
    latency: Duration,
    date_offset: i64,
    holds: bool,
    effect: Effect,
    /// Matching requests.
    pub(crate) seen: u64,
    /// Requests that it affected.
    pub(crate) applied: u64,
}

impl Fault {
    /// Starts counting; the error text names the wrong key. `services` lists the valid names.
    pub(crate) fn new(settings: FaultSettings, services: &[&str]) -> Result<Self, String> {
        let effect = settings.effect()?;
        if let Some(name) = &settings.service
            && !services.contains(&name.as_str())
            && name != PROXY
        {
            return Err(format!("unknown service `{name}`"));
        }
        let needs_a_service = matches!(effect, Effect::Error { .. } | Effect::Fields { .. });
        if needs_a_service && settings.service.as_deref() == Some(PROXY) {
            return Err("`code`, `drop_fields` and `set_fields` are not for the proxy".to_owned());
        }
        let latency = Duration::from_millis(settings.latency_ms);
        if latency.as_secs() > MAX_SECONDS.unsigned_abs() {
            return Err("`latency_ms` is too large".to_owned());
        }
        seconds("date_offset", Some(settings.date_offset))?;
        Ok(Self {
            service: settings.service,
            action: settings.action,
            times: settings.times,
            skip: settings.skip,
            latency,
            date_offset: settings.date_offset,
            holds: settings.hold,
            effect,
            seen: 0,
            applied: 0,
        })
    }

    fn is_for(&self, service: &str, action: Option<&str>) -> bool {
        self.service.as_deref().map_or(service != PROXY, |name| name == service)
            && self.action.as_deref().is_none_or(|name| Some(name) == action)
    }
}

/// What happens to one request.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Misfortune {
    /// The sum over all faults that occur.
    pub(crate) latency: Duration,
    /// How far its `Date` is ahead of the services' clock, in seconds: the sum as well.
    pub(crate) date_offset: i64,
    /// Whether the answer waits for a release.
    pub(crate) holds: bool,
    /// The effect of the first fault that has one.
    pub(crate) effect: Option<Effect>,
}

/// Decides what happens to a request for `action` of `service`, and counts it.
pub(crate) fn strike(faults: &mut [Fault], service: &str, action: Option<&str>) -> Misfortune {
    let mut misfortune = Misfortune::default();
    for fault in faults.iter_mut().filter(|fault| fault.is_for(service, action)) {
        fault.seen += 1;
        let is_due = fault.seen > fault.skip && fault.times.is_none_or(|n| fault.applied < n);
        if !is_due || misfortune.effect.is_some() {
            continue;
        }
        fault.applied += 1;
        misfortune.latency = misfortune.latency.saturating_add(fault.latency);
        misfortune.date_offset = misfortune.date_offset.saturating_add(fault.date_offset);
        misfortune.holds |= fault.holds;
        if fault.effect != Effect::Delay {
            misfortune.effect = Some(fault.effect.clone());
        }
    }
    misfortune
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<Fault> {
        serde_json::from_str::<Vec<FaultSettings>>(text)
            .into_iter()
            .flatten()
            .filter_map(|settings| Fault::new(settings, &["sts"]).ok())
            .collect()
    }

    /// One letter for each request's effect.
    fn run(faults: &mut [Fault], requests: &[&str]) -> String {
        requests
            .iter()
            .map(|action| match strike(faults, "sts", Some(action)).effect {
                None => '.',
                Some(Effect::Close) => 'c',
                Some(Effect::Hang) => 'h',
                Some(_) => '?',
            })
            .collect()
    }

    #[test]
    fn skip_and_times() {
        let mut some = faults(r#"[{"close":true,"skip":1,"times":2},{"hang":true,"skip":4}]"#);
        assert_eq!(run(&mut some, &["A"; 6]), ".cc.hh");
        let mut next = faults(r#"[{"close":true,"times":1},{"hang":true,"times":1}]"#);
        assert_eq!(run(&mut next, &["A"; 3]), "ch.");
        let mut one = faults(r#"[{"close":true,"action":"B","service":"sts","times":1}]"#);
        assert_eq!(run(&mut one, &["A", "B", "B"]), ".c.");
        assert_eq!(run(&mut faults(r#"[{"close":true,"times":0}]"#), &["A"]), ".");
    }

    #[test]
    fn the_proxy_has_faults_of_its_own() {
        let mut both = faults(r#"[{"close":true},{"service":"proxy","hang":true}]"#);
        assert_eq!(strike(&mut both, "proxy", Some("CONNECT")).effect, Some(Effect::Hang));
        assert_eq!(strike(&mut both, "sts", None).effect, Some(Effect::Close));
        assert!(faults(r#"[{"tls":"expired"},{"service":"proxy","status":500,"code":"c"}]"#).is_empty());
    }

    #[test]
    fn latency_adds_to_what_follows() {
        let mut both = faults(r#"[{"latency_ms":5},{"latency_ms":7,"close":true}]"#);
        let latency = Duration::from_millis(12);
        let expected = Misfortune { latency, effect: Some(Effect::Close), ..Misfortune::default() };
        assert_eq!(strike(&mut both, "sts", None), expected);
    }

    #[test]
    fn a_hold_adds_to_what_follows() {
        let mut both = faults(r#"[{"hold":true,"times":1},{"close":true}]"#);
        let mut next = || strike(&mut both, "sts", None);
        assert_eq!(next(), Misfortune { holds: true, effect: Some(Effect::Close), ..Misfortune::default() });
        assert_eq!(next(), Misfortune { holds: false, effect: Some(Effect::Close), ..Misfortune::default() });
    }
}
