//! `language`: whether a summary is in the language that was asked for, clause by clause and as a whole, title too.
//!
//! By script first: in a language of another script than Latin, Latin words are names or they are foreign
//! ([`foreign_words`]), unless they are set apart ([`originals`]); letters of a third script are foreign anywhere, but
//! for a short original in quotes or brackets that the source has. Languages of the Latin script are told apart by
//! their small words ([`function_words`]) and, where those are too few, by the article's words ([`leftovers`]);
//! Simplified from Traditional Chinese by characters that only one has ([`chinese`]). Dialects of one script without a
//! list (Cantonese, Ukrainian against Russian) are not told apart. Whole-text detection is of no use here: it calls
//! text that is half English, half Chinese reliably English.

mod chinese;
mod clauses;
mod foreign_words;
mod function_words;
mod leftovers;
mod originals;
mod word_lists;

use std::ops::Range;

use kos_shared::text::{Counts, Script, sentences};

use self::{
    chinese::{Variant, is_in_the_other_variant},
    clauses::{clauses, without_markup, without_stops_of_names},
    foreign_words::{SourceWords, foreign_word, latin_words},
    function_words::{Says, Wanted, is_small_english_word, is_small_word},
    leftovers::Leftovers,
    originals::without_originals,
    word_lists::is_particle,
};
use super::{Candidate, Finding, Source};

/// The check's name.
pub const NAME: &str = "language";

/// How many characters of a clause the detail shows.
const SHOWN: usize = 80;

/// How many letters an original name in quotes or brackets may have in a third script.
const MAX_ORIGINAL: usize = 12;

/// From how many Chinese characters without any kana on a Japanese text is none.
const MIN_HAN_WITHOUT_KANA: usize = 14;

/// How many Latin words a Chinese text may have for each Chinese character, names though they are.
const MAX_LATIN_WORDS: usize = 3;

/// What share of a Korean text may be Chinese characters, which stand in brackets there.
const MAX_HAN_IN_KOREAN: f64 = 0.3;

/// Judges `candidate`. The figure is the share of its clauses, title included, that are in the language asked for;
/// clauses that say nothing count as such.
pub(super) fn check(source: &Source<'_>, candidate: &Candidate<'_>) -> Finding {
    let Some(scripts) = Script::of_language(candidate.language) else { return Finding::cannot_judge(NAME) };
    let source_text = format!("{}\n{}", source.title, source.text);
    let names = SourceWords::of(&source_text);
    let judge = Judge {
        scripts,
        latin: scripts.contains(&Script::Latin),
        wanted: Wanted::of(candidate.language).filter(|_| scripts.contains(&Script::Latin)),
        variant: Variant::of(candidate.language),
        leftovers: Leftovers::of(candidate.language, &names),
        names: &names,
        source: &source_text,
    };
    let parts = [candidate.title.unwrap_or_default(), candidate.text];
    let judged: Vec<Judged> = parts.iter().map(|part| judge.part(part)).collect();
    let clauses: usize = judged.iter().map(|j| j.clauses).sum();
    let foreign: usize = judged.iter().map(|j| j.foreign).sum();
    let share = 1.0 - foreign as f64 / clauses.max(1) as f64;
    match judged.iter().find_map(|j| j.detail.clone()) {
        Some(detail) => Finding::fail(NAME, share, detail),
        None if judged.iter().any(|j| j.told) => Finding::pass(NAME, share),
        None => Finding::cannot_judge(NAME),
    }
}

/// What one part, the title or the text, came to.
#[derive(Debug, Default)]
struct Judged {
    clauses: usize,
    foreign: usize,
    /// The first thing that is foreign.
    detail: Option<String>,
    /// Whether anything in it speaks for the language.
    told: bool,
}

impl Judged {
    fn found(&mut self, foreign: &str) {
        self.foreign += 1;
        self.detail.get_or_insert_with(|| foreign.trim().chars().take(SHOWN).collect());
    }
}

struct Judge<'a> {
    /// What the language is written in.
    scripts: &'static [Script],
    /// Whether that is Latin.
    latin: bool,
    wanted: Option<Wanted>,
    variant: Option<Variant>,
    /// What tells English from what was left over of other languages, where English is wanted.
    leftovers: Option<Leftovers<'a>>,
    names: &'a SourceWords<'a>,
    source: &'a str,
}

impl Judge<'_> {
    fn part(&self, text: &str) -> Judged {
        let text = without_markup(text);
        let mut judged = if self.latin { self.latin_part(&text) } else { self.other_part(&text) };
        if judged.detail.is_none()
            && let Some(clause) = self.wrong_as_a_whole(&text)
        {
            judged.foreign = judged.foreign.max(1);
            judged.detail = Some(clause.trim().chars().take(SHOWN).collect());
        }
        judged
    }

    /// A text in a language of the Latin script.
    fn latin_part(&self, text: &str) -> Judged {
        let mut judged = Judged::default();
        let leftovers = self.leftovers.as_ref();
        let mut all = Vec::new();
        for (clause, _) in clauses(text) {
            let clause = &text[clause];
            judged.clauses += 1;
            let words = small_words(clause, self.names);
            let says = self.wanted.map_or(Says::Nothing, |w| w.clause(&words));
            judged.told |= says == Says::Wanted;
            let left = leftovers.is_some_and(|l| l.clause(&words));
            all.extend(words);
            if says == Says::Another || left || self.third_script(clause, text).is_some() {
                judged.found(clause);
            }
        }
        // Clauses can be too short to tell where their sentence isn't, and sentences where the text isn't.
        if let Some(wanted) = self.wanted
            && judged.detail.is_none()
        {
            let another = sentences(text).map(|s| &text[s]).find(|sentence| {
                let words = small_words(sentence, self.names);
                let known = leftovers.is_some_and(|l| l.mostly_knows(&words));
                let another = wanted.clause(&words) == Says::Another || (wanted.misses(&words) && !known);
                another || leftovers.is_some_and(|l| l.sentence(&words))
            });
            match another {
                Some(sentence) => judged.found(sentence),
                None if wanted.text(&all) == Says::Another && !leftovers.is_some_and(|l| l.mostly_knows(&all)) => {
                    judged.found(text);
                }
                None => {}
            }
        }
        judged
    }

    /// A text in a language of another script than Latin.
    fn other_part(&self, text: &str) -> Judged {
        let text = without_stops_of_names(&without_originals(text, self.source), self.source);
        let mut judged = Judged::default();
        let (mut sentence, mut sentence_is_own) = (0..0, false);
        for (clause, of) in clauses(&text) {
            if of != sentence {
                sentence_is_own = self.has_own_script(enumeration(&text, &of));
                sentence = of;
            }
            let clause = &text[clause];
            judged.clauses += 1;
            let own = self.has_own_script(clause);
            judged.told |= own;
            // Names between commas are a list if their sentence has words of the language around it.
            let wordless = !own && !((sentence_is_own || is_bracketed(clause)) && self.is_list_item(clause));
            let variant = self.variant.is_some_and(|v| is_in_the_other_variant(&without_quotes(clause), v));
            let third_script = || self.third_script(clause, &text).is_some();
            if wordless || variant || third_script() || foreign_word(clause, self.names).is_some() {
                judged.found(clause);
            }
        }
        judged
    }

    fn has_own_script(&self, text: &str) -> bool {
        text.chars().filter_map(Script::of).any(|s| self.scripts.contains(&s))
    }

    /// Whether the words of a clause without a letter of the language's script are names and abbreviations.
    fn is_list_item(&self, clause: &str) -> bool {
        latin_words(clause).all(|(_, word)| self.names.may_stand(word))
    }

    /// The first run of letters in `clause` of a script that is neither the language's nor Latin, unless it is a short
    /// original in quotes or brackets that the source has. Greek letters one by one are symbols.
    fn third_script<'t>(&self, clause: &'t str, text: &str) -> Option<&'t str> {
        let foreign =
            |c: char| Script::of(c).is_some_and(|s| s != Script::Latin && !self.scripts.contains(&s)) && !is_symbol(c);
        let offset = clause.as_ptr() as usize - text.as_ptr() as usize;
        let mut at = 0;
        while let Some(start) = clause[at..].find(foreign).map(|start| at + start) {
            let end = run_end(clause, start, foreign);
            let run = &clause[start..end];
            let symbol = run.chars().count() == 1 && run.chars().all(|c| Script::of(c) == Some(Script::Greek));
            if !symbol && !self.is_original(text, offset + start..offset + end) {
                return Some(run);
            }
            at = end;
        }
        None
    }

    /// Whether the letters at `place` of `text` are all that stands between quotes or brackets, few, and the source's.
    fn is_original(&self, text: &str, place: Range<usize>) -> bool {
        let run = &text[place.clone()];
        let before = text[..place.start].chars().next_back();
        let after = text[place.end..].chars().next();
        let apart = before.is_some_and(|c| "\"'“‘(（《「『[【〈«".contains(c))
            && after.is_some_and(|c| "\"'”’)）》」』]】〉»,.".contains(c));
        // `(楽天kobo)`: with what else stands in the brackets.
        let bracketed = || {
            let start = text[..place.start].rfind(['(', '（'])?;
            let end = place.end + text[place.end..].find([')', '）'])?;
            let inside = text[start..end].trim_start_matches(['(', '（']);
            Some(inside.chars().count() <= MAX_ORIGINAL && self.source.contains(inside))
        };
        run.chars().count() <= MAX_ORIGINAL
            && ((apart && self.source.contains(run)) || bracketed().is_some_and(|is| is))
    }

    /// What is wrong with a text none of whose clauses is: that Japanese has no kana, that Korean is mostly Chinese
    /// characters, that a text is in the other variant of Chinese. Returns what to show of it.
    fn wrong_as_a_whole<'t>(&self, text: &'t str) -> Option<&'t str> {
        let counts = Counts::of(text);
        let han = counts.get(Script::Han);
        let no_kana =
            self.scripts.contains(&Script::Kana) && counts.get(Script::Kana) == 0 && han >= MIN_HAN_WITHOUT_KANA;
        let too_much_han = self.scripts.contains(&Script::Hangul)
            && han as f64 > MAX_HAN_IN_KOREAN * counts.letters() as f64
            && han > 2;
        let other_variant = self.variant.is_some_and(|v| is_in_the_other_variant(text, v));
        let latin = self.scripts == [Script::Han] && latin_words(text).count() > MAX_LATIN_WORDS * han;
        (no_kana || too_much_han || other_variant || (latin && han > 0)).then_some(text)
    }
}

/// The sentence at `place` of `text` with those that semicolons and numbers (`1.`) part from it.
fn enumeration<'t>(text: &'t str, place: &Range<usize>) -> &'t str {
    let mut start = 0;
    let mut chars = text[..place.start].char_indices().rev().peekable();
    while let Some((at, c)) = chars.next() {
        let numbered = chars.peek().is_some_and(|(_, before)| before.is_ascii_digit());
        if "。！？!?\n".contains(c) || (c == '.' && !numbered) {
            start = at + c.len_utf8();
            break;
        }
    }
    let end = text[place.start..].find(['。', '！', '？', '!', '?', '\n']).map_or(text.len(), |end| place.start + end);
    &text[start.min(place.start)..end.max(place.end)]
}

/// Whether `clause` stands in brackets: a source or an abbreviation behind a sentence, `(AP)`.
fn is_bracketed(clause: &str) -> bool {
    let clause = clause.trim();
    clause.starts_with(['(', '（']) && clause.ends_with([')', '）'])
}

/// `text` without what stands in quotes: a name, a title, somebody's words.
fn without_quotes(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .filter(|c| {
            let opens = "“「『《".contains(*c);
            let closes = "”」』》".contains(*c);
            depth = if opens { depth + 1 } else { depth.saturating_sub(usize::from(closes)) };
            depth == 0
        })
        .collect()
}

/// Whether a letter, by Unicode, is one of no script: modifiers such as the ʻ of Hawaiʻi, letterlike symbols and Roman
/// numerals, letters in circles, letters of formulas.
fn is_symbol(c: char) -> bool {
    matches!(u32::from(c), 0x02B0..=0x036F | 0x2070..=0x218F | 0x2460..=0x24FF | 0x1D400..=0x1D7FF)
}

/// Where the run of letters for which `inside` holds ends, blanks between them included.
fn run_end(text: &str, start: usize, inside: impl Fn(char) -> bool) -> usize {
    let mut end = start;
    for (at, c) in text[start..].char_indices() {
        if inside(c) {
            end = start + at + c.len_utf8();
        } else if !c.is_whitespace() {
            break;
        }
    }
    end
}

/// The words of `text` in lower case by which a language of the Latin script is told: names are left out, and what
/// stands in quotes in the source too.
fn small_words(text: &str, source: &SourceWords<'_>) -> Vec<String> {
    let quoted = quotes(text, source.text());
    let words: Vec<(usize, &str)> =
        latin_words(text).filter(|(at, _)| !quoted.iter().any(|q| q.contains(at))).collect();
    let capital = |(_, w): &(usize, &str)| w.starts_with(char::is_uppercase);
    let particle = |(_, w): &&(usize, &str)| is_particle(w) && !is_small_english_word(w);
    let mut small = Vec::new();
    for (i, (_, word)) in words.iter().enumerate() {
        // `Alexander van der Bellen`; `Educar seus Filhos`, where the source has it.
        let of_name = |before: &str, next: &str| source.has_pair(before, word) && source.has_pair(word, next);
        let between = i > 0
            && capital(&words[i - 1])
            && words.get(i + 1).is_some_and(|next| capital(next) && of_name(words[i - 1].1, next.1));
        let inside_name = between
            || (is_particle(word)
                && words[..i].iter().rev().find(|w| !particle(w)).is_some_and(capital)
                && words[i + 1..].iter().find(|w| !particle(w)).is_some_and(capital));
        // A clause's first word has a capital anyway.
        let first = i == 0 && capital(&words[0]);
        let accented = || word.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
        let first_is_name = || !is_small_word(word) && (source.has_name(word) || accented());
        let name = word.chars().skip(usize::from(i == 0)).any(char::is_uppercase) || (first && first_is_name());
        if !(inside_name || name || word.chars().any(|c| c.is_ascii_digit())) {
            small.push(word.to_lowercase().replace('’', "'"));
        }
    }
    small
}

/// What stands in double quotes or brackets in `text` and in `source` too.
fn quotes(text: &str, source: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open = None;
    for (at, c) in text.char_indices() {
        match (c, open) {
            ('"' | '”' | '»' | ')', Some(start)) => {
                if source.contains(&text[start..at]) {
                    found.push(start..at);
                }
                open = None;
            }
            ('"' | '“' | '«' | '(', _) => open = Some(at + c.len_utf8()),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_by_source;
