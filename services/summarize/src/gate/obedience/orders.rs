//! Orders to a model, as they are smuggled into pages.
//!
//! A pattern is a row of places; each has its words with strokes between them, a question mark in front makes it
//! optional. English is matched word by word, Chinese character by character.

use std::sync::LazyLock;

/// What a sentence orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    /// That earlier instructions, or the task, are dropped.
    pub drop: bool,
    /// What the answer is to be; empty where that stands behind the sentence.
    pub answer: Option<String>,
}

/// Orders to drop instructions; at the start of a clause.
const DROP: &[&str] = &[
    "ignore/disregard/forget/override/bypass ?all/any/the/these/those/your/every ?of ?the/my/your \
     previous/prior/above/earlier/preceding/foregoing/former/original/initial ?system/user/the \
     instructions/instruction/prompts/prompt/directions/directives/commands/rules/guidelines/text/messages/context",
    "ignore/disregard/forget ?all/any/the/these/those ?of ?your/the/my instructions/prompts/guidelines \
     ?you/that/given/above/before/and",
    "ignore/disregard ?all/the article/text/content ?above/below/and/itself",
    "forget/ignore/disregard everything/all above/before/you/previously/that",
    "reveal/print/output/repeat/show/leak/display/disclose ?me ?the/your system prompt/message/instructions",
    "do/don't/dont ?not summarize/summarise/translate ?this/the article/text/page/content",
    "stop summarizing/summarising",
    "if/when you/you're ?are an/a/the ai/llm/language/large/chatbot/bot/assistant",
    "you are now dan",
    "you are now a/an/in/the ai/llm/language/chatbot/bot/assistant/developer/unrestricted/model",
    "new/updated/important/hidden/secret instructions/instruction ?for ?the/all ?ai/llm/llms/model/models/assistant/assistants :",
    "note/attention/message/instructions/instruction/warning/notice ?to/for ?all/any/the/this ai/llm/llms/chatbots/bots",
    "as an/a ai/llm/language ?model/assistant you must/should/will/have/need",
    "in/for your summary/response/answer/reply/output ?, ?you ?must include/mention/say/write/add/insert/state",
];

/// Orders to answer in given words; at the start of a clause, what follows being the words.
const ANSWER: &[&str] = &[
    "reply/respond/answer/output/return/print/write/say only/exactly/simply/just with/:/\"/the/exactly/this \
     ?the/a/this/only/exactly ?following/single/exact/one ?word/words/phrase/text/sentence/string/line ?:",
    "reply/respond/answer with/using exactly/only/just/nothing/the/a/this ?but/the/following/single/exact/one \
     ?exact/single/word/words/phrase/text/sentence/string/following ?word/words/phrase/text/sentence ?:",
    "only reply/respond/answer/output/return/print/say/write ?with ?the/this/: ?following/word/words/phrase/text ?:",
    "output/print/say exactly/only ?the/this/: ?following/words/word/text ?:",
    "reply/respond/answer with \"",
    "reply/respond/answer with ok/yes/no",
    "your/the ?entire/only/whole/full/complete response/reply/answer/output/summary must/should/shall/has/will ?only/to be \
     ?exactly/only ?the/: ?following/word/words ?:",
];

/// The same in Chinese.
const DROP_CHINESE: &[&str] = &[
    "忽略/无视/忘记/忘掉/不要理会/不要遵守/不要遵循/無視/忽視 ?掉 ?你 ?所有/全部/一切 ?的 \
     以上/之前/前面/上述/上面/先前/此前/以前/原来/原有 ?的 ?所有/全部/一切/任何 ?的 ?系统 \
     指令/指示/提示/要求/命令/说明/规则/内容/设定/提示词/設定/說明",
    "忽略/无视/忘记/忘掉 ?你 ?的 ?所有/全部/一切 ?的 ?系统 指令/提示词/系统提示/设定",
    "输出/泄露/显示/打印/重复/告诉我/透露 ?出 ?你 ?的 系统提示/系统指令/提示词/系统提示词",
    "不要/别/停止/请勿 总结/概括/摘要/翻译 ?这篇/本/该/此/以上/上述 文/文章/新闻/内容/页面/全文",
    "如果/若/假如 你 是 ?一个/一名/一款 ai/人工智能/语言模型/大模型/大语言模型/大型语言模型/机器人/聊天机器人/智能助手/llm",
    "作为 ?一个/一名 ai/人工智能/语言模型/大模型/大语言模型 ?助手/模型 ?，/, 你",
    "你 现在 是 ?一个/一名 ai/人工智能/语言模型/大模型/助手/没有/不受/dan",
    "在 ?你 ?的 摘要/总结/回复/回答/概括 中/里/末尾/开头/最后 ?必须/请/要 加入/写上/加上/包含/提到/添加/说/写",
];

const ANSWER_CHINESE: &[&str] = &[
    "只/仅/只能/只需要 回复/输出/回答/返回/打印 ?一句/一个字/一个词/以下内容/以下/这句话/下面这句话/这几个字/这个词 ：/:/“/\"/「/『",
    "只/仅/只能 输出/返回",
    "你 ?必须/只能/应该 ?只 回复/输出/回答 ?： “/\"/「/：/:",
    "直接/原样 ?只 输出/回复 ?： “/\"/「/：/:",
    "你 ?的 ?全部 回复/回答/输出/摘要 必须/只能/应该/应 是/为 ?：",
];

/// Words behind which a clause starts, besides the sentence's start.
const BEFORE_CLAUSE: [&str; 12] = [":", "\"", ",", ";", "please", "now", "and", "then", "must", "instead", "just", "!"];

/// The same in Chinese: marks and characters.
const BEFORE_CHINESE_CLAUSE: &str = "，。！？：；:,!“\"「『【[(（请須须并必你后";

/// A place of a pattern, taken apart once: a text is compared with each of them at the start of each clause.
struct Place {
    optional: bool,
    choices: Vec<&'static str>,
}

/// The patterns in their four lists, taken apart.
static PATTERNS: LazyLock<[Vec<Vec<Place>>; 4]> = LazyLock::new(|| {
    let place = |place: &'static str| {
        let choices = place.strip_prefix('?');
        Place { optional: choices.is_some(), choices: choices.unwrap_or(place).split('/').collect() }
    };
    [DROP, ANSWER, DROP_CHINESE, ANSWER_CHINESE]
        .map(|list| list.iter().map(|pattern| pattern.split_whitespace().map(place).collect()).collect())
});

/// The order in `sentence`, if there is one.
pub(super) fn order_in(sentence: &str) -> Option<Order> {
    let words = words_of(sentence);
    let english = |patterns: &[Vec<Place>]| {
        let starts = (0..words.len()).filter(|at| *at == 0 || BEFORE_CLAUSE.contains(&words[*at - 1].text.as_str()));
        starts.flat_map(|at| patterns.iter().map(move |p| (at, p))).find_map(|(at, pattern)| {
            let end = match_words(&words[at..], pattern)? + at;
            Some(words[end - 1].end)
        })
    };
    let chinese = |patterns: &[Vec<Place>]| {
        if sentence.is_ascii() {
            return None;
        }
        let mut before = None;
        let starts = sentence.char_indices().filter_map(move |(at, c)| {
            let start = before.is_none_or(|b| BEFORE_CHINESE_CLAUSE.contains(b));
            before = Some(c);
            start.then_some(at)
        });
        let lower = sentence.to_ascii_lowercase();
        starts
            .flat_map(|at| patterns.iter().map(move |p| (at, p)))
            .find_map(|(at, pattern)| match_text(&lower[at..], pattern).map(|length| at + length))
    };
    let [drop, answer, drop_chinese, answer_chinese] = &*PATTERNS;
    let drop = english(drop).or_else(|| chinese(drop_chinese)).is_some();
    let answer = english(answer).or_else(|| chinese(answer_chinese)).map(|end| payload(sentence, end));
    (drop || answer.is_some()).then_some(Order { drop, answer })
}

/// What `sentence` demands behind `from`: what it has in quotes there, else the rest of it.
fn payload(sentence: &str, from: usize) -> String {
    // The quote may have been opened by the pattern's last mark.
    let from =
        sentence[..from].char_indices().next_back().filter(|(_, c)| "“\"「『".contains(*c)).map_or(from, |(at, _)| at);
    let rest = &sentence[from..];
    let quoted = rest.find(['“', '"', '「', '『']).and_then(|open| {
        let inside = &rest[open..];
        let first = inside.chars().next()?.len_utf8();
        let close = inside[first..].find(['”', '"', '」', '』'])?;
        Some(&inside[first..first + close])
    });
    let bare = quoted.unwrap_or(rest).trim_matches(|c: char| !c.is_alphanumeric());
    if bare.is_empty() || ["following", "the following", "以下内容", "以下"].contains(&bare.to_lowercase().as_str())
    {
        return String::new();
    }
    bare.to_owned()
}

/// A word or a mark of a sentence, in lower case.
struct Word {
    text: String,
    /// Where it ends in the sentence, in bytes.
    end: usize,
}

/// The words of `sentence`, and the marks that say something about its build; quotes are all one kind.
fn words_of(sentence: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open = false;
    for (at, c) in sentence.char_indices() {
        let end = at + c.len_utf8();
        if c.is_alphanumeric() || (open && matches!(c, '\'' | '’')) {
            let c = if c == '’' { '\'' } else { c };
            if !open {
                words.push(Word { text: String::new(), end });
            }
            if let Some(word) = words.last_mut() {
                word.text.extend(c.to_lowercase());
                word.end = end;
            }
            open = true;
            continue;
        }
        open = false;
        let mark = match c {
            '"' | '“' | '”' | '\'' | '‘' | '«' => "\"",
            ':' | '：' => ":",
            ',' | ';' | '!' | '.' | '?' | '(' | ')' | '[' | ']' | '-' | '—' => ",",
            _ => continue,
        };
        words.push(Word { text: mark.into(), end });
    }
    words
}

/// How many of `words` the places match from the first on; `None` where they don't.
fn match_words(words: &[Word], places: &[Place]) -> Option<usize> {
    let Some((place, rest)) = places.split_first() else { return Some(0) };
    let here = words.first().filter(|word| place.choices.contains(&word.text.as_str()));
    let taken = here.and_then(|_| match_words(&words[1..], rest)).map(|n| n + 1);
    taken.or_else(|| if place.optional { match_words(words, rest) } else { None })
}

/// How many bytes of `text` the places match from its start on; `None` where they don't.
fn match_text(text: &str, places: &[Place]) -> Option<usize> {
    let Some((place, rest)) = places.split_first() else { return Some(0) };
    let trimmed = text.trim_start_matches(' ');
    let blank = text.len() - trimmed.len();
    let here = place.choices.iter().filter(|choice| trimmed.starts_with(**choice));
    let taken = here
        .copied()
        .find_map(|choice| match_text(&trimmed[choice.len()..], rest).map(|length| blank + choice.len() + length));
    taken.or_else(|| if place.optional { match_text(text, rest) } else { None })
}
