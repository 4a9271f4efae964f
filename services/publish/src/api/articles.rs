//! Articles: the list of them, and one whole.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use kos_shared::{
    event::{self, ArticleId, Language},
    retraction::Retraction,
    stage::RecordError,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    failed,
    parameters::{Query, unreadable},
    problem,
};
use crate::{
    comments,
    lists::{Cursor, Entry, Filter, Lead, Turn, select},
    related,
    routes::{Found, RELATED, Site, find},
    search::filters::Unreadable,
    site::{ArticlePage, ArticleView, SiteInfo, crawler_headers},
};

/// How many articles a page has, where nobody says.
pub const PAGE: usize = 30;

/// A page of the list of articles.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ArticleList {
    /// The articles, the newest first.
    items: Vec<ListedArticle>,
    /// What `after` is to be for what follows; none at the end.
    next: Option<String>,
}

/// An article as the list gives it.
#[derive(Debug, Serialize, JsonSchema)]
struct ListedArticle {
    /// Its id.
    article_id: ArticleId,
    /// Where a reader finds it.
    #[schemars(extend("format" = "uri"))]
    page_url: String,
    /// Its title, in its own language.
    title: String,
    /// The language that it is written in, `und` where nobody knows.
    language: Language,
    /// Where it was published.
    site: event::Site,
    /// When that site says that it published it (RFC 3339).
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    published_at: Option<Timestamp>,
    /// When it first came to this site (RFC 3339): what the list is sorted by.
    #[schemars(with = "String", extend("format" = "date-time"))]
    added_at: Timestamp,
    /// Its length: words, or characters where the script has no spaces.
    words: u32,
    /// What its summaries begin with.
    summaries: Vec<Beginning>,
    /// How many comments readers see below it.
    comments: u64,
    /// The story that it tells, named after one of the articles that tell it.
    story_id: ArticleId,
    /// The others that tell it in nearly the same words.
    also_at: Vec<Copy>,
}

/// What a summary begins with.
#[derive(Debug, Serialize, JsonSchema)]
struct Beginning {
    /// The one language that it is written in.
    language: Language,
    /// The article's title in that language.
    title: Option<String>,
    /// Its first sentence, cut where it is long; none where the publisher wants no text in lists.
    first_sentence: Option<String>,
}

/// An article that tells the same story.
#[derive(Debug, Serialize, JsonSchema)]
struct Copy {
    /// Its id.
    article_id: ArticleId,
    /// Where a reader finds it.
    #[schemars(extend("format" = "uri"))]
    page_url: String,
    /// Its title, in its own language.
    title: String,
    /// Where it was published.
    site: event::Site,
}

/// What the list is asked for.
#[derive(Debug, PartialEq)]
struct Asked {
    filter: Filter,
    turn: Turn,
    limit: usize,
}

impl Asked {
    fn of(query: Option<&str>) -> Result<Self, Unreadable> {
        let query = Query::of(query);
        let host: Option<String> = query.read("source", "a host such as news.example")?;
        let language = query.read("language", "a language tag such as zh or en")?;
        let after: Option<Cursor> = query.read("after", "the value of next of the page before")?;
        Ok(Self {
            filter: Filter { host: host.map(|host| host.to_lowercase()), language },
            turn: after.map_or(Turn::First, Turn::After),
            limit: query.limit(PAGE)?,
        })
    }
}

/// `GET /api/v1/articles`.
pub async fn list(State(site): State<Site>, RawQuery(query): RawQuery) -> Response {
    let asked = match Asked::of(query.as_deref()) {
        Ok(asked) => asked,
        Err(parameter) => return unreadable(&parameter),
    };
    match read(&site, &asked).await {
        Ok(list) => Json(list).into_response(),
        Err(failure) => failed("an answer of the API could not be made", &failure),
    }
}

async fn read(site: &Site, Asked { filter, turn, limit }: &Asked) -> Result<ArticleList, RecordError> {
    let page = select::page(&site.pool, filter, *turn, *limit).await?;
    let listed: Vec<ArticleId> = page.entries.iter().map(|entry| entry.article_id).collect();
    let comments = comments::counts(&site.pool, &listed).await?;
    let mut stories: HashMap<ArticleId, Vec<Entry>> = HashMap::new();
    for told in select::also_at(&site.pool, &page.entries).await? {
        stories.entry(told.story_id).or_default().push(told);
    }
    let next = page.next().map(|cursor| cursor.to_string());
    let view = |entry: Entry| {
        let told = stories.get(&entry.story_id).map_or(&[][..], Vec::as_slice);
        let others = told.iter().filter(|other| other.article_id != entry.article_id);
        ListedArticle {
            also_at: others.map(|other| copy(&site.info, other)).collect(),
            comments: comments.get(&entry.article_id).copied().unwrap_or(0).into(),
            page_url: site.info.page_url(entry.article_id),
            article_id: entry.article_id,
            title: entry.title,
            language: entry.language,
            site: event::Site { name: entry.site_name, host: entry.host },
            published_at: entry.published_at,
            added_at: entry.added_at,
            words: entry.words,
            summaries: entry.leads_in.into_iter().map(beginning).collect(),
            story_id: entry.story_id,
        }
    };
    Ok(ArticleList { items: page.entries.into_iter().map(view).collect(), next })
}

fn beginning(lead: Lead) -> Beginning {
    Beginning { language: lead.language, title: lead.title, first_sentence: lead.sentence }
}

fn copy(site: &SiteInfo, other: &Entry) -> Copy {
    Copy {
        article_id: other.article_id,
        page_url: site.page_url(other.article_id),
        title: other.title.clone(),
        site: event::Site { name: other.site_name.clone(), host: other.host.clone() },
    }
}

/// `GET /api/v1/articles/{id}`.
pub async fn one(State(site): State<Site>, Path(id): Path<String>) -> Response {
    let found = match id.parse() {
        Ok(id) => find(&site.pool, id).await,
        Err(_) => Ok(Found::Nothing),
    };
    match found {
        Ok(Found::Article(page)) => {
            let ArticlePage { summarized, added_at, .. } = *page;
            let related = match related::of(&site.pool, summarized.article.article_id, RELATED).await {
                Ok(related) => related,
                Err(failure) => return failed("an answer of the API could not be made", &failure),
            };
            let headers = crawler_headers([&summarized.article.rights]);
            let view = ArticleView::new(&site.info, summarized, added_at).with_related(&site.info, related);
            (headers, Json(view)).into_response()
        }
        Ok(Found::Retracted(Retraction { reason, retracted_at })) => {
            let detail = format!("retracted at {retracted_at}: {reason}");
            problem(StatusCode::GONE, "the article was retracted", &detail)
        }
        Ok(Found::Nothing) => {
            problem(StatusCode::NOT_FOUND, "no such article", "expected the id of an article, a UUID, that is here")
        }
        Err(failure) => failed("an answer of the API could not be made", &failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_asked_for_strictly() {
        let asked = Asked::of(Some("source=News.Example&language=ZH-hans&limit=7&x=y")).unwrap();
        assert_eq!((asked.filter.host.as_deref(), asked.limit, asked.turn), (Some("news.example"), 7, Turn::First));
        assert_eq!(asked.filter.language.unwrap().as_str(), "zh-Hans");
        for query in ["after=1-x", "language=not+one", "limit=0", "source=%00"] {
            let name = query.split('=').next().unwrap();
            assert_eq!(Asked::of(Some(query)).unwrap_err().name, name);
        }
    }
}
