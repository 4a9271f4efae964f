//! How well feeds come out: entries, titles, links and dates, beside the two parsers that there are for Rust.
//!
//! The set is that of Python's feedparser: each file says in a comment what is to come out of it.
//! `KOS_EVAL_MISSES=1` lists what each reader gets wrong.

use std::{
    collections::HashMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::Context;
use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use jiff::{Timestamp, civil::DateTime, tz::Offset};
use kos_ingest::feed::{self, Entry};
use kos_shared::event::{HttpUrl, OffsetTime};

/// How often the whole set is read for the figure of feeds a second.
const ROUNDS: u32 = 3;

/// Asks Python's feedparser in which files it finds entries.
const ASK_FEEDPARSER: &str = "
import os, sys, feedparser
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        path = os.path.join(folder, name)
        print(len(feedparser.parse(path).entries), path, sep='\\t')
";

/// Measures and prints a table.
pub fn run(corpora: &Path) -> anyhow::Result<()> {
    let root = corpora.join("feeds");
    if !root.is_dir() {
        println!("skipped: there are no feeds in KOS_CORPORA");
        return Ok(());
    }
    let samples = samples(&root)?;
    let (with_entries, by) = files_with_entries(&root, &samples);
    println!("feeds: well-formed files in which {by} entries: {}", with_entries.len());
    std::panic::set_hook(Box::new(|_| {}));
    let mut table = table(&["reader", "with entries", "share", "titles", "links", "dates", "panics", "slowest"]);
    let engines: [(&str, Engine); 3] = [("kos", ours), ("feed-rs", by_feed_rs), ("feedparser-rs", by_feedparser_rs)];
    for (name, engine) in engines {
        table.add_row(score(name, engine, &samples, &with_entries));
    }
    println!("{table}");
    println!("titles are compared as text; a date is right if it is the entry's published or updated time\n");

    let mut others = self::table(&["folder", "files", "with entries", "without", "refused", "panics", "slowest"]);
    for folder in ["json", "illformed", "encoding", "entities", "wellformed/sanitize", "wellformed"] {
        others.add_row(outcomes(folder, &samples));
    }
    println!("{others}");
    let _ = std::panic::take_hook();
    speed(&samples);
    Ok(())
}

/// A file of the set.
struct Sample {
    /// Relative to the set.
    path: PathBuf,
    absolute: PathBuf,
    bytes: Vec<u8>,
    content_type: Option<String>,
    url: HttpUrl,
    /// What its comment expects, as it stands there.
    expect: String,
}

fn samples(root: &Path) -> anyhow::Result<Vec<Sample>> {
    let mut samples = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let absolute = file?.path();
            if absolute.is_dir() {
                folders.push(absolute);
            } else if absolute.extension().is_some_and(|e| e == "xml" || e == "json") {
                samples.push(sample(root, absolute)?);
            }
        }
    }
    samples.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(samples)
}

fn sample(root: &Path, absolute: PathBuf) -> anyhow::Result<Sample> {
    let bytes = fs::read(&absolute)?;
    let path = absolute.strip_prefix(root)?.to_owned();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let comment = text.split("-->").next().unwrap_or_default();
    let header = |name: &str| {
        comment
            .lines()
            .filter_map(|l| l.trim().strip_prefix("Header:")?.trim().split_once(':'))
            .find_map(|(n, v)| n.eq_ignore_ascii_case(name).then(|| v.trim().to_owned()))
    };
    // Where feedparser's own tests serve the files from.
    let url = header("Content-Location").filter(|u| u.starts_with("http"));
    let url = url.unwrap_or_else(|| format!("http://127.0.0.1:8097/{}", path.display())).parse()?;
    let expect = comment.split_once("Expect:").map(|(_, e)| e.trim().to_owned()).unwrap_or_default();
    Ok(Sample { content_type: header("Content-Type"), path, absolute, bytes, url, expect })
}

/// The well-formed files in which entries are to be found, and who says so.
fn files_with_entries(root: &Path, samples: &[Sample]) -> (Vec<usize>, &'static str) {
    let well_formed = |s: &Sample| s.path.starts_with("wellformed");
    let answer = Command::new("python3").arg("-c").arg(ASK_FEEDPARSER).arg(root.join("wellformed")).output();
    let counts: HashMap<PathBuf, usize> = answer
        .ok()
        .filter(|a| a.status.success())
        .map(|a| String::from_utf8_lossy(&a.stdout).into_owned())
        .unwrap_or_default()
        .lines()
        .filter_map(|l| l.split_once('\t'))
        .filter_map(|(count, path)| Some((PathBuf::from(path), count.parse().ok()?)))
        .collect();
    let indices = |wanted: &dyn Fn(&Sample) -> bool| {
        samples.iter().enumerate().filter(|(_, s)| well_formed(s) && wanted(s)).map(|(i, _)| i).collect()
    };
    if counts.is_empty() {
        return (indices(&|s| s.expect.contains("entries[0]")), "the comments (no python feedparser) expect");
    }
    (indices(&|s| counts.get(&s.absolute).is_some_and(|c| *c > 0)), "python's feedparser finds")
}

/// What a reader says of a feed's first entry.
#[derive(Default)]
struct Reading {
    entries: usize,
    title: Option<String>,
    link: Option<String>,
    dates: Vec<Timestamp>,
}

type Engine = fn(&Sample) -> Option<Reading>;

fn ours(sample: &Sample) -> Option<Reading> {
    let feed = feed::parse::parse(&sample.bytes, sample.content_type.as_deref(), &sample.url).ok()?;
    let first = feed.entries.first().cloned().unwrap_or_else(Entry::default);
    Some(Reading {
        entries: feed.entries.len(),
        title: first.title,
        link: first.url.map(|u| u.to_string()),
        dates: first.published_at.into_iter().chain(first.updated_at).map(OffsetTime::instant).collect(),
    })
}

fn by_feed_rs(sample: &Sample) -> Option<Reading> {
    let feed = feed_rs::parser::parse(sample.bytes.as_slice()).ok()?;
    let mut reading = Reading { entries: feed.entries.len(), ..Reading::default() };
    if let Some(first) = feed.entries.into_iter().next() {
        let dates = first.published.into_iter().chain(first.updated);
        reading.dates = dates.filter_map(|d| Timestamp::from_second(d.timestamp()).ok()).collect();
        reading.link = first.links.into_iter().next().map(|l| l.href);
        reading.title = first.title.map(|t| t.content);
    }
    Some(reading)
}

fn by_feedparser_rs(sample: &Sample) -> Option<Reading> {
    let feed = feedparser_rs::parse(&sample.bytes).ok()?;
    let mut reading = Reading { entries: feed.entries.len(), ..Reading::default() };
    if let Some(first) = feed.entries.into_iter().next() {
        let dates = first.published.into_iter().chain(first.updated);
        reading.dates = dates.filter_map(|d| Timestamp::from_second(d.timestamp()).ok()).collect();
        reading.link = first.link.map(|l| l.to_string());
        reading.title = first.title;
    }
    Some(reading)
}

/// A reading, or that it panicked, and how long it took.
fn timed(engine: Engine, sample: &Sample) -> (Result<Option<Reading>, ()>, Duration) {
    let started = Instant::now();
    let reading = catch_unwind(AssertUnwindSafe(|| engine(sample))).map_err(|_| ());
    (reading, started.elapsed())
}

/// Right ones among all.
#[derive(Default)]
struct Tally(usize, usize);

impl Tally {
    fn add(&mut self, right: bool) {
        self.0 += usize::from(right);
        self.1 += 1;
    }

    fn cell(&self) -> String {
        format!("{}/{}", self.0, self.1)
    }
}

fn score(name: &str, engine: Engine, samples: &[Sample], with_entries: &[usize]) -> Vec<String> {
    let [mut entries, mut titles, mut links, mut dates] = [(); 4].map(|()| Tally::default());
    let (mut panics, mut slowest) = (0, Duration::ZERO);
    let show = std::env::var_os("KOS_EVAL_MISSES").is_some();
    for sample in with_entries.iter().map(|i| &samples[*i]) {
        let (reading, took) = timed(engine, sample);
        slowest = slowest.max(took);
        panics += usize::from(reading.is_err());
        let reading = reading.ok().flatten().unwrap_or_default();
        entries.add(reading.entries > 0);
        let mut missed = Vec::new();
        if let Some(expected) = string_of(&sample.expect, "title") {
            let (expected, found) = (as_text(&expected), reading.title.unwrap_or_default());
            // One reader gives HTML and another text, in which `<blink>` is what the title is about.
            let right = expected == as_text(&found) || expected == folded(&found);
            titles.add(right);
            missed.extend((!right).then(|| format!("title {found:?}, expected {expected:?}")));
        }
        if let Some(expected) = string_of(&sample.expect, "link") {
            let found = reading.link.unwrap_or_default();
            links.add(same_address(&expected, &found));
            missed.extend((!same_address(&expected, &found)).then(|| format!("link {found:?}, not {expected:?}")));
        }
        for expected in ["published", "updated"].into_iter().filter_map(|f| date_of(&sample.expect, f)) {
            let right = reading.dates.iter().any(|d| d.as_second() == expected.as_second());
            dates.add(right);
            missed.extend((!right).then(|| format!("date {:?}, expected {expected}", reading.dates)));
        }
        missed.extend((reading.entries == 0).then(|| "no entry".to_owned()));
        if show && !missed.is_empty() {
            println!("{name}: {}: {}", sample.path.display(), missed.join("; "));
        }
    }
    vec![
        name.to_owned(),
        entries.cell(),
        format!("{:.1} %", 100.0 * entries.0 as f64 / entries.1.max(1) as f64),
        titles.cell(),
        links.cell(),
        dates.cell(),
        panics.to_string(),
        format!("{:.1} ms", slowest.as_secs_f64() * 1_000.0),
    ]
}

fn outcomes(folder: &str, samples: &[Sample]) -> Vec<String> {
    let (mut files, mut with, mut without, mut refused, mut panics) = (0, 0, 0, 0, 0);
    let mut slowest = Duration::ZERO;
    for sample in samples.iter().filter(|s| s.path.starts_with(folder)) {
        let (reading, took) = timed(ours, sample);
        slowest = slowest.max(took);
        files += 1;
        match reading {
            Ok(Some(reading)) if reading.entries > 0 => with += 1,
            Ok(Some(_)) => without += 1,
            Ok(None) => refused += 1,
            Err(()) => panics += 1,
        }
    }
    let counts = [files, with, without, refused, panics].map(|n: usize| n.to_string());
    let slowest = format!("{:.1} ms", slowest.as_secs_f64() * 1_000.0);
    [folder.to_owned()].into_iter().chain(counts).chain([slowest]).collect()
}

fn speed(samples: &[Sample]) {
    let started = Instant::now();
    for sample in (0..ROUNDS).flat_map(|_| samples) {
        let _ = std::hint::black_box(ours(sample));
    }
    let seconds = started.elapsed().as_secs_f64();
    let feeds = samples.len() * ROUNDS as usize;
    println!("the whole set: {:.0} feeds a second", feeds as f64 / seconds);

    let item = "<item><title>A title</title><link>https://example.com/a</link><pubDate>Fri, 03 May 2024 10:20:30 GMT\
        </pubDate><description>&lt;p&gt;Some words of an entry that &lt;b&gt;says&lt;/b&gt; little.&lt;/p&gt;";
    let body = format!("<rss version=\"2.0\"><channel>{}</channel></rss>", {
        let long = format!("{item}{}</description></item>", "Words &amp; more words. ".repeat(150));
        long.repeat(1_000_000 / long.len())
    });
    let Ok(url) = "https://example.com/feed".parse::<HttpUrl>() else { return };
    let started = Instant::now();
    let _ = std::hint::black_box(feed::parse::parse(body.as_bytes(), None, &url));
    println!("a feed of {} kB: {:.1} ms", body.len() / 1_000, started.elapsed().as_secs_f64() * 1_000.0);
}

/// The Python string that an expectation compares a field of the first entry with.
fn string_of(expect: &str, field: &str) -> Option<String> {
    let forms = [format!("entries[0]['{field}'] == "), format!("entries[0].{field} == ")];
    let after = forms.iter().find_map(|f| expect.split_once(f.as_str())).map(|(_, after)| after.trim_start())?;
    let after = after.strip_prefix('u').unwrap_or(after);
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut out = String::new();
    let mut chars = after[1..].chars();
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return Some(out),
            '\\' => {
                let digits = match chars.next()? {
                    'n' => {
                        out.push('\n');
                        continue;
                    }
                    'u' => 4,
                    'x' => 2,
                    other => {
                        out.push(other);
                        continue;
                    }
                };
                let hex: String = chars.by_ref().take(digits).collect();
                out.push(char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?);
            }
            c => out.push(c),
        }
    }
    None
}

/// The instant that an expectation compares a date of the first entry with: a tuple in UTC, or a text.
fn date_of(expect: &str, field: &str) -> Option<Timestamp> {
    if let Some((_, after)) = expect.split_once(&format!("entries[0]['{field}_parsed'] == (")) {
        let n: Vec<i16> = after.split([',', ')']).take(6).filter_map(|n| n.trim().parse().ok()).collect();
        let [year, rest @ ..] = n.as_slice() else { return None };
        let part: Vec<i8> = rest.iter().filter_map(|n| i8::try_from(*n).ok()).collect();
        let at = DateTime::new(*year, *part.first()?, *part.get(1)?, *part.get(2)?, *part.get(3)?, *part.get(4)?, 0);
        return Offset::UTC.to_timestamp(at.ok()?).ok();
    }
    let text = string_of(expect, field)?;
    text.parse().ok().or_else(|| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(&text).ok())
}

fn same_address(expected: &str, found: &str) -> bool {
    let normal = |text: &str| url::Url::parse(text.trim()).map_or_else(|_| text.trim().to_owned(), |u| u.to_string());
    normal(expected) == normal(found)
}

/// HTML as the text that it shows: no tags, what HTML must escape decoded, white space folded.
fn as_text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let is_tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        match after.split_once('>').filter(|_| is_tag) {
            Some((_, after)) => rest = after,
            None => {
                text.push('<');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    let decoded = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .into_iter()
        .fold(text, |text, (name, c)| text.replace(name, c));
    folded(&decoded)
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(columns.iter().copied());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
