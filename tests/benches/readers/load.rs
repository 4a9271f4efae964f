//! Connections that ask again as soon as they are answered.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use futures_util::future::try_join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What came of asking.
pub struct Measured {
    took: Duration,
    /// How long each answer took, in order of length.
    answers: Vec<Duration>,
}

impl Measured {
    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.answers.len() as f64 / self.took.as_secs_f64()
    }

    /// How long this share of the answers took at most (nearest rank), in milliseconds.
    pub fn at(&self, share: f64) -> f64 {
        let rank = (share * self.answers.len() as f64).ceil() as usize;
        self.answers.get(rank.saturating_sub(1)).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }
}

/// An answer as it came: its head, and its body, encoded or not.
pub struct Answer {
    pub head: String,
    pub body: Vec<u8>,
}

/// Asks once.
pub async fn once(address: &str, path: &str) -> anyhow::Result<Answer> {
    Connection::open(address).await?.ask(path).await
}

/// Asks for `paths` in turn over so many connections for so long.
pub async fn measure(
    address: &str,
    paths: &[String],
    connections: usize,
    length: Duration,
) -> anyhow::Result<Measured> {
    let began = Instant::now();
    let asking = (0..connections).map(|number| async move {
        let mut connection = Connection::open(address).await?;
        let mut answers = Vec::new();
        for path in paths.iter().cycle().skip(number) {
            let asked = Instant::now();
            if asked.duration_since(began) >= length {
                break;
            }
            connection.ask(path).await?;
            answers.push(asked.elapsed());
        }
        anyhow::Ok(answers)
    });
    let mut answers: Vec<Duration> = try_join_all(asking).await?.into_iter().flatten().collect();
    let took = began.elapsed();
    answers.sort_unstable();
    Ok(Measured { took, answers })
}

/// A connection that stays open. Only as much of HTTP/1.1 as costs nothing beside what is measured: answers whose length
/// is in their head.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    host: String,
}

impl Connection {
    async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| address.to_owned())?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 << 10), host: address.to_owned() })
    }

    async fn ask(&mut self, path: &str) -> anyhow::Result<Answer> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\naccept-encoding: zstd\r\naccept-language: en\r\n\r\n",
            self.host
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let text = String::from_utf8_lossy(&self.buffer[..head]).into_owned();
        ensure!(text.starts_with("HTTP/1.1 200"), "{path}: {text}");
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let length = length.with_context(|| format!("{path}: no length in {text}"))?;
        while self.buffer.len() < head + length {
            self.more().await?;
        }
        Ok(Answer { head: text, body: self.buffer[head..head + length].to_vec() })
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}
