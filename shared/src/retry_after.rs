//! Retry-After (RFC 9110 section 10.2.3).

use std::time::Duration;

use jiff::{Timestamp, civil::DateTime, fmt::rfc2822, tz::Offset};

/// The longest wait that a server is believed.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait by a Retry-After of seconds or of a date, at most a day; `None` where it is neither.
pub fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than a number holds are more than a day.
        return Some(value.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST));
    }
    let wait = now.duration_until(http_date(value)?);
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO).min(LONGEST))
}

/// A date in one of the three forms of RFC 9110 section 5.6.7.
fn http_date(value: &str) -> Option<Timestamp> {
    let obsolete = |format| Offset::UTC.to_timestamp(DateTime::strptime(format, value).ok()?).ok();
    rfc2822::DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(value)
        .ok()
        .or_else(|| obsolete("%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| obsolete("%a %b %e %H:%M:%S %Y"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood() {
        let now: Timestamp = "1994-11-06T08:49:00Z".parse().unwrap();
        for (value, seconds) in [
            ("0", 0),
            (" 120 ", 120),
            ("86401", 86_400),
            ("99999999999999999999999", 86_400),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 37),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 37),
            ("Sun Nov  6 08:49:37 1994", 37),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
            ("Mon, 06 Nov 2034 08:00:00 GMT", 86_400),
            ("Fri, 06 Nov 1994 08:49:37 GMT", 37),
        ] {
            assert_eq!(parse(value, now), Some(Duration::from_secs(seconds)), "{value}");
        }
        for bad in ["", "soon", "-1", "1.5"] {
            assert_eq!(parse(bad, now), None, "{bad}");
        }
    }
}
