//! What an endpoint is found to be able to do.

use kos_shared::config::Secret;
use kos_summarize::model::{Endpoint, Settings, StructuredOutput};
use serde_json::json;

use crate::server::{ModelServer, Play, completion};

#[tokio::test]
async fn a_server_that_tells_all_is_described() {
    let answer = completion(r#"{"sentence": "The sun shines."}"#);
    let server = ModelServer::start([Play::json(&answer)]).await;
    let models = json!({"data": [{"id": "m", "max_model_len": 32_768}, {"id": "n"}]});
    server.route("/v1/models", Play::json(&models));
    let settings = Settings { api_key: Some(Secret::new("sk-secret-secret")), ..server.settings() };
    let probe = Endpoint::new(settings).unwrap().probe().await;
    assert_eq!((probe.error.as_deref(), probe.structured), (None, Some(StructuredOutput::Works)));
    assert_eq!(probe.lists("m"), Some(true));
    assert_eq!(probe.lists("other"), Some(false));
    assert_eq!(probe.window.unwrap().tokens, 32_768);
    assert!(probe.tokens_per_second.unwrap() > 0.0);
    assert!(server.asked().iter().all(|asked| asked.head.to_lowercase().contains("authorization: bearer sk-secret")));
}

#[tokio::test]
async fn llama_cpp_tells_the_window_that_it_runs_with() {
    let server = ModelServer::start([Play::json(&completion("Sure! The sun shines."))]).await;
    let models = json!({"data": [{"id": "/models/m.gguf", "meta": {"n_ctx_train": 131_072}}]});
    server.route("/v1/models", Play::json(&models));
    server.route("/props", Play::json(&json!({"default_generation_settings": {"n_ctx": 4_096}})));
    let probe = server.endpoint().probe().await;
    let window = probe.window.unwrap();
    assert_eq!((window.tokens, window.at_most), (4_096, false));
    assert_eq!(probe.structured, Some(StructuredOutput::Ignored));
}

#[tokio::test]
async fn a_server_that_tells_nothing_is_described_by_its_answer() {
    let server = ModelServer::start([Play::error(404, "no such model: model not found")]).await;
    let answer = Play::json(&completion("The sun shines."));
    server.route("/v1/chat/completions", answer);
    let probe = server.endpoint().probe().await;
    assert_eq!((probe.models, probe.window, probe.error), (None, None, None));
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = ModelServer::start([Play::error(404, "model 'm' not found")]).await;
    let probe = server.endpoint().probe().await;
    let error = probe.error.unwrap();
    assert!(error.contains("404") && error.contains("model 'm' not found"), "{error}");
    assert_eq!((probe.structured, probe.tokens_per_second), (None, None));
}
