//! Queries: what readers type, whatever it is, as terms to look for.

use kos_shared::store::Dialect;

use super::terms::{Token, tokens};

/// How much of a query is read, in characters.
pub const QUERY_CHARS: usize = 200;

/// How many terms of a query count.
pub const QUERY_TERMS: usize = 16;

/// Terms that have to stand in a row; one most of the time.
pub type Clause = Vec<String>;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// All of these.
    pub wanted: Vec<Clause>,
    /// None of these.
    pub unwanted: Vec<Clause>,
}

impl Query {
    /// Reads a query. Words are looked for each by itself, what stands in quotation marks or hangs together in a row; a minus
    /// in front excludes. Nothing else means anything, and nothing is an error.
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let mut left = QUERY_TERMS;
        let text: String = text.chars().take(QUERY_CHARS).collect();
        for part in parts(&text) {
            let list = if part.excluded { &mut query.unwanted } else { &mut query.wanted };
            for mut clause in clauses(tokens(part.text)) {
                clause.truncate(left);
                left -= clause.len();
                if !clause.is_empty() && !list.contains(&clause) {
                    list.push(clause);
                }
            }
        }
        query
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// The query in the database's own language, with `facets` that have to be there too; `None` where that is nothing.
    pub fn expression(&self, facets: &[String], dialect: Dialect) -> Option<String> {
        let syntax = Syntax::of(dialect);
        let facets = facets.iter().map(|facet| syntax.phrase(std::slice::from_ref(facet)));
        let wanted: Vec<_> = self.wanted.iter().map(|clause| syntax.phrase(clause)).chain(facets).collect();
        if wanted.is_empty() {
            return None;
        }
        let mut expression = format!("({})", wanted.join(syntax.and));
        if !self.unwanted.is_empty() {
            let unwanted: Vec<_> = self.unwanted.iter().map(|clause| syntax.phrase(clause)).collect();
            expression = format!("{expression}{}({})", syntax.and_not, unwanted.join(syntax.or));
        }
        Some(expression)
    }
}

/// How the databases write a query.
struct Syntax {
    and: &'static str,
    or: &'static str,
    and_not: &'static str,
    dialect: Dialect,
}

impl Syntax {
    const fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Sqlite => Self { and: " AND ", or: " OR ", and_not: " NOT ", dialect },
            Dialect::Postgres => Self { and: " & ", or: " | ", and_not: " & !", dialect },
        }
    }

    /// Terms are letters, marks and digits, so quotation marks hold them whatever they say.
    fn phrase(&self, terms: &[String]) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("\"{}\"", terms.join(" ")),
            Dialect::Postgres => format!("('{}')", terms.join("' <-> '")),
        }
    }
}

/// A part of a query that is one thing to its writer.
#[derive(Debug, PartialEq, Eq)]
struct Part<'t> {
    text: &'t str,
    excluded: bool,
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start_matches(separates);
    while let Some(first) = rest.chars().next() {
        let after_minus = rest.strip_prefix('-').filter(|r| r.starts_with(|c: char| !separates(c) && c != '-'));
        let start = after_minus.unwrap_or(rest);
        let excluded = after_minus.is_some();
        let (part, following) = match start.chars().next().and_then(closing) {
            Some(close) => {
                let inside = &start[start.chars().next().map_or(0, char::len_utf8)..];
                inside.split_once(close).unwrap_or((inside, ""))
            }
            None => start.split_at(word_end(start).max(if excluded { 0 } else { first.len_utf8() })),
        };
        parts.push(Part { text: part, excluded });
        rest = following.trim_start_matches(separates);
    }
    parts
}

/// Where a part without quotation marks ends: at a blank, at a mark that a list is written with, or where a quotation begins.
fn word_end(text: &str) -> usize {
    text.find(|c| separates(c) || closing(c).is_some()).unwrap_or(text.len())
}

fn separates(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "，、。；：！？…,;".contains(c)
}

/// The mark that ends what `open` begins.
fn closing(open: char) -> Option<char> {
    match open {
        '"' | '＂' => Some(open),
        '“' | '”' => Some('”'),
        '「' => Some('」'),
        '『' => Some('』'),
        _ => None,
    }
}

/// The terms of a part as clauses: all in a row, but for lone characters, which stand in longer runs of an article.
fn clauses(tokens: Vec<Token>) -> Vec<Clause> {
    let mut clauses: Vec<Clause> = vec![];
    let mut in_row = false;
    for Token { term, lone, .. } in tokens {
        match clauses.last_mut().filter(|_| in_row && !lone) {
            Some(clause) => clause.push(term),
            None => clauses.push(vec![term]),
        }
        in_row = !lone;
    }
    clauses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let query = Query::parse(text);
        let joined = |clauses: Vec<Clause>| clauses.into_iter().map(|clause| clause.join(" ")).collect();
        (joined(query.wanted), joined(query.unwanted))
    }

    fn wanted(text: &str) -> Vec<String> {
        read(text).0
    }

    #[test]
    fn words_stand_alone_and_quotations_in_a_row() {
        assert_eq!(wanted("  ferry  Running "), ["ferri", "run"]);
        assert_eq!(wanted("\"runs again\" ferry"), ["run again", "ferri"]);
        assert_eq!(wanted("“渡轮 复航”六点"), ["渡轮 复航", "六点"]);
        assert_eq!(wanted("「open"), ["open"]);
        assert_eq!(wanted("covid-19"), ["covid 19"]);
        assert_eq!(wanted("ferry ferry ferries"), ["ferri"]);
    }

    #[test]
    fn runs_of_characters_are_pairs_in_a_row() {
        assert_eq!(wanted("简单"), ["简单"]);
        assert_eq!(wanted("待处理，北京、上海"), ["待处 处理", "北京", "上海"]);
        assert_eq!(wanted("A股 3月"), ["a", "股", "3", "月"]);
        assert_eq!(wanted("5G网络"), ["5g 网络"]);
    }

    #[test]
    fn a_minus_in_front_excludes() {
        assert_eq!(read("ferry -goats -\"the deck\""), (vec!["ferri".into()], vec!["goat".into(), "the deck".into()]));
        assert_eq!(read("- -- a-b --c"), (vec!["a b".into(), "c".into()], vec![]));
        assert!(Query::parse("-goats").is_empty());
    }

    #[test]
    fn nothing_is_an_error_and_nothing_is_syntax() {
        for text in ["", "\"", "\"\"\"", "*", "%", "\0", "()", ":", "^", "😀", "-", "-\"", "''", "“", "\\"] {
            let query = Query::parse(text);
            assert!(query.wanted.is_empty() && query.unwanted.is_empty(), "{text:?}: {query:?}");
            assert_eq!(query.expression(&[], Dialect::Sqlite), None);
        }
        let query = Query::parse("NEAR(a b) OR title:x* \"' -y'");
        assert_eq!(
            query.expression(&["f".into()], Dialect::Sqlite).unwrap(),
            r#"("near a" AND "b" AND "or" AND "titl x" AND "y" AND "f")"#
        );
        assert_eq!(Query::parse("a'b -c").expression(&[], Dialect::Postgres).unwrap(), "(('a' <-> 'b')) & !(('c'))");
    }

    #[test]
    fn a_query_of_any_length_has_few_terms() {
        let many: String = (0..5_000).map(|n| format!("w{n} ")).collect();
        assert_eq!(Query::parse(&many).wanted.len(), QUERY_TERMS);
        assert_eq!(Query::parse(&"字词".repeat(5_000)).wanted[0].len(), QUERY_TERMS);
        assert_eq!(wanted(&format!("ferry {}", "x".repeat(10_000)))[0], "ferri");
    }
}
