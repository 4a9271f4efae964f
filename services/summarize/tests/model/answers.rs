//! What answers come to, good and bad.

use std::time::{Duration, Instant};

use kos_shared::config::Secret;
use kos_summarize::model::{CallError, Endpoint, Finish, MAX_ANSWER_BYTES, Outcome, Settings, Usage};
use serde_json::json;

use crate::server::{ModelServer, Play, Seen, ask, ask_structured, completion};

#[tokio::test]
async fn a_good_answer_is_brought_by_one_call_that_says_who_asks() {
    let server = ModelServer::start([Play::answer()]).await;
    let settings = Settings { api_key: Some(Secret::new("sk-very-secret\n")), ..server.settings() };
    let endpoint = Endpoint::new(settings).unwrap();
    let answer = ask_structured(&endpoint).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.finish, answer.structured), ("fine", Finish::Stop, true));
    assert_eq!(answer.usage, Usage { prompt_tokens: 20, completion_tokens: 5, estimated: false });
    assert_eq!(answer.model.as_deref(), Some("m-2026"));
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    let head = asked[0].head.to_lowercase();
    assert!(head.starts_with("post /v1/chat/completions http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nauthorization: bearer sk-very-secret\r\n"), "{head}");
    assert!(head.contains(concat!("\r\nuser-agent: knowledge-os/", env!("CARGO_PKG_VERSION"), "\r\n")), "{head}");
    assert_eq!(asked[0].body["stream"], false);
    assert_eq!(asked[0].body["response_format"]["json_schema"]["strict"], true);
    assert!(!format!("{endpoint:?}").contains("secret"), "{endpoint:?}");
}

#[tokio::test]
async fn a_login_in_the_address_is_used_unless_there_is_a_key() {
    for (key, header) in [(None, "basic dxnlcjp3b3jk"), (Some(Secret::new("sk-key")), "bearer sk-key")] {
        let server = ModelServer::start([Play::answer()]).await;
        let url = format!("http://user:word@{}/v1", server.address).parse().unwrap();
        let settings = Settings { url, api_key: key, ..server.settings() };
        assert!(!format!("{settings:?}").contains("word"), "{settings:?}");
        ask(&Endpoint::new(settings).unwrap()).await.unwrap();
        let head = server.asked()[0].head.to_lowercase();
        let sent: Vec<_> = head.lines().filter_map(|line| line.strip_prefix("authorization: ")).collect();
        assert_eq!(sent, [header]);
    }
}

#[tokio::test]
async fn tool_calls_instead_of_a_text_are_an_empty_answer() {
    let body = json!({"choices": [{
        "message": {"content": null, "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]},
        "finish_reason": "tool_calls",
    }]});
    let server = ModelServer::start([Play::json(&body)]).await;
    let answer = ask(&server.endpoint()).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.finish), ("", Finish::ToolCalls));
    assert!(answer.usage.estimated && answer.usage.prompt_tokens > 0, "{:?}", answer.usage);
}

#[tokio::test]
async fn what_is_no_chat_completion_is_unreadable_and_not_asked_for_again() {
    for body in ["<html>Please log in</html>", "", r#"{"choices": []}"#, r#"{"error": {"message": "oops"}}"#, "{\"a\""]
    {
        let server = ModelServer::start([Play::Say(200, "", body.into())]).await;
        let error = ask_structured(&server.endpoint()).await.unwrap_err();
        assert!(matches!(error, CallError::Unreadable { .. }), "{body}: {error}");
        assert_eq!(server.calls(), 1, "{body}");
    }
}

#[tokio::test]
async fn an_error_in_a_success_counts_as_the_error_that_it_is() {
    let limited = Play::json(&json!({"error": {"message": "slow down", "code": 429}}));
    let server = ModelServer::start([limited, Play::answer()]).await;
    assert_eq!(ask(&server.endpoint()).await.unwrap().text, "fine");
    let gone = Play::json(&json!({"error": {"message": "no such thing", "code": 410}}));
    let server = ModelServer::start([gone]).await;
    let error = ask(&server.endpoint()).await.unwrap_err();
    assert_eq!(error, CallError::Refused { status: 410, reason: "no such thing".into() });
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let server = ModelServer::start([Play::Endless]).await;
    let error = ask(&server.endpoint()).await.unwrap_err();
    assert_eq!(error, CallError::TooLarge { limit: MAX_ANSWER_BYTES });
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn ten_megabytes_are_too_much_and_a_little_less_than_the_limit_is_not() {
    let long = completion(&"a".repeat(10_000_000));
    let server = ModelServer::start([Play::json(&long)]).await;
    assert_eq!(ask(&server.endpoint()).await, Err(CallError::TooLarge { limit: MAX_ANSWER_BYTES }));
    let fits = completion(&"a".repeat(MAX_ANSWER_BYTES - 1_000));
    let server = ModelServer::start([Play::json(&fits)]).await;
    assert_eq!(ask(&server.endpoint()).await.unwrap().text.len(), MAX_ANSWER_BYTES - 1_000);
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_after_the_first_byte_limit() {
    let server = ModelServer::start([Play::Hang]).await;
    let seen = Seen::default();
    let limit = Duration::from_millis(100);
    let endpoint = Endpoint::new(seen.by(Settings { first_byte_timeout: limit, ..server.settings() })).unwrap();
    let began = Instant::now();
    let error = ask(&endpoint).await.unwrap_err();
    assert!(began.elapsed() >= limit);
    assert!(
        matches!(&error, CallError::Unavailable { reason, .. } if reason.contains("began within 100ms")),
        "{error}"
    );
    // It would take as long again.
    assert_eq!(seen.outcomes(), [Outcome::TimedOut]);
}

#[tokio::test]
async fn a_slow_drip_ends_at_the_total_limit() {
    let server = ModelServer::start([Play::Drip]).await;
    let seen = Seen::default();
    let limit = Duration::from_secs(1);
    let endpoint = Endpoint::new(seen.by(Settings { total_timeout: limit, ..server.settings() })).unwrap();
    let began = Instant::now();
    let error = ask(&endpoint).await.unwrap_err();
    assert!(began.elapsed() >= limit);
    assert!(matches!(&error, CallError::Unavailable { reason, .. } if reason.contains("complete")), "{error}");
    assert_eq!(seen.outcomes(), [Outcome::TimedOut]);
}
