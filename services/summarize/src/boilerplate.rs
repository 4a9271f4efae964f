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
const MAX_DATELINE_BYTES: usize = 90;

/// How such lines begin, in lower case.
const OPENINGS: &str = "all rights reserved|click here|continue reading|editor 's note|editor's note|editor’s note|\
    follow us|follow @|for more information, visit|getty images|image credit|image source|join our newsletter|\
    last updated|listen to this article|more on this|more stories|most read|open image|photo by|photo credit|read also|\
    read more|read next|related articles|related content|related stories|related topics|scroll down|see also|\
    share this|sign up for|sign up to|skip to|sponsored content|story continues|subscribe to|support our|tap here|\
    this article first appeared|this article originally|this article was originally|this page was last|\
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
    if words == 0 || words > MAX_CHARACTERS {
        return words == 0;
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
    words <= MAX_WORDS
        && (begins(OPENINGS) || labelled(LABELS) || ends(ENDINGS) || is_copyright(&lower) || is_byline(start))
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

/// `By Jane Doe and John Smith | Staff`: names and no sentence.
fn is_byline(text: &str) -> bool {
    let text = text.trim();
    let Some(names) = ["By ", "BY ", "Written by "].iter().find_map(|by| text.strip_prefix(by)) else { return false };
    let particle = |w: &str| matches!(w, "and" | "for" | "da" | "de" | "der" | "di" | "la" | "le" | "van" | "von");
    let named = |w: &str| !w.starts_with(char::is_lowercase) || particle(w);
    !ends_a_sentence(text) && count_words(names) <= MAX_BYLINE_WORDS && names.split_whitespace().all(named)
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
    ((in_capitals || agency_only) && place.len() <= 60).then_some(at + dash)
}

fn chinese_dateline(start: &str) -> Option<usize> {
    const AGENCIES: [&str; 9] = ["新华社", "中新社", "中新网", "央视网", "人民网", "本报", "本网", "法新社", "路透社"];
    AGENCIES.iter().find(|a| start.starts_with(**a))?;
    let (at, word) = start.char_indices().take(20).find_map(|(at, c)| matches!(c, '电' | '讯').then_some((at, c)))?;
    let mut end = at + word.len_utf8();
    if let Some(rest) = start[end..].trim_start().strip_prefix(['（', '('])
        && let Some(close) = rest.find(['）', ')'])
    {
        end = start.len() - rest.len() + close;
        end += start[end..].chars().next().map_or(0, char::len_utf8);
    }
    Some(start.len() - start[end..].trim_start_matches(|c: char| c.is_whitespace() || "，,：:".contains(c)).len())
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
            "***",
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
        ] {
            assert_eq!(&paragraph[dateline(paragraph)..], rest);
        }
    }
}
