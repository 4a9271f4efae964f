//! A database of the publish service, filled quickly.

use std::time::Instant;

use jiff::{Timestamp, ToSpan};
use kos_publish::state::MIGRATIONS;
use kos_shared::{
    event::{ArticleId, HttpUrl},
    store::{Store, rows::values},
};
use kos_tests::Database;

/// How many rows share a statement.
const AT_ONCE: u32 = 500;

/// How many sites the articles are from.
const HOSTS: u32 = 200;

/// A store with so many articles in English and Chinese, from as many sites as a busy reader has, three a minute. Every
/// tenth tells the story of the one before.
pub async fn filled(database: &Database, articles: u32) -> anyhow::Result<Store> {
    let store = Store::open(database.config(), "publish", MIGRATIONS).await?;
    let began = Instant::now();
    let now = Timestamp::now();
    for first in (0..articles).step_by(AT_ONCE as usize) {
        let numbers = first..articles.min(first + AT_ONCE);
        let sql = format!(
            "insert into list_entries (article_id, story_id, leads, added_at_ms, published_at_ms, host, site_name, title, \
             language, spoken, words, summaries) values {}",
            values(numbers.len(), 12)
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for number in numbers {
            let copy = number % 10 == 9;
            let chinese = number % 3 == 0;
            let host = format!("site{}.example", number % HOSTS);
            let at = now.saturating_sub((i64::from(articles - number) * 20).seconds())?.as_millisecond();
            let language = if chinese { "zh" } else { "en" };
            query = query
                .bind(id(number)?.to_string())
                .bind(id(if copy { number - 1 } else { number })?.to_string())
                .bind(i64::from(!copy))
                .bind(at)
                .bind(at - 60_000)
                .bind(host.clone())
                .bind(format!("The paper of {host}"))
                .bind(if chinese { title_zh(number) } else { title_en(number) })
                .bind(language)
                .bind(language)
                .bind(i64::from(300 + number % 1_500))
                .bind(summaries(number));
        }
        let mut tx = store.begin().await?;
        query.execute(&mut *tx).await?;
        tx.commit().await?;
    }
    let mut tx = store.begin().await?;
    sqlx::query("analyze").execute(&mut *tx).await?;
    tx.commit().await?;
    println!("filled in {:.1} s", began.elapsed().as_secs_f64());
    Ok(store)
}

fn id(number: u32) -> anyhow::Result<ArticleId> {
    let url: HttpUrl = format!("https://site{}.example/{number}", number % HOSTS).parse()?;
    Ok(ArticleId::of_canonical_url(&url))
}

fn title_en(number: u32) -> String {
    format!("The council of town number {number} votes on the bridge that nobody wanted")
}

fn title_zh(number: u32) -> String {
    format!("第{number}号镇议会就那座没人想要的桥进行表决")
}

fn summaries(number: u32) -> String {
    serde_json::json!([
        {"language": "en", "title": title_en(number), "sentence": "The bridge is to be built by the end of the year, \
          four years later and at three times the price that had been agreed on when the old one was closed."},
        {"language": "zh", "title": title_zh(number), "sentence": "大桥将于今年年底建成，比旧桥关闭时商定的时间晚四年，\
          造价是原定的三倍。"},
    ])
    .to_string()
}
