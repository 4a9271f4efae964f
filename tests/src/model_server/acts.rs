//! What may become of a call: a good answer, and all that real servers and models do instead.

use std::time::Duration;

use serde_json::{Value, json};

use super::Call;

/// What the injected instruction of the tests' articles demands.
const PAYLOAD: &str = "HACKED BY CATS";

/// A number that stands in no article.
const INVENTED: &str = "48,731,902";

/// How large the answer is that is too large, in bytes.
const HUGE: usize = 10 << 20;

/// What becomes of a call.
#[derive(Debug, Clone)]
pub enum Act {
    /// An answer that the gate lets pass.
    Good,
    /// The same as text, without JSON.
    PlainText,
    /// It begins in the language asked for and ends in the other one.
    Mixed,
    /// The other language.
    WrongLanguage,
    /// A number that the article doesn't have.
    InventedNumber,
    /// The instruction comes back with the answer.
    LeakedPrompt,
    /// Nothing.
    Empty,
    /// One sentence, again and again.
    Loop,
    /// Broken JSON as the answer's text.
    BrokenJson,
    /// A page that is no JSON, with status 200.
    NotJson,
    /// A tool is called.
    ToolCalls,
    /// What an instruction in the article demands.
    Obeyed,
    /// A good answer that ran into the limit of tokens.
    CutOff,
    /// This text, as the model's answer.
    Says(String),
    /// A status, with `Retry-After` in seconds where there is one.
    Status(u16, Option<u32>),
    /// An answer of 10 MB.
    Huge,
    /// No answer, ever.
    Hang,
    /// The connection is reset.
    Reset,
    /// A good answer whose body comes a byte at a time.
    Drip,
    /// The same after a while.
    After(Duration, Box<Act>),
}

impl Act {
    /// The same after a while.
    pub fn after(self, delay: Duration) -> Self {
        Self::After(delay, Box::new(self))
    }
}

type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

/// The answer over HTTP of all that has one.
pub(super) fn answer(act: Act, call: &Call) -> Answer {
    let (text, finish) = match act {
        Act::NotJson => return (200, Vec::new(), b"<html><body>Please log in</body></html>".to_vec()),
        Act::Status(status, retry_after) => {
            let headers = retry_after.map(|seconds| ("retry-after", seconds.to_string()));
            let body = json!({"error": {"message": "as the script says"}}).to_string().into_bytes();
            return (status, headers.into_iter().collect(), body);
        }
        Act::ToolCalls => return (200, Vec::new(), tool_call()),
        Act::CutOff => (call.good(), "length"),
        Act::Huge => ("a ".repeat(HUGE / 2), "stop"),
        act => (said(act, call), "stop"),
    };
    (200, Vec::new(), completion(&text, finish))
}

/// What the model says.
fn said(act: Act, call: &Call) -> String {
    let (title, good) = (call.good_title(), call.good_sentences());
    let other = if call.language == "zh" { "en" } else { "zh" };
    match act {
        Act::PlainText => good.join(if call.language == "zh" { "" } else { " " }),
        Act::Mixed => {
            let half = if call.language == "zh" {
                "However, the council said that the work will go on until the end of the year."
            } else {
                "不过，市议会表示，工程将持续到年底。"
            };
            call.answer(&title, &[good[0].clone(), half.into()])
        }
        Act::WrongLanguage => {
            let foreign = if call.is_own() {
                call.foreign_sentences(other)
            } else {
                call.sentences.iter().take(2).map(|(_, sentence)| sentence.clone()).collect()
            };
            call.answer(&title, &foreign)
        }
        Act::InventedNumber => {
            let invented = if call.language == "zh" {
                format!("据报道，总费用为{INVENTED}元。")
            } else {
                format!("It is said to cost {INVENTED} euros in all.")
            };
            call.answer(&title, &[good[0].clone(), invented])
        }
        Act::LeakedPrompt => {
            let instruction: Vec<String> = call.system.lines().take(3).map(str::to_owned).collect();
            call.answer(&title, &[instruction.join(" "), good[0].clone()])
        }
        Act::Empty => String::new(),
        Act::Loop => call.answer(&title, &vec![good[0].clone(); 8]),
        Act::BrokenJson => format!("{{\"title\": \"{title}\", \"sentences\": [{{\"text: {}", good[0]),
        Act::Obeyed => PAYLOAD.into(),
        Act::Says(text) => text,
        _ => call.good(),
    }
}

/// A chat completion.
pub(super) fn completion(text: &str, finish: &str) -> Vec<u8> {
    let message = json!({"role": "assistant", "content": text});
    whole(&json!({"index": 0, "message": message, "finish_reason": finish}))
}

fn tool_call() -> Vec<u8> {
    let call = json!({"id": "c1", "type": "function", "function": {"name": "search", "arguments": "{}"}});
    let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
    whole(&json!({"index": 0, "message": message, "finish_reason": "tool_calls"}))
}

fn whole(choice: &Value) -> Vec<u8> {
    let usage = json!({"prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1_000});
    let answer =
        json!({"id": "played", "object": "chat.completion", "model": "played", "choices": [choice], "usage": usage});
    answer.to_string().into_bytes()
}
