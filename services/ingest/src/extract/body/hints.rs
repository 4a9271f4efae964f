//! What names of classes and first words of lines say about a piece of a page.
//!
//! Every rule here is a word that templates of many sites share; none is a site's.

use std::sync::LazyLock;

use regex::Regex;

/// A set of hints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hints(pub(super) u32);

impl Hints {
    /// Where to go on the site.
    pub(super) const NAVIGATION: Self = Self(1);
    /// Above, below and beside the article.
    pub(super) const FRAME: Self = Self(1 << 1);
    /// To share it or follow its makers.
    pub(super) const SHARE: Self = Self(1 << 2);
    /// Other articles.
    pub(super) const RELATED: Self = Self(1 << 3);
    /// Advertisements.
    pub(super) const ADVERT: Self = Self(1 << 4);
    /// To subscribe, sign up, donate.
    pub(super) const SUBSCRIBE: Self = Self(1 << 5);
    /// What readers say.
    pub(super) const COMMENT: Self = Self(1 << 6);
    /// Who wrote it and when, and how it is filed.
    pub(super) const BYLINE: Self = Self(1 << 7);
    /// Who the author is.
    pub(super) const AUTHOR: Self = Self(1 << 8);
    /// What an image shows and who took it.
    pub(super) const CAPTION: Self = Self(1 << 9);
    /// Copyright, disclaimers, cookies.
    pub(super) const LEGAL: Self = Self(1 << 10);
    /// What pops up or slides.
    pub(super) const WIDGET: Self = Self(1 << 11);
    /// What isn't shown.
    pub(super) const HIDDEN: Self = Self(1 << 12);
    /// The article itself.
    pub(super) const ARTICLE: Self = Self(1 << 13);
    /// Its title, subtitle, teaser.
    pub(super) const TITLE: Self = Self(1 << 14);
    /// A table of contents.
    pub(super) const CONTENTS: Self = Self(1 << 15);
    /// References, notes, sources.
    pub(super) const REFERENCES: Self = Self(1 << 16);
    /// A button.
    pub(super) const BUTTON: Self = Self(1 << 17);

    /// How many hints there are.
    pub(super) const COUNT: usize = 18;

    /// These and those.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any of those is among these.
    pub(super) fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Each hint as one or nothing.
    pub(super) fn each(self) -> impl Iterator<Item = f32> {
        (0..Self::COUNT).map(move |bit| f32::from(u8::from(self.0 >> bit & 1 == 1)))
    }
}

/// Beginnings of the words in class names and ids; a whole word where it ends in `=`.
const CLASS_WORDS: [(Hints, &str); 18] = [
    (Hints::NAVIGATION, "nav|menu|breadcrumb|crumb|paginat|pager|submenu|sitemap|tabs"),
    (Hints::FRAME, "header|masthead|footer|sidebar|aside|rail|topbar|bottom|colophon"),
    (Hints::SHARE, "share|sharing|social|follow|addthis|addtoany|facebook|twitter|sns"),
    (
        Hints::RELATED,
        "relat|recirc|recommend|trending|popular|outbrain|taboola|zergnet|readnext|upnext|latest|mostread|\
         similar|suggest|teaser|promo|readmore|card|morefrom|nextpost|hot",
    ),
    (Hints::ADVERT, "ad=|ads=|adv=|advert|adsense|sponsor|dfp|banner|gpt=|affiliate|commercial"),
    (
        Hints::SUBSCRIBE,
        "newsletter|subscri|signup|optin|cta|paywall|donat|membership|mailchimp|convertkit|regist|login|\
         calltoaction|leadgen|hubspot",
    ),
    (Hints::COMMENT, "comment|disqus|reply|respond|replies|pinglun|discuss"),
    (
        Hints::BYLINE,
        "byline|dateline|timestamp|date=|time=|meta=|postmeta|posted|published|tag=|tags=|taglist|categor|\
         kicker|eyebrow|info=|laiyuan|source=|updated",
    ),
    (Hints::AUTHOR, "author|bio=|biography|writer|contributor|profile|aboutauthor|editor="),
    (Hints::CAPTION, "caption|credit|copyright|imgtext|imagetext|attribution|photographer|wpcaption"),
    (Hints::LEGAL, "cookie|gdpr|consent|disclaim|legal|terms|disclosure|license|notice"),
    (
        Hints::WIDGET,
        "widget|modal|popup|overlay|tooltip|gallery|slideshow|carousel|slider|slide=|swiper|video|player|\
         rating|vote|poll|quiz|calculator|toolbar|embed|dropdown",
    ),
    (Hints::HIDDEN, "hidden|hide|invisible|sronly|screenreader|visuallyhidden|noprint|printonly"),
    (
        Hints::ARTICLE,
        "article|entrycontent|postcontent|storybody|articlebody|prose|richtext|wysiwyg|story|entry|markdown",
    ),
    (Hints::TITLE, "title|headline|subtitle|subhead|dek=|deck=|standfirst|excerpt|lede=|hero"),
    (Hints::CONTENTS, "toc|tableofcontent|contentstable|jumplink|ontthispage|eztoc"),
    (Hints::REFERENCES, "reference|footnote|reflist|citation|endnote|sources"),
    (Hints::BUTTON, "button|btn|buy|price|product|shop"),
];

/// Words that say something with the one after them alone.
const PAIRS: [(Hints, &str, &str); 12] = [
    (Hints::RELATED, "read", "more"),
    (Hints::RELATED, "read", "next"),
    (Hints::RELATED, "up", "next"),
    (Hints::RELATED, "more", "stories"),
    (Hints::RELATED, "also", "like"),
    (Hints::HIDDEN, "sr", "only"),
    (Hints::HIDDEN, "screen", "reader"),
    (Hints::HIDDEN, "visually", "hidden"),
    (Hints::SUBSCRIBE, "sign", "up"),
    (Hints::SUBSCRIBE, "opt", "in"),
    (Hints::CONTENTS, "table", "contents"),
    (Hints::RELATED, "most", "read"),
];

/// What a class attribute or an id says.
pub(super) fn of_class(names: &str) -> Hints {
    let mut found = Hints::default();
    let mut before = String::new();
    for word in words(names) {
        let is_meant = |pattern: &&str| match pattern.strip_suffix('=') {
            Some(whole) => word == whole,
            None => word.starts_with(*pattern),
        };
        for (hint, patterns) in OF_CLASS.iter() {
            if patterns.iter().any(is_meant) {
                found = found.and(*hint);
            }
        }
        for (hint, first, second) in &PAIRS {
            if before == *first && word == *second {
                found = found.and(*hint);
            }
        }
        before = word;
    }
    found
}

/// The words that a name is made of, in lower case: `relatedPosts related-posts` are four.
fn words(names: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut small_before = false;
    for c in names.chars().take(400) {
        let starts = c.is_ascii_uppercase() && small_before;
        if (!c.is_ascii_alphabetic() || starts) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphabetic() {
            word.push(c.to_ascii_lowercase());
        }
        small_before = c.is_ascii_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Beginnings of lines, in lower case.
const LINE_STARTS: [(Hints, &str); 10] = [
    (
        Hints::RELATED,
        "related|read more|see more|see also|also read|also see|also:|read also|more:|more from|more on|\
         more in|more stories|you may also|you might also|recommended|don't miss|don’t miss|most read|\
         most popular|trending|top stories|latest|popular|next article|previous article|next post|\
         previous post|up next|read next|continue reading|keep reading|story continues|watch:|read:|\
         learn more|read the|explore more|view all|see all|show more|what to read|相关|推荐|延伸阅读|热门|上一篇|下一篇|更多|\
         猜你喜欢|阅读原文|阅读全文|上一页|下一页|精彩|热点|lesen sie|mehr zum thema|lire aussi|à lire|leer también|lea también|\
         leia também|leia mais|veja também|leggi anche|читайте также|関連",
    ),
    (
        Hints::SHARE,
        "share|tweet|follow us|follow me|follow on|follow |print|email|e-mail|sharing is|like us|\
         connect with|whatsapp|facebook|twitter|分享|收藏|关注|转发|扫一扫|打印|复制链接|teilen|partager|compartir|compartilh|\
         condividi|поделиться",
    ),
    (
        Hints::SUBSCRIBE,
        "subscribe|sign up|newsletter|get the latest|join our|join us|join the|download|click here|register|\
         log in|login|sign in|get started|get our|buy |shop|shop now|get a|get the|check price|view on|\
         book a|contact us|start |try |enter your|your email|want more|ready to|need help|get |订阅|注册|登录|下载|\
         客户端|点击|abonnieren|abonnez|suscr|assine|iscriviti|подпис|inscri",
    ),
    (
        Hints::CAPTION,
        "photo|image|(image|(photo|credit|(credit|picture|pictured|illustration|video:|file photo|courtesy|\
         enlarge|caption|screenshot|figure|fig.|图片|图源|图为|图：|图/|摄影|foto|bild|crédit|fuente|(foto|©",
    ),
    (
        Hints::BYLINE,
        "by |by:|updated|published|posted|last updated|last modified|written by|author|reviewed by|\
         medically reviewed|fact checked|edited by|filed under|tags|tagged|categories|category|topics|\
         first published|作者|记者|来源|编辑|责任编辑|发布时间|发布日期|发表于|浏览|阅读|字号|标签|文章来源|信息来源|时间：|日期|von |par |por |\
         publicado|veröffentlicht|publié|文/|本报记者|出处|原标题|责编|稿源|转自|新闻来源",
    ),
    (
        Hints::LEGAL,
        "copyright|©|(c)|all rights|disclaimer|disclosure|terms of|privacy|cookies|this site|this website|\
         we may earn|this post may contain|this article may contain|this post contains|this article contains|\
         advertis|sponsored|advert|some of the links|we use|*this|note:|this content|the information|\
         this document|this material|版权|免责|未经|声明|本文来自|特别声明|alle rechte|本站|本网",
    ),
    (
        Hints::COMMENT,
        "comment|leave a|post a comment|your email address|reply|add a comment|join the conversation|\
         what do you think|tell us|let us know|have a tip|have something|评论|发表评论|留言|网友|kommentar|commentaire|\
         comentario|comentários|0 comments|no comments|by posting",
    ),
    (
        Hints::CONTENTS,
        "table of contents|contents|in this article|in this guide|on this page|jump to|skip to|目录|\
         back to top|↑|inhalt|sommaire|quick links|(up)|top",
    ),
    (
        Hints::AUTHOR,
        "about the author|about author|about us|author bio|meet the|our team|about |关于作者|作者简介|über den autor|\
         contact|media contact|press contact|for more information",
    ),
    (
        Hints::REFERENCES,
        "references|sources|source|footnotes|citations|citation|bibliography|notes|works cited|参考文献|参考资料|\
         quelle|via |[1]",
    ),
];

/// What stands anywhere in a line, in lower case.
const LINE_PARTS: [(Hints, &str); 7] = [
    (
        Hints::CAPTION,
        "getty|ap photo|shutterstock|istock|/afp|/reuters|photo by|photo:|image:|photo credit|image credit|\
         credit:|unsplash|pexels|图源|资料图|供图|/摄|摄）",
    ),
    (
        Hints::BYLINE,
        "min read|minute read|minutes read| am est| pm est|min. read|updated:|编辑：|编辑:|责任编辑|来源：|作者：",
    ),
    (
        Hints::AUTHOR,
        " is a freelance| is a writer| is a reporter| is an editor| is the editor|contributed to this|\
         follow him|follow her|follow them|can be reached|reached at| is a senior| is a journalist|\
         has been writing|has written for| is the author| is the founder",
    ),
    (
        Hints::SUBSCRIBE,
        "newsletter|inbox|subscribe|sign up|click here|free trial|our app|join our|unsubscribe|mailing list",
    ),
    (
        Hints::LEGAL,
        "all rights reserved|affiliate|may earn a commission|privacy policy|terms of service|terms of use|\
         copyright|reproduced|professional advice|版权所有|转载请",
    ),
    (
        Hints::SHARE,
        "on facebook|on twitter|on instagram|on linkedin|on pinterest|facebook,|instagram|微信公众号|公众号",
    ),
    (Hints::COMMENT, "leave a comment|in the comments|comments below|comments section|let us know"),
];

/// Words with what they say.
type Words = LazyLock<Vec<(Hints, Vec<&'static str>)>>;

static OF_CLASS: Words = LazyLock::new(|| split(&CLASS_WORDS));
static STARTS: Words = LazyLock::new(|| split(&LINE_STARTS));
static PARTS: Words = LazyLock::new(|| split(&LINE_PARTS));

fn split(table: &[(Hints, &'static str)]) -> Vec<(Hints, Vec<&'static str>)> {
    table.iter().map(|(hint, words)| (*hint, words.split('|').collect())).collect()
}

static ANY_PART: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let parts: Vec<String> = PARTS.iter().flat_map(|(_, parts)| parts).map(|p| regex::escape(p)).collect();
    Regex::new(&parts.join("|")).ok()
});

/// The longest line that is looked at, in bytes: a paragraph may begin as it likes.
const MAX_LINE: usize = 400;

/// What a line says by its words. It must be in lower case.
pub(super) fn of_line(line: &str) -> Hints {
    let mut found = Hints::default();
    if line.len() > MAX_LINE {
        return found;
    }
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '©' | '(' | '[' | '*' | '↑'));
    for (hint, starts) in STARTS.iter() {
        if starts.iter().any(|s| line.starts_with(s)) {
            found = found.and(*hint);
        }
    }
    // Most lines have none of these, and that is seen at once.
    if ANY_PART.as_ref().is_none_or(|any| any.is_match(line)) {
        for (hint, parts) in PARTS.iter() {
            if parts.iter().any(|p| line.contains(p)) {
                found = found.and(*hint);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_names_are_read_word_by_word() {
        for (names, hint) in [
            ("relatedPosts", Hints::RELATED),
            ("post-read-more", Hints::RELATED),
            ("c-newsCaption", Hints::CAPTION),
            ("sr-only", Hints::HIDDEN),
            ("article__body", Hints::ARTICLE),
            ("js-Newsletter_form", Hints::SUBSCRIBE),
            ("entry-meta", Hints::BYLINE),
        ] {
            assert!(of_class(names).any(hint), "{names}");
        }
        // A word that only contains another says nothing.
        for names in ["download", "metadata", "readable more", "x1 y2", ""] {
            assert_eq!(of_class(names), Hints::default(), "{names}");
        }
    }

    #[test]
    fn lines_are_known_by_their_first_words() {
        for (line, hint) in [
            ("related: a bridge is closed", Hints::RELATED),
            ("• read more", Hints::RELATED),
            ("share this article", Hints::SHARE),
            ("photo: jane doe", Hints::CAPTION),
            ("the bridge in may. jane doe/getty images", Hints::CAPTION),
            ("责任编辑：王小明", Hints::BYLINE),
            ("© 2024 the example", Hints::LEGAL),
            ("table of contents", Hints::CONTENTS),
            ("jane doe is a freelance writer", Hints::AUTHOR),
        ] {
            assert!(of_line(line).any(hint), "{line}");
        }
        assert_eq!(of_line("the council voted on monday to close the bridge"), Hints::default());
        assert_eq!(of_line(&format!("related {}", "word ".repeat(100))), Hints::default());
    }
}
