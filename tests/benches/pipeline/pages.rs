//! What is published: real pages where there are any, generated ones otherwise.

use std::{borrow::Cow, env, fs::File, io::Read, ops::Range, path::Path, sync::Arc};

use anyhow::{Context, ensure};
use bytes::Bytes;
use flate2::read::GzDecoder;
use jiff::Timestamp;
use kos_ingest::article::article;
use kos_shared::event::{ArticleId, HttpUrl};
use kos_tests::Articles;

use crate::site::Site;

/// A page, and the same as a JSON text: encoding it is no part of what is measured.
struct Page {
    html: Bytes,
    json: String,
}

/// Pages enough for all that is published, each under an address of its own.
pub struct Pages<'s> {
    /// Where they come from and how large they are.
    pub about: String,
    pages: Vec<Arc<Page>>,
    published: usize,
    site: Option<&'s Site>,
}

/// One article that is asked for.
#[derive(Clone)]
pub struct Request {
    /// Its address, which is also its canonical one.
    pub url: HttpUrl,
    /// The article that it becomes.
    pub article_id: ArticleId,
    page: Arc<Page>,
    fetched: bool,
}

impl Request {
    /// The page.
    pub fn html(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.page.html)
    }

    /// The body of `kos.ingest.requested`.
    pub fn body(&self) -> Bytes {
        if self.fetched {
            return format!("{{\"url\":\"{}\"}}", self.url).into();
        }
        format!("{{\"url\":\"{}\",\"html\":{}}}", self.url, self.page.json).into()
    }
}

impl<'s> Pages<'s> {
    /// The pages of the corpus that `KOS_CORPORA` names, as often as it takes to have `wanted`; as many generated ones
    /// where it isn't set. Those that hold no article are left out: they would become dead letters. With a `site` they
    /// are put up there, and events carry their addresses alone.
    pub fn load(wanted: usize, site: Option<&'s Site>) -> anyhow::Result<Self> {
        let (html, source) = match env::var_os("KOS_CORPORA").filter(|v| !v.is_empty()) {
            Some(folder) => (corpus(&Path::new(&folder).join("extraction/html"))?, "real pages of KOS_CORPORA"),
            None => ((0..wanted as u64).map(|n| Articles::new(1).page(n).html).collect(), "generated pages"),
        };
        let found = html.len();
        let pages: Vec<Arc<Page>> =
            html.into_iter().filter(|html| is_article(html)).map(page).collect::<Result<_, _>>()?;
        ensure!(!pages.is_empty(), "none of the {found} pages holds an article");
        let mut sizes: Vec<usize> = pages.iter().map(|p| p.html.len()).collect();
        sizes.sort_unstable();
        let about = format!(
            "{} of {found} {source} in turn, each time at another address; {} kB at the median, {} kB the largest",
            pages.len(),
            sizes[sizes.len() / 2] / 1_000,
            sizes[sizes.len() - 1] / 1_000,
        );
        Ok(Self { about, pages, published: 0, site })
    }

    /// The next `count` requests; no address is used twice.
    pub fn next(&mut self, count: usize) -> Vec<Request> {
        let numbers = self.published..self.published + count;
        self.published += count;
        numbers.map(|number| self.request(number)).collect()
    }

    /// What the bodies of the first `count` requests come to, in bytes.
    pub fn bytes(&self, count: usize) -> usize {
        self.of(0..count).map(|page| page.json.len() + 200).sum()
    }

    fn of(&self, numbers: Range<usize>) -> impl Iterator<Item = &Arc<Page>> {
        numbers.map(|number| &self.pages[number % self.pages.len()])
    }

    fn request(&self, number: usize) -> Request {
        let page = Arc::clone(&self.pages[number % self.pages.len()]);
        let url = match self.site {
            Some(site) => address(&site.put(number, &page.html)),
            None => address(&elsewhere(number)),
        };
        Request { article_id: ArticleId::of_canonical_url(&url), url, page, fetched: self.site.is_some() }
    }
}

/// An address where nothing is. What pages say about their own address is on other hosts, and so doesn't count.
fn elsewhere(number: usize) -> String {
    format!("https://bench.example/{number}")
}

#[expect(clippy::expect_used, reason = "a number makes no address wrong")]
fn address(text: &str) -> HttpUrl {
    text.parse().expect("an address")
}

fn is_article(html: &str) -> bool {
    article(html, &address(&elsewhere(0)), None, Timestamp::UNIX_EPOCH).is_ok()
}

fn page(html: String) -> anyhow::Result<Arc<Page>> {
    Ok(Arc::new(Page { json: serde_json::to_string(&html)?, html: html.into() }))
}

/// The pages in a folder, by name.
fn corpus(folder: &Path) -> anyhow::Result<Vec<String>> {
    let read = |path: &Path| -> anyhow::Result<String> {
        let mut html = Vec::new();
        GzDecoder::new(File::open(path)?).read_to_end(&mut html)?;
        Ok(String::from_utf8_lossy(&html).into_owned())
    };
    let entries = folder.read_dir().with_context(|| format!("KOS_CORPORA: {}", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|e| e == "gz"));
    files.sort();
    files.iter().map(|path| read(path).with_context(|| path.display().to_string())).collect()
}
