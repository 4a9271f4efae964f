//! The TDM Reservation Protocol (W3C Community Group final report of 10 May 2024).

use kos_shared::event::HttpUrl;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Said, path};

/// The most rules of a file that are read.
const MAX_RULES: usize = 1_000;

/// The longest address of a policy that is kept, in characters.
const MAX_POLICY_CHARS: usize = 300;

/// Whether text and data mining is reserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// It is.
    pub reserved: bool,
    /// Where the publisher says under what conditions it is allowed.
    pub policy: Option<String>,
}

/// A rule of `/.well-known/tdmrep.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TdmRule {
    /// Which paths it is for, as robots.txt has patterns.
    pub location: String,
    /// What holds for them.
    pub reservation: Reservation,
}

/// Why a file holds no rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TdmError {
    /// It is no JSON. Usual cause: a page that says "not found" with status 200.
    #[error("tdmrep.json is no json: {0}")]
    NoJson(String),
    /// It is something else than rules.
    #[error("tdmrep.json holds no rules, expected an array of objects with location and tdm-reservation")]
    NoRules,
}

/// The rules of a `tdmrep.json` (section "TDM File on the Origin Server"). A rule that lacks what it must have is passed
/// over; a file with one rule that isn't in an array is read as if it was.
///
/// # Errors
/// [`TdmError`] where the file is no such file.
pub fn rules(text: &str) -> Result<Vec<TdmRule>, TdmError> {
    let json: Value =
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|e| TdmError::NoJson(e.to_string()))?;
    let rules = match json {
        Value::Array(rules) => rules,
        one @ Value::Object(_) => vec![one],
        _ => return Err(TdmError::NoRules),
    };
    Ok(rules.iter().take(MAX_RULES).filter_map(rule).collect())
}

fn rule(json: &Value) -> Option<TdmRule> {
    let location = json.get("location")?.as_str()?.trim().to_owned();
    let reserved = match json.get("tdm-reservation")? {
        Value::Number(n) => n.as_f64() == Some(1.0),
        Value::String(text) => text.trim() == "1",
        Value::Bool(reserved) => *reserved,
        _ => return None,
    };
    let policy = json.get("tdm-policy").and_then(Value::as_str).map(shortened);
    Some(TdmRule { location, reservation: Reservation { reserved, policy } })
}

/// What a file says about an address: the first rule in it that matches.
pub fn of_file(rules: &[TdmRule], url: &HttpUrl) -> Option<Reservation> {
    let path = path::of_url(url);
    rules.iter().find(|rule| path::matches(&rule.location, &path)).map(|rule| rule.reservation.clone())
}

/// What headers or `<meta>` say. Where they say it more than once, the reservation holds.
pub(super) fn of_said(said: &[Said]) -> Option<Reservation> {
    let all = |name: &'static str| said.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.trim());
    let known = || all("tdm-reservation").flat_map(|value| value.split(',')).map(str::trim);
    let reserved = known().any(|value| value == "1");
    let said_so = reserved || known().any(|value| value == "0");
    said_so.then(|| Reservation { reserved, policy: all("tdm-policy").find(|p| !p.is_empty()).map(shortened) })
}

fn shortened(policy: &str) -> String {
    policy.trim().chars().take(MAX_POLICY_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserved(file: &str, path: &str) -> Option<bool> {
        let url = format!("https://news.example{path}").parse().unwrap();
        of_file(&rules(file).unwrap(), &url).map(|r| r.reserved)
    }

    #[test]
    fn the_first_rule_that_matches_holds() {
        let file = r#"[
            {"location": "/directory-a/", "tdm-reservation": 1},
            {"location": "/directory-b/html/", "tdm-reservation": 1, "tdm-policy": "https://news.example/policy.json"},
            {"location": "/directory-b/images/*.jpg", "tdm-reservation": 0},
            {"location": "/directory-b/", "tdm-reservation": "1"}
        ]"#;
        assert_eq!(reserved(file, "/directory-a/x.pdf"), Some(true));
        assert_eq!(reserved(file, "/directory-b/images/1.jpg"), Some(false));
        assert_eq!(reserved(file, "/directory-b/other"), Some(true));
        assert_eq!(reserved(file, "/"), None);
        let url = "https://news.example/directory-b/html/1".parse().unwrap();
        let policy = of_file(&rules(file).unwrap(), &url).unwrap().policy;
        assert_eq!(policy.as_deref(), Some("https://news.example/policy.json"));
    }

    #[test]
    fn a_file_that_is_none_says_so_and_a_broken_rule_is_passed_over() {
        assert!(matches!(rules("<!DOCTYPE html>"), Err(TdmError::NoJson(_))));
        assert_eq!(rules("7"), Err(TdmError::NoRules));
        assert_eq!(rules("[]"), Ok(vec![]));
        assert_eq!(reserved(r#"[7, {}, {"location": "/"}, {"tdm-reservation": 1}]"#, "/"), None);
        assert_eq!(reserved(r#"{"location": "/", "tdm-reservation": 1}"#, "/a"), Some(true));
        let deep = "[".repeat(100_000);
        assert!(rules(&deep).is_err());
    }
}
