//! Made-up articles: words and characters as frequent as Zipf has it, 250 of them each, half English and half Chinese.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use fastrand::Rng;
use jiff::Timestamp;
use kos_publish::{site::SiteInfo, stage::Publishing};
use kos_shared::{
    event::{Article, ArticleId, ArticleSummarized, Attributes, Event, EventId, Language},
    stage::Stage,
    store::Store,
};
use kos_tests::stage;

/// How many words and how many characters the languages have.
const WORDS: usize = 20_000;
const CHARACTERS: usize = 3_000;

/// How long a text is, in words or characters.
const LENGTH: usize = 250;

/// How many articles are committed at once.
const GROUP: u64 = 250;

/// How long it took to take articles in, and how much of that to write them.
pub struct Took {
    pub all: Duration,
    pub writing: Duration,
}

/// Publishes so many articles.
pub async fn publish(store: &Store, articles: u64, random: &mut Rng) -> anyhow::Result<Took> {
    let url = "https://site.example".parse().context("the site's address")?;
    let site = SiteInfo { name: "Site".into(), url, language: Language::ENGLISH };
    let publishing = Publishing { site: Arc::new(site), webhooks: Arc::default() };
    let started = Instant::now();
    let mut writing = Duration::ZERO;
    for group in 0..articles.div_ceil(GROUP) {
        let mut done = vec![];
        for number in group * GROUP..((group + 1) * GROUP).min(articles) {
            let data = article(number, random)?;
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
    Ok(Took { all: started.elapsed(), writing })
}

/// The address of an article.
pub fn address(number: u64) -> String {
    format!("https://paper{}.example/{number}", number % 50)
}

fn article(number: u64, random: &mut Rng) -> anyhow::Result<ArticleSummarized> {
    let request = stage::request(&address(number));
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
        body_html: format!("<p>{body}</p>"),
        text: body,
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

/// A word, as frequent as it is.
pub fn word(random: &mut Rng) -> String {
    spelled(rank(random, WORDS))
}

/// The word of a rank: two to four syllables.
pub fn spelled(rank: usize) -> String {
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

/// A run of characters, each as frequent as it is.
pub fn characters(random: &mut Rng, length: usize) -> String {
    let character = |rank: usize| u32::try_from(rank).ok().and_then(|rank| char::from_u32(0x4e00 + rank * 7));
    (0..length).filter_map(|_| character(rank(random, CHARACTERS))).collect()
}
