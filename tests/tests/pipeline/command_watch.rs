//! `kos status`, `kos trace`, `kos doctor`: what the operator's command sees.

use kos_tests::{Pipeline, Port, command, pipeline::run};
use serde_json::{Value, json};

use crate::{event, id_of, page};

#[tokio::test]
async fn status_counts_what_each_stage_did_and_names_the_workers() {
    let mut pipeline = Pipeline::start().await;
    pipeline.publish("kos.ingest.requested", event(&page(40))).await;
    pipeline.publish("kos.ingest.requested", "{}").await;
    pipeline.wait_until_idle().await;
    pipeline.dead_letters(1).await;

    let status = pipeline.kos(&["status", "--json"]).await;
    assert_eq!(status.code, 0, "{status:?}");
    let status = status.json();
    let stage = |service: &str, event_type: &str| {
        let stages = status["stages"].as_array().unwrap();
        stages.iter().find(|s| s["service"] == service && s["event_type"] == event_type).cloned().unwrap_or_default()
    };
    for (service, event_type, handled) in [
        ("ingest", "kos.ingest.requested", 2),
        ("ingest", "kos.feed.due", 0),
        ("summarize", "kos.article.ingested", 1),
        ("publish", "kos.article.summarized", 1),
        ("ingest", "kos.article.retracted", 0),
        ("publish", "kos.article.retracted", 0),
        ("publish", "kos.webhook.due", 0),
    ] {
        let stage = stage(service, event_type);
        assert_eq!(stage["handled_last_hour"], handled, "{stage}");
        assert_eq!((&stage["pending"], &stage["in_flight"]), (&json!(0), &json!(0)), "{stage}");
    }
    assert_eq!(status["dead"], json!({"ingest": 1}));
    let workers = status["workers"].as_array().unwrap();
    let named: Vec<_> = workers.iter().map(|w| (w["service"].as_str(), w["ready"].as_bool())).collect();
    assert_eq!(named, ["ingest", "summarize", "publish"].map(|s| (Some(s), Some(true))));
    let table = pipeline.kos(&["status"]).await;
    assert!(table.stdout.contains("kos.article.summarized") && table.stdout.contains("1 dead letter"), "{table:?}");

    pipeline.service("summarize").worker.kill9();
    pipeline.publish("kos.ingest.requested", event(&page(41))).await;
    kos_tests::eventually(std::time::Duration::from_secs(30), "an event that waits for summarize", async || {
        let status = pipeline.kos(&["status", "--json"]).await.json();
        let stage = status["stages"].as_array()?.iter().find(|s| s["service"] == "summarize")?.clone();
        let workers = status["workers"].as_array()?.iter().filter(|w| w["service"] == "summarize").count();
        (stage["pending"] == 1 && stage["oldest_at"].is_string() && workers == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn trace_shows_the_way_of_an_article_by_its_address_its_id_and_any_of_its_events() {
    let pipeline = Pipeline::start().await;
    let article = page(42);
    pipeline.publish("kos.ingest.requested", event(&article)).await;
    pipeline.wait_until_idle().await;
    let published = pipeline.stored("KOS_SUMMARIZED").await[0].header("ce-id").to_owned();
    let shared = format!("{}?utm_source=mail", article.url);
    for key in [article.url.clone(), shared, id_of(&article.url), published] {
        let trace = pipeline.kos(&["trace", &key, "--json"]).await;
        assert_eq!(trace.code, 0, "{key}: {trace:?}");
        let entries = trace.json();
        let way: Vec<_> = entries
            .as_array()
            .into_iter()
            .flatten()
            .map(|e| [&e["service"], &e["event_type"], &e["outcome"]].map(|v| v.as_str().unwrap_or_default()))
            .collect();
        let expected = [
            ["ingest", "kos.ingest.requested", "ingested"],
            ["summarize", "kos.article.ingested", "summarized"],
            ["publish", "kos.article.summarized", "published"],
        ];
        assert_eq!(way, expected, "{key}");
        let traces: std::collections::BTreeSet<_> =
            entries.as_array().into_iter().flatten().map(|e| e["trace_id"].to_string()).collect();
        assert_eq!(traces.len(), 1, "one article, one trace: {traces:?}");
        for pair in entries.as_array().unwrap().windows(2) {
            assert_eq!(pair[0]["emitted"][0], pair[1]["event_id"]);
            assert_eq!(pair[1]["cause"], pair[0]["event_id"]);
        }
    }
    let text = pipeline.kos(&["trace", &article.url]).await;
    assert!(text.stdout.contains("published") && text.stdout.contains(&id_of(&article.url)), "{}", text.stdout);
    let now = text.stdout.lines().last().unwrap_or_default();
    assert!(now.starts_with("published ") && now.contains("after it came: http://"), "{}", text.stdout);
    let unknown = pipeline.kos(&["trace", "https://daily.example/unknown", "--json"]).await;
    assert_eq!((unknown.code, unknown.json()), (1, json!([])));
}

#[tokio::test]
async fn doctor_is_content_with_a_sound_pipeline_and_names_what_is_wrong_with_another() {
    let mut pipeline = Pipeline::start().await;
    let sound = pipeline.kos(&["doctor", "--json"]).await;
    assert_eq!(sound.code, 0, "{sound:?}");
    assert!(sound.json().as_array().unwrap().iter().all(|f| f["ok"] == true), "{sound:?}");

    pipeline.publish("kos.ingest.requested", "{}").await;
    pipeline.dead_letters(1).await;
    pipeline.service("publish").worker.kill9();
    let ill = pipeline.kos(&["doctor", "--json"]).await;
    assert_eq!(ill.code, 1, "{ill:?}");
    let findings = ill.json();
    let wrong: Vec<&Value> = findings.as_array().unwrap().iter().filter(|f| f["ok"] == false).collect();
    for check in ["worker publish", "stream KOS_DEAD"] {
        let finding = wrong.iter().find(|f| f["check"] == check).unwrap_or_else(|| panic!("{check}: {findings}"));
        assert!(!finding["remedy"].as_str().unwrap_or_default().is_empty(), "{finding}");
    }
    assert_eq!(wrong.len(), 2, "{wrong:?}");
}

#[tokio::test]
async fn every_command_says_so_when_there_is_no_server() {
    let nobody = Port::free();
    let url = format!("nats://127.0.0.1:{nobody}");
    let commands = [
        &["status"][..],
        &["trace", "x"],
        &["dead", "list"],
        &["ingest", "https://daily.example/1"],
        &["retract", "https://daily.example/1", "--reason", "x"],
        &["replay", "--stage", "publish"],
        &["doctor"],
    ];
    // Each of them waits a while for the server.
    let ended = commands.map(async |arguments| {
        let mut kos = command("kos", &[("KOS_NATS_URL", &url)]);
        kos.args(arguments);
        (arguments, run(kos, "").await)
    });
    for (arguments, ended) in futures_util::future::join_all(ended).await {
        assert_eq!(ended.code, 1, "{arguments:?}: {ended:?}");
        assert!(format!("{}{}", ended.stdout, ended.stderr).contains(&url), "{arguments:?}: {ended:?}");
    }
}

#[tokio::test]
async fn a_server_without_streams_is_no_reason_to_break() {
    let server = kos_tests::NatsServer::start().await;
    let kos = async |arguments: &[&str]| {
        let mut kos = command("kos", &[("KOS_NATS_URL", &server.url())]);
        kos.args(arguments);
        run(kos, "").await
    };
    let status = kos(&["status"]).await;
    assert_eq!(status.code, 1, "{status:?}");
    assert!(status.stderr.contains("start a worker, or `kos up`"), "{}", status.stderr);
    assert_eq!(kos(&["doctor", "--json"]).await.code, 1);
    let published = kos(&["ingest", "https://daily.example/1"]).await;
    assert_eq!(published.code, 0, "a producer may come first: {published:?}");
}
