//! `transport`: whether an answer arrived whole: not empty, not cut off, not running in circles.

use std::{collections::HashSet, ops::RangeInclusive};

use kos_shared::{
    event::Verdict,
    text::{sentences, tokens},
};

use super::{Candidate, Finding, Source};
use crate::{boilerplate::ends_a_sentence, model::Finish};

/// The check's name.
pub const NAME: &str = "transport";

/// How many tokens in a row are compared for finding a loop.
const LOOP_TOKENS: usize = 4;

/// What share of a text's runs of [`LOOP_TOKENS`] tokens may have been there before. The good summaries of the development
/// corpora have 0.03 at most, passages of real articles 0.24 but for three in three thousand; of the 35 outputs labelled
/// as looping 16 have more. The other loops are short: a sentence or a passage that stands twice.
const MAX_REPEATED: f64 = 0.25;

/// How often one token may stand in a row.
const MAX_IN_A_ROW: usize = 4;

/// How many tokens a passage has that may not stand twice in a sentence with nothing between: `again and again` may.
const DOUBLED: RangeInclusive<usize> = 4..=16;

/// What a sentence has at least, in tokens, for its return to be a loop: a refrain of two words is none.
const MIN_SENTENCE_TOKENS: usize = 5;

/// How many tokens a text has at least that can loop.
const MIN_TOKENS: usize = 12;

/// English words that end no sentence.
const HANGING: &str = "a an the of and or in on at by for from with to as that which who its his her their than into because \
     after but while if whether although until between during including";

/// The same in Chinese.
const HANGING_CHINESE: [&str; 11] =
    ["因为", "由于", "以及", "但是", "而且", "并且", "如果", "虽然", "，并", "，但", "，而"];

/// How many letters the stump of a word has at least that a cut leaves.
const MIN_STUMP: usize = 3;

/// How many characters the detail shows.
const SHOWN: usize = 60;

/// Judges why a model stopped. The figure is 1 where it was done, 0 where it wasn't.
fn of_finish(reason: &Finish) -> Finding {
    match reason {
        Finish::Stop => Finding::pass(NAME, 1.0),
        Finish::Length => Finding::fail(NAME, 0.0, "the model ran into its limit of tokens"),
        Finish::ToolCalls => Finding::fail(NAME, 0.0, "the model called a tool"),
        Finish::ContentFilter => Finding::fail(NAME, 0.0, "the model's server withheld the answer"),
        Finish::Other(reason) => Finding::fail(NAME, 0.0, format!("the model stopped for {reason}")),
        Finish::Unknown => Finding::cannot_judge(NAME),
    }
}

/// Judges `candidate`. The figure is the share (0 to 1) of its runs of [`LOOP_TOKENS`] tokens that were there before.
pub(super) fn check(source: &Source<'_>, candidate: &Candidate<'_>) -> Finding {
    if let Some(finding) = candidate.finish.map(of_finish).filter(|f| f.verdict == Verdict::Fail) {
        return finding;
    }
    let text = candidate.text.trim();
    if !text.chars().any(char::is_alphanumeric) {
        return Finding::fail(NAME, 0.0, if text.is_empty() { "nothing" } else { "no word" });
    }
    let repeated = Repeated::of(text);
    if let Some(passage) = repeated.passage {
        return Finding::fail(NAME, repeated.share, format!("again and again: {}", start(&passage)));
    }
    if let Some(sentence) = repeated_sentence(text) {
        return Finding::fail(NAME, repeated.share, format!("twice: {}", start(sentence)));
    }
    let was_done = candidate.finish == Some(&Finish::Stop);
    if is_cut_off(text, was_done) || (!was_done && ends_in_a_stump(text, source.text)) {
        let from = text.char_indices().rev().nth(SHOWN / 2).map_or(0, |(at, _)| at);
        return Finding::fail(NAME, repeated.share, format!("cut off: {}", &text[from..]));
    }
    Finding::pass(NAME, repeated.share)
}

/// Whether `text` breaks off in a sentence. Without a mark at its end it does where a sentence before it has one, or
/// where it hangs on a comma or a small word; a headline alone may stand without. A model that is known to have been
/// done may have left the mark out.
fn is_cut_off(text: &str, was_done: bool) -> bool {
    let bare = text.trim_end_matches(|c: char| "*_`~)]）】".contains(c) || c.is_whitespace());
    if ends_a_sentence(bare) {
        return false;
    }
    let word = bare.rsplit(char::is_whitespace).next().unwrap_or_default();
    let hangs = bare.ends_with(|c: char| ",，、:：;；(（-—“「『《的和与在将被".contains(c));
    let chinese = HANGING_CHINESE.iter().any(|end| bare.ends_with(end));
    let opened = bare.matches('“').count() > bare.matches('”').count();
    let is_hanging = hangs || chinese || opened || HANGING.split_whitespace().any(|w| w == word);
    is_hanging || (!was_done && sentences(text).nth(1).is_some())
}

/// Whether the last word of `text` is the beginning of a word of `source`, and none itself: `Khach` of `Khachanov`.
fn ends_in_a_stump(text: &str, source: &str) -> bool {
    let last = text.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    if last.len() < MIN_STUMP || text[..text.len() - last.len()].ends_with(|c: char| c.is_alphabetic() && !c.is_ascii())
    {
        return false;
    }
    let mut begins = false;
    for word in source.split(|c: char| !c.is_alphabetic()) {
        match word.strip_prefix(last) {
            Some("") => return false,
            // An ending is no cut: `goal` of `goals`.
            Some(rest) => begins |= rest.len() > 2,
            None => {}
        }
    }
    begins
}

fn start(text: &str) -> String {
    text.trim().chars().take(SHOWN).collect()
}

/// How much of a text was there before.
struct Repeated {
    share: f64,
    /// What repeats, where that is a loop.
    passage: Option<String>,
}

impl Repeated {
    fn of(text: &str) -> Self {
        let tokens: Vec<String> = tokens(text).collect();
        let mut seen = HashSet::new();
        let mut again: Vec<&[String]> = Vec::new();
        let runs = tokens.windows(LOOP_TOKENS).count();
        for run in tokens.windows(LOOP_TOKENS) {
            if !seen.insert(run) {
                again.push(run);
            }
        }
        let share = again.len() as f64 / runs.max(1) as f64;
        let in_a_row = tokens.windows(MAX_IN_A_ROW + 1).find(|run| run.iter().all(|t| *t == run[0]));
        let looping = again.first().filter(|_| tokens.len() >= MIN_TOKENS && share > MAX_REPEATED);
        let in_a_row = in_a_row.map(|run| run[0].clone());
        let doubled = || sentences(text).find_map(|sentence| doubled(&text[sentence]));
        let passage = in_a_row.or_else(doubled).or_else(|| looping.map(|run| run.join(" ")));
        Self { share, passage }
    }
}

/// The first passage of `sentence` that stands there twice with nothing between.
fn doubled(sentence: &str) -> Option<String> {
    let tokens: Vec<String> = tokens(sentence).collect();
    let mut runs = DOUBLED.flat_map(|n| tokens.windows(2 * n));
    runs.find(|run| run[..run.len() / 2] == run[run.len() / 2..]).map(|run| run[..run.len() / 2].join(" "))
}

/// The first sentence that stands in `text` a second time, word for word.
fn repeated_sentence(text: &str) -> Option<&str> {
    let mut seen = HashSet::new();
    sentences(text).map(|s| &text[s]).find(|sentence| {
        let words: Vec<String> = tokens(sentence).collect();
        words.len() >= MIN_SENTENCE_TOKENS && !seen.insert(words)
    })
}

#[cfg(test)]
mod tests {
    use kos_shared::event::Language;

    use super::*;

    const SOURCE: Source<'_> =
        Source { title: "", text: "The council celebrated the bridge.", language: &Language::ENGLISH };

    fn judged(text: &str) -> Finding {
        check(&SOURCE, &Candidate::of(text, &Language::ENGLISH))
    }

    #[test]
    fn whole_answers_pass() {
        for text in [
            "The bridge reopens in May. It cost 3 million euros.",
            "大桥将于五月重新开放，耗资三百万欧元。",
            "She said: \"It is done.\"",
            "Town opens new bridge, council celebrate",
            "市长：大桥将于五月开放",
            "The team won again, and again, and again, and the town cheered the team.",
            "政府表示，政府将与政府部门合作，保障居民用水和居民用电。",
        ] {
            let found = judged(text);
            assert_eq!(found.verdict, Verdict::Pass, "{text}: {found:?}");
        }
    }

    #[test]
    fn nothing_loops_and_torn_ends_fail() {
        for text in [
            "",
            " \n",
            "...",
            "| | |",
            "The bridge reopens in",
            "The town has a new bridge, which the coun",
            "The bridge reopens because",
            "大桥将于五月开放，因为",
            "市长表示：“大桥将于五月开放",
            "大桥将于五月开放。市长表示，大桥将于五月重新",
            "The bridge is new. It reopens in May after",
            "The mayor said the bridge,",
            "The bridge is new. The bridge is new. The bridge is new. The bridge is new.",
            "The council opened the old bridge. It cost much. The council opened the old bridge.",
            "A new bridge opens: a new bridge opens: the town is glad.",
            "Bridge bridge bridge bridge bridge bridge.",
            "可以看到桥可以看到桥可以看到桥可以看到桥可以看到桥。",
        ] {
            assert_eq!(judged(text).verdict, Verdict::Fail, "{text}");
        }
    }

    #[test]
    fn the_finish_reason_is_heard() {
        for (reason, verdict) in [
            (Some("stop"), Verdict::Pass),
            (Some("STOP"), Verdict::Pass),
            (Some("length"), Verdict::Fail),
            (Some("content_filter"), Verdict::Fail),
            (Some(""), Verdict::CannotJudge),
            (None, Verdict::CannotJudge),
        ] {
            assert_eq!(of_finish(&Finish::from(reason.map(str::to_owned))).verdict, verdict, "{reason:?}");
        }
        let headline = "Bridge reopens in May";
        let done = Candidate { finish: Some(&Finish::Stop), ..Candidate::of(headline, &Language::ENGLISH) };
        assert_eq!(check(&SOURCE, &done).verdict, Verdict::Pass);
        assert_eq!(check(&SOURCE, &Candidate { text: "The bridge,", ..done }).verdict, Verdict::Fail);
        let cut = Candidate { finish: Some(&Finish::Length), ..Candidate::of("It is whole.", &Language::ENGLISH) };
        assert_eq!(check(&SOURCE, &cut).verdict, Verdict::Fail);
    }
}
