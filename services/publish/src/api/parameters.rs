//! Parameters: how they are described, and how lists read theirs.

use std::str::FromStr;

use axum::{http::StatusCode, response::Response};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::problem;
use crate::search::filters::Unreadable;

/// What an operation can be told in its address.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Whether it is a part of the path, and so always there.
    pub in_path: bool,
    /// What it says.
    pub description: &'static str,
    /// What it may be.
    pub schema: Value,
}

fn of_query(name: &'static str, description: &'static str, schema: Value) -> Parameter {
    Parameter { name, in_path: false, description, schema }
}

/// The id in a path.
pub fn id(description: &'static str) -> Parameter {
    Parameter { name: "id", in_path: true, description, schema: json!({"type": "string", "format": "uuid"}) }
}

/// Where a page begins.
pub fn after() -> Parameter {
    of_query("after", "The `next` of the page before; without it the first page.", json!({"type": "string"}))
}

/// How much a page has.
pub fn limit(usual: usize, most: usize) -> Parameter {
    let schema = json!({"type": "integer", "minimum": 1, "maximum": most, "default": usual});
    of_query("limit", "How many a page has at most.", schema)
}

/// Only what is written in a language.
pub fn language() -> Parameter {
    let schema = json!({"type": "string", "pattern": "^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$", "maxLength": 35});
    of_query("language", "Only articles written in this language, whatever its script or region.", schema)
}

/// Only what is from a source.
pub fn source() -> Parameter {
    of_query("source", "Only articles of this source, by its host.", json!({"type": "string"}))
}

/// A day.
pub fn day(name: &'static str, description: &'static str) -> Parameter {
    of_query(name, description, json!({"type": "string", "format": "date"}))
}

/// What is looked for.
pub fn words(most: usize) -> Parameter {
    let schema = json!({"type": "string", "description": format!("What is behind {most} characters is passed over.")});
    of_query("q", "The words; `\"…\"` finds them in a row, a minus in front excludes one.", schema)
}

/// The wording that a decision is about.
pub fn revision() -> Parameter {
    let schema = json!({"type": "integer", "minimum": 1, "maximum": i64::MAX});
    of_query("revision", "The `revision` that was read: another wording is not approved.", schema)
}

/// One of a few words.
pub fn choice(name: &'static str, description: &'static str, of: &[&str], usual: &str) -> Parameter {
    of_query(name, description, json!({"type": "string", "enum": of, "default": usual}))
}

/// A query, read strictly where a list knows the parameter. An empty one is none, what is said twice holds as said last.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query of an address.
    pub fn of(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// What a parameter says.
    ///
    /// # Errors
    /// It can't be read.
    pub fn read<T: FromStr>(&self, name: &'static str, expected: &'static str) -> Result<Option<T>, Unreadable> {
        let said = self.0.iter().rev().find(|(known, _)| known == name);
        let Some((_, value)) = said.filter(|(_, value)| !value.is_empty()) else { return Ok(None) };
        // No text of the database has it.
        let read = Some(value).filter(|value| !value.contains('\0')).and_then(|value| value.parse().ok());
        let value = || value.chars().take(100).collect();
        read.map(Some).ok_or_else(|| Unreadable { name, value: value(), expected })
    }

    /// What `limit` says.
    ///
    /// # Errors
    /// It is no number of 1 to 100.
    pub fn limit(&self, usual: usize) -> Result<usize, Unreadable> {
        let expected = "a number from 1 to 100";
        match self.read("limit", expected)? {
            None => Ok(usual),
            Some(limit) if (1..=MOST).contains(&limit) => Ok(limit),
            Some(limit) => Err(Unreadable { name: "limit", value: limit.to_string(), expected }),
        }
    }
}

/// How many a page of a list may have.
pub const MOST: usize = 100;

/// The answer to a parameter that can't be read.
pub fn unreadable(parameter: &Unreadable) -> Response {
    problem(StatusCode::BAD_REQUEST, "a parameter can't be read", &parameter.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_strictly() {
        let query = Query::of(Some("limit=7&after=&limit=8&source=a%00b"));
        assert_eq!((query.limit(5), query.read::<u8>("after", "a number")), (Ok(8), Ok(None)));
        assert_eq!(
            query.read::<String>("source", "a host").unwrap_err().to_string(),
            "source is \"a\\0b\", expected a host"
        );
        assert_eq!(Query::of(None).limit(5), Ok(5));
        for limit in ["0", "101", "-1", "x", "99999999999999999999"] {
            let error = Query::of(Some(&format!("limit={limit}"))).limit(5).unwrap_err();
            assert_eq!((error.name, error.value.as_str()), ("limit", limit));
        }
    }
}
