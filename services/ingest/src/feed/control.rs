//! What a worker answers about feeds on the bus. Any one of them does; what is said here travels as JSON.

use std::{borrow::Cow, sync::Arc, time::Duration};

use jiff::Timestamp;
use kos_shared::{control::Question, event::HttpUrl, store::Store};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Notify;

use super::{
    find::{Found, find},
    schedule::{Bounds, entries_a_day},
    state,
    subscription::{State, Subscription},
};
use crate::{fetch::Fetcher, rights::Policy, rules::RuleSet};

/// The question that adds feeds ([`Add`] → a list of [`Added`]).
pub const ADD: &str = "feed-add";
/// The question that lists feeds ([`List`] → a list of [`Followed`], empty after the last).
pub const LIST: &str = "feed-list";
/// The question that removes a feed ([`Named`] → [`Followed`] as it was, or nothing where there is none).
pub const REMOVE: &str = "feed-remove";
/// The question that has a feed polled now ([`Named`] → [`Followed`], or nothing).
pub const POLL: &str = "feed-poll";
/// The question that changes what the operator decided about a feed ([`Decide`] → [`Followed`], or nothing).
pub const DECIDE: &str = "feed-decide";
/// The question that tells what is at an address ([`Check`] → [`Checked`]).
pub const CHECK: &str = "feed-check";

/// How many feeds one answer lists: an answer has a limit as any message.
const LISTED: usize = 300;

/// The time over which the first polls of feeds are spread that are added unseen.
const SPREAD: Duration = Duration::from_secs(60);

/// Follow these feeds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Add {
    /// Their addresses, or those of their sites.
    pub urls: Vec<String>,
    /// Take the addresses as those of feeds, and leave it to their first poll to tell whether they are.
    #[serde(default)]
    pub unseen: bool,
    /// What they are called as long as they don't say themselves, in the order of the addresses.
    #[serde(default)]
    pub titles: Vec<Option<String>>,
}

/// What became of one address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Added {
    /// The address as it was given.
    pub url: String,
    /// The feed that is followed now.
    pub feed: Option<Followed>,
    /// Whether it was followed before.
    pub known: bool,
    /// Why none is.
    pub error: Option<String>,
}

/// List feeds in the order of their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// Those after this id.
    #[serde(default)]
    pub after: Option<String>,
}

/// A feed, by its id or address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Which one.
    pub feed: String,
}

/// Decide something about a feed. What isn't named stays as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decide {
    /// Which one, by its id or address.
    pub feed: String,
    /// How much of its articles may be shown: `full`, `excerpt`, `summary` or `none`; empty for no decision.
    #[serde(default)]
    pub policy: Option<String>,
    /// Which of its entries are wanted, as a JSON object; an empty one for all.
    #[serde(default)]
    pub rules: Option<Value>,
}

/// Look at an address, and follow nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The address of a feed or of a site.
    pub url: String,
}

/// A feed that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// Where it is.
    pub url: Option<String>,
    /// What it calls itself.
    pub title: Option<String>,
    /// How many entries it has.
    pub entries: usize,
    /// The title and address of the first few.
    pub first: Vec<(Option<String>, Option<String>)>,
    /// What was wrong with it and mended.
    pub repairs: Vec<String>,
    /// Whether it offers a hub.
    pub hub: bool,
    /// Why it is none.
    pub error: Option<String>,
}

/// A feed that is followed, and how it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Followed {
    /// Its id, which articles carry.
    pub feed_id: String,
    /// Where it is asked for.
    pub url: String,
    /// What it calls itself.
    pub title: Option<String>,
    /// The site that it belongs to.
    pub site_url: Option<String>,
    /// `active` or `gone`.
    pub state: String,
    /// When it was last read or found unchanged.
    pub last_success_at: Option<Timestamp>,
    /// Why the last poll failed.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Timestamp>,
    /// How many polls in a row failed.
    pub failures: u32,
    /// When it is polled next, unless it is gone.
    pub next_poll_at: Option<Timestamp>,
    /// The interval that suits it, in seconds.
    pub interval_s: u64,
    /// How many entries it has had a day lately.
    pub entries_a_day: f64,
    /// How many entries its last document had.
    pub entries: usize,
    /// How many of them have neither an address nor a text.
    pub entries_without_link: usize,
    /// Until when a hub tells of changes.
    pub hub_until: Option<Timestamp>,
    /// Why no hub does, though one is offered.
    pub hub_error: Option<String>,
    /// How much of its articles may be shown, as the operator decided.
    pub policy: Option<String>,
    /// Which of its entries are wanted.
    pub rules: Option<Value>,
}

impl Followed {
    fn new(feed: Subscription, policy: Option<String>, rules: Option<String>, now: Timestamp) -> Self {
        Self {
            next_poll_at: (feed.state == State::Active).then_some(feed.next_at),
            interval_s: feed.interval.as_secs(),
            entries_a_day: entries_a_day(&feed.changes, now),
            url: feed.url.into(),
            feed_id: feed.feed_id,
            title: feed.title,
            site_url: feed.site_url,
            state: feed.state.as_str().to_owned(),
            last_success_at: feed.last_success_at,
            last_error: feed.last_error,
            last_error_at: feed.last_error_at,
            failures: feed.failures,
            entries: feed.entries,
            entries_without_link: feed.entries_without_link,
            hub_until: feed.hub_expires_at.filter(|until| *until > now),
            hub_error: feed.hub_error,
            policy,
            rules: rules.and_then(|text| serde_json::from_str(&text).ok()),
        }
    }
}

/// What answers need.
#[derive(Clone)]
pub struct Desk {
    /// Asks for feeds.
    pub fetcher: Fetcher,
    /// Where feeds are known.
    pub store: Store,
    /// How often feeds may be polled.
    pub bounds: Bounds,
    /// Wakes the schedule.
    pub wake: Arc<Notify>,
}

/// The questions about feeds.
pub fn questions(desk: &Desk) -> Vec<Question> {
    let on = || desk.clone();
    let (add, list, remove, poll, decide, check) = (on(), on(), on(), on(), on(), on());
    vec![
        Question::new(ADD, move |q: Add| {
            let desk = add.clone();
            async move { desk.add(q).await }
        }),
        Question::new(LIST, move |q: List| {
            let desk = list.clone();
            async move { desk.list(q).await }
        }),
        Question::new(REMOVE, move |q: Named| {
            let desk = remove.clone();
            async move { desk.remove(q).await }
        }),
        Question::new(POLL, move |q: Named| {
            let desk = poll.clone();
            async move { desk.poll(q).await }
        }),
        Question::new(DECIDE, move |q: Decide| {
            let desk = decide.clone();
            async move { desk.decide(q).await }
        }),
        Question::new(CHECK, move |q: Check| {
            let desk = check.clone();
            async move { Ok(desk.check(q).await) }
        }),
    ]
}

impl Desk {
    async fn add(&self, question: Add) -> Result<Vec<Added>, String> {
        let mut all = Vec::with_capacity(question.urls.len());
        let mut titles = question.titles.into_iter();
        for url in question.urls {
            let title = titles.next().flatten();
            let added = match self.add_one(&url, question.unseen, title).await {
                Ok((feed, known)) => Added { url, feed: Some(feed), known, error: None },
                Err(error) => Added { url, feed: None, known: false, error: Some(error) },
            };
            all.push(added);
        }
        self.wake.notify_one();
        Ok(all)
    }

    async fn add_one(&self, given: &str, unseen: bool, title: Option<String>) -> Result<(Followed, bool), String> {
        let given: HttpUrl = given.parse().map_err(|e: kos_shared::event::InvalidUrl| e.to_string())?;
        if let Some(known) = self.followed_again(given.as_str()).await? {
            return Ok((known, true));
        }
        let now = Timestamp::now();
        let new = if unseen {
            Subscription { title, ..Subscription::new(given, now, SPREAD, self.bounds) }
        } else {
            let Found { url, feed } = find(&self.fetcher, &given).await?;
            if let Some(known) = self.followed_again(url.as_str()).await? {
                return Ok((known, true));
            }
            let site_url = feed.site_url.map(String::from);
            Subscription { title: feed.title, site_url, ..Subscription::new(url, now, Duration::ZERO, self.bounds) }
        };
        let mut tx = self.store.begin().await.map_err(text)?;
        let is_new = state::add(&mut tx, &new).await.map_err(text)?;
        tx.commit().await.map_err(text)?;
        Ok((Followed::new(new, None, None, now), !is_new))
    }

    async fn list(&self, question: List) -> Result<Vec<Followed>, String> {
        let after = question.after.unwrap_or_default();
        let all = state::after(self.store.readers(), &after, LISTED).await.map_err(text)?;
        let now = Timestamp::now();
        Ok(all.into_iter().map(|(feed, policy, rules)| Followed::new(feed, policy, rules, now)).collect())
    }

    async fn remove(&self, question: Named) -> Result<Option<Followed>, String> {
        let Some(feed) = self.followed(&question.feed).await? else { return Ok(None) };
        let mut tx = self.store.begin().await.map_err(text)?;
        state::remove(&mut tx, &feed.feed_id).await.map_err(text)?;
        tx.commit().await.map_err(text)?;
        Ok(Some(feed))
    }

    async fn poll(&self, question: Named) -> Result<Option<Followed>, String> {
        let Some(feed) = self.followed(&question.feed).await? else { return Ok(None) };
        self.poll_now(&feed.feed_id).await?;
        Ok(Some(feed))
    }

    async fn poll_now(&self, feed_id: &str) -> Result<(), String> {
        let mut tx = self.store.begin().await.map_err(text)?;
        state::poll_now(&mut tx, feed_id, Timestamp::now()).await.map_err(text)?;
        tx.commit().await.map_err(text)?;
        self.wake.notify_one();
        Ok(())
    }

    /// A feed that somebody adds though it is known. One that was gone is followed again.
    async fn followed_again(&self, key: &str) -> Result<Option<Followed>, String> {
        let known = self.followed(key).await?;
        match known {
            Some(gone) if gone.state == State::Gone.as_str() => {
                self.poll_now(&gone.feed_id).await?;
                self.followed(&gone.feed_id).await
            }
            known => Ok(known),
        }
    }

    async fn decide(&self, question: Decide) -> Result<Option<Followed>, String> {
        let Some(feed) = self.followed(&question.feed).await? else { return Ok(None) };
        let policy = match question.policy.as_deref() {
            None => feed.policy,
            Some("") => None,
            Some(policy) => Some(policy.parse::<Policy>().map_err(|e| e.to_string())?.to_string()),
        };
        let rules = match question.rules {
            None => feed.rules,
            Some(Value::Object(rules)) if rules.is_empty() => None,
            Some(rules) => {
                RuleSet::of_json(&rules).map_err(|e| format!("rules: {e}"))?;
                Some(rules)
            }
        };
        let rules = rules.map(|rules| rules.to_string());
        let mut tx = self.store.begin().await.map_err(text)?;
        state::decide(&mut tx, &feed.feed_id, policy.as_deref(), rules.as_deref()).await.map_err(text)?;
        tx.commit().await.map_err(text)?;
        self.followed(&feed.feed_id).await
    }

    async fn check(&self, question: Check) -> Checked {
        let found = match question.url.parse::<HttpUrl>() {
            Ok(url) => find(&self.fetcher, &url).await,
            Err(error) => Err(error.to_string()),
        };
        match found {
            Ok(Found { url, feed }) => Checked::of(url, feed),
            Err(error) => Checked { error: Some(error), ..Checked::default() },
        }
    }

    async fn followed(&self, key: &str) -> Result<Option<Followed>, String> {
        // An address as it was given, or as it is written here.
        let key = key.parse::<HttpUrl>().map_or_else(|_| key.to_owned(), String::from);
        let found = state::find(self.store.readers(), &key).await.map_err(text)?;
        Ok(found.map(|(feed, policy, rules)| Followed::new(feed, policy, rules, Timestamp::now())))
    }
}

impl Checked {
    /// What there is to say of the feed at `url`.
    pub fn of(url: HttpUrl, feed: super::Feed) -> Self {
        const FIRST: usize = 5;
        let first = feed.entries.iter().take(FIRST).map(|e| (e.title.clone(), e.url.clone().map(String::from)));
        Self {
            url: Some(url.into()),
            entries: feed.entries.len(),
            first: first.collect(),
            title: feed.title,
            repairs: feed.repairs.into_iter().map(Cow::into_owned).collect(),
            hub: !feed.hubs.is_empty(),
            error: None,
        }
    }
}

fn text(error: impl std::fmt::Display) -> String {
    format!("the database fails: {error}")
}
