//! The gate's checks of facts across English and Chinese: a faithful summary in the other language passes, one that
//! invents doesn't. And any text passes for a summary of itself.

use kos_shared::event::{Language, Verdict};
use kos_summarize::{
    alignment::spans,
    gate::{Candidate, Finding, Source, judge},
};

/// A line of an article, a faithful summary in the other language, and one with something invented.
type Pair = (&'static str, &'static str, &'static str);

const FROM_ENGLISH: &[Pair] = &[
    (
        "The city has 3.2 million residents, the census office said.",
        "人口普查机构称，该市有320万居民。",
        "人口普查机构称，该市有3.2万居民。",
    ),
    ("About 80,000 people watched the final.", "约8万人观看了决赛。", "约18000人观看了决赛。"),
    ("The jets are valued at $8.8 billion.", "这些飞机价值88亿美元。", "这些飞机价值8.8亿美元。"),
    ("Unemployment fell to 4.1 percent in May.", "5月失业率降至4.1%。", "5月失业率降至4.7%。"),
    ("Nearly a third of the voters stayed at home.", "近三分之一的选民没有投票。", "近三分之二的选民没有投票。"),
    ("Two-thirds of the fleet is electric.", "三分之二的车队是电动的。", "四分之三的车队是电动的。"),
    ("The ferry sank on May 3, 2019.", "渡轮于2019年5月3日沉没。", "渡轮于2019年6月3日沉没。"),
    ("The talks begin at 3 p.m. on Thursday.", "会谈将于周四下午3点开始。", "会谈将于周四下午4点开始。"),
    ("The shop opens at 8:30 pm.", "商店20时30分开门。", "商店21时30分开门。"),
    ("The home side won 2-1.", "主队以2比1获胜。", "主队以3比1获胜。"),
    (
        "Half a million homes lost power and twenty-one people were hurt.",
        "50万户停电，21人受伤。",
        "50万户停电，210人受伤。",
    ),
    ("The fund holds £1.5bn in shares.", "该基金持有15亿英镑股票。", "该基金持有150亿英镑股票。"),
    ("She will serve 18 months.", "她将服刑18个月。", "她将服刑18年。"),
    (
        "Revenue grew from 10 to 15 million euros.",
        "收入从1000万欧元增至1500万欧元。",
        "收入从1000万欧元增至1.5亿欧元。",
    ),
    ("Exactly 3,012,345 ballots were cast.", "共投出超过300万张选票。", "共投出超过400万张选票。"),
    ("Tens of thousands marched in the capital.", "数万人在首都游行。", "数百万人在首都游行。"),
    (
        "The World Health Organization and Pfizer signed a deal.",
        "世卫组织（WHO）与Pfizer签署协议。",
        "世卫组织（WHO）与Moderna签署协议。",
    ),
    ("Airbus delivered 60 A320 jets.", "Airbus交付了60架A320。", "Airbus交付了60架A380。"),
    ("OpenAI released a video tool.", "OpenAI发布了一款视频工具。", "DeepMind发布了一款视频工具。"),
    ("The 21st summit ends on Sunday.", "第21届峰会周日结束。", "第12届峰会周日结束。"),
    (
        "President Trump met NATO allies in Brussels.",
        "特朗普在布鲁塞尔会见北约盟友。",
        "特朗普在布鲁塞尔会见30个北约盟友。",
    ),
];

const FROM_CHINESE: &[Pair] = &[
    ("该市有320万居民。", "The city has 3.2 million residents.", "The city has 320 million residents."),
    (
        "去年出口额达1.2万亿元，增长百分之八。",
        "Exports reached 1.2 trillion yuan, up 8%.",
        "Exports reached 1.2 billion yuan, up 8%.",
    ),
    (
        "三成受访者表示支持。",
        "Thirty percent of those asked were in favour.",
        "Forty percent of those asked were in favour.",
    ),
    (
        "事故造成十二人死亡，二十五人受伤。",
        "Twelve people died and 25 were hurt.",
        "Twelve people died and 52 were hurt.",
    ),
    (
        "会议将于2024年11月5日上午9时举行。",
        "The meeting is on November 5, 2024 at 9 a.m.",
        "The meeting is on December 5, 2024 at 9 a.m.",
    ),
    ("两千三百名学生参加了比赛。", "Some 2,300 students took part.", "Some 3,200 students took part."),
    (
        "张三在星期二说，工程需要半年。",
        "Zhang San said on Tuesday that it takes half a year.",
        "Zhang San said on Friday that it takes half a year.",
    ),
    ("一家公司投资了3亿2000万美元。", "One company invested $320 million.", "One company invested $32 million."),
    ("C919客机已交付8架。", "Eight C919 airliners were delivered.", "Eight C929 airliners were delivered."),
    (
        "第十四届全运会共有1.2万名运动员。",
        "The 14th National Games had 12,000 athletes.",
        "The 14th National Games had 120,000 athletes.",
    ),
    (
        "二〇一九年，这里发现了一处古墓。",
        "An ancient tomb was found here in 2019.",
        "An ancient tomb was found here in 2009.",
    ),
];

/// The findings of the checks of facts that failed.
fn failed(source: &str, summary: &str, from: &Language, into: &Language) -> Vec<Finding> {
    let source = Source { title: "", text: source, language: from };
    let candidate = Candidate::of(summary, into);
    let is_of_facts = |f: &Finding| ["numbers", "names", "support"].contains(&f.check);
    judge(&source, &candidate).into_iter().filter(|f| is_of_facts(f) && f.verdict == Verdict::Fail).collect()
}

fn hold(pairs: &[Pair], from: &Language, into: &Language) {
    for (source, faithful, invented) in pairs {
        let wrong = failed(source, faithful, from, into);
        assert!(wrong.is_empty(), "{source} / {faithful}: {wrong:?}");
        assert!(!failed(source, invented, from, into).is_empty(), "{source} / {invented}");
    }
}

#[test]
fn chinese_summaries_of_english_articles_may_not_invent() {
    hold(FROM_ENGLISH, &Language::ENGLISH, &Language::CHINESE);
}

#[test]
fn english_summaries_of_chinese_articles_may_not_invent() {
    hold(FROM_CHINESE, &Language::CHINESE, &Language::ENGLISH);
}

#[test]
fn what_is_invented_is_named() {
    let findings = failed(
        "The city has 3.2 million residents, the census office said.",
        "该市有3.2万居民，由Acme公布。",
        &Language::ENGLISH,
        &Language::CHINESE,
    );
    let details: Vec<&str> = findings.iter().filter_map(|f| f.detail.as_deref()).collect();
    assert_eq!(details, ["3.2万", "Acme"]);
}

#[test]
fn idioms_and_translated_names_are_no_inventions() {
    for (source, summary, from, into) in [
        ("Nobody knows how it began.", "一切都很突然，万一失败，第一步就是一个问题，千万小心。", "en", "zh"),
        ("The mayor spoke.", "市长一直在十分努力地说两句话，五六个人三三两两地听。", "en", "zh"),
        ("The president met Xi Jinping in Beijing.", "总统在北京会见了习近平。", "en", "zh"),
        ("特朗普周五访问了巴黎。", "On Friday, Donald Trump visited Paris, one of the first to do so.", "zh", "en"),
        ("市长发表了讲话。", "The Mayor of Shenzhen spoke.", "zh", "en"),
    ] {
        let language = |tag: &str| tag.parse::<Language>().unwrap_or_else(|e| panic!("{e}"));
        let wrong = failed(source, summary, &language(from), &language(into));
        assert!(wrong.is_empty(), "{summary}: {wrong:?}");
    }
}

#[test]
fn a_texts_own_sentences_pass_whatever_they_are() {
    for (text, tag) in [
        ("Sentences about 1,2,3.4.5 and 10-15m; U.S.-led A380s cost $5bn (½). 12:30 p.m.", "en"),
        ("二〇一九年3月，约20多万人、百分之三十、三分之一、数百万……周三下午3点，COVID-19。", "zh"),
        ("9999999999999999999999999999999999999999999999 people, 1e309 and 三百三百万亿亿亿亿亿亿亿亿亿亿。", "en"),
        ("10^400: 1000000000000000000000000000000000000000000000000000000000000000000000000000 A", "en"),
        ("한국 3만 명, Привет 5 тысяч, ١٢٣ عربي, 3千人の日本語", "ko"),
        ("'’'’ -- ‑ ... & && A&B O'Neil ’s 's", "en"),
        ("", "en"),
    ] {
        let language: Language = tag.parse().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(failed(text, text, &language, &language), [], "{text}");
    }
}

#[test]
fn titles_are_judged_too() {
    let source = Source { title: "Rail fares up 4%", text: "Fares rise on Monday.", language: &Language::ENGLISH };
    let failed = |title| {
        let candidate =
            Candidate { title: Some(title), ..Candidate::of("周一起票价上涨。", &Language::CHINESE) };
        judge(&source, &candidate).iter().any(|f| f.check == "numbers" && f.verdict == Verdict::Fail)
    };
    assert!(!failed("铁路票价上涨4%"));
    assert!(failed("铁路票价上涨14%"));
}

/// Pieces that texts are put together from, whatever comes of it.
const PIECES: &[&str] = &[
    "百分之",
    "分之",
    "三",
    "十",
    "百",
    "万",
    "亿",
    "点",
    "成",
    "半",
    "多",
    "几",
    "数",
    "周",
    "星期",
    "月",
    "年",
    "日",
    "第",
    "两",
    "〇",
    "上",
    "下午",
    "时",
    "%",
    "$",
    "£",
    ".",
    ",",
    "-",
    "–",
    "/",
    ":",
    " ",
    " ",
    " ",
    "\n",
    "'",
    "’",
    "”",
    "&",
    "1",
    "23",
    "4,567",
    "0.5",
    "９",
    "½",
    "million",
    "bn",
    "m",
    "half",
    "a",
    "quarter of",
    "hundred",
    "and",
    "thousand",
    "twenty",
    "third",
    "dozen",
    "tens of",
    "thousands",
    "May",
    "Sept",
    "Sat",
    "Thursday",
    "pm",
    "p.m.",
    "U.S.",
    "NATO",
    "iPhone",
    "A380",
    "é",
    "Ünal",
    "ß",
    "한국",
    "и",
    "Й",
    "\u{301}",
    "\u{200d}",
    "😀",
    "İ",
    "ǅ",
    "st",
    "s",
    "th",
    "days",
    "percent",
    "per",
    "cent",
    "more than",
    "II",
];

#[test]
fn no_text_breaks_a_check_and_each_states_itself() {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % n as u64).unwrap_or(0)
    };
    for _ in 0..1_500 {
        let text: String = (0..1 + below(24)).map(|_| PIECES[below(PIECES.len())]).collect();
        for language in [Language::ENGLISH, Language::CHINESE] {
            assert_eq!(failed(&text, &text, &language, &language), [], "{text:?}");
        }
        let other: String = (0..1 + below(24)).map(|_| PIECES[below(PIECES.len())]).collect();
        failed(&text, &other, &Language::ENGLISH, &Language::CHINESE);
        let source = Source { title: "", text: &text, language: &Language::ENGLISH };
        let length = text.chars().count();
        for span in spans(&source, &other, &[below(4), below(4)]) {
            assert!(span.start < span.end && span.end as usize <= length, "{text:?} {other:?}");
        }
    }
}

#[test]
fn a_long_row_of_one_thing_states_itself() {
    for piece in
        ["百分之", "三分之", "三", "万", "1万", "1/", "twenty-", "half a ", "A", "A ", "Ab ", "a-", "U.", "'", "1,000"]
    {
        let text = piece.repeat(20_000);
        assert_eq!(failed(&text, &text, &Language::ENGLISH, &Language::CHINESE), [], "{piece}");
    }
}
