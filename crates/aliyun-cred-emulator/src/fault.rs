//! When a fault happens. What it does is [`Effect`]; the dispatcher carries it out.
//!
//! Every fault counts every request that it is meant for, whether or not another fault answered it:
//! `skip` is a position in the traffic, not in what earlier faults left over.

use std::time::Duration;

use crate::settings::{Effect, FaultSettings};

/// A fault and how often it has happened.
pub(crate) struct Fault {
    /// The service that it is meant for; `None`: any.
    pub(crate) service: Option<String>,
    /// The action that it is meant for; `None`: any.
    pub(crate) action: Option<String>,
    times: Option<u64>,
    skip: u64,
    latency: Duration,
    effect: Effect,
    /// Requests that it was meant for.
    pub(crate) seen: u64,
    /// Requests that it happened to.
    pub(crate) applied: u64,
}

impl Fault {
    /// Starts counting.
    pub(crate) fn new(settings: FaultSettings) -> Result<Self, String> {
        let effect = settings.effect()?;
        Ok(Self {
            service: settings.service,
            action: settings.action,
            times: settings.times,
            skip: settings.skip,
            latency: Duration::from_millis(settings.latency_ms),
            effect,
            seen: 0,
            applied: 0,
        })
    }

    fn is_for(&self, service: &str, action: Option<&str>) -> bool {
        self.service.as_deref().is_none_or(|name| name == service)
            && self.action.as_deref().is_none_or(|name| Some(name) == action)
    }
}

/// What happens to one request.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Misfortune {
    /// Of all faults that happened, together.
    pub(crate) latency: Duration,
    /// Of the first fault that has one.
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
            .filter_map(|settings| Fault::new(settings).ok())
            .collect()
    }

    /// One letter for the effect of each request.
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
    fn latency_adds_to_what_follows() {
        let mut both = faults(r#"[{"latency_ms":5},{"latency_ms":7,"close":true}]"#);
        let expected = Misfortune { latency: Duration::from_millis(12), effect: Some(Effect::Close) };
        assert_eq!(strike(&mut both, "sts", None), expected);
    }
}
