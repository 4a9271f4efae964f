use super::*;
use serde_json::json;

fn of(value: &Value) -> Reading {
    read(value.to_string().as_bytes(), ["system", "user"])
}

/// The text and the finish of one choice.
fn choice(choice: &Value) -> (String, Finish) {
    match of(&json!({"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})) {
        Reading::Completion { text, finish, .. } => (text, finish),
        other => panic!("{choice} was read as {other:?}"),
    }
}

fn usage(usage: &Value) -> Usage {
    let message = json!({"content": "four four"});
    match of(&json!({"choices": [{"message": message}], "usage": usage})) {
        Reading::Completion { usage, .. } => usage,
        other => panic!("{usage} was read as {other:?}"),
    }
}

#[test]
fn a_usual_answer_is_read_whole() {
    let body = json!({
        "id": "x", "object": "chat.completion", "model": "qwen2.5:7b",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "好的。"}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107},
    });
    let usage = Usage { prompt_tokens: 100, completion_tokens: 7, estimated: false };
    let model = Some("qwen2.5:7b".into());
    let expected = Reading::Completion { text: "好的。".into(), finish: Finish::Stop, usage, model };
    assert_eq!(of(&body), expected);
    assert_eq!(read(format!("\u{feff}\n {body}").as_bytes(), ["", ""]), expected);
}

#[test]
fn content_is_understood_in_every_form() {
    for (content, text) in [
        (json!("a b"), "a b"),
        (json!(null), ""),
        (json!([{"type": "text", "text": "a"}, {"type": "thinking", "thinking": "t", "text": "t"}, "b"]), "ab"),
        (json!([{"text": "a"}, {"type": "image_url", "image_url": {}}]), "a"),
        (json!({"type": "text", "text": "a"}), "a"),
        (json!(7), ""),
    ] {
        let read =
            choice(&json!({"message": {"content": content, "reasoning_content": "hm"}, "finish_reason": "stop"}));
        assert_eq!(read, (text.to_owned(), Finish::Stop), "{content}");
    }
    assert_eq!(choice(&json!({"message": {}})).0, "");
    assert_eq!(choice(&json!({"text": "old", "finish_reason": "length"})), ("old".into(), Finish::Length));
}

#[test]
fn tool_calls_instead_of_a_text_are_told_whatever_the_reason_says() {
    for reason in [json!("tool_calls"), json!("stop"), json!(null)] {
        let message = json!({"content": null, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]});
        let read = choice(&json!({"message": message, "finish_reason": reason}));
        assert_eq!(read, (String::new(), Finish::ToolCalls), "{reason}");
    }
    let read = choice(&json!({"message": {"content": "a", "tool_calls": []}, "finish_reason": "stop"}));
    assert_eq!(read, ("a".into(), Finish::Stop));
}

#[test]
fn a_refusal_is_no_text() {
    let message = json!({"content": null, "refusal": "I can't help with that."});
    let read = choice(&json!({"message": message, "finish_reason": "stop"}));
    assert_eq!(read, (String::new(), Finish::ContentFilter));
}

#[test]
fn reasons_are_kept_whatever_they_are() {
    for (reason, finish) in [
        (json!("stop"), Finish::Stop),
        (json!("STOP"), Finish::Stop),
        (json!("eos_token"), Finish::Stop),
        (json!("length"), Finish::Length),
        (json!("content_filter"), Finish::ContentFilter),
        (json!("abort"), Finish::Other("abort".into())),
        (json!(""), Finish::Unknown),
        (json!(null), Finish::Unknown),
        (json!(3), Finish::Unknown),
    ] {
        assert_eq!(choice(&json!({"message": {"content": "a"}, "finish_reason": reason})).1, finish, "{reason}");
    }
}

#[test]
fn a_finish_survives_being_stored() {
    for finish in [
        Finish::Stop,
        Finish::Length,
        Finish::ToolCalls,
        Finish::ContentFilter,
        Finish::Other("abort".into()),
        Finish::Unknown,
    ] {
        let stored = serde_json::to_string(&finish).unwrap();
        assert_eq!(serde_json::from_str::<Finish>(&stored).unwrap(), finish, "{stored}");
    }
}

#[test]
fn usage_is_taken_as_told_and_estimated_where_it_is_not() {
    let told = Usage { prompt_tokens: 10, completion_tokens: 4, estimated: false };
    assert_eq!(usage(&json!({"prompt_tokens": 10.0, "completion_tokens": "4"})), told);
    let guessed = Usage { prompt_tokens: 3, completion_tokens: 3, estimated: true };
    for odd in
        [json!(null), json!([]), json!({"prompt_tokens": -5}), json!({"prompt_tokens": 0, "completion_tokens": 0})]
    {
        assert_eq!(usage(&odd), guessed, "{odd}");
    }
    let most = usage(&json!({"prompt_tokens": 1e99, "completion_tokens": 1}));
    assert_eq!((most.prompt_tokens, most.estimated), (u32::MAX, false));
    assert_eq!(estimated_tokens("中文字 ok"), 4);
}

#[test]
fn an_error_in_a_success_is_told_apart() {
    let of_error = |error: Value| of(&json!({"error": error}));
    let error = |status, message: &str| Reading::Error { status, message: message.into() };
    assert_eq!(of_error(json!({"message": "slow down", "code": 429})), error(Some(429), "slow down"));
    assert_eq!(of_error(json!({"message": "no", "code": "invalid_key"})), error(None, "no"));
    assert_eq!(of_error(json!("model not loaded")), error(None, "model not loaded"));
    assert_eq!(of_error(json!({"message": "?", "code": 70})), error(None, "?"));
}

#[test]
fn what_is_no_chat_completion_is_said() {
    for (body, said) in [
        ("", "nothing"),
        ("<html>Log in</html>", "no json: <html>Log in</html>"),
        ("{\"choices\": []}", "no choices"),
        ("{\"choices\": null}", "no choices"),
        ("{\"choices\": [{}]}", "a choice without a message"),
        ("{\"choices\": [null]}", "a choice without a message"),
        ("{\"status\": \"ok\"}", "other json: {\"status\":\"ok\"}"),
        ("[1]", "other json: [1]"),
        ("null", "other json: null"),
        ("\"choices\"", "other json: \"choices\""),
    ] {
        assert_eq!(read(body.as_bytes(), ["", ""]), Reading::Neither(said.into()), "{body}");
    }
    let deep = "[".repeat(100_000);
    assert!(matches!(read(deep.as_bytes(), ["", ""]), Reading::Neither(_)));
    assert!(matches!(read(&[0xff, 0xfe, b'{'], ["", ""]), Reading::Neither(_)));
}
