//! How well titles, authors, dates, languages and site names come out.
//!
//! - A title is right if it is the expected one, letter case, white space and the shapes of quotes, dashes and other
//!   marks aside. On the pages of Readability's tests the expected one may have the site's name around it, as that is
//!   what Readability gives.
//! - Authors are right if one of them is in the expected line or the other way round, compared like titles.
//! - A date is right on the same day, UTC; where only a year or a month is expected, within it.
//! - A language is right if its primary subtag is; a site's name if it is the same, compared like titles.
//!
//! `wrong` are other answers than the expected one, `invented` are answers where none is expected.

use std::{collections::BTreeMap, fs, io::Read, path::Path, thread};

use anyhow::Context;
use comfy_table::{Cell, CellAlignment, Table, presets::ASCII_MARKDOWN};
use flate2::read::GzDecoder;
use jiff::Timestamp;
use kos_ingest::{
    decode::decode,
    extract::{declared_url, extract},
};
use kos_shared::event::{HttpUrl, Language, OffsetTime};
use serde_json::Value;

/// Recursive extractors need more than a thread has by default.
const STACK_BYTES: usize = 512 * 1024 * 1024;

/// Measures and prints a table; with `list_wrong` every answer that isn't the expected one too.
pub fn run(corpora: &Path, list_wrong: bool) -> anyhow::Result<()> {
    let corpora = corpora.to_owned();
    let work = move || measure(&corpora, list_wrong);
    let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(work)?;
    thread.join().map_err(|_| anyhow::anyhow!("the measuring thread panicked"))?
}

fn measure(corpora: &Path, list_wrong: bool) -> anyhow::Result<()> {
    let mut scores = Scores { list_wrong, ..Scores::default() };
    for set in ["extraction", "extraction-wide", "extraction-zh"] {
        let folder = corpora.join(set);
        if !folder.exists() {
            println!("skipped: no folder {set}");
            continue;
        }
        for page in truths(&folder)? {
            let ours = Answer::of_kos(&page.html, &page.url).inspect_err(|error| scores.refuse(set, &page.id, error));
            if set != "extraction" {
                scores.add(set, "kos", &page, &ours.unwrap_or_default());
            }
            if set == "extraction-wide" {
                scores.add(set, "trafilatura", &page, &Answer::of_trafilatura(&page.html, &page.url)?);
            }
        }
    }
    let folder = corpora.join("pages");
    if folder.exists() {
        for page in readability_pages(&folder)? {
            let ours = Answer::of_kos(&page.html, &page.url);
            let ours = ours.inspect_err(|error| scores.refuse("pages", &page.id, error)).unwrap_or_default();
            scores.add("pages", "kos", &page, &ours);
        }
    }
    scores.print();
    Ok(())
}

/// A page and what is expected of it.
struct Page {
    id: String,
    url: HttpUrl,
    html: String,
    expected: Vec<(&'static str, Expected)>,
}

/// What is expected of a field.
enum Expected {
    Title(String),
    /// A title that may have the site's name around it.
    TitleAround(String),
    Names(Option<String>),
    Day(Option<String>),
    Language(String),
    SiteName(String),
}

/// What an extractor says.
#[derive(Default)]
struct Answer {
    title: String,
    authors: Vec<String>,
    day: Option<String>,
    language: Option<String>,
    site_name: String,
}

impl Answer {
    fn of_kos(html: &str, url: &HttpUrl) -> Result<Self, String> {
        let found = extract(html, url, None, Timestamp::now()).map_err(|error| error.to_string())?;
        Ok(Self {
            title: found.title,
            authors: found.authors,
            day: found.published_at.map(|at| at.date().to_string()),
            language: Some(found.language.primary().to_owned()),
            site_name: found.site_name,
        })
    }

    fn of_trafilatura(html: &str, url: &HttpUrl) -> anyhow::Result<Self> {
        let mut options = trafilatura::Options::default();
        options.original_url = Some(url.as_str().parse()?);
        let found = trafilatura::metadata::extract_metadata(&trafilatura::dom::Document::parse(html), &options);
        Ok(Self {
            title: found.title,
            authors: found.author.split(';').map(|a| a.trim().to_owned()).filter(|a| !a.is_empty()).collect(),
            day: found.date.map(|day| day.to_string()),
            language: None,
            site_name: found.sitename,
        })
    }
}

fn truths(folder: &Path) -> anyhow::Result<Vec<Page>> {
    let text = fs::read_to_string(folder.join("ground-truth.json")).context("ground-truth.json")?;
    let truth: BTreeMap<String, Value> = serde_json::from_str(&text)?;
    let page = |(id, truth): (String, Value)| {
        let mut bytes = Vec::new();
        let file = fs::File::open(folder.join("html").join(format!("{id}.html.gz")))?;
        GzDecoder::new(file).read_to_end(&mut bytes)?;
        let text = |field: &str| truth[field].as_str().map(str::to_owned);
        let title = text("title").map(|title| ("title", Expected::Title(title)));
        let known = |field: &str| truth.get(field).is_some();
        let names = known("author").then(|| ("author", Expected::Names(text("author"))));
        let day = known("date").then(|| ("date", Expected::Day(text("date").filter(|d| period(d).is_some()))));
        let url = text("url").unwrap_or_default().parse().with_context(|| id.clone())?;
        let expected = title.into_iter().chain(names).chain(day).collect();
        Ok(Page { html: decode(&bytes, None), id, url, expected })
    };
    truth.into_iter().map(page).collect()
}

fn readability_pages(folder: &Path) -> anyhow::Result<Vec<Page>> {
    let mut pages = Vec::new();
    let mut names: Vec<_> = fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    names.sort();
    for path in names.iter().filter(|p| p.join("expected-metadata.json").exists()) {
        let truth: Value = serde_json::from_str(&fs::read_to_string(path.join("expected-metadata.json"))?)?;
        let html = decode(&fs::read(path.join("source.html"))?, None);
        let text = |field: &str| truth[field].as_str().filter(|t| !t.trim().is_empty()).map(str::to_owned);
        let named = |name, expected: Option<Expected>| expected.map(|e| (name, e));
        let expected = [
            named("title", text("title").map(Expected::TitleAround)),
            Some(("byline", Expected::Names(text("byline")))),
            named("language", text("lang").map(Expected::Language)),
            named("site name", text("siteName").map(Expected::SiteName)),
            // Readability reads dates for machines only, so that it expects none says nothing.
            named("published", text("publishedTime").filter(|d| period(d).is_some()).map(|d| Expected::Day(Some(d)))),
        ];
        pages.push(Page {
            id: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            url: declared_url(&html).map_or_else(|| "http://fakehost.test/test/page.html".parse(), Ok)?,
            html,
            expected: expected.into_iter().flatten().collect(),
        });
    }
    Ok(pages)
}

/// The first and the last day of the day, month or year that an expectation names. That of an instant is a day by its
/// own clock and one by UTC's: which of them a page shows is not in question.
fn period(text: &str) -> Option<(String, String)> {
    if let Ok(time) = text.parse::<OffsetTime>() {
        let days = [time.date(), OffsetTime::from(time.instant()).date()].map(|day| day.to_string());
        return days.iter().min().cloned().zip(days.iter().max().cloned());
    }
    let day = text.split(['T', ' ']).next()?;
    let numbers: Vec<u16> = day.split('-').map(|n| n.parse().ok()).collect::<Option<_>>()?;
    match numbers[..] {
        [year] if year > 1900 => Some((format!("{year}-01-01"), format!("{year}-12-31"))),
        [year, month] => Some((format!("{year}-{month:02}-01"), format!("{year}-{month:02}-31"))),
        [year, month, day] => {
            let day = format!("{year}-{month:02}-{day:02}");
            Some((day.clone(), day))
        }
        _ => None,
    }
}

/// A text as texts are compared.
fn folded(text: &str) -> String {
    let marks = |c: char| if c.is_alphanumeric() { c } else { ' ' };
    let without_apostrophes = text.chars().filter(|c| !matches!(c, '\'' | '’' | '‘' | '\u{200b}' | '\u{ad}'));
    let plain: String = without_apostrophes.map(marks).collect();
    plain.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How an answer compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Right,
    Wrong,
    Missing,
    Invented,
    RightlyNone,
}

fn verdict(expected: &Expected, answer: &Answer) -> Verdict {
    let judged = |missing: bool, right: bool| match (missing, right) {
        (true, _) => Verdict::Missing,
        (_, true) => Verdict::Right,
        _ => Verdict::Wrong,
    };
    let unexpected = |missing: bool| if missing { Verdict::RightlyNone } else { Verdict::Invented };
    match expected {
        Expected::Title(title) => judged(answer.title.is_empty(), folded(title) == folded(&answer.title)),
        Expected::TitleAround(title) => {
            let (around, ours) = (folded(title), folded(&answer.title));
            judged(ours.is_empty(), around.contains(&ours) && ours.len() * 3 >= around.len())
        }
        Expected::Names(None) => unexpected(answer.authors.is_empty()),
        Expected::Names(Some(line)) => {
            let line = folded(line);
            let same = |name: &String| {
                let name = folded(name);
                !name.is_empty() && (line.contains(&name) || name.contains(&line))
            };
            judged(answer.authors.is_empty(), answer.authors.iter().any(same))
        }
        Expected::Day(None) => unexpected(answer.day.is_none()),
        Expected::Day(Some(day)) => {
            let within = |ours: &String| period(day).is_some_and(|(first, last)| first <= *ours && *ours <= last);
            judged(answer.day.is_none(), answer.day.as_ref().is_some_and(within))
        }
        Expected::Language(language) => {
            let same = |l: Language| Some(l.primary()) == answer.language.as_deref();
            judged(answer.language.as_deref().is_none_or(|l| l == "und"), language.parse().is_ok_and(same))
        }
        Expected::SiteName(name) => judged(answer.site_name.is_empty(), folded(name) == folded(&answer.site_name)),
    }
}

fn shown(expected: &Expected, answer: &Answer) -> (String, String) {
    let none = || "none".to_owned();
    match expected {
        Expected::Title(t) | Expected::TitleAround(t) => (t.clone(), answer.title.clone()),
        Expected::Names(names) => (names.clone().unwrap_or_else(none), answer.authors.join("; ")),
        Expected::Day(day) => (day.clone().unwrap_or_else(none), answer.day.clone().unwrap_or_else(none)),
        Expected::Language(l) => (l.clone(), answer.language.clone().unwrap_or_default()),
        Expected::SiteName(n) => (n.clone(), answer.site_name.clone()),
    }
}

#[derive(Default)]
struct Scores {
    list_wrong: bool,
    tallies: Vec<((String, &'static str, &'static str), Tally)>,
    refused: Vec<String>,
}

#[derive(Default)]
struct Tally {
    right: usize,
    wrong: usize,
    missing: usize,
    invented: usize,
    rightly_none: usize,
}

impl Scores {
    fn add(&mut self, set: &str, who: &'static str, page: &Page, answer: &Answer) {
        for (field, expected) in &page.expected {
            let verdict = verdict(expected, answer);
            let tally = self.tally(set, who, field);
            match verdict {
                Verdict::Right => tally.right += 1,
                Verdict::Wrong => tally.wrong += 1,
                Verdict::Missing => tally.missing += 1,
                Verdict::Invented => tally.invented += 1,
                Verdict::RightlyNone => tally.rightly_none += 1,
            }
            let asked = self.list_wrong && who == "kos" && !matches!(verdict, Verdict::Right | Verdict::RightlyNone);
            if asked {
                let (expected, ours) = shown(expected, answer);
                println!("{set} {field} {verdict:?} {}\n    expected {expected}\n    got      {ours}", page.id);
            }
        }
    }

    fn refuse(&mut self, set: &str, id: &str, error: &str) {
        self.refused.push(format!("{set} {id}: {error}"));
    }

    fn tally(&mut self, set: &str, who: &'static str, field: &'static str) -> &mut Tally {
        let key = (set.to_owned(), field, who);
        let at = self.tallies.iter().position(|(k, _)| *k == key).unwrap_or_else(|| {
            self.tallies.push((key, Tally::default()));
            self.tallies.len() - 1
        });
        &mut self.tallies[at].1
    }

    fn print(&self) {
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN).set_header([
            "set",
            "field",
            "by",
            "right",
            "wrong",
            "missing",
            "right %",
            "invented",
            "of",
            "invented %",
        ]);
        for ((set, field, who), t) in &self.tallies {
            let percent = |part: usize, of: usize| match of {
                0 => String::new(),
                of => format!("{:.1}", part as f64 * 100.0 / of as f64),
            };
            let expected = t.right + t.wrong + t.missing;
            let unexpected = t.invented + t.rightly_none;
            let texts = [set.clone(), (*field).to_owned(), (*who).to_owned()];
            let figures = [
                t.right.to_string(),
                t.wrong.to_string(),
                t.missing.to_string(),
                percent(t.right, expected),
                t.invented.to_string(),
                unexpected.to_string(),
                percent(t.invented, unexpected),
            ];
            let right = |text| Cell::new(text).set_alignment(CellAlignment::Right);
            table.add_row(texts.into_iter().map(Cell::new).chain(figures.into_iter().map(right)));
        }
        println!("{table}");
        println!("pages refused as no articles: {}", self.refused.len());
        for refused in &self.refused {
            println!("  {refused}");
        }
    }
}
