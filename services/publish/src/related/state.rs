//! Which articles are related, in the database.
//!
//! What an article costs doesn't grow with the number of articles: terms are counted up to [`COMMON`], and of the articles
//! that share its rarest terms the newest few are compared.

use std::collections::HashMap;

use jiff::Timestamp;
use kos_shared::{
    event::{ArticleId, ArticleSummarized, Language},
    stage::RecordError,
    store::{Dialect, Tx, rows, time},
};
use sqlx::{AnyPool, Row};

use super::{
    profile::{Profile, Term},
    similarity::{RELATED, Rarity, decayed, is_same_story, similarity},
};
use crate::search::index::second;

/// A term that so many articles have is common, and says nothing about any of them.
const COMMON: u64 = 1_000;

/// Up to how many articles are counted.
const COUNTED: i64 = 10_000;

/// By how many of its terms an article's likes are looked for.
const ASKED_TERMS: usize = 20;

/// How many articles are looked at for each of them.
const A_TERM: i64 = 40;

/// How many articles are compared.
const COMPARED: usize = 60;

/// How many related articles are kept of each: twice what is shown, since some of them tell the same story.
const KEPT: usize = 10;

/// A related article.
#[derive(Debug, Clone, PartialEq)]
pub struct Related {
    /// The article.
    pub article_id: ArticleId,
    /// Its title.
    pub title: String,
    /// The language of its title.
    pub language: Language,
    /// The name of the site that published it; its host where it has none.
    pub site_name: String,
    /// When that site published it; when it came to this site where that isn't known.
    pub time: Timestamp,
}

/// Puts an article's profile there, in the place of an older one, and finds what it is related to: its own list, and its place
/// in the lists of the others. The article's document has been put there before.
///
/// # Errors
/// The database fails.
pub async fn put(tx: &mut Tx, summarized: &ArticleSummarized, profile: Option<&Profile>) -> Result<(), RecordError> {
    let article = &summarized.article;
    let id = article.article_id.to_string();
    remove(tx, &id).await?;
    let Some(profile) = profile else { return Ok(()) };
    let number: i64 = sqlx::query_scalar("select number from search_documents where article_id = $1")
        .bind(id.clone())
        .fetch_one(&mut **tx)
        .await?;
    let story = article.duplicate_of.unwrap_or(article.article_id).to_string();
    sqlx::query("insert into profiles (article_id, number, story, sketch, profile) values ($1, $2, $3, $4, $5)")
        .bind(id.clone())
        .bind(number)
        .bind(story.clone())
        .bind(profile.sketch.cast_signed())
        .bind(profile.bytes())
        .execute(&mut **tx)
        .await?;
    let sql = format!("insert into profile_terms (term, number) values {}", rows::values(profile.terms.len(), 2));
    let mut insert = sqlx::query(sqlx::AssertSqlSafe(sql));
    for term in &profile.terms {
        insert = insert.bind(i64::from(term.hash)).bind(number);
    }
    insert.execute(&mut **tx).await?;

    let rarity = rarity(tx, profile).await?;
    let others = candidates(tx, profile, &rarity, number).await?;
    let mut near: Vec<(String, i64)> = vec![];
    for other in compared(tx, &others).await? {
        if other.story == story || is_same_story(profile.sketch, other.sketch) {
            continue;
        }
        let similarity = similarity(profile, &Profile::terms_of(&other.profile), &rarity);
        if similarity >= RELATED {
            let score = decayed(similarity, second(number) - second(other.number));
            near.push((other.article_id, (score * 1e6) as i64));
        }
    }
    near.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    near.truncate(KEPT);
    relate(tx, &id, &near).await
}

async fn rarity(tx: &mut Tx, profile: &Profile) -> Result<Rarity, RecordError> {
    let sql = "select count(*) from (select 1 from profiles limit $1) as counted";
    let articles: i64 = sqlx::query_scalar(sql).bind(COUNTED).fetch_one(&mut **tx).await?;
    let counts = (1..=profile.terms.len()).map(|n| {
        format!(
            "select count(*) as articles from (select 1 from profile_terms where term = ${n} limit {COMMON}) as t{n}"
        )
    });
    let sql = counts.collect::<Vec<_>>().join(" union all ");
    let mut query = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(sql));
    for term in &profile.terms {
        query = query.bind(i64::from(term.hash));
    }
    let counts = query.fetch_all(&mut **tx).await?;
    let counts = profile.terms.iter().map(|term| term.hash).zip(counts.into_iter().map(i64::unsigned_abs));
    Ok(Rarity::of(articles.unsigned_abs(), counts, COMMON))
}

/// The numbers of the articles that share most of what counts.
async fn candidates(tx: &mut Tx, profile: &Profile, rarity: &Rarity, number: i64) -> Result<Vec<i64>, RecordError> {
    // Of both scripts: the other article may have only one.
    let mut asked: Vec<&Term> = vec![];
    for script in 0..2 {
        let mut terms: Vec<_> = profile.terms.iter().filter(|term| term.script() == script).collect();
        terms.sort_by(|a, b| rarity.weigh(**b).total_cmp(&rarity.weigh(**a)).then(a.hash.cmp(&b.hash)));
        asked.extend(terms.into_iter().filter(|term| rarity.weigh(**term) > 0.0).take(ASKED_TERMS));
    }
    if asked.is_empty() {
        return Ok(vec![]);
    }
    let parts = (1..=asked.len()).map(|n| {
        format!(
            "select * from (select number, term from profile_terms where term = ${n} order by number desc limit {A_TERM}) \
             as t{n}"
        )
    });
    let sql = parts.collect::<Vec<_>>().join(" union all ");
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for term in &asked {
        query = query.bind(i64::from(term.hash));
    }
    let weights: HashMap<i64, f64> = asked.iter().map(|term| (i64::from(term.hash), rarity.weigh(**term))).collect();
    let mut shares: HashMap<i64, f64> = HashMap::new();
    for row in query.fetch_all(&mut **tx).await? {
        let other: i64 = row.try_get("number")?;
        *shares.entry(other).or_default() += weights.get(&row.try_get("term")?).copied().unwrap_or(0.0);
    }
    shares.remove(&number);
    let mut shares: Vec<_> = shares.into_iter().collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
    Ok(shares.into_iter().take(COMPARED).map(|(number, _)| number).collect())
}

struct Candidate {
    article_id: String,
    number: i64,
    story: String,
    sketch: u64,
    profile: Vec<u8>,
}

async fn compared(tx: &mut Tx, numbers: &[i64]) -> Result<Vec<Candidate>, RecordError> {
    if numbers.is_empty() {
        return Ok(vec![]);
    }
    let sql = format!(
        "select article_id, number, story, sketch, profile from profiles where number in {}",
        rows::list(1, numbers.len())
    );
    let query = numbers.iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)), |query, number| query.bind(*number));
    let read = |row: &sqlx::any::AnyRow| -> Result<Candidate, RecordError> {
        Ok(Candidate {
            article_id: row.try_get("article_id")?,
            number: row.try_get("number")?,
            story: row.try_get("story")?,
            sketch: row.try_get::<i64, _>("sketch")?.cast_unsigned(),
            profile: row.try_get("profile")?,
        })
    };
    query.fetch_all(&mut **tx).await?.iter().map(read).collect()
}

/// Writes the pairs in both directions, and keeps the others' lists as short as they were.
async fn relate(tx: &mut Tx, id: &str, near: &[(String, i64)]) -> Result<(), RecordError> {
    if near.is_empty() {
        return Ok(());
    }
    let sql = format!("insert into related (article_id, other_id, score) values {}", rows::values(near.len() * 2, 3));
    let mut insert = sqlx::query(sqlx::AssertSqlSafe(sql));
    for (other, score) in near {
        insert = insert.bind(id.to_owned()).bind(other.clone()).bind(*score);
        insert = insert.bind(other.clone()).bind(id.to_owned()).bind(*score);
    }
    insert.execute(&mut **tx).await?;
    let list = rows::list(1, near.len());
    // What another transaction is taking away needs no waiting for: two that wait for each other's rows would never end.
    let sql = format!(
        "delete from related where (article_id, other_id) in (select article_id, other_id from related where article_id in \
         {list} and (article_id, other_id) not in (select article_id, other_id from (select article_id, other_id, \
         row_number() over (partition by article_id order by score desc, other_id) as place from related where article_id \
         in {list}) as placed where place <= {KEPT}){})",
        Dialect::of(tx).take_rows()
    );
    let trim = near.iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)), |query, (other, _)| query.bind(other.clone()));
    trim.execute(&mut **tx).await?;
    Ok(())
}

async fn remove(tx: &mut Tx, id: &str) -> Result<(), RecordError> {
    let old = sqlx::query("select number, profile from profiles where article_id = $1")
        .bind(id.to_owned())
        .fetch_optional(&mut **tx)
        .await?;
    let Some(old) = old else { return Ok(()) };
    let number: i64 = old.try_get("number")?;
    let terms = Profile::terms_of(&old.try_get::<Vec<u8>, _>("profile")?);
    let sql = format!("delete from profile_terms where number = $1 and term in {}", rows::list(2, terms.len()));
    let delete = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(number);
    let delete = terms.iter().fold(delete, |query, term| query.bind(i64::from(term.hash)));
    delete.execute(&mut **tx).await?;
    for sql in [
        "delete from related where article_id = $1",
        "delete from related where other_id = $1",
        "delete from profiles where article_id = $1",
    ] {
        sqlx::query(sql).bind(id.to_owned()).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Takes out all articles that are withdrawn.
///
/// # Errors
/// The database fails.
pub async fn remove_withdrawn(tx: &mut Tx) -> Result<(), RecordError> {
    let sql = "select article_id from profiles where article_id in (select article_id from retractions)";
    let ids: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut **tx).await?;
    for id in ids {
        remove(tx, &id).await?;
    }
    Ok(())
}

/// Up to `limit` articles that are related to one, the most related first, each story once.
///
/// # Errors
/// The database fails, or holds what can't be read.
pub async fn of(pool: &AnyPool, id: ArticleId, limit: usize) -> Result<Vec<Related>, RecordError> {
    let sql = "select r.other_id, p.story, a.title, a.language, a.site_name, a.site_host, a.published_at_ms, a.added_at_ms \
               from related as r join articles as a on a.article_id = r.other_id \
               join profiles as p on p.article_id = r.other_id where r.article_id = $1 \
               and not exists (select 1 from retractions as w where w.article_id = r.other_id) \
               order by r.score desc, r.other_id";
    let (mut related, mut stories): (Vec<Related>, Vec<String>) = (vec![], vec![]);
    for row in sqlx::query(sql).bind(id.to_string()).fetch_all(pool).await? {
        let story: String = row.try_get("story")?;
        if related.len() == limit || stories.contains(&story) {
            continue;
        }
        stories.push(story);
        let other: String = row.try_get("other_id")?;
        let (name, host): (String, String) = (row.try_get("site_name")?, row.try_get("site_host")?);
        let published: Option<i64> = row.try_get("published_at_ms")?;
        let published = published.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let language: String = row.try_get("language")?;
        related.push(Related {
            article_id: other.parse().map_err(|e| RecordError::State(format!("article id {other:?}: {e}")))?,
            title: row.try_get("title")?,
            language: language.parse().unwrap_or(Language::UNDETERMINED),
            site_name: if name.is_empty() { host } else { name },
            time: match published {
                Some(time) => time,
                None => time(&row, "added_at_ms")?,
            },
        });
    }
    Ok(related)
}
