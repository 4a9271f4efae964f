//! Where a page of a list begins.

use std::{fmt, str::FromStr};

use kos_shared::event::ArticleId;

/// A place in a list: an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// When that article came to the site, in milliseconds since 1970.
    pub added_at_ms: i64,
    /// That article.
    pub article_id: ArticleId,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.added_at_ms, self.article_id)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (added_at_ms, article_id) = text.split_once('-').ok_or(())?;
        Ok(Self { added_at_ms: added_at_ms.parse().map_err(drop)?, article_id: article_id.parse().map_err(drop)? })
    }
}

/// Which page of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Turn {
    /// The newest articles.
    #[default]
    First,
    /// Those that came before this one, which is the last of the page before.
    After(Cursor),
    /// Those that came after this one, which is the first of the page behind.
    Before(Cursor),
}

#[cfg(test)]
mod tests {
    use kos_shared::event::HttpUrl;

    use super::*;

    #[test]
    fn a_cursor_survives_the_way_to_the_reader_and_back() {
        let url: HttpUrl = "https://example.com/1".parse().unwrap();
        let cursor = Cursor { added_at_ms: 1_700_000_000_000, article_id: ArticleId::of_canonical_url(&url) };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "1", "x-y", "1-2", "'; drop table articles"] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad:?} was taken");
        }
    }
}
