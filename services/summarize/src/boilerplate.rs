//! Lines that stand in an article's text and are none of its sentences: captions, bylines, datelines,
//! and what sites put in between.
//!
//! Rules are narrow on purpose: a sentence of the article that is lost here is lost for the summary.

use kos_shared::text::{count_words, script::is_han};

/// What a line that begins with one of [`OPENINGS`] has at most, in words or characters: a longer one is
/// a real sentence that happens to begin so.
const MAX_WORDS: usize = 14;

/// The same for [`CHINESE_OPENINGS`] and the other Chinese rules, in characters.
const MAX_CHARACTERS: usize = 40;

/// What a byline is at most, in words.
const MAX_BYLINE_WORDS: usize = 9;

/// Where a dateline ends at the latest, in bytes.
const MAX_DATELINE_BYTES: usize = 150;

/// How such lines begin, in lower case.
const OPENINGS: &str = "all rights reserved|as an amazon associate|click here|continue reading|editor 's note|\
    editor's note|editor’s note|follow @|follow us|for more information, visit|getty images|image credit|image source|\
    join our newsletter|last updated|listen to this article|more on this|more stories|most read|open image|photo by|\
    photo credit|read also|read more|read next|related articles|related content|related stories|related topics|\
    scroll down|see also|share this|sharing is caring|sign up for|sign up to|skip to|sponsored content|\
    story continues|subscribe to|support our|tap here|this article contains affiliate|this article first appeared|\
    this article may contain affiliate|this article originally|this article was originally|this page was last|\
    this post contains affiliate|this post may contain affiliate|this shop has been compensated|\
    this story was originally|watch the video|you may also like|you might also like";

/// Words that are such a line alone or with a colon behind them, in lower case.
const LABELS: &str = "ad|advertisement|caption|credit|credits|image|images|listen|more|photo|photograph|photos|picture|\
    pictures|published|recommended|related|source|sources|sponsored|topics|updated|video|watch";

/// How such lines begin in Chinese, opening marks left out.
const CHINESE_OPENINGS: &str = "阅读更多|阅读全文|阅读原文|查看更多|查看全文|展开全文|点击查看|点击进入|点击阅读|点击关注|点击播放|\
    点击图片|更多内容请|更多精彩|扫一扫|扫描二维码|扫码阅读|扫码关注|扫码下载|扫码查看|微信扫码|长按识别|长按二维码|关注我们|关注公众号|\
    欢迎关注|版权所有|未经授权不得|未经授权，不得|未经授权禁止|转载请注明|本文来自|本文转自|本文来源|打开app|下载app|返回搜狐|图为|\
    资料图|视频加载中";

/// Words that are such a line alone or with a mark behind them, in Chinese.
const CHINESE_LABELS: &str = "相关阅读|相关新闻|相关报道|相关链接|相关推荐|相关文章|延伸阅读|推荐阅读|更多阅读|更多新闻|责任编辑|责编|编辑|\
    校对|审核|作者|记者|来源|稿源|原标题|原文链接|图片来源|图源|图片|图|文|摄影|摄|视频|视频来源|免责声明|版权声明|特别声明|声明|广告|\
    分享到|发布时间|更新时间|字号";

/// How captions and credits end, in lower case.
const ENDINGS: &str = "(file photo)|( file photo )|(pictured)|( pictured )|photo: afp|photo: reuters|/afp|/reuters|\
    via getty images|/getty images|shutterstock";

/// How captions and credits end in Chinese.
const CHINESE_ENDINGS: &str = "摄|供图|资料图|图片）|供图）|摄）";

/// Whether `text`, a line or a sentence, is a caption, a byline, a credit, or a site's own words.
pub(crate) fn is_boilerplate(text: &str) -> bool {
    let start = &text[..text.floor_char_boundary(MAX_CHARACTERS * 12)];
    let bare = start.trim_matches(|c: char| !c.is_alphanumeric() && !"(（)）@©".contains(c));
    let words = count_words(bare);
    let wordless = words == 0 || !bare.contains(char::is_alphabetic);
    if wordless || words > MAX_CHARACTERS {
        return wordless;
    }
    let lower = bare.trim_start_matches(['(', '（']).to_lowercase();
    let begins = |openings: &str| openings.split('|').any(|o| lower.starts_with(o));
    let ends = |endings: &str| endings.split('|').any(|e| lower.ends_with(e));
    let labelled = |labels: &str| labels.split('|').any(|l| lower.strip_prefix(l).is_some_and(is_behind_label));
    if lower.contains(is_han) {
        let unended = !ends_a_sentence(start);
        // `（记者 张三）` behind the last sentence.
        let in_brackets = unended && bare.starts_with(['(', '（']) && bare.ends_with([')', '）']);
        return in_brackets
            || begins(CHINESE_OPENINGS)
            || labelled(CHINESE_LABELS)
            || (unended && ends(CHINESE_ENDINGS));
    }
    let short = || begins(OPENINGS) || labelled(LABELS) || ends(ENDINGS) || is_copyright(&lower);
    is_byline(start) || (words <= MAX_WORDS && short())
}

/// Whether `text` ends the way a sentence does; a heading or a label doesn't.
pub(crate) fn ends_a_sentence(text: &str) -> bool {
    let closers = |c: char| c.is_whitespace() || "\"'”’»›)]}」』）】》〉“".contains(c);
    let text = text.trim_end_matches(closers);
    text.ends_with(['.', '!', '?', '…']) || text.chars().next_back().is_some_and(|c| "。！？；।॥؟۔።".contains(c))
}

/// How many bytes at the start of a paragraph are its dateline: `LONDON (Reuters) - `,
/// `新华社北京1月2日电（记者 张三）`. 0 where there is none.
pub(crate) fn dateline(paragraph: &str) -> usize {
    let reach = paragraph.floor_char_boundary(MAX_DATELINE_BYTES);
    chinese_dateline(&paragraph[..reach]).or_else(|| western_dateline(&paragraph[..reach])).unwrap_or(0)
}

/// Whether `rest` of a line makes the word before it a label: nothing more, or a mark.
fn is_behind_label(rest: &str) -> bool {
    rest.chars().next().is_none_or(|c| ":：/／|｜】》〉)）".contains(c))
}

fn is_copyright(lower: &str) -> bool {
    let rest = lower.strip_prefix("copyright").map(str::trim_start);
    lower.starts_with('©') || rest.is_some_and(|r| r.starts_with(|c: char| "©(".contains(c) || c.is_ascii_digit()))
}

/// `By Jane Doe and John Smith | Staff`, `By Jane Doe on Monday, May 3rd at 11 a.m.`: names and no sentence.
fn is_byline(text: &str) -> bool {
    let text = text.trim();
    let Some(names) = ["By ", "BY ", "Written by "].iter().find_map(|by| text.strip_prefix(by)) else { return false };
    let dated = [" on ", " at "].iter().find_map(|on| names.split_once(on)).filter(|(_, date)| is_date(date));
    let particle = |w: &str| matches!(w, "and" | "for" | "da" | "de" | "der" | "di" | "la" | "le" | "van" | "von");
    let named = |w: &str| !w.starts_with(char::is_lowercase) || particle(w);
    let names = dated.map_or(names, |(names, _)| names);
    let ended = dated.is_none() && ends_a_sentence(text);
    !ended && count_words(names) <= MAX_BYLINE_WORDS && names.split_whitespace().all(named)
}

/// Whether `text` is a day or a time and nothing else: a day of the week or a month first, or figures only.
fn is_date(text: &str) -> bool {
    const WORDS: &str = "mon tue wed thu fri sat sun jan feb mar apr may jun jul aug sep oct nov dec am pm a.m p.m at am et \
        pt gmt est edt pst pdt utc bst th st nd rd";
    let date = |word: &str| {
        let word = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':').to_lowercase();
        word.is_empty() || WORDS.split_whitespace().any(|w| word == w || (w.len() == 3 && word.starts_with(w)))
    };
    text.contains(|c: char| c.is_ascii_digit())
        && text.split([' ', ',', '/', '-']).map(|w| w.trim_end_matches('.')).all(date)
}

/// A place in capitals or an agency in brackets, then a dash; or a known agency in brackets alone.
fn western_dateline(start: &str) -> Option<usize> {
    const AGENCIES: [&str; 8] = ["(CNN)", "( CNN )", "(Reuters)", "( Reuters )", "(AP)", "( AP )", "(AFP)", "( AFP )"];
    let bare =
        AGENCIES.iter().find_map(|a| start.strip_prefix(*a)).map(|rest| rest.trim_start_matches([' ', '-', '–', '—']));
    if let Some(rest) = bare {
        return Some(start.len() - rest.len());
    }
    let (at, dash) =
        ["--", "—", "–", "-"].iter().filter_map(|d| Some((start.find(&format!(" {d} "))?, d.len() + 2))).min()?;
    let place = &start[..at];
    let capital = place.split([',', '(']).next().unwrap_or_default().trim();
    let in_capitals =
        !capital.is_empty() && capital.chars().all(|c| !c.is_lowercase()) && capital.chars().any(char::is_uppercase);
    let agency_only = place.starts_with('(') && place.trim_end().ends_with(')');
    // A hyphen isn't enough where the place is in small letters.
    let named = dash > 3 && is_place_and_state(place) && start[at + dash..].starts_with(char::is_uppercase);
    ((in_capitals || agency_only || named) && place.len() <= 60).then_some(at + dash)
}

/// `Dekalb, Ill.`, `New York, NY`, `Dubai, United Arab Emirates`: two names, and nothing in small letters.
fn is_place_and_state(place: &str) -> bool {
    let names: Vec<&str> = place.split(", ").collect();
    let name =
        |n: &&str| (1..=3).contains(&n.split(' ').count()) && n.split(' ').all(|w| w.starts_with(char::is_uppercase));
    names.len() == 2 && names.iter().all(name)
}

/// `新华社北京1月2日电（记者 张三）`, `本报讯`, `央广网北京1月2日消息 `, and what a site puts in `【】` before them.
fn chinese_dateline(start: &str) -> Option<usize> {
    let bracket = start.strip_prefix('【').and_then(|rest| rest.split_once('】')).map_or("", |(inside, _)| inside);
    let column = if bracket.is_empty() { 0 } else { bracket.len() + 2 * '【'.len_utf8() };
    let rest = &start[column..];
    let end = column + agency_line(rest).unwrap_or(0);
    let blank = |c: char| c.is_whitespace() || "，,：:".contains(c);
    let end = start.len() - if end > 0 { start[end..].trim_start_matches(blank).len() } else { start.len() };
    // A line that is nothing but its bracket keeps it.
    (end > 0 && end < start.len()).then_some(end)
}

/// How many bytes the agency, its place, its day and its reporters take at the start of a Chinese line.
fn agency_line(start: &str) -> Option<usize> {
    const AGENCIES: [&str; 10] = ["社", "网", "报", "电视台", "电台", "新闻", "中新", "日报", "晚报", "频道"];
    let head = &start[..start.char_indices().nth(28).map_or(start.len(), |(at, _)| at)];
    let head = head.split(['，', '。', '、', '“', '：', '；']).next().unwrap_or_default();
    let (at, word) = ["电", "讯", "消息"]
        .iter()
        .flat_map(|word| head.match_indices(word))
        .filter(|(at, word)| {
            let (before, after) = (&head[..*at], &start[at + word.len()..]);
            // `3日电力供应` is about power.
            let dated = before.trim_end().ends_with('日')
                && !after.starts_with(['子', '话', '视', '影', '力', '动', '脑', '网']);
            let agency = AGENCIES.iter().any(|agency| before.trim_end().ends_with(agency));
            dated
                || (agency && after.starts_with(|c: char| c.is_whitespace() || "（(，：:".contains(c)))
                || (*word == "讯" && before.ends_with('报'))
        })
        .min()?;
    let before = &head[..at];
    AGENCIES.iter().find(|agency| before.char_indices().take(10).any(|(at, _)| before[at..].starts_with(**agency)))?;
    let mut end = at + word.len();
    if let Some(rest) = start[end..].trim_start().strip_prefix(['（', '('])
        && let Some(close) = rest.find(['）', ')'])
    {
        end = start.len() - rest.len() + close;
        end += start[end..].chars().next().map_or(0, char::len_utf8);
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sites_put_between_paragraphs_is_recognised() {
        for line in [
            "Read more: the village that moved",
            "SCROLL DOWN FOR VIDEO .",
            "By Jane Doe and Ana de la Cruz",
            "Advertisement",
            "Photo: A. Smith",
            "A boat at the quay (file photo)",
            "© 2026 The Example",
            "Copyright 2026 Example Ltd.",
            "【相关阅读】三座桥的故事",
            "（责任编辑：李四）",
            "文/王五",
            "（记者 王五 通讯员 赵六）",
            "Sponsored",
            "Video: how it works",
            "图为修缮后的水塔。",
            "渡口清晨 张三 摄",
            "By Matt Digby , Min Do on Monday, November 18th, 2019 at 11:08 a.m.",
            "***",
            "1.2.3. (4)",
        ] {
            assert!(is_boilerplate(line), "{line}");
        }
    }

    #[test]
    fn sentences_that_begin_alike_are_kept() {
        for line in [
            "Copyright law changes next year.",
            "By Monday the water had gone.",
            "By noon, Anna was back.",
            "By Anna on Monday 3 May everything was said.",
            "Read more slowly and you will remember more, say the researchers who followed 300 pupils for two years.",
            "Advertisements fell by a third.",
            "Subscribers were told on Monday.",
            "Sponsored by the council, the fair opened on Friday.",
            "Video games are taught at the school.",
            "相关报道引起了全城的讨论。",
            "扫码支付已经普及到每个摊位。",
            "文化馆今年新增三个分馆。",
            "广场上的老人正在学习摄影和剪辑，准备用自己的镜头记录这座城市在过去二十年里发生的变化与故事。",
        ] {
            assert!(!is_boilerplate(line), "{line}");
        }
    }

    #[test]
    fn datelines_are_measured_and_sentences_have_none() {
        for (paragraph, rest) in [
            ("LONDON (Reuters) - Prices rose.", "Prices rose."),
            ("( CNN ) -- Turnout is down.", "Turnout is down."),
            ("NEW YORK, May 3 — It rained.", "It rained."),
            ("新华社北京1月2日电（记者 张三）今年粮食丰收。", "今年粮食丰收。"),
            ("本报讯 昨日起实行。", "昨日起实行。"),
            ("Prices - and wages - rose.", "Prices - and wages - rose."),
            ("本报记者从会上获悉，方案已定。", "本报记者从会上获悉，方案已定。"),
            ("(CNN)The show is back.", "The show is back."),
            ("Dekalb, Ill. — Mike ran.", "Mike ran."),
            ("Port Said, Egypt – It rained.", "It rained."),
            ("Paris, Rome – and then home.", "Paris, Rome – and then home."),
            ("Anna, a nurse, — Bo, too — left.", "Anna, a nurse, — Bo, too — left."),
            ("央广网北京2月13日消息 据报道，方案已定。", "据报道，方案已定。"),
            ("江边日报讯（记者 张三）渡口恢复通航。", "渡口恢复通航。"),
            ("【城市观察】中新社江州3月8日电 渡口恢复通航。", "渡口恢复通航。"),
            ("【城市观察】渡口恢复通航。", "渡口恢复通航。"),
            ("【城市观察】", "【城市观察】"),
            ("网上有消息说，渡口恢复通航。", "网上有消息说，渡口恢复通航。"),
            ("海报设计师电话里说渡口恢复通航。", "海报设计师电话里说渡口恢复通航。"),
            ("报纸3日电子版说渡口恢复通航。", "报纸3日电子版说渡口恢复通航。"),
            ("新闻网站消息灵通。", "新闻网站消息灵通。"),
        ] {
            assert_eq!(&paragraph[dateline(paragraph)..], rest);
        }
    }
}
