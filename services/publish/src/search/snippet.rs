//! Snippets: where an article has the words of a query, and the words marked.

use std::{
    borrow::Cow,
    ops::{ControlFlow, Range},
};

use kos_shared::{
    event::{ArticleSummarized, Language},
    text::script::is_unspaced,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{query::Query, terms::visit};

/// How long a snippet is, in columns: a character of a script without spaces takes two.
const COLUMNS: usize = 180;

/// How far in front of the first marked word a snippet begins.
const BEFORE: usize = 40;

/// How much of a body is looked through, in bytes: some 3,000 words.
const LOOKED_THROUGH: usize = 20_000;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Piece {
    /// The text; it is not escaped.
    pub text: String,
    /// Whether it is what was looked for.
    #[serde(rename = "match")]
    pub marked: bool,
}

/// A passage of an article, and its language.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Snippet {
    /// The language that it is in.
    pub language: Language,
    /// Its pieces; together they are the passage.
    pub parts: Vec<Piece>,
}

/// The title with the words marked.
pub fn marked_title(title: &str, query: &Query) -> Vec<Piece> {
    pieces(title, 0..title.len(), &marks(title, query).ranges)
}

/// The passage that has most of a query: of the summary in the reader's language, another summary, or the body, in this
/// order where they have the same. Where nothing has any of it, the beginning of the first. `None` where there is no text.
pub fn snippet(summarized: &ArticleSummarized, query: &Query, reader: &Language) -> Option<Snippet> {
    let article = &summarized.article;
    let mut summaries: Vec<_> = summarized.summaries.iter().map(|s| (&s.language, s.text.as_str())).collect();
    summaries.sort_by_key(|(language, _)| reader.distance(language));
    let texts = summaries.into_iter().chain([(&article.language, article.text.as_str())]);
    let mut best: Option<(&Language, &str, Marks)> = None;
    for (language, text) in texts.filter(|(_, text)| !text.trim().is_empty()) {
        let text = beginning(text, LOOKED_THROUGH);
        let marks = marks(text, query);
        if best.as_ref().is_none_or(|(.., found)| marks.clauses > found.clauses) {
            let complete = marks.clauses == query.wanted.len();
            best = Some((language, text, marks));
            if complete {
                break;
            }
        }
    }
    let (language, text, Marks { ranges, .. }) = best?;
    let passage = passage(text, &ranges);
    let mut parts = pieces(text, passage.clone(), &ranges);
    let cut_at_start = !text[..passage.start].trim().is_empty();
    let cut_at_end = !text[passage.end..].trim().is_empty();
    for part in &mut parts {
        // A snippet is one line.
        part.text = part.text.replace(['\n', '\r', '\t'], " ");
    }
    let ellipsis = || Piece { text: "…".to_owned(), marked: false };
    if cut_at_start {
        parts.insert(0, ellipsis());
    }
    if cut_at_end {
        parts.push(ellipsis());
    }
    Some(Snippet { language: language.clone(), parts })
}

/// Where a text has the words of a query.
struct Marks {
    /// The places in their order; they don't overlap.
    ranges: Vec<Range<usize>>,
    /// How many of the query's clauses were found.
    clauses: usize,
}

fn marks(text: &str, query: &Query) -> Marks {
    let tokens = tokens(text, query);
    let mut found = Marks { ranges: vec![], clauses: 0 };
    for clause in &query.wanted {
        let before = found.ranges.len();
        match &clause[..] {
            // A lone character stands inside of pairs.
            [only] if only.chars().nth(1).is_none() && only.chars().all(|c| !c.is_ascii()) => {
                found.ranges.extend(text.match_indices(only.as_str()).map(|(at, part)| at..at + part.len()));
            }
            _ => {
                let wanted = || clause.iter().map(|term| Some(term.as_str()));
                let rows =
                    tokens.windows(clause.len()).filter(|row| row.iter().map(|(term, _)| term.as_deref()).eq(wanted()));
                found.ranges.extend(rows.filter_map(|row| Some(row.first()?.1.start..row.last()?.1.end)));
            }
        }
        found.clauses += usize::from(found.ranges.len() > before);
    }
    found.ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.ranges.len());
    for range in found.ranges.drain(..) {
        match merged.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => merged.push(range),
        }
    }
    found.ranges = merged;
    found
}

/// The terms of a text, each with where it stands; those that are none of the query's without saying which they are.
fn tokens<'t>(text: &'t str, query: &Query) -> Vec<(Option<Cow<'t, str>>, Range<usize>)> {
    let mut tokens = Vec::with_capacity(text.len() / 5);
    let _: ControlFlow<()> = visit(text, |spelling, range, _| {
        let term = query.wanted.iter().flatten().any(|term| spelling.may_be(term)).then(|| spelling.term());
        if term.as_deref() != Some("") {
            tokens.push((term, range));
        }
        ControlFlow::Continue(())
    });
    tokens
}

/// The part of a text that is shown: around the place that has most marks.
fn passage(text: &str, marks: &[Range<usize>]) -> Range<usize> {
    let mut best = (0, 0..0);
    for (index, mark) in marks.iter().enumerate() {
        let start = back(text, mark.start);
        let end = forth(text, start);
        let inside = marks[index..].iter().take_while(|other| other.end <= end).count();
        if inside > best.0 {
            best = (inside, start..end);
        }
    }
    match best {
        (0, _) => 0..forth(text, 0),
        (_, range) => range,
    }
}

/// Where a passage begins that shows what stands in front of `at`: at the sentence's or line's beginning if that is near.
fn back(text: &str, at: usize) -> usize {
    let (mut start, mut columns) = (at, 0);
    for (position, c) in text[..at].char_indices().rev() {
        if matches!(c, '\n' | '。' | '！' | '？') {
            return start;
        }
        columns += width(c);
        if columns > BEFORE {
            break;
        }
        start = position;
    }
    if start == 0 || text[..start].chars().next_back().is_some_and(|c| c.is_whitespace() || is_unspaced(c)) {
        return start;
    }
    // Not in the middle of a word.
    text[start..at].find(char::is_whitespace).map_or(start, |blank| start + blank + 1)
}

/// Where a passage ends that begins at `start`: behind a word.
fn forth(text: &str, start: usize) -> usize {
    let mut columns = 0;
    let mut blank = None;
    for (position, c) in text[start..].char_indices() {
        columns += width(c);
        if columns > COLUMNS {
            let cut = start + position;
            return blank.filter(|blank| *blank > start + position / 2).unwrap_or(cut);
        }
        if c.is_whitespace() || is_unspaced(c) {
            blank = Some(start + position + if is_unspaced(c) { c.len_utf8() } else { 0 });
        }
    }
    text.len()
}

fn width(c: char) -> usize {
    if is_unspaced(c) { 2 } else { 1 }
}

fn pieces(text: &str, shown: Range<usize>, marks: &[Range<usize>]) -> Vec<Piece> {
    let mut parts = vec![];
    let mut push = |range: Range<usize>, marked| {
        // A mark's ends are a token's; where they aren't a character's there is nothing to show.
        if let Some(text) = text.get(range).filter(|text| !text.is_empty()) {
            parts.push(Piece { text: text.to_owned(), marked });
        }
    };
    let mut at = shown.start;
    for mark in marks.iter().filter(|mark| mark.start >= shown.start && mark.end <= shown.end) {
        push(at..mark.start, false);
        push(mark.clone(), true);
        at = mark.end;
    }
    push(at..shown.end, false);
    parts
}

/// The beginning of a text, no more than `bytes`.
fn beginning(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::fixtures;

    fn shown(parts: &[Piece]) -> String {
        parts.iter().map(|p| if p.marked { format!("[{}]", p.text) } else { p.text.clone() }).collect()
    }

    fn title(title: &str, query: &str) -> String {
        shown(&marked_title(title, &Query::parse(query)))
    }

    #[test]
    fn stems_and_pairs_are_marked_where_they_stand() {
        assert_eq!(title("The ferries are running again", "ferry run"), "The [ferries] are [running] again");
        assert_eq!(title("安装简单的软件", "简单"), "安装[简单]的软件");
        assert_eq!(title("待处理的处理器", "处理"), "待[处理]的[处理]器");
        assert_eq!(title("本田在本地", "本地"), "本田在[本地]");
        assert_eq!(title("人工智能", "人工智能"), "[人工智能]");
        assert_eq!(title("A股大涨，汽车股领跌", "股"), "A[股]大涨，汽车[股]领跌");
        assert_eq!(title("runs again, again", "\"runs again\""), "[runs again], again");
        assert_eq!(title("<b>bold</b>", "bold"), "<b>[bold]</b>");
        assert_eq!(title("nothing", "*"), "nothing");
    }

    #[test]
    fn the_readers_language_comes_first_where_it_has_as_much() {
        let summarized = fixtures::summarized();
        let snippet = |query: &str, reader| snippet(&summarized, &Query::parse(query), &reader).unwrap();
        let chinese = snippet("渡轮", Language::ENGLISH);
        assert_eq!((chinese.language, shown(&chinese.parts)), (Language::CHINESE, "[渡轮]恢复运行。六点开船。".into()));
        let nothing = snippet("goats", Language::CHINESE);
        assert_eq!(shown(&nothing.parts), "渡轮恢复运行。六点开船。");
    }

    #[test]
    fn a_passage_is_short_and_around_what_was_looked_for() {
        let mut summarized = fixtures::summarized();
        summarized.summaries.clear();
        for (filler, reader) in
            [("Nothing happens here. ", Language::ENGLISH), ("这里没有事情发生。", Language::CHINESE)]
        {
            let filler = filler.repeat(90);
            summarized.article.text = format!("{filler}\nGoats 山羊 on deck, and more goats 山羊. {filler}");
            let snippet = snippet(&summarized, &Query::parse("goats 山羊"), &reader).unwrap();
            let text = shown(&snippet.parts);
            assert!(text.contains("[Goats] [山羊] on deck, and more [goats] [山羊]"), "{text}");
            assert!(text.chars().count() < COLUMNS + 20 && text.starts_with('…') && text.ends_with('…'), "{text}");
        }
    }

    #[test]
    fn any_text_has_a_passage() {
        let alphabet: Vec<char> = "aB é字。\n…'’ｶﾞ😀\u{301}한 简单".chars().collect();
        let mut state = 3_u64;
        let query = Query::parse("简单 a 字 한");
        for length in 0..400 {
            let text: String = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    alphabet[(state >> 33) as usize % alphabet.len()]
                })
                .collect();
            let whole: String = marked_title(&text, &query).into_iter().map(|p| p.text).collect();
            assert_eq!(whole, text);
            let mut summarized = fixtures::summarized();
            summarized.summaries.clear();
            summarized.article.text = text;
            snippet(&summarized, &query, &Language::ENGLISH);
        }
    }
}
