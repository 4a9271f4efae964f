//! Workers by the work that there is: what KEDA asks, the NATS server answers.

use kos_shared::bus::ConsumerSpec;
use kos_tests::{NatsServer, command, http_client, inbox_prefix, pipeline::run};
use serde_json::Value;

use crate::{array, name, of_kind, overlays, text};

/// What is asked of NATS: whose work it is, and the metadata of the trigger.
fn triggers(objects: &[Value]) -> Vec<(&str, &Value)> {
    let all = of_kind(objects, "ScaledObject").flat_map(|scaled| {
        let target = text(&scaled["spec"]["scaleTargetRef"]["name"]);
        let ours = array(&scaled["spec"]["triggers"]).filter(|trigger| trigger["type"] == "nats-jetstream");
        ours.map(move |trigger| (target, &trigger["metadata"]))
    });
    all.collect()
}

fn in_production() -> Vec<Value> {
    overlays().1.into_iter().find(|(overlay, _)| overlay.ends_with("production")).unwrap().1
}

#[test]
fn each_service_is_scaled_by_consumers_of_its_own() {
    let objects = in_production();
    let triggers = triggers(&objects);
    for service in ["ingest", "summarize", "publish"] {
        assert!(triggers.iter().any(|(target, _)| *target == service), "{service}");
        assert!(of_kind(&objects, "Deployment").any(|deployment| deployment["metadata"]["name"] == service));
    }
    for (target, metadata) in triggers {
        let (stream, consumer) = (text(&metadata["stream"]), text(&metadata["consumer"]));
        let is_meant =
            |spec: &ConsumerSpec| spec.stream.as_str() == stream && spec.name == consumer && spec.service == target;
        assert!(ConsumerSpec::ALL.iter().any(is_meant), "{target} has no consumer {stream}/{consumer}");
        let namespace = text(&objects[0]["metadata"]["name"]);
        assert_eq!(text(&metadata["natsServerMonitoringEndpoint"]), format!("nats-headless.{namespace}:8222"));
        // The names that the scaler reads, all of them texts; it ignores others.
        for (key, value) in metadata.as_object().unwrap() {
            let known = ["natsServerMonitoringEndpoint", "account", "stream", "consumer", "lagThreshold"];
            assert!(known.contains(&key.as_str()) && value.is_string(), "{target}: {key}: {value}");
        }
        assert!(text(&metadata["lagThreshold"]).parse::<u64>().unwrap() > 0);
    }
}

/// The fields of KEDA's own schema that are used here: of a ScaledObject, which none of Kubernetes' schemas knows.
#[test]
fn scaled_objects_say_what_keda_reads() {
    let known = [
        (
            "/spec",
            &[
                "scaleTargetRef",
                "minReplicaCount",
                "maxReplicaCount",
                "pollingInterval",
                "fallback",
                "advanced",
                "triggers",
            ][..],
        ),
        ("/spec/scaleTargetRef", &["name"]),
        ("/spec/fallback", &["failureThreshold", "replicas", "behavior"]),
        ("/spec/advanced", &["horizontalPodAutoscalerConfig"]),
        ("/spec/advanced/horizontalPodAutoscalerConfig", &["behavior"]),
        ("/spec/triggers/0", &["type", "metadata", "metricType"]),
        ("/spec/triggers/1", &["type", "metadata", "metricType"]),
    ];
    for scaled in of_kind(&in_production(), "ScaledObject") {
        assert_eq!(scaled["apiVersion"], "keda.sh/v1alpha1");
        for (path, fields) in known {
            for field in scaled.pointer(path).and_then(Value::as_object).into_iter().flat_map(|object| object.keys()) {
                assert!(fields.contains(&field.as_str()), "{}: KEDA reads no {path}/{field}", name(scaled));
            }
        }
        let count = |field: &str| scaled["spec"][field].as_u64().unwrap();
        assert!(
            0 < count("minReplicaCount") && count("minReplicaCount") < count("maxReplicaCount"),
            "{}",
            name(scaled)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_answers_what_keda_asks_of_each_consumer() {
    let server = NatsServer::start_deployed().await;
    let (url, prefix) = (server.url_of("kos"), inbox_prefix("kos"));
    let mut kos = command("kos", &[("KOS_NATS_URL", &url), ("KOS_NATS_INBOX_PREFIX", &prefix)]);
    kos.arg("prepare");
    assert_eq!(run(kos, "").await.code, 0);
    let objects = in_production();
    for (target, metadata) in triggers(&objects) {
        let account = text(&metadata["account"]);
        let question = format!("{}/jsz?acc={account}&consumers=true&config=true", server.monitor_url());
        let answer: Value =
            serde_json::from_slice(&http_client().get(&question).send().await.unwrap().bytes().await.unwrap()).unwrap();
        let accounts = array(&answer["account_details"]).filter(|details| details["name"] == metadata["account"]);
        let streams = accounts.flat_map(|details| array(&details["stream_detail"]));
        let consumers = streams.filter(|stream| stream["name"] == metadata["stream"]);
        let mut lag = consumers
            .flat_map(|stream| array(&stream["consumer_detail"]))
            .filter(|consumer| consumer["name"] == metadata["consumer"])
            .map(|consumer| consumer["num_pending"].as_u64());
        assert_eq!(lag.next(), Some(Some(0)), "{target}: {question}: {answer}");
    }
}
