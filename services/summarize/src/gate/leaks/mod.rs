//! `leaks`: whether something came through that is no summary: reasoning, marks of chat templates, markup, words to the
//! one who asked, the instruction itself.
//!
//! What stands in the source too is no leak: an article may be about `<think>` or quote "As an AI".

mod phrases;

use std::collections::HashSet;

use kos_shared::text::{script::is_han, sentences, tokens};

use super::{Candidate, Finding, Source};

/// The check's name.
pub const NAME: &str = "leaks";

/// How many tokens in a row with the instruction, and not with the source, are no chance: words, and pairs of
/// characters in a script without spaces. No summary of the development corpora shares even three words with the instructions
/// of `model-outputs`.
const SHARED_WORDS: usize = 6;
const SHARED_PAIRS: usize = 8;

/// How far behind its announcement, in characters, what is announced has to come.
const ANNOUNCEMENT_REACH: usize = 60;

/// How long a tag may be, in bytes.
const TAG_REACH: usize = 300;

/// How many hexadecimal digits are a code: the line around an article has 32. The longest English word of their letters
/// has eight.
const CODE_DIGITS: usize = 16;

/// How many characters of a leak the detail shows.
const SHOWN: usize = 40;

/// Judges `candidate`, title included. The figure is how many leaks of different kinds there are.
pub(super) fn check(source: &Source<'_>, candidate: &Candidate<'_>) -> Finding {
    let source = format!("{}\n{}", source.title, source.text).to_lowercase();
    let parts = [candidate.title.unwrap_or_default(), candidate.text];
    let leaks: Vec<String> = parts.iter().flat_map(|part| leaks_of(part, &source, candidate.instruction)).collect();
    match leaks.first() {
        Some(leak) => Finding::fail(NAME, leaks.len() as f64, leak.chars().take(SHOWN).collect::<String>()),
        None => Finding::pass(NAME, 0.0),
    }
}

/// The leaks of `text`, one a kind; `source` is in lower case.
fn leaks_of(text: &str, source: &str, instruction: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace('’', "'");
    let source = source.replace('’', "'");
    let found = [
        anywhere(&lower, &source, phrases::MARKS.iter().copied()),
        markup(&lower, &source),
        label(&lower, &source),
        greeting(&lower, &source),
        announcement(&lower, &source),
        of_the_article(&lower, &source),
        anywhere(&lower, &source, phrases::SELF_TALK.split('|')),
        of_instruction(&lower, &source, instruction),
        placeholder(text, &source, instruction),
        code(&lower, &source),
        numbering(&lower, &source),
    ];
    found.into_iter().flatten().collect()
}

/// The first of `phrases` that `text` has and `source` hasn't, whole words only.
fn anywhere(text: &str, source: &str, mut phrases: impl Iterator<Item = &'static str>) -> Option<String> {
    let has = |phrase: &str| text.match_indices(phrase).any(|(at, _)| is_whole(text, at, phrase));
    phrases.find(|phrase| has(phrase) && !source.contains(phrase)).map(str::to_owned)
}

/// Whether the `phrase` at `at` begins and ends where words do: `has an aim` has no `as an ai`.
fn is_whole(text: &str, at: usize, phrase: &str) -> bool {
    let latin = |c: char| c.is_alphanumeric() && c.is_ascii();
    let cut_before = phrase.starts_with(latin) && text[..at].ends_with(latin);
    let cut_behind = phrase.ends_with(latin) && text[at + phrase.len()..].starts_with(latin);
    !cut_before && !cut_behind
}

/// Tags of HTML and XML, headings and bold text of Markdown, tables, lists.
fn markup(text: &str, source: &str) -> Option<String> {
    if let Some(tag) = text.match_indices('<').find_map(|(at, _)| tag(&text[at..])).filter(|tag| !source.contains(*tag))
    {
        return Some(tag.to_owned());
    }
    let marked = |line: &&str| {
        let heading = line.trim_start_matches('#');
        let level = line.len() - heading.len();
        // `# topic` alone is a tokenized hashtag.
        let is_heading = heading.starts_with(' ') && (level > 1 || (level == 1 && text.trim().contains('\n')));
        let is_row = line.starts_with("| ") || *line == "|" || line.starts_with("|-");
        (is_heading || is_row || *line == "---") && !source.contains(*line)
    };
    if let Some(line) = text.lines().map(str::trim).find(marked) {
        return Some(line.to_owned());
    }
    let bold = text.match_indices("**").count() >= 2 && !source.contains("**");
    let item = |line: &&str| ["- ", "* ", "• "].iter().any(|b| line.starts_with(b)) && !source.contains(*line);
    let items = text.lines().map(str::trim).filter(item).count();
    match (bold, items) {
        (true, _) => Some("**".into()),
        (_, 2..) => Some("a list".into()),
        // JSON that is the whole answer.
        _ => ((text.trim().starts_with('{') && text.trim().ends_with('}')) || text.trim().starts_with("[\""))
            .then(|| "json".into()),
    }
}

/// The tag that `text`, in lower case, begins with: a name right behind the bracket, then its end, an attribute, or
/// the text's end. `<the palace: a tale>` is a title, no tag.
fn tag(text: &str) -> Option<&str> {
    let reach = &text[..text.floor_char_boundary(TAG_REACH)];
    let inside = reach.strip_prefix('<')?;
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    let name = &inside[..inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len())];
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let rest = &inside[name.len()..];
    let end = reach.find('>');
    let attributes = rest.starts_with(' ') && rest[..rest.find('>').unwrap_or(rest.len())].contains('=');
    let torn = rest.is_empty() && reach.len() == text.len();
    let closed = rest.starts_with('>') || rest.starts_with("/>") || rest.starts_with(" />");
    (attributes || torn || closed).then(|| &text[..end.map_or(reach.len(), |end| end + 1)])
}

/// A label at a line's start, markup around it left out: `**Summary:**`, `摘要：`.
fn label(text: &str, source: &str) -> Option<String> {
    let bare =
        |line: &'_ str| line.trim_start_matches(|c: char| c.is_whitespace() || "#*_【[\"“-".contains(c)).to_owned();
    let known = |label: &str| phrases::LABELS.split('|').any(|l| l == label);
    // A heading without a colon, the summary below it.
    let heading = text.trim().split_once('\n').map(|(line, _)| line.trim_matches(|c: char| !c.is_alphanumeric()));
    if let Some(heading) = heading.filter(|h| known(h) && !source.contains(*h)) {
        return Some(heading.to_owned());
    }
    text.lines().map(bare).find_map(|line| {
        let at = line.find([':', '：'])?;
        let label = line[..at].trim_end_matches(|c: char| c.is_whitespace() || "*_】]".contains(c));
        let short = label.split(['(', '（']).next().unwrap_or_default().trim();
        (known(short) && !source.contains(&line[..at])).then(|| line[..at].to_owned())
    })
}

/// `Sure, …`, `好的，…` at the text's start.
fn greeting(text: &str, source: &str) -> Option<String> {
    let start = text.trim_start();
    let at = start.find(|c: char| ",!.:，！。：".contains(c))?;
    let greeting = start[..at].trim();
    let known = phrases::GREETINGS.split('|').any(|g| g == greeting);
    let mark = start[at..].chars().next().map_or(0, char::len_utf8);
    (known && !source.contains(&start[..at + mark])).then(|| greeting.to_owned())
}

/// `The article is about …` at the text's start. A summary is read in place of the article, so it has to say what
/// happened; small models that begin so were mostly lost in what followed.
fn of_the_article(text: &str, source: &str) -> Option<String> {
    let start = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let called = phrases::ARTICLE.split('|').filter(|name| start.starts_with(name) && is_whole(start, 0, name));
    called.map(|name| start[name.len()..].trim_start()).find_map(|rest| {
        let told = phrases::TOLD_OF_ARTICLE.split('|').find(|t| rest.starts_with(t) && is_whole(rest, 0, t))?;
        let phrase = &start[..start.len() - rest.len() + told.len()];
        (!source.contains(phrase)).then(|| phrase.to_owned())
    })
}

/// `Here is a summary of the article:` at the text's start.
fn announcement(text: &str, source: &str) -> Option<String> {
    let start = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let phrase = phrases::ANNOUNCEMENTS.split('|').find(|p| start.starts_with(p) && is_whole(start, 0, p))?;
    let reach: String = start[phrase.len()..].chars().take(ANNOUNCEMENT_REACH).take_while(|c| *c != '\n').collect();
    // Up to the colon, where there is one: what follows it is the summary.
    let announced = reach.split([':', '：', '.', '。']).next().unwrap_or_default();
    let known = ["as requested", "here you go"].contains(&phrase)
        || phrases::ANNOUNCED.split('|').any(|a| announced.contains(a));
    let opening = format!("{phrase}{announced}");
    (known && !source.contains(&opening)).then_some(opening)
}

/// What the instruction's example has in place of a sentence, at the start of one: `"one sentence"`, `"一句话"`.
fn placeholder(text: &str, source: &str, instruction: &str) -> Option<String> {
    let instruction = instruction.to_lowercase();
    let quoted = instruction.lines().flat_map(|line| line.split('"').skip(1).step_by(2));
    let examples = quoted.filter(|q| q.contains(char::is_alphabetic) && q.contains(|c| c == ' ' || is_han(c)));
    let examples: Vec<&str> = examples.filter(|example| !source.contains(example)).collect();
    let starts = |sentence: &str| examples.iter().find(|e| sentence.starts_with(**e) && is_whole(sentence, 0, e));
    // Sentences are told by their capitals.
    let mut lower = sentences(text).map(|range| text[range].trim_start().to_lowercase());
    lower.find_map(|sentence| starts(&sentence).map(|example| (*example).to_owned()))
}

/// The code that stands around an article, or another one that the model made up.
fn code(text: &str, source: &str) -> Option<String> {
    let digits = |word: &&str| {
        word.len() >= CODE_DIGITS
            && word.bytes().all(|b| b.is_ascii_hexdigit())
            && word.bytes().any(|b| b.is_ascii_digit())
    };
    text.split(|c: char| !c.is_alphanumeric()).find(|word| digits(word) && !source.contains(word)).map(str::to_owned)
}

/// `1. ` before the text: a list. `1. FC Köln` stands so in its source.
fn numbering(text: &str, source: &str) -> Option<String> {
    let start = text.trim_start();
    let mark = ["1. ", "1) ", "1、", "1．", "一、"].into_iter().find(|mark| start.starts_with(mark))?;
    let word = start[mark.len()..].split_whitespace().next().unwrap_or_default();
    let opening = format!("{mark}{}", word.chars().take(2).collect::<String>());
    (!source.contains(&opening)).then_some(opening)
}

/// A long run of tokens that `text` shares with the instruction and not with the source.
fn of_instruction(text: &str, source: &str, instruction: &str) -> Option<String> {
    let instruction: Vec<String> = tokens(instruction).collect();
    if instruction.is_empty() {
        return None;
    }
    let text: Vec<String> = tokens(text).collect();
    let source: Vec<String> = tokens(source).collect();
    [SHARED_WORDS, SHARED_PAIRS].into_iter().find_map(|length| {
        let of_instruction: HashSet<&[String]> = instruction.windows(length).collect();
        let counts = |run: &[String]| {
            let pairs = run.iter().filter(|t| t.contains(is_han)).count();
            if pairs == 0 { length == SHARED_WORDS } else { length == SHARED_PAIRS }
        };
        let shared = text.windows(length).find(|run| counts(run) && of_instruction.contains(run))?;
        (!source.windows(length).any(|run| run == shared)).then(|| shared.join(" "))
    })
}

#[cfg(test)]
mod tests {
    use kos_shared::event::{Language, Verdict};

    use super::*;

    const ARTICLE: &str = "The model prints <think> tags, the paper says. “As an AI I have no opinion,” it wrote. \
        Sure, said the mayor. Note: the shop is closed.";

    fn judged(text: &str) -> Finding {
        let source = Source { title: "", text: ARTICLE, language: &Language::ENGLISH };
        let instruction = "You are a news editor. Summarize the article in two to four sentences. 你是新闻编辑，请用简体中文概括下面的文章。";
        check(&source, &Candidate { instruction, ..Candidate::of(text, &Language::ENGLISH) })
    }

    #[test]
    fn a_text_about_the_article_does_not_say_what_happened() {
        let told = |text: &str| of_the_article(&text.to_lowercase(), "the ferry stops. the article 5 case is open.");
        for text in [
            "The article is about a ferry.",
            "This article discusses how the ferry stops.",
            "本文主要介绍渡船停运。",
            "这篇文章讲述了渡船。",
            "\"The text describes a ferry.\"",
        ] {
            assert!(told(text).is_some(), "{text}");
        }
        for text in [
            "The ferry stops.",
            "The article 5 case is open.",
            "The articles of faith.",
            "文章是他写的。",
            "本文明示范区建成。",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_summary_is_a_leak() {
        for text in [
            "</think>The bridge reopens.",
            "◁think▷The user wants a summary.",
            "The bridge reopens.<|im_end|>",
            "[INST] The bridge reopens.",
            "The bridge reopens.</s>",
            "### Response:\nThe bridge reopens.",
            "assistant: The bridge reopens.",
            "```\nThe bridge reopens.\n```",
            "<article>\nThe bridge reopens.",
            "The bridge reopens.<article",
            "<img src=\"a.jpg\">The bridge reopens.",
            "{\"summary\": \"The bridge reopens.\"}",
            "**Summary:** The bridge reopens.",
            "## Bridge\nIt reopens.",
            "- It reopens.\n- It cost much.",
            "Here is a summary of the article: The bridge reopens.",
            "Here's a two-sentence overview: The bridge reopens.",
            "Certainly! The bridge reopens.",
            "Sure! The bridge reopens.",
            "Summary: The bridge reopens.",
            "I cannot summarize this article.",
            "I'm sorry, but I can’t help with that.",
            "No summary available.",
            "The bridge reopens. I hope this helps!",
            "摘要：大桥重新开放。",
            "**摘要**：大桥重新开放。",
            "以下是文章的摘要：大桥重新开放。",
            "本文摘要：大桥重新开放。",
            "新闻摘要\n大桥重新开放。",
            "根据文章内容，总结如下：大桥重新开放。",
            "这篇文章的主要内容是：大桥重新开放。",
            "Here you go: the bridge reopens.",
            "I have read the article. The bridge reopens.",
            "The bridge reopens.\n\nWould you like more details?",
            "好的，大桥重新开放。",
            "作为一个AI语言模型，我没有看法。",
            "抱歉，我无法总结这篇文章。",
            "You are a news editor. Summarize the article about the bridge.",
            "你是新闻编辑，请用简体中文，大桥重新开放。",
        ] {
            let found = judged(text);
            assert_eq!(found.verdict, Verdict::Fail, "{text}");
            assert!(found.detail.is_some_and(|d| !d.is_empty()), "{text}");
        }
    }

    #[test]
    fn summaries_and_what_the_source_has_are_no_leak() {
        for text in [
            "The bridge reopens in May.",
            "The model prints <think> tags.",
            "\"As an AI I have no opinion,\" the model wrote.",
            "Sure, the mayor said.",
            "Note: the shop is closed.",
            "Here is where the bridge stood: on the north bank.",
            "The firm has an aim: 3 < 5.",
            "The Palace tells <The Palace: Tale of a Queen>.",
            "以下是他的三个孩子。",
            "大桥重新开放，市长说：“好的开始。”",
            "A news editor was arrested.",
            "The system: a bridge, two roads.",
        ] {
            let found = judged(text);
            assert_eq!(found.verdict, Verdict::Pass, "{text}: {found:?}");
        }
    }

    #[test]
    fn what_stands_around_an_article_and_in_the_example_is_a_leak() {
        let instruction = "Answer with this JSON:\n{\"sentences\": [{\"text\": \"one sentence\", \"sources\": [1, 2]}]}\n\
            {\"text\": \"一句话\"}";
        let source =
            Source { title: "", text: "1. FC Riverside won. It costs one euro.", language: &Language::ENGLISH };
        let judged = |title, text| {
            let candidate = Candidate { title, instruction, ..Candidate::of(text, &Language::ENGLISH) };
            check(&source, &candidate).verdict
        };
        for text in [
            "One sentence The tower becomes a battery.",
            "It is full. One sentence, it says.",
            "一句话",
            "1. The quiet half hour at the junction.",
            "一、新能源汽车产量增长。",
            "=== fe0ba6ebe3a5fbd5aec85d9c4b308dba === The tower becomes a battery.",
        ] {
            assert_eq!(judged(None, text), Verdict::Fail, "{text}");
        }
        assert_eq!(judged(Some("a1cb6d4161b8879599d2a3c51f1c9851"), "The tower becomes a battery."), Verdict::Fail);
        for text in
            ["1. FC Riverside won.", "One sentenced man was freed.", "The text has one sentence.", "1.5 million came."]
        {
            assert_eq!(judged(None, text), Verdict::Pass, "{text}");
        }
    }
}
