//! A server that plays a language model.

mod acts;
mod call;

use std::{
    fmt,
    future::pending,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime,
    sync::oneshot,
    time::sleep,
};

pub use acts::Act;
pub use call::Call;

/// How often a server that drips sends a byte.
const DRIP: Duration = Duration::from_millis(100);

/// How large a request may be, in bytes.
const MAX_REQUEST: usize = 4 << 20;

/// How many bytes of an answer are written at once.
const CHUNK: usize = 64 << 10;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It has not.
    Underway,
    /// The whole answer was sent.
    Answered,
    /// The client went before that.
    Abandoned,
    /// It never got one, as the script says.
    Refused,
}

/// A call that reached the server.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What was asked.
    pub call: Call,
    /// When it came.
    pub at: Instant,
    /// How it ended.
    pub end: End,
}

/// An OpenAI-compatible server on 127.0.0.1 that answers each call as its script says, and remembers all of them.
///
/// It runs on a thread of its own, as [`PageServer`](crate::PageServer) does, and speaks HTTP by itself, as most of
/// what it plays no server would do.
pub struct ModelServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

type Script = dyn Fn(&Call) -> Act + Send + Sync;

impl ModelServer {
    /// A server on a free port. `script` says what happens to a call.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start(script: impl Fn(&Call) -> Act + Send + Sync + 'static) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), script)
    }

    /// A server at this address.
    ///
    /// # Panics
    /// When another one is there.
    pub fn start_at(address: SocketAddr, script: impl Fn(&Call) -> Act + Send + Sync + 'static) -> Self {
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (state, script) = (Arc::clone(&asked), Arc::new(script) as Arc<Script>);
        let (stop, stopped) = oneshot::channel();
        let (started, bound) = mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.unwrap_or_else(|e| panic!("can't start a runtime: {e}"));
            runtime.block_on(async {
                let listener = TcpListener::bind(address).await;
                let listener = listener.unwrap_or_else(|e| panic!("can't listen on {address}: {e}"));
                let _received = started.send(listener.local_addr());
                tokio::select! {
                    () = accept(&listener, &script, &state) => {}
                    _ = stopped => {}
                }
            });
        });
        let bound = bound.recv().unwrap_or_else(|e| panic!("the model server didn't start: {e}"));
        let address = bound.unwrap_or_else(|e| panic!("the model server has no address: {e}"));
        Self { address, asked, stop: Some(stop), thread: Some(thread) }
    }

    /// The base address, as `KOS_LLM_URL` has it.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// All calls so far, in order.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).clone()
    }

    /// The calls so far that were about the article with this title, in order.
    pub fn about(&self, title: &str) -> Vec<Call> {
        self.asked().into_iter().map(|asked| asked.call).filter(|call| call.title == title).collect()
    }

    /// How many calls there were.
    pub fn count(&self) -> usize {
        lock(&self.asked).len()
    }

    /// How many calls ended so, or are under way.
    pub fn count_of(&self, end: End) -> usize {
        lock(&self.asked).iter().filter(|asked| asked.end == end).count()
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed, and the test saw its calls fail.
            let _panicked = thread.join();
        }
    }
}

impl fmt::Debug for ModelServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelServer").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn accept(listener: &TcpListener, script: &Arc<Script>, asked: &Arc<Mutex<Vec<Asked>>>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (script, asked) = (Arc::clone(script), Arc::clone(asked));
        tokio::spawn(async move {
            // A client that goes away is no error of the server.
            let _gone = serve(stream, &*script, &asked).await;
        });
    }
}

/// One call on one connection; the next one gets another.
async fn serve(mut stream: TcpStream, script: &Script, asked: &Mutex<Vec<Asked>>) -> io::Result<()> {
    let Some((path, body)) = request(&mut stream).await? else { return Ok(()) };
    if !path.ends_with("/chat/completions") {
        return stream.write_all(&http(404, &[], b"")).await;
    }
    let place = {
        let mut asked = lock(asked);
        let call = Call::read(&body, asked.len() + 1);
        asked.push(Asked { call, at: Instant::now(), end: End::Underway });
        asked.len() - 1
    };
    let call = lock(asked)[place].call.clone();
    let end = play(&mut stream, script(&call), &call).await;
    lock(asked)[place].end = end;
    // The client may still be reading: what is closed with a request unread would be reset.
    if end == End::Answered {
        stream.shutdown().await?;
    }
    Ok(())
}

async fn play(stream: &mut TcpStream, act: Act, call: &Call) -> End {
    match act {
        Act::After(delay, act) => {
            tokio::select! {
                () = sleep(delay) => Box::pin(play(stream, *act, call)).await,
                () = gone(stream) => End::Abandoned,
            }
        }
        Act::Hang => {
            gone(stream).await;
            End::Refused
        }
        Act::Reset => {
            let _reset = stream.set_zero_linger();
            End::Refused
        }
        Act::Drip => {
            let answer = http(200, &[], &acts::completion(&call.good(), "stop"));
            let body = answer.windows(4).position(|w| w == b"\r\n\r\n").map_or(0, |end| end + 4);
            if stream.write_all(&answer[..body]).await.is_err() {
                return End::Refused;
            }
            for byte in &answer[body..] {
                if stream.write_all(&[*byte]).await.is_err() {
                    return End::Refused;
                }
                tokio::select! {
                    () = sleep(DRIP) => {}
                    () = gone(stream) => return End::Refused,
                }
            }
            End::Answered
        }
        act => {
            let (status, headers, body) = acts::answer(act, call);
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            for chunk in http(status, &headers, &body).chunks(CHUNK) {
                if stream.write_all(chunk).await.is_err() {
                    return End::Abandoned;
                }
            }
            End::Answered
        }
    }
}

/// Returns when the client has closed its side.
async fn gone(stream: &mut TcpStream) {
    let mut byte = [0];
    match stream.read(&mut byte).await {
        Ok(0) | Err(_) => {}
        Ok(_) => pending().await,
    }
}

/// The path and the body of a request; `None` where the client said nothing.
async fn request(stream: &mut TcpStream) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
            });
            let whole = end + 4 + length.unwrap_or(0).min(MAX_REQUEST);
            while bytes.len() < whole && stream.read_buf(&mut bytes).await? > 0 {}
            return Ok(Some((path, bytes.split_off(end + 4))));
        }
        if stream.read_buf(&mut bytes).await? == 0 || bytes.len() > MAX_REQUEST {
            return Ok(None);
        }
    }
}

fn http(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!(
        "HTTP/1.1 {status} Played\r\ncontent-length: {}\r\nconnection: close\r\ncontent-type: application/json\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
