//! The summarize worker is killed with SIGKILL again and again while a model that counts its calls writes: no answer is
//! paid for twice but those that were under way, and a replay pays for nothing that didn't change.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use futures_util::future::join_all;
use kos_shared::event::{ArticleSummarized, Method};
use kos_tests::{Act, Article, Articles, End, ModelServer, Pipeline, Postgres, Setup, eventually};
use serde_json::json;

const KILLS: usize = 20;

/// How long the model takes.
const CALL: Duration = Duration::from_millis(100);

const LIMIT: Duration = Duration::from_secs(120);

#[tokio::test]
async fn a_kill_costs_one_call_where_one_is_made_at_a_time_on_sqlite() {
    kills(None, 1, 60).await;
}

#[tokio::test]
async fn a_kill_costs_one_call_where_one_is_made_at_a_time_on_postgres() {
    let server = Postgres::start().await;
    let url = server.create_database("kos").await;
    kills(Some(&url), 1, 60).await;
}

#[tokio::test]
async fn a_kill_costs_no_more_calls_than_were_under_way_on_postgres() {
    let server = Postgres::start().await;
    let url = server.create_database("kos").await;
    kills(Some(&url), 4, 120).await;
}

async fn kills(postgres: Option<&str>, at_once: usize, articles: u64) {
    let server = ModelServer::start(|_| Act::Good.after(CALL));
    let prompts = tempfile::tempdir().unwrap();
    let (url, concurrency) = (server.url(), at_once.to_string());
    let folder = prompts.path().display().to_string();
    let variables = [
        ("KOS_LLM_URL", url.as_str()),
        ("KOS_LLM_MODEL", "played"),
        ("KOS_LLM_CONCURRENCY", &concurrency),
        ("KOS_LLM_PROMPTS", &folder),
        // A dead worker's events come back after the ack wait.
        ("KOS_ACK_WAIT", "2s"),
    ];
    let mut pipeline = Pipeline::start_with(Setup { postgres, variables: &variables, ..Setup::default() }).await;
    let articles: Vec<Article> = {
        let pages = Articles::new(51).text_bytes(1_200);
        (0..articles).map(|number| pages.page(number)).collect()
    };
    join_all(articles.iter().map(|a| pipeline.publish("kos.article.ingested", json!(a.ingested()).to_string()))).await;
    let distinct = 2 * articles.len();

    let mut lost = Vec::new();
    for kill in 1..=KILLS {
        // The kills are spread over the whole work, each with calls under way.
        let due = distinct * kill / (KILLS + 1);
        eventually(LIMIT, "calls under way", async || {
            let kept: i64 = pipeline.query("summarize", KEPT).await;
            (kept as usize >= due && server.count_of(End::Underway) > 0).then_some(()).ok_or(format!("{kept} of {due}"))
        })
        .await;
        let before = server.count_of(End::Abandoned);
        let summarize = pipeline.service("summarize");
        summarize.worker.kill9();
        eventually(LIMIT, "the calls to be given up", async || server.count_of(End::Underway) == 0).await;
        let kept: i64 = pipeline.query("summarize", KEPT).await;
        // An answer may have come that could not be kept any more.
        let unkept = server.count() - kept as usize - lost.iter().sum::<usize>();
        let abandoned = server.count_of(End::Abandoned) - before;
        assert!(abandoned <= at_once, "kill {kill}: {abandoned} calls were under way");
        assert!(unkept <= at_once, "kill {kill} cost {unkept} calls, of which {abandoned} were under way");
        lost.push(unkept);
        let summarize = pipeline.service("summarize");
        summarize.worker.restart();
        summarize.wait_until_ready().await;
    }
    let paid_twice: usize = lost.iter().sum();
    eventually(LIMIT, "all summaries", async || {
        let done: i64 = pipeline.query("summarize", "select count(*) from summarized").await;
        (done as usize == articles.len()).then_some(()).ok_or(format!("{done} of {}", articles.len()))
    })
    .await;
    pipeline.wait_until_idle().await;
    println!("{} calls for {distinct} summaries; each kill cost {lost:?}", server.count());
    assert_eq!(server.count(), distinct + paid_twice, "{:#?}", repeated(&server));
    assert!(server.count() <= distinct + KILLS * at_once);
    for asked in server.asked() {
        assert!(!asked.call.is_retry, "{:?}", asked.call);
    }
    let summarized = summarized(&pipeline).await;
    assert_eq!(summarized.len(), articles.len());
    for done in summarized.values() {
        let by_model: Vec<_> = done.summaries.iter().map(|s| (s.language.primary(), s.method)).collect();
        assert_eq!(by_model, [("zh", Method::Llm), ("en", Method::Llm)], "{done:#?}");
    }

    replays(&mut pipeline, &server, prompts.path(), &articles).await;
}

/// The calls for what was asked for more than once: when they came, in seconds since the first of all, and how they ended.
fn repeated(server: &ModelServer) -> BTreeMap<(String, &'static str), Vec<(f64, End)>> {
    let asked = server.asked();
    let mut calls = BTreeMap::<_, Vec<_>>::new();
    for one in &asked {
        let at = (one.at - asked[0].at).as_secs_f64();
        calls.entry((one.call.title.clone(), one.call.language)).or_default().push((at, one.end));
    }
    calls.retain(|_, calls| calls.len() > 1);
    calls
}

const KEPT: &str = "select count(*) from answers where text is not null";

/// A replay asks for nothing; after a language's prompt changed, for that language alone.
async fn replays(pipeline: &mut Pipeline, server: &ModelServer, prompts: &Path, articles: &[Article]) {
    let before = server.count();
    replay(pipeline, articles.len()).await;
    assert_eq!(server.count(), before, "a replay asked a model again");

    let built_in = include_str!("../../services/summarize/prompts/summary.zh.txt");
    let changed = built_in.replace("两到四句话", "两到三句话");
    assert_ne!(changed, built_in);
    fs::write(prompts.join("summary.zh.txt"), changed).unwrap();
    let summarize = pipeline.service("summarize");
    summarize.worker.terminate();
    summarize.worker.wait_for_exit(LIMIT).await;
    summarize.worker.restart();
    summarize.wait_until_ready().await;
    replay(pipeline, articles.len()).await;
    let asked = server.asked().split_off(before);
    assert_eq!(asked.len(), articles.len());
    assert!(asked.iter().all(|asked| asked.call.language == "zh"));
    for done in summarized(pipeline).await.values() {
        let versions: Vec<_> = done.summaries.iter().filter_map(|s| s.prompt_version.as_deref()).collect();
        assert_eq!(versions.len(), 2, "{done:#?}");
    }
}

async fn replay(pipeline: &Pipeline, events: usize) {
    let handled: i64 = pipeline.query("summarize", "select count(*) from inbox").await;
    let ended = pipeline.kos(&["replay", "--stage", "summarize", "--json"]).await;
    assert_eq!((ended.code, ended.json()["replayed"].as_u64()), (0, Some(events as u64)), "{ended:?}");
    eventually(LIMIT, "the replay", async || {
        let now: i64 = pipeline.query("summarize", "select count(*) from inbox").await;
        (now - handled == events as i64).then_some(()).ok_or(format!("{} of {events}", now - handled))
    })
    .await;
}

/// The last event of each article.
async fn summarized(pipeline: &Pipeline) -> BTreeMap<String, ArticleSummarized> {
    let events = pipeline.stored("KOS_SUMMARIZED").await;
    let read = |body: &[u8]| serde_json::from_slice::<ArticleSummarized>(body).unwrap();
    let events = events.iter().map(|event| read(&event.body));
    events.map(|done| (done.article.article_id.to_string(), done)).collect()
}
