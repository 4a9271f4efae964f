//! A feed that is followed: what is known of it, and what a poll makes of that.

use std::time::Duration;

use jiff::Timestamp;
use kos_shared::event::HttpUrl;
use uuid::Uuid;

use super::{
    schedule::{self, Bounds, Turn},
    skips::Skips,
};
use crate::fetch::Validators;

/// The longest reason or title that is kept, in characters.
const MOST_CHARACTERS: usize = 500;

/// Whether a feed is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is.
    Active,
    /// It is gone for good, or went where another feed is.
    Gone,
}

impl State {
    /// As it is kept and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Gone => "gone",
        }
    }
}

/// The id of the feed that was added under `url`: the UUIDv5 (URL namespace) of the address.
pub fn feed_id(url: &HttpUrl) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, url.as_str().as_bytes()).to_string()
}

/// A feed that is followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    /// The feed.
    pub feed_id: String,
    /// Where it is asked for.
    pub url: HttpUrl,
    /// When it was added.
    pub added_at: Timestamp,
    /// What it calls itself.
    pub title: Option<String>,
    /// The site that it belongs to.
    pub site_url: Option<String>,
    /// Whether it is polled.
    pub state: State,
    /// The number of its last turn.
    pub slot: i64,
    /// When its next turn begins.
    pub next_at: Timestamp,
    /// The interval that suits it.
    pub interval: Duration,
    /// How long its last document asks not to be polled again.
    pub ttl: Option<Duration>,
    /// When its last document asks not to be polled.
    pub skips: Skips,
    /// What its last document is known by.
    pub validators: Validators,
    /// Digest of its last document.
    pub body_hash: Option<String>,
    /// How many polls in a row failed.
    pub failures: u32,
    /// When it was last read, or found unchanged.
    pub last_success_at: Option<Timestamp>,
    /// Why the last poll failed, or why it is gone.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Timestamp>,
    /// How many entries its last document had.
    pub entries: usize,
    /// How many of them have neither an address nor a text.
    pub entries_without_link: usize,
    /// When its newest entries came, the newest first.
    pub changes: Vec<Timestamp>,
    /// Until when a hub tells of changes.
    pub hub_expires_at: Option<Timestamp>,
    /// Why none does, though one is offered.
    pub hub_error: Option<String>,
}

/// What a document said beside its entries, and its server beside the document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The feed's title.
    pub title: Option<String>,
    /// The feed's site.
    pub site_url: Option<HttpUrl>,
    /// How many entries it has.
    pub entries: usize,
    /// How many of them have neither an address nor a text.
    pub entries_without_link: usize,
    /// How long it asks not to be polled again.
    pub ttl: Option<Duration>,
    /// When it asks not to be polled.
    pub skips: Skips,
    /// What it is known by at the next poll.
    pub validators: Validators,
    /// Its digest.
    pub body_hash: Option<String>,
    /// When its new entries came.
    pub new_at: Vec<Timestamp>,
}

/// What a poll came to, as far as it matters to when the next one is.
#[derive(Debug, Clone, PartialEq)]
pub enum Turnout {
    /// The document is a new one.
    Read(Document),
    /// Nothing changed; what the document is known by from now on, where its server says it anew.
    Unchanged(Option<Validators>),
    /// It failed.
    Failed {
        /// Why, and what a person can do about it.
        reason: String,
    },
    /// The feed is no more.
    Gone {
        /// Who says so.
        reason: String,
    },
}

impl Subscription {
    /// A feed that was just found. Its first turn begins within `spread`.
    pub fn new(url: HttpUrl, now: Timestamp, spread: Duration, bounds: Bounds) -> Self {
        let feed_id = feed_id(&url);
        // The time, so that turns of a feed that is removed and added again are none that were before.
        let slot = now.as_millisecond();
        let wait = Turn { feed_id: &feed_id, slot }.spread(spread);
        Self {
            feed_id,
            url,
            added_at: now,
            title: None,
            site_url: None,
            state: State::Active,
            slot,
            next_at: now + wait,
            interval: bounds.min,
            ttl: None,
            skips: Skips::default(),
            validators: Validators::default(),
            body_hash: None,
            failures: 0,
            last_success_at: None,
            last_error: None,
            last_error_at: None,
            entries: 0,
            entries_without_link: 0,
            changes: Vec::new(),
            hub_expires_at: None,
            hub_error: None,
        }
    }

    /// What is known of the feed after a poll: its health, and when its next turn begins. `asked` is the least wait that
    /// its server wants, beside the one that the feed itself does; `moved_to` is where it is from now on.
    pub fn after(
        mut self,
        turnout: Turnout,
        asked: Option<Duration>,
        moved_to: Option<HttpUrl>,
        now: Timestamp,
        bounds: Bounds,
    ) -> Self {
        match turnout {
            Turnout::Read(document) => {
                self.title = document.title.map(|t| short(&t)).filter(|t| !t.is_empty()).or(self.title);
                self.site_url = document.site_url.map(String::from).or(self.site_url);
                self.entries = document.entries;
                self.entries_without_link = document.entries_without_link;
                self.ttl = document.ttl;
                self.skips = document.skips;
                self.validators = document.validators;
                self.body_hash = document.body_hash;
                self.changes = schedule::merge_changes(&self.changes, document.new_at, now);
                self.succeed(asked, now, bounds);
            }
            Turnout::Unchanged(validators) => {
                self.validators = validators.unwrap_or(self.validators);
                self.succeed(asked, now, bounds);
            }
            Turnout::Failed { reason } => {
                self.failures = self.failures.saturating_add(1);
                self.fail(&reason, now);
                let wait = |interval| self.turn().backoff(interval, self.failures, bounds, asked.max(self.ttl));
                self.next_at = self.due_after(wait, now, bounds);
            }
            Turnout::Gone { reason } => {
                self.state = State::Gone;
                self.fail(&reason, now);
            }
        }
        if let Some(url) = moved_to {
            self.url = url;
        }
        self
    }

    fn succeed(&mut self, asked: Option<Duration>, now: Timestamp, bounds: Bounds) {
        self.failures = 0;
        self.last_error = None;
        self.last_error_at = None;
        self.last_success_at = Some(now);
        self.interval = match self.lease_end(now) {
            // The hub tells of changes; a poll only makes up for what it forgets.
            Some(_) => bounds.max.max(bounds.min),
            None => self.own_interval(now, bounds),
        };
        self.next_at = self.due_after(|interval| self.turn().wait(interval, asked.max(self.ttl)), now, bounds);
    }

    /// When the next turn begins, after the wait that comes of an interval. While a hub tells of the feed, that is when
    /// its lease ends at the latest, for nobody tells of changes then; but never sooner than without a hub. It is put off
    /// past what the feed asks to skip.
    fn due_after(&self, wait: impl Fn(Duration) -> Duration, now: Timestamp, bounds: Bounds) -> Timestamp {
        let next = now + wait(self.interval);
        let next = match self.lease_end(now) {
            Some(lease_end) => next.min(lease_end.max(now + wait(self.own_interval(now, bounds)))),
            None => next,
        };
        self.skips.next(next)
    }

    /// The interval that suits the feed where no hub tells of it.
    fn own_interval(&self, now: Timestamp, bounds: Bounds) -> Duration {
        schedule::interval(&self.changes, self.added_at, now, bounds)
    }

    /// Until when a hub tells of the feed, if one does.
    fn lease_end(&self, now: Timestamp) -> Option<Timestamp> {
        self.hub_expires_at.filter(|expires_at| *expires_at > now)
    }

    fn fail(&mut self, reason: &str, now: Timestamp) {
        self.last_error = Some(short(reason));
        self.last_error_at = Some(now);
    }

    fn turn(&self) -> Turn<'_> {
        Turn { feed_id: &self.feed_id, slot: self.slot }
    }
}

/// A text that every database takes, cut to what is kept.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MOST_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn now() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn subscription() -> Subscription {
        Subscription::new("https://a.example/feed".parse().unwrap(), now(), Duration::ZERO, Bounds::default())
    }

    fn failed(subscription: Subscription) -> Subscription {
        let turnout = Turnout::Failed { reason: "no\0 connection".into() };
        subscription.after(turnout, None, None, now(), Bounds::default())
    }

    #[test]
    fn a_feed_is_due_when_it_was_added_or_within_the_spread() {
        assert_eq!(subscription().next_at, now());
        let urls: Vec<HttpUrl> = (0..50).map(|i| format!("https://a.example/{i}").parse().unwrap()).collect();
        let nexts: Vec<_> =
            urls.iter().map(|u| Subscription::new(u.clone(), now(), MINUTE, Bounds::default()).next_at).collect();
        assert!(nexts.iter().all(|at| *at >= now() && *at <= now() + MINUTE), "{nexts:?}");
        assert!(nexts.iter().max().unwrap().duration_since(*nexts.iter().min().unwrap()).as_secs() > 30);
    }

    #[test]
    fn failures_back_off_and_a_success_forgets_them() {
        let twice = failed(failed(subscription()));
        assert_eq!((twice.failures, twice.last_error.as_deref()), (2, Some("no connection")));
        assert!(twice.next_at >= now() + MINUTE * 17, "{}", twice.next_at);
        let well = twice.after(Turnout::Unchanged(None), None, None, now(), Bounds::default());
        assert_eq!((well.failures, well.last_error, well.last_success_at), (0, None, Some(now())));
        assert!(well.next_at <= now() + MINUTE * 6, "{}", well.next_at);
    }

    #[test]
    fn a_feed_that_moved_for_good_keeps_its_id() {
        let (before, url) = (subscription(), "https://b.example/feed".parse::<HttpUrl>().unwrap());
        let id = before.feed_id.clone();
        let moved = before.after(Turnout::Unchanged(None), None, Some(url.clone()), now(), Bounds::default());
        assert_eq!((moved.url, moved.feed_id), (url, id));
    }

    #[test]
    fn a_feed_that_is_gone_says_why() {
        let gone = Turnout::Gone { reason: "410".into() };
        let gone = subscription().after(gone, None, None, now(), Bounds::default());
        assert_eq!((gone.state, gone.last_error.as_deref()), (State::Gone, Some("410")));
    }

    #[test]
    fn a_feed_that_a_hub_tells_of_is_polled_seldom() {
        let told = told_until(now() + schedule::DAY * 10);
        assert!(unchanged(told, None).next_at > now() + schedule::DAY / 2);
    }

    #[test]
    fn a_feed_is_polled_when_its_hub_falls_silent() {
        let end = now() + MINUTE * 30;
        assert_eq!(unchanged(told_until(end), None).next_at, end);
        let asked = unchanged(told_until(end), Some(MINUTE * 60)).next_at;
        assert!(asked >= now() + MINUTE * 60 && asked < now() + MINUTE * 70, "sooner than it asks: {asked}");
        let failing = Subscription { interval: schedule::DAY, ..told_until(end) };
        assert_eq!(failed(failing).next_at, end);
    }

    #[test]
    fn what_a_document_asks_for_holds_until_the_next_one() {
        let document = Document { ttl: Some(MINUTE * 90), ..Document::default() };
        let read = subscription().after(Turnout::Read(document), None, None, now(), Bounds::default());
        for after in [unchanged(read.clone(), None), failed(read.clone()), read.clone()] {
            assert!(after.next_at >= now() + MINUTE * 90, "{}", after.next_at);
        }
        let silent = read.after(Turnout::Read(Document::default()), None, None, now(), Bounds::default());
        assert!(silent.next_at < now() + MINUTE * 10, "{}", silent.next_at);
    }

    #[test]
    fn hours_that_a_feed_asks_to_skip_are_skipped() {
        let skips = Skips { hours: 1 << 12 | 1 << 13, days: 0 };
        let document = Document { skips, ..Document::default() };
        let read = subscription().after(Turnout::Read(document), None, None, now(), Bounds::default());
        for after in [unchanged(read.clone(), None), failed(read.clone()), read] {
            assert!(after.next_at >= now() + MINUTE * 120 && after.next_at < now() + MINUTE * 180, "{}", after.next_at);
        }
    }

    #[test]
    fn an_unchanged_document_keeps_what_it_is_known_by_unless_told_otherwise() {
        let tagged = |etag: &str| Validators { etag: Some(etag.to_owned()), last_modified: None };
        let before = Subscription { validators: tagged("old"), ..subscription() };
        assert_eq!(unchanged(before.clone(), None).validators, tagged("old"));
        let turnout = Turnout::Unchanged(Some(tagged("new")));
        let after = before.after(turnout, None, None, now(), Bounds::default());
        assert_eq!(after.validators, tagged("new"));
    }

    fn told_until(hub_expires_at: Timestamp) -> Subscription {
        Subscription { hub_expires_at: Some(hub_expires_at), ..subscription() }
    }

    fn unchanged(before: Subscription, asked: Option<Duration>) -> Subscription {
        before.after(Turnout::Unchanged(None), asked, None, now(), Bounds::default())
    }
}
