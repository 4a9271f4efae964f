//! What a server refuses, and what is asked differently then.

use kos_shared::config::Secret;
use kos_summarize::model::{CallError, Endpoint, Outcome, Settings};

use crate::server::{ModelServer, Play, Seen, ask, ask_structured};

#[tokio::test]
async fn a_refusal_is_final_and_opens_no_breaker() {
    for status in [400, 401, 402, 403, 404, 413, 422, 451] {
        let server = ModelServer::start([Play::error(status, "no")]).await;
        let endpoint = server.endpoint();
        for calls in 1..=7 {
            assert_eq!(ask(&endpoint).await, Err(CallError::Refused { status, reason: "no".into() }));
            assert_eq!(server.calls(), calls);
        }
        assert_eq!(endpoint.state(), (false, 4));
    }
}

#[tokio::test]
async fn the_key_is_in_no_error() {
    let key = "sk-abcdefghijklmnopqrstuvwxyz";
    for said in [key, "sk-abcde*****wxyz", "Bearer:sk-abcdefghijklmnopqrstuvwxyz"] {
        for play in [
            Play::error(401, &format!("Incorrect key {said}.")),
            Play::error(500, said),
            Play::Say(200, "", said.into()),
            Play::Say(200, "", format!("{{\"error\": \"{said}\"}}")),
            Play::Say(307, format!("Location: https://a.test/?key={said}\r\n").leak(), String::new()),
        ] {
            let server = ModelServer::start([play]).await;
            let settings = Settings { api_key: Some(Secret::new(key)), ..server.settings() };
            let error = ask(&Endpoint::new(settings).unwrap()).await.unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains("(hidden)") && !text.contains("sk-abcde"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_is_told_at_once() {
    let server = ModelServer::start([Play::answer()]).await;
    let settings = Settings { api_key: Some(Secret::new("sk-first\nsk-second")), ..server.settings() };
    let error = Endpoint::new(settings).unwrap_err().to_string();
    assert!(error.contains("api key") && !error.contains("sk-"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = ModelServer::start([Play::answer()]).await;
    let location = format!("Location: http://{}/v1/chat/completions\r\n", server.address).leak();
    let redirecting = ModelServer::start([Play::Say(308, location, String::new())]).await;
    let error = ask(&redirecting.endpoint()).await.unwrap_err();
    let to = server.address.to_string();
    assert!(matches!(&error, CallError::Refused { status: 308, reason } if reason.contains(&to)), "{error}");
    assert_eq!((redirecting.calls(), server.calls()), (1, 0));
}

#[tokio::test]
async fn a_server_without_structured_output_is_asked_in_plain_text_from_then_on() {
    let refusal = Play::error(400, "'response_format.type' must be 'text'");
    let server = ModelServer::start([refusal, Play::answer()]).await;
    let seen = Seen::default();
    let endpoint = Endpoint::new(seen.by(server.settings())).unwrap();
    for _ in 0..2 {
        let answer = ask_structured(&endpoint).await.unwrap();
        assert_eq!((answer.text.as_str(), answer.structured), ("fine", false));
    }
    let structured: Vec<bool> = server.asked().iter().map(|asked| asked.is_structured()).collect();
    assert_eq!(structured, [true, false, false]);
    assert_eq!(seen.outcomes(), [Outcome::Refused, Outcome::Answered, Outcome::Answered]);
}

#[tokio::test]
async fn a_refusal_that_plain_text_does_not_mend_teaches_nothing() {
    let server = ModelServer::start([Play::error(400, "bad"), Play::error(400, "worse"), Play::answer()]).await;
    let endpoint = server.endpoint();
    let error = ask_structured(&endpoint).await.unwrap_err();
    assert_eq!(error, CallError::Refused { status: 400, reason: "worse".into() });
    assert!(ask_structured(&endpoint).await.unwrap().structured);
}

#[tokio::test]
async fn a_model_that_wants_other_parameters_gets_them() {
    let server = ModelServer::start([
        Play::error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        Play::error(400, "Unsupported value: 'temperature' does not support 0.2 with this model."),
        Play::answer(),
    ])
    .await;
    let answer = ask_structured(&server.endpoint()).await.unwrap();
    assert!(answer.structured);
    let last = server.asked().pop().unwrap().body;
    assert_eq!(last["max_completion_tokens"], 32);
    assert!(last.get("max_tokens").is_none() && last.get("temperature").is_none(), "{last}");
}

#[tokio::test]
async fn a_host_alone_is_found_with_and_without_a_version() {
    for (there, calls) in [("/v1/chat/completions", 1), ("/chat/completions", 2)] {
        let server = ModelServer::start([Play::Say(404, "", "404 page not found".into())]).await;
        server.route(there, Play::answer());
        let url = format!("http://{}", server.address).parse().unwrap();
        let endpoint = Endpoint::new(Settings { url, ..server.settings() }).unwrap();
        for before in [0, 1] {
            assert!(ask_structured(&endpoint).await.unwrap().structured);
            // The way is remembered.
            assert_eq!(server.calls(), calls + before);
        }
    }
}

#[tokio::test]
async fn a_missing_model_is_not_looked_for_elsewhere() {
    let server = ModelServer::start([Play::error(404, "model \"m\" not found, try pulling it first")]).await;
    let url = format!("http://{}/", server.address).parse().unwrap();
    let endpoint = Endpoint::new(Settings { url, ..server.settings() }).unwrap();
    let error = ask_structured(&endpoint).await.unwrap_err();
    assert!(matches!(&error, CallError::Refused { status: 404, reason } if reason.contains("pulling")), "{error}");
    assert_eq!(server.calls(), 1);
}
