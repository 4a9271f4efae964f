//! What happens to feeds on their way, done to forty of them.

use regex::Regex;

use super::read;
use super::samples::{Sample, all};

/// What was done to a feed.
struct Damaged {
    bytes: Vec<u8>,
    /// How many of its entries, from the first, must come out.
    entries: usize,
    /// Whether their titles must be what they were.
    same_titles: bool,
}

type Damage = fn(&Sample) -> Damaged;

fn whole(sample: &Sample, text: String) -> Damaged {
    Damaged { bytes: text.into_bytes(), entries: sample.entries.len(), same_titles: true }
}

fn whole_with_other_titles(sample: &Sample, bytes: Vec<u8>) -> Damaged {
    Damaged { bytes, entries: sample.entries.len(), same_titles: false }
}

/// The feed up to a share of its length; entries that end before it must be there.
fn cut(sample: &Sample, share: f64) -> Damaged {
    let at = sample.text.floor_char_boundary((sample.text.len() as f64 * share) as usize);
    let text = &sample.text[..at];
    let entries = if sample.entry_end == "}" {
        text.lines().filter(|l| l.starts_with("{\"authors") && l.trim_end_matches(',').ends_with('}')).count()
    } else {
        text.matches(sample.entry_end).count()
    };
    Damaged { bytes: text.as_bytes().to_vec(), entries, same_titles: true }
}

fn every_second(text: &str, from: &str, to: &str) -> String {
    let mut pieces = text.split(from);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for (n, piece) in pieces.enumerate() {
        out.push_str(if n % 2 == 0 { to } else { from });
        out.push_str(piece);
    }
    out
}

fn replaced(text: &str, pattern: &str, with: &str) -> String {
    Regex::new(pattern).unwrap().replace_all(text, with).into_owned()
}

/// `<title>` and the like, but not within CDATA.
fn upper_case(text: &str) -> String {
    let tags = Regex::new("</?[a-zA-Z:]+").unwrap();
    let mut out = String::new();
    for (n, part) in text.split("<![CDATA[").enumerate() {
        let (inside, outside) = if n == 0 { ("", part) } else { part.split_once("]]>").unwrap_or((part, "")) };
        if n > 0 {
            out.push_str(&format!("<![CDATA[{inside}]]>"));
        }
        out.push_str(&tags.replace_all(outside, |c: &regex::Captures<'_>| c[0].to_uppercase()));
    }
    out
}

const WARNING: &str =
    "<br />\n<b>Warning</b>:  Undefined array key \"x & y\" in <b>/var/www/it's/feed.php</b> on line <b>3</b><br />\n";

const DAMAGE: [(&str, Damage); 26] = [
    ("ampersands that are not escaped", |s| {
        // As in a feed written by hand; in CDATA they were right already.
        whole(s, s.text.replace("&amp;", "&"))
    }),
    ("cut off after a third", |s| cut(s, 0.33)),
    ("cut off in the middle", |s| cut(s, 0.5)),
    ("cut off near the end", |s| cut(s, 0.9)),
    ("cut off in the last tag", |s| cut(s, 0.999)),
    ("blank lines before the declaration", |s| whole(s, format!("\n\n   \r\n{}", s.text))),
    ("a warning before the declaration", |s| whole(s, format!("{WARNING}{}", s.text))),
    ("text before the declaration", |s| whole(s, format!("Connected to 10.0.0.1 > ok\n{}", s.text))),
    ("end tags that don't match", |s| whole(s, every_second(&s.text, "</title>", "</titel>"))),
    ("end tags that are missing", |s| whole(s, every_second(&s.text, "</link>", ""))),
    ("entries that are not closed", |s| whole(s, s.text.replace("</item>", "").replace("</entry>", ""))),
    ("html in the text that is not closed", |s| whole(s, every_second(&s.text, "</p>", ""))),
    ("bytes that are not utf-8", |s| {
        let mut bytes = Vec::new();
        for piece in s.text.as_bytes().split_inclusive(|b| *b == b'\n') {
            let text = std::str::from_utf8(piece).unwrap();
            match text.find("</title>") {
                Some(at) => bytes.extend([&piece[..at], b"\xff\xc3", &piece[at..]].concat()),
                None => bytes.extend(piece),
            }
        }
        whole_with_other_titles(s, bytes)
    }),
    ("no version", |s| whole(s, replaced(&s.text, " version=\"[0-9.]+\"", ""))),
    ("control characters", |s| {
        let text = s.text.replace("</title>", "\u{1}\u{b}\u{0}</title>").replace("<title>", "<title>\u{1f}");
        // In JSON, a line end within a text.
        whole(s, text.replace("</blockquote>", "\t\u{2}\n</blockquote>"))
    }),
    ("entities that nobody declared", |s| {
        whole_with_other_titles(
            s,
            s.text.replace("</title>", "&nbsp;caf&eacute;&hellip; &nosuch;</title>").into_bytes(),
        )
    }),
    ("entities escaped twice", |s| whole(s, s.text.replace("&amp;", "&amp;amp;"))),
    ("a wrong encoding declared", |s| whole(s, s.text.replace("encoding=\"utf-8\"", "encoding=\"ISO-8859-1\""))),
    ("another encoding than is declared", |s| {
        let encoding = match s.name.rsplit(' ').next() {
            Some("zh-CN") => encoding_rs::GBK,
            Some("ja") => encoding_rs::SHIFT_JIS,
            _ => encoding_rs::WINDOWS_1252,
        };
        whole(s, s.text.clone()).with_bytes(encoding.encode(&s.text).0.into_owned())
    }),
    ("namespaces that are not declared", |s| whole(s, replaced(&s.text, " xmlns(:[a-z]+)?=\"[^\"]*\"", ""))),
    ("cdata that is not closed", |s| whole(s, every_second(&s.text, "]]>", ""))),
    ("attributes without quotes", |s| match s.entry_end {
        "}" => whole(s, s.text.clone()),
        _ => whole(s, replaced(&s.text, "=\"([^\"<>\\s]+)\"", "=$1")),
    }),
    ("the declaration twice", |s| whole(s, s.text.replace("?>", "?>\n<?xml version=\"1.0\"?>"))),
    ("a page after the end", |s| {
        whole(s, format!("{}<html><body><item><title>x</title><script>if (a<b && c) {{}}</script></body>", s.text))
    }),
    ("tags in upper case", |s| match s.entry_end {
        "}" => whole(s, s.text.clone()),
        _ => whole(s, upper_case(&s.text)),
    }),
    ("byte order marks in odd places", |s| {
        whole(
            s,
            format!("\n\u{feff}\u{feff}{}", s.text.replace("<title>", "<title>\u{feff}").replace("?>", "?>\u{feff}")),
        )
    }),
];

impl Damaged {
    fn with_bytes(self, bytes: Vec<u8>) -> Self {
        Self { bytes, ..self }
    }
}

/// How many of the entries that should come out do.
fn found(sample: &Sample, damaged: &Damaged) -> usize {
    let entries = read(&damaged.bytes).map(|f| f.entries).unwrap_or_default();
    let wanted = sample.entries.iter().take(damaged.entries);
    wanted
        .filter(|(title, url)| {
            entries.iter().any(|e| {
                e.url.as_ref().is_some_and(|u| u.as_str() == url)
                    && (!damaged.same_titles || e.title.as_ref() == Some(title))
            })
        })
        .count()
}

#[test]
fn sound_feeds_come_out_whole() {
    let samples = all();
    assert_eq!(samples.len(), 40);
    for sample in samples {
        let feed = read(&sample.text).unwrap();
        assert_eq!(feed.repairs, Vec::<&str>::new(), "{}", sample.name);
        let entries: Vec<_> = feed
            .entries
            .iter()
            .map(|e| (e.title.clone().unwrap_or_default(), e.url.as_ref().map(ToString::to_string).unwrap_or_default()))
            .collect();
        assert_eq!(entries, sample.entries, "{}", sample.name);
        assert!(feed.entries.iter().all(|e| e.content_html.is_some()), "{}", sample.name);
        let dated = !sample.name.starts_with("rss 0");
        assert!(feed.entries.iter().all(|e| e.published_at.is_some() == dated), "{}", sample.name);
    }
}

#[test]
fn damaged_feeds_keep_99_percent_of_their_entries() {
    let samples = all();
    let (mut right, mut total) = (0, 0);
    let mut lost = Vec::new();
    for (damage, apply) in DAMAGE {
        for sample in &samples {
            let damaged = apply(sample);
            let found = found(sample, &damaged);
            right += found;
            total += damaged.entries;
            if found < damaged.entries {
                lost.push(format!("{damage}, {}: {found} of {}", sample.name, damaged.entries));
            }
        }
    }
    println!("{right} of {total} entries of damaged feeds\n{}", lost.join("\n"));
    assert!(total > 11_000, "{total}");
    assert!(right * 100 >= total * 99, "{right} of {total}:\n{}", lost.join("\n"));
}
