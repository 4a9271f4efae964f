//! The compute floor: what the work on the articles takes when nothing is sent and nothing is kept.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread::{available_parallelism, scope},
    time::Instant,
};

use jiff::Timestamp;
use kos_ingest::{article::article, decode::decode};
use kos_publish::site::{ArticlePage, Passages, Sections, SiteInfo, messages::CHINESE, render_article, site_body};
use kos_shared::event::Language;
use kos_summarize::summaries::Summarizer;

use crate::{pages::Request, usage};

/// The floor for some articles.
pub struct Floor {
    /// How long it took on all cores.
    pub seconds: f64,
    /// How much computing time that was, over all threads.
    pub cpu_seconds: f64,
}

/// Extracts, summarizes, sanitizes and renders every article, on as many threads as there are cores; or only extracts.
pub fn measure(requests: &[Request], only_extract: bool) -> anyhow::Result<Floor> {
    let site = SiteInfo { name: "Bench".into(), url: "http://127.0.0.1/".parse()?, language: Language::CHINESE };
    let threads = available_parallelism()?.get();
    let next = AtomicUsize::new(0);
    let (start, cpu_before) = (Instant::now(), usage::of_this_process()?.cpu_seconds);
    let rendered: usize = scope(|scope| {
        let work = || {
            let mut rendered = 0;
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                let done = if only_extract { is_read(request) } else { is_rendered(&site, request) };
                rendered += usize::from(done);
            }
            rendered
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    });
    anyhow::ensure!(rendered == requests.len(), "{rendered} of {} pages were rendered", requests.len());
    let seconds = start.elapsed().as_secs_f64();
    Ok(Floor { seconds, cpu_seconds: usage::of_this_process()?.cpu_seconds - cpu_before })
}

fn is_read(request: &Request) -> bool {
    let html = decode(request.html().as_bytes(), Some("text/html; charset=utf-8"));
    article(&html, &request.url, None, Timestamp::UNIX_EPOCH).is_ok()
}

fn is_rendered(site: &SiteInfo, request: &Request) -> bool {
    let Ok(article) = article(&request.html(), &request.url, None, Timestamp::UNIX_EPOCH) else { return false };
    let outcome = Summarizer::without_models(&[Language::CHINESE, Language::ENGLISH]).excerpt(&article);
    let body = site_body(&article.body_html);
    let summarized = outcome.of(article);
    let passages = Passages::of(&body, &summarized.article.text, &summarized.summaries);
    let page = ArticlePage { summarized, body, passages, added_at: Timestamp::UNIX_EPOCH };
    render_article(site, &CHINESE, &page, &Sections::default()).contains(request.url.as_str())
}
