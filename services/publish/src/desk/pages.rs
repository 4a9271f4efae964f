//! What is seen at the desk.

use std::{borrow::Cow, time::Duration};

use askama::Template;
use axum::{http::StatusCode, response::Response};
use jiff::{Timestamp, ToSpan};
use kos_shared::{
    control::Status,
    operator::{DeadLetter, OperatorError, StageStatus},
    store::inbox,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Visit, chart};
use crate::{
    comments,
    site::{Frame, Messages, SiteInfo, page_path, rendered},
};

/// How long an ingest worker may take to tell of its feeds.
const LOOK_UP: Duration = Duration::from_secs(5);

/// How many dead letters are shown; the newest.
const LETTERS: usize = 100;

/// How many comments are shown; those that wait longest.
const COMMENTS: usize = 50;

/// How many feeds are shown.
const FEEDS: usize = 500;

/// Minutes of the chart.
const MINUTES: i64 = 60;

#[derive(Template)]
#[template(path = "desk/login.html")]
struct LoginPage<'a> {
    frame: Frame<'a>,
    problem: Option<Cow<'a, str>>,
}

#[derive(Template)]
#[template(path = "desk/failure.html")]
struct FailurePage<'a> {
    frame: Frame<'a>,
    reason: &'a str,
}

#[derive(Template)]
#[template(path = "desk/overview.html")]
struct Overview<'a> {
    frame: Frame<'a>,
    csrf: &'a str,
    stages: Vec<Row>,
    workers: Vec<Status>,
    dead: usize,
    chart: String,
    published: String,
}

/// A stage, in the reader's words.
struct Row {
    service: &'static str,
    event_type: &'static str,
    pending: String,
    in_flight: String,
    handled: String,
    oldest: String,
}

#[derive(Template)]
#[template(path = "desk/dead_letters.html")]
struct DeadLetters<'a> {
    frame: Frame<'a>,
    csrf: &'a str,
    letters: Vec<Letter>,
    more: usize,
}

struct Letter {
    number: u64,
    service: String,
    event_type: String,
    attempts: u64,
    since: String,
    machine: String,
    about: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "desk/feeds.html")]
struct Feeds<'a> {
    frame: Frame<'a>,
    csrf: &'a str,
    feeds: Vec<Feed>,
    failing: usize,
}

#[derive(Template)]
#[template(path = "desk/comments.html")]
struct Comments<'a> {
    frame: Frame<'a>,
    csrf: &'a str,
    comments: Vec<Waiting>,
    more: bool,
}

/// A comment that waits for a decision.
struct Waiting {
    id: String,
    revision: i64,
    article: String,
    name: String,
    text: String,
    posted: String,
    machine: String,
}

/// A feed as the ingest workers tell of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Feed {
    feed_id: String,
    url: String,
    title: Option<String>,
    state: String,
    last_success_at: Option<Timestamp>,
    last_error: Option<String>,
    next_poll_at: Option<Timestamp>,
    #[serde(default)]
    entries_a_day: f64,
}

impl Feed {
    fn name(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.url)
    }

    fn a_day(&self) -> String {
        format!("{:.1}", self.entries_a_day)
    }

    fn read_at(&self) -> String {
        self.last_success_at.map_or_else(|| "-".to_owned(), minute)
    }

    fn next_at(&self) -> String {
        self.next_poll_at.map_or_else(|| "-".to_owned(), minute)
    }

    fn problem(&self) -> &str {
        self.last_error.as_deref().unwrap_or_default()
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The page that lets in. `problem` is the id of a message.
pub(super) fn login(site: &SiteInfo, messages: &Messages, problem: Option<&'static str>) -> String {
    rendered(&LoginPage { frame: Frame::new(site, messages), problem: problem.map(|id| messages.text(id)) })
}

/// The page that says what went wrong.
pub(super) fn failure(site: &SiteInfo, messages: &Messages, reason: &str) -> String {
    rendered(&FailurePage { frame: Frame::new(site, messages), reason })
}

pub(super) async fn overview(visit: Visit) -> Response {
    let Visit { desk, session, messages, .. } = &visit;
    let now = Timestamp::now();
    let seen = async {
        let workers = desk.operator.statuses().await?;
        let stages = desk.operator.stages(&workers).await?;
        Ok::<_, OperatorError>((workers, stages, desk.operator.dead_letter_counts().await?))
    };
    let (workers, stages, dead) = match seen.await {
        Ok(seen) => seen,
        Err(error) => return visit.failed(&error),
    };
    let since = now - MINUTES.minutes();
    let minutes = match inbox::by_minute(&desk.site.pool, "kos.article.summarized", since).await {
        Ok(counts) => per_minute(&counts, now),
        Err(error) => return visit.failed(&error),
    };
    let published: u64 = minutes.iter().sum();
    let published = messages.with("desk-published", &[("count", published.into())]);
    let page = Overview {
        frame: Frame::new(&desk.site.info, messages),
        csrf: &session.csrf,
        stages: stages.iter().map(|stage| row(stage, now)).collect(),
        workers,
        dead: dead.values().sum(),
        chart: chart::bars(&minutes, &published),
        published,
    };
    super::page(StatusCode::OK, rendered(&page))
}

/// Events of each of the last minutes, the oldest first; minutes are counted since 1970.
fn per_minute(counts: &[(i64, u64)], now: Timestamp) -> Vec<u64> {
    let last = now.as_second().div_euclid(60);
    let of = |minute| counts.iter().find(|(m, _)| *m == minute).map_or(0, |(_, count)| *count);
    (last - MINUTES + 1..=last).map(of).collect()
}

fn row(stage: &StageStatus, now: Timestamp) -> Row {
    Row {
        service: stage.service,
        event_type: stage.event_type,
        pending: stage.pending.to_string(),
        in_flight: stage.in_flight.to_string(),
        handled: stage.handled_last_hour.to_string(),
        oldest: stage
            .oldest_at
            .map_or_else(|| "-".to_owned(), |at| format!("{} s", (now.as_second() - at.as_second()).max(0))),
    }
}

pub(super) async fn dead_letters(visit: Visit) -> Response {
    let Visit { desk, session, messages, .. } = &visit;
    let letters = match desk.operator.dead_letters(None).await {
        Ok(letters) => letters,
        Err(error) => return visit.failed(&error),
    };
    let page = DeadLetters {
        frame: Frame::new(&desk.site.info, messages),
        csrf: &session.csrf,
        more: letters.len().saturating_sub(LETTERS),
        letters: letters.into_iter().rev().take(LETTERS).map(Letter::from).collect(),
    };
    super::page(StatusCode::OK, rendered(&page))
}

pub(super) async fn comments(visit: Visit) -> Response {
    let Visit { desk, session, messages, .. } = &visit;
    let queue = comments::queue(&desk.site.pool, comments::State::Pending, None, COMMENTS + 1).await;
    let mut comments = match queue {
        Ok(comments) => comments,
        Err(error) => return visit.failed(&error),
    };
    let more = comments.len() > COMMENTS;
    comments.truncate(COMMENTS);
    let page = Comments {
        frame: Frame::new(&desk.site.info, messages),
        csrf: &session.csrf,
        comments: comments.into_iter().map(Waiting::from).collect(),
        more,
    };
    super::page(StatusCode::OK, rendered(&page))
}

impl From<comments::Comment> for Waiting {
    fn from(comment: comments::Comment) -> Self {
        Self {
            id: comment.comment_id.to_string(),
            revision: comment.revision,
            article: page_path(comment.article_id),
            name: comment.name,
            text: comment.text,
            posted: minute(comment.posted_at),
            machine: comment.posted_at.to_string(),
        }
    }
}

impl From<DeadLetter> for Letter {
    fn from(letter: DeadLetter) -> Self {
        Self {
            number: letter.number,
            service: letter.service,
            event_type: letter.event_type,
            attempts: letter.attempts,
            since: minute(letter.dead_since),
            machine: format!("{:.0}", letter.dead_since),
            about: letter.subject.unwrap_or(letter.event_id),
            reason: letter.reason,
        }
    }
}

pub(super) async fn feeds(visit: Visit) -> Response {
    let Visit { desk, session, messages, .. } = &visit;
    let mut feeds: Vec<Feed> = Vec::new();
    while feeds.len() < FEEDS {
        let after = feeds.last().map(|feed| feed.feed_id.clone());
        let asked = desk.operator.ask("ingest", "feed-list", &json!({"after": after}), LOOK_UP).await;
        match asked {
            Ok(some) if Vec::is_empty(&some) => break,
            Ok(mut some) => feeds.append(&mut some),
            Err(error) => return visit.failed(&error),
        }
    }
    // What needs somebody comes first.
    feeds.sort_by_cached_key(|feed| (feed.last_error.is_none(), feed.name().to_lowercase()));
    let page = Feeds {
        frame: Frame::new(&desk.site.info, messages),
        csrf: &session.csrf,
        failing: feeds.iter().filter(|feed| feed.last_error.is_some()).count(),
        feeds,
    };
    super::page(StatusCode::OK, rendered(&page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_minute_has_its_place_in_the_chart() {
        let now = Timestamp::from_second(60 * 1_000 + 30).unwrap();
        let minutes = per_minute(&[(999, 3), (1_000, 5), (940, 9), (941, 1)], now);
        assert_eq!((minutes.len(), minutes[0], minutes[58], minutes[59]), (60, 1, 3, 5));
    }
}
