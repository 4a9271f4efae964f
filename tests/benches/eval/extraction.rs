//! How much of the articles' text comes out, and how much else, beside the libraries that it could have been.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use comfy_table::Table;
use flate2::read::GzDecoder;
use jiff::Timestamp;
use kos_ingest::{decode::decode, extract::extract};
use kos_shared::event::HttpUrl;
use serde_json::{Value, json};

/// The sets by folder, and whether they are measured by characters as Chinese is.
const SETS: [(&str, bool); 3] = [("extraction", false), ("extraction-wide", false), ("extraction-zh", true)];

/// What the libraries need to get through the deepest pages.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// How deep the page is that no extractor likes.
const DEEP: usize = 100_000;

/// Extracts the text of the page with these bytes at an address; empty where there is none.
type Engine = fn(&[u8], &HttpUrl) -> String;

const ENGINES: [(&str, Engine); 3] =
    [("ingest", ours), ("dom_smoothie", dom_smoothie_alone), ("trafilatura", trafilatura_alone)];

/// Measures and prints a table a set.
pub fn run(corpora: &Path) -> anyhow::Result<()> {
    let corpora = corpora.to_owned();
    let measured = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || measure(&corpora))?.join();
    measured.map_err(|_| anyhow::anyhow!("the measurement panicked"))?
}

fn measure(corpora: &Path) -> anyhow::Result<()> {
    let scorer = corpora.join("../tools/score-extraction");
    if !scorer.exists() {
        println!("extraction: no scorer at {}, so speed alone is measured", scorer.display());
    }
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("extraction");
    std::fs::create_dir_all(&kept)?;
    for (set, by_character) in SETS {
        let folder = corpora.join(set);
        if !folder.join("ground-truth.json").exists() {
            println!("skipped: {} isn't there", folder.display());
            continue;
        }
        let pages = pages(&folder)?;
        let mut table = Table::new();
        table.set_header(["engine", "F1", "precision", "recall", "pages/s", "slowest (ms)", "none", "panics"]);
        for (name, engine) in ENGINES {
            let run = extract_all(engine, &pages);
            let predicted = kept.join(format!("{set}.{name}.json"));
            std::fs::write(&predicted, serde_json::to_vec(&run.texts)?)?;
            let [f1, precision, recall] = match scorer.exists() {
                true => score(&scorer, by_character, &folder.join("ground-truth.json"), &predicted)?,
                false => std::array::from_fn(|_| String::from("?")),
            };
            table.add_row([
                name.to_owned(),
                f1,
                precision,
                recall,
                format!("{:.0}", pages.len() as f64 / run.took.as_secs_f64()),
                format!("{:.0}", run.slowest.as_secs_f64() * 1_000.0),
                run.empty.to_string(),
                run.panics.to_string(),
            ]);
        }
        println!("\nextraction: {set}, {} pages, on one core, decoding included\n{table}", pages.len());
    }
    println!(
        "ingest's judge of lines was fitted to these pages; trees that `make fit` fits to four fifths of them have an F1 \
         of 0.973, 0.951 and 0.947 on the rest, fitted to one half 0.968, 0.949 and 0.949 on the other"
    );
    println!("texts are kept in {}", kept.display());
    deep_page()
}

/// What ingest says of a page that is nested very deep, and how soon.
fn deep_page() -> anyhow::Result<()> {
    let url: HttpUrl = "https://example.com/".parse()?;
    let html = format!("{}<p>one two three four five</p>", "<div>".repeat(DEEP));
    let started = Instant::now();
    let answer = match extract(&html, &url, None, Timestamp::UNIX_EPOCH) {
        Ok(article) => format!("an article of {} words", article.words),
        Err(reason) => reason.to_string(),
    };
    println!("a page nested {DEEP} deep: {answer} after {:.1} ms", started.elapsed().as_secs_f64() * 1_000.0);
    Ok(())
}

struct Page {
    key: String,
    url: HttpUrl,
    bytes: Vec<u8>,
}

fn pages(folder: &Path) -> anyhow::Result<Vec<Page>> {
    let truth: BTreeMap<String, Value> = serde_json::from_reader(File::open(folder.join("ground-truth.json"))?)?;
    truth
        .into_iter()
        .map(|(key, known)| {
            let path: PathBuf = folder.join(format!("html/{key}.html.gz"));
            let mut bytes = Vec::new();
            let packed = File::open(&path).with_context(|| path.display().to_string())?;
            GzDecoder::new(packed).read_to_end(&mut bytes).with_context(|| path.display().to_string())?;
            let url = known["url"].as_str().and_then(|u| u.parse().ok());
            let url = url.map_or_else(|| "https://example.com/".parse(), Ok)?;
            Ok(Page { key, url, bytes })
        })
        .collect()
}

struct Run {
    /// As the scorer reads them.
    texts: BTreeMap<String, Value>,
    took: Duration,
    slowest: Duration,
    empty: usize,
    panics: usize,
}

fn extract_all(engine: Engine, pages: &[Page]) -> Run {
    let zero = Duration::ZERO;
    let mut run = Run { texts: BTreeMap::new(), took: zero, slowest: zero, empty: 0, panics: 0 };
    for page in pages {
        let started = Instant::now();
        let text = catch_unwind(AssertUnwindSafe(|| engine(&page.bytes, &page.url)));
        let took = started.elapsed();
        run.took += took;
        run.slowest = run.slowest.max(took);
        run.panics += usize::from(text.is_err());
        let text = text.unwrap_or_default();
        run.empty += usize::from(text.is_empty());
        run.texts.insert(page.key.clone(), json!({ "articleBody": text }));
    }
    run
}

fn ours(bytes: &[u8], url: &HttpUrl) -> String {
    extract(&decode(bytes, None), url, None, Timestamp::UNIX_EPOCH).map(|article| article.text).unwrap_or_default()
}

fn dom_smoothie_alone(bytes: &[u8], url: &HttpUrl) -> String {
    let config = dom_smoothie::Config { text_mode: dom_smoothie::TextMode::Formatted, ..Default::default() };
    dom_smoothie::Readability::new(decode(bytes, None), Some(url.as_str()), Some(config))
        .and_then(|mut readability| readability.parse())
        .map(|article| article.text_content.to_string())
        .unwrap_or_default()
}

fn trafilatura_alone(bytes: &[u8], url: &HttpUrl) -> String {
    let options = trafilatura::Options::default().with_url(url.as_url().clone());
    trafilatura::extract(&decode(bytes, None), &options).map(|found| found.content_text).unwrap_or_default()
}

/// F1, precision and recall as the scorer prints them.
fn score(scorer: &Path, by_character: bool, truth: &Path, predicted: &Path) -> anyhow::Result<[String; 3]> {
    let mut command = Command::new("python3");
    command.arg(scorer).args(by_character.then_some("--cjk")).arg(truth).arg(predicted);
    let output = command.output().context("the scorer needs python3")?;
    ensure!(output.status.success(), "the scorer failed: {}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout)?;
    let words: Vec<&str> = printed.split_whitespace().collect();
    let after = |name: &str| -> anyhow::Result<String> {
        let at = words.iter().position(|w| *w == name).and_then(|i| words.get(i + 1));
        Ok((*at.with_context(|| format!("no {name} in what the scorer printed: {printed}"))?).to_owned())
    };
    Ok([after("f1")?, after("precision")?, after("recall")?])
}
