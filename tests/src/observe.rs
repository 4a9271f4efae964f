//! What is seen from outside: answers over HTTP, messages in streams, what commands print.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use async_nats::jetstream::{
    self,
    consumer::{DeliverPolicy, pull},
};
use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::Value;
use tokio::time::timeout;

use crate::http_client;

/// How long anything may take that takes milliseconds where nothing else is going on.
const LIMIT: Duration = Duration::from_secs(60);

/// An answer over HTTP.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The content type, empty where there is none.
    pub content_type: String,
    /// The body as text.
    pub body: String,
}

/// A message as its stream keeps it.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// The subject that it was published on.
    pub subject: String,
    /// Its number in the stream.
    pub sequence: u64,
    headers: async_nats::HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl StoredEvent {
    /// A header's value, empty where it isn't there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.as_str())
    }

    /// Its body as JSON, `null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// How a command ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The exit code, -1 where a signal ended it.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said beside.
    pub stderr: String,
}

impl Ended {
    /// What it printed, as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("expected JSON: {e}\n{self:?}"))
    }
}

/// Runs a command to its end, with `input` on its standard input.
///
/// # Panics
/// When it can't be run, or takes more than two minutes.
pub async fn run(mut command: Command, input: impl Into<Vec<u8>>) -> Ended {
    let input = input.into();
    let run = tokio::task::spawn_blocking(move || {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that doesn't read may have ended already.
            let _read = stdin.write_all(&input);
        }
        child.wait_with_output()
    });
    let output = match timeout(LIMIT * 2, run).await {
        Ok(Ok(Ok(output))) => output,
        other => panic!("the command didn't come to an end: {other:?}"),
    };
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// What an address answers; redirects aren't followed.
///
/// # Panics
/// When nobody answers.
pub async fn fetch(url: &str) -> Answer {
    let answer = async {
        let response = http_client().get(url).send().await?;
        let content_type = response.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let content_type = content_type.to_owned();
        Ok::<_, reqwest::Error>(Answer {
            status: response.status().as_u16(),
            content_type,
            body: response.text().await?,
        })
    };
    answer.await.unwrap_or_else(|e| panic!("no answer from {url}: {e}"))
}

/// What a stream keeps now, the oldest first.
///
/// # Panics
/// When it can't be read.
pub async fn stored(client: &async_nats::Client, name: &str) -> Vec<StoredEvent> {
    let read = async {
        let stream = jetstream::new(client.clone()).get_stream(name).await?;
        let count = usize::try_from(stream.cached_info().state.messages)?;
        let config = pull::OrderedConfig { deliver_policy: DeliverPolicy::All, ..Default::default() };
        let mut messages = stream.create_consumer(config).await?.messages().await?.take(count);
        let mut stored = Vec::with_capacity(count);
        while let Some(message) = messages.next().await {
            let message = message?;
            stored.push(StoredEvent {
                subject: message.subject.to_string(),
                sequence: message.info()?.stream_sequence,
                headers: message.headers.clone().unwrap_or_default(),
                body: message.payload.clone(),
            });
        }
        Ok::<_, async_nats::Error>(stored)
    };
    match timeout(LIMIT, read).await {
        Ok(Ok(stored)) => stored,
        Ok(Err(error)) => panic!("can't read {name}: {error}"),
        Err(_) => panic!("can't read {name} within {LIMIT:?}"),
    }
}
