//! Where a page of results begins.

use std::{fmt, str::FromStr};

/// After which result a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// After a ranked one.
    Ranked {
        /// Its score.
        score: i64,
        /// Its number.
        number: i64,
        /// The number of the oldest article that is ranked, 0 where all are.
        window: i64,
    },
    /// After one that is older than all that are ranked.
    Older {
        /// Its number.
        number: i64,
    },
}

impl Cursor {
    /// The number of the article.
    pub(super) const fn number(&self) -> i64 {
        match self {
            Self::Ranked { number, .. } | Self::Older { number } => *number,
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ranked { score, number, window } => write!(f, "r_{score}_{number}_{window}"),
            Self::Older { number } => write!(f, "o_{number}"),
        }
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |text: &str| text.parse::<i64>().map_err(drop).and_then(|n| if n < 0 { Err(()) } else { Ok(n) });
        match text.split('_').collect::<Vec<_>>()[..] {
            ["r", score, place, window] => {
                let score = score.parse().map_err(drop)?;
                Ok(Self::Ranked { score, number: number(place)?, window: number(window)? })
            }
            ["o", place] => Ok(Self::Older { number: number(place)? }),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_way_to_the_reader_and_back() {
        for cursor in [Cursor::Ranked { score: -7, number: 8, window: 0 }, Cursor::Older { number: i64::MAX }] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for bad in ["", "r", "r_1_2", "o_-1", "o_x", "r_1_2_3_4", "'; drop table articles", "o_99999999999999999999"] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad:?} was taken");
        }
    }
}
