//! Which sentences of an article are its own: what a summary may be made of.

use std::ops::Range;

use kos_shared::text::{count_words, sentence::is_line_end, sentences};

use crate::boilerplate::{dateline, ends_a_sentence, is_boilerplate};

/// How many sentences of an article are looked at: position outweighs everything long before.
const MAX_CONSIDERED: usize = 400;
/// A line without an end mark is a heading up to this length, in words.
const MAX_HEADING_WORDS: usize = 20;
/// The same in a script without spaces, in characters.
const MAX_HEADING_CHARACTERS: usize = 40;
/// The same where lines are broken by hand: those are about this long and longer.
const MAX_HEADING_AMONG_BROKEN_LINES: usize = 20;
/// How many lines it takes to see that they are broken by hand.
const LEAST_BROKEN_LINES: usize = 8;

/// The sentences of `text` that are its own, as byte ranges in their order: no captions, bylines, headings, no repeated
/// title, no datelines, nothing that is cut off or only leads on to something else.
///
/// Where nearly all lines look like headings (a list, a poem), headings stay. `budget` is how long a summary may be, in
/// words or characters. A range has line ends inside where Chinese lines are broken by hand.
pub(crate) fn candidates(title: &str, text: &str, unspaced: bool, budget: usize) -> Vec<Range<usize>> {
    let broken = unspaced && is_broken_by_hand(text);
    let longest_heading = match (unspaced, broken) {
        (false, _) => MAX_HEADING_WORDS,
        (true, false) => MAX_HEADING_CHARACTERS,
        (true, true) => MAX_HEADING_AMONG_BROKEN_LINES,
    };
    // With each, whether it is there only for want of better ones.
    let mut candidates: Vec<(Range<usize>, bool)> = Vec::new();
    let (mut start, mut goes_on) = (0, false);
    for line in text.split_inclusive(is_line_end) {
        let (whole, end) = (line.trim(), start + line.len());
        let body = end - line.trim_start().len() + dateline(whole);
        start = end;
        if whole == title.trim() || is_boilerplate(whole) {
            goes_on &= whole.is_empty();
            continue;
        }
        let ended = ends_a_sentence(whole);
        let heading = !ended && count_words(whole) <= longest_heading;
        let ranges = sentences(&text[body..end]).map(|range| body + range.start..body + range.end);
        let ranges =
            ranges.enumerate().filter(|(i, range)| (*i == 0 && goes_on) || !is_boilerplate(&text[range.clone()]));
        let own = whole_sentences(text, ranges.map(|(_, range)| range), budget);
        for (i, range) in own.into_iter().enumerate() {
            if i == 0
                && goes_on
                && let Some((before, weak)) = candidates.last_mut()
            {
                before.end = range.end;
                *weak = is_weak(&text[range], true);
                continue;
            }
            let weak = is_weak(&text[range.clone()], heading || i > 0 || broken);
            candidates.push((range, weak));
        }
        goes_on = broken && !ended && !heading && candidates.last().is_some_and(|(c, _)| c.len() < 4 * budget);
        if candidates.len() >= MAX_CONSIDERED {
            candidates.truncate(MAX_CONSIDERED);
            break;
        }
    }
    let strong = || candidates.iter().filter(|(_, weak)| !weak);
    let words: usize = strong().map(|(range, _)| count_words(&text[range.clone()])).sum();
    let keep_weak = strong().count() * 4 < candidates.len() && words * 2 < budget;
    candidates.into_iter().filter(|(_, weak)| keep_weak || !weak).map(|(range, _)| range).collect()
}

/// Whether a sentence is no whole one: it leads on to what follows, or has no end mark where that `counts`. It doesn't
/// where it is a long line by itself: some sites leave the last mark out.
fn is_weak(sentence: &str, counts: bool) -> bool {
    sentence.ends_with([':', '：']) || (counts && !ends_a_sentence(sentence))
}

/// Whether the lines of a Chinese text end where there was no more room: three quarters of the longer ones without an
/// end mark, and a third of them with one inside, as no list has.
fn is_broken_by_hand(text: &str) -> bool {
    let lines = text.lines().map(str::trim).filter(|line| count_words(line) > MAX_HEADING_AMONG_BROKEN_LINES);
    let (mut long, mut open, mut two) = (0, 0, 0);
    for line in lines {
        long += 1;
        if !ends_a_sentence(line) {
            open += 1;
            two += usize::from(line.contains(['。', '！', '？']));
        }
    }
    long >= LEAST_BROKEN_LINES && open * 4 >= long * 3 && two * 3 >= long
}

/// Puts together again what reads as cut off alone, as long as it stays within `budget`: the sentences of
/// one quotation, and Chinese clauses with a semicolon between them.
fn whole_sentences(text: &str, parts: impl Iterator<Item = Range<usize>>, budget: usize) -> Vec<Range<usize>> {
    let mut sentences: Vec<Range<usize>> = Vec::new();
    let (mut words, mut open) = (0, false);
    for part in parts.take(MAX_CONSIDERED) {
        let length = count_words(&text[part.clone()]);
        open = open && words + length <= budget;
        match sentences.last_mut().filter(|_| open) {
            Some(sentence) => sentence.end = part.end,
            None => sentences.push(part),
        }
        words = if open { words + length } else { length };
        open = sentences.last().is_some_and(|sentence| is_unfinished(&text[sentence.clone()]));
    }
    sentences
}

/// Whether a Chinese semicolon or an open quotation says that more follows.
fn is_unfinished(sentence: &str) -> bool {
    let count = |marks: &[char]| sentence.matches(marks).count();
    // German and Polish open with a low mark, and German closes with the one that others open with.
    let low = count(&['„']);
    let curly_open = if low > 0 { low > count(&['“', '”']) } else { count(&['“']) > count(&['”']) };
    sentence.ends_with('；') || curly_open || count(&['「', '『']) > count(&['」', '』'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chinese(text: &str) -> Vec<String> {
        let own = candidates("", text, true, 120).into_iter();
        own.map(|range| text[range].split(is_line_end).map(str::trim).collect()).collect()
    }

    fn english(text: &str) -> Vec<&str> {
        candidates("", text, false, 80).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn headings_go_unless_there_is_hardly_anything_else() {
        let sentence = "The council wants to hear from everyone who uses the crossing, from schoolchildren to the farmers on the \
            far bank of the river, before it decides in the summer whether there will be a new boat, a bridge for walkers \
            and cyclists, or nothing at all.";
        let list = "Monday\nTuesday\nWednesday\nThursday\nFriday";
        assert_eq!(english(&format!("{list}\n{sentence}")), [sentence]);
        assert_eq!(english(list).len(), 5);
    }

    #[test]
    fn what_is_cut_off_or_leads_on_is_no_sentence() {
        assert_eq!(
            english("It rained on Monday. It will snow. Photo: the pass\nThese are the rules:"),
            ["It rained on Monday.", "It will snow."]
        );
        assert_eq!(chinese("山口关闭。恢复时间另行通知。现就有关事项通告如下："), ["山口关闭。", "恢复时间另行通知。"]);
        assert_eq!(chinese("山口关闭，什么时候恢复还不知道"), ["山口关闭，什么时候恢复还不知道"]);
    }

    #[test]
    fn chinese_lines_broken_by_hand_are_put_together() {
        let sentence = "东岸的老码头改成了一座图书馆，每天早上八点开门，晚上九点关门。";
        let text: Vec<char> = sentence.repeat(12).chars().collect();
        let lines: Vec<String> = text.chunks(37).map(|line| line.iter().collect()).collect();
        let broken = format!("东岸的图书馆\n{}", lines.join("\n　"));
        assert_eq!(chinese(&broken), vec![sentence; 12]);
        let list = ["东岸图书馆早上八点开门，晚上九点关门，周末照常开放"; 12].join("\n");
        assert_eq!(chinese(&list).len(), 12);
    }

    #[test]
    fn closed_quotations_are_finished() {
        for finished in ["„Es ist alt.“", "“Old.”", "It's old.", "「古い。」", "旧了。"] {
            assert!(!is_unfinished(finished), "{finished}");
        }
    }
}
