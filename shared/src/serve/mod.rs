//! Serving HTTP to people whom nobody knows: no client can keep others out by being slow or by being many.
//!
//! There is room for so many connections ([`Limits`]). Where it is used up, a newcomer takes the place of a connection
//! that waits for a request, of the address that has most of those (`crowd`). Who doesn't finish the head of a request
//! in time, or doesn't read what it asked for (`stall`), is cut off. How long a request may take and how long its body
//! may be is for the routes to say.

mod crowd;
mod stall;

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderValue, header::CONNECTION},
};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, warn};

use crowd::{Crowd, Member};
use stall::Stall;

/// The longest head of a request, in bytes. More is answered with 431.
const HEAD_BYTES: usize = 64 * 1024;

/// How long to wait where no connection can be accepted, because files are used up for example.
const NO_MORE_FILES: Duration = Duration::from_millis(250);

/// How much clients may ask of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many connections there may be.
    pub connections: usize,
    /// How long the head of a request may take, from the end of the one before on.
    pub head: Duration,
    /// How long a client may read nothing of what is ready for it.
    pub stalled: Duration,
    /// How long requests are still taken after the stop, while who passes them on learns of it.
    pub drain: Duration,
}

impl Limits {
    /// The usual limits, with room for so many connections.
    pub fn of(connections: usize) -> Self {
        let drain = Duration::ZERO;
        Self { connections, head: Duration::from_secs(20), stalled: Duration::from_secs(30), drain }
    }
}

/// The address at which a connection was accepted, among a request's extensions beside [`ConnectInfo`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalAddress(pub SocketAddr);

/// Serves `app` until `stop` is cancelled. Then each answer says that it is its connection's last one (RFC 9112 section
/// 9.6); when [`Limits::drain`] is over, no connection is accepted any more, and this returns when the requests that were
/// begun are answered.
pub async fn serve(listener: TcpListener, app: Router, limits: Limits, stop: CancellationToken) {
    let crowd = Crowd::new(limits.connections);
    let connections = TaskTracker::new();
    let stopping = Stopping { begins: stop.clone(), ends: CancellationToken::new() };
    let drained = async {
        stop.cancelled().await;
        sleep(limits.drain).await;
    };
    tokio::pin!(drained);
    loop {
        let accepted = tokio::select! {
            () = &mut drained => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "a connection could not be accepted");
                sleep(NO_MORE_FILES).await;
                continue;
            }
        };
        let member = tokio::select! {
            () = &mut drained => break,
            member = crowd.admit(peer.ip()) => member,
        };
        connections.spawn(connection(stream, peer, app.clone(), limits, Arc::new(member), stopping.clone()));
    }
    drop(listener);
    stopping.ends.cancel();
    connections.close();
    connections.wait().await;
}

/// Between the two, requests are still answered.
#[derive(Debug, Clone)]
struct Stopping {
    begins: CancellationToken,
    ends: CancellationToken,
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    limits: Limits,
    member: Arc<Member>,
    stopping: Stopping,
) {
    let Ok(local) = stream.local_addr() else { return };
    // Answers are written at once; waiting for more of them only delays the last packet.
    let _best_effort = stream.set_nodelay(true);
    let app = TowerToHyperService::new(app);
    let evicted = member.evicted();
    let told_to_stop = stopping.begins;
    let service = service_fn(move |mut request: Request<Incoming>| {
        let busy = Member::busy(&member);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(LocalAddress(local));
        let (answer, told_to_stop) = (app.call(request), told_to_stop.clone());
        async move {
            let mut response = answer.await?;
            if told_to_stop.is_cancelled() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response.map(|body| Body::new(busy.until_sent(body))))
        }
    });
    let io = TokioIo::new(Stall::new(stream, limits.stalled));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(io, service);
    tokio::pin!(serving);
    let mut is_ending = false;
    loop {
        tokio::select! {
            ended = serving.as_mut() => {
                if let Err(error) = ended {
                    debug!(%error, %peer, "a connection broke");
                }
                return;
            }
            () = evicted.cancelled() => {
                debug!(%peer, "a connection that waited gave its place to another one");
                return;
            }
            () = stopping.ends.cancelled(), if !is_ending => {
                is_ending = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    }
}
