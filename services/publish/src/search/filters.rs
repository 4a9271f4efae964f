//! What an address asks search for.

use std::fmt;

use jiff::civil::Date;
use url::form_urlencoded;

use super::{Cursor, Query, Wanted};

/// How many results a page has, where nobody says.
pub const PAGE: usize = 20;

/// How many it may have.
pub const MOST: usize = 100;

/// The parameters as they were sent; what isn't known is passed over, what is said twice holds as said last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// `q`: the words.
    pub q: String,
    /// `language`: a language tag.
    pub language: String,
    /// `source`: a host.
    pub source: String,
    /// `from`: the first day.
    pub from: String,
    /// `to`: the last day.
    pub to: String,
    /// `after`: where the page begins.
    pub after: String,
    /// `limit`: how many results it has.
    pub limit: String,
}

/// A parameter that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub value: String,
    /// What it could say.
    pub expected: &'static str,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {:?}, expected {}", self.name, self.value, self.expected)
    }
}

/// The parameters as they are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// What is looked for.
    pub wanted: Wanted,
    /// Where the page begins.
    pub after: Option<Cursor>,
    /// How many results it has.
    pub limit: usize,
    /// What could not be read, and is left out.
    pub unreadable: Vec<Unreadable>,
}

impl Asked {
    /// Reads an address's query.
    pub fn of(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let field = match &*name {
                "q" => &mut asked.q,
                "language" => &mut asked.language,
                "source" => &mut asked.source,
                "from" => &mut asked.from,
                "to" => &mut asked.to,
                "after" => &mut asked.after,
                "limit" => &mut asked.limit,
                _ => continue,
            };
            // Databases and pages alike have no use for it.
            *field = value.replace('\0', "").trim().to_owned();
        }
        asked
    }

    /// What they mean. An empty one is none.
    pub fn meant(&self) -> Meant {
        let mut unreadable = vec![];
        let language = read("language", &self.language, "a language tag such as zh or en", &mut unreadable);
        let day = "a day such as 2026-01-31";
        let from = read("from", &self.from, day, &mut unreadable);
        let to = read("to", &self.to, day, &mut unreadable);
        let after = read("after", &self.after, "the value of next of the page before", &mut unreadable);
        let limit: Option<usize> = read("limit", &self.limit, "a number from 1 to 100", &mut unreadable);
        if limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
            let value = self.limit.clone();
            unreadable.push(Unreadable { name: "limit", value, expected: "a number from 1 to 100" });
        }
        let source = Some(self.source.clone()).filter(|source| !source.is_empty());
        Meant {
            wanted: Wanted { query: Query::parse(&self.q), language, source, from, to },
            after,
            limit: limit.unwrap_or(PAGE).clamp(1, MOST),
            unreadable,
        }
    }

    /// Whether anything narrows the search.
    pub fn is_filtered(&self) -> bool {
        [&self.language, &self.source, &self.from, &self.to].into_iter().any(|filter| !filter.is_empty())
    }

    /// The first and the last day as fields for days take them: empty where what was asked for is none.
    pub fn days(&self) -> [String; 2] {
        [&self.from, &self.to].map(|day| day.parse::<Date>().map(|day| day.to_string()).unwrap_or_default())
    }

    /// The query of an address that asks the same, from the beginning.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let all = [
            ("q", &self.q),
            ("language", &self.language),
            ("source", &self.source),
            ("from", &self.from),
            ("to", &self.to),
        ];
        for (name, value) in all.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        query.finish()
    }
}

fn read<T: std::str::FromStr>(
    name: &'static str,
    value: &str,
    expected: &'static str,
    unreadable: &mut Vec<Unreadable>,
) -> Option<T> {
    if value.is_empty() {
        return None;
    }
    let read = value.parse().ok();
    if read.is_none() {
        let value = value.chars().take(100).collect();
        unreadable.push(Unreadable { name, value, expected });
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written() {
        let asked = Asked::of("q=%E6%B8%A1%E8%BD%AE+run&language=zh&from=2026-01-02&x=1&limit=5&q=ferry%00%22");
        assert_eq!((asked.q.as_str(), asked.query().as_str()), ("ferry\"", "q=ferry%22&language=zh&from=2026-01-02"));
        let meant = asked.meant();
        assert_eq!((meant.limit, meant.unreadable.len()), (5, 0));
        assert_eq!(meant.wanted.from.unwrap().to_string(), "2026-01-02");
        assert!(asked.is_filtered() && !Asked::of("q=x").is_filtered());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let meant = Asked::of("language=not+a+language&from=yesterday&to=2026-02-30&after=7&limit=0").meant();
        let names: Vec<_> = meant.unreadable.iter().map(|parameter| parameter.name).collect();
        assert_eq!(names, ["language", "from", "to", "after", "limit"]);
        assert_eq!(meant.unreadable[1].to_string(), "from is \"yesterday\", expected a day such as 2026-01-31");
        assert_eq!(meant.wanted, Wanted::default());
    }
}
