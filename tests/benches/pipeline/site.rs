//! A web site with the pages, for ingest to fetch.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use tokio::net::TcpListener;

/// How many hosts the site has: addresses of the loopback network are hosts like any other.
const HOSTS: usize = 50;

/// Pages by path.
type Paths = Arc<RwLock<HashMap<String, Bytes>>>;

/// A site at work; it ends with the process.
pub struct Site {
    port: u16,
    paths: Paths,
}

impl Site {
    /// Starts the site on a port of its own.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([0, 0, 0, 0], 0))).await?;
        let port = listener.local_addr()?.port();
        let paths = Paths::default();
        let routes = Router::new().fallback(page).with_state(Arc::clone(&paths));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { port, paths })
    }

    /// Puts up a page, and says where.
    pub fn put(&self, number: usize, html: &Bytes) -> String {
        let path = format!("/{number}");
        self.paths.write().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), html.clone());
        format!("http://127.0.0.{}:{}{path}", number % HOSTS + 1, self.port)
    }
}

async fn page(State(paths): State<Paths>, uri: Uri) -> Response {
    let found = paths.read().unwrap_or_else(PoisonError::into_inner).get(uri.path()).cloned();
    match found {
        Some(html) => ([(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
