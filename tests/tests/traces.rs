//! Traces, from a producer's event to the page, as a collector gets them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::HashMap, time::Duration};

use async_nats::{HeaderMap, jetstream};
use kos_shared::event::ArticleId;
use kos_tests::{Act, Article, Articles, ModelServer, Page, PageServer, Pipeline, Setup, eventually};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value, trace::v1::span::SpanKind,
};
use prost::Message;
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(60);

/// A span as the collector got it.
#[derive(Debug, Clone)]
struct Span {
    service: String,
    name: String,
    trace_id: String,
    id: String,
    parent: String,
    is_error: bool,
    kind: SpanKind,
    begun: u64,
    ended: u64,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a collector got so far, in the order of time.
fn collected(collector: &PageServer) -> Vec<Span> {
    let mut spans = Vec::new();
    for hit in collector.hits("/v1/traces") {
        assert_eq!(hit.headers["content-type"], "application/x-protobuf");
        for resource in ExportTraceServiceRequest::decode(hit.body).unwrap().resource_spans {
            let attributes = resource.resource.unwrap().attributes;
            let name = attributes.iter().find(|a| a.key == "service.name").unwrap().value.clone().unwrap();
            let Some(Value::StringValue(service)) = name.value else { panic!("{name:?}") };
            for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                spans.push(Span {
                    service: service.clone(),
                    kind: span.kind(),
                    trace_id: hex(&span.trace_id),
                    id: hex(&span.span_id),
                    parent: hex(&span.parent_span_id),
                    is_error: span.status.is_some_and(|status| status.code == 2),
                    name: span.name,
                    begun: span.start_time_unix_nano,
                    ended: span.end_time_unix_nano,
                });
            }
        }
    }
    spans.sort_by_key(|span| span.begun);
    spans
}

fn article(number: u64) -> Article {
    Articles::new(7).text_bytes(1_200).page(number)
}

/// A pipeline with a page that is to be had at the second try, a model and a collector.
async fn pipeline(web: &PageServer, collector: &PageServer, model: &ModelServer) -> (Pipeline, String) {
    collector.set("/v1/traces", Page::status(200));
    let address = web.set("/story", Page::status(503));
    let (model, collector) = (model.url(), collector.url(""));
    let variables = [
        ("KOS_FETCH_ALLOW", "127.0.0.0/8"),
        ("KOS_FETCH_DELAY", "0s"),
        ("KOS_RETRY_DELAY", "100ms"),
        ("KOS_MAX_ATTEMPTS", "50"),
        ("KOS_LANGUAGES", "zh"),
        ("KOS_LLM_URL", &model),
        ("KOS_LLM_MODEL", "played"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    (Pipeline::start_with(Setup { variables: &variables, ..Setup::default() }).await, address)
}

#[tokio::test]
async fn one_trace_leads_from_the_producers_span_through_retries_and_the_model_to_the_page() {
    let (web, collector, model) = (PageServer::start(), PageServer::start(), ModelServer::start(|_| Act::Good));
    let (pipeline, address) = pipeline(&web, &collector, &model).await;
    let (trace_id, producer) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", format!("00-{trace_id}-{producer}-01"));
    let context = jetstream::new(pipeline.client().clone());
    let body = json!({"url": address}).to_string();
    context.publish_with_headers("kos.ingest.requested", headers, body.into()).await.unwrap().await.unwrap();
    let of = |name: &str| collected(&collector).into_iter().filter(|s| s.name == name).collect::<Vec<_>>();
    eventually(LIMIT, "a failed attempt", async || {
        of("process kos.ingest.requested").into_iter().find(|span| span.is_error)
    })
    .await;
    // The page says nothing of another address.
    let paragraphs: String = article(2).paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect();
    let html = format!("<html lang=en><title>{0}</title><article><h1>{0}</h1>{paragraphs}</article>", article(2).title);
    web.set("/story", Page::html(html));
    eventually(LIMIT, "the last span", async || of("send kos.article.published").first().cloned()).await;

    let spans: Vec<Span> = collected(&collector).into_iter().filter(|span| span.trace_id == trace_id).collect();
    let by_id: HashMap<&str, &Span> = spans.iter().map(|span| (span.id.as_str(), span)).collect();
    assert_eq!(by_id.len(), spans.len(), "an id stands for one span: {spans:#?}");
    let above = |span: &Span| by_id.get(span.parent.as_str()).map(|parent| parent.name.clone());
    let host = address.strip_prefix("http://").unwrap().split(':').next().unwrap();
    let (mut handled, get) = (0, format!("GET {host}"));
    for span in &spans {
        assert!(span.begun <= span.ended, "{span:#?}");
        let (service, parent) = match span.name.as_str() {
            "process kos.ingest.requested" => {
                assert_eq!(span.parent, producer);
                handled += u32::from(!span.is_error);
                ("kos-ingest", None)
            }
            "send kos.article.ingested" => ("kos-ingest", Some("process kos.ingest.requested")),
            "process kos.article.ingested" => ("kos-summarize", Some("process kos.ingest.requested")),
            "chat played" => ("kos-summarize", Some("process kos.article.ingested")),
            "send kos.article.summarized" => ("kos-summarize", Some("process kos.article.ingested")),
            "process kos.article.summarized" => ("kos-publish", Some("process kos.article.ingested")),
            "send kos.article.published" => ("kos-publish", Some("process kos.article.summarized")),
            name if name == get => ("kos-ingest", Some("process kos.ingest.requested")),
            other => panic!("{other} in {spans:#?}"),
        };
        assert_eq!(span.service, service, "{span:#?}");
        assert_eq!(above(span).as_deref(), parent, "{span:#?}");
        let kind = match span.name.split(' ').next().unwrap() {
            "process" => SpanKind::Consumer,
            "send" => SpanKind::Producer,
            _ => SpanKind::Client,
        };
        assert_eq!(span.kind, kind, "{span:#?}");
    }
    let count = |name: &str| spans.iter().filter(|span| span.name == name).count();
    for once in ["send kos.article.ingested", "process kos.article.summarized", "chat played"] {
        assert_eq!(count(once), 1, "{once} in {spans:#?}");
    }
    assert_eq!(handled, 1);
    assert!(count("process kos.ingest.requested") > 1 && count(&get) > 1, "{spans:#?}");

    let logged = pipeline.kos(&["trace", &address, "--json"]).await;
    assert!(logged.stdout.contains(trace_id), "the command and the collector call it alike: {logged:?}");
}

#[tokio::test]
async fn an_event_without_a_trace_is_the_beginning_of_one_that_the_logs_name_too() {
    let (web, collector, model) = (PageServer::start(), PageServer::start(), ModelServer::start(|_| Act::Good));
    let (pipeline, _) = pipeline(&web, &collector, &model).await;
    let article = article(4);
    pipeline.publish("kos.ingest.requested", json!({"url": article.url, "html": article.html}).to_string()).await;
    let spans = eventually(LIMIT, "the whole trace", async || {
        let spans = collected(&collector);
        spans.iter().any(|s| s.name == "send kos.article.published").then_some(spans)
    })
    .await;
    let root = spans.iter().find(|span| span.name == "publish kos.ingest.requested").unwrap();
    assert_eq!((root.parent.as_str(), root.kind), ("", SpanKind::Producer));
    assert!(spans.iter().all(|span| span.trace_id == root.trace_id), "{spans:#?}");
    let first = spans.iter().find(|span| span.name == "process kos.ingest.requested").unwrap();
    assert_eq!(first.parent, root.id);
    let logged = pipeline.kos(&["trace", &article.url, "--json"]).await;
    assert!(logged.stdout.contains(&root.trace_id), "{logged:?}");
}

#[tokio::test]
async fn a_collector_that_is_down_is_said_once_and_stops_no_article() {
    let (web, collector, model) = (PageServer::start(), PageServer::start(), ModelServer::start(|_| Act::Good));
    let (mut pipeline, _) = pipeline(&web, &collector, &model).await;
    collector.set("/v1/traces", Page::status(400));
    for number in [6, 8] {
        let article = article(number);
        pipeline.publish("kos.ingest.requested", json!({"url": article.url, "html": article.html}).to_string()).await;
        let id = ArticleId::of_canonical_url(&article.url.parse().unwrap());
        pipeline.page(&format!("/articles/{id}"), 200).await;
    }
    let mut said = || {
        let log = pipeline.service("summarize").worker.log();
        log.lines().filter(|line| line.contains("spans are lost")).count()
    };
    eventually(LIMIT, "a word about it", async || (said() > 0).then_some(())).await;
    assert_eq!(said(), 1);
}
