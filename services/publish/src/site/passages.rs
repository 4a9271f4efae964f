//! What in a body carries the sentences of its summaries.
//!
//! A summary's spans count the code points of the article's text; a page shows its body. Both have the same words in the
//! same order, but a body has tags and entities between them, captions beside them, and another white space. So a span's
//! words are looked for in the body's words, both without white space, and what is found becomes a range of the body's
//! HTML that an element can be put around: within one block, and with whole inline elements.

use kos_shared::event::{Span, Summary};
use serde::{Deserialize, Serialize};

use super::tags::{self, Tag};

/// How many spans of an article are looked for. A summary has some ten sentences.
const MAX_SPANS: usize = 200;

/// How often a range is widened until it holds whole elements; text needs it once or twice.
const MAX_WIDENINGS: usize = 8;

/// The passages of a body that carry sentences, in the body's order, none within another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passages(Vec<Passage>);

/// A part of a body that carries sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Where it begins in the body's HTML, in bytes.
    start: usize,
    /// Where it ends.
    end: usize,
    /// The sentences that it carries.
    carries: Vec<Carried>,
}

/// A sentence of a summary, by its place in the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Carried {
    /// The summary's place among the article's summaries, from 0.
    pub summary: usize,
    /// The sentence's place in it, from 0.
    pub sentence: usize,
}

impl Passages {
    /// The passages of `body`, as [`site_body`](super::site_body) made it, that carry the sentences of `summaries` of
    /// `text`. A span whose words aren't in the body has none; spans that share words share a passage.
    pub fn of(body: &str, text: &str, summaries: &[Summary]) -> Self {
        let (source, words, tags) = (Words::of_text(text), Words::of_body(body), tags::tags(body));
        let sentences = summaries.iter().enumerate().flat_map(|(summary, s)| {
            let sentences = s.sentences.iter().enumerate();
            sentences.map(move |(sentence, s)| (Carried { summary, sentence }, &s.spans))
        });
        let spans = sentences.flat_map(|(carried, spans)| spans.iter().map(move |span| (carried, *span)));
        let found = spans.take(MAX_SPANS).filter_map(|(carried, span)| {
            let within = words.find(&source, span)?;
            let (start, end) = wrappable(&words.in_one_block(within, &tags), &tags)?;
            Some(Passage { start, end, carries: vec![carried] })
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|passage| (passage.start, passage.end));
        let mut passages: Vec<Passage> = vec![];
        for passage in found {
            match passages.last_mut().filter(|last| passage.start < last.end) {
                Some(last) => {
                    last.end = last.end.max(passage.end);
                    last.carries.extend(passage.carries);
                }
                None => passages.push(passage),
            }
        }
        for passage in &mut passages {
            passage.carries.sort_unstable();
            passage.carries.dedup();
        }
        Self(passages)
    }

    /// The numbers, from 1, of the passages that carry a sentence.
    pub fn carrying(&self, carried: Carried) -> impl Iterator<Item = usize> {
        (1..).zip(&self.0).filter(move |(_, passage)| passage.carries.contains(&carried)).map(|(number, _)| number)
    }

    /// `body` with an element around each passage: `<span class="source" id="source-1">`, its words, then what `after` says
    /// of the sentences that it carries, as HTML.
    pub fn marked(&self, body: &str, after: impl Fn(&[Carried]) -> String) -> String {
        let mut marked = String::with_capacity(body.len() + self.0.len() * 160);
        let mut done = 0;
        for (number, passage) in (1..).zip(&self.0) {
            // A body that was made by another version may be shorter.
            let (Some(before), Some(words)) = (body.get(done..passage.start), body.get(passage.start..passage.end))
            else {
                break;
            };
            marked.push_str(before);
            marked.push_str(&format!(r#"<span class="source" id="source-{number}">{words}"#));
            marked.push_str(&after(&passage.carries));
            marked.push_str("</span>");
            done = passage.end;
        }
        marked.push_str(body.get(done..).unwrap_or_default());
        marked
    }
}

/// The characters of a text or a body that are no white space, each with its place.
struct Words {
    /// The characters.
    solid: String,
    /// For each byte of `solid`, where its character begins and ends in what it was taken from: in code points of a text,
    /// in bytes of a body.
    places: Vec<(usize, usize)>,
}

impl Words {
    fn of_text(text: &str) -> Self {
        let mut words = Self { solid: String::with_capacity(text.len()), places: Vec::with_capacity(text.len()) };
        for (place, character) in text.chars().enumerate() {
            words.push(character, place, place + 1);
        }
        words
    }

    /// What of a body is in the article's text: neither captions, nor what stands for an image, nor how a word is read.
    fn of_body(body: &str) -> Self {
        let mut words = Self { solid: String::with_capacity(body.len()), places: Vec::with_capacity(body.len()) };
        let mut silent_until = 0;
        let mut at = 0;
        for tag in tags::tags(body) {
            if at >= silent_until {
                words.push_html(body, at, tag.start);
            }
            at = tag.end;
            let silent = matches!(tag.name, "figcaption" | "rt" | "rp") || body[tag.start..].starts_with(tags::IMAGE);
            if silent && !tag.closes {
                silent_until = silent_until.max(tag.partner.map_or(tag.end, |(_, end)| end));
            }
        }
        words.push_html(body, at, body.len());
        words
    }

    fn push_html(&mut self, body: &str, mut at: usize, end: usize) {
        while let Some(first) = body[at..end].chars().next() {
            // What the serializer escapes in a text.
            let entities = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&nbsp;", '\u{a0}')];
            let entity = entities.into_iter().find(|(escaped, _)| first == '&' && body[at..end].starts_with(escaped));
            let (length, character) = entity.map_or((first.len_utf8(), first), |(escaped, c)| (escaped.len(), c));
            self.push(character, at, at + length);
            at += length;
        }
    }

    fn push(&mut self, character: char, start: usize, end: usize) {
        if !character.is_whitespace() && !matches!(character, '\u{ad}' | '\u{200b}' | '\u{feff}') {
            self.solid.push(character);
            self.places.resize(self.solid.len(), (start, end));
        }
    }

    /// The places here of the words that `span` names in `source`. Of several such places it is the one that has about as
    /// much before it as in `source`.
    fn find(&self, source: &Self, span: Span) -> Option<&[(usize, usize)]> {
        let index = |place: u32| source.places.partition_point(|(start, _)| *start < place as usize);
        let (from, to) = (index(span.start), index(span.end));
        let words = source.solid.get(from..to).filter(|words| !words.is_empty())?;
        let found = self.solid.match_indices(words).map(|(at, _)| at).min_by_key(|at| at.abs_diff(from))?;
        self.places.get(found..found + words.len())
    }

    /// The part of `places` between two tags of blocks that has the most words: from where to where in the body.
    fn in_one_block(&self, places: &[(usize, usize)], tags: &[Tag<'_>]) -> (usize, usize) {
        let mut best: &[(usize, usize)] = &[];
        let mut rest = places;
        while let Some((start, _)) = rest.first() {
            let next = tags.iter().skip(tags.partition_point(|tag| tag.start < *start)).find(|tag| !tag.is_inline());
            let block_ends = next.map_or(usize::MAX, |tag| tag.start);
            let (part, after) = rest.split_at(rest.partition_point(|(start, _)| *start < block_ends));
            best = if part.len() > best.len() { part } else { best };
            rest = after;
        }
        (best.first().map_or(0, |(start, _)| *start), best.last().map_or(0, |(_, end)| *end))
    }
}

/// A range of a body widened to whole inline elements; `None` where that would take in the edge of a block.
fn wrappable(range: &(usize, usize), tags: &[Tag<'_>]) -> Option<(usize, usize)> {
    let (mut start, mut end) = *range;
    for _ in 0..MAX_WIDENINGS {
        let (mut wider_start, mut wider_end) = (start, end);
        let from = tags.partition_point(|tag| tag.start < start);
        for tag in tags[from..].iter().take_while(|tag| tag.start < end) {
            if !tag.is_inline() {
                return None;
            }
            if let Some((partner_start, partner_end)) = tag.partner {
                wider_start = wider_start.min(partner_start);
                wider_end = wider_end.max(partner_end);
            }
        }
        if (wider_start, wider_end) == (start, end) {
            return (start < end).then_some((start, end));
        }
        (start, end) = (wider_start, wider_end);
    }
    None
}

#[cfg(test)]
mod tests {
    use kos_shared::event::{Language, Method, Sentence};

    use super::*;
    use crate::site::site_body;

    /// A summary whose sentences are carried by these words of `text`.
    fn summary(text: &str, carriers: &[&[&str]]) -> Summary {
        let span = |words: &&str| {
            let at = text.find(words).unwrap();
            let start = text[..at].chars().count() as u32;
            Span { start, end: start + words.chars().count() as u32 }
        };
        let sentence = |words: &&[&str]| Sentence { text: "s".into(), spans: words.iter().map(span).collect() };
        Summary {
            language: Language::ENGLISH,
            title: None,
            text: "s".into(),
            sentences: carriers.iter().map(sentence).collect(),
            method: Method::Extractive,
            model: None,
            prompt_version: None,
            checks: vec![],
            fallback: None,
        }
    }

    fn marked(html: &str, text: &str, carriers: &[&[&str]]) -> String {
        let body = site_body(html);
        let marked = Passages::of(&body, text, &[summary(text, carriers)]).marked(&body, |_| String::new());
        marked.replace(r#"<span class="source" id="source-"#, "[").replace("\">", "]").replace("</span>", "[/]")
    }

    #[test]
    fn a_passage_is_found_across_white_space_entities_and_inline_elements() {
        let html = "<p>Oil &amp; gas:\n  <b>prices</b> fell.</p><p>It <em>rains</em>.</p>";
        let text = "Oil & gas: prices fell.\nIt rains.";
        assert_eq!(
            marked(html, text, &[&["It rains."], &["Oil & gas: prices fell."]]),
            "<p>[1]Oil &amp; gas:\n  <b>prices</b> fell.[/]</p><p>[2]It <em>rains</em>.[/]</p>"
        );
    }

    #[test]
    fn a_passage_holds_whole_elements() {
        let text = "One two three four.";
        assert_eq!(
            marked("<p>One <b>two three</b> four.</p>", text, &[&["One two"]]),
            "<p>[1]One <b>two three</b>[/] four.</p>"
        );
        assert_eq!(
            marked("<p>One <b>two three</b> four.</p>", text, &[&["three four."]]),
            "<p>One [1]<b>two three</b> four.[/]</p>"
        );
        assert_eq!(
            marked("<p><b>One <i>two</i></b> <u>three</u> four.</p>", text, &[&["two three"]]),
            "<p>[1]<b>One <i>two</i></b> <u>three</u>[/] four.</p>"
        );
    }

    #[test]
    fn a_passage_stays_within_one_block() {
        let text = "A.\nHead\nOne two three.";
        let html = "<p>A.</p><h2>Head</h2><p>One two three.</p>";
        assert_eq!(
            marked(html, text, &[&["Head\nOne two three."]]),
            "<p>A.</p><h2>Head</h2><p>[1]One two three.[/]</p>"
        );
        assert_eq!(
            marked("<ul><li>甲乙</li><li>丙</li></ul>", "甲乙\n丙", &[&["甲乙\n丙"]]),
            "<ul><li>[1]甲乙[/]</li><li>丙</li></ul>"
        );
    }

    #[test]
    fn sentences_that_share_words_share_a_passage() {
        let text = "One two three four.";
        let body = site_body("<p>One two three four.</p>");
        let passages =
            Passages::of(&body, text, &[summary(text, &[&["One two three"], &["two three four."], &["four"]])]);
        let of = |sentence| passages.carrying(Carried { summary: 0, sentence }).collect::<Vec<_>>();
        assert_eq!([of(0), of(1), of(2)], [[1], [1], [1]]);
        assert_eq!(passages.0.len(), 1);
    }

    #[test]
    fn a_sentence_whose_words_are_not_in_the_body_has_no_passage() {
        for (html, text, words) in [
            ("<p>Other words.</p>", "One two.", "One two."),
            ("", "One two.", "One"),
            ("<figure><figcaption>One two.</figcaption></figure><p>x</p>", "One two.", "One two."),
        ] {
            assert!(!marked(html, text, &[&[words]]).contains('['), "{html}");
        }
        let body = "<p>x</p>";
        let mut beyond = summary("x", &[&["x"]]);
        beyond.sentences[0].spans =
            vec![Span { start: 1, end: u32::MAX }, Span { start: 3, end: 1 }, Span { start: 0, end: 0 }];
        assert_eq!(Passages::of(body, "x", &[beyond]), Passages::default());
    }

    #[test]
    fn words_that_stand_twice_are_taken_where_the_text_has_them() {
        let text = "He said no.\nMore.\nHe said no.\nEnd.";
        let body = "<p>He said no.</p><figure><figcaption>Chart</figcaption></figure><p>More.</p><p>He said no.</p><p>End.</p>";
        let mut second = summary(text, &[&["End."]]);
        second.sentences[0].spans = vec![Span { start: 18, end: 29 }];
        let passages = Passages::of(body, text, &[second]);
        assert!(passages.marked(body, |_| String::new()).contains("<p>More.</p><p><span"), "{passages:?}");
    }

    #[test]
    fn what_is_no_word_of_the_text_may_stand_between() {
        let html = r#"<p>One <img src="https://x.example/i.png" alt="chart"> two <ruby>漢<rt>kan</rt></ruby>字.</p>"#;
        let marked = marked(html, "One two 漢字.", &[&["One two 漢字."]]);
        assert!(marked.starts_with("<p>[1]One <a class=") && marked.ends_with("</ruby>字.[/]</p>"), "{marked}");
    }

    #[test]
    fn whatever_the_body_what_is_marked_is_the_body_and_whole() {
        let text = "a b c d e f g h";
        for html in [
            "<p>a <b>b <i>c</i></b><i> d</i></p><blockquote>e <a href='https://x.example/'>f</a></blockquote>g h",
            "<b>a b<p>c d</p>e</b> f<br>g h",
            "<table><tr><td>a b</td><td>c <s>d</td></tr></table>e f<hr>g h",
            "<a href='https://x.example/?q=<b>'>a b c</a> d <u>e<u>f<u>g</u></u></u> h",
        ] {
            let body = site_body(html);
            let letters: Vec<_> = text.split(' ').collect();
            for from in 0..8 {
                for to in from + 1..=8 {
                    let words = letters[from..to].join(" ");
                    let passages = Passages::of(&body, text, &[summary(text, &[&[&words]])]);
                    let marked = passages.marked(&body, |_| String::new());
                    let bare = marked.replace(r#"<span class="source" id="source-1">"#, "").replace("</span>", "");
                    assert_eq!(bare, body);
                    let mut open = vec![];
                    for tag in tags::tags(&marked).iter().filter(|tag| !tag.is_void()) {
                        if tag.closes {
                            assert_eq!(open.pop(), Some(tag.name), "{marked}");
                        } else {
                            open.push(tag.name);
                        }
                    }
                }
            }
        }
    }
}
