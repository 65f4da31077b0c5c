//! A machine whose clock is wrong: the services' time is learned, used and corrected.

use std::time::SystemTime;

use super::*;
use crate::host::fake::Asked;

const SIX_HOURS: i64 = 6 * HOUR * 1000;
const REFUSED: &str = r#"{"Code":"InvalidTimeStamp.Expired","Message":"m","RequestId":"r"}"#;

/// What a service's clock shows, in milliseconds.
fn there(fake: &Fake, ahead: i64) -> u64 {
    fake.now().wall.saturating_add_signed(ahead)
}

fn date(fake: &Fake, ahead: i64) -> Option<SystemTime> {
    Some(wall_time(there(fake, ahead)))
}

/// The pending request, which must have been signed by a clock that is so far ahead.
fn signed(fake: &Fake, ahead: i64) -> Asked {
    let asked = fake.asked.recv().unwrap();
    let timestamp = format!("&Timestamp={}&", rfc3339(wall_time(there(fake, ahead))).replace(':', "%3A"));
    assert!(asked.request.url.contains(&timestamp), "not at {timestamp}");
    asked
}

/// The reply of a service whose clock is so far ahead, with a credential for an hour.
fn issued(fake: &Fake, ahead: i64, asked: Asked, id: &str) {
    let end = rfc3339(wall_time(there(fake, ahead + HOUR * 1000)));
    let fields = format!(r#""AccessKeyId":"{id}","AccessKeySecret":"s","SecurityToken":"t","Expiration":"{end}""#);
    asked.reply_at(date(fake, ahead), 200, &format!(r#"{{"Credentials":{{{fields}}}}}"#));
}

/// A role's client whose first request was refused for its time, and repeated.
fn learned(fake: &Fake, ahead: i64) -> Arc<Cache> {
    let cache = cache_on(fake, Source::RamRoleArn);
    let flight = cache.begin();
    signed(fake, 0).reply_at(date(fake, ahead), 400, REFUSED);
    let again = signed(fake, ahead);
    issued(fake, ahead, again, "first");
    assert_eq!(wait(flight), "first");
    cache
}

#[test]
fn a_refusal_is_repeated_once_with_the_services_time() {
    for ahead in [SIX_HOURS, -SIX_HOURS] {
        let fake = Fake::new();
        let cache = learned(&fake, ahead);
        let status = cache.status();
        assert_eq!((status.clock_offset_ms, status.is_past_expiration), (ahead, false));
        assert_eq!(status.expiration, Some(wall_time(there(&fake, ahead + HOUR * 1000))), "as the service said");
        assert_eq!(status.refresh_in, Some(Duration::from_secs(1_800)), "it lasts an hour");
        // The next refresh begins with the right time.
        fake.pass(Duration::from_secs(1_800));
        assert_eq!(id(cache.begin().outcome()), "first");
        // Joined before the reply: after it, this would be one more request, which nobody answers.
        let flight = cache.refresh_now();
        let next = signed(&fake, ahead);
        issued(&fake, ahead, next, "second");
        assert_eq!(wait(flight), "second");
        assert!(fake.asked.try_recv().is_err());
    }
}

#[test]
fn a_corrected_clock_ends_the_offset() {
    for ahead in [SIX_HOURS, -SIX_HOURS] {
        let fake = Fake::new();
        let cache = learned(&fake, ahead);

        fake.set_wall(there(&fake, ahead));
        cache.invalidate();
        let flight = cache.begin();
        // Noticed without a refusal.
        let asked = signed(&fake, 0);
        issued(&fake, 0, asked, "second");
        assert_eq!(wait(flight), "second");
        let status = cache.status();
        assert_eq!((status.clock_offset_ms, status.refresh_in), (0, Some(Duration::from_secs(2_400))));
    }
}

#[test]
fn a_second_refusal_is_an_error_that_says_why() {
    let fake = Fake::new();
    let cache = cache_on(&fake, Source::RamRoleArn);
    for code in ["InvalidTimeStamp.Expired", "IllegalTimestamp"] {
        let flight = cache.begin();
        for _ in 0..2 {
            // Whatever time it says.
            fake.asked.recv().unwrap().reply_at(
                date(&fake, 0),
                400,
                &REFUSED.replace("InvalidTimeStamp.Expired", code),
            );
        }
        let error = flight.wait(|| None).unwrap().unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Denied, Some(code)));
        assert!(error.message().ends_with("; this machine's clock is wrong: synchronise it"), "{error}");
        assert!(fake.asked.try_recv().is_err(), "one repeat per request");
    }
}

/// Some services name another cause; others fail without looking at the time.
#[test]
fn a_refusal_with_another_date_is_repeated_and_a_fault_is_not() {
    let refused = |status: u16, ahead: i64| {
        let fake = Fake::new();
        let cache = cache_on(&fake, Source::RamRoleArn);
        let flight = cache.begin();
        signed(&fake, 0).reply_at(date(&fake, ahead), status, r#"{"Code":"Other"}"#);
        let is_repeated = (400..500).contains(&status) && ahead != 0;
        if is_repeated {
            signed(&fake, ahead).reply_at(date(&fake, ahead), status, r#"{"Code":"Other"}"#);
        }
        assert_eq!(flight.wait(|| None).unwrap().unwrap_err().http_status(), Some(status));
        assert!(fake.asked.try_recv().is_err());
        cache.status().clock_offset_ms
    };
    for (status, ahead) in [(403, SIX_HOURS), (404, -SIX_HOURS), (403, 0), (500, SIX_HOURS), (302, SIX_HOURS)] {
        assert_eq!(refused(status, ahead), ahead, "{status}");
    }
}

/// Both were signed before either reply arrived.
#[test]
fn requests_under_way_are_all_repeated() {
    let fake = Fake::new();
    let caches = [(); 2].map(|()| cache_on(&fake, Source::RamRoleArn));
    let flights = caches.each_ref().map(Cache::begin);
    let asked = [(); 2].map(|()| signed(&fake, 0));
    for asked in asked {
        asked.reply_at(date(&fake, SIX_HOURS), 400, REFUSED);
        let again = signed(&fake, SIX_HOURS);
        issued(&fake, SIX_HOURS, again, "first");
    }
    assert_eq!(flights.map(wait), ["first", "first"]);
    assert_eq!(caches.map(|cache| cache.status().clock_offset_ms), [SIX_HOURS; 2], "it is one number");
}

#[test]
fn an_unauthenticated_reply_teaches_nothing() {
    let fake = Fake::new();
    let host = Host::on(fake.system.clone(), Surface::Rust);
    let client = |source: Source, config: Config| {
        let provider = Provider::of(source, &config, Extras::default(), &host).unwrap();
        Arc::new(Cache::new(provider, host.clone(), source.name()))
    };
    let role = Config::default().role_arn("acs:ram::1:role/r").access_key_id("id").access_key_secret("s");
    let plain = client(Source::RamRoleArn, role.sts_endpoint("http://127.0.0.1:9"));
    let metadata = client(Source::EcsRamRole, Config { role_name: Some("r".to_owned()), ..Config::default() });
    // Even with TLS: it may be anybody's.
    let uri = client(Source::CredentialUri, Config::default().credentials_uri("https://agent.internal/x"));
    for (cache, requests) in [(plain, 1), (metadata, 2), (uri, 1)] {
        let flight = cache.begin();
        for _ in 0..requests {
            fake.asked.recv().unwrap().reply_at(date(&fake, SIX_HOURS), 403, REFUSED);
        }
        assert!(flight.wait(|| None).unwrap().is_err());
        assert!(fake.asked.try_recv().is_err());
        assert_eq!(cache.status().clock_offset_ms, 0);
    }
}

/// The program's own credentials are by this machine's clock.
#[test]
fn a_custom_provider_is_not_corrected() {
    let fake = Fake::new();
    let cache = cache_on(&fake, Source::RamRoleArn);
    let flight = cache.begin();
    signed(&fake, 0).reply_at(date(&fake, SIX_HOURS), 403, REFUSED);
    signed(&fake, SIX_HOURS).reply_at(date(&fake, SIX_HOURS), 403, REFUSED);
    assert!(flight.wait(|| None).unwrap().is_err());
    let end = wall_time(there(&fake, HOUR * 1000));
    let make = move || std::future::ready(Ok(Credentials::from_parts("own", "s").with_expiration(end)));
    let custom = crate::provider::Custom::future("vault".to_owned(), make);
    let host = Host::on(fake.system.clone(), Surface::Rust);
    let custom = Arc::new(Cache::new(Provider::Custom(Box::new(custom)), host, "vault"));
    assert_eq!(wait(custom.begin()), "own");
    assert_eq!(custom.status().refresh_in, Some(Duration::from_secs(1_800)));
}
