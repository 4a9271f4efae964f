//! Digests: a page a day, and a feed a language.

use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use jiff::{Timestamp, civil::Date};
use kos_shared::{
    event::{ArticleId, Language},
    stage::RecordError,
};
use url::form_urlencoded;

use super::{conditional, document, failed, state};
use crate::{
    api::problem,
    delivery::Validators,
    routes::{Reader, Site, Wishes},
    site::{
        BUILD, ErrorPage, Messages,
        digest::{Day, path, render_digest, render_digests},
        feed::Format,
    },
    versions::Version,
};

/// How many articles the page of a day has at most.
const PAGE: u32 = 200;

/// How many articles an entry of the feed has at most.
const ENTRY: u32 = 40;

/// How many days the feed has.
const DAYS: usize = 7;

/// Today (UTC) so far, which fills through the day.
pub(super) async fn latest(RawQuery(query): RawQuery) -> Response {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::to(&(path(today()) + &query)).into_response()
}

pub(super) async fn day(
    State(site): State<Site>,
    Path(date): Path<String>,
    query: RawQuery,
    headers: HeaderMap,
) -> Response {
    let reader = Reader::of(&site.info, &Wishes::of(query), &headers);
    let today = today();
    // One way of writing a date, so that a day has one address.
    let date = date.parse::<Date>().ok().filter(|read| read.to_string() == date && *read <= today);
    let Some(date) = date.filter(|date| date.year() >= 1970) else {
        return reader.answer_error(&site.info, ErrorPage::NotFound);
    };
    match read(&site, date, PAGE).await {
        Ok(day) => {
            let page = render_digest(&site.info, reader.messages, &day, today);
            reader.answer(StatusCode::OK, page)
        }
        Err(failure) => reader.answer_failure(&site.info, &failure),
    }
}

pub(super) async fn feed(State(site): State<Site>, query: RawQuery, headers: HeaderMap) -> Response {
    let query = query.0.unwrap_or_default();
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "language");
    let wanted = match &asked {
        Some((_, tag)) => tag.parse().ok(),
        None => Some(site.info.language.clone()),
    };
    let Some(messages) = wanted.and_then(|language: Language| Messages::of(&language)) else {
        return problem(StatusCode::BAD_REQUEST, "no such digest", "language: expected zh or en");
    };
    let dates: Vec<Date> =
        std::iter::successors(today().yesterday().ok(), |date| date.yesterday().ok()).take(DAYS).collect();
    let mut known = Vec::new();
    for date in &dates {
        match came(&site, *date, ENTRY).await {
            Ok(came) => known.push((*date, came)),
            Err(failure) => return failed(&failure),
        }
    }
    let parts = known
        .iter()
        .flat_map(|(date, came)| came.iter().map(move |(id, version)| format!("{date} {id} {}", version.number)));
    let newest = dates.first().map(Date::to_string);
    let own = [BUILD.clone(), site.info.name.clone(), messages.language.to_string()];
    let validators = Validators::of(own.into_iter().chain(newest).chain(parts), None);
    conditional(&headers, &validators, async || {
        let mut days = Vec::new();
        for (date, came) in &known {
            days.push(whole(&site, *date, came, ENTRY).await?);
        }
        Ok(document(Format::Atom.content_type(), render_digests(&site.info, messages, &days)))
    })
    .await
}

async fn read(site: &Site, date: Date, limit: u32) -> Result<Day, RecordError> {
    let came = came(site, date, limit).await?;
    whole(site, date, &came, limit).await
}

/// One article more than is shown, to know whether there are more.
async fn came(site: &Site, date: Date, limit: u32) -> Result<Vec<(ArticleId, Version)>, RecordError> {
    let tomorrow = date.tomorrow().unwrap_or(date);
    state::came(&site.pool, Day::begins(date), Day::begins(tomorrow), limit + 1).await
}

async fn whole(site: &Site, date: Date, came: &[(ArticleId, Version)], limit: u32) -> Result<Day, RecordError> {
    let shown: Vec<ArticleId> = came.iter().take(limit as usize).map(|(id, _)| *id).collect();
    let mut articles = state::whole(&site.pool, &shown).await?;
    // A story that was told before is told once.
    articles.retain(|page| page.summarized.article.duplicate_of.is_none());
    Ok(Day { date, articles, more: came.len() > shown.len() })
}

fn today() -> Date {
    Day::of(Timestamp::now())
}
