//! Fetching through a proxy.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use kos_ingest::fetch::{FetchError, Fetcher, Kind, Looking, Lookup, Proxies, Request, Setup};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::server::{HTML, limits, read_request};

/// A proxy that notes the first line of each request, answers the plain ones itself, and opens no tunnel.
struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let request = read_request(&mut connection).await;
                let line = request.lines().next().unwrap_or_default().to_owned();
                let answer = if line.starts_with("CONNECT") {
                    "HTTP/1.1 200 OK\r\n\r\nno tls".to_owned()
                } else {
                    format!("{HTML}Content-Length: 3\r\n\r\n<p>")
                };
                noted.lock().unwrap().push(line);
                let _ = connection.write_all(answer.as_bytes()).await;
                let _ = connection.read(&mut [0; 1_024]).await;
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn fetcher(&self, past: &str) -> Fetcher {
        let place = format!("http://proxy.inside:{}", self.address.port());
        let names = [
            ("proxy.inside", vec!["127.0.0.1"]),
            ("news.example", vec!["1.2.3.4"]),
            ("inner.example", vec!["10.0.0.1"]),
            ("half.example", vec!["1.2.3.4", "10.0.0.1"]),
        ];
        let lookup = Arc::new(Names(names.into_iter().collect()));
        let proxies = Proxies::new(&place, &place, past).unwrap();
        let setup = Setup::new("".parse().unwrap(), limits(), "https://reader.example/");
        Fetcher::with(Setup { proxies, lookup, ..setup }).unwrap()
    }
}

/// These names and no others.
#[derive(Debug)]
struct Names(HashMap<&'static str, Vec<&'static str>>);

impl Lookup for Names {
    fn lookup(&self, name: &str) -> Looking {
        let found = self.0.get(name).map(|list| list.iter().map(|a| a.parse().unwrap()).collect::<Vec<IpAddr>>());
        Box::pin(async move { found.ok_or_else(|| io::Error::other("no such name")) })
    }
}

async fn get(fetcher: &Fetcher, url: &str) -> Result<(), FetchError> {
    fetcher.get(Request::new(&url.parse().unwrap(), Kind::Page)).await.map(drop)
}

#[tokio::test]
async fn a_public_name_is_asked_of_the_proxy_whose_own_address_is_not_checked() {
    let proxy = Proxy::start().await;
    let fetcher = proxy.fetcher("");
    get(&fetcher, "http://news.example/a?b").await.unwrap();
    assert_eq!(proxy.asked(), ["GET http://news.example/a?b HTTP/1.1"]);
    // A name that only the proxy knows is left to it.
    get(&fetcher, "http://unknown.example/").await.unwrap();
    assert_eq!(proxy.asked(), ["GET http://unknown.example/ HTTP/1.1"]);
    // TLS goes through a tunnel, and is spoken with the server itself.
    let error = get(&fetcher, "https://news.example/").await.unwrap_err();
    assert!(matches!(error, FetchError::Tls { .. } | FetchError::Connect { .. }), "{error:?}");
    assert_eq!(proxy.asked(), ["CONNECT news.example:443 HTTP/1.1"]);
}

#[tokio::test]
async fn a_proxy_is_no_way_to_an_inner_address() {
    let proxy = Proxy::start().await;
    let fetcher = proxy.fetcher("");
    let port = proxy.address.port();
    for scheme in ["http", "https"] {
        for host in [
            "127.0.0.1",
            "localhost",
            "[::1]",
            "10.0.0.1",
            "169.254.169.254",
            "2130706433",
            "inner.example",
            "half.example",
        ] {
            let error = get(&fetcher, &format!("{scheme}://{host}/")).await.unwrap_err();
            assert!(matches!(error, FetchError::RefusedAddress { .. }), "{host}: {error}");
        }
        for host in ["router", "db.internal", "printer.local"] {
            let error = get(&fetcher, &format!("{scheme}://{host}/")).await.unwrap_err();
            assert!(matches!(error, FetchError::RefusedName { .. }), "{host}: {error}");
        }
        // The proxy's own address is for asking it, not for asking about it.
        let error = get(&fetcher, &format!("{scheme}://proxy.inside:{port}/")).await.unwrap_err();
        assert!(matches!(error, FetchError::RefusedAddress { .. }), "{error}");
    }
    assert_eq!(proxy.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn what_goes_past_the_proxy_is_checked_as_ever() {
    let proxy = Proxy::start().await;
    let fetcher = proxy.fetcher("inner.example,proxy.inside,127.0.0.0/8");
    let port = proxy.address.port();
    for host in ["inner.example".to_owned(), format!("proxy.inside:{port}"), format!("127.0.0.1:{port}")] {
        let error = get(&fetcher, &format!("http://{host}/")).await.unwrap_err();
        assert!(matches!(error, FetchError::RefusedAddress { .. }), "{host}: {error}");
    }
    assert_eq!(proxy.asked(), Vec::<String>::new());
}
