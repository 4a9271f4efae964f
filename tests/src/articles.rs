//! Articles that nobody wrote, as pages that look like the web's.

use std::fmt::Write;

/// A generated page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Its address, which is also its canonical one.
    pub url: String,
    /// The whole page.
    pub html: String,
    /// The headline, unlike any other of the same seed.
    pub title: String,
    /// `en` or `zh`.
    pub language: &'static str,
    /// The paragraphs of its body, in order, as text.
    pub paragraphs: Vec<String>,
}

/// A generator of article pages: English where the number is even, Chinese where it is odd, the same
/// bytes for the same seed and number on every machine.
///
/// Text shares little from one article to the next, so that none is a near-duplicate of another. Around
/// it stands what pages have: navigation, metadata, captions, links to other articles, scripts.
#[derive(Debug, Clone, Copy)]
pub struct Articles {
    seed: u64,
    text_bytes: usize,
    page_bytes: usize,
}

impl Articles {
    /// Articles with 3 kB of text on pages of 40 kB.
    pub fn new(seed: u64) -> Self {
        Self { seed, text_bytes: 3_000, page_bytes: 40_000 }
    }

    /// The same with at least so much text, in bytes of UTF-8.
    pub fn text_bytes(mut self, bytes: usize) -> Self {
        self.text_bytes = bytes;
        self
    }

    /// The same on pages of at least this size; a page is never smaller than what must stand on it.
    pub fn page_bytes(mut self, bytes: usize) -> Self {
        self.page_bytes = bytes;
        self
    }

    /// The `number`th article.
    pub fn page(&self, number: u64) -> Article {
        let mut random =
            Random(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03));
        let chinese = number % 2 == 1;
        let mut writer =
            if chinese { Writer::chinese(&mut random, number) } else { Writer::english(&mut random, number) };
        let title = writer.title();
        let byline = writer.person();
        let mut paragraphs = Vec::new();
        let mut bytes = 0;
        while bytes < self.text_bytes || paragraphs.len() < 3 {
            let paragraph = writer.paragraph();
            bytes += paragraph.len();
            paragraphs.push(paragraph);
        }
        let related: Vec<String> = (0..6).map(|_| writer.sentence()).collect();
        let caption = writer.sentence();

        let host = random.pick(&["harbour-post.example", "daily.example", "observer.example", "xinwen.example"]);
        let date = date_of(number);
        let url = format!("https://{host}/{}/{number}-{:08x}", date[..10].replace('-', "/"), random.next() as u32);
        let language = if chinese { "zh" } else { "en" };
        let frame =
            Frame { url: &url, title: &title, byline: &byline, date: &date, caption: &caption, related: &related };
        let html = frame.page(
            if chinese { &CHINESE_LABELS } else { &ENGLISH_LABELS },
            &paragraphs,
            self.page_bytes,
            &mut random,
        );
        Article { url, html, title, language, paragraphs }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

/// A time in 2026 that grows with the article's number, an hour each.
fn date_of(number: u64) -> String {
    let (hour, day, month) = (number % 24, number / 24 % 28 + 1, number / (24 * 28) % 12 + 1);
    format!("2026-{month:02}-{day:02}T{hour:02}:{:02}:00Z", number % 60)
}

/// What one article is about, and how its language says things.
struct Writer<'a> {
    random: &'a mut Random,
    number: u64,
    chinese: bool,
    project: String,
    city: &'static str,
}

impl<'a> Writer<'a> {
    fn english(random: &'a mut Random, number: u64) -> Self {
        let start = random.pick(&["Var", "Kel", "Ost", "Mir", "Tol", "Bran", "Sel", "Hal", "Dor", "Ny", "Quin", "Ed"]);
        let middle = random.pick(&["a", "o", "e", "i", "u", "ai", "ea", "ou"]);
        let end = random.pick(&["lin", "dern", "mont", "wick", "ster", "vale", "gard", "ton", "ross", "nell"]);
        let city = random.pick(ENGLISH_CITIES);
        Self { random, number, chinese: false, project: format!("{start}{middle}{end}"), city }
    }

    fn chinese(random: &'a mut Random, number: u64) -> Self {
        let start = random.pick(&["青", "云", "海", "明", "远", "金", "天", "星", "北", "南", "新", "长", "白", "山"]);
        let end = random.pick(&["河", "峰", "湾", "桥", "岭", "洲", "港", "泉", "林", "原", "溪", "台"]);
        let city = random.pick(CHINESE_CITIES);
        Self { random, number, chinese: true, project: format!("{start}{end}"), city }
    }

    fn title(&mut self) -> String {
        let (project, city, number) = (self.project.clone(), self.city, self.number);
        if self.chinese {
            let verb = self.random.pick(&["批准", "公布", "启动", "推迟", "扩大", "重新评估"]);
            format!("{city}{verb}{project}{number}号工程")
        } else {
            let verb = self.random.pick(&["approves", "unveils", "begins", "delays", "expands", "reconsiders"]);
            format!("{city} {verb} the {project} {number} project")
        }
    }

    fn person(&mut self) -> String {
        let random = &mut self.random;
        if self.chinese {
            let surname = random.pick(&["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙"]);
            let first = random.pick(&["晓", "建", "志", "文", "雅", "思", "国", "美", "海", "丽"]);
            let second = random.pick(&["明", "华", "芳", "伟", "婷", "强", "敏", "军", "洁", "平"]);
            format!("{surname}{first}{second}")
        } else {
            let first =
                random.pick(&["Anna", "Tomas", "Ruth", "Omar", "Ines", "Peter", "Mei", "Jonas", "Clara", "Ivan"]);
            let last =
                random.pick(&["Hale", "Okafor", "Lindqvist", "Moreau", "Castell", "Novak", "Brandt", "Ferro", "Ashby"]);
            format!("{first} {last}")
        }
    }

    fn paragraph(&mut self) -> String {
        let sentences = 3 + self.random.below(3);
        let sentences: Vec<String> = (0..sentences).map(|_| self.sentence()).collect();
        sentences.join(if self.chinese { "" } else { " " })
    }

    fn sentence(&mut self) -> String {
        if self.chinese { self.chinese_sentence() } else { capital(&self.english_sentence()) }
    }

    fn english_sentence(&mut self) -> String {
        let (project, city, person) = (self.project.clone(), self.city, self.person());
        let r = &mut *self.random;
        let (who, does) = (r.pick(ENGLISH_WHO), r.pick(ENGLISH_DOES));
        let (what, how, whose) = (r.pick(ENGLISH_WHAT), r.pick(ENGLISH_HOW), r.pick(ENGLISH_WHAT));
        let (many, share, year) = (120 + r.below(9_800), 2 + r.below(95), 1987 + r.below(52));
        match r.below(8) {
            0 => format!("{who} {does} {what} around {project} {how}, at a cost of {many} million crowns."),
            1 => {
                format!("\"{city} never had {what} like this,\" said {person}, who has followed {whose} since {year}.")
            }
            2 => format!("About {share} percent of {what} depend on {project}, {who} found {how}."),
            3 => format!("{person} {does} {what}; {who} {does} {whose}."),
            4 => format!("By {year}, {many} households near {city} will share {what} with {whose}."),
            5 => format!("Although {who} {does} {what}, {whose} grew by {share} percent {how}."),
            6 => format!("{project} replaces {what} that {who} built in {year}."),
            _ => format!("{how}, {who} {does} {what}, {person} told reporters."),
        }
    }

    fn chinese_sentence(&mut self) -> String {
        let (project, city, person) = (self.project.clone(), self.city, self.person());
        let r = &mut *self.random;
        let (who, does) = (r.pick(CHINESE_WHO), r.pick(CHINESE_DOES));
        let (what, how, whose) = (r.pick(CHINESE_WHAT), r.pick(CHINESE_HOW), r.pick(CHINESE_WHAT));
        let (many, share, year) = (120 + r.below(9_800), 2 + r.below(95), 1987 + r.below(52));
        match r.below(8) {
            0 => format!("{who}{how}{does}{project}周边的{what},总投资{many}万元。"),
            1 => format!("“{city}从未有过这样的{what}。”自{year}年起关注{whose}的{person}说。"),
            2 => format!("{who}{how}发现,约{share}%的{what}离不开{project}。"),
            3 => format!("{person}{does}{what},{who}则{does}{whose}。"),
            4 => format!("到{year}年,{city}附近的{many}户家庭将用上{what}和{whose}。"),
            5 => format!("尽管{who}{does}{what},{whose}{how}仍增长了百分之{share}。"),
            6 => format!("{project}将取代{who}于{year}年建成的{what}。"),
            _ => format!("{person}告诉记者,{who}{how}{does}{what}。"),
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The words around an article in its language.
struct Labels {
    language: &'static str,
    site: &'static str,
    navigation: &'static [&'static str],
    related: &'static str,
    newsletter: &'static str,
    cookies: &'static str,
    rights: &'static str,
}

/// What a page says of its article.
struct Frame<'a> {
    url: &'a str,
    title: &'a str,
    byline: &'a str,
    date: &'a str,
    caption: &'a str,
    related: &'a [String],
}

impl Frame<'_> {
    fn page(&self, labels: &Labels, paragraphs: &[String], page_bytes: usize, random: &mut Random) -> String {
        let Self { url, title, byline, date, caption, related } = self;
        let Labels { language, site, navigation, newsletter, cookies, rights, .. } = labels;
        let first = paragraphs.first().map_or("", String::as_str);
        let description = escape(first.char_indices().nth(120).map_or(first, |(end, _)| &first[..end]));
        let body: String = paragraphs.iter().enumerate().map(|(i, p)| body_part(i, p)).collect();
        let items: String = related.iter().fold(String::new(), |mut items, text| {
            let link = random.next();
            let _infallible = writeln!(items, "<li><a href=\"/{link:x}\">{}</a></li>", escape(text));
            items
        });
        let menu: String = navigation.iter().map(|n| format!("<li><a href=\"/{n}\">{n}</a></li>")).collect();
        let filler = filler(page_bytes.saturating_sub(body.len() + 2_800), random);
        format!(
            "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title} | {site}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"author\" content=\"{byline}\">\n<meta name=\"description\" content=\"{description}\">\n\
             <meta property=\"og:type\" content=\"article\">\n<meta property=\"og:title\" content=\"{title}\">\n\
             <meta property=\"og:site_name\" content=\"{site}\">\n\
             <meta property=\"article:published_time\" content=\"{date}\">\n\
             <link rel=\"canonical\" href=\"{url}\">\n\
             <script type=\"application/ld+json\">{{\"@context\":\"https://schema.org\",\"@type\":\"NewsArticle\",\
             \"headline\":\"{title}\",\"datePublished\":\"{date}\",\"inLanguage\":\"{language}\",\
             \"author\":{{\"@type\":\"Person\",\"name\":\"{byline}\"}}}}</script>\n\
             <script>window.__state={{{filler}}};</script>\n</head>\n<body>\n\
             <div class=\"cookie-banner\" role=\"dialog\"><p>{cookies}</p></div>\n\
             <header class=\"site-header\"><a class=\"logo\" href=\"/\">{site}</a><nav><ul>{menu}</ul></nav></header>\n\
             <main>\n<article class=\"story\">\n<h1>{title}</h1>\n\
             <p class=\"byline\"><span class=\"author\">{byline}</span> <time datetime=\"{date}\">{day}</time></p>\n\
             <figure><img src=\"/media/lead.jpg\" alt=\"\"><figcaption>{caption}</figcaption></figure>\n\
             <div class=\"story-body\">\n{body}</div>\n</article>\n\
             <aside class=\"related\"><h2>{related_label}</h2>\n<ul>\n{items}</ul></aside>\n\
             <form class=\"newsletter\"><p>{newsletter}</p><input type=\"email\"></form>\n</main>\n\
             <footer><ul>{menu}</ul><p>{rights}</p></footer>\n</body>\n</html>\n",
            title = escape(title),
            caption = escape(caption),
            day = &date[..10],
            related_label = labels.related,
        )
    }
}

fn body_part(index: usize, paragraph: &str) -> String {
    let text = escape(paragraph);
    match index {
        4 => format!("<div class=\"advert\" aria-hidden=\"true\"></div>\n<p>{text}</p>\n"),
        i if i % 5 == 3 => format!("<blockquote><p>{text}</p></blockquote>\n"),
        _ => format!("<p>{text}</p>\n"),
    }
}

/// The state that a page's script carries along: entries of a JSON object, about `bytes` long.
fn filler(bytes: usize, random: &mut Random) -> String {
    let mut filler = String::with_capacity(bytes + 64);
    while filler.len() < bytes {
        let _infallible = write!(filler, "\"k{:x}\":\"{:016x}\",", random.next(), random.next());
    }
    filler.pop();
    filler
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const ENGLISH_LABELS: Labels = Labels {
    language: "en",
    site: "The Harbour Post",
    navigation: &["World", "Business", "Science", "Culture", "Sport", "Opinion"],
    related: "Related stories",
    newsletter: "Sign up for our newsletter and never miss a story.",
    cookies: "We use cookies to give you the best experience on our site.",
    rights: "All rights reserved. Terms of use. Privacy policy.",
};

const CHINESE_LABELS: Labels = Labels {
    language: "zh-CN",
    site: "海港日报",
    navigation: &["国际", "财经", "科技", "文化", "体育", "评论"],
    related: "相关阅读",
    newsletter: "订阅我们的电子报,不错过任何一条新闻。",
    cookies: "本网站使用 Cookie 以改善您的浏览体验。",
    rights: "版权所有 使用条款 隐私政策",
};

const ENGLISH_CITIES: &[&str] =
    &["Northport", "Eastbrook", "Halden", "Westmere", "Port Averil", "Lakeside", "Ravenhill", "Stonebridge"];

const ENGLISH_WHO: &[&str] = &[
    "the harbour council",
    "a group of engineers",
    "the water board",
    "the ministry of transport",
    "an independent auditor",
    "the fishermen's union",
    "two universities",
    "the regional court",
    "a panel of physicians",
    "the grid operator",
    "the farmers' cooperative",
    "the port authority",
    "a citizens' assembly",
    "the national archive",
    "the school inspectorate",
    "a start-up from the north",
];

const ENGLISH_DOES: &[&str] = &[
    "plans to rebuild",
    "has questioned",
    "wants to finance",
    "reviewed",
    "opened",
    "closed down",
    "is measuring",
    "agreed to share",
    "sold",
    "criticised",
    "will replace",
    "protects",
    "mapped",
    "doubled",
    "inspected",
    "gave up",
];

const ENGLISH_WHAT: &[&str] = &[
    "the tidal barrier",
    "three railway tunnels",
    "cheaper batteries",
    "a vaccine trial",
    "the old shipyard",
    "reservoirs upstream",
    "evening classes",
    "wheat prices",
    "satellite pictures",
    "the ferry timetable",
    "rooftop gardens",
    "border controls",
    "hospital beds",
    "the copper mine",
    "medieval manuscripts",
    "offshore wind farms",
    "housing permits",
    "river dredging",
    "pension funds",
    "coral nurseries",
];

const ENGLISH_HOW: &[&str] = &[
    "after a long night of talks",
    "without waiting for the budget",
    "despite heavy rain",
    "in spite of two lawsuits",
    "ahead of schedule",
    "to everybody's surprise",
    "under a new law",
    "with help from abroad",
    "for the third time",
    "within eleven months",
    "before the election",
    "against the mayor's advice",
];

const CHINESE_CITIES: &[&str] = &["临海市", "东川县", "平湖市", "云岭县", "西江市", "安远县", "清源市", "石桥镇"];

const CHINESE_WHO: &[&str] = &[
    "市政府",
    "一批工程师",
    "水务局",
    "交通部门",
    "独立审计机构",
    "渔民协会",
    "两所大学",
    "地方法院",
    "医学专家组",
    "电网公司",
    "农业合作社",
    "港务局",
    "居民代表大会",
    "国家档案馆",
    "教育督导组",
    "一家初创企业",
];

const CHINESE_DOES: &[&str] = &[
    "计划重建",
    "质疑了",
    "希望资助",
    "审查了",
    "开放了",
    "关闭了",
    "正在测量",
    "同意共享",
    "出售了",
    "批评了",
    "将更换",
    "保护了",
    "绘制了",
    "扩建了",
    "检查了",
    "放弃了",
];

const CHINESE_WHAT: &[&str] = &[
    "防潮大坝",
    "三条铁路隧道",
    "廉价电池",
    "疫苗试验",
    "老造船厂",
    "上游水库",
    "夜校课程",
    "小麦价格",
    "卫星图像",
    "轮渡时刻表",
    "屋顶花园",
    "边境检查",
    "医院床位",
    "铜矿",
    "古代手稿",
    "海上风电场",
    "住房许可",
    "河道疏浚",
    "养老基金",
    "珊瑚苗圃",
];

const CHINESE_HOW: &[&str] = &[
    "经过彻夜谈判",
    "未等预算通过便",
    "冒着大雨",
    "不顾两起诉讼",
    "提前",
    "出人意料地",
    "依据新法",
    "在国外援助下",
    "第三次",
    "在十一个月内",
    "在选举之前",
    "不顾市长劝告",
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_seed_and_number_give_the_same_page() {
        assert_eq!(Articles::new(7).page(3), Articles::new(7).page(3));
        assert_ne!(Articles::new(7).page(3).html, Articles::new(8).page(3).html);
        assert_ne!(Articles::new(7).page(3).html, Articles::new(7).page(4).html);
    }

    #[test]
    fn no_two_articles_share_an_address_or_a_headline() {
        let articles: Vec<Article> = (0..2_000).map(|n| Articles::new(1).page_bytes(0).page(n)).collect();
        let urls: HashSet<&str> = articles.iter().map(|a| a.url.as_str()).collect();
        let titles: HashSet<&str> = articles.iter().map(|a| a.title.as_str()).collect();
        assert_eq!((urls.len(), titles.len()), (2_000, 2_000));
    }

    #[test]
    fn articles_share_little_of_their_text() {
        let shingles = |n: u64| -> HashSet<String> {
            let text = Articles::new(1).page(n).paragraphs.join(" ");
            let characters: Vec<char> = text.chars().collect();
            let width = if n % 2 == 1 { 10 } else { 30 };
            characters.windows(width).map(|w| w.iter().collect()).collect()
        };
        for (a, b) in [(0, 2), (2, 4), (1, 3), (3, 5)] {
            let (one, other) = (shingles(a), shingles(b));
            let share = one.intersection(&other).count() as f64 / one.len().min(other.len()) as f64;
            assert!(share < 0.15, "{a} and {b} share {share:.2} of their shingles");
        }
    }

    #[test]
    fn a_page_has_the_size_that_was_asked_for() {
        for (text, page) in [(3_000, 10_000), (3_000, 40_000), (20_000, 200_000)] {
            for number in 0..4 {
                let article = Articles::new(1).text_bytes(text).page_bytes(page).page(number);
                let size = article.html.len();
                assert!((page..page + 5_000).contains(&size), "{size} bytes instead of {page}");
                assert!(article.paragraphs.concat().len() >= text);
            }
        }
    }
}
