//! How long a search takes among 100,000 articles on SQLite, and how long it takes to take one in.
//!
//! Run by `cargo bench --package kos-tests --bench search`. Articles are made up: words and characters as frequent as Zipf
//! has it, 250 of them each, half English and half Chinese. Queries are of all kinds, the worst ones too: the most frequent words,
//! alone and together, with filters, and pages far behind. Nothing is cached between two searches but what SQLite keeps.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Parser;
use fastrand::Rng;
use jiff::Timestamp;
use kos_publish::{
    search::{Query, Wanted, find, snippet::snippet},
    site::SiteInfo,
    stage::Publishing,
    state::MIGRATIONS,
};
use kos_shared::{
    event::{Article, ArticleId, ArticleSummarized, Attributes, Event, EventId, Language},
    stage::Stage,
    store::Store,
};
use kos_tests::{Database, stage};

/// Measures search.
#[derive(Debug, Parser)]
struct Options {
    /// How many articles there are.
    #[arg(long, default_value_t = 100_000)]
    articles: u64,
    /// How many searches are timed.
    #[arg(long, default_value_t = 2_000)]
    searches: usize,
    /// What cargo passes to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// How many words and how many characters the languages have.
const WORDS: usize = 20_000;
const CHARACTERS: usize = 3_000;

/// How long a text is, in words or characters.
const LENGTH: usize = 250;

/// How many articles are committed at once.
const GROUP: u64 = 250;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let database = Database::sqlite();
    let store = Store::open(database.config(), "publish", MIGRATIONS).await?;
    let url = "https://site.example".parse().context("the site's address")?;
    let site = SiteInfo { name: "Site".into(), url, language: Language::ENGLISH };
    let publishing = Publishing { site: Arc::new(site), webhooks: Arc::default() };
    let mut random = Rng::with_seed(5);

    let started = Instant::now();
    let mut writing = Duration::ZERO;
    for group in 0..options.articles.div_ceil(GROUP) {
        let mut done = vec![];
        for number in group * GROUP..((group + 1) * GROUP).min(options.articles) {
            let data = article(number, &mut random)?;
            let attributes = Attributes::original(EventId::new(), "/bench", &data, Timestamp::now());
            let event = Event { attributes, data };
            done.push((publishing.work(&event).await?, event));
        }
        let began = Instant::now();
        let mut tx = store.begin().await?;
        for (permitted, event) in &done {
            publishing.record(&mut tx, event, permitted).await?;
        }
        tx.commit().await?;
        writing += began.elapsed();
    }
    let each = |time: Duration| time.as_secs_f64() * 1e3 / options.articles as f64;
    println!(
        "{} articles: {:.2} ms each, {:.2} of them writing",
        options.articles,
        each(started.elapsed()),
        each(writing)
    );

    for (name, make) in KINDS {
        let mut times = Vec::with_capacity(options.searches / KINDS.len());
        let mut found = 0;
        for _ in 0..options.searches / KINDS.len() {
            let wanted = make(&mut random);
            let began = Instant::now();
            let page = find(store.readers(), &wanted, None, 20).await?;
            for hit in &page.hits {
                snippet(&hit.summarized, &wanted.query, &Language::ENGLISH);
            }
            times.push(began.elapsed());
            found += page.hits.len();
            anyhow::ensure!(!page.gave_up, "{wanted:?} took too long");
        }
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        println!("{name}: p50 {:.1} ms, p99 {:.1} ms, {found} found in {} searches", at(0.5), at(0.99), times.len());
    }
    Ok(())
}

type Make = fn(&mut Rng) -> Wanted;

/// The kinds of queries, as many of each.
const KINDS: &[(&str, Make)] = &[
    ("a word", |random| wanted(&word(random))),
    ("two words", |random| wanted(&format!("{} {}", word(random), word(random)))),
    ("two characters", |random| wanted(&characters(random, 2))),
    ("four characters", |random| wanted(&characters(random, 4))),
    ("a character", |random| wanted(&characters(random, 1))),
    ("the most frequent word", |_| wanted(&spelled(0))),
    ("the ten most frequent words", |_| wanted(&(0..10).map(spelled).collect::<Vec<_>>().join(" "))),
    ("in a row", |random| wanted(&format!("\"{} {}\"", spelled(random.usize(0..5)), spelled(random.usize(0..5))))),
    ("the most frequent word, of one source and month", |random| Wanted {
        source: Some(format!("paper{}.example", random.u8(0..50))),
        from: "2022-01-01".parse().ok(),
        to: "2022-01-31".parse().ok(),
        ..wanted(&spelled(0))
    }),
];

fn wanted(query: &str) -> Wanted {
    Wanted { query: Query::parse(query), ..Wanted::default() }
}

fn article(number: u64, random: &mut Rng) -> anyhow::Result<ArticleSummarized> {
    let request = stage::request(&format!("https://paper{}.example/{number}", number % 50));
    let chinese = number % 2 == 1;
    let text = |length: usize, random: &mut Rng| match chinese {
        true => characters(random, length),
        false => (0..length).map(|_| word(random)).collect::<Vec<_>>().join(" "),
    };
    let (title, body) = (text(10, random), text(LENGTH, random));
    // One every quarter of an hour.
    let published = Timestamp::from_second(1_640_995_200 + i64::try_from(number)? * 900)?;
    let article = Article {
        article_id: ArticleId::of_canonical_url(&request.url),
        site: kos_shared::event::Site { name: String::new(), host: format!("paper{}.example", number % 50) },
        title,
        text: body,
        body_html: String::new(),
        language: if chinese { Language::CHINESE } else { Language::ENGLISH },
        published_at: Some(published.into()),
        ..stage::article_of(&request)
    };
    Ok(ArticleSummarized { article, summaries: vec![], missing: vec![], attempts: vec![] })
}

/// A rank, as frequent as Zipf's law has it: the logarithm of ranks is spread evenly.
fn rank(random: &mut Rng, most: usize) -> usize {
    ((most as f64).powf(random.f64()) as usize).clamp(1, most) - 1
}

fn word(random: &mut Rng) -> String {
    spelled(rank(random, WORDS))
}

/// The word of a rank: two to four syllables.
fn spelled(rank: usize) -> String {
    let syllable = |n: usize| {
        let (consonant, vowel) = (b"bdfgklmnprstvz"[n % 14], b"aeiou"[n / 14 % 5]);
        [char::from(consonant), char::from(vowel)]
    };
    let mut rest = rank + 70;
    let mut word = String::new();
    while rest > 0 {
        word.extend(syllable(rest % 70));
        rest /= 70;
    }
    word
}

fn characters(random: &mut Rng, length: usize) -> String {
    let character = |rank: usize| u32::try_from(rank).ok().and_then(|rank| char::from_u32(0x4e00 + rank * 7));
    (0..length).filter_map(|_| character(rank(random, CHARACTERS))).collect()
}
