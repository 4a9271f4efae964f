//! A model server that plays what a test tells it, and endpoints with small limits that ask it.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use kos_summarize::model::{self, Answer, CallError, Endpoint, Outcome, Pace, Request, Settings};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufStream},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

/// No test waits for anything longer than this.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the server does with one request.
#[derive(Clone)]
pub enum Play {
    /// Answers with a status, more header lines, and a body.
    Say(u16, &'static str, String),
    /// Answers as the inner one, once the test lets it.
    Held(Box<Self>),
    /// Reads the request and says nothing.
    Hang,
    /// Resets the connection instead of an answer.
    Reset,
    /// Resets it in the middle of an answer.
    ResetHalfWay,
    /// Answers a byte at a time and never comes to an end.
    Drip,
    /// Answers with a JSON text that never ends.
    Endless,
}

/// An answer that says `text`.
pub fn completion(text: &str) -> Value {
    json!({
        "model": "m-2026",
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 5},
    })
}

impl Play {
    pub fn json(body: &Value) -> Self {
        Self::Say(200, "", body.to_string())
    }

    pub fn answer() -> Self {
        Self::json(&completion("fine"))
    }

    pub fn status(status: u16) -> Self {
        Self::Say(status, "", String::new())
    }

    /// An error in OpenAI's form.
    pub fn error(status: u16, message: &str) -> Self {
        Self::Say(status, "", json!({"error": {"message": message}}).to_string())
    }

    pub fn held(self) -> Self {
        Self::Held(Box::new(self))
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    /// Request line and headers.
    pub head: String,
    pub body: Value,
    pub at: Instant,
}

impl Asked {
    pub fn is_structured(&self) -> bool {
        self.body.get("response_format").is_some()
    }
}

/// The server. It does what it is told in that order, and goes on with the last.
#[derive(Clone)]
pub struct ModelServer {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    release: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    plays: VecDeque<Play>,
    /// What is played for some paths, whatever the order.
    routes: Vec<(String, Play)>,
    asked: Vec<Asked>,
    now: usize,
    most: usize,
}

impl ModelServer {
    pub async fn start(plays: impl IntoIterator<Item = Play>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { plays: plays.into_iter().collect(), ..State::default() }));
        let server = Self { address, state, release: Arc::new(Semaphore::new(0)) };
        let listening = server.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let server = listening.clone();
                tokio::spawn(async move { server.serve(connection).await });
            }
        });
        server
    }

    /// What a path is answered with from now on.
    pub fn route(&self, path: &str, play: Play) {
        self.lock().routes.push((path.to_owned(), play));
    }

    /// The requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }

    /// How many requests there were so far.
    pub fn calls(&self) -> usize {
        self.lock().asked.len()
    }

    /// The most requests that were in the server's hands at a time.
    pub fn most_at_a_time(&self) -> usize {
        self.lock().most
    }

    /// Waits until there were this many requests.
    pub async fn until_calls(&self, calls: usize) {
        until(|| self.calls() >= calls, || format!("expected {calls} calls, got {}", self.calls())).await;
    }

    /// Lets this many held answers go.
    pub fn let_go(&self, answers: usize) {
        self.release.add_permits(answers);
    }

    /// Settings with small limits for this server.
    pub fn settings(&self) -> Settings {
        Settings {
            concurrency: 4,
            connect_timeout: Duration::from_secs(5),
            first_byte_timeout: PATIENCE,
            total_timeout: PATIENCE,
            max_wait: Duration::from_secs(2),
            pace: Pace { backoff: Duration::from_millis(4), rest: Duration::from_secs(60) },
            ..Settings::new(format!("http://{}/v1", self.address).parse().unwrap(), "m")
        }
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::new(self.settings()).unwrap()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn serve(&self, connection: TcpStream) {
        let mut connection = BufStream::new(connection);
        let Some(asked) = read_request(&mut connection).await else { return };
        let play = {
            let mut state = self.lock();
            state.now += 1;
            state.most = state.most.max(state.now);
            let routed = state.routes.iter().find(|(path, _)| *path == asked.path).map(|(_, play)| play.clone());
            state.asked.push(asked);
            match (routed, state.plays.len()) {
                (Some(play), _) => play,
                (None, 1) => state.plays[0].clone(),
                _ => state.plays.pop_front().unwrap_or_else(|| Play::status(404)),
            }
        };
        self.play(play, connection.into_inner()).await;
    }

    async fn play(&self, play: Play, mut connection: TcpStream) {
        let mut play = play;
        while let Play::Held(inner) = play {
            tokio::select! {
                released = self.release.acquire() => released.map(tokio::sync::SemaphorePermit::forget).unwrap(),
                // The client went away.
                _ = connection.read_u8() => { self.done(); return }
            }
            play = *inner;
        }
        // Before the answer is sent: after it the client may ask again at once.
        self.done();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
        match play {
            Play::Say(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
                let _ = connection.write_all(format!("{head}{headers}\r\n{body}").as_bytes()).await;
                let _ = connection.shutdown().await;
            }
            Play::Held(_) => {}
            Play::Hang => _ = connection.read_u8().await,
            Play::Reset => connection.set_zero_linger().unwrap(),
            Play::ResetHalfWay => {
                let _ = connection.write_all(format!("{head}Content-Length: 500\r\n\r\n{{\"cho").as_bytes()).await;
                let _ = connection.flush().await;
                connection.set_zero_linger().unwrap();
            }
            Play::Drip => {
                let _ = connection.write_all(format!("{head}\r\n").as_bytes()).await;
                while connection.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            Play::Endless => {
                let _ = connection.write_all(format!("{head}\r\n{{\"choices\":[\"").as_bytes()).await;
                while connection.write_all(&[b'a'; 65_536]).await.is_ok() {}
            }
        }
    }

    fn done(&self) {
        self.lock().now -= 1;
    }
}

async fn read_request(connection: &mut BufStream<TcpStream>) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    connection.read_exact(&mut body).await.ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    Some(Asked { path, head, body: serde_json::from_slice(&body).unwrap_or_default(), at: Instant::now() })
}

/// What the observer of an endpoint saw.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Vec<Outcome>>>);

impl Seen {
    /// Settings whose calls it sees.
    pub fn by(&self, settings: Settings) -> Settings {
        let seen = Arc::clone(&self.0);
        let observer = move |report: &kos_summarize::model::CallReport<'_>| {
            seen.lock().unwrap().push(report.outcome);
        };
        Settings { observer: Some(Arc::new(observer)), ..settings }
    }

    pub fn outcomes(&self) -> Vec<Outcome> {
        self.0.lock().unwrap().clone()
    }
}

/// Asks without a schema.
pub async fn ask(endpoint: &Endpoint) -> Result<Answer, CallError> {
    ask_for(endpoint, None).await
}

/// Asks with a schema.
pub async fn ask_structured(endpoint: &Endpoint) -> Result<Answer, CallError> {
    ask_for(endpoint, Some(r#"{"type":"object"}"#)).await
}

async fn ask_for(endpoint: &Endpoint, schema: Option<&str>) -> Result<Answer, CallError> {
    asked_for(endpoint, schema).await.result
}

/// The answer, and how many calls gave none though they may have cost something.
pub async fn asked_for(endpoint: &Endpoint, schema: Option<&str>) -> model::Asked<Answer> {
    let request = Request { system: "Be short.", user: "How are you?", schema, max_tokens: 32, temperature: 0.2 };
    tokio::time::timeout(PATIENCE, endpoint.ask_then(&request, std::future::ready))
        .await
        .unwrap_or_else(|_| panic!("the call never ended"))
}

/// Waits for a condition.
pub async fn until(condition: impl Fn() -> bool, missing: impl Fn() -> String) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "{}", missing());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until a moment is there.
pub async fn until_time(moment: Timestamp) {
    until(|| Timestamp::now() >= moment, || format!("{moment} is too far away")).await;
}
