//! Ways to what only this machine can reach: none of them leads there.

use std::{
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use kos_ingest::fetch::{FetchError, Fetcher, Kind, Looking, Lookup, Remedy, Request, Setup};
use kos_shared::event::HttpUrl;

use crate::server::{HTML, Server, fetcher, limits, redirect};

const KINDS: [Kind; 4] = [Kind::Page, Kind::Feed, Kind::Other, Kind::Robots];

/// Hosts that are, or would be to a careless reader, addresses of this machine or its network.
const HOSTS: [&str; 66] = [
    // Loopback in all its spellings.
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7F.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.0x1",
    "00000177.0.0.1",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "public.example@127.0.0.1",
    "user:word@localhost",
    "127.0.0.1:80@127.0.0.1",
    "%31%32%37.0.0.1",
    "127%2E0%2E0%2E1",
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    // This host, and everything.
    "0",
    "0.0.0.0",
    "0x0",
    "[::]",
    "255.255.255.255",
    // IPv6, and IPv4 inside it.
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000::0001]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[100::1]",
    // Private networks, carriers, link-local, documentation, multicast.
    "10.0.0.1",
    "10.1",
    "0xa000001",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.168.257",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    // Metadata services.
    "169.254.169.254",
    "0xa9fea9fe",
    "100.100.100.200",
    "168.63.129.16",
];

/// Addresses that are no web addresses, or whose ports are others'.
const ELSEWHERE: [&str; 10] = [
    "file:///etc/passwd",
    "FILE://localhost/etc/passwd",
    "gopher://127.0.0.1:{port}/_GET%20/",
    "ftp://127.0.0.1:{port}/",
    "dict://127.0.0.1:{port}/x",
    "ws://127.0.0.1:{port}/",
    "jar:http://127.0.0.1:{port}/!/",
    "data:text/html,<p>x",
    "javascript:alert(1)",
    "http://[::1%25lo]:{port}/",
];

fn is_refused(error: &FetchError) -> bool {
    matches!(error, FetchError::RefusedAddress { .. } | FetchError::RefusedPort { .. } | FetchError::BadRedirect { .. })
        && error.remedy() == Remedy::GiveUp
}

/// A server that must not be reached. It listens at 127.0.0.1 only: an IPv6 address is refused before anybody could tell
/// whether somebody listens there.
async fn canary() -> Server {
    Server::of_page(HTML, "<p>secret</p>").await
}

#[tokio::test]
async fn no_spelling_of_an_inner_address_is_fetched() {
    let canary = canary().await;
    let fetcher = fetcher("", limits());
    for host in HOSTS {
        let url: HttpUrl = format!("http://{host}:{}/", canary.address.port()).parse().unwrap();
        for kind in KINDS {
            let error = fetcher.get(Request::new(&url, kind)).await.unwrap_err();
            assert!(is_refused(&error), "{host}: {error}");
        }
        let error = fetcher.post_form(&url, &[("hub.mode", "subscribe")]).await.unwrap_err();
        assert!(is_refused(&error), "{host}: {error}");
    }
    for address in ELSEWHERE {
        let address = address.replace("{port}", &canary.address.port().to_string());
        assert!(address.parse::<HttpUrl>().is_err(), "{address}");
    }
    assert_eq!(canary.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn no_redirect_leads_to_an_inner_address() {
    let canary = canary().await;
    let port = canary.address.port();
    // The first server may be fetched from, as a public one may, by an address that is not the canary's.
    let fetcher = fetcher("127.0.0.3/32", limits());
    let inner = HOSTS.iter().map(|host| format!("http://{host}:{port}/"));
    let relative = [format!("//127.0.0.1:{port}/"), format!("\\\\127.0.0.1:{port}\\")];
    let elsewhere = ELSEWHERE.iter().map(|address| address.replace("{port}", &port.to_string()));
    for target in inner.chain(relative).chain(elsewhere) {
        let location = target.clone();
        let outside = outside(move |_| redirect(&location)).await;
        for kind in KINDS {
            let error = fetcher.get(Request::new(&outside, kind)).await.unwrap_err();
            assert!(is_refused(&error), "{target}: {error}");
        }
    }
    assert_eq!(canary.requests.load(Ordering::SeqCst), 0);
}

/// A server at 127.0.0.3.
async fn outside(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> HttpUrl {
    let server = Server::start_at("127.0.0.3:0", answer).await;
    server.url("/")
}

#[tokio::test]
async fn ports_of_other_protocols_are_not_spoken_to() {
    let fetcher = fetcher("127.0.0.0/8", limits());
    for port in [22, 23, 25, 53, 110, 143, 389, 465, 587, 993, 2049, 5060, 6000, 6667] {
        let url: HttpUrl = format!("http://127.0.0.1:{port}/").parse().unwrap();
        let error = fetcher.get(Request::new(&url, Kind::Other)).await.unwrap_err();
        assert!(matches!(error, FetchError::RefusedPort { .. }), "{port}: {error}");
    }
}

/// Answers with each list of addresses once, and with the last for ever.
#[derive(Debug)]
struct Changing {
    answers: Vec<Vec<&'static str>>,
    asked: Arc<AtomicUsize>,
}

impl Lookup for Changing {
    fn lookup(&self, _: &str) -> Looking {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = &self.answers[turn.min(self.answers.len() - 1)];
        let found: Vec<IpAddr> = answer.iter().map(|a| a.parse().unwrap()).collect();
        Box::pin(async move { Ok::<_, io::Error>(found) })
    }
}

fn with_answers(answers: Vec<Vec<&'static str>>) -> (Fetcher, Arc<AtomicUsize>) {
    let asked = Arc::<AtomicUsize>::default();
    let lookup = Arc::new(Changing { answers, asked: Arc::clone(&asked) });
    let setup = Setup::new("127.0.0.3/32".parse().unwrap(), limits(), "https://reader.example/");
    (Fetcher::with(Setup { lookup, ..setup }).unwrap(), asked)
}

#[tokio::test]
async fn a_name_that_changes_between_check_and_connection_gains_nothing() {
    let canary = canary().await;
    let outside = Server::start_at("127.0.0.3:0", |_| format!("{HTML}\r\n<p>public").into_bytes()).await;
    // Public first, then private: asked once, and connected to what was checked.
    let (fetcher, asked) = with_answers(vec![vec!["127.0.0.3"], vec!["127.0.0.1"]]);
    let url: HttpUrl = format!("http://rebind.example:{}/", outside.address.port()).parse().unwrap();
    assert!(fetcher.get(Request::new(&url, Kind::Page)).await.is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // The next connection is checked again, and the name stands for the canary by now.
    let url: HttpUrl = format!("http://rebind.example:{}/", canary.address.port()).parse().unwrap();
    let error = fetcher.get(Request::new(&url, Kind::Page)).await.unwrap_err();
    assert!(is_refused(&error), "{error}");
    // Both at once: what is refused is left out, and nothing falls back to it.
    let (fetcher, _) = with_answers(vec![vec!["127.0.0.1", "127.0.0.3"]]);
    let error = fetcher.get(Request::new(&url, Kind::Page)).await.unwrap_err();
    assert!(matches!(error, FetchError::Connect { .. }), "{error}");
    for inner in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "64:ff9b::7f00:1", "0.0.0.0"] {
        let (fetcher, _) = with_answers(vec![vec![inner]]);
        let error = fetcher.get(Request::new(&url, Kind::Page)).await.unwrap_err();
        assert!(is_refused(&error), "{inner}: {error}");
    }
    assert_eq!(canary.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_redirect_to_a_name_of_an_inner_address_is_refused() {
    let canary = canary().await;
    let target = format!("http://inner.example:{}/", canary.address.port());
    let outside = outside(move |_| redirect(&target)).await;
    let (fetcher, _) = with_answers(vec![vec!["127.0.0.1"]]);
    let error = fetcher.get(Request::new(&outside, Kind::Feed)).await.unwrap_err();
    assert!(is_refused(&error), "{error}");
    assert_eq!(canary.requests.load(Ordering::SeqCst), 0);
}
