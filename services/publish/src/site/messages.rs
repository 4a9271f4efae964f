//! The texts of the interface, in Chinese and in English.
//!
//! A text is a whole sentence or label, with `{…}` where something is filled in, so that a
//! translation is free in its word order.

use jiff::{Timestamp, tz::Offset};
use kos_shared::event::{Fallback, Language, MissingCode, OffsetTime, Rights, Show, Verdict};

use super::languages;

/// The interface in one language.
#[derive(Debug)]
pub struct Messages {
    /// The language, as it is asked for.
    pub language: Language,
    /// The language as pages declare it.
    pub lang: &'static str,
    /// The language's own name.
    pub name: &'static str,
    pub(super) skip_to_content: &'static str,
    pub(super) interface_language: &'static str,
    pub(super) feed: &'static str,
    pub(super) articles: &'static str,
    pub(super) older: &'static str,
    pub(super) empty_title: &'static str,
    pub(super) empty_hint: &'static str,
    pub(super) empty_or: &'static str,
    pub(super) authors: &'static str,
    pub(super) author_separator: &'static str,
    pub(super) published: &'static str,
    pub(super) taken_in: &'static str,
    pub(super) updated: &'static str,
    pub(super) original: &'static str,
    original_in: &'static str,
    pub(super) summary: &'static str,
    summary_in: &'static str,
    no_summary_in: &'static str,
    missing_because: [&'static str; 6],
    pub(super) no_summary: &'static str,
    excerpt: &'static str,
    excerpt_because: &'static str,
    model: &'static str,
    pub(super) unnamed_model: &'static str,
    checks_passed: &'static str,
    checks_failed: &'static str,
    checks_undecided: &'static str,
    list_separator: &'static str,
    check_names: &'static [(&'static str, &'static str)],
    pub(super) body: &'static str,
    words: [&'static str; 2],
    characters: [&'static str; 2],
    minutes: [&'static str; 2],
    pub(super) colon: &'static str,
    pub(super) rights_refused: &'static str,
    limited_by_publisher: [&'static str; 3],
    limited_by_operator: [&'static str; 3],
    pub(super) read_on: &'static str,
    pub(super) told_before: &'static str,
    pub(super) as_json: &'static str,
    pub(super) not_found_title: &'static str,
    pub(super) not_found: &'static str,
    pub(super) gone_title: &'static str,
    pub(super) gone: &'static str,
    pub(super) internal_title: &'static str,
    pub(super) internal: &'static str,
    pub(super) to_front_page: &'static str,
    date: &'static str,
    day: &'static str,
    weekdays: Option<[&'static str; 7]>,
}

/// The interface in Chinese.
pub static CHINESE: Messages = Messages {
    language: Language::CHINESE,
    lang: "zh-Hans",
    name: "中文",
    skip_to_content: "跳到正文",
    interface_language: "界面语言",
    feed: "订阅",
    articles: "文章",
    older: "更早的文章",
    empty_title: "还没有文章",
    empty_hint: "发布第一个事件，几秒钟后文章就会出现在这里：",
    empty_or: "也可以用任何 NATS 客户端：",
    authors: "作者：",
    author_separator: "、",
    published: "发布于",
    taken_in: "收录于",
    updated: "更新于",
    original: "原文",
    original_in: "{language}原文",
    summary: "摘要",
    summary_in: "{language}摘要",
    no_summary_in: "没有{language}摘要",
    missing_because: [
        "正文里没有可以摘录的句子",
        "出版方不允许机器使用本文",
        "没有配置能撰写它的模型",
        "模型的回答未通过检查",
        "当时无法使用模型",
        "当日的模型用量已用完",
    ],
    no_summary: "没有摘要",
    excerpt: "摘录：句子取自原文，未使用模型。",
    excerpt_because: "摘录：句子取自原文。{reason}。",
    model: "由模型 {model} 撰写。",
    unnamed_model: "（未注明）",
    checks_passed: "通过检查：{checks}。",
    checks_failed: "未通过检查：{checks}。",
    checks_undecided: "无法判断：{checks}。",
    list_separator: "、",
    check_names: &[
        ("transport", "传输"),
        ("language", "语言"),
        ("length", "长度"),
        ("leaks", "提示词泄漏"),
        ("numbers", "数字"),
        ("names", "名称"),
        ("support", "原文依据"),
        ("obedience", "不听从文中指令"),
        ("verbatim", "逐字摘自原文"),
    ],
    body: "正文",
    words: ["{n} 词", "{n} 词"],
    characters: ["{n} 字", "{n} 字"],
    minutes: ["约 {n} 分钟读完", "约 {n} 分钟读完"],
    colon: "：",
    rights_refused: "出版方保留机器使用本文的权利",
    told_before: "同一报道此前已从另一来源收录",
    limited_by_publisher: ["出版方只允许显示开头部分", "出版方只允许显示摘要", "出版方只允许显示标题和链接"],
    limited_by_operator: [
        "本站只显示这个来源的文章开头",
        "本站只显示这个来源的文章摘要",
        "本站只显示这个来源的文章标题",
    ],
    read_on: "在来源网站继续阅读",
    as_json: "本页数据（JSON）",
    not_found_title: "没有这个页面",
    not_found: "这个地址没有内容。链接可能有误，或者文章还没有收录。",
    gone_title: "文章已撤回",
    gone: "这篇文章曾在这里，现已撤回。原因：",
    internal_title: "出错了",
    internal: "服务器没能生成这个页面。错误已记录，请稍后再试。",
    to_front_page: "回到首页",
    date: "%Y年%-m月%-d日",
    day: "%Y年%-m月%-d日 ",
    weekdays: Some(["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"]),
};

/// The interface in English.
pub static ENGLISH: Messages = Messages {
    language: Language::ENGLISH,
    lang: "en",
    name: "English",
    skip_to_content: "Skip to content",
    interface_language: "Interface language",
    feed: "Feed",
    articles: "Articles",
    older: "Older articles",
    empty_title: "No articles yet",
    empty_hint: "Publish the first event, and a few seconds later the article stands here:",
    empty_or: "Any NATS client does as well:",
    authors: "By ",
    author_separator: ", ",
    published: "Published",
    taken_in: "Taken in",
    updated: "Updated",
    original: "Original",
    original_in: "Original in {language}",
    summary: "Summary",
    summary_in: "Summary in {language}",
    no_summary_in: "No summary in {language}",
    missing_because: [
        "the text has no sentence that could be taken",
        "the publisher refuses machine use",
        "no model is configured that could write it",
        "no model's answer passed the checks",
        "no model could be used at the time",
        "the day's use of models was spent",
    ],
    no_summary: "No summary",
    excerpt: "Excerpt: sentences taken from the article; no model was used.",
    excerpt_because: "Excerpt: sentences taken from the article, since {reason}.",
    model: "Written by the model {model}.",
    unnamed_model: "(not named)",
    checks_passed: "Checks passed: {checks}.",
    checks_failed: "Checks failed: {checks}.",
    checks_undecided: "Could not be judged: {checks}.",
    list_separator: ", ",
    check_names: &[],
    body: "Article",
    words: ["{n} word", "{n} words"],
    characters: ["{n} character", "{n} characters"],
    minutes: ["{n} minute to read", "{n} minutes to read"],
    colon: ": ",
    rights_refused: "The publisher reserves this article's use by machines",
    told_before: "The same story was taken in from another source before",
    limited_by_publisher: [
        "The publisher allows only the beginning to be shown",
        "The publisher allows only summaries to be shown",
        "The publisher allows only the title and a link to be shown",
    ],
    limited_by_operator: [
        "This site shows only the beginning of this source's articles",
        "This site shows only summaries of this source's articles",
        "This site shows only the titles of this source's articles",
    ],
    read_on: "Read on at the source",
    as_json: "This page as JSON",
    not_found_title: "No such page",
    not_found: "Nothing is at this address. The link may be wrong, or the article has not been taken in yet.",
    gone_title: "Article retracted",
    gone: "This article was here and has been retracted. The reason: ",
    internal_title: "Something went wrong",
    internal: "The server could not make this page. The error has been recorded; please try again later.",
    to_front_page: "To the front page",
    date: "%-d %B %Y",
    day: "%A, %-d %B %Y",
    weekdays: None,
};

/// All of them.
pub static ALL: [&Messages; 2] = [&CHINESE, &ENGLISH];

impl Messages {
    /// The interface in `language`, if there is one.
    pub fn of(language: &Language) -> Option<&'static Self> {
        ALL.into_iter().find(|m| m.language.same_language(language))
    }

    /// A language's name; its tag where it has none here, nothing where the language is not known.
    pub(super) fn language_name<'a>(&self, language: &'a Language) -> Option<&'a str> {
        match languages::names(language) {
            Some((chinese, _)) if self.language == Language::CHINESE => Some(chinese),
            Some((_, english)) => Some(english),
            None if language.primary() == "und" => None,
            None => Some(language.as_str()),
        }
    }

    /// The label of a link to the original. A reader of its language needs no warning.
    pub(super) fn original(&self, language: &Language) -> String {
        match self.language_name(language) {
            Some(name) if !self.language.same_language(language) => self.original_in.replace("{language}", name),
            _ => self.original.to_owned(),
        }
    }

    /// The heading of a summary.
    pub(super) fn summary(&self, language: &Language) -> String {
        self.language_name(language)
            .map_or_else(|| self.summary.to_owned(), |name| self.summary_in.replace("{language}", name))
    }

    /// Who limits what is shown of an article, and to what; `None` where it is shown whole.
    pub(super) fn limited(&self, rights: &Rights) -> Option<&'static str> {
        let said = if rights.limited_by_operator() { self.limited_by_operator } else { self.limited_by_publisher };
        let [excerpt, summary, none] = said;
        match rights.show {
            Show::Full => None,
            Show::Excerpt => Some(excerpt),
            Show::Summary => Some(summary),
            Show::None => Some(none),
        }
    }

    /// Why a summary is missing; `None` where only the event's own words tell.
    fn missing_because(&self, code: MissingCode) -> Option<&'static str> {
        let [nothing, refused, no_model, failed, unavailable, spent] = self.missing_because;
        match code {
            MissingCode::NothingToSummarize => Some(nothing),
            MissingCode::RightsRefused => Some(refused),
            MissingCode::NoModel => Some(no_model),
            MissingCode::ModelFailed => Some(failed),
            MissingCode::ModelUnavailable => Some(unavailable),
            MissingCode::BudgetSpent => Some(spent),
            MissingCode::Other => None,
        }
    }

    /// Why there is no summary by a model, with the checks that its answers failed; `None` where only the event's own
    /// words tell.
    pub(super) fn why(&self, code: MissingCode, failed: &[String]) -> Option<String> {
        let because = self.missing_because(code)?;
        if failed.is_empty() {
            return Some(because.to_owned());
        }
        let names: Vec<_> = failed.iter().map(|name| self.check_name(name)).collect();
        Some(format!("{because}{}{}", self.colon, names.join(self.list_separator)))
    }

    /// That a summary is an excerpt, and why no model wrote it.
    pub(super) fn excerpt(&self, fallback: Option<&Fallback>) -> String {
        let reason = fallback.map(|f| self.why(f.code, &f.failed).unwrap_or_else(|| f.reason.clone()));
        reason.map_or_else(|| self.excerpt.to_owned(), |reason| self.excerpt_because.replace("{reason}", &reason))
    }

    /// That there is no summary in `language`.
    pub(super) fn no_summary(&self, language: &Language) -> String {
        self.language_name(language)
            .map_or_else(|| self.no_summary.to_owned(), |name| self.no_summary_in.replace("{language}", name))
    }

    /// Which model wrote a summary.
    pub(super) fn written_by(&self, model: Option<&str>) -> String {
        self.model.replace("{model}", model.unwrap_or(self.unnamed_model))
    }

    /// Which checks came to `verdict`; their names as the event gives them.
    pub(super) fn checks<'a>(&'a self, verdict: Verdict, names: impl Iterator<Item = &'a str>) -> Option<String> {
        let names: Vec<_> = names.map(|name| self.check_name(name)).collect();
        let pattern = match verdict {
            Verdict::Pass => self.checks_passed,
            Verdict::Fail => self.checks_failed,
            Verdict::CannotJudge => self.checks_undecided,
        };
        (!names.is_empty()).then(|| pattern.replace("{checks}", &names.join(self.list_separator)))
    }

    fn check_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.check_names.iter().find(|(known, _)| *known == name).map_or(name, |(_, label)| label)
    }

    /// An article's length.
    pub(super) fn length(&self, words: u32, language: &Language) -> String {
        let forms = if languages::counted_in_characters(language) { self.characters } else { self.words };
        counted(forms, words)
    }

    /// How long an article takes to read.
    pub(super) fn reading_time(&self, words: u32, language: &Language) -> String {
        // Silent reading: 238 words a minute for English non-fiction (Brysbaert 2019); for scripts
        // without spaces the middle of the usual 300 to 500 characters.
        let a_minute = if languages::counted_in_characters(language) { 400 } else { 238 };
        counted(self.minutes, words.div_ceil(a_minute).max(1))
    }

    /// A date and time by the clock that it was written by, and it says which one that is.
    pub(super) fn date_time(&self, time: OffsetTime) -> String {
        let zone = match time.offset() {
            Offset::UTC => String::new(),
            offset => offset.to_string(),
        };
        format!("{} {} UTC{zone}", time.date().strftime(self.date), time.time().strftime("%H:%M"))
    }

    /// An hour in UTC, and it says so.
    pub(super) fn hour(&self, time: Timestamp) -> String {
        time.strftime("%H:%M UTC").to_string()
    }

    /// A date in UTC.
    pub(super) fn date(&self, time: Timestamp) -> String {
        time.strftime(self.date).to_string()
    }

    /// A date in UTC with its weekday.
    pub(super) fn day(&self, time: Timestamp) -> String {
        let mut day = time.strftime(self.day).to_string();
        if let (Some(names), Ok(number)) = (self.weekdays, time.strftime("%u").to_string().parse::<usize>()) {
            day.push_str(names.get(number.saturating_sub(1)).copied().unwrap_or_default());
        }
        day
    }
}

/// Fills a number into the form that fits it: the first for one, the second for others.
fn counted(forms: [&str; 2], n: u32) -> String {
    forms[usize::from(n != 1)].replace("{n}", &grouped(n))
}

/// A number with a comma at every third digit, as both languages write it.
fn grouped(n: u32) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time() -> Timestamp {
        "2026-01-22T05:01:44Z".parse().unwrap()
    }

    #[test]
    fn times_say_by_which_clock_they_are() {
        assert_eq!(CHINESE.date_time(time().into()), "2026年1月22日 05:01 UTC");
        assert_eq!(ENGLISH.date_time(time().into()), "22 January 2026 05:01 UTC");
        let of = |text: &str| ENGLISH.date_time(text.parse().unwrap());
        assert_eq!(of("2026-01-22T01:01:44+08:00"), "22 January 2026 01:01 UTC+08");
        assert_eq!(of("2026-01-22T23:31:44-03:30"), "22 January 2026 23:31 UTC-03:30");
    }

    #[test]
    fn a_day_has_its_weekday() {
        assert_eq!(CHINESE.day(time()), "2026年1月22日 星期四");
        assert_eq!(ENGLISH.day(time()), "Thursday, 22 January 2026");
    }

    #[test]
    fn a_link_to_the_original_warns_of_another_language() {
        let french: Language = "fr-CA".parse().unwrap();
        assert_eq!(CHINESE.original(&Language::ENGLISH), "英文原文");
        assert_eq!(CHINESE.original(&Language::CHINESE), "原文");
        assert_eq!(ENGLISH.original(&Language::ENGLISH), "Original");
        assert_eq!(ENGLISH.original(&french), "Original in French");
        assert_eq!(ENGLISH.original(&Language::UNDETERMINED), "Original");
    }

    #[test]
    fn lengths_are_counted_as_the_language_is() {
        assert_eq!(ENGLISH.length(1, &Language::ENGLISH), "1 word");
        assert_eq!(ENGLISH.length(12_345, &Language::CHINESE), "12,345 characters");
        assert_eq!(CHINESE.length(1_234_567, &Language::ENGLISH), "1,234,567 词");
        assert_eq!(CHINESE.length(800, &Language::CHINESE), "800 字");
        assert_eq!(CHINESE.reading_time(800, &Language::CHINESE), "约 2 分钟读完");
        assert_eq!(ENGLISH.reading_time(0, &Language::ENGLISH), "1 minute to read");
        assert_eq!(ENGLISH.reading_time(u32::MAX, &Language::ENGLISH), "18,046,082 minutes to read");
    }

    #[test]
    fn a_check_without_a_label_keeps_its_name() {
        let line = CHINESE.checks(Verdict::Pass, ["language", "novelty"].into_iter());
        assert_eq!(line.as_deref(), Some("通过检查：语言、novelty。"));
        assert_eq!(ENGLISH.checks(Verdict::Fail, [].into_iter()), None);
    }
}
