//! Streams, by the server's own snapshots: messages keep their numbers and times, from which ids of events are derived that
//! came without one. The requests are those of JetStream's API for snapshots, which the client doesn't have:
//! <https://docs.nats.io/reference/reference-protocols/nats_api_reference#streams>.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
    time::Duration,
};

use anyhow::{Context, bail};
use async_nats::{Client, Request, RequestError, RequestErrorKind};
use bytes::Bytes;
use futures_util::StreamExt;
use kos_shared::{bus::StreamName, operator::Operator};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::manifest::{Copied, StreamCopy};

/// How much goes in one message.
const CHUNK: usize = 128 << 10;

/// How long the server may take for one answer: it looks through the whole stream first.
const ANSWER: Duration = Duration::from_secs(120);

/// How long it may take until all servers know who takes a stream that is brought back, and the pause before the next try.
const KNOWN: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// How many messages a stream has; `None` where it isn't there.
pub async fn messages(operator: &Operator, name: &str) -> anyhow::Result<Option<u64>> {
    let answer = ask(operator.client(), format!("$JS.API.STREAM.INFO.{name}"), Bytes::new()).await?;
    match &answer["error"]["code"] {
        Value::Null => Ok(answer["state"]["messages"].as_u64()),
        code if *code == 404 => Ok(None),
        _ => refused(&answer).map(|()| None),
    }
}

/// Copies a stream as it is now, without its consumers, into a file of the folder.
pub async fn copy(operator: &Operator, name: StreamName, to: &Path) -> anyhow::Result<StreamCopy> {
    let client = operator.client();
    let inbox = client.new_inbox();
    let mut chunks = client.subscribe(inbox.clone()).await?;
    let request = json!({"deliver_subject": inbox, "no_consumers": true, "chunk_size": CHUNK, "jsck": true});
    let answer = ask(client, format!("$JS.API.STREAM.SNAPSHOT.{name}"), request.to_string().into()).await?;
    refused(&answer)?;
    let file_name = format!("{name}.snapshot");
    let mut file = File::create(to.join(&file_name))?;
    loop {
        let chunk = timeout(ANSWER, chunks.next()).await.context("the server sends no more")?;
        let chunk = chunk.context("the connection ended")?;
        if chunk.payload.is_empty() {
            match chunk.status.filter(|status| status.as_u16() >= 300) {
                Some(status) => bail!("the server gave up: {status} {}", chunk.description.unwrap_or_default()),
                None => break,
            }
        }
        file.write_all(&chunk.payload)?;
        // It sends some ahead, and waits then.
        if let Some(reply) = chunk.reply {
            client.publish(reply, Bytes::new()).await?;
        }
    }
    drop(file);
    Ok(StreamCopy {
        name: name.to_string(),
        messages: answer["state"]["messages"].as_u64().unwrap_or_default(),
        config: answer["config"].clone(),
        state: answer["state"].clone(),
        file: Copied::of(to, &file_name)?,
    })
}

/// Makes a stream that isn't there from its copy.
pub async fn restore(operator: &Operator, copy: &StreamCopy, from: &Path) -> anyhow::Result<()> {
    let client = operator.client();
    let request = json!({"config": copy.config, "state": copy.state});
    let answer = ask(client, format!("$JS.API.STREAM.RESTORE.{}", copy.name), request.to_string().into()).await?;
    refused(&answer)?;
    let to = answer["deliver_subject"].as_str().context("the server doesn't say where it takes the stream")?.to_owned();
    let mut file = File::open(from.join(&copy.file.name))?;
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = file.read(&mut chunk)?;
        let answer = send(client, &to, Bytes::copy_from_slice(&chunk[..length])).await?;
        refused(&answer)?;
        // The answer to nothing is that to all of it.
        if length == 0 {
            match answer["state"]["messages"].as_u64() {
                Some(messages) if messages == copy.messages => return Ok(()),
                // What its stream keeps no longer is removed at once.
                Some(messages) if messages < copy.messages => return Ok(()),
                _ => bail!("the server doesn't say that the stream is there: {answer}"),
            }
        }
    }
}

/// Sends a chunk, again where nobody takes it yet: servers of a cluster tell each other a moment later who does.
async fn send(client: &Client, to: &str, chunk: Bytes) -> anyhow::Result<Value> {
    let end = Instant::now() + KNOWN;
    loop {
        match ask(client, to.to_owned(), chunk.clone()).await {
            Err(error) if is_taken_by_nobody(&error) && Instant::now() < end => sleep(PAUSE).await,
            answered => return answered,
        }
    }
}

fn is_taken_by_nobody(error: &anyhow::Error) -> bool {
    error.downcast_ref::<RequestError>().is_some_and(|error| error.kind() == RequestErrorKind::NoResponders)
}

async fn ask(client: &Client, subject: String, body: Bytes) -> anyhow::Result<Value> {
    let request = Request::new().payload(body).timeout(Some(ANSWER));
    let answer = client.send_request(subject, request).await?;
    if answer.payload.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&answer.payload).context("the server's answer")
}

fn refused(answer: &Value) -> anyhow::Result<()> {
    match answer["error"]["description"].as_str() {
        Some(reason) => bail!("the server refuses: {reason}"),
        None => Ok(()),
    }
}
