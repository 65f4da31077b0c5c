//! The only place that reads the clock, and the time formats of the services.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// The format of every time in a document: UTC, whole seconds.
const WIRE: &str = "%Y-%m-%dT%H:%M:%SZ";
/// The format of `Date`: RFC 9110, section 5.6.7.
const DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// Seconds since 1970 by the machine's clock.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_second()
}

/// The current year, for the validity of certificates.
pub(crate) fn year() -> i16 {
    Timestamp::now().to_zoned(TimeZone::UTC).year()
}

/// `seconds` as `YYYY-MM-DDThh:mm:ssZ`.
pub(crate) fn to_wire(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).strftime(WIRE).to_string()
}

/// `seconds` as the `Date` header has it.
pub(crate) fn to_date(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).strftime(DATE).to_string()
}

/// Parses exactly `YYYY-MM-DDThh:mm:ssZ`: no fraction, no offset, no other case.
pub(crate) fn from_wire(text: &str) -> Option<i64> {
    parsed(text, WIRE)
}

/// Parses the form of the `Date` header.
pub(crate) fn from_date(text: &str) -> Option<i64> {
    parsed(text, DATE)
}

/// Parses `YYYYMMDDThhmmssZ`.
pub(crate) fn from_compact(text: &str) -> Option<i64> {
    parsed(text, "%Y%m%dT%H%M%SZ")
}

fn parsed(text: &str, format: &str) -> Option<i64> {
    let seconds = DateTime::strptime(format, text).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    // `strptime` is lenient about padding; formatting the result again is the strictest check.
    (Timestamp::from_second(seconds).ok()?.strftime(format).to_string() == text).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_form_is_read() {
        assert_eq!(from_wire("1970-01-02T00:00:01Z"), Some(86_401));
        for wrong in [
            "",
            "1970-01-02T00:00:01",
            "1970-01-02T00:00:01z",
            "1970-01-02 00:00:01Z",
            "1970-01-02T00:00:01+00:00",
            "1970-01-02T00:00:01.5Z",
            "1970-1-02T00:00:001Z",
            "1970-13-02T00:00:01Z",
            "1970-01-02T00:00:61Z",
        ] {
            assert_eq!(from_wire(wrong), None, "{wrong}");
        }
        assert_eq!(to_wire(86_401), "1970-01-02T00:00:01Z");
        assert_eq!(to_date(86_401), "Fri, 02 Jan 1970 00:00:01 GMT");
        assert_eq!(from_date("Fri, 02 Jan 1970 00:00:01 GMT"), Some(86_401));
        assert_eq!(from_date("Fri, 02 Jan 1970 00:00:01 +0000"), None);
        assert_eq!(from_compact("19700102T000001Z"), Some(86_401));
        assert_eq!(from_compact("1970-01-02T00:00:01Z"), None);
    }
}
