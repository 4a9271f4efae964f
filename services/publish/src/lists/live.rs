//! New articles announce themselves to the pages that are open: server-sent events at `/live` (WHATWG HTML, section 9.2).
//!
//! One loop a process asks the database what is new, as long as anybody listens; so it doesn't matter which of several
//! processes published an article. Who comes back says what it heard last, and gets what it missed from the database.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use axum::response::{
    IntoResponse, Response, Sse,
    sse::{Event, KeepAlive},
};
use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;
use kos_shared::{event::ArticleId, stage::RecordError};
use serde_json::json;
use sqlx::AnyPool;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, broadcast},
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Cursor, Entry, Filter, Turn, select};
use crate::site::page_path;

/// How often the database is asked.
const EVERY: Duration = Duration::from_secs(1);

/// For how long an article that is committed late is still noticed: its time is from before.
const LATE_MS: i64 = 30_000;

/// How many articles are announced at once, and how many a listener is behind at most before it has to come back.
const AT_ONCE: usize = 200;

/// How often a silent stream says that it is still there, so that nothing on the way takes it for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// After how long a listener that was cut off comes back.
const COME_BACK: Duration = Duration::from_secs(5);

/// Who listens. Clones share it.
#[derive(Debug, Clone)]
pub struct Live {
    news: broadcast::Sender<Arc<Entry>>,
    room: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Live {
    /// Nobody yet, and room for `connections`. Streams end when `stop` is cancelled.
    pub fn new(connections: usize, stop: CancellationToken) -> Self {
        Self { news: broadcast::Sender::new(AT_ONCE), room: Arc::new(Semaphore::new(connections)), stop }
    }

    /// Tells listeners what is new until the process is told to stop.
    pub async fn run(self, pool: AnyPool) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Heard::from(Timestamp::now());
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if self.news.receiver_count() == 0 {
                heard = Heard::from(Timestamp::now());
                continue;
            }
            match select::newest(&pool, AT_ONCE).await {
                Ok(entries) => {
                    for entry in heard.new_among(entries) {
                        // That nobody listens any more is no error.
                        let _listeners = self.news.send(Arc::new(entry));
                    }
                }
                Err(error) => warn!(service = "publish", %error, "new articles can't be announced"),
            }
        }
    }

    /// A stream of the articles that `filter` takes and that came after `after`, or from now on. `None` where there is no
    /// room for another one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn listen(
        &self,
        pool: &AnyPool,
        filter: Filter,
        after: Option<Cursor>,
    ) -> Result<Option<Response>, RecordError> {
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else { return Ok(None) };
        // Before the database is asked, so that nothing that comes in between is missed.
        let news = self.news.subscribe();
        let missed = match after {
            Some(cursor) => select::side(pool, &filter, Turn::Before(cursor), AT_ONCE).await?,
            None => Vec::new(),
        };
        let listener = Listener { missed: missed.into(), told: HashSet::new(), news, filter, _room: room };
        let hello = Event::default().retry(COME_BACK).comment("new articles are announced here");
        let events = stream::once(async { Ok::<_, Infallible>(hello) })
            .chain(announcements(listener))
            .take_until(self.stop.clone().cancelled_owned());
        let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still here"));
        // A proxy that gathers an answer before it passes it on would make it useless.
        Ok(Some(([("x-accel-buffering", "no")], stream).into_response()))
    }
}

struct Listener {
    missed: VecDeque<Entry>,
    told: HashSet<ArticleId>,
    news: broadcast::Receiver<Arc<Entry>>,
    filter: Filter,
    _room: OwnedSemaphorePermit,
}

impl Listener {
    /// The next article; `None` where the listener is so slow that some are lost, and better comes back.
    async fn next(&mut self) -> Option<Arc<Entry>> {
        loop {
            let entry = match self.missed.pop_front() {
                Some(entry) => Arc::new(entry),
                None => self.news.recv().await.ok()?,
            };
            if self.filter.takes(&entry) && entry.leads && self.told.insert(entry.article_id) {
                return Some(entry);
            }
        }
    }
}

fn announcements(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(listener, async |mut listener| {
        let entry = listener.next().await?;
        Some((Ok(announcement(&entry)), listener))
    })
}

fn announcement(entry: &Entry) -> Event {
    let data = json!({
        "article_id": entry.article_id,
        "path": page_path(entry.article_id),
        "title": entry.title,
        "language": entry.language,
        "source": entry.host,
    });
    Event::default().event("article").id(entry.cursor().to_string()).data(data.to_string())
}

/// What was announced, as far back as it could be read again.
#[derive(Debug)]
struct Heard {
    /// Who began to listen later knows what came before, or asked for it.
    from_ms: i64,
    announced: BTreeMap<ArticleId, i64>,
}

impl Heard {
    /// Nothing yet, and nothing to be said of what came before.
    fn from(time: Timestamp) -> Self {
        Self { from_ms: time.as_millisecond(), announced: BTreeMap::new() }
    }

    /// Those that weren't announced yet, the oldest first.
    fn new_among(&mut self, newest_first: Vec<Entry>) -> Vec<Entry> {
        let Some(newest) = newest_first.first().map(|entry| entry.added_at.as_millisecond()) else { return vec![] };
        let oldest = self.from_ms.max(newest - LATE_MS);
        let recent = |at: i64| at >= oldest;
        self.announced.retain(|_, at| recent(*at));
        let mut new: Vec<_> = newest_first
            .into_iter()
            .filter(|entry| recent(entry.added_at.as_millisecond()))
            .filter(|entry| self.announced.insert(entry.article_id, entry.added_at.as_millisecond()).is_none())
            .collect();
        new.reverse();
        new
    }
}

#[cfg(test)]
mod tests {
    use kos_shared::event::Language;

    use super::*;

    fn entry(number: i64, added_at_ms: i64) -> Entry {
        let article_id = ArticleId::of_canonical_url(&format!("https://a.example/{number}").parse().unwrap());
        Entry {
            article_id,
            story_id: article_id,
            leads: true,
            added_at: Timestamp::from_millisecond(added_at_ms).unwrap(),
            published_at: None,
            host: "a.example".into(),
            site_name: "A".into(),
            title: format!("Article {number}"),
            language: Language::ENGLISH,
            words: 1,
            leads_in: vec![],
            comments: 0,
        }
    }

    fn titles(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.title.as_str()).collect()
    }

    #[test]
    fn an_article_is_announced_once_also_where_it_is_committed_late() {
        let mut heard = Heard::from(Timestamp::from_millisecond(1_000).unwrap());
        assert!(heard.new_among(vec![]).is_empty());
        let first = heard.new_among(vec![entry(3, 3_000), entry(1, 2_000), entry(0, 999)]);
        assert_eq!(titles(&first), ["Article 1", "Article 3"]);
        let late = heard.new_among(vec![entry(3, 3_000), entry(2, 2_500), entry(1, 2_000)]);
        assert_eq!(titles(&late), ["Article 2"]);
        let later = 3_000 + LATE_MS + 1;
        let much_later = heard.new_among(vec![entry(4, later), entry(3, 3_000), entry(9, 2_999)]);
        assert_eq!(titles(&much_later), ["Article 4"]);
        assert_eq!(heard.announced.len(), 1, "what can't come again is forgotten");
    }
}
